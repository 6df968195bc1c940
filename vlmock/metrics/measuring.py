"""One connection, measured: told of every event in order, it knows its turns.

What is measured and what is estimated:

- Measured: when events came and went, on the clock of whoever noted them.
- Estimated: when the user stopped speaking. The service reports it in *audio time*, and, Observed {SDKT}, behaviour.md
  3.2, together with the silence that it waited for. So ``silence_duration_ms``, as the service confirmed it, is taken
  off, and the rest is looked up among the blocks that came. Observed (one voice): the detector adds some 70 ms of its
  own, which stay in; the wait was that much longer than what is said here.
- Unknown: the same where the blocks did not come in real time. Nobody spoke then and there, so the turn is measured
  from ``speech_stopped``, and says so.
- Assumed: sound is played in real time from its first piece on, and falls silent at ``speech_started`` where that
  interrupts, and at ``response.cancel``; what the test tells of the client's loudspeaker, and its truncate, goes
  before.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from vlmock.conduct.codes import PLAYING, SILENT, STILL_PLAYING
from vlmock.metrics.audio_clock import AudioClock
from vlmock.metrics.detection import Detection, detection_of
from vlmock.metrics.playback import Playback
from vlmock.metrics.running_turn import RunningTurn
from vlmock.metrics.turn import BargeIn, From, Kind, Turn
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemTruncate,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioTurnAppend,
    InputAudioTurnEnd,
    InputTextDone,
)
from vlmock.protocol.items import RequestFunctionCallOutput, RequestMessage
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.protocol.recording.formats import FormatsInForce
from vlmock.protocol.response import (
    ResponseCancel,
    ResponseCreate,
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
)
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import UnsetType, given
from vlmock.session.effects import Remark

__all__ = ["Measuring"]

_LIVE_MS: Final = 500.0
"""So much audio before the end of speech is looked at, to see whether it came in real time."""


class Measuring:
    """Told of every event of one connection in order, with its time in seconds since the connection was opened."""

    def __init__(self, connection: int, *, timed: bool = True) -> None:
        """``timed``: False where nobody took the time, so none is told."""
        self._connection = connection
        self._timed = timed
        self._now = 0.0
        self._turns: list[RunningTurn] = []
        self._turn_of_response: dict[str, RunningTurn] = {}
        self._turn_of_item: dict[str, RunningTurn] = {}
        self._turn_of_call: dict[str, RunningTurn] = {}
        self._interrupted: set[str] = set()
        """Responses whose sound is played no more."""
        self._audio = AudioClock()
        self._playback = Playback()
        self._formats = FormatsInForce()
        self._detection = Detection()
        self._spoken_from_ms: dict[str, float] = {}
        """Audio time of the first sound, and when that was reported, by the item to come."""
        self._spoken_at: dict[str, float] = {}
        self._commits: list[float] = []
        """When the audio of each commit had come that the service has not confirmed."""
        self._turn_audio_at: float | None = None
        self._typed_at: float | None = None
        self._told_loud: bool | None = None
        """Whether the client's loudspeaker sounds, as far as the test has told."""

    @property
    def turns(self) -> list[Turn]:
        """Every turn so far, with what is known of it by now."""
        return [self._finished(running) for running in self._turns]

    def hear(self, event: Any, at: float, sound_bytes: int = 0) -> None:
        """An event went by; ``sound_bytes``: how much audio there was in it."""
        self._now = max(self._now, at)
        if (duty := _DUTIES.get(type(event))) is not None:
            duty(self, event, sound_bytes)

    def lose(self) -> None:
        """Some of what went by is missing, so audio time means nothing any more."""
        self._audio.trusted = False

    def _finished(self, running: RunningTurn) -> Turn:
        turn = running.turn
        if not self._timed:
            return _without_times(turn)
        if running.speech is None:
            return turn
        overlap_s = self._playback.overlap(*running.speech)
        gap_s = None if overlap_s else self._playback.silent_before(running.speech[0])
        return msgspec.structs.replace(turn, overlap_s=overlap_s, gap_s=gap_s)

    # ---- the session

    def _on_session(self, event: SessionCreated | SessionUpdated, sound_bytes: int) -> None:
        self._detection = detection_of(event.session)
        self._formats.heard({"type": event.type, "session": msgspec.to_builtins(event.session)})

    def _on_remark(self, event: Remark, sound_bytes: int) -> None:
        turn = self._latest_with_sound()
        if event.code == PLAYING:
            self._told_loud = True
            self._playback.begins(self._now)
            if turn is not None:
                turn.heard(self._now)
        elif event.code == SILENT:
            self._told_loud = False
            self._playback.fell_silent(self._now)
            if turn is not None:
                turn.silent(self._now)
        elif event.code == STILL_PLAYING and turn is not None:
            turn.still_heard()

    def _latest_with_sound(self) -> RunningTurn | None:
        return next((turn for turn in reversed(self._turns) if turn.turn.audio_s), None)

    # ---- what the user says

    def _on_append(self, event: InputAudioBufferAppend, sound_bytes: int) -> None:
        sound = self._formats.of_client()
        if sound is None:
            self._audio.trusted = False
        else:
            self._audio.append(sound.format.duration_ms(sound_bytes) / sound.channels, self._now)

    def _on_speech_started(self, event: InputAudioBufferSpeechStarted, sound_bytes: int) -> None:
        self._typed_at = None
        self._spoken_from_ms[event.item_id] = event.audio_start_ms
        self._spoken_at[event.item_id] = self._now
        speaking = self._latest_with_sound() if self._timed and self._playback.plays(self._now) else None
        making = next((turn for turn in reversed(self._turns) if turn.running), None)
        turn = making or speaking
        if turn is not None and turn.turn.barge_in is None:
            turn.change(interrupted=True)
            if self._detection.interrupts:
                already_silent = self._told_loud is False and bool(turn.turn.audio_s)
                turn.broken_in(self._now, already_silent=already_silent)
                self._interrupted.update(turn.running)
        if self._detection.interrupts:
            self._playback.stop(self._now)
        self._end_turn()

    def _on_cancel(self, event: ResponseCancel, sound_bytes: int) -> None:
        """Of what was made so far, too, nothing more is to be heard."""
        if self._turns:
            self._interrupted.update(self._turns[-1].running)
        self._playback.stop(self._now)

    def _end_turn(self) -> None:
        """New responses answer something else. What has not been answered will not be."""
        if self._turns and not self._turns[-1].is_over:
            latest = self._turns[-1]
            latest.is_over = True
            if not latest.is_answered:
                latest.change(interrupted=True)

    def _on_speech_stopped(self, event: InputAudioBufferSpeechStopped, sound_bytes: int) -> None:
        if event.item_id in self._turn_of_item:
            return  # repeated
        ended_ms = event.audio_end_ms - self._detection.silence_ms
        started_ms = self._spoken_from_ms.pop(event.item_id, None)
        reported = self._spoken_at.pop(event.item_id, self._now)
        if not self._audio.is_live(max(ended_ms - _LIVE_MS, started_ms or 0.0), event.audio_end_ms):
            self._begin("spoken", self._now, "speech_stopped", event.item_id)
            return
        began = min(self._now, self._audio.time_of(ended_ms))
        speech = None
        if started_ms is not None and self._audio.is_live(started_ms, event.audio_end_ms):
            first = self._audio.time_of(started_ms + self._detection.padding_ms)
            speech = min(first, reported, began), began
        uncertain_s = self._detection.uncertain_ms / 1000
        self._begin("spoken", began, "speech", event.item_id, uncertain_s=uncertain_s, speech=speech)

    def _on_turn_append(self, event: InputAudioTurnAppend, sound_bytes: int) -> None:
        self._turn_audio_at = self._now

    def _on_turn_end(self, event: InputAudioTurnEnd, sound_bytes: int) -> None:
        self._commits.append(self._now if self._turn_audio_at is None else self._turn_audio_at)

    def _on_commit(self, event: InputAudioBufferCommit, sound_bytes: int) -> None:
        last_came = self._audio.last_came
        self._commits.append(self._now if last_came is None else last_came)

    def _on_committed(self, event: InputAudioBufferCommitted, sound_bytes: int) -> None:
        if event.item_id not in self._turn_of_item and self._commits:
            self._end_turn()
            self._begin("committed", self._commits.pop(0), "last_audio", event.item_id)

    def _on_error(self, event: ErrorEvent, sound_bytes: int) -> None:
        if event.error.code == "input_audio_buffer_commit_empty" and self._commits:
            self._commits.pop(0)

    def _on_item_create(self, event: ConversationItemCreate, sound_bytes: int) -> None:
        if isinstance(event.item, RequestMessage) and event.item.role == "user":
            self._typed_at = self._now
        elif isinstance(event.item, RequestFunctionCallOutput):
            turn = self._turn_of_call.get(event.item.call_id)
            if turn is not None:
                turn.tool_answered(event.item.call_id, self._now)

    def _on_text_done(self, event: InputTextDone, sound_bytes: int) -> None:
        self._typed_at = self._now

    def _on_response_create(self, event: ResponseCreate, sound_bytes: int) -> None:
        """What was typed is a turn once an answer to it is asked for; until then it is history."""
        if self._typed_at is not None:
            self._end_turn()
            self._begin("typed", self._typed_at, "sent")
            self._typed_at = None
        elif not self._turns:
            self._begin("greeting", self._now, "sent")

    def _begin(
        self,
        kind: Kind,
        began: float,
        measured_from: From,
        item_id: str | None = None,
        *,
        uncertain_s: float = 0.0,
        speech: tuple[float, float] | None = None,
    ) -> None:
        turn = Turn(
            connection=self._connection,
            kind=kind,
            item_id=item_id,
            began=began,
            measured_from=measured_from,
            uncertain_s=uncertain_s,
        )
        running = RunningTurn(turn, began, speech)
        self._turns.append(running)
        if item_id is not None:
            self._turn_of_item[item_id] = running

    # ---- what answers it

    def _on_transcribed(self, event: ConversationItemInputAudioTranscriptionCompleted, sound_bytes: int) -> None:
        if (turn := self._turn_of_item.get(event.item_id)) is not None:
            turn.mark("transcript_s", self._now)

    def _on_response_created(self, event: ResponseCreated, sound_bytes: int) -> None:
        """It answers the newest turn, the second after a tool ran as well as the first."""
        format_name = event.response.output_audio_format
        told = {"id": event.response.id, "output_audio_format": format_name}
        self._formats.heard({"type": event.type, "response": told})
        if self._turns and not self._turns[-1].is_over:
            self._turn_of_response[event.response.id] = self._turns[-1]
            self._turns[-1].response_created(event.response.id, self._now)

    def _on_output_item(self, event: ResponseOutputItemAdded, sound_bytes: int) -> None:
        turn = self._turn_of_response.get(event.response_id)
        if turn is not None and not isinstance(event.item, UnsetType):
            self._turn_of_item[event.item.id] = turn

    def _on_text(self, event: ResponseTextDelta | ResponseAudioTranscriptDelta, sound_bytes: int) -> None:
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            turn.mark("first_text_s", self._now)

    def _on_audio(self, event: ResponseAudioDelta, sound_bytes: int) -> None:
        sound = self._formats.of_server(event.response_id)
        duration_s = 0.0 if sound is None else sound.format.duration_ms(sound_bytes) / 1000
        played = event.response_id not in self._interrupted
        stalled_s = self._playback.add(event.response_id, duration_s, self._now) if played else 0.0
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            self._turn_of_item.setdefault(event.item_id, turn)
            turn.audio(event.response_id, event.item_id, duration_s, stalled_s, self._now)

    def _on_call(self, event: ResponseFunctionCallArgumentsDone, sound_bytes: int) -> None:
        if (turn := self._turn_of_response.get(event.response_id)) is not None:
            self._turn_of_call[event.call_id] = turn
            turn.tool_called(event.call_id, self._now)

    def _on_response_done(self, event: ResponseDone, sound_bytes: int) -> None:
        self._formats.heard({"type": event.type, "response": {"id": event.response.id}})
        if (turn := self._turn_of_response.get(event.response.id)) is not None:
            turn.response_done(event.response.id, given(event.response.usage, None), self._now)

    def _on_truncate(self, event: ConversationItemTruncate, sound_bytes: int) -> None:
        if (turn := self._turn_of_item.get(event.item_id)) is not None:
            if self._told_loud is not False and turn is self._latest_with_sound():
                self._playback.fell_silent(self._now)
            turn.truncated(event.item_id, event.audio_end_ms / 1000, self._now)


def _without_times(turn: Turn) -> Turn:
    """What is left of it where nobody took the time."""
    untimed = {name: None for name in turn.__struct_fields__ if name.endswith("_s") and name not in _STAY}
    barge_in = BargeIn(at=None) if turn.barge_in is not None else None
    return msgspec.structs.replace(turn, began=None, heard_by=None, barge_in=barge_in, **untimed)


_STAY: Final = ("audio_s", "uncertain_s")

_DUTIES: Final[dict[type, Callable[[Measuring, Any, int], None]]] = {
    InputAudioBufferAppend: Measuring._on_append,
    InputAudioBufferCommit: Measuring._on_commit,
    InputAudioTurnAppend: Measuring._on_turn_append,
    InputAudioTurnEnd: Measuring._on_turn_end,
    InputTextDone: Measuring._on_text_done,
    ConversationItemCreate: Measuring._on_item_create,
    ConversationItemTruncate: Measuring._on_truncate,
    ResponseCreate: Measuring._on_response_create,
    ResponseCancel: Measuring._on_cancel,
    Remark: Measuring._on_remark,
    ErrorEvent: Measuring._on_error,
    SessionCreated: Measuring._on_session,
    SessionUpdated: Measuring._on_session,
    InputAudioBufferSpeechStarted: Measuring._on_speech_started,
    InputAudioBufferSpeechStopped: Measuring._on_speech_stopped,
    InputAudioBufferCommitted: Measuring._on_committed,
    ConversationItemInputAudioTranscriptionCompleted: Measuring._on_transcribed,
    ResponseCreated: Measuring._on_response_created,
    ResponseOutputItemAdded: Measuring._on_output_item,
    ResponseTextDelta: Measuring._on_text,
    ResponseAudioTranscriptDelta: Measuring._on_text,
    ResponseAudioDelta: Measuring._on_audio,
    ResponseFunctionCallArgumentsDone: Measuring._on_call,
    ResponseDone: Measuring._on_response_done,
}
