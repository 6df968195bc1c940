"""Fragmented MP4 (ISO/IEC 14496-12): a beginning that names the tracks, then fragments, each with some of every track.

A *box* is a length, four letters, and what they call for. Nothing here knows what is in a sample.
"""

import struct
from collections.abc import Sequence
from typing import Final

import msgspec

__all__ = ["Run", "Sample", "beginning", "fragment", "picture_track", "sound_track"]

_UNITY_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED: Final = 0x55C4
"""The language ``und``, packed into 15 bits."""
_KEY_FRAME: Final = 0x02000000
_NO_KEY_FRAME: Final = 0x01010000


class Sample(msgspec.Struct, frozen=True):
    """One frame of a track."""

    data: bytes
    key: bool = True
    """Can be shown without those before it."""


class Run(msgspec.Struct, frozen=True):
    """The samples of one track in a fragment, one right after the other."""

    track: int
    starts: int
    """When the first is shown, in units of the track's own timescale from the beginning of the stream."""
    duration: int
    """Of each, in the same units."""
    samples: Sequence[Sample]


def beginning(*tracks: bytes) -> bytes:
    """What a stream begins with. ``tracks``: of ``picture_track`` and ``sound_track``, numbered from 1."""
    header = struct.pack(">4I", 0, 0, 1000, 0) + struct.pack(">IH10x", 0x10000, 0x100) + _UNITY_MATRIX
    header += bytes(24) + struct.pack(">I", len(tracks) + 1)
    extends = [_full("trex", struct.pack(">5I", n + 1, 1, 0, 0, 0)) for n in range(len(tracks))]
    movie = _box("moov", _full("mvhd", header), *tracks, _box("mvex", *extends))
    return _box("ftyp", b"iso5", struct.pack(">I", 512), b"iso5iso6mp41avc1") + movie


def picture_track(track: int, *, timescale: int, width: int, height: int, parameter_sets: tuple[bytes, bytes]) -> bytes:
    """A track of H.264. ``parameter_sets``: the sequence's and the picture's, without start codes."""
    sequence, picture = parameter_sets
    config = bytes((1, *sequence[1:4], 0xFF, 0xE1)) + struct.pack(">H", len(sequence)) + sequence
    config += b"\x01" + struct.pack(">H", len(picture)) + picture
    if sequence[1] == 100:  # High: the chroma format and both depths follow
        config += b"\xfd\xf8\xf8\x00"
    entry = struct.pack(">6xH16x2H2II", 1, width, height, 0x480000, 0x480000, 0) + struct.pack(">H32xHh", 1, 24, -1)
    described = _box("avc1", entry, _box("avcC", config))
    about = _full("vmhd", bytes(8), flags=1)
    return _track(track, timescale, b"vide", about, described, volume=0, size=(width, height))


def sound_track(track: int, *, rate_hz: int, decoder_config: bytes) -> bytes:
    """A track of AAC, mono. Its timescale is its rate."""
    specific = _descriptor(5, decoder_config)
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0), specific)
    stream = _descriptor(3, struct.pack(">HB", track, 0), decoder, _descriptor(6, b"\x02"))
    entry = struct.pack(">6xH8x2H4xI", 1, 1, 16, rate_hz << 16 & 0xFFFFFFFF)
    described = _box("mp4a", entry, _full("esds", stream))
    return _track(track, rate_hz, b"soun", _full("smhd", bytes(4)), described, volume=0x100, size=(0, 0))


def fragment(number: int, *runs: Run) -> bytes:
    """Some of each track. ``number`` counts from 1."""
    data = [b"".join(sample.data for sample in run.samples) for run in runs]

    def movie(offsets: Sequence[int]) -> bytes:
        parts = [_run(run, offset) for run, offset in zip(runs, offsets, strict=True)]
        return _box("moof", _full("mfhd", struct.pack(">I", number)), *parts)

    at = len(movie([0] * len(runs))) + 8
    offsets = []
    for piece in data:
        offsets.append(at)
        at += len(piece)
    return movie(offsets) + _box("mdat", *data)


# ---- boxes


def _run(run: Run, offset: int) -> bytes:
    entries = [
        struct.pack(">3I", run.duration, len(sample.data), _KEY_FRAME if sample.key else _NO_KEY_FRAME)
        for sample in run.samples
    ]
    return _box(
        "traf",
        _full("tfhd", struct.pack(">I", run.track), flags=0x020000),  # offsets count from this fragment
        _full("tfdt", struct.pack(">Q", run.starts), version=1),
        _full("trun", struct.pack(">Ii", len(entries), offset), *entries, flags=0x000701),
    )


def _track(
    track: int, timescale: int, kind: bytes, about: bytes, described: bytes, *, volume: int, size: tuple[int, int]
) -> bytes:
    header = struct.pack(">5I8x2h", 0, 0, track, 0, 0, 0, 0) + struct.pack(">HH", volume, 0) + _UNITY_MATRIX
    header += struct.pack(">2I", size[0] << 16, size[1] << 16)
    no_samples = [_full(name, bytes(size)) for name, size in (("stts", 4), ("stsc", 4), ("stsz", 8), ("stco", 4))]
    samples = _box("stbl", _full("stsd", struct.pack(">I", 1), described), *no_samples)
    where = _box("dinf", _full("dref", struct.pack(">I", 1), _full("url ", flags=1)))
    media = _box(
        "mdia",
        _full("mdhd", struct.pack(">4I2H", 0, 0, timescale, 0, _UNDETERMINED, 0)),
        _full("hdlr", bytes(4), kind, bytes(13)),
        _box("minf", about, where, samples),
    )
    return _box("trak", _full("tkhd", header, flags=3), media)


def _box(name: str, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name.encode() + content


def _full(name: str, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content
