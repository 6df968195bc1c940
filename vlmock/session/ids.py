"""Identifiers in the service's shapes, from a seed.

Observed {FON, PAI}: ``event_`` and 20 to 22 base-62 characters, ``sess_``/``resp_``/``item_``/``msg_`` likewise,
``call_`` and 16 to 24. Native ids share a time-like prefix, which is kept per session here.
"""

__all__ = ["IdFactory"]

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE = len(_ALPHABET)
_LENGTH = 22
_SPACE = _BASE**_LENGTH
_STRIDE = int(_SPACE * 0.6180339887498949) | 1
"""Odd and not a multiple of 31, so coprime to the space: the sequence visits every id before it repeats."""
_PREFIX_LENGTH = 4


class IdFactory:
    """Makes ids that are unique within a session and the same again for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        while _STRIDE % 31 == 0:  # pragma: no cover - a property of the constant, checked once
            raise AssertionError("stride must be coprime to the id space")
        self._value = (seed * 0x9E3779B97F4A7C15F39CC0605CEDC835 + 0x243F6A8885A308D3) % _SPACE
        self._time_prefix = self._body(_PREFIX_LENGTH)

    def make(self, prefix: str, length: int = _LENGTH) -> str:
        """A new id: ``make("event_")``, ``make("call_", 16)``."""
        return prefix + self._body(length)

    def timed(self, prefix: str) -> str:
        """A new id in the realtime pipelines' shape, all of one session beginning alike: ``resp_E4BA…``."""
        return prefix + self._time_prefix + self._body(_LENGTH - 1 - _PREFIX_LENGTH)

    def _body(self, length: int) -> str:
        self._value = value = (self._value + _STRIDE) % _SPACE
        digits = []
        for _ in range(length):
            value, digit = divmod(value, _BASE)
            digits.append(_ALPHABET[digit])
        digits.reverse()
        return "".join(digits)
