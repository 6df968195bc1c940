"""Bytes of sound, samples of sound, and how long they last.

A session names its formats by the strings of the wire (schema F); this file says what each means in hertz and bytes,
and turns bytes into 16-bit samples and back. Sound is mono everywhere but in ``first_channel``. numpy is imported only
where samples are made.
"""

from functools import cache
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "OUTPUT_FORMATS",
    "AudioFormat",
    "decode_samples",
    "encode_samples",
    "first_channel",
    "input_format",
    "output_format",
]

G711_RATE_HZ = 8000
"""Documented: G.711 is always 8 kHz, whatever ``input_audio_sampling_rate`` said. Observed {SDKT}: the echo agrees."""

_BYTES_PER_SAMPLE = {"pcm16": 2, "g711_ulaw": 1, "g711_alaw": 1}


class AudioFormat(msgspec.Struct, frozen=True):
    """How one mono stream is written: the encoding and the samples in a second."""

    encoding: str
    """``pcm16`` (signed, little-endian), ``g711_ulaw`` or ``g711_alaw``."""
    rate_hz: int

    @property
    def bytes_per_sample(self) -> int:
        return _BYTES_PER_SAMPLE[self.encoding]

    @property
    def bytes_per_second(self) -> int:
        return self.rate_hz * self.bytes_per_sample

    def duration_ms(self, byte_count: int) -> float:
        """How long so many bytes last, in milliseconds."""
        return byte_count * 1000 / self.bytes_per_second

    def bytes_for_ms(self, ms: float) -> int:
        """How many bytes the first ``ms`` milliseconds fill; whole samples, rounded down."""
        return (
            int(self.rate_hz * ms / 1000 + 1e-6) * self.bytes_per_sample
        )  # a millionth, or float noise costs a sample


def input_format(name: str, rate_hz: int) -> AudioFormat:
    """What the client sends, from ``input_audio_format`` and ``input_audio_sampling_rate``.

    Documented: G.711 is 8 kHz, so its ``rate_hz`` is ignored. Raises ValueError for an unknown name or a rate below 1.
    """
    if name not in _BYTES_PER_SAMPLE:
        raise ValueError(f"unknown input audio format {name!r}; known: {', '.join(_BYTES_PER_SAMPLE)}")
    if name != "pcm16":
        return AudioFormat(name, G711_RATE_HZ)
    if rate_hz < 1:
        raise ValueError(f"a sampling rate is at least 1 Hz, not {rate_hz}")
    return AudioFormat(name, rate_hz)


def _output_formats() -> dict[str, AudioFormat]:
    formats = {"pcm16": AudioFormat("pcm16", 24000)}
    for rate_hz in (8000, 16000, 22050, 24000, 44100, 48000):
        for spelling in (f"pcm16_{rate_hz}hz", f"pcm16-{rate_hz}hz"):
            formats[spelling] = AudioFormat("pcm16", rate_hz)
    return formats | {name: AudioFormat(name, G711_RATE_HZ) for name in ("g711_ulaw", "g711_alaw")}


OUTPUT_FORMATS: dict[str, AudioFormat] = _output_formats()
"""Documented, some only Observed (schema F): what ``output_audio_format`` may say, old hyphen spellings included."""


def output_format(name: str) -> AudioFormat:
    """What the client is sent, from ``output_audio_format``. Raises ValueError with the known names."""
    try:
        return OUTPUT_FORMATS[name]
    except KeyError:
        raise ValueError(f"unknown output audio format {name!r}; known: {', '.join(OUTPUT_FORMATS)}") from None


def decode_samples(data: bytes, format: AudioFormat) -> "NDArray[np.int16]":
    """The samples in some bytes: shape (samples,), mono. For PCM16 a read-only view of ``data``, not a copy.

    Raises ValueError when PCM16 bytes end in the middle of a sample.
    """
    import numpy as np

    if format.encoding != "pcm16":
        return _g711_decoding(format.encoding)[np.frombuffer(data, np.uint8)]
    if len(data) % 2:
        raise ValueError(f"{len(data)} bytes of PCM16 end in the middle of a sample")
    return np.frombuffer(data, "<i2")


def first_channel(data: bytes, channels: int) -> bytes:
    """Every so manieth sample of interleaved PCM16: of a microphone beside its reference, the microphone."""
    return memoryview(data).cast("h")[::channels].tobytes()


def encode_samples(samples: "NDArray[np.int16]", format: AudioFormat) -> bytes:
    """The bytes for some samples, shape (samples,), mono."""
    import numpy as np

    if format.encoding == "pcm16":
        return samples.astype("<i2", copy=False).tobytes()
    return _g711_encoding(format.encoding)[samples.view(np.uint16)].tobytes()


# ---- G.711, as ITU-T G.711 and the former audioop module have it: one table each way


@cache
def _g711_decoding(encoding: str) -> "NDArray[np.int16]":
    """The 16-bit sample of each of the 256 bytes."""
    import numpy as np

    code = np.arange(256)
    if encoding == "g711_ulaw":
        code = ~code & 0xFF
        exponent, mantissa = code >> 4 & 7, code & 15
        magnitude = ((mantissa << 3 | 0x84) << exponent) - 0x84
        negative = code & 0x80 != 0
    else:
        code = code ^ 0x55
        exponent, mantissa = code >> 4 & 7, code & 15
        magnitude = np.where(exponent == 0, mantissa << 4 | 8, (mantissa << 4 | 0x108) << np.maximum(exponent - 1, 0))
        negative = code & 0x80 == 0
    return np.where(negative, -magnitude, magnitude).astype(np.int16)


@cache
def _g711_encoding(encoding: str) -> "NDArray[np.uint8]":
    """The byte of each of the 65,536 samples, found by the sample's bits read as unsigned."""
    import numpy as np

    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    if encoding == "g711_ulaw":
        sample >>= 2  # G.711 works on 14 bits here, on 13 below; rounding is towards minus infinity
        magnitude = np.minimum(np.abs(sample), 8158) + 33  # at most 13 bits
        exponent = _highest_bit(magnitude >> 6)
        code = exponent << 4 | (magnitude >> exponent + 1) & 15
        return ((code | np.where(sample < 0, 0x80, 0)) ^ 0xFF).astype(np.uint8)
    sample >>= 3
    magnitude = np.where(sample < 0, -sample - 1, sample)
    exponent = _highest_bit(magnitude >> 5)
    code = exponent << 4 | (magnitude >> np.maximum(exponent, 1)) & 15
    return (code ^ np.where(sample < 0, 0x55, 0xD5)).astype(np.uint8)


def _highest_bit(number: "NDArray[np.int32]") -> "NDArray[np.int32]":
    """How many bits each number needs: 0 for 0, 1 for 1, 2 for 2 and 3."""
    import numpy as np

    return np.frexp(number.astype(np.float64))[1]
