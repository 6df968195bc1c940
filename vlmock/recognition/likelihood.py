"""How sure it is that a phrase was said, from how well each part of the sound fits it.

A phrase that is forced on a sound fits somewhere, so what counts is where it fits worst; and what it takes for silence
must be quiet, for pocketsphinx tells speech from silence badly where no word is allowed.

Measured on 40 sentences of five synthetic voices and 12 of people, each among five others, at the confidence of 0.5:
all are recognised, in noise 20 dB below the voice 99 of 100, 10 dB below 73. Of sentences that are none of the five, 2
in 100 are taken for one, in noise of 20 dB 4, most of them for one that differs by a word; of sentences with another
one before or behind them 1.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from vlmock.recognition.recognizer_process import RATE_HZ, SILENCE, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["confidence"]

_FRAME: Final = RATE_HZ // 100
_WORST: Final = 40
"""Frames over which a score is averaged: a wrong word does not get lost among the right ones."""
_DOUBTFUL_SCORE: Final = -75.0
"""Of a frame; 0 is what the model would like best."""
_LOUD: Final = 20
"""Frames over which the level is averaged."""
_BESIDE: Final = 8
"""Frames beside words that may be their beginning and end."""
_LOUD_DB: Final = -8.0
"""What is as loud as this, compared with the words, is no silence."""


def confidence(parts: Sequence[Part], audio: bytes) -> float:
    """0 to 1; from 0.5 on it was the phrase. ``audio``: what the parts are parts of, 16 bits at ``RATE_HZ``."""
    if _is_loud_beside_the_words(parts, audio):
        return 0.0
    return min(1.0, max(0.0, 1 - _worst_score(parts) / (2 * _DOUBTFUL_SCORE)))


def _worst_score(parts: Sequence[Part]) -> float:
    scores = np.concatenate([np.full(part.frames, part.score / part.frames) for part in parts])
    return float(_averages(scores, _WORST).min())


def _is_loud_beside_the_words(parts: Sequence[Part], audio: bytes) -> bool:
    """Whether somebody says something before the phrase, behind it, or in a pause."""
    samples = np.frombuffer(audio, "<i2").astype(np.float32)
    power = (samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME) ** 2).mean(axis=1)
    words = np.zeros(len(power), bool)
    for part in parts:
        if part.word != SILENCE:
            words[part.first : part.first + part.frames] = True
    near = np.convolve(words, np.ones(2 * _BESIDE + 1), "same") > 0
    beside = _averages(np.where(near, 0, power), _LOUD).max()
    return bool(beside > power[words].mean() * 10 ** (_LOUD_DB / 10))


def _averages(values: "NDArray[np.floating]", over: int) -> "NDArray[np.floating]":
    over = min(over, len(values))
    return np.convolve(values, np.full(over, 1 / over), "valid")
