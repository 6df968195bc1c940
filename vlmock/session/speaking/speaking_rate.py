"""How fast a voice speaks, from its ``rate`` in SSML prosody. Source: schema D2."""

import re
from typing import Final

from vlmock.protocol.voices import AzureSpeechVoice

__all__ = ["FASTEST", "SLOWEST", "multiplier", "speaking_rate"]

SLOWEST, FASTEST = 0.5, 1.5
"""Documented {DOC}."""

_LEVELS: Final = {"x-slow": 0.5, "slow": 0.64, "medium": 1.0, "default": 1.0, "fast": 1.55, "x-fast": 2.0}
"""Documented: those of SSML."""
_MULTIPLIER: Final = re.compile(r"\d+(\.\d+)?|\.\d+")
_PERCENTAGE: Final = re.compile(r"([+-]?(\d+(\.\d+)?|\.\d+))%")


def multiplier(rate: str) -> float | None:
    """``1.2`` or ``+20%`` as a number. None for a level such as ``fast``, and for anything else."""
    if _MULTIPLIER.fullmatch(rate):
        return float(rate)
    percentage = _PERCENTAGE.fullmatch(rate)
    return 1 + float(percentage[1]) / 100 if percentage else None


def speaking_rate(voice: object) -> float:
    """From ``SLOWEST`` to ``FASTEST``. Assumed: 1.0 where its rate is none."""
    rate = voice.rate if isinstance(voice, AzureSpeechVoice) else None
    if not isinstance(rate, str):
        return 1.0
    number = multiplier(rate)
    return min(max(_LEVELS.get(rate, 1.0) if number is None else number, SLOWEST), FASTEST)
