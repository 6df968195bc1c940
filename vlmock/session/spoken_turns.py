"""From the first sound of a user's speech to the item it becomes. Source: behaviour.md 3.3 to 3.5."""

from collections.abc import Callable, Iterator

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemTruncated,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import InputAudioPart, MessageItem
from vlmock.protocol.turn_detection import EndOfUtteranceDetection
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.responses import answer, interrupt, settle
from vlmock.session.script import Spoken, UserInput
from vlmock.session.state import SessionState, SpokenTurn
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.transitions import SPOKEN_TURN, ResponsePhase, moved
from vlmock.session.turn_detector import SpeechStarted, SpeechStopped

__all__ = ["commit", "drop", "hear"]

SMALLEST_COMMIT_MS = 100
"""Observed {STTX}."""
_END_OF_UTTERANCE_TIMEOUT_MS = 1_000
"""Documented {DOC}: how long an unfinished utterance is waited for, unless the session says."""
_DELTA_MODELS = ("whisper", "gpt-4o")
"""Models whose transcript comes as one delta, then completed. Observed {PAI} for whisper-1, Assumed for the others."""


def hear(state: SessionState, signal: SpeechStarted | SpeechStopped) -> Iterator[Told]:
    """What the detector found."""
    if isinstance(signal, SpeechStarted):
        yield from _begin(state, signal.audio_start_ms)
    elif state.speaking is not None:
        yield from _end(state, state.speaking, signal.audio_end_ms)


def commit(state: SessionState) -> None:
    """The client says that the turn is over. Raises Refused when there is not enough of it.

    Assumed: a filler that the client commits itself is a turn like any other.
    """
    if state.input.held_ms < SMALLEST_COMMIT_MS:
        raise refusals.buffer_too_small(state.input.held_ms)
    turn = state.speaking or _new_turn(state)
    state.speaking = None
    state.input.forget_speech()
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    said = _heard(state, turn, state.input.take())
    state.timeline.begin(_item_plot(state)(state, turn, said, None))


def drop(state: SessionState) -> Iterator[Told]:
    """What is being said will never have been: the buffer was cleared, or nobody listens any more."""
    turn, state.speaking = state.speaking, None
    if turn is not None:
        turn.phase = moved(SPOKEN_TURN, turn.phase, "dropped")
        state.coming_items.discard(turn.item_id)
    yield from settle(state)


# ---- detected turns


def _begin(state: SessionState, audio_start_ms: int) -> Iterator[Told]:
    detection = state.detection
    assert detection is not None, "nothing is heard while turn detection is off"
    expectation = state.script.expects()
    turn = state.speaking = _new_turn(state, audio_start_ms)
    turn.filler = expectation.filler and getattr(detection, "remove_filler_words", False) is True
    if turn.filler:
        return  # Observed {SDKT}: a filler-only clip makes no speech_started
    unfinished = given(detection.end_of_utterance_detection, None)
    if not expectation.complete and unfinished is not None:
        state.input.wait_longer(_timeout_ms(unfinished))
    yield InputAudioBufferSpeechStarted(audio_start_ms=audio_start_ms, item_id=turn.item_id)
    if not given(detection.interrupt_response, True):
        return
    if given(detection.auto_truncate, False):
        yield from _truncate(state)
    active = state.response
    if active is not None and active.phase is ResponsePhase.IN_PROGRESS:
        interrupt(state, active, reason="turn_detected")


def _truncate(state: SessionState) -> Iterator[Told]:
    """Observed {BANK}, documented {DOC}: on speech while a reply is believed to play, the service cuts it by itself,
    and a later cut by the client is refused. Assumed: it comes before the closing events of the response."""
    playing = state.playback.interrupted(state.now)
    if playing is None:
        return
    item_id, audio_end_ms = playing
    entry = state.history.get(item_id)
    if entry is not None and not entry.truncated:
        state.history.truncate(entry, audio_end_ms)
        yield ConversationItemTruncated(item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)


def _end(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> Iterator[Told]:
    audio = state.input.take(turn.audio_start_ms, audio_end_ms)
    if turn.filler:
        state.script.skip_filler()
        yield from drop(state)
        return
    state.speaking = None
    turn.phase = moved(SPOKEN_TURN, turn.phase, "stopped")
    state.stopping = True
    state.timeline.begin(_item_plot(state)(state, turn, _heard(state, turn, audio), audio_end_ms))


def _timeout_ms(unfinished: EndOfUtteranceDetection) -> int:
    """Documented {DOC}: ``timeout_ms``, or the preview's ``timeout`` in seconds."""
    seconds = given(unfinished.timeout, _END_OF_UTTERANCE_TIMEOUT_MS / 1000)
    return given(unfinished.timeout_ms, round(seconds * 1000))


# ---- from sound to item


class _Utterance(msgspec.Struct, frozen=True):
    """What was said, as sound in the format it came in, and as words."""

    audio: bytes
    audio_format: AudioFormat
    text: str

    @property
    def duration_ms(self) -> float:
        return self.audio_format.duration_ms(len(self.audio))


def _item_plot(state: SessionState) -> Callable[[SessionState, SpokenTurn, _Utterance, int | None], Plot]:
    return _after_transcript if state.pipeline.item_announced_after_transcript else _before_transcript


def _stopped(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> Plot:
    yield At(state.now + state.seconds("stop_detect"))
    state.stopping = False
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    yield InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=turn.item_id)


def _after_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Cascade: the transcript *is* the input, so it comes first. ``audio_end_ms`` None: committed by the client.

    Observed {FON, NB04}: committed, transcript, item, response. Observed {FON, NETT}, by hand: ``committed`` itself
    waits for the transcript. Assumed: transcripts come in the order of the turns.
    """
    by_hand = audio_end_ms is None
    state.untranscribed.append(turn.item_id)
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
        previous = _previous_user_item(state, turn)
        yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    state.transcript_due = max(state.transcript_due, state.now + state.seconds("stt"))
    yield At(state.transcript_due)
    if by_hand:
        previous = _previous_user_item(state, turn)
        yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=said.text)
    yield ConversationItemCreated(previous_item_id=previous, item=_remember(state, turn, said.text, said))
    state.untranscribed.remove(turn.item_id)
    yield from _go_on(state, by_hand=by_hand)


def _before_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Observed {FON, PAI}, hybrid and native: the item comes at once, its transcript, if asked for, beside the
    response. ``audio_end_ms`` None: committed by the client."""
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
    previous = state.history.last_id
    yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    item = _remember(state, turn, None, said)
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    if state.pipeline.announces_item_done(state.brain.api_version):
        yield ConversationItemDone(previous_item_id=previous, item=item)
    transcription = given(state.settings.input_audio_transcription, None)
    if transcription is not None:
        with_delta = state.pipeline.transcription_delta and transcription.model.startswith(_DELTA_MODELS)
        state.timeline.begin(_transcribe(state, turn, said.text, with_delta=with_delta))
    yield from _go_on(state, by_hand=audio_end_ms is None)


def _previous_user_item(state: SessionState, turn: SpokenTurn) -> str | None:
    """Observed {FON}, cascade: the user item before this one, whether or not it has been announced yet."""
    earlier = state.untranscribed[: state.untranscribed.index(turn.item_id)]
    return earlier[-1] if earlier else state.history.last_user_id()


def _transcribe(state: SessionState, turn: SpokenTurn, text: str, *, with_delta: bool) -> Plot:
    """Observed {PAI}: whisper's whole text comes as one delta, then completed."""
    yield At(state.now + state.seconds("stt"))
    if with_delta:
        yield ConversationItemInputAudioTranscriptionDelta(item_id=turn.item_id, content_index=0, delta=text)
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=text)
    entry = state.history.get(turn.item_id)
    if entry is not None and isinstance(entry.item, MessageItem):
        state.history.replace(msgspec.structs.replace(entry.item, content=[InputAudioPart(transcript=text)]))


def _heard(state: SessionState, turn: SpokenTurn, audio: bytes) -> _Utterance:
    """The script is asked when the turn ends, in the order of the turns; the transcript may come much later."""
    audio_format = state.input.audio_format
    spoken = Spoken(item_id=turn.item_id, audio_ms=audio_format.duration_ms(len(audio)), session=state.settings)
    return _Utterance(audio, audio_format, state.script.hear(spoken))


def _remember(state: SessionState, turn: SpokenTurn, transcript: str | None, said: _Utterance) -> MessageItem:
    """The turn becomes an item, and something to be answered."""
    turn.phase = moved(SPOKEN_TURN, turn.phase, "transcribed")
    item = MessageItem(
        id=turn.item_id, status="completed", role="user", content=[InputAudioPart(transcript=transcript)]
    )
    state.history.add(item)
    state.history.add_audio(turn.item_id, [said.audio], said.audio_format)
    state.coming_items.discard(turn.item_id)
    state.user_inputs.append(UserInput(item_id=turn.item_id, text=said.text, spoken=True, audio_ms=said.duration_ms))
    return item


def _go_on(state: SessionState, *, by_hand: bool) -> Plot:
    """Observed {SDKT}: a commit by hand never starts a response. Observed {VIBE}: ``create_response`` decides else.
    Assumed: where detection was switched off meanwhile, the client asks for the response."""
    detection = state.detection
    if by_hand or detection is None or not given(detection.create_response, True):
        yield from settle(state)
    else:
        yield from answer(state)


def _new_turn(state: SessionState, audio_start_ms: float = 0.0) -> SpokenTurn:
    turn = SpokenTurn(state.new_id("item_"), audio_start_ms)
    state.coming_items.add(turn.item_id)
    return turn
