"""What the service says in answer to what: the table that holds a replay back.

Every row says where it is known from; the tags are those of ``vlmock.emulated.sources``.
"""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from vlmock.protocol.wire import JsonObject

__all__ = [
    "ANSWERED",
    "CAUSES",
    "CAUSES_OF_CANCELLATION",
    "HEARD",
    "PIECES",
    "ROUND_ENDS",
    "TIDYING_UP",
    "Cause",
    "named_by_error",
]

Rule: TypeAlias = Literal["in order", "same item", "the item it adds"]
"""Which of several client events was answered: the first that has no answer; the first of those that names the item;
the first of those whose item it is."""


class Cause(msgspec.Struct, frozen=True):
    """One kind of answer."""

    to: tuple[str, ...]
    """Types of client events."""
    rule: Rule
    known: str


CAUSES: Final[dict[str, Cause]] = {
    "session.updated": Cause(
        ("session.update", "transcription_session.update"), "in order", "Observed {PAI, FON}: one for each update"
    ),
    "conversation.item.created": Cause(
        ("conversation.item.create", "mcp_approval_response", "input_text.done"),
        "the item it adds",
        "Observed {PAI, NETT}: in the order of the requests",
    ),
    "conversation.item.retrieved": Cause(("conversation.item.retrieve",), "same item", "Observed {SDKT, JAVAT}"),
    "conversation.item.truncated": Cause(("conversation.item.truncate",), "same item", "Observed {SDKT, JAVAT}"),
    "conversation.item.deleted": Cause(("conversation.item.delete",), "same item", "Observed {BANK}"),
    "input_audio_buffer.committed": Cause(
        ("input_audio_buffer.commit", "input_audio.turn.end"),
        "in order",
        "Observed {SDKT}; Assumed for turns whose borders the client draws",
    ),
    "input_audio_buffer.cleared": Cause(
        ("input_audio_buffer.clear", "input_audio.clear"), "in order", "Observed {NETT}; Assumed for the second"
    ),
    "output_audio_buffer.cleared": Cause(("output_audio_buffer.clear",), "in order", "Documented {DOC}"),
    "session.avatar.connecting": Cause(("session.avatar.connect",), "in order", "Observed {S03, TAK}"),
    "byom_credential.updated": Cause(("byom_credential.update",), "in order", "Documented: schema B"),
    "rtc.call.sdp.created": Cause(("rtc.call.sdp.create",), "in order", "Documented: schema B"),
    "response.created": Cause(("response.create",), "in order", "Observed {PAI, VIBE}: one for each that is accepted"),
}
"""By the type of the answer. A committed turn of speech asks for a response as well, and so does an approval; what has
no row, or answers nothing that is known, comes after whatever the service said before it."""

ANSWERED: Final = frozenset(kind for cause in CAUSES.values() for kind in cause.to)
"""The types of client events that the service answers."""

HEARD: Final = {
    "input_audio_buffer.speech_started": "audio_start_ms",
    "input_audio_buffer.speech_stopped": "audio_end_ms",
    "input_audio_buffer.timeout_triggered": "audio_end_ms",
}
"""What the service says about sound, and the member that says where. Observed {FON, PAI}; the last Assumed {OAI}."""

CAUSES_OF_CANCELLATION: Final[dict[str, tuple[str, ...]]] = {
    "client_cancelled": ("response.cancel", "output_audio_buffer.clear", "response.create"),
    "turn_detected": (),
}
"""By the reason in ``status_details``: the client events that may end a response. Observed {VIBE}; {AI4IA} for the
second; Documented {DOC} for the third (``cancel_previous``). A detected turn ends it by its ``speech_started``."""

PIECES: Final = {
    "input_audio_buffer.append": "audio",
    "input_audio.turn.append": "audio",
    "input_text.delta": "delta",
}
"""Client events that are cut as the client pleases, and the member that is a piece. Never acknowledged. Observed {PAI};
Assumed for the last two."""

ROUND_ENDS: Final = frozenset(
    {
        "response.create",
        "response.cancel",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "input_audio.turn.end",
        "input_audio.clear",
    }
)
"""What is said before one of these cannot as well be said after it. Between them the order is the client's own affair:
two items, or an item and an update, may change places. Assumed."""

TIDYING_UP: Final = frozenset(
    {
        "response.cancel",
        "input_audio_buffer.clear",
        "input_audio.clear",
        "output_audio_buffer.clear",
        "conversation.item.truncate",
    }
)
"""What clients say when the user interrupts or leaves, and go on without an answer. Assumed."""

_BY_CODE: Final = {
    "conversation_already_has_active_response": "response.create",
    "response_cancel_not_active": "response.cancel",
    "input_audio_buffer_commit_empty": "input_audio_buffer.commit",
    "item_delete_invalid_item_id": "conversation.item.delete",
    "item_retrieve_invalid_item_id": "conversation.item.retrieve",
    "item_truncate_invalid_item_id": "conversation.item.truncate",
    "item_already_truncated": "conversation.item.truncate",
    "item_create_invalid_previous_item_id": "conversation.item.create",
}
_BY_PARAM: Final = {
    "session": "session.update",
    "item": "conversation.item.create",
    "response": "response.create",
    "client_sdp": "session.avatar.connect",
}
_OF_ITS_OWN_ACCORD: Final = frozenset(
    {"avatar_idle_timeout", "avatar_speaking_timeout", "invalid_model", "session_expired"}
)


def named_by_error(error: JsonObject) -> tuple[str | None, str | None]:
    """The ``event_id`` that an error names, and the type of client event that it must be about: by its code (Observed
    {VIBE, STTX, BANK}), else by the member that it finds fault with (Observed {FON}). "" where it is about none; None
    where it does not say."""
    details: Any = error.get("error")
    if not isinstance(details, dict):
        return None, None
    event_id, code, param = (details.get(name) for name in ("event_id", "code", "param"))
    about = "" if code in _OF_ITS_OWN_ACCORD else _BY_CODE.get(str(code))
    if about is None and isinstance(param, str):
        about = _BY_PARAM.get(param.partition(".")[0])
    return (event_id if isinstance(event_id, str) and event_id else None), about
