"""The report on the outcomes: a line for each, the totals, and a page that lists the survivors."""

from __future__ import annotations

from collections import Counter

from tools.mutants.running import Outcome

Reasons = dict[str, str]  # from the key of an equivalent mutant to why it is one


def line_of(outcome: Outcome, equivalent: Reasons) -> str:
    """One line of the table: file and line, function, the change, and the outcome."""
    mutant, change = outcome.mutant, outcome.mutant.change
    if outcome.caught_by is not None:
        end = "caught by " + outcome.caught_by.rpartition("/")[2]
    elif mutant.key in equivalent:
        end = "survived, equivalent"
    else:
        end = f"SURVIVED {outcome.n_tests} tests"
    place = f"{mutant.function.file}:{change.line}"
    return f"{place}  {mutant.function.name}  {change.before}  ->  {change.after}  {end}"


def totals(outcomes: list[Outcome], equivalent: Reasons, minutes: float) -> str:
    """The survivors again, then the numbers for each file and for all."""
    survivors = [outcome for outcome in outcomes if outcome.caught_by is None]
    lines = ["", "Survivors:" if survivors else "No survivors."]
    for outcome in survivors:
        lines.append(f"  {line_of(outcome, equivalent)}")
        if outcome.mutant.key in equivalent:
            lines.append(f"    {equivalent[outcome.mutant.key]}")
    lines += [f"  {key}: listed as equivalent, but caught" for key in _not_so(outcomes, equivalent)]
    tried = Counter(outcome.mutant.function.file for outcome in outcomes)
    caught = Counter(outcome.mutant.function.file for outcome in outcomes if outcome.caught_by is not None)
    lines += ["", f"{'room':<44}mutants  caught"]
    lines += [f"{room:<44}{n:>7}{n_caught:>8}  {n_caught / n:.1%}" for room, n, n_caught in by_room(outcomes)]
    lines += ["", f"{'file':<44}mutants  caught"]
    lines += [f"{file:<44}{number:>7}{caught[file]:>8}" for file, number in tried.items()]
    same = sum(outcome.mutant.key in equivalent for outcome in survivors)
    share = caught.total() / max(1, tried.total())
    lines += [
        f"{'all':<44}{tried.total():>7}{caught.total():>8}",
        "",
        f"{tried.total()} mutants, {caught.total()} caught ({share:.1%}), {len(survivors)} survived, {same} of them "
        f"equivalent; {minutes:.1f} minutes.",
    ]
    return "\n".join(lines)


def by_room(outcomes: list[Outcome]) -> list[tuple[str, int, int]]:
    """For each room its name, the number of its mutants, and how many were caught."""
    tried = Counter(outcome.mutant.function.file.partition("/")[0] for outcome in outcomes)
    caught = Counter(o.mutant.function.file.partition("/")[0] for o in outcomes if o.caught_by is not None)
    return [(room, number, caught[room]) for room, number in sorted(tried.items())]


def as_markdown(
    outcomes: list[Outcome], equivalent: Reasons, minutes: float, jobs: int, most: int, of_room: int = 0
) -> str:
    """The page docs/mutants.md."""
    survivors = [outcome for outcome in outcomes if outcome.caught_by is None]
    caught = len(outcomes) - len(survivors)
    rows = []
    for outcome in survivors:
        change, function = outcome.mutant.change, outcome.mutant.function
        reason = equivalent.get(outcome.mutant.key, "**No test sees it.**")
        change_cell = f"`{_cell(change.before)}` → `{_cell(change.after)}`"
        rows.append(f"| `{function.file}`<br>`{function.name}` | {change_cell} | {_cell(reason)} |")
    same = sum(outcome.mutant.key in equivalent for outcome in survivors)
    return PAGE.format(
        total=len(outcomes),
        caught=caught,
        share=f"{caught / max(1, len(outcomes)):.1%}",
        survived=len(survivors),
        same=same,
        minutes=f"{minutes:.0f}",
        jobs=jobs,
        sample=_sample(most, of_room),
        rows="\n".join(rows),
        rooms="\n".join(f"| {room} | {n} | {k} | {k / n:.1%} |" for room, n, k in by_room(outcomes)),
    )


def _sample(most: int, of_room: int) -> str:
    """Which mutants were tried, as in "of at most 2 of each class or single function"."""
    each = f"of at most {most} of each class or single function" if most else "of all"
    return f"{each}, {of_room} of them of each room" if of_room else each


def _not_so(outcomes: list[Outcome], equivalent: Reasons) -> list[str]:
    return [outcome.mutant.key for outcome in outcomes if outcome.caught_by and outcome.mutant.key in equivalent]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGE = """# Tests that are tested

A test that cannot fail proves nothing. `make mutants` changes one thing at a time, and for each such mutant a test must
fail. In arithmetic it is a sign, an operator, the order of a matrix product, a factor, a term or an accumulated
gradient left out, an axis, `keepdims`, the end of a slice or a range, a comparison, max for min, mean for sum. In the
rooms that read, write, check and steer it may also be a statement, a `with`, a keyword argument or a returned value
left out, a condition turned, two arguments or two statements swapped, or another default. `make mutants` tries at most
twelve of each class, and of each function outside a class, the same ones each time. `--most 0` tries all.

Everything is imported and the tests are collected once. The tests run once on the sources as they are, to see which
functions each of them calls. Then each mutant gets a forked process, in which the changed function is compiled and the
tests that call it run until one fails: those of its own room first, of these the quickest first, and at most 500.
Doctests are among them. A mutant that crashes or hangs is caught. This runs on a copy without the engine, whose
replacements would run in place of what is changed. The engine has a proof of its own: `tests/engine/test_tables.py`
compares every replacement with its lesson.

The last run, {sample}: {total} mutants, {caught} caught ({share}), {survived} survived, {same} of which are equivalent;
{minutes} minutes in {jobs} processes.

```sh
make mutants
.venv/bin/python -m tools.mutants --only layers/linear.py --most 0   # all of one file
.venv/bin/python -m tools.mutants --list                             # which there are
```

## Room by room

| room | mutants | caught | share |
| --- | ---: | ---: | ---: |
{rooms}

## Survivors

They all count as not caught. An equivalent one computes what the original computes, or differs in what no user can
tell. The reasons are kept in `tools/mutants/equivalent.toml`.

| where | change | reason |
| --- | --- | --- |
{rows}
"""
