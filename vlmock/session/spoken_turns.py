"""From the first sound of a user's speech to the item it becomes. Source: behaviour.md 3.3 to 3.5."""

from collections.abc import Iterator

import msgspec

from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import InputAudioPart, MessageItem
from vlmock.protocol.turn_detection import EndOfUtteranceDetection
from vlmock.protocol.wire import ServerEvent, given
from vlmock.session import refusals
from vlmock.session.responses import answer, interrupt, settle
from vlmock.session.script import Spoken, UserInput
from vlmock.session.state import SessionState, SpokenTurn
from vlmock.session.timeline import At, Plot
from vlmock.session.transitions import SPOKEN_TURN, ResponsePhase, moved
from vlmock.session.turn_detector import SpeechStarted, SpeechStopped

__all__ = ["commit", "drop", "hear"]

SMALLEST_COMMIT_MS = 100
"""Observed {STTX}."""
_END_OF_UTTERANCE_TIMEOUT_MS = 1_000
"""Documented {DOC}: how long an unfinished utterance is waited for, unless the session says."""
_DELTA_MODELS = ("whisper", "gpt-4o")
"""Models whose transcript comes as one delta, then completed. Observed {PAI} for whisper-1, Assumed for the others."""


def hear(state: SessionState, signal: SpeechStarted | SpeechStopped) -> Iterator[ServerEvent]:
    """What the detector found."""
    if isinstance(signal, SpeechStarted):
        yield from _begin(state, signal.audio_start_ms)
    elif state.speaking is not None:
        _end(state, state.speaking, signal.audio_end_ms)


def commit(state: SessionState) -> None:
    """The client says that the turn is over. Raises Refused when there is not enough of it."""
    if state.input.held_ms < SMALLEST_COMMIT_MS:
        raise refusals.buffer_too_small(state.input.held_ms)
    turn = state.speaking or SpokenTurn(_new_item_id(state))
    state.speaking = None
    state.input.forget_speech()
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    _become_an_item(state, turn, by_hand=True, audio=state.input.take())


def drop(state: SessionState) -> None:
    """The client cleared the buffer: what was being said never was."""
    if state.speaking is not None:
        state.speaking.phase = moved(SPOKEN_TURN, state.speaking.phase, "dropped")
        state.speaking = None


# ---- detected turns


def _begin(state: SessionState, audio_start_ms: int) -> Iterator[ServerEvent]:
    detection = state.detection
    assert detection is not None, "nothing is heard while turn detection is off"
    expectation = state.script.expects()
    turn = SpokenTurn(_new_item_id(state), audio_start_ms)
    turn.filler = expectation.filler and getattr(detection, "remove_filler_words", False) is True
    state.speaking = turn
    if turn.filler:
        return  # Observed {SDKT}: a filler-only clip makes no speech_started
    unfinished = given(detection.end_of_utterance_detection, None)
    if not expectation.complete and unfinished is not None:
        state.input.wait_longer(_timeout_ms(unfinished))
    yield InputAudioBufferSpeechStarted(audio_start_ms=audio_start_ms, item_id=turn.item_id)
    active = state.response
    interrupts = given(detection.interrupt_response, True)
    if active is not None and active.phase is ResponsePhase.IN_PROGRESS and interrupts:
        interrupt(state, active, reason="turn_detected")


def _end(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> None:
    state.speaking = None
    audio = state.input.take(turn.audio_start_ms, audio_end_ms)
    if turn.filler:
        turn.phase = moved(SPOKEN_TURN, turn.phase, "dropped")
        state.script.skip_filler()
        return
    turn.phase = moved(SPOKEN_TURN, turn.phase, "stopped")
    _become_an_item(state, turn, by_hand=False, audio=audio, audio_end_ms=audio_end_ms)


def _timeout_ms(unfinished: EndOfUtteranceDetection) -> int:
    """Documented {DOC}: ``timeout_ms``, or the preview's ``timeout`` in seconds."""
    seconds = given(unfinished.timeout, _END_OF_UTTERANCE_TIMEOUT_MS / 1000)
    return given(unfinished.timeout_ms, round(seconds * 1000))


# ---- from sound to item


def _become_an_item(
    state: SessionState, turn: SpokenTurn, *, by_hand: bool, audio: bytes, audio_end_ms: int | None = None
) -> None:
    plot = _after_transcript if state.pipeline.item_announced_after_transcript else _before_transcript
    if state.pipeline.item_announced_after_transcript:
        state.untranscribed.append(turn.item_id)
    state.timeline.begin(plot(state, turn, by_hand, audio, audio_end_ms))


def _stopped(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> Plot:
    yield At(state.now + state.seconds("stop_detect"))
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    yield InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=turn.item_id)


def _after_transcript(
    state: SessionState, turn: SpokenTurn, by_hand: bool, audio: bytes, audio_end_ms: int | None
) -> Plot:
    """Cascade: the transcript *is* the input, so it comes first.

    Observed {FON, NB04}: committed, transcript, item, response. Observed {FON, NETT}, by hand: ``committed`` itself
    waits for the transcript.
    """
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
    earlier = [item_id for item_id in state.untranscribed if item_id != turn.item_id]
    previous = earlier[-1] if earlier else state.history.last_user_id()
    committed = InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    if not by_hand:
        yield committed
    yield At(state.now + state.seconds("stt"))
    text = _heard(state, turn, audio)
    if by_hand:
        yield committed
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=text)
    yield ConversationItemCreated(previous_item_id=previous, item=_remember(state, turn, text, audio))
    state.untranscribed.remove(turn.item_id)
    yield from _go_on(state, by_hand)


def _before_transcript(
    state: SessionState, turn: SpokenTurn, by_hand: bool, audio: bytes, audio_end_ms: int | None
) -> Plot:
    """Hybrid and native: the item comes at once, its transcript, if asked for, beside the response. {FON, PAI}"""
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
    previous = state.history.last_id
    yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    text = _heard(state, turn, audio)
    item = _remember(state, turn, None, audio)
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    if state.pipeline.announces_item_done(state.brain.api_version):
        yield ConversationItemDone(previous_item_id=previous, item=item)
    transcription = given(state.settings.input_audio_transcription, None)
    if transcription is not None:
        with_delta = state.pipeline.transcription_delta and transcription.model.startswith(_DELTA_MODELS)
        state.timeline.begin(_transcribe(state, turn, text, with_delta=with_delta))
    yield from _go_on(state, by_hand)


def _transcribe(state: SessionState, turn: SpokenTurn, text: str, *, with_delta: bool) -> Plot:
    yield At(state.now + state.seconds("stt"))
    if with_delta:
        yield ConversationItemInputAudioTranscriptionDelta(item_id=turn.item_id, content_index=0, delta=text)
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=text)
    entry = state.history.get(turn.item_id)
    if entry is not None and isinstance(entry.item, MessageItem):
        entry.item = msgspec.structs.replace(entry.item, content=[InputAudioPart(transcript=text)])


def _heard(state: SessionState, turn: SpokenTurn, audio: bytes) -> str:
    audio_ms = state.input.audio_format.duration_ms(len(audio))
    text = state.script.hear(Spoken(item_id=turn.item_id, audio_ms=audio_ms, session=state.settings))
    turn.phase = moved(SPOKEN_TURN, turn.phase, "transcribed")
    state.user_inputs.append(UserInput(item_id=turn.item_id, text=text, spoken=True, audio_ms=audio_ms))
    return text


def _remember(state: SessionState, turn: SpokenTurn, transcript: str | None, audio: bytes) -> MessageItem:
    item = MessageItem(
        id=turn.item_id,
        status="completed",
        role="user",
        content=[InputAudioPart(transcript=transcript)],
    )
    state.history.add(item)
    state.history.add_audio(turn.item_id, audio, state.input.audio_format)
    return item


def _go_on(state: SessionState, by_hand: bool) -> Plot:
    """Observed {SDKT}: a commit by hand never starts a response. Observed {VIBE}: ``create_response`` decides else."""
    detection = state.detection
    if by_hand or detection is None or not given(detection.create_response, True):
        yield from settle(state)
    else:
        yield from answer(state)


def _new_item_id(state: SessionState) -> str:
    return state.new_id("item_")
