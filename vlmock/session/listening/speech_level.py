"""How loud the voice is, frame by frame: the same whatever the sampling rate and however the sound is cut.

Only the band around 500 Hz is measured (half as strong at 300 and 700 Hz, nothing at 0 and from 1 kHz on), where the
first formant of every voice lies and which a telephone passes as well as a studio microphone. That is why 8 kHz G.711
and 44.1 kHz PCM give the same figures, why DC and hum do not count, and why the hiss of an ``s`` hardly does.

Each frame is cut into windows of 4 ms. In each, the sound is multiplied with a cosine and a sine of 500 Hz under
a Hann window; two periods fit into it, so every multiple of 250 Hz but 250, 500 and 750 falls into a zero. The weights
are whole numbers over a power of two, so the sums are exact in float64 in whatever order they are made, and a stream
gives the same figures in any pieces. Nothing is kept but the samples of an unfinished frame.
"""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["SpeechLevel"]

_WINDOW_MS = 4
_CENTRE_HZ = 500
_WEIGHT_BITS = 20
"""Sums of 16-bit samples with weights of 20 bits stay far below the 53 bits that a float64 holds exactly."""

_LEAST_RATE_HZ = 4000


class SpeechLevel:
    """Measures a stream of mono samples at ``rate_hz``, in frames of ``frame_ms``, a multiple of 4.

    Raises ValueError for a rate below 4000.
    """

    def __init__(self, rate_hz: int, *, frame_ms: int) -> None:
        if rate_hz < _LEAST_RATE_HZ:
            raise ValueError(f"speech cannot be heard at {rate_hz} Hz; the least is {_LEAST_RATE_HZ}")
        self.heard_samples = 0
        """All samples fed so far."""
        self._rate_hz = rate_hz
        self._frame_ms = frame_ms
        self._windows_in_frame = frame_ms // _WINDOW_MS
        self._window = rate_hz * _WINDOW_MS // 1000
        # The squares of a frame's products, two of each window, are to add up to its mean square.
        self._weights = _weights(self._window, rate_hz) / math.sqrt(2 * self._windows_in_frame)
        self._frames = 0
        self._begin = 0  # the first sample of the unfinished frame
        self._unfinished: NDArray[np.float64] = np.empty(0)

    def feed(self, samples: NDArray[np.int16]) -> list[float]:
        """The mean square of each frame that these samples finish, relative to full scale (0.5 is a full-scale sine).

        ``samples`` has shape (samples,). Feed at most a second at a time to keep memory small.
        """
        self.heard_samples += len(samples)
        joined = np.concatenate((self._unfinished, samples), dtype=np.float64)
        new = self.heard_samples * 1000 // (self._rate_hz * self._frame_ms) - self._frames
        if not new:
            self._unfinished = joined
            return []
        products = self._windows(joined, new).dot(self._weights).reshape(new, -1)
        powers: list[float] = np.add.reduce(products * products, 1).tolist()
        self._frames += new
        begin = self._frame_begin(self._frames)
        self._unfinished = joined[begin - self._begin :].copy()  # a copy, or the whole block stays in memory
        self._begin = begin
        return powers

    def _frame_begin(self, frame: int) -> int:
        """The first sample of a frame; where frames are not whole samples long, the next whole one."""
        return -(-frame * self._frame_ms * self._rate_hz // 1000)

    def _windows(self, joined: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The windows of so many frames, shape (windows, samples in a window).

        At 44.1 kHz a frame is 1411.2 samples and its windows 1408; what is left over is left out on both sides.
        At rates with whole windows nothing is.
        """
        used = self._windows_in_frame * self._window
        left_over = self._rate_hz * self._frame_ms // 1000 - used
        if self._window * 1000 == self._rate_hz * _WINDOW_MS:
            return joined[: count * used].reshape(-1, self._window)
        begins = [self._frame_begin(self._frames + i) - self._begin + left_over // 2 for i in range(count)]
        return np.concatenate([joined[begin : begin + used] for begin in begins]).reshape(-1, self._window)


def _weights(window: int, rate_hz: int) -> NDArray[np.float64]:
    """Cosine and sine of the centre frequency under a Hann window, shape (window, 2), each adding up to 0.

    The product with a sine of that frequency and of full scale has length 1 (as cosine and sine, in any phase).
    """
    sample = np.arange(window)  # a sample is an instant, not a span: then all rates see the same window in time
    hann = np.sin(np.pi * sample / window) ** 2
    phase = 2 * np.pi * _CENTRE_HZ * (sample - window / 2) / rate_hz
    unit = np.stack((hann * np.cos(phase), hann * np.sin(phase)), axis=1)
    weights: NDArray[np.float64] = np.rint(unit * (2.0**_WEIGHT_BITS / (hann.sum() / 2)))
    weights[window // 2] -= weights.sum(axis=0)  # rounding must not let DC through
    return weights / 2.0 ** (15 + _WEIGHT_BITS)  # a power of two: the sums stay exact
