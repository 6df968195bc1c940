"""What the checks say: two short questions, and silence and tones beside them, in any input format."""

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from vlmock.protocol.audio_format import AudioFormat, encode_samples
from vlmock.protocol.wav import parse_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LONDON_S", "PCM24", "WEATHER_S", "blocks", "london", "silence", "tone", "weather"]

PCM24: Final = AudioFormat("pcm16", 24000)
"""What every session takes that says nothing else."""
WEATHER_S: Final = 1.58
LONDON_S: Final = 1.505
"""How long the questions last, from first to last sound."""
_TONE_LEVEL: Final = 3000


def weather(format: AudioFormat = PCM24) -> bytes:
    """*What is the weather in Beijing?*, without silence before and after."""
    return _spoken("weather.wav", format)


def london(format: AudioFormat = PCM24) -> bytes:
    """*And how warm is it in London?*, without silence before and after."""
    return _spoken("london.wav", format)


def silence(seconds: float, format: AudioFormat = PCM24) -> bytes:
    """Digital silence."""
    import numpy as np

    return encode_samples(np.zeros(round(seconds * format.rate_hz), np.int16), format)


def tone(seconds: float, format: AudioFormat = PCM24, *, hz: float = 440.0) -> bytes:
    """A soft sine, for what has to be sound and need not be speech."""
    import numpy as np

    turns = np.arange(round(seconds * format.rate_hz)) * hz / format.rate_hz
    return encode_samples(np.rint(np.sin(2 * np.pi * turns) * _TONE_LEVEL).astype(np.int16), format)


def blocks(audio: bytes, seconds: float, format: AudioFormat = PCM24) -> list[bytes]:
    """The same sound in pieces of this length, the last one shorter."""
    size = format.bytes_for_ms(seconds * 1000)
    return [audio[begin : begin + size] for begin in range(0, len(audio), size)]


@cache
def _spoken(name: str, format: AudioFormat) -> bytes:
    return encode_samples(_samples(name, format.rate_hz), format)


def _samples(name: str, rate_hz: int) -> "NDArray[np.int16]":
    import numpy as np
    import soxr  # type: ignore[import-untyped]

    samples, from_hz = parse_wav(resources.files("vlclient.checks").joinpath("sound", name).read_bytes())
    if from_hz != rate_hz:
        samples = soxr.resample(samples, from_hz, rate_hz)
    whole: NDArray[np.int16] = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return whole
