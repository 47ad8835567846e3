"""The score in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from tools.doctor.scoring import LIMIT, Verdict

WANTED_FOUND = 0.9  #: The share of programs whose primary diagnosis is among the first three.
WANTED_PRECISION = 0.8


def line(verdict: Verdict, verbose: bool = False) -> str:
    """What was said of one run: problems in capitals, remarks in brackets."""
    said = ", ".join(each.name.upper() if each.level == "problem" else f"({each.name})" for each in verdict.said)
    slow = f"  MORE THAN {LIMIT} s" if verdict.seconds > LIMIT else ""
    parts = [
        f"{_mark(verdict)} {verdict.id:<14} seed {verdict.seed}  {verdict.seconds:4.1f} s  ",
        f"skill {verdict.skill:5.2f}  ",
        said or "nothing",
        f"  false: {', '.join(verdict.alarms)}" if verdict.alarms else "",
        f"  [{verdict.ended}]" if verdict.ended else "",
        f"  FAILED: {verdict.failed}" if verdict.failed else "",
        slow,
    ]
    if verbose:
        parts += [f"\n      {each.name} ({each.level}, {each.weight:.3g}): {each.seen}" for each in verdict.said]
    return "".join(parts)


def _mark(verdict: Verdict) -> str:
    if verdict.kind != "faulty" and not verdict.counts:
        return "weak "  # drawn, and not healthy enough
    if verdict.kind != "faulty":
        return "ALARM" if verdict.alarms or verdict.failed else "quiet"
    if not verdict.counts:
        return f" -{verdict.rank}- "  # the fault had no effect
    return f"  {verdict.rank}  " if 1 <= verdict.rank <= 3 else f" ({verdict.rank}) " if verdict.rank else "  0  "


def totals(verdicts: Sequence[Verdict]) -> tuple[str, bool]:
    """The totals, and whether all that is wanted was reached."""
    faulty = [each for each in verdicts if each.kind == "faulty" and each.counts]
    idle = sum(each.kind == "faulty" and not each.counts for each in verdicts)
    others = [each for each in verdicts if each.kind != "faulty" and each.counts]
    found = sum(1 <= each.rank <= 3 for each in faulty)
    right, wrong = sum(len(each.right) for each in faulty), sum(len(each.alarms) for each in faulty)
    alarmed = [each for each in others if each.alarms]
    slow = [each for each in verdicts if each.seconds > LIMIT]
    failed = [each for each in verdicts if each.failed]
    share, precision = found / max(1, len(faulty)), right / max(1, right + wrong)
    lines = [
        "",
        f"{len(faulty)} faulty runs, and {idle} in which the fault had no effect: primary among the first three in "
        f"{found} = {share:.1%} (wanted {WANTED_FOUND:.0%})",
        f"problems named in them: {right} right, {wrong} wrong: precision {precision:.2f} (wanted {WANTED_PRECISION})",
        *(
            f"{kind}: {sum(each.kind == kind for each in others)} runs, alarms in "
            f"{sum(each.kind == kind for each in alarmed)} (wanted 0)"
            for kind in ("twin", "control", "healthy")
        ),
        f"slower than {LIMIT} s: {len(slow)} (wanted 0); the slowest {max(each.seconds for each in verdicts):.1f} s",
    ]
    if failed:
        lines.append(f"the doctor or a healthy run failed: {len(failed)}")
    good_enough = not faulty or (share >= WANTED_FOUND and precision >= WANTED_PRECISION)
    reached = good_enough and not (alarmed or slow or failed)
    return "\n".join(lines), reached
