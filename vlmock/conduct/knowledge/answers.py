"""Responses: asked for, active, done; and the speech in them, as far as the client can have played it."""

from typing import Final

import msgspec

from vlmock.protocol.audio_format import OUTPUT_FORMATS, AudioFormat
from vlmock.protocol.codec import audio_size
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemTruncate, ConversationItemTruncated
from vlmock.protocol.input_audio import InputAudioBufferCommit, InputAudioBufferCommitted, InputAudioBufferSpeechStarted
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseCreate, ResponseCreated, ResponseDone
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseMcpCallCompleted, ResponseMcpCallFailed
from vlmock.protocol.wire import given

__all__ = ["Active", "Answers", "SpokenItem"]

_PCM_24: Final = OUTPUT_FORMATS["pcm16"]


class Active(msgspec.Struct, frozen=True):
    """A response that has been created and is not done."""

    id: str
    created_at: float
    asked_for: bool
    """By the client, and not by the end of a spoken turn."""


class SpokenItem(msgspec.Struct):
    """The sound of one item."""

    began_at: float
    """When its first piece was sent."""
    bytes: int = 0
    format: AudioFormat = _PCM_24
    truncated: str = ""
    """``client`` or ``server``, where it was cut."""
    truncated_at: float | None = None

    @property
    def duration_ms(self) -> float:
        return self.format.duration_ms(self.bytes)


class Answers:
    """What the assistant says."""

    def __init__(self) -> None:
        self.active: Active | None = None
        self.requested = 0
        """Requests of the client without an answer."""
        self.created = 0
        self.last_done_at: float | None = None
        self.refused_request_at: float | None = None
        """A request that was refused because another response was active, and was not made again."""
        self.spoken: dict[str, SpokenItem] = {}
        self.sounded_at = 0.0
        """When sound was sent last."""
        self.sounds_until = 0.0
        """When the last of all that was sent has been heard, by a client that plays at once and without a pause."""
        self.format = _PCM_24
        self.created_at: float | None = None
        """When the last response began."""
        self.automatic = False
        """Nobody had asked for it."""
        self.well = True
        """It was completed."""
        self.fresh = False
        """Something has come since that a model could answer to."""
        self._asked_to_cut: set[str] = set()
        self._format_of_session = "pcm16"

    def learn(self, event: object, at: float) -> None:
        match event:
            case SessionCreated(session=session) | SessionUpdated(session=session):
                self._format_of_session = given(session.output_audio_format, "pcm16")
            case ResponseCreate():
                self.requested += 1
                self.refused_request_at = None
            case ResponseCreated(response=response):
                self.active = Active(response.id, at, asked_for=self.requested > 0)
                self.created += 1
                self.created_at, self.automatic, self.fresh = at, not self.requested, False
                self.requested = max(0, self.requested - 1)
                name = given(response.output_audio_format, self._format_of_session)
                self.format = OUTPUT_FORMATS.get(name, _PCM_24)
            case ResponseDone(response=response):
                if self.active is not None and self.active.id == response.id:
                    self.active = None
                self.last_done_at, self.well = at, response.status == "completed"
            case ResponseAudioDelta(item_id=item_id, delta=delta):
                self._hear(item_id, audio_size(delta), at)
            case InputAudioBufferSpeechStarted():
                self.sounds_until = at
            case (
                InputAudioBufferCommit()
                | InputAudioBufferCommitted()
                | ConversationItemCreate()
                | ResponseMcpCallCompleted()
            ):
                self.fresh = True
            case ResponseMcpCallFailed():
                self.fresh = True
            case ConversationItemTruncate(item_id=item_id):
                self._asked_to_cut.add(item_id)
            case ConversationItemTruncated(item_id=item_id) if item_id in self.spoken:
                item = self.spoken[item_id]
                item.truncated, item.truncated_at = "client" if item_id in self._asked_to_cut else "server", at

    def request_refused(self, at: float, *, busy: bool) -> None:
        """``busy``: because another one was active."""
        self.requested = max(0, self.requested - 1)
        if busy:
            self.refused_request_at = at

    def _hear(self, item_id: str, size: int, at: float) -> None:
        item = self.spoken.get(item_id)
        if item is None:
            item = self.spoken[item_id] = SpokenItem(at, format=self.format)
        item.bytes += size
        self.sounded_at = at
        self.sounds_until = max(self.sounds_until, at) + item.format.duration_ms(size) / 1000
