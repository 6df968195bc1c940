"""Turns whose borders the client draws: sound under an id of its own, apart from the input audio buffer.

No source says what the service does with them; all of this is Assumed, from the names of the events and from what the
buffer does. A turn is a buffer with a name: audio is appended to it, its end is a commit. Detection does not hear it,
it interrupts nothing, and it does not count in the audio time of ``speech_started`` and ``speech_stopped``. Several may
be open at once, beside the buffer. An id is used once in a session.
"""

from vlmock.session import refusals
from vlmock.session.hearing import Hearing
from vlmock.session.input_buffer import SMALLEST_COMMIT_MS, InputBuffer

__all__ = ["AudioTurns"]

_MOST_HELD_MS = 90 * 60 * 1000
"""What all open turns may hold together, about as much as the buffer."""


class AudioTurns:
    """All such turns of a session."""

    def __init__(self) -> None:
        self._open: dict[str, InputBuffer] = {}
        self._used: set[str] = set()

    def start(self, turn_id: str, hearing: Hearing) -> None:
        """Raises Refused when there is or was a turn with this id."""
        if turn_id in self._used:
            raise refusals.turn_id_used(turn_id)
        self._used.add(turn_id)
        self._open[turn_id] = InputBuffer(hearing.by_hand)

    def append(self, turn_id: str, audio: bytes) -> None:
        """Raises Refused when no such turn is open, or when the buffer would not take this audio either."""
        turn = self._named(turn_id, "appending to")
        if sum(each.held_ms for each in self._open.values()) >= _MOST_HELD_MS:
            raise refusals.invalid_audio("the open turns are full; end or cancel one")
        turn.append(audio)

    def end(self, turn_id: str) -> bytes:
        """All of its sound. Raises Refused when no such turn is open, or when it is too short; then it stays open."""
        turn = self._named(turn_id, "ending")
        if turn.held_ms < SMALLEST_COMMIT_MS:
            raise refusals.turn_too_short(turn.held_ms)
        del self._open[turn_id]
        turn.forget_speech()
        return turn.take()

    def cancel(self, turn_id: str) -> None:
        """Raises Refused when no such turn is open."""
        self._named(turn_id, "cancelling")
        del self._open[turn_id]

    def clear(self) -> None:
        """No turn is open any more."""
        self._open.clear()

    def configure(self, hearing: Hearing) -> None:
        """Follow the session's settings: as in the buffer, what is held in another format is dropped."""
        for turn in self._open.values():
            turn.configure(hearing.by_hand)

    def _named(self, turn_id: str, doing: str) -> InputBuffer:
        turn = self._open.get(turn_id)
        if turn is None:
            raise refusals.no_such_turn(turn_id, doing)
        return turn
