"""An answer of the assistant: asked for, begun, put together, ended, accounted for.

Source: schema B 14, 15; B1; C 19 to 24; E4, E5.
"""

from typing import Any, TypeAlias

import msgspec

from vlmock.protocol.items import ContentPart, RequestItem, RequestMessage, ResponseItem
from vlmock.protocol.output import Animation
from vlmock.protocol.places import OfPart
from vlmock.protocol.session import InterimResponse, TokenLimit
from vlmock.protocol.tools import Tool, ToolChoice
from vlmock.protocol.voices import Voice, VoiceSetting
from vlmock.protocol.wire import UNSET, ClientEvent, JsonObject, ServerEvent, TaggedObject, UnsetType, WireObject

__all__ = [
    "INCOMPLETE_REASONS",
    "RESPONSE_STATUSES",
    "CachedTokensDetails",
    "CancelledDetails",
    "FailedDetails",
    "IncompleteDetails",
    "InputTokenDetails",
    "OutputTokenDetails",
    "RateLimit",
    "RateLimitsUpdated",
    "Response",
    "ResponseCancel",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseCreate",
    "ResponseCreateParams",
    "ResponseCreated",
    "ResponseDone",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "StatusDetails",
    "Usage",
]

RESPONSE_STATUSES = ("completed", "cancelled", "failed", "incomplete", "in_progress")
INCOMPLETE_REASONS = ("max_output_tokens", "content_filter")


# ---- what a client asks for


class ResponseCreateParams(WireObject, kw_only=True):
    """How this one response is to differ from the session's settings."""

    commit: bool | UnsetType | None = UNSET
    """Keep the answer in the conversation; true where not sent."""
    cancel_previous: bool | UnsetType | None = UNSET
    """End a running response first; true where not sent. Observed {GOV}: one build refused it as unknown."""
    append_input_items: list[RequestItem] | UnsetType | None = UNSET
    """More to answer to, besides the conversation."""
    input_items: list[RequestItem] | UnsetType | None = UNSET
    """What to answer to, in place of the conversation; may be empty."""
    modalities: list[str] | UnsetType | None = UNSET
    instructions: str | UnsetType | None = UNSET
    voice: VoiceSetting | UnsetType | None = UNSET
    output_audio_format: str | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType | None = UNSET
    tool_choice: ToolChoice | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    max_output_tokens: TokenLimit | UnsetType | None = UNSET
    max_response_output_tokens: TokenLimit | UnsetType | None = UNSET
    """Documented {DOC}: the same as ``max_output_tokens``, which is the specification's name."""
    pre_generated_assistant_message: RequestMessage | UnsetType | None = UNSET
    """One ``text`` part, spoken as it stands. Since 2026-01-01-preview."""
    reasoning_effort: str | UnsetType | None = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET
    interim_response: InterimResponse | UnsetType | None = UNSET
    invoke_input: JsonObject | UnsetType | None = UNSET
    """Passed on to a hosted agent. Since 2026-06-01-preview."""
    conversation: str | UnsetType | None = UNSET
    """Documented {DOC}: ``auto``, or ``none`` for an answer outside the conversation."""
    animation: Animation | UnsetType | None = UNSET


class ResponseCreate(ClientEvent, tag="response.create", kw_only=True):
    """Answer now."""

    response: ResponseCreateParams | UnsetType | None = UNSET
    additional_instructions: str | UnsetType | None = UNSET
    """Appended to the session's instructions, for this response."""


class ResponseCancel(ClientEvent, tag="response.cancel", kw_only=True):
    """Stop answering."""

    response_id: str | UnsetType | None = UNSET
    """The running one, where not sent."""


# ---- what it cost and how it ended


class CachedTokensDetails(WireObject, kw_only=True):
    """What the cached tokens were."""

    text_tokens: int
    audio_tokens: int
    image_tokens: int | UnsetType = UNSET


class InputTokenDetails(WireObject, kw_only=True):
    """What went in."""

    cached_tokens: int
    text_tokens: int
    audio_tokens: int
    image_tokens: int | UnsetType = UNSET
    cached_tokens_details: CachedTokensDetails | UnsetType | None = UNSET


class OutputTokenDetails(WireObject, kw_only=True):
    """What came out."""

    text_tokens: int
    audio_tokens: int
    reasoning_tokens: int | UnsetType = UNSET


class Usage(WireObject, kw_only=True):
    """What the response cost, in tokens."""

    total_tokens: int
    input_tokens: int
    output_tokens: int
    input_token_details: InputTokenDetails
    output_token_details: OutputTokenDetails


class CancelledDetails(TaggedObject, tag="cancelled", kw_only=True):
    """The user spoke, or the client said so."""

    reason: str
    """``turn_detected`` or ``client_cancelled``."""


class IncompleteDetails(TaggedObject, tag="incomplete", kw_only=True):
    """There would have been more."""

    reason: str
    """One of ``INCOMPLETE_REASONS``."""


class FailedDetails(TaggedObject, tag="failed", kw_only=True):
    """The model could not answer."""

    error: Any = UNSET
    """Mostly an object with ``type``, ``code`` and ``message``."""


StatusDetails: TypeAlias = CancelledDetails | IncompleteDetails | FailedDetails


class Response(WireObject, kw_only=True):
    """An answer as a whole. Observed {PAI}: members in this order, null where there is nothing to say."""

    object: str = "realtime.response"
    id: str
    status: str
    """One of ``RESPONSE_STATUSES``."""
    status_details: StatusDetails | UnsetType | None = UNSET
    output: list[ResponseItem] = msgspec.field(default_factory=list)
    """The items, without audio."""
    usage: Usage | UnsetType | None = UNSET
    conversation_id: str | UnsetType | None = UNSET
    """Null outside the conversation."""
    modalities: list[str] | UnsetType | None = UNSET
    voice: Voice | UnsetType | None = UNSET
    output_audio_format: str | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    max_output_tokens: TokenLimit | UnsetType | None = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET


# ---- how it goes


class ResponseCreated(ServerEvent, tag="response.created", kw_only=True):
    """An answer begins: status ``in_progress``, no output yet."""

    response: Response


class ResponseDone(ServerEvent, tag="response.done", kw_only=True):
    """An answer has ended, one way or another. Always sent, once."""

    response: Response


class ResponseOutputItemAdded(ServerEvent, tag="response.output_item.added", kw_only=True):
    """An item of the answer begins."""

    response_id: str
    output_index: int
    item: ResponseItem | UnsetType = UNSET


class ResponseOutputItemDone(ServerEvent, tag="response.output_item.done", kw_only=True):
    """An item of the answer is complete, or was broken off."""

    response_id: str
    output_index: int
    item: ResponseItem | UnsetType = UNSET


class ResponseContentPartAdded(OfPart, tag="response.content_part.added", kw_only=True):
    """A part of a message begins."""

    part: ContentPart


class ResponseContentPartDone(OfPart, tag="response.content_part.done", kw_only=True):
    """A part of a message is complete, or was broken off."""

    part: ContentPart


class RateLimit(WireObject, kw_only=True):
    """How much is left of one allowance."""

    name: str
    limit: int
    remaining: int
    reset_seconds: float


class RateLimitsUpdated(ServerEvent, tag="rate_limits.updated", kw_only=True):
    """How much is left. Documented {DOC}, but in no enum and in no log of the service."""

    rate_limits: list[RateLimit]
