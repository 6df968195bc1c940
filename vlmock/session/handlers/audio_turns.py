"""input_audio.turn.* and input_audio.clear. Source: schema B 5 to 9, which names them and says no more."""

from collections.abc import Iterator

from vlmock.protocol.input_audio import (
    InputAudioBufferCleared,
    InputAudioClear,
    InputAudioTurnAppend,
    InputAudioTurnCancel,
    InputAudioTurnEnd,
    InputAudioTurnStart,
)
from vlmock.session.rules.values import check_not_empty
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told
from vlmock.session.user_turns import spoken_turns

__all__ = ["on_input_clear", "on_turn_append", "on_turn_cancel", "on_turn_end", "on_turn_start"]


def on_turn_start(state: SessionState, event: InputAudioTurnStart) -> Iterator[Told]:
    """Assumed: opens a turn, without a word; beside others and beside the buffer."""
    check_not_empty(event.turn_id, "turn_id")
    state.audio_turns.start(event.turn_id, state.input.hearing)
    yield from ()


def on_turn_append(state: SessionState, event: InputAudioTurnAppend) -> Iterator[Told]:
    """Assumed: never acknowledged, like an append to the buffer; nothing listens to it for speech."""
    state.audio_turns.append(event.turn_id, event.audio)
    yield from ()


def on_turn_end(state: SessionState, event: InputAudioTurnEnd) -> Iterator[Told]:
    """Assumed: becomes a user item as by a commit, with the same events and the same smallest length. Whether a
    response follows is a reading: ``turn_end``."""
    audio = state.audio_turns.end(event.turn_id)
    spoken_turns.commit_audio(state, audio, answered=state.readings.turn_end == "responds")
    yield from ()


def on_turn_cancel(state: SessionState, event: InputAudioTurnCancel) -> Iterator[Told]:
    """Assumed: the turn and its sound are gone, without a word."""
    state.audio_turns.cancel(event.turn_id)
    yield from ()


def on_input_clear(state: SessionState, event: InputAudioClear) -> Iterator[Told]:
    """Documented {SDK}: drops all input audio that is being streamed. Assumed: the buffer and every open turn, answered
    as the buffer's own clear."""
    state.audio_turns.clear()
    state.input.clear()
    yield InputAudioBufferCleared()
    yield from spoken_turns.drop(state)
