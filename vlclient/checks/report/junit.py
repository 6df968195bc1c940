"""Outcomes as JUnit's XML, which every CI shows."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree

from vlclient.checks.check import with_caution
from vlclient.checks.report.record import Record, Result
from vlclient.checks.verdicts import Verdict

__all__ = ["clean", "junit"]

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(record: Record) -> bytes:
    """A suite for each section, a case for each check. Only what failed is a failure: what is not offered,
    inconclusive or skipped is skipped, with its reason. Passed loosely is passed, and says how in ``system-out``."""
    root = ElementTree.Element("testsuites", name="vlclient check")
    for section, results in groupby(record.checks, key=lambda result: result.section):
        root.append(_suite(record, section, list(results)))
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(record: Record, section: str, results: Sequence[Result]) -> ElementTree.Element:
    failed = sum(result.verdict is Verdict.FAILED for result in results)
    skipped = sum(_is_skipped(result) for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name=section,
        tests=str(len(results)),
        failures=str(failed),
        errors="0",
        skipped=str(skipped),
        time=f"{sum(result.seconds for result in results):.3f}",
        timestamp=record.at,
        hostname=record.asked.host,
    )
    suite.extend(map(_case, results))
    return suite


def _case(result: Result) -> ElementTree.Element:
    name = f"{result.number} {result.name}"
    classname = f"check.{result.section}"
    case = ElementTree.Element("testcase", name=name, classname=classname, time=f"{result.seconds:.3f}")
    details = "\n".join([result.requirement, *map(str, result.findings), f"Source: {with_caution(result.source)}"])
    if result.verdict is Verdict.FAILED:
        first = str(result.findings[0]) if result.findings else result.requirement
        ElementTree.SubElement(case, "failure", message=clean(first)).text = clean(details)
    elif _is_skipped(result):
        ElementTree.SubElement(case, "skipped", message=clean(f"{result.verdict.value}: {result.reason}"))
    elif result.findings:
        ElementTree.SubElement(case, "system-out").text = clean(f"{result.verdict.value}\n{details}")
    return case


def _is_skipped(result: Result) -> bool:
    return result.verdict in (Verdict.NOT_OFFERED, Verdict.INCONCLUSIVE, Verdict.SKIPPED)


def clean(text: str) -> str:
    """A text without what XML cannot hold."""
    return _NOT_IN_XML.sub("�", text)
