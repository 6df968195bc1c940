"""Outcomes as pages for a browser: one that lists them, and one for each check, with all its frames."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from vlclient.checks.check import with_caution
from vlclient.checks.report.record import Record
from vlclient.checks.verdicts import Outcome, Verdict
from vlclient.checks.wire import Seen

__all__ = ["pages"]

_STYLE: Final = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top; padding: .25em .6em;
border-bottom: 1px solid #ddd } pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12.5px }
.passed { color: #17692a } .loosely { color: #17692a } .failed { color: #b00020; font-weight: bold }
.inconclusive { color: #8a5a00 } .not_offered, .skipped { color: #666 } dt { font-weight: bold; margin-top: .6em }
tr.client { background: #eef4fb } tr.note { background: #f5f5f5; font-style: italic } tr:target { outline: 2px solid }
"""
_ARROWS: Final = {"client": "→", "server": "←", "note": "·"}
_MOST_FRAMES: Final = 2000
"""A page that a browser can show; what is in the middle of longer ones is left out."""
_LONGEST_FRAME: Final = 20_000
"""In characters."""


def pages(record: Record, outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """File names and what stands in them, ``index.html`` first. ``outcomes``: those of the record, in its order."""
    yield "index.html", _page("Checks", _index(record, outcomes))
    for outcome in outcomes:
        yield f"{outcome.check.number}.html", _page(f"Check {outcome.check.number}", _details(outcome))


def _index(record: Record, outcomes: Sequence[Outcome]) -> Iterator[str]:
    asked = record.asked
    yield f"<h1>{escape(asked.host)}</h1>"
    facts = (asked.answered_as or asked.model or "an agent", asked.pipeline, f"api-version {asked.api_version}")
    yield f"<p>{escape(', '.join((*facts, record.at)))}</p>"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in record.summary.items())
    yield f"<p><strong>{escape(counts)}</strong>{' (stopped before the end)' if record.stopped else ''}</p><table>"
    section = ""
    for outcome in outcomes:
        check = outcome.check
        if check.section != section:
            section = check.section
            yield f"<tr><th colspan=3>{check.number.split('.')[0]} {escape(section)}</th></tr>"
        link = f'<a href="{check.number}.html">{check.number}</a>'
        yield f"<tr><td>{link}</td><td>{_verdict(outcome.verdict)}</td><td>{escape(check.requirement)}</td></tr>"
    yield "</table>"


def _details(outcome: Outcome) -> Iterator[str]:
    check = outcome.check
    yield f'<p><a href="index.html">All checks</a></p><h1>{check.number} {escape(check.name.replace("_", " "))}</h1>'
    yield f"<p>{_verdict(outcome.verdict)} after {outcome.seconds:.2f} s</p><dl>"
    for term, text in (
        ("Requirement", check.requirement),
        ("False when", check.falsified_by),
        ("Source", with_caution(check.source) if outcome.verdict is Verdict.FAILED else check.source),
        ("About", f"{', '.join(check.pipelines)}{f', since {check.since}' if check.since else ''}"),
        ("Reason", outcome.reason),
    ):
        if text:
            yield f"<dt>{term}</dt><dd>{escape(text)}</dd>"
    yield "</dl>"
    if outcome.findings:
        yield "<h2>Findings</h2><ul>"
        for finding in outcome.findings:
            shown = finding.frame and finding.frame - 1 not in _left_out(outcome.frames)
            link = f' (<a href="#{finding.frame}">frame {finding.frame}</a>)' if shown else ""
            yield f"<li>expected {escape(finding.expected)}, got {escape(finding.got)}{link}</li>"
        yield "</ul>"
    if outcome.frames:
        yield "<h2>Frames</h2><table><tr><th>#</th><th>s</th><th>connection</th><th></th><th></th></tr>"
        yield from _frames(outcome.frames)
        yield "</table>"


def _frames(frames: Sequence[Seen]) -> Iterator[str]:
    left_out = _left_out(frames)
    for number, frame in enumerate(frames):
        if number not in left_out:
            yield (
                f'<tr id="{number + 1}" class="{frame.source}"><td>{number + 1}</td><td>{frame.at:.3f}</td>'
                f"<td>{frame.connection}</td><td>{_ARROWS[frame.source]}</td>"
                f"<td><pre>{escape(_body(frame.body))}</pre></td></tr>"
            )
        elif number == left_out.start:
            yield f"<tr><td colspan=5>{len(left_out)} frames are left out here</td></tr>"


def _left_out(frames: Sequence[Seen]) -> range:
    return range(_MOST_FRAMES // 2, len(frames) - _MOST_FRAMES // 2)


def _body(body: Any) -> str:
    text = body if isinstance(body, str) else json.dumps(body, indent=1, ensure_ascii=False)
    more = len(text) - _LONGEST_FRAME
    return f"{text[:_LONGEST_FRAME]}… (+{more} characters)" if more > 0 else text


def _verdict(verdict: Verdict) -> str:
    return f'<span class="{verdict.name.lower()}">{escape(verdict.value)}</span>'


def _page(title: str, body: Iterator[str]) -> str:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return "\n".join([head, *body, "</html>", ""])
