"""Sound for real conversations: recorded words, in any rate and format a session can be set to."""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

import vlmock

OWN_WORDS = Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav"
"""Ships with the project, 16 kHz."""

Samples = NDArray[np.int16]


def recorded(path: Path, *, rate_hz: int = 24_000, before_ms: int = 500, after_ms: int = 1500) -> Samples:
    """A recording at ``rate_hz``, mono, with silence around it as a microphone that stays open would add."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        resampled = soxr.resample(samples, file.getframerate(), rate_hz)
    parts = [np.zeros(before_ms * rate_hz // 1000, "<i2"), resampled, np.zeros(after_ms * rate_hz // 1000, "<i2")]
    return np.concatenate(parts).astype("<i2")


def own_words(*, rate_hz: int = 24_000, before_ms: int = 500, after_ms: int = 1500) -> Samples:
    """ "What is the weather in Beijing?", spoken by the project's own voice."""
    return recorded(OWN_WORDS, rate_hz=rate_hz, before_ms=before_ms, after_ms=after_ms)


def quiet(duration_ms: int, *, rate_hz: int = 24_000) -> Samples:
    return np.zeros(duration_ms * rate_hz // 1000, "<i2")


def loudness(samples: Samples) -> float:
    """Root mean square, 0 to 32767."""
    return float(np.sqrt(np.mean(samples.astype(float) ** 2))) if len(samples) else 0.0


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


# ---- G.711, written down from the recommendation and not from the code under test

_MU_BIAS = 0x84


def mulaw_decoded(data: bytes) -> Samples:
    code = ~np.frombuffer(data, np.uint8).astype(int) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + _MU_BIAS) << ((code >> 4) & 7)) - _MU_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def alaw_decoded(data: bytes) -> Samples:
    code = np.frombuffer(data, np.uint8).astype(int) ^ 0x55
    segment, mantissa = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(segment == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


def encoded(samples: Samples, audio_format: str) -> bytes:
    """As a session's input format wants it. For G.711 the code whose value lies nearest."""
    if audio_format.startswith("pcm16"):
        return samples.tobytes()
    decode = mulaw_decoded if audio_format == "g711_ulaw" else alaw_decoded
    values = decode(bytes(range(256))).astype(int)
    order = np.argsort(values, kind="stable")
    between = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(between, samples)].astype(np.uint8).tobytes()


def decoded(data: bytes, audio_format: str) -> Samples:
    if audio_format == "g711_ulaw":
        return mulaw_decoded(data)
    if audio_format == "g711_alaw":
        return alaw_decoded(data)
    return np.frombuffer(data, "<i2")
