"""Whether what a scenario expects has happened, looked at when the conversation is over. Pure functions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from vlmock.scenario.model import EventFilter, ExpectedEvent
from vlmock.scenario.patterns import Difference, differences, in_words

__all__ = ["JournalEvent", "check", "unmet"]


class JournalEvent(Protocol):
    """One event of a conversation, as the journal keeps it."""

    @property
    def at(self) -> float:
        """Seconds on the conversation's clock."""

    @property
    def source(self) -> Literal["client", "server", "vlmock"]:
        """Who sent it. What vlmock remarks is not sent, and is never expected."""

    @property
    def type(self) -> str:
        """Its ``type`` on the wire."""

    def body(self) -> Mapping[str, Any]:
        """The event as JSON; asked for only where a ``where`` needs it."""


_START = EventFilter("server", "session.created")


def check(expected: Sequence[ExpectedEvent], events: Sequence[JournalEvent]) -> list[str]:
    """What was expected and did not come, or came and should not have: one text each, with the nearest that came.

    ``events``: of one conversation, in the order in which they were sent and received.
    """
    return [complaint for one in expected if (complaint := unmet(one, events)) is not None]


def unmet(expected: ExpectedEvent, events: Sequence[JournalEvent]) -> str | None:
    """Why this expectation is not met; None when it is."""
    begin = expected.after or _START
    start = _first(begin, events)
    if start is None and (expected.after is not None or expected.within_s is not None):
        found = f"got no {begin} to count from"
        return _report(expected, found, _nearest(begin, events, events))
    begin_at = 0.0 if start is None else events[start].at
    later = events if start is None or expected.after is None else events[start + 1 :]
    deadline = None if expected.within_s is None else begin_at + expected.within_s
    hits = [event for event in later if _fits(expected.event, event)]
    in_time = [event for event in hits if deadline is None or event.at <= deadline]
    if len(in_time) < expected.at_least:
        nearest = _late(hits, begin_at, expected) if len(hits) > len(in_time) else None
        return _report(expected, f"got {_number(len(in_time))}", nearest or _nearest(expected.event, later, events))
    if expected.at_most is not None and len(in_time) > expected.at_most:
        times = ", ".join(f"{event.at - begin_at:.3f} s" for event in in_time[:5])
        return _report(expected, f"got {_number(len(in_time))} (at {times})", None)
    return None


# ---- what fits


def _fits(wanted: EventFilter, event: JournalEvent) -> bool:
    return _same_kind(wanted, event) and not _reasons(wanted, event)


def _same_kind(wanted: EventFilter, event: JournalEvent) -> bool:
    return event.type == wanted.type and wanted.source in (None, event.source)


def _reasons(wanted: EventFilter, event: JournalEvent) -> list[Difference]:
    return differences(wanted.where, event.body(), "") if wanted.where else []


def _first(wanted: EventFilter, events: Sequence[JournalEvent]) -> int | None:
    return next((index for index, event in enumerate(events) if _fits(wanted, event)), None)


# ---- what is said when it does not


def _report(expected: ExpectedEvent, got: str, nearest: str | None) -> str:
    lines = [f"{expected}: expected {_demand(expected)}, {got}"]
    return "\n  ".join([*lines, f"nearest: {nearest}"] if nearest else lines)


def _demand(expected: ExpectedEvent) -> str:
    least, most = expected.at_least, expected.at_most
    if most == 0:
        number = "no"
    elif most is None:
        number = "" if least == 1 else f"at least {least}"
    elif least == most:
        number = f"exactly {least}"
    else:
        number = f"{least} to {most}" if least else f"at most {most}"
    parts = [number, str(expected.event)]
    if expected.event.where:
        parts.append("where " + in_words(expected.event.where))
    if expected.within_s is not None:
        parts.append(f"within {expected.within_s:g} s of {expected.after or _START}")
    elif expected.after is not None:
        parts.append(f"after {expected.after}")
    return " ".join(part for part in parts if part)


def _number(count: int) -> str:
    return str(count) if count else "none"


def _late(hits: Sequence[JournalEvent], begin_at: float, expected: ExpectedEvent) -> str:
    late = next(event for event in hits if event.at > begin_at + (expected.within_s or 0))
    return f"{late.source} {late.type} {late.at - begin_at:.3f} s after"


def _nearest(wanted: EventFilter, later: Sequence[JournalEvent], events: Sequence[JournalEvent]) -> str | None:
    """The event that differs least; else one that came before its time; else what has a like name; else what came."""
    from difflib import get_close_matches

    alike = [(event, _reasons(wanted, event)) for event in later if _same_kind(wanted, event)]
    unfit = [(event, reasons) for event, reasons in alike if reasons]
    if unfit:
        event, reasons = min(unfit, key=lambda pair: len(pair[1]))
        return f"{event.source} {event.type} at {event.at:.3f} s, where {'; '.join(map(str, reasons))}"
    early = next((event for event in events if _fits(wanted, event) and event not in later), None)
    if early is not None:
        return f"{early.source} {early.type} at {early.at:.3f} s, which is too early"
    seen = Counter(event.type for event in events if wanted.source in (None, event.source))
    close = get_close_matches(wanted.type, seen, n=1)
    if close:
        return f"{wanted.source or ''} {close[0]} ({seen[close[0]]})".strip()
    sent = ", ".join(f"{kind} ({count})" for kind, count in seen.most_common(8))
    return f"the {wanted.source or 'conversation'} sent {sent or 'nothing'}" if wanted.source else sent or None
