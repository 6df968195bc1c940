"""A response that is being generated: what was asked, and what has been said so far."""

from collections.abc import Callable, Iterable

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.items import McpCallItem, ResponseItem
from vlmock.protocol.response import InputTokenDetails, Response, ResponseCreateParams, StatusDetails, Usage
from vlmock.protocol.tools import Tool
from vlmock.protocol.voices import Voice
from vlmock.protocol.wire import ServerEvent, given
from vlmock.session.script import McpCall
from vlmock.session.speaking.speech_marks import Marking, WantedMarks
from vlmock.session.timeline import Story
from vlmock.session.transitions import ResponsePhase
from vlmock.session.words import audio_tokens

__all__ = ["ActiveResponse", "McpCallInHand", "OpenMessage", "ResponseRequest"]


class ResponseRequest(msgspec.Struct, frozen=True):
    """A response that the client or the detector asked for."""

    id: str
    """What the response will be called."""
    params: ResponseCreateParams
    additional_instructions: str = ""
    automatic: bool = False
    """Asked for by the end of a turn, not by the client."""
    idle: bool = False
    """Asked for because nobody has spoken for ``idle_timeout_ms``."""
    then: "ResponseRequest | None" = None
    """What the end of a turn asked for, and an aside does not answer: it comes next."""

    @property
    def is_out_of_band(self) -> bool:
        """Documented {DOC}: ``conversation: "none"`` is an answer outside the conversation."""
        return given(self.params.conversation, "auto") == "none"

    @property
    def is_pre_generated(self) -> bool:
        """Whether it brings its own words."""
        return bool(self.params.pre_generated_assistant_message)

    @property
    def is_aside(self) -> bool:
        """Whether it is no answer to what the conversation still has to be answered."""
        return self.is_out_of_band or self.is_pre_generated or isinstance(self.params.input_items, list)


class OpenMessage(msgspec.Struct):
    """An assistant message that is being said."""

    item_id: str
    output_index: int
    spoken: bool
    text: str = ""
    """Transcript or text so far."""
    annotations: int = 0
    """How many of its words' sources have been named."""
    marking: Marking | None = None
    """Who tells its marks; None where nobody asked for them."""


class ActiveResponse(msgspec.Struct):
    """One response from ``response.created`` to ``response.done``."""

    id: str
    after_item_id: str | None
    """The youngest item when the response began."""
    in_conversation: bool
    """False: out of band; no item of it joins the history."""
    modalities: list[str]
    voice: Voice | None
    audio_format: AudioFormat
    output_audio_format: str | None
    """As echoed: the pipelines differ."""
    temperature: float | None
    max_output_tokens: int | str | None
    """As echoed."""
    token_limit: int | None
    """In force; None is none."""
    metadata: dict[str, str] | None
    conversation_id: str | None
    input_tokens: InputTokenDetails
    tools: tuple[Tool, ...] = ()
    """Offered to it."""
    marks: WantedMarks | None = None
    phase: ResponsePhase = ResponsePhase.IN_PROGRESS
    story: Story | None = None
    output: list[ResponseItem] = msgspec.field(default_factory=list)
    open_message: OpenMessage | None = None
    closings: dict[int, Callable[[], Iterable[ServerEvent]]] = msgspec.field(default_factory=dict)
    """By output index, for items of the service's own tools that are open: what ends them where it is cut off."""
    mcp_calls: list["McpCallInHand"] = msgspec.field(default_factory=list)
    """Calls that go on when it is done."""
    search_events: int = 0
    """How many events its searches have had."""
    output_text_tokens: int = 0
    output_audio_ms: float = 0.0

    @property
    def spoken(self) -> bool:
        """Whether its voice is heard."""
        return "audio" in self.modalities

    @property
    def voiced(self) -> bool:
        """Whether its words are spoken at all: to be heard, or to move a face."""
        return self.spoken or self.marks is not None

    def allows(self, text_tokens: int, audio_ms: float = 0.0) -> bool:
        """Whether so much more may be said.

        Assumed {OAI}: whatever would go beyond the limit is not said; a call that does not fit is not made.
        Observed {NETT}: ``output_tokens`` never exceeds the limit.
        """
        if self.token_limit is None:
            return True
        spoken = audio_tokens(self.output_audio_ms + audio_ms)
        return self.output_text_tokens + text_tokens + spoken <= self.token_limit

    def described(self, status: str, details: StatusDetails | None = None, *, usage: Usage | None = None) -> Response:
        """The ``response`` member of ``response.created`` and ``response.done``; keys in the observed order {PAI}."""
        return Response(
            object="realtime.response",
            id=self.id,
            status=status,
            status_details=details,
            output=list(self.output),
            usage=usage,
            conversation_id=self.conversation_id,
            modalities=self.modalities,
            voice=self.voice,
            output_audio_format=self.output_audio_format,
            temperature=self.temperature,
            max_output_tokens=self.max_output_tokens,
            metadata=self.metadata,
        )


class McpCallInHand(msgspec.Struct, eq=False):
    """A call to an MCP server from its first argument to its outcome. It may outlive its response."""

    step: McpCall
    item: McpCallItem
    """As it is now."""
    response: ActiveResponse
    output_index: int
    needs_approval: bool
    story: Story | None = None
    """What the client's approval has begun, or its refusal."""
    running: bool = False
