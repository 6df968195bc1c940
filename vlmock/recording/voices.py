"""The sound of a recording: in files, of which only what is asked for is read, or in memory."""

import mmap
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.wav import Layout, wav_layout

__all__ = ["BytesInMemory", "FileVoice", "MemoryVoice", "SoundBytes", "bytes_of", "bytes_of_zipped"]

_HEADER_BYTES: Final = 64 * 1024
"""In so many the sound of a WAV file begins, whatever an editor wrote before it."""


class SoundBytes:
    """The bytes of a file, mapped when they are first asked for."""

    def __init__(self, open: Callable[[], BinaryIO], start: int, size: int) -> None:
        self._open, self._start, self.size = open, start, size
        self._mapped: mmap.mmap | None = None

    def __getitem__(self, place: slice) -> bytes:
        if not self.size:
            return b""
        if self._mapped is None:
            with self._open() as file:
                self._mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = self._start + (place.start or 0)
        stop = self._start + min(self.size if place.stop is None else place.stop, self.size)
        return self._mapped[start:stop]


class BytesInMemory(SoundBytes):
    """The bytes of a file that was never written."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def __getitem__(self, place: slice) -> bytes:
        return self._data[place]


def bytes_of(path: Path) -> SoundBytes:
    """Of a file on the disk. Raises OSError."""
    return SoundBytes(lambda: path.open("rb"), 0, path.stat().st_size)


def bytes_of_zipped(archive: Path, member: zipfile.ZipInfo) -> SoundBytes:
    """Of a file in a zip file; where it was packed tighter, it is unpacked once, into a temporary file."""
    if member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1:
        with archive.open("rb") as file:
            file.seek(member.header_offset)
            header = file.read(30)
        names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return SoundBytes(lambda: archive.open("rb"), member.header_offset + len(header) + names, member.file_size)

    def unpacked() -> BinaryIO:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
        with zipfile.ZipFile(archive) as packed:
            file.write(packed.read(member))
        file.flush()
        return file

    return SoundBytes(unpacked, 0, member.file_size)


class FileVoice:
    """The sound in a WAV file, or all of a file of another kind, whose format is not told."""

    def __init__(self, data: SoundBytes, *, is_wav: bool, finished: bool) -> None:
        """``finished``: the header was brought up to date at the end; otherwise all that is there is sound.

        Raises ValueError with the reason when it is no WAV file that a recording may have.
        """
        self._data = data
        self._layout = wav_layout(data[0:_HEADER_BYTES]) if is_wav else None
        self._start = self._layout.start if self._layout else 0
        there = data.size - self._start
        self._size = min(there, self._layout.size) if self._layout and finished else there

    @property
    def format(self) -> AudioFormat:
        """Raises ValueError for what is no sound."""
        return self._sound.format

    @property
    def channels(self) -> int:
        """2: a microphone and its echo reference, interleaved. Raises ValueError for what is no sound."""
        return self._sound.channels

    @property
    def _sound(self) -> Layout:
        if self._layout is None:
            raise ValueError("a film has no one format of sound")
        return self._layout

    def __len__(self) -> int:
        return self._size

    def read(self, start: int, size: int) -> bytes:
        """Some of its bytes; fewer where it ends before."""
        return self._data[self._start + start : self._start + min(start + size, self._size)]


class MemoryVoice:
    """Sound that was not read from files of ours."""

    def __init__(self, format: AudioFormat, data: bytes, channels: int = 1) -> None:
        self.format = format
        self.channels = channels
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def read(self, start: int, size: int) -> bytes:
        """Some of its bytes; fewer where it ends before."""
        return self._data[start : start + size]
