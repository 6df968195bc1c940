"""Sound at any rate in frames of 32 ms at 16 kHz: the same samples however the stream is cut.

A windowed sinc, one set of weights for each phase between input and output. The weights are whole numbers over a power
of two, so the sums are exact in float64 in whatever order they are made. The filter looks back only: it delays by half
its length, about a millisecond, and no frame waits for what comes after it.
"""

from collections.abc import Iterator
from math import gcd

import numpy as np
from numpy.typing import NDArray

__all__ = ["FRAME_SAMPLES", "RATE_HZ", "Frames"]

RATE_HZ = 16_000
FRAME_MS = 32
FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000

_ZERO_CROSSINGS = 8
"""On either side of the middle: enough to be rid of whatever would fold back onto the voice."""
_PASSED = 0.9
"""Of the band that both rates have."""
_WEIGHT_BITS = 20


class Frames:
    """Cuts a stream of mono samples at ``rate_hz`` into frames of ``FRAME_SAMPLES`` samples."""

    def __init__(self, rate_hz: int) -> None:
        common = gcd(rate_hz, RATE_HZ)
        self.heard_samples = 0
        """All samples fed so far."""
        self._rate_hz = rate_hz
        self._phases, self._step = RATE_HZ // common, rate_hz // common
        self._weights = _weights(rate_hz, self._phases)
        self._taps = self._weights.shape[1]
        self._frames = 0
        self._held = np.zeros(self._taps - 1)  # silence before the first sample
        self._held_from = 1 - self._taps

    def feed(self, samples: NDArray[np.int16]) -> Iterator[NDArray[np.float32]]:
        """The frames that these samples finish, shape (512,), full scale is 1. Feed a second at most at a time."""
        self.heard_samples += len(samples)
        self._held = np.concatenate((self._held, samples), dtype=np.float64)
        finished = self.heard_samples * 1000 // (self._rate_hz * FRAME_MS)
        while self._frames < finished:
            yield self._next_frame()

    def _next_frame(self) -> NDArray[np.float32]:
        places = np.arange(self._frames * FRAME_SAMPLES, (self._frames + 1) * FRAME_SAMPLES) * self._step
        last = places // self._phases - self._held_from  # the youngest sample that each output looks at
        windows = np.lib.stride_tricks.sliding_window_view(self._held, self._taps)[last - (self._taps - 1)]
        frame = np.einsum("ij,ij->i", windows, self._weights[places % self._phases])
        self._frames += 1
        first_needed = self._frames * FRAME_SAMPLES * self._step // self._phases - (self._taps - 1)
        self._held = self._held[first_needed - self._held_from :].copy()
        self._held_from = first_needed
        scaled: NDArray[np.float32] = (frame / 2.0 ** (15 + _WEIGHT_BITS)).astype(np.float32)
        return scaled


def _weights(rate_hz: int, phases: int) -> NDArray[np.float64]:
    """For each phase the weights of the samples that it looks at, oldest first; whole numbers, 2**20 in all."""
    if rate_hz == RATE_HZ:
        return np.full((1, 1), 2.0**_WEIGHT_BITS)
    cutoff = _PASSED * min(rate_hz, RATE_HZ) / rate_hz  # of half the input's rate
    half = int(np.ceil(_ZERO_CROSSINGS / cutoff))
    taps = np.arange(2 * half, -1, -1)  # how many samples ago
    distance = half - taps[np.newaxis, :] - (np.arange(phases) / phases)[:, np.newaxis]
    window = np.cos(np.pi * np.clip(distance / (half + 1), -1, 1) / 2) ** 2
    shape = np.sinc(cutoff * distance) * window
    weights: NDArray[np.float64] = np.rint(shape / shape.sum(axis=1, keepdims=True) * 2.0**_WEIGHT_BITS)
    return weights
