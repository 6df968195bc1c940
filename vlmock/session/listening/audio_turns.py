"""Turns whose borders the client draws: sound under an id of its own, apart from the input audio buffer.

No source says what the service does with them; all of this is Assumed, from the names of the events and from what the
buffer does. A turn is a buffer with a name: audio is appended to it, its end is a commit. Detection does not hear it,
it interrupts nothing, and it does not count in the audio time of ``speech_started`` and ``speech_stopped``. Several may
be open at once, beside the buffer. An id is used once in a session, as far as it remembers.
"""

from collections import OrderedDict
from typing import Final

from vlmock.session import refusals
from vlmock.session.listening.hearing import Hearing
from vlmock.session.listening.input_buffer import SMALLEST_COMMIT_MS, InputBuffer

__all__ = ["AudioTurns"]

_MOST_HELD_MS: Final = 90 * 60 * 1000
"""What all open turns may hold together, about as much as the buffer."""
_MOST_OPEN: Final = 100
_REMEMBERED: Final = 10_000
"""How many ids are known to be used: of very many, the latest."""


class AudioTurns:
    """All such turns of a session."""

    def __init__(self) -> None:
        self._open: dict[str, InputBuffer] = {}
        self._held_ms = 0.0
        """What the open ones hold together."""
        self._used: OrderedDict[str, None] = OrderedDict()

    def start(self, turn_id: str, hearing: Hearing) -> None:
        """Raises Refused when there is or was a turn with this id, or when too many are open."""
        if turn_id in self._open or turn_id in self._used:
            raise refusals.turn_id_used(turn_id)
        if len(self._open) >= _MOST_OPEN:
            raise refusals.too_many_open_turns(len(self._open))
        self._used[turn_id] = None
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
        self._open[turn_id] = InputBuffer(hearing.by_hand)

    def append(self, turn_id: str, audio: bytes) -> None:
        """Raises Refused when no such turn is open, or when the buffer would not take this audio either."""
        turn = self._named(turn_id, "appending to")
        if self._held_ms >= _MOST_HELD_MS:
            raise refusals.invalid_audio("the open turns are full; end or cancel one")
        before_ms = turn.held_ms
        turn.append(audio)
        self._held_ms += turn.held_ms - before_ms

    def end(self, turn_id: str) -> bytes:
        """All of its sound. Raises Refused when no such turn is open, or when it is too short; then it stays open."""
        turn = self._named(turn_id, "ending")
        if turn.held_ms < SMALLEST_COMMIT_MS:
            raise refusals.turn_too_short(turn.held_ms)
        self._remove(turn_id)
        turn.forget_speech()
        return turn.take()

    def cancel(self, turn_id: str) -> None:
        """Raises Refused when no such turn is open."""
        self._named(turn_id, "cancelling")
        self._remove(turn_id)

    def clear(self) -> None:
        """No turn is open any more."""
        self._open.clear()
        self._count()

    def configure(self, hearing: Hearing) -> None:
        """Follow the session's settings: as in the buffer, what is held in another format is dropped."""
        for turn in self._open.values():
            turn.configure(hearing.by_hand)
        self._count()

    def _remove(self, turn_id: str) -> None:
        del self._open[turn_id]
        self._count()

    def _count(self) -> None:
        self._held_ms = sum(turn.held_ms for turn in self._open.values())

    def _named(self, turn_id: str, doing: str) -> InputBuffer:
        turn = self._open.get(turn_id)
        if turn is None:
            raise refusals.no_such_turn(turn_id, doing)
        return turn
