"""Findings for machines: JSON, whose members stay, and JUnit, as continuous integration reads it.

The JSON is ``{"version": 1, "errors", "warnings", "advice", "unjudged", "findings"}``: three numbers, a list of texts,
and a list of ``{"rule", "name", "severity", "connection", "at", "entry", "seen", "requirement", "remedy", "source"}``,
with ``"place"`` where it was found in a recording, and the ``"line"`` of its ``events.jsonl``. ``"dropped"``: by rule
how many older ones are not in the list, where a server has found very many. In JUnit each rule is a test: one with
errors fails, and what is no error is its output.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import msgspec

from vlmock.conduct.conduct import Conduct, by_severity
from vlmock.conduct.listing import sorted_rules
from vlmock.conduct.rule import Finding, Rule, Severity
from vlmock.errors import VlmockError
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.reports.machine import xml_text

__all__ = ["SUFFIXES", "as_json", "as_junit", "write_report"]

_VERSION: Final = 1


def as_json(conduct: Conduct) -> str:
    """Everything that was found."""
    counts = by_severity(conduct)
    told = {
        "version": _VERSION,
        "errors": counts[Severity.ERROR],
        "warnings": counts[Severity.WARNING],
        "advice": counts[Severity.ADVICE],
        "dropped": {rule.id: count for rule, count in conduct.dropped.items()},
        "unjudged": conduct.unjudged,
        "findings": [_finding(finding) for finding in conduct.findings],
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


def _finding(finding: Finding) -> JsonObject:
    rule = finding.rule
    return {
        "rule": rule.id,
        "name": rule.name,
        "severity": rule.severity,
        **({"place": finding.place} if finding.place else {}),
        **({"line": finding.line} if finding.line else {}),
        "connection": finding.connection,
        "at": round(finding.at, 4),
        "entry": finding.entry,
        "seen": finding.seen,
        "requirement": rule.requirement,
        "remedy": rule.remedy,
        "source": rule.source,
    }


def as_junit(conduct: Conduct) -> str:
    """A test for each rule."""
    findings, rules = conduct.findings, sorted_rules()
    failed = {finding.rule for finding in conduct.errors}
    suites = ElementTree.Element("testsuites", name="vlmock lint")
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        name="conduct",
        tests=str(len(rules)),
        failures=str(len(failed)),
        errors="0",
        skipped="0",
        time="0",
    )
    for rule in rules:
        told = [str(finding) for finding in findings if finding.rule is rule]
        if rule in conduct.dropped:
            told.append(f"and {conduct.dropped[rule]} before these, which are not kept")
        _case(suite, rule, told)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, rule: Rule, lines: Sequence[str]) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname="conduct", name=str(rule), time="0")
    told = xml_text("\n".join(lines))
    if lines and rule.severity is Severity.ERROR:
        ElementTree.SubElement(case, "failure", type=rule.severity, message=told.partition("\n")[0]).text = told
    elif lines:
        ElementTree.SubElement(case, "system-out").text = told


SUFFIXES: Final = {".json": as_json, ".xml": as_junit}
"""How the name of a report ends, by what it is to be."""


def write_report(conduct: Conduct, path: Path) -> None:
    """JSON or JUnit, as the name ends. Raises VlmockError when it cannot be written, or the name ends otherwise."""
    try:
        path.write_text(SUFFIXES[path.suffix](conduct), encoding="utf-8")
    except KeyError:
        raise VlmockError(f"{path}: a report is .json or .xml (JUnit)") from None
    except OSError as error:
        raise VlmockError(f"{path}: cannot be written ({error.strerror or error})") from error
