"""Outcomes as lines for a terminal."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from vlclient.checks.check import Check, Cost, with_caution
from vlclient.checks.comparing import Compared
from vlclient.checks.pacing import Pace
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.protocol.shown import on_one_line

__all__ = ["counted", "listing", "outcome_lines", "plan", "summary", "table"]

_MARKS: Final = {
    Verdict.PASSED: "ok",
    Verdict.LOOSELY: "ok, loosely",
    Verdict.FAILED: "FAILED",
    Verdict.NOT_OFFERED: "not offered",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.SKIPPED: "skipped",
}
_COLOURS: Final = {
    Verdict.PASSED: "32",
    Verdict.LOOSELY: "32",
    Verdict.FAILED: "31;1",
    Verdict.NOT_OFFERED: "36",
    Verdict.INCONCLUSIVE: "33",
    Verdict.SKIPPED: "2",
}
"""As a terminal takes them."""
_INDENT: Final = " " * 21


def listing(checks: Sequence[Check], left_out: Mapping[str, str]) -> Iterator[str]:
    """One line for each check, under its section; ``left_out``: why it would not be tried, by number."""
    section = ""
    for check in checks:
        if check.section != section:
            section = check.section
            yield f"{check.number.split('.')[0]} {section}"
        reason = left_out.get(check.number, "")
        notes = "; ".join(filter(None, (_cost(check.cost), reason and f"skipped, {reason}")))
        yield f"  {check.number:>5}  {check.requirement}" + (f" [{notes}]" if notes else "")


def plan(checks: Sequence[Check], pace: Pace | None = None) -> str:
    """What it will take of a server."""
    connections = sum(check.cost.connections for check in checks)
    audio_s = sum(check.cost.audio_s for check in checks)
    responses = sum(check.cost.responses for check in checks)
    least_s = pace.least_s(connections) if pace is not None else 0.0
    return (
        f"{counted(len(checks), 'check')}, about {counted(connections, 'connection')}, "
        f"{audio_s:.0f} seconds of audio, {counted(responses, 'response')}"
        + (f"; at {pace.per_minute} connections a minute at least {least_s / 60:.0f} min" if pace and least_s else "")
    )


def outcome_lines(outcome: Outcome, *, colours: bool = False) -> Iterator[str]:
    """How one check came out."""
    check = outcome.check
    mark = f"{_MARKS[outcome.verdict]:<12}"
    if colours:
        mark = f"\x1b[{_COLOURS[outcome.verdict]}m{mark}\x1b[0m"
    yield f"{check.number:>5}  {mark}  {check.requirement}"
    yield from (f"{_INDENT}  {on_one_line(str(finding))}" for finding in outcome.findings)
    if outcome.verdict is Verdict.FAILED:
        yield f"{_INDENT}  source: {with_caution(check.source)}"
    if outcome.reason:
        yield f"{_INDENT}  {on_one_line(outcome.reason)}"


def summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Why which were skipped, and how many came out how."""
    reasons = Counter(outcome.reason for outcome in outcomes if outcome.verdict is Verdict.SKIPPED)
    yield from (f"  {number} skipped: {on_one_line(reason)}" for reason, number in reasons.items())
    counts = Counter(outcome.verdict for outcome in outcomes)
    yield ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]) or "nothing tried"


def counted(number: int, noun: str) -> str:
    """``1 check``, ``2 checks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cost(cost: Cost) -> str:
    """What is more than a connection."""
    parts = (
        cost.connections > 1 and counted(cost.connections, "connection"),
        cost.audio_s > 0 and f"{cost.audio_s:g} s of audio",
        cost.responses > 0 and counted(cost.responses, "response"),
        cost.slow and "slow",
    )
    return ", ".join(part for part in parts if part)


def table(compared: Sequence[Compared]) -> Iterator[str]:
    """Documentation, service, emulator, and who is wrong: one line for each check that was tried on both."""
    rows = [("check", "known from", "service", "emulator", "who is wrong")]
    rows += [
        (one.check.number, _known_from(one.check), _MARKS[one.service], _MARKS[one.emulator], one.who)
        for one in compared
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
    differing = sum(bool(one.who) for one in compared)
    yield f"{counted(differing, 'check')} of {len(compared)} with a difference"


def _known_from(check: Check) -> str:
    """Label and tags: ``Observed {FON, PAI}``."""
    tags = re.search(r"\{[^}]+\}", check.source)
    return f"{check.label} {tags[0]}" if tags else check.label
