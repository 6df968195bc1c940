"""VL65x: what is legal, and not expected by every client. Who does not survive it goes without a goodbye."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Ending
from vlmock.conduct.rule import Severity, family, rule
from vlmock.protocol.codec import audio_size
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.items import MessageItem
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseOutputItemAdded, ResponseOutputItemDone
from vlmock.protocol.session import SessionCreated, SessionUpdated

__all__ = ["RULES"]

_SHOCK_S: Final = 1.0
"""Who goes so soon after an event may have gone because of it."""
_BURST_S: Final = 0.1
"""Assumed: events that come so close together were read together."""
_FAILURES: Final = (1002, 1003, 1006, 1007, 1008, 1010, 1011)
_TWENTY_MS_BYTES: Final = 960


def _last_straw(case: Case, event: Ending) -> object:
    """What the server had said when the client went without a goodbye; None where it ended otherwise."""
    if event.by not in ("network", "client") or event.code not in _FAILURES or case.last_server is None:
        return None
    at, said = _surprise(case) or case.last_server
    return said if event.at - at <= _SHOCK_S else None


def _surprise(case: Case) -> tuple[float, object] | None:
    """What was surprising in the last burst of events."""
    if case.surprise is None or case.last_server is None or case.last_server[0] - case.surprise[0] > _BURST_S:
        return None
    return case.surprise


def _last_words(case: Case, event: Ending) -> object:
    """The same, where they were the very last, and nothing else was surprising."""
    return None if _surprise(case) else _last_straw(case, event)


def _went(event: Ending, what: str) -> str:
    return f"the connection ended with {event.code} right after {what}"


@rule(
    "VL651",
    "survive-unknown-events",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Ignore events of a type that you do not know.",
    explanation="The service adds events between api-versions, and sends some that are in no enum: a client that fails "
    "on one fails on a day when nobody changed it.",
    remedy="log an unknown type and go on; do not parse events into a closed enum",
    source="Observed {PAI}: conversation.item.done. Behaviour fact 10, 8.1 (8), 8.2 (L14).",
)
def survive_unknown_events(case: Case, event: Ending) -> Iterator[str]:
    straw = _last_straw(case, event)
    known = SessionCreated | SessionUpdated | ErrorEvent
    if _surprise(case) is not None and straw is not None and not isinstance(straw, known):
        yield _went(event, f"{getattr(straw, 'type', 'an event')}, which is in no enum")


@rule(
    "VL652",
    "survive-nulls",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Accept null, and the absence, of any member of the session.",
    explanation="Members of the voice are null where they were not set, expires_at is null for agents, and temperature "
    "is missing from native pipelines.",
    remedy="make every member optional, and ask for none that you do not need",
    source="Observed {FON, PAI, TAK}. Behaviour 1.4, 2.1, 8.1 (8), 8.2 (L14).",
)
def survive_nulls(case: Case, event: Ending) -> Iterator[str]:
    straw = _last_straw(case, event)
    if isinstance(straw, SessionCreated | SessionUpdated):
        yield _went(event, straw.type)


@rule(
    "VL653",
    "survive-errors",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Go on after an error event.",
    explanation="Most errors are about one request, and leave the conversation as it was.",
    remedy="match error.error.event_id with what you sent, report it, and go on; only a close ends the conversation",
    source="Observed {VIBE}, Documented {DOC}. Behaviour 6, 8.2 (L14).",
)
def survive_errors(case: Case, event: Ending) -> Iterator[str]:
    straw = _last_straw(case, event)
    if isinstance(straw, ErrorEvent):
        yield _went(event, f"an error ({straw.error.message})")


@rule(
    "VL654",
    "survive-any-delta",
    Severity.WARNING,
    on=Ending,
    timed=True,
    audible=True,
    requirement="Take deltas of any size.",
    explanation="They are 200, 300 and 500 ms long, or 4096 bytes, and the last is whatever is left.",
    remedy="put the bytes into a buffer and let the player take what it needs",
    source="Observed {FON, NB04}. Behaviour 4.2, 8.2 (L15).",
)
def survive_any_delta(case: Case, event: Ending) -> Iterator[str]:
    words = _last_words(case, event)
    if isinstance(words, ResponseAudioDelta) and audio_size(words.delta) != _TWENTY_MS_BYTES:
        yield _went(event, f"a delta of {audio_size(words.delta)} bytes")


@rule(
    "VL655",
    "survive-any-item",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Take items with any prefix in their id and any status.",
    explanation="Items of the assistant begin with msg_ or item_, and are incomplete or in_progress at first, by "
    "pipeline.",
    remedy="compare ids as a whole, and read the status only of what is done",
    source="Observed {FON, PAI}. Behaviour fact 1, 8.2 (L15).",
)
def survive_any_item(case: Case, event: Ending) -> Iterator[str]:
    words = _last_words(case, event)
    if isinstance(words, ResponseOutputItemAdded | ConversationItemCreated) and isinstance(words.item, MessageItem):
        yield _went(event, f"the item {words.item.id} with the status {words.item.status}")


@rule(
    "VL656",
    "survive-any-order",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Take output items as they are done, in any order.",
    explanation="A call beside speech is done before the speech, though it stands behind it.",
    remedy="find items by item_id and output_index, not by their order",
    source="Observed {FON}. Behaviour 4.4, 8.2 (L15).",
)
def survive_any_order(case: Case, event: Ending) -> Iterator[str]:
    words = _last_words(case, event)
    if isinstance(words, ResponseOutputItemDone) and words.output_index:
        yield _went(event, f"the item of output_index {words.output_index} was done")


@rule(
    "VL657",
    "survive-any-transcript",
    Severity.WARNING,
    on=Ending,
    timed=True,
    requirement="Take transcripts early, late, twice and empty.",
    explanation="The user's transcript comes before the response or in the middle of it, by pipeline, and noise "
    "suppression makes empty ones.",
    remedy="keep transcripts by item_id, and let the last one that is not empty count",
    source="Observed {FON, PAI, PIPE}. Behaviour 3.3, 8.1 (7), 8.2 (L15).",
)
def survive_any_transcript(case: Case, event: Ending) -> Iterator[str]:
    words = _last_words(case, event)
    transcript = ConversationItemInputAudioTranscriptionCompleted | ConversationItemInputAudioTranscriptionDelta
    if isinstance(words, transcript):
        yield _went(event, words.type)


RULES: Final = family(globals())
