"""Pieces of recordings onto the disk.

Nothing is kept back in the program: what was written is there, should the program be killed in the next moment.
"""

import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from vlmock.protocol.recording.encoder import Piece
from vlmock.protocol.recording.lines import EVENTS_FILE

__all__ = ["CannotRecord", "RecordingFolder", "RecordingsFolder", "pack"]

_ZIP: Final = ".zip"


class CannotRecord(Exception):
    """A recording cannot be written there; says where, why and what to do."""


class RecordingFolder:
    """Where one recording is written."""

    def __init__(self, path: str | Path) -> None:
        """Makes the folder, and those above it. Raises CannotRecord when it holds a recording already, is no folder, or
        cannot be written to."""
        self.path = Path(path)
        self._files: dict[str, BinaryIO] = {}
        _make(self.path)
        if (self.path / EVENTS_FILE).exists():
            raise _taken(self.path)

    def write(self, pieces: Iterable[Piece]) -> None:
        """Write them in the order of the list, but the events last, and what belongs together at once. Raises
        CannotRecord, when the disk is full for example."""
        behind: dict[str, list[bytes]] = {}
        within: dict[tuple[str, int], bytes] = {}
        for file, data, place in pieces:
            if place is None:
                behind.setdefault(file, []).append(data)
            else:
                within[file, place] = data
        events = behind.pop(EVENTS_FILE, [])
        try:
            for name, parts in behind.items():
                _write(self._file(name), b"".join(parts))
            for (name, place), data in within.items():
                self._overwrite(name, place, data)
            if events:
                _write(self._file(EVENTS_FILE), b"".join(events))
        except OSError as error:
            raise _cannot(self.path, error) from error

    def close(self) -> None:
        """Safe to call again."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _file(self, name: str) -> BinaryIO:
        if name not in self._files:
            self._files[name] = (self.path / name).open("wb", buffering=0)
        return self._files[name]

    def _overwrite(self, name: str, place: int, data: bytes) -> None:
        file = self._file(name)
        file.seek(place)
        _write(file, data)
        file.seek(0, 2)


class RecordingsFolder:
    """Where the recordings of several connections are written: ``connection-1``, ``connection-2`` … below it.

    A path that ends in ``.zip`` becomes a zip file at the end; until then, or for ever when the program dies before,
    they are in a folder of the same name without ``.zip``.
    """

    def __init__(self, path: str | Path) -> None:
        """Raises CannotRecord as ``RecordingFolder`` does, and when there are recordings there already."""
        path = Path(path)
        self._zip = path if path.suffix.lower() == _ZIP else None
        self.path = path.with_suffix("") if self._zip else path
        if self._zip is not None and self._zip.exists():
            raise _taken(self._zip)
        _make(self.path)
        if any(self.path.glob(f"*/{EVENTS_FILE}")) or (self.path / EVENTS_FILE).exists():
            raise _taken(self.path)

    def connection(self, number: int) -> RecordingFolder:
        """Where that connection is written, counting from 1. Raises CannotRecord."""
        return RecordingFolder(self.path / f"connection-{number}")

    def finish(self) -> Path:
        """Make the zip file, if that is wanted, and say where the recordings are. Raises CannotRecord."""
        if self._zip is None:
            return self.path
        pack(self.path, self._zip)
        shutil.rmtree(self.path, ignore_errors=True)
        return self._zip


def pack(folder: Path, archive: Path) -> None:
    """All that is in the folder as one zip file. Sound is stored as it is, so that any part of it is found at once.
    Raises CannotRecord."""
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    try:
        with zipfile.ZipFile(unfinished, "w") as packed:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    kind = zipfile.ZIP_DEFLATED if path.name == EVENTS_FILE else zipfile.ZIP_STORED
                    packed.write(path, path.relative_to(folder), kind)
        unfinished.replace(archive)
    except OSError as error:
        raise _cannot(archive, error) from error


def _write(file: BinaryIO, data: bytes) -> None:
    """All of it: without a buffer a file may take less at once."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".vlmock-probe"
        probe.touch()
        probe.unlink()
    except (FileExistsError, NotADirectoryError) as error:
        raise CannotRecord(f"{folder} cannot hold a recording: a file is in the way; name a folder") from error
    except OSError as error:
        raise _cannot(folder, error) from error


def _taken(path: Path) -> CannotRecord:
    return CannotRecord(f"{path} holds a recording already; remove it, or name another folder")


def _cannot(path: Path, error: OSError) -> CannotRecord:
    return CannotRecord(f"{path} cannot be written ({error.strerror or error}); name another folder")
