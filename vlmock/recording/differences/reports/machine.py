"""Comparisons for a machine: JSON, whose members stay, and JUnit, as continuous integration reads it.

The JSON is ``{"version": 1, "grade", "connections": [{"name", "theirs", "ours", "their_break", "our_break", "grade",
"events", "findings"}]}``. ``events`` has how many are of each grade. ``their_break`` is where a recording broke off
because its recorder was killed, ``{"frame", "at"}``: its last frame, and how many seconds it had lasted; else null. A
finding is ``{"grade", "event", "about", "source", "path", "what", "theirs", "ours", "reason", "their_frame",
"our_frame"}``: ``what`` was compared (``finding.Difference``); ``theirs`` and ``ours`` are absent where there is
nothing; frames count from 1 (in ``events.jsonl`` they are on the line below that number) and are null where the event
is not there.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

import msgspec

from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.finding import Comparison, Finding, Grade, Judged, Place, worst
from vlmock.recording.differences.reports.text import breaks_of

__all__ = ["VERSION", "as_json", "as_junit", "xml_text"]

VERSION = 1
_FAILURES = (Grade.DIFFERENT, Grade.MISSING, Grade.EXTRA)


def as_json(comparisons: Sequence[Comparison], *, everything: bool = False) -> str:
    """``everything``: also what is the same, as findings of that grade without a path."""
    told = {
        "version": VERSION,
        "grade": worst([comparison.grade for comparison in comparisons]),
        "connections": [_connection(comparison, everything) for comparison in comparisons],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def _connection(comparison: Comparison, everything: bool) -> JsonObject:
    return {
        "name": comparison.name,
        "theirs": comparison.theirs,
        "ours": comparison.ours,
        "their_break": _break(comparison.their_break),
        "our_break": _break(comparison.our_break),
        "grade": comparison.grade,
        "events": {grade: comparison.count(grade) for grade in Grade},
        "findings": [
            finding
            for judged in comparison.judged
            for finding in (map(_finding, judged.findings) if judged.findings else [_same(judged)] * everything)
        ],
    }


def _finding(finding: Finding) -> JsonObject:
    difference = finding.difference
    values = {
        side: value
        for side, value in (("theirs", difference.theirs), ("ours", difference.ours))
        if value is not msgspec.UNSET
    }
    return {
        "grade": finding.grade,
        "event": finding.event,
        "about": finding.about,
        "source": finding.source,
        "path": difference.path,
        "what": difference.what,
        **values,
        "reason": difference.reason,
        "their_frame": _number(finding.their_place),
        "our_frame": _number(finding.our_place),
    }


def _same(judged: Judged) -> JsonObject:
    return {
        "grade": judged.grade,
        "event": judged.event,
        "about": judged.about,
        "source": judged.source,
        "path": "",
        "what": "event",
        "reason": "",
        "their_frame": _number(judged.their_place),
        "our_frame": _number(judged.our_place),
    }


def _break(place: Place | None) -> JsonObject | None:
    return None if place is None else {"frame": place.number, "at": place.at}


def _number(place: Place | None) -> int | None:
    return None if place is None else place.number


# ---- JUnit


def as_junit(comparisons: Sequence[Comparison]) -> str:
    """A test suite for each connection, a test for each event; what is looser passes, and says why."""
    suites = ElementTree.Element("testsuites", name="vlmock diff")
    for comparison in comparisons:
        failures = sum(judged.grade in _FAILURES for judged in comparison.judged)
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=xml_text(comparison.name),
            tests=str(len(comparison.judged)),
            failures=str(failures),
            errors="0",
            skipped="0",
            time="0",
        )
        if told := "\n".join(breaks_of(comparison)):
            ElementTree.SubElement(suite, "system-out").text = xml_text(told)
        for number, judged in enumerate(comparison.judged, 1):
            _case(suite, number, judged, comparison)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode")


def _case(suite: ElementTree.Element, number: int, judged: Judged, comparison: Comparison) -> None:
    about = f" ({judged.about})" if judged.about else ""
    name = xml_text(f"{number} {judged.source} {judged.event}{about}")
    case = ElementTree.SubElement(suite, "testcase", classname=xml_text(comparison.name), name=name, time="0")
    told = "\n".join(_sentence(finding, comparison) for finding in judged.findings)
    if judged.grade in _FAILURES:
        failure = ElementTree.SubElement(case, "failure", type=judged.grade, message=xml_text(told.partition("\n")[0]))
        failure.text = xml_text(told)
    elif told:
        ElementTree.SubElement(case, "system-out").text = xml_text(told)


def _sentence(finding: Finding, comparison: Comparison) -> str:
    values = [
        f"{name} {msgspec.json.encode(value).decode()}"
        for name, value in ((comparison.theirs, finding.difference.theirs), (comparison.ours, finding.difference.ours))
        if value is not msgspec.UNSET
    ]
    told = [
        f"{finding.grade} {finding.path}",
        *values,
        *([finding.difference.reason] * bool(finding.difference.reason)),
    ]
    return ": ".join([told[0], ", ".join(told[1:])]) if told[1:] else told[0]


def xml_text(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(
        letter if letter in "\n\t" or (letter >= " " and not "\ud800" <= letter <= "\udfff") else "�" for letter in text
    )
