"""WAV files as samples, for what speaks and what listens; and their headers, for what records.

The standard library's ``wave`` knows neither float samples nor, before Python 3.12, the extensible header that most
editors write for 24 bits; it also refuses the unfinished headers of programs that write into a pipe. Reading the
chunks takes no more lines than working around that.
"""

from collections.abc import Iterator
from struct import error as TooShort
from struct import pack, unpack_from
from typing import TYPE_CHECKING, Final, NamedTuple

from vlmock.protocol.audio_format import AudioFormat

if TYPE_CHECKING:
    from mmap import mmap

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Layout", "Sound", "check_wav", "parse_wav", "wav_header", "wav_layout"]


class Sound(NamedTuple):
    """Mono sound at any rate."""

    samples: "NDArray[np.float32]"
    """Shape (samples,); full scale is ±32768."""
    rate_hz: int


_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_READABLE = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64)}
"""Encodings and bits."""
_OTHER_ENCODINGS = {2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3"}


def parse_wav(data: bytes) -> Sound:
    """The sound of a whole file, all channels mixed into one.

    Reads PCM of 8, 16, 24 and 32 bits and float of 32 and 64. 16-bit mono comes back to the bit. Raises ValueError with
    the reason, to be put behind the name of the file.
    """
    encoding, bits, channels, rate_hz, body = _content(data)
    return Sound(_mono(_samples(body, encoding, bits), channels), rate_hz)


def check_wav(data: bytes) -> None:
    """Raises ValueError where ``parse_wav`` would, without looking at a sample: numpy is not imported for it."""
    _content(data)


def _content(data: bytes) -> tuple[int, int, int, int, bytes]:
    """Encoding, bits, channels, sampling rate and the bytes of whole samples. Raises ValueError."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"it is no WAV file, it begins with {data[:4]!r}" if data else "it is empty")
    chunks = dict(_chunks(data))
    if b"fmt " not in chunks or len(chunks[b"fmt "]) < 16:
        raise ValueError("it has no 'fmt ' chunk, so nothing says what its samples are")
    if b"data" not in chunks:
        raise ValueError("it has no 'data' chunk, so no sound")
    encoding, channels, rate_hz, _, frame_bytes, bits = unpack_from("<HHIIHH", chunks[b"fmt "])
    if encoding == _EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        (encoding,) = unpack_from("<H", chunks[b"fmt "], 24)
    if not channels or not 1000 <= rate_hz <= 768000 or frame_bytes != channels * ((bits + 7) // 8):
        raise ValueError(
            f"its header is wrong: {channels} channels, {rate_hz} Hz, {bits} bits, {frame_bytes} byte frames"
        )
    body = chunks[b"data"]
    body = body[: len(body) // frame_bytes * frame_bytes]
    if not body:
        raise ValueError("it holds no samples")
    if (encoding, bits) not in _READABLE:
        known = {_PCM: "PCM", _FLOAT: "float"} | _OTHER_ENCODINGS
        raise ValueError(
            f"its samples are {bits}-bit {known.get(encoding, f'of encoding {encoding}')}; "
            "PCM of 8, 16, 24 or 32 bits or float is needed"
        )
    return encoding, bits, channels, rate_hz, body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk. One longer than the file, as written into a pipe, ends with the file."""
    place = 12
    while place + 8 <= len(data):
        name, length = unpack_from("<4sI", data, place)
        yield name, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _samples(body: bytes, encoding: int, bits: int) -> "NDArray[np.float32]":
    """All channels interleaved, full scale ±32768."""
    import numpy as np

    match encoding, bits:
        case 1, 8:
            return (np.frombuffer(body, np.uint8).astype(np.float32) - 128) * 256
        case 1, 16:
            return np.frombuffer(body, "<i2").astype(np.float32)
        case 1, 24:
            padded = np.zeros((len(body) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
            return padded.view("<i4")[:, 0].astype(np.float32) / np.float32(65536)
        case 1, 32:
            return np.frombuffer(body, "<i4").astype(np.float32) / np.float32(65536)
        case _:
            samples = np.frombuffer(body, f"<f{bits // 8}").astype(np.float32) * 32768
            return np.nan_to_num(samples, posinf=32767, neginf=-32768)


def _mono(samples: "NDArray[np.float32]", channels: int) -> "NDArray[np.float32]":
    if channels == 1:
        return samples
    mixed: NDArray[np.float32] = samples.reshape(-1, channels).mean(axis=1)
    return mixed


# ---- headers

_ENCODINGS: Final = {"pcm16": 1, "g711_alaw": 6, "g711_ulaw": 7}
_LARGEST: Final = 0xFFFF_FFFF
"""More does not go into a header: the sound goes on, and players stop there."""


class Layout(NamedTuple):
    """Where the sound lies in a WAV file, and what it is."""

    format: AudioFormat
    channels: int
    start: int
    """Where the sound begins, in bytes."""
    size: int
    """Of the sound in bytes, as the header says: more than there is, or less, where the program that wrote it died."""


def wav_header(format: AudioFormat, channels: int, size: int) -> bytes:
    """What stands before so many bytes of sound; always equally long for the same format."""
    frame_bytes = format.bytes_per_sample * channels
    fmt = pack(
        "<HHIIHH",
        _ENCODINGS[format.encoding],
        channels,
        format.rate_hz,
        format.rate_hz * frame_bytes,
        frame_bytes,
        format.bytes_per_sample * 8,
    )
    if format.encoding == "pcm16":
        chunks = pack("<4sI", b"fmt ", len(fmt)) + fmt
    else:  # what is not PCM has an empty extension, and a chunk that counts its samples
        chunks = pack("<4sI", b"fmt ", len(fmt) + 2) + fmt + pack("<H4sII", 0, b"fact", 4, min(size, _LARGEST))
    riff = min(4 + len(chunks) + 8 + size + size % 2, _LARGEST)
    return pack("<4sI4s", b"RIFF", riff, b"WAVE") + chunks + pack("<4sI", b"data", min(size, _LARGEST))


def wav_layout(data: "bytes | mmap") -> Layout:
    """Where the sound lies in a whole file, or in its beginning. Raises ValueError with the reason."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("it is no WAV file")
    known = {number: name for name, number in _ENCODINGS.items()}
    format, channels, place = None, 0, 12
    try:
        while True:
            name, size = unpack_from("<4sI", data, place)
            if name == b"fmt ":
                encoding, channels, rate_hz, _, frame_bytes, bits = unpack_from("<HHIIHH", data, place + 8)
                if encoding not in known or not channels or not rate_hz:
                    raise ValueError("its sound is neither 16-bit PCM nor G.711")
                format = AudioFormat(known[encoding], rate_hz)
                if bits != format.bytes_per_sample * 8 or frame_bytes != format.bytes_per_sample * channels:
                    raise ValueError(f"its sound is {bits}-bit, which is not what its encoding has")
            if name == b"data" and format is not None:
                return Layout(format, channels, place + 8, size)
            place += 8 + size + size % 2
    except TooShort:
        raise ValueError("its header ends before its sound begins") from None
