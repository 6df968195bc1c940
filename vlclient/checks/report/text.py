"""Outcomes as lines for a terminal."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from vlclient.checks.check import Check
from vlclient.checks.verdicts import Outcome, Verdict

__all__ = ["listing", "outcome_lines", "plan", "summary"]

_MARKS: Final = {
    Verdict.PASSED: "ok",
    Verdict.LOOSELY: "ok, loosely",
    Verdict.FAILED: "FAILED",
    Verdict.NOT_OFFERED: "not offered",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.SKIPPED: "skipped",
}


def listing(checks: Sequence[Check]) -> list[str]:
    """One line for each check, under its section."""
    lines: list[str] = []
    section = ""
    for check in checks:
        if check.section != section:
            section = check.section
            lines.append(f"{check.number.split('.')[0]} {section}")
        lines.append(f"  {check.number:>5}  {check.requirement}")
    return lines


def plan(checks: Sequence[Check]) -> str:
    """What it will take of a server."""
    connections = sum(check.cost.connections for check in checks)
    audio_s = sum(check.cost.audio_s for check in checks)
    responses = sum(check.cost.responses for check in checks)
    return (
        f"{len(checks)} checks, about {connections} connections, {audio_s:.0f} seconds of audio, {responses} responses"
    )


def outcome_lines(outcome: Outcome) -> list[str]:
    """How one check came out."""
    check = outcome.check
    lines = [f"{check.number:>5}  {_MARKS[outcome.verdict]:<12}  {check.requirement}"]
    lines += [f"{'':21}  {finding}" for finding in outcome.findings]
    return [*lines, f"{'':21}  {outcome.reason}"] if outcome.reason else lines


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many came out how."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    return ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
