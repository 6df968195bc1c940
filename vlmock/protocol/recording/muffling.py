"""Sound that keeps its timing and loudness, and loses the voice.

Two tones take the place of the voice, piece by piece as loud as it was: one at 500 Hz, as loud as the voice was around
there, where speech is found by its level; one at 1500 Hz, as loud as all the rest. Loudness is measured over 16 ms and
rounded to a quarter of a decibel, however small the pieces are that the sound comes in: what was said cannot be had
from it. The same sound gives the same tones.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from vlmock.protocol.audio_format import AudioFormat, decode_samples, encode_samples

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Muffler", "without_hidden_sound"]

_BLOCK_MS: Final = 16
"""Two of them are a frame of the detector of speech."""
_WINDOW_MS: Final = 4
_VOICE_HZ, _REST_HZ = 500, 1500
_STEPS_PER_DECIBEL: Final = 4
_LEAST_RATE_HZ: Final = 4000
"""Below it there is no room for the tones, and no speech either: all becomes silence."""
_HIDDEN: Final = re.compile(r"[A-Za-z0-9+/_-]{100,}")
"""Base64 of more than a few milliseconds."""
_NO_SOUND: Final = frozenset({"client_sdp", "server_sdp"})
"""Long base64 that is how to connect."""


class Muffler:
    """Muffles one stream, piece by piece as it comes."""

    def __init__(self, format: AudioFormat, channels: int = 1) -> None:
        self._format = format
        self._frame_bytes = format.bytes_per_sample * channels
        self._heard_bytes = 0
        self._channels = [_Channel(format.rate_hz) for _ in range(channels)]

    def muffled(self, data: bytes) -> bytes:
        """As many bytes as there were. What is cut off in the middle of a sample becomes 0."""
        before = min(-self._heard_bytes % self._frame_bytes, len(data))
        behind = (len(data) - before) % self._frame_bytes
        self._heard_bytes += len(data)
        whole = data[before : len(data) - behind]
        if not whole or self._format.rate_hz < _LEAST_RATE_HZ:
            return bytes(len(data))
        return bytes(before) + self._whole(whole) + bytes(behind)

    def _whole(self, data: bytes) -> bytes:
        import numpy as np

        frames = decode_samples(data, self._format).reshape(-1, len(self._channels))
        muffled = [channel.muffled(frames[:, number]) for number, channel in enumerate(self._channels)]
        return encode_samples(np.stack(muffled, axis=1).reshape(-1), self._format)


class _Channel:
    """One of the channels: samples in, as many out."""

    def __init__(self, rate_hz: int) -> None:
        import numpy as np

        self._rate_hz = rate_hz
        self._block = rate_hz * _BLOCK_MS // 1000
        self._heard = 0
        self._latest: NDArray[np.int16] = np.empty(0, np.int16)

    def muffled(self, samples: "NDArray[np.int16]") -> "NDArray[np.int16]":
        import numpy as np

        joined = np.concatenate((self._latest, samples))
        known, tones = len(self._latest), np.empty((len(samples), 2))
        begin = 0
        while begin < len(samples):
            end = min(len(samples), begin + self._block - (self._heard + begin) % self._block)
            tones[begin:end] = self._amplitudes(joined[max(0, known + end - self._block) : known + end])
            begin = end
        places = np.arange(self._heard, self._heard + len(samples)) % self._rate_hz
        sound = (tones * _carriers(self._rate_hz)[places]).sum(axis=1)
        self._heard += len(samples)
        self._latest = joined[-self._block :]
        muffled: NDArray[np.int16] = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
        return muffled

    def _amplitudes(self, block: "NDArray[np.int16]") -> tuple[float, float]:
        """Of the two tones."""
        import numpy as np

        all_power = float(np.mean(np.square(block, dtype=np.float64)))
        window = _window(self._rate_hz)
        windows = block[len(block) % len(window) :].reshape(-1, len(window))
        voice_power = float(np.mean(np.square(np.abs(windows.dot(window))))) / 2 if len(windows) else 0.0
        return _rounded(2 * voice_power), _rounded(2 * max(0.0, all_power - voice_power))


def _rounded(square: float) -> float:
    """An amplitude to a quarter of a decibel; below half a step of the samples nothing."""
    import math

    if square < 0.25:
        return 0.0
    return float(10 ** (round(10 * math.log10(square) * _STEPS_PER_DECIBEL) / (20 * _STEPS_PER_DECIBEL)))


@cache
def _carriers(rate_hz: int) -> "NDArray[np.float64]":
    """A second of both tones, shape (samples, 2); they fit into it a whole number of times."""
    import numpy as np

    carriers: NDArray[np.float64] = np.sin(2 * np.pi * np.outer(np.arange(rate_hz), (_VOICE_HZ, _REST_HZ)) / rate_hz)
    return carriers


@cache
def _window(rate_hz: int) -> "NDArray[np.complex128]":
    """Its product with a sine of 500 Hz has that sine's amplitude."""
    import numpy as np

    sample = np.arange(rate_hz * _WINDOW_MS // 1000)
    hann = np.sin(np.pi * sample / len(sample)) ** 2
    window: NDArray[np.complex128] = hann * np.exp(-2j * np.pi * _VOICE_HZ * sample / rate_hz) * (2 / hann.sum())
    return window


def without_hidden_sound(value: Any) -> Any:
    """A part of an event, or a text, in which long base64 that could be sound is base64 of zeros, equally long."""
    if isinstance(value, str):
        return value if value.startswith("data:image/") else _HIDDEN.sub(lambda found: "A" * len(found[0]), value)
    if isinstance(value, dict):
        return {name: member if name in _NO_SOUND else without_hidden_sound(member) for name, member in value.items()}
    return [without_hidden_sound(entry) for entry in value] if isinstance(value, list) else value
