"""input_audio_buffer.*. Source: behaviour.md 3.1, 3.4."""

from collections.abc import Iterator

from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCleared, InputAudioBufferCommit
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told
from vlmock.session.user_turns import spoken_turns

__all__ = ["on_clear", "on_commit"]


def on_commit(state: SessionState, event: InputAudioBufferCommit) -> Iterator[Told]:
    """Observed {STTX}: less than 100 ms is refused and the session goes on. Observed {SDKT}: starts no response."""
    spoken_turns.commit(state)
    yield from ()


def on_clear(state: SessionState, event: InputAudioBufferClear) -> Iterator[Told]:
    """Observed {NETT}: everything not yet committed is gone."""
    state.input.clear()
    yield InputAudioBufferCleared()
    yield from spoken_turns.drop(state)
