"""From the first sound of a user's speech to its end. Source: behaviour.md 3.3 to 3.5."""

from collections.abc import Iterator

from vlmock.protocol.input_audio import InputAudioBufferSpeechStarted
from vlmock.protocol.turn_detection import EndOfUtteranceDetection, VadSettings
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.answering import idle_timeout
from vlmock.session.answering.responses import interrupt, settle
from vlmock.session.avatar.appearance import hush
from vlmock.session.listening.end_of_utterance import is_finished, wait_ms
from vlmock.session.listening.filler_words import is_filler, removes_fillers
from vlmock.session.listening.input_buffer import SMALLEST_COMMIT_MS
from vlmock.session.listening.turn_detector import SpeechStarted, SpeechStopped
from vlmock.session.recognition import Listening
from vlmock.session.script import Expectation
from vlmock.session.state import SessionState, SpokenTurn
from vlmock.session.timeline import Plot, Told
from vlmock.session.transitions import SPOKEN_TURN, ResponsePhase, moved
from vlmock.session.user_turns import auto_truncation, user_items

__all__ = ["commit", "commit_audio", "drop", "hear"]


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
    _committed(state, turn, state.input.take())


def commit_audio(state: SessionState, audio: bytes, *, answered: bool) -> None:
    """A turn whose borders the client drew is over. What is in the buffer, or being said, has no part in it."""
    turn = _new_turn(state)
    turn.answered = answered
    _committed(state, turn, audio)


def _committed(state: SessionState, turn: SpokenTurn, audio: bytes) -> None:
    idle_timeout.end(state)
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    user_items.become_item(state, turn, audio, None)


def drop(state: SessionState) -> Iterator[Told]:
    """What is being said will never have been: the buffer was cleared, or nobody listens any more."""
    turn, state.speaking = state.speaking, None
    if turn is not None:
        turn.phase = moved(SPOKEN_TURN, turn.phase, "dropped")
        state.coming_items.discard(turn.item_id)
        if not turn.filler and state.responses:
            state.quiet_since = state.now
    yield from settle(state)
    if state.response is None:
        idle_timeout.follow(state, settle)


# ---- detected turns


def _begin(state: SessionState, audio_start_ms: int) -> Iterator[Told]:
    detection = state.detection
    assert detection is not None, "nothing is heard while turn detection is off"
    expectation = state.script.expects()
    turn = state.speaking = _new_turn(state, audio_start_ms)
    turn.filler = _is_removed(state, detection, expectation)
    if turn.filler:
        return  # Observed {SDKT}: a filler-only clip makes no speech_started
    end_of_utterance = given(detection.end_of_utterance_detection, None)
    if end_of_utterance is not None and not _is_finished(expectation, end_of_utterance):
        state.input.wait_longer(wait_ms(end_of_utterance))
    yield from _announce(state, detection, turn, audio_start_ms)


def _announce(state: SessionState, detection: VadSettings, turn: SpokenTurn, audio_start_ms: int) -> Iterator[Told]:
    """Observed {FON, PAI, SDKT}: it names the item to come, and counts from the first byte of the session."""
    idle_timeout.end(state)
    yield InputAudioBufferSpeechStarted(audio_start_ms=audio_start_ms, item_id=turn.item_id)
    if given(detection.interrupt_response, True):
        yield from _barge_in(state, detection)


def _is_removed(state: SessionState, detection: VadSettings, expectation: Expectation) -> bool:
    """Whether the turn is a filler that the session does not want to hear of."""
    if not removes_fillers(detection) or (state.readings.fillers == "over_assistant" and not state.assistant_speaks):
        return False
    return is_filler(expectation.text or "") if expectation.filler is None else expectation.filler


def _is_finished(expectation: Expectation, detection: EndOfUtteranceDetection) -> bool:
    """What the script says; else how its words end. Assumed: what nobody knows the words of is finished."""
    if expectation.complete is not None:
        return expectation.complete
    return expectation.text is None or is_finished(expectation.text, detection)


def _barge_in(state: SessionState, detection: VadSettings) -> Iterator[Told]:
    """Observed {NB04}: what is being generated ends. Assumed: the client's loudspeaker falls silent at once."""
    if given(detection.auto_truncate, False):
        yield from auto_truncation.truncate(state, detection)
    state.playback.stop(state.now)
    active = state.response
    if active is not None and active.phase is ResponsePhase.IN_PROGRESS:
        interrupt(state, active, reason="turn_detected")
    yield from hush(state)


def _end(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> Iterator[Told]:
    audio = state.input.take(turn.audio_start_ms, audio_end_ms)
    if turn.filler and state.recognitions is None:
        state.script.skip_filler()
        yield from drop(state)
        return
    state.speaking = None
    state.stopping = True
    if turn.filler and state.recognitions is not None:
        listening = Listening(state.recognitions, state.new_key(), turn.item_id)
        state.timeline.begin(_perhaps_filler(state, turn, audio, audio_end_ms, listening))
        return
    turn.phase = moved(SPOKEN_TURN, turn.phase, "stopped")
    user_items.become_item(state, turn, audio, audio_end_ms)


def _perhaps_filler(
    state: SessionState, turn: SpokenTurn, audio: bytes, audio_end_ms: int, listening: Listening
) -> Plot:
    """Observed {SDKT}: a filler makes no speech_started. Where it has to be listened to, it is known to be one only
    when it is over; what was none is announced then, with the times that it had."""
    yield from listening.begin(audio, state.input.audio_format)
    recognized = yield from listening.end()
    if state.script.skip_filler(recognized):
        state.stopping = False
        turn.phase = moved(SPOKEN_TURN, turn.phase, "dropped")
        state.coming_items.discard(turn.item_id)
        yield from settle(state)
        return
    turn.filler = False
    if state.detection is not None:
        yield from _announce(state, state.detection, turn, round(turn.audio_start_ms))
    turn.phase = moved(SPOKEN_TURN, turn.phase, "stopped")
    user_items.become_item(state, turn, audio, audio_end_ms, recognized)


def _new_turn(state: SessionState, audio_start_ms: float = 0.0) -> SpokenTurn:
    turn = SpokenTurn(state.new_id("item_"), audio_start_ms)
    state.coming_items.add(turn.item_id)
    return turn
