"""The score in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from tools.doctor.scoring import LIMIT, Verdict

WANTED_FOUND = 0.9  #: The share of programs whose primary diagnosis is among the first three.
WANTED_PRECISION = 0.8
HEALTHY_KINDS = ("twin", "control", "healthy")


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
    faulty = [each for each in verdicts if each.kind == "faulty"]
    groups = {
        "of the list, A to G": [each for each in faulty if each.id[0] in "ABCDEFG"],
        "of our own": [each for each in faulty if each.id[0] not in "ABCDEFG"],
    }
    scores = [_score(title, group) for title, group in groups.items() if group]
    alarms = {kind: [each for each in verdicts if each.kind == kind and each.counts] for kind in HEALTHY_KINDS}
    slow = [each for each in verdicts if each.seconds > LIMIT]
    failed = [each for each in verdicts if each.failed]
    lines = [
        "",
        *(text for text, _ in scores),
        *(f"{kind}: {len(runs)} runs, alarms in {_alarmed(runs)} (wanted 0)" for kind, runs in alarms.items() if runs),
        f"slower than {LIMIT} s: {len(slow)} (wanted 0); the slowest {max(each.seconds for each in verdicts):.1f} s",
    ]
    if failed:
        lines.append(f"the doctor or a healthy run failed: {len(failed)} (wanted 0)")
    good = all(reached for _, reached in scores) and not any(map(_alarmed, alarms.values()))
    return "\n".join(lines), good and not slow and not failed


def _score(title: str, verdicts: Sequence[Verdict]) -> tuple[str, bool]:
    """How well the faulty programs of a group were diagnosed, and whether that is what is wanted."""
    runs = [each for each in verdicts if each.counts]
    found = sum(1 <= each.rank <= 3 for each in runs)
    right, wrong = sum(len(each.right) for each in runs), sum(len(each.alarms) for each in runs)
    share, precision = found / max(1, len(runs)), right / (right + wrong) if right + wrong else 1.0
    text = (
        f"{len(runs)} faulty runs {title}: the primary diagnosis is among the first three in {found} = {share:.1%} "
        f"(wanted {WANTED_FOUND:.0%}); of the problems named {right} are right and {wrong} wrong: precision "
        f"{precision:.2f} (wanted {WANTED_PRECISION}); {len(verdicts) - len(runs)} more, in which the fault had no "
        "effect, do not count"
    )
    return text, not runs or (share >= WANTED_FOUND and precision >= WANTED_PRECISION)


def _alarmed(verdicts: Sequence[Verdict]) -> int:
    return sum(bool(each.alarms) for each in verdicts)
