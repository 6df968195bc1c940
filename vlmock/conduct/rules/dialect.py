"""VL7xx: events and members as the dated api-versions have them."""

import re
from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Turnaway
from vlmock.conduct.notes import BINARY, REFUSED_BINARY
from vlmock.conduct.rule import Severity, family, rule
from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.session import API_VERSIONS, INTERIM_RESPONSE_TYPES
from vlmock.protocol.versions import SINCE, UNTIL, events_of
from vlmock.protocol.wire import ClientEvent
from vlmock.session.refusals.hints import GA_MEMBERS, hint_about

__all__ = ["RULES"]

_CAMEL: Final = re.compile(r"[a-z0-9][A-Z]")
_INTERIM_TYPES: Final = ("session.interim_response.type", "response.interim_response.type")
_THRESHOLDS: Final = tuple(path.replace("type", "latency_threshold_in_ms") for path in _INTERIM_TYPES)
_VERSIONED: Final = tuple(
    event
    for wire_type, event in CLIENT_EVENTS.items()
    if SINCE[wire_type] != API_VERSIONS[1] or UNTIL.get(wire_type) is not None
)


def _unknown_members(event: InvalidEvent) -> tuple[str, ...]:
    return (event.path, *event.more) if event.kind == "unknown_member" else ()


def _is_camel(path: str) -> bool:
    return bool(_CAMEL.search(path.rpartition(".")[2]))


@rule(
    "VL701",
    "no-ga-members",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send no members of OpenAI's GA dialect to Voice Live.",
    explanation="The dated api-versions do not speak it, not for GA models either: the whole event is refused.",
    remedy="session.modalities, session.voice, session.input_audio_format and so on stand directly in session",
    source="Observed {IVW, FON}. Behaviour fact 6, 8.2 (L01).",
)
def no_ga_members(case: Case, event: InvalidEvent) -> Iterator[str]:
    for path in _unknown_members(event):
        if path in GA_MEMBERS:
            yield f"{path} of {event.event_type}: {GA_MEMBERS[path]}"


@rule(
    "VL702",
    "no-ga-events",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send no events of OpenAI's GA dialect to Voice Live.",
    explanation="They are refused as unknown.",
    remedy="use the names of the dated api-versions: response.audio, conversation.item.created",
    source="Observed {IVW, FON}. Behaviour fact 6, 8.2 (L01).",
)
def no_ga_events(case: Case, event: InvalidEvent) -> Iterator[str]:
    if event.kind == "unknown_type" and "GA dialect" in hint_about(event):
        yield f"{event.event_type} is an event of the GA dialect"


@rule(
    "VL703",
    "no-unknown-members",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send only members that the event has.",
    explanation="Unknown members are refused, and everything else in the event is lost with them.",
    remedy="look the name up in the reference of the api-version",
    source="Observed {VIBE, IVW, GOV}. Behaviour fact 5, 8.2 (L02).",
)
def no_unknown_members(case: Case, event: InvalidEvent) -> Iterator[str]:
    for path in _unknown_members(event):
        if path not in GA_MEMBERS and path not in _THRESHOLDS and not _is_camel(path):
            yield f"{event.event_type} has no member {path}"


@rule(
    "VL704",
    "snake-case",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Write members in snake_case.",
    explanation="camelCase is an unknown member: the whole event is refused.",
    remedy="configure the serialiser: turn_detection and not turnDetection",
    source="Observed {VIBE, IVW}: unknown members. Behaviour fact 5, 8.2 (L02).",
)
def snake_case(case: Case, event: InvalidEvent) -> Iterator[str]:
    for path in _unknown_members(event):
        if _is_camel(path):
            yield f"{path} of {event.event_type} is in camelCase"


@rule(
    "VL705",
    "interim-types-with-underscores",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Name the types of interim_response with underscores.",
    explanation="The documentation's prose has hyphens; they are refused.",
    remedy=f"send {' or '.join(INTERIM_RESPONSE_TYPES)}",
    source="Observed {ILA, FON}. Behaviour 2.3, 8.2 (L02).",
)
def interim_types_with_underscores(case: Case, event: InvalidEvent) -> Iterator[str]:
    if event.kind == "invalid_value" and event.path in _INTERIM_TYPES and "-" in event.got:
        yield f"{event.path} is {event.got}"


@rule(
    "VL706",
    "latency-threshold-ms",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Call the threshold of interim_response latency_threshold_ms.",
    explanation="latency_threshold_in_ms stands in some pages and samples; it is refused as unknown.",
    remedy="send latency_threshold_ms",
    source="Documented: schema D12. Behaviour 8.2 (L02).",
)
def latency_threshold_ms(case: Case, event: InvalidEvent) -> Iterator[str]:
    for path in _unknown_members(event):
        if path in _THRESHOLDS:
            yield f"{path} of {event.event_type}"


@rule(
    "VL707",
    "no-unknown-events",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send only events that the service knows.",
    explanation="An unknown event is refused, and nothing happens.",
    remedy="look the type up in the reference of the api-version",
    source="Assumed {OAI}: refused. Behaviour 6, 8.2 (L01).",
)
def no_unknown_events(case: Case, event: InvalidEvent) -> Iterator[str]:
    if event.kind == "unknown_type" and "GA dialect" not in hint_about(event):
        yield f"there is no event {event.event_type}"


@rule(
    "VL708",
    "events-of-this-version",
    Severity.ERROR,
    on=_VERSIONED,
    requirement="Send only events of the api-version that was dialled.",
    explanation="What came with a later version is unknown to an earlier one.",
    remedy="dial with a later api-version",
    source="Documented: schema B, since when there is which. Assumed: refused as unknown.",
)
def events_of_this_version(case: Case, event: ClientEvent) -> Iterator[str]:
    version = case.facts.api_version
    if version in API_VERSIONS and event.type not in events_of(version):
        yield f"{event.type} is no event of api-version {version}"


@rule(
    "VL709",
    "json-objects",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send one JSON object with a type in each message.",
    explanation="Anything else is refused.",
    remedy="serialise the event with a JSON library, one event in one message",
    source="Assumed {OAI}: refused. Behaviour 6.",
)
def json_objects(case: Case, event: InvalidEvent) -> Iterator[str]:
    of_the_type = event.kind == "wrong_type" and event.path == "type"
    if event.kind in ("invalid_json", "not_an_object", "missing_type") or of_the_type:
        if case.notes[BINARY]:
            case.notes[BINARY] -= 1
            case.notes[REFUSED_BINARY] += 1
            return
        yield f"a message that is no event: expected {event.expected}, got {event.got}"


@rule(
    "VL710",
    "right-shapes",
    Severity.ERROR,
    on=InvalidEvent,
    requirement="Send every member that is required, each with a value of its kind.",
    explanation="The event is refused as a whole.",
    remedy="look the member up in the reference",
    source="Assumed {OAI}: the words. Observed {IVW}: wrong values. Behaviour 6.",
)
def right_shapes(case: Case, event: InvalidEvent) -> Iterator[str]:
    told_elsewhere = event.path == "content_index" and event.kind == "missing_member"
    told_elsewhere |= event.path in _INTERIM_TYPES and "-" in event.got
    if event.kind not in ("missing_member", "wrong_type", "invalid_value") or event.path == "type" or told_elsewhere:
        return
    yield f"{event.path} of {event.event_type} should be {event.expected}, got {event.got}"


@rule(
    "VL711",
    "no-ga-address",
    Severity.ERROR,
    on=Turnaway,
    requirement="Dial a dated api-version, not the GA dialect.",
    explanation="Neither v1 nor OpenAI's GA address is answered by the dated service.",
    remedy="dial /voice-live/realtime?api-version=2026-04-10&model=…",
    source="Observed {IVW, FON}: GA is not spoken. Assumed: HTTP 400. Behaviour fact 6, 8.2 (L01).",
)
def no_ga_address(case: Case, event: Turnaway) -> Iterator[str]:
    if "GA dialect" in event.message:
        yield f"HTTP {event.status}: {event.message}"


RULES: Final = family(globals())
