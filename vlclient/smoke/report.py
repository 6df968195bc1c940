"""The outcome of a smoke test as lines, as JSON and as JUnit's XML."""

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

import msgspec

from vlclient.checks.report.junit import clean
from vlclient.smoke.outcome import Outcome, Step, Verdict
from vlmock.protocol.shown import on_one_line

__all__ = ["as_json", "as_junit", "step_lines", "summary_lines"]

_COLOURS: Final = {Verdict.OK: "32", Verdict.SLOW: "33", Verdict.WRONG: "31;1", Verdict.SKIPPED: "2"}


def step_lines(step: Step, *, colours: bool = False) -> Iterator[str]:
    """How one step came out, and what was wrong in it."""
    mark = f"{step.verdict.value:<8}"
    if colours:
        mark = f"\x1b[{_COLOURS[step.verdict]}m{mark}\x1b[0m"
    seconds = f"{step.seconds:6.2f} s" if step.verdict is not Verdict.SKIPPED else " " * 8
    yield f"{step.name:<12} {mark} {seconds}  {on_one_line(step.seen)}".rstrip()
    yield from (f"{'':<12} {on_one_line(finding)}" for finding in step.findings)


def summary_lines(outcome: Outcome) -> Iterator[str]:
    """What was measured, and how it ended."""
    if outcome.measured:
        yield ", ".join(
            f"{name.replace('_', ' ')} {outcome.measured[name]:.2f} s"
            for name in outcome.budgets
            if name in outcome.measured
        )
    told = outcome.sentence if outcome.sentence.startswith(outcome.kind) else f"{outcome.kind}: {outcome.sentence}"
    yield on_one_line(told if outcome.sentence else outcome.kind)


def as_json(outcome: Outcome) -> bytes:
    """For machines."""
    return msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n"


def as_junit(outcome: Outcome) -> bytes:
    """One suite, a case for each step."""
    steps = outcome.steps
    suite = ElementTree.Element(
        "testsuite",
        name="vlclient smoke",
        tests=str(len(steps)),
        failures=str(sum(step.verdict in (Verdict.WRONG, Verdict.SLOW) for step in steps)),
        errors="0",
        skipped=str(sum(step.verdict is Verdict.SKIPPED for step in steps)),
        time=f"{sum(step.seconds for step in steps):.3f}",
        timestamp=outcome.at,
    )
    for step in steps:
        case = ElementTree.SubElement(
            suite, "testcase", name=step.name, classname="vlclient.smoke", time=f"{step.seconds:.3f}"
        )
        if step.verdict is Verdict.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=clean(step.seen))
        elif step.verdict is not Verdict.OK:
            message = f"{outcome.kind}: {step.findings[0]}" if step.findings else outcome.kind
            failure = ElementTree.SubElement(case, "failure", message=clean(message))
            failure.text = clean("\n".join(step.findings))
    ElementTree.indent(suite)
    text: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
