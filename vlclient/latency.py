"""How long the user waits: each turn from the end of what was said to the first sound of the answer.

What is measured and what is estimated:

- Measured, on the clock of the caller: when events came, when a typed turn was sent, and when the first sound of the
  answer left the loudspeaker, as its sink says.
- Estimated: when the user stopped speaking. The service reports it in *audio time* (milliseconds of audio appended in
  this session) and, Observed {SDKT}, behaviour.md 3.2, together with the silence that it waited for. So
  ``silence_duration_ms``, as the service echoed it, is taken off, and the rest is looked up among the blocks that were
  captured. Observed (one voice): the detector adds some 70 ms of its own, in steps of 32 ms, which stay in; the wait
  was that much longer than what is said here.
- Unknown: whether the time that a second opinion took (``end_of_utterance_detection``, or OpenAI's ``semantic_vad``)
  is part of what the service reports. It is not taken off; ``uncertain_s`` says how much it can be at most.

A turn that was committed by hand ends with the last audio captured before the commit.
"""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias

import msgspec

from vlclient.audio.ports import Part
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemInputAudioTranscriptionCompleted,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import RequestFunctionCallOutput, RequestMessage
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.protocol.response import ResponseCreate, ResponseCreated, ResponseOutputItemAdded
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.turn_detection import SemanticVad, TurnDetection, VadSettings
from vlmock.protocol.wire import ClientEvent, UnsetType, given

__all__ = ["Latency", "LatencySummary", "Percentiles", "TurnLatency"]

Kind: TypeAlias = Literal["spoken", "committed", "typed"]

_SILENCE_MS = 500
"""Documented {DOC}, schema D5: what all detectors wait where nothing else is said."""
_SECOND_OPINION_MS = 1000
"""Documented {DOC}, schema D6: ``timeout_ms`` where nothing else is said."""
_EAGERNESS_MS = {"low": 8000, "medium": 4000, "auto": 4000, "high": 2000}
"""Documented {OAI}: how long ``semantic_vad`` waits at most."""

_KEPT_BLOCKS = 6000
"""Two minutes in blocks of 20 ms. The end of speech is reported within seconds."""
_KEPT_TURNS = 1000


class TurnLatency(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. All times are seconds from ``began``; None for what did not happen, or has not yet."""

    kind: Kind
    item_id: str | None
    """Of the user's item; None where it is not known."""
    began: float
    """When the user had finished speaking (estimated), or when what was typed was sent; on the caller's clock."""
    uncertain_s: float = 0.0
    """The user may have finished so much earlier."""
    transcript_s: float | None = None
    response_created_s: float | None = None
    first_text_s: float | None = None
    first_audio_s: float | None = None
    """Received, not heard."""
    first_heard_s: float | None = None
    """What counts."""
    tools_s: float = 0.0
    """Of all this, how long tools ran before the first sound was heard; calls that overlap count once."""
    interrupted: bool = False
    """The user spoke again before anything was heard."""


class Percentiles(msgspec.Struct, frozen=True):
    """In seconds. Nearest rank, so each of them was really measured."""

    count: int
    p50: float
    max: float
    p90: float | None = None
    """From ten on: of fewer it would be the maximum."""
    p99: float | None = None
    """From a hundred on, likewise."""

    @classmethod
    def of(cls, values: Iterable[float]) -> "Percentiles | None":
        """None when there are no values."""
        ordered = sorted(values)
        if not ordered:
            return None

        def rank(share: float) -> float:
            return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

        return cls(
            count=len(ordered),
            p50=rank(0.5),
            p90=rank(0.9) if len(ordered) >= 10 else None,
            p99=rank(0.99) if len(ordered) >= 100 else None,
            max=ordered[-1],
        )


class LatencySummary(msgspec.Struct, frozen=True, kw_only=True):
    """All turns together; None for what was never measured."""

    turns: int
    transcript: Percentiles | None
    response_created: Percentiles | None
    first_text: Percentiles | None
    first_audio: Percentiles | None
    first_heard: Percentiles | None
    tools: Percentiles | None
    """Of the turns in which tools ran."""


class _Turn:
    """A turn while it is measured."""

    def __init__(self, kind: Kind, began: float, item_id: str | None = None, uncertain_s: float = 0.0) -> None:
        self.latency = TurnLatency(kind=kind, began=began, item_id=item_id, uncertain_s=uncertain_s)
        self.is_over = False
        """The user speaks again: new responses answer something else."""
        self._calls: set[str] = set()
        self._tools_since = 0.0

    def mark(self, what: str, at: float) -> None:
        """Only the first time counts."""
        if getattr(self.latency, what) is None:
            self._change(**{what: at - self.latency.began})

    def first_heard(self, at: float) -> None:
        if self.latency.first_heard_s is None:
            self._count_tools(at)
            self._calls.clear()
            self.mark("first_heard_s", at)

    def interrupt(self) -> None:
        self.is_over = True
        if self.latency.first_heard_s is None:
            self._change(interrupted=True)

    def tool_called(self, call_id: str, now: float) -> None:
        if self.latency.first_heard_s is None:
            if not self._calls:
                self._tools_since = now
            self._calls.add(call_id)

    def tool_answered(self, call_id: str, now: float) -> None:
        if call_id in self._calls:
            if len(self._calls) == 1:
                self._count_tools(now)
            self._calls.remove(call_id)

    def _count_tools(self, now: float) -> None:
        if self._calls:
            self._change(tools_s=self.latency.tools_s + max(0.0, now - self._tools_since))

    def _change(self, **changes: Any) -> None:
        self.latency = msgspec.structs.replace(self.latency, **changes)


class Latency:
    """Measures the turns of a conversation. Tell it every event, sent and received, and every block of audio.

    All times are of one monotonic clock, ``time.monotonic()`` where ``first_heard`` is what an ``AudioSink`` tells.
    Items that are replayed after a reconnect are no turns: do not tell it of them. It survives events that are missing
    or repeated; the last thousand turns are kept.
    """

    def __init__(self) -> None:
        self._turns: deque[_Turn] = deque(maxlen=_KEPT_TURNS)
        self._turn_of_response: dict[str, _Turn] = {}
        self._turn_of_item: dict[str, _Turn] = {}
        self._captured: deque[tuple[float, float]] = deque(maxlen=_KEPT_BLOCKS)
        """Audio time at the end of each block, and when that was captured."""
        self._detection: TurnDetection | None = None
        self._commits: deque[float] = deque()
        """When the audio of each commit ended that the service has not confirmed."""
        self._typed_at: float | None = None

    @property
    def turns(self) -> tuple[TurnLatency, ...]:
        """Every turn so far, with what is known of it by now."""
        return tuple(turn.latency for turn in self._turns)

    def summary(self) -> LatencySummary:
        """How it went, over all turns."""

        def over(what: str) -> Percentiles | None:
            values = (getattr(turn, f"{what}_s") for turn in self.turns)
            return Percentiles.of(value for value in values if value is not None)

        return LatencySummary(
            turns=len(self._turns),
            transcript=over("transcript"),
            response_created=over("response_created"),
            first_text=over("first_text"),
            first_audio=over("first_audio"),
            first_heard=over("first_heard"),
            tools=Percentiles.of(turn.tools_s for turn in self.turns if turn.tools_s),
        )

    # ---- what is told

    def appended(self, duration_ms: float, captured_until: float) -> None:
        """A block goes out whose last sample was captured at ``captured_until``."""
        before_ms = self._captured[-1][0] if self._captured else 0.0
        self._captured.append((before_ms + duration_ms, captured_until))

    def sent(self, event: ClientEvent, now: float) -> None:
        """An event of the client goes out."""
        self._take(event, now)

    def receive(self, event: AnyServerEvent | UnknownServerEvent, now: float) -> None:
        """An event of the service has come."""
        self._take(event, now)

    def first_heard(self, part: Part, at: float) -> None:
        """The first sound of a part left the loudspeaker: the ``FirstHeard`` of an ``AudioSink``."""
        if (turn := self._turn_of_item.get(part.item_id)) is not None:
            turn.first_heard(at)

    def _take(self, event: Any, now: float) -> None:
        if (duty := _DUTIES.get(type(event))) is not None:
            duty(self, event, now)

    # ---- turns

    def _on_session(self, event: SessionCreated | SessionUpdated, now: float) -> None:
        detection = event.session.turn_detection
        self._detection = None if isinstance(detection, UnsetType) else detection
        if isinstance(event, SessionCreated):  # audio time begins anew, and what was under way will not be answered
            self._captured.clear()
            self._commits.clear()
            self._typed_at = None
            self._interrupt()

    def _on_speech_started(self, event: InputAudioBufferSpeechStarted, now: float) -> None:
        self._typed_at = None
        self._interrupt()

    def _interrupt(self) -> None:
        if self._turns and not self._turns[-1].is_over:
            self._turns[-1].interrupt()

    def _on_speech_stopped(self, event: InputAudioBufferSpeechStopped, now: float) -> None:
        if event.item_id in self._turn_of_item:
            return  # repeated
        waited_ms, uncertain_ms = _what_was_waited(self._detection)
        began = min(now, self._captured_at(event.audio_end_ms - waited_ms, now))
        self._begin(_Turn("spoken", began, event.item_id, uncertain_ms / 1000))

    def _captured_at(self, audio_ms: float, now: float) -> float:
        """When that instant of the audio was captured: within its block, or as far from the nearest one."""
        if not self._captured:
            return now
        at = min(bisect_left(self._captured, audio_ms, key=lambda block: block[0]), len(self._captured) - 1)
        block_ends_ms, captured = self._captured[at]
        return captured - (block_ends_ms - audio_ms) / 1000

    def _on_commit(self, event: InputAudioBufferCommit, now: float) -> None:
        self._commits.append(self._captured[-1][1] if self._captured else now)

    def _on_committed(self, event: InputAudioBufferCommitted, now: float) -> None:
        if event.item_id not in self._turn_of_item and self._commits:
            self._interrupt()
            self._begin(_Turn("committed", min(now, self._commits.popleft()), event.item_id))

    def _on_error(self, event: ErrorEvent, now: float) -> None:
        if event.error.code == "input_audio_buffer_commit_empty" and self._commits:
            self._commits.popleft()

    def _on_item_create(self, event: ConversationItemCreate, now: float) -> None:
        if isinstance(event.item, RequestMessage) and event.item.role == "user":
            self._typed_at = now
        elif isinstance(event.item, RequestFunctionCallOutput):
            for turn in self._turns:
                turn.tool_answered(event.item.call_id, now)

    def _on_response_create(self, event: ResponseCreate, now: float) -> None:
        """What was typed is a turn once an answer to it is asked for; until then it is history."""
        if self._typed_at is not None:
            self._interrupt()
            self._begin(_Turn("typed", self._typed_at))
            self._typed_at = None

    def _begin(self, turn: _Turn) -> None:
        self._turns.append(turn)
        if turn.latency.item_id is not None:
            _remember(self._turn_of_item, turn.latency.item_id, turn)

    # ---- what answers them

    def _on_transcribed(self, event: ConversationItemInputAudioTranscriptionCompleted, now: float) -> None:
        if (turn := self._turn_of_item.get(event.item_id)) is not None:
            turn.mark("transcript_s", now)

    def _on_response_created(self, event: ResponseCreated, now: float) -> None:
        """It answers the newest turn, the second after a tool ran as well as the first."""
        if self._turns and not self._turns[-1].is_over:
            _remember(self._turn_of_response, event.response.id, self._turns[-1])
            self._turns[-1].mark("response_created_s", now)

    def _on_output_item(self, event: ResponseOutputItemAdded, now: float) -> None:
        turn = self._turn_of_response.get(event.response_id)
        if turn is not None and not isinstance(event.item, UnsetType):
            _remember(self._turn_of_item, event.item.id, turn)

    def _on_text(self, event: ResponseTextDelta | ResponseAudioTranscriptDelta, now: float) -> None:
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            turn.mark("first_text_s", now)

    def _on_audio(self, event: ResponseAudioDelta, now: float) -> None:
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            if event.item_id not in self._turn_of_item:
                _remember(self._turn_of_item, event.item_id, turn)
            turn.mark("first_audio_s", now)

    def _on_call(self, event: ResponseFunctionCallArgumentsDone, now: float) -> None:
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            turn.tool_called(event.call_id, now)


def _what_was_waited(detection: TurnDetection | None) -> tuple[int, int]:
    """Milliseconds of silence in what the service reports, and how many more there may be."""
    if isinstance(detection, SemanticVad):
        return 0, _EAGERNESS_MS.get(given(detection.eagerness, "auto"), _EAGERNESS_MS["auto"])
    if not isinstance(detection, VadSettings):
        return _SILENCE_MS, 0
    second_opinion = given(detection.end_of_utterance_detection, None)
    uncertain_ms = given(second_opinion.timeout_ms, _SECOND_OPINION_MS) if second_opinion is not None else 0
    return given(detection.silence_duration_ms, _SILENCE_MS), uncertain_ms


def _remember(turns: dict[str, _Turn], key: str, turn: _Turn) -> None:
    turns[key] = turn
    if len(turns) > 4 * _KEPT_TURNS:
        del turns[next(iter(turns))]


_DUTIES: dict[type, Callable[[Latency, Any, float], None]] = {
    ConversationItemCreate: Latency._on_item_create,
    InputAudioBufferCommit: Latency._on_commit,
    ResponseCreate: Latency._on_response_create,
    ErrorEvent: Latency._on_error,
    SessionCreated: Latency._on_session,
    SessionUpdated: Latency._on_session,
    InputAudioBufferSpeechStarted: Latency._on_speech_started,
    InputAudioBufferSpeechStopped: Latency._on_speech_stopped,
    InputAudioBufferCommitted: Latency._on_committed,
    ConversationItemInputAudioTranscriptionCompleted: Latency._on_transcribed,
    ResponseCreated: Latency._on_response_created,
    ResponseOutputItemAdded: Latency._on_output_item,
    ResponseTextDelta: Latency._on_text,
    ResponseAudioTranscriptDelta: Latency._on_text,
    ResponseAudioDelta: Latency._on_audio,
    ResponseFunctionCallArgumentsDone: Latency._on_call,
}
