"""Pieces of recordings onto the disk.

Nothing is kept back in the program: what was written is there, should the program be killed in the next moment.
"""

import errno
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from vlmock.protocol.recording.encoder import Piece
from vlmock.protocol.recording.lines import EVENTS_FILE

__all__ = ["CannotRecord", "RecordingFolder", "RecordingsFolder", "left_behind", "pack"]

_ZIP: Final = ".zip"
_OTHER_DISK: Final = "make room on that disk, or name a folder on another"
_OTHER_FOLDER: Final = "name a folder that you may write to"
_REMEDIES: Final = {
    errno.ENOSPC: _OTHER_DISK,
    errno.EDQUOT: _OTHER_DISK,
    errno.EACCES: _OTHER_FOLDER,
    errno.EPERM: _OTHER_FOLDER,
    errno.EROFS: _OTHER_FOLDER,
}


class CannotRecord(Exception):
    """A recording cannot be written there; says where, why and what to do."""


class RecordingFolder:
    """Where one recording is written."""

    def __init__(self, path: str | Path) -> None:
        """Makes the folder, and those above it. Raises CannotRecord when it holds a recording already, is no folder, or
        cannot be written to."""
        self.path = _named(path)
        self.lines = 0
        """Of the events, as many as are whole on the disk."""
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
                self._write_lines(b"".join(events))
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

    def _write_lines(self, data: bytes) -> None:
        file = self._file(EVENTS_FILE)
        begin = file.tell()
        try:
            _write(file, data)
        finally:
            self.lines += data.count(b"\n", 0, file.tell() - begin)

    def _overwrite(self, name: str, place: int, data: bytes) -> None:
        file = self._file(name)
        file.seek(place)
        _write(file, data)
        file.seek(0, 2)


class RecordingsFolder:
    """Where the recordings of several connections are written: ``connection-1``, ``connection-2`` … below it.

    A path that ends in ``.zip`` becomes a zip file at the end; until then, or for ever when the program dies before,
    they are in a folder of the same name without ``.zip``. Where nothing is recorded, nothing is left.
    """

    def __init__(self, path: str | Path) -> None:
        """Raises CannotRecord as ``RecordingFolder`` does, and when there are recordings there already."""
        path = _named(path)
        self._zip = path if path.suffix.lower() == _ZIP else None
        self.path = path
        if self._zip is not None:
            self.path = path.with_suffix("")
            _check_room_for(self._zip, self.path)
        elif _holds_recordings(self.path):
            raise _taken(self.path)
        self._made = _make(self.path)

    def connection(self, number: int) -> RecordingFolder:
        """Where that connection is written, counting from 1. Raises CannotRecord."""
        return self.named(f"connection-{number}")

    def named(self, name: str) -> RecordingFolder:
        """The same by the name of its folder."""
        return RecordingFolder(self.path / name)

    def finish(self) -> Path:
        """Make the zip file, if that is wanted, and say where the recordings are, or would be if there were any. Raises
        CannotRecord."""
        if not _holds_recordings(self.path):
            _remove_empty(self._made)
            return self._zip or self.path
        if self._zip is None:
            return self.path
        pack(self.path, self._zip)
        shutil.rmtree(self.path, ignore_errors=True)
        return self._zip


def left_behind(archive: Path) -> Path | None:
    """A folder with what was perhaps recorded for a zip file that is not there: its recorder was killed, or still
    runs."""
    if archive.suffix.lower() != _ZIP or archive.exists():
        return None
    folder = archive.with_suffix("")
    return folder if _holds_recordings(folder) else None


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
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise _cannot(archive, error) from error


def _holds_recordings(folder: Path) -> bool:
    return any(folder.glob(f"*/{EVENTS_FILE}")) or (folder / EVENTS_FILE).exists()


def _check_room_for(archive: Path, folder: Path) -> None:
    """The folder is packed and removed in the end, so nothing of anybody else's may be in it."""
    if archive.exists():
        raise _taken(archive)
    if left_behind(archive):
        raise CannotRecord(
            f"the folder {folder} holds recordings, perhaps those of a recorder that was killed, or still runs, where "
            f"those for {archive} would be collected; they are as good as a zip file (`vlmock diff {folder}`): move or "
            "remove them, or name another file"
        )
    if folder.is_dir() and any(folder.iterdir()):
        raise CannotRecord(
            f"the folder {folder} is not empty, and it is where recordings are collected until they become {archive}; "
            "name another file"
        )


def _named(path: str | Path) -> Path:
    """``Path("")`` would be the working directory, where nobody asked for it."""
    if path == "":
        raise CannotRecord("the path to record to is empty; name a folder, or a .zip file")
    return Path(path)


def _write(file: BinaryIO, data: bytes) -> None:
    """All of it: without a buffer a file may take less at once."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _make(folder: Path) -> Sequence[Path]:
    """Those that had to be made, the innermost first."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".vlmock-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        _remove_empty(made)
        if isinstance(error, FileExistsError | NotADirectoryError):
            raise CannotRecord(f"{folder} cannot hold a recording: a file is in the way; name a folder") from error
        raise _cannot(folder, error) from error
    return made


def _remove_empty(folders: Iterable[Path]) -> None:
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _taken(path: Path) -> CannotRecord:
    return CannotRecord(
        f"{path} holds a recording already; remove it, or name another {'file' if path.is_file() else 'folder'}"
    )


def _cannot(path: Path, error: OSError) -> CannotRecord:
    remedy = _REMEDIES.get(error.errno or 0, "name another folder")
    return CannotRecord(f"{path} cannot be written ({error.strerror or error}); {remedy}")
