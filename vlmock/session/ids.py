"""Identifiers in the service's shapes, from a seed.

Observed {FON, PAI}: ``event_``, ``sess_``, ``resp_``, ``item_``, ``msg_`` and 20 to 22 base-62 characters, ``call_``
and 16 to 24. The realtime pipelines' ids share a prefix that looks like a time (``sess_E8EH…``, ``resp_E8EH…``).
"""

from vlmock.protocol.deltas import DeltaIds

__all__ = ["IdFactory"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TURN = len(_PAIRS)
_SCATTERED = [_PAIRS[place * 2389 % _TURN] for place in range(_TURN)]
"""The same pairs so that neighbours look unalike; 2389 is coprime to their number, so each is there once."""
_SCATTERED_BYTES = [pair.encode() for pair in _SCATTERED]
_HIGH_SPACE = _TURN**2
_HIGH_STRIDE = 9_132_281
"""About _HIGH_SPACE divided by the golden ratio and coprime to it."""
_ID_LENGTH = 22
_CALL_ID_LENGTH = 16


class IdFactory:
    """Makes ids that are unique within a session, differ between seeds, and are the same again for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        mixed = (seed + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835
        self._high_value = mixed % _HIGH_SPACE
        self._high = ""
        self._place = _TURN
        digits = []
        for _ in range(_ID_LENGTH):
            mixed, digit = divmod(mixed, 62)
            mixed += (seed + 1) << 40
            digits.append(_ALPHABET[digit])
        self._own = "".join(digits)
        self._event = f"event_{self._own[:16]}"

    def event(self) -> str:
        return self._event + self._six()

    def events(self, count: int) -> DeltaIds:
        """So many ids at once, the same as one by one."""
        start, end = self._place, self._place + count
        if end <= _TURN:
            self._place = end
            return DeltaIds((self._event + self._high).encode(), _SCATTERED_BYTES[start:end])
        return DeltaIds(self._event.encode(), [self._six().encode() for _ in range(count)])

    def make(self, prefix: str) -> str:
        """A new id with no time in it: ``make("msg_")``."""
        return prefix + self._own[:16] + self._six()

    def timed(self, prefix: str) -> str:
        """A new id in the realtime pipelines' shape, all of one session beginning alike: ``resp_E4BA…``."""
        return prefix + "E" + self._own[:14] + self._six()

    def call(self) -> str:
        """A new ``call_id``."""
        return "call_" + self._own[: _CALL_ID_LENGTH - 6] + self._six()

    def _six(self) -> str:
        place = self._place
        if place == _TURN:
            self._high_value = value = (self._high_value + _HIGH_STRIDE) % _HIGH_SPACE
            self._high = _PAIRS[value % _TURN] + _PAIRS[value // _TURN]
            place = 0
        self._place = place + 1
        return self._high + _SCATTERED[place]
