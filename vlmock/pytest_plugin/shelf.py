"""The place of one test's recording on the disk, and how a new one takes it."""

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from vlmock.pytest_plugin.age import in_words, oldest
from vlmock.pytest_plugin.modes import Standing
from vlmock.recording.model import Recording
from vlmock.recording.reading import read

__all__ = ["Shelf", "standing"]


class Shelf:
    """Where a recording lies: a folder, or a zip file of the same name. Beside it lie one that is being made, and one
    of a test that failed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = path.with_name(f"{path.name}.zip")
        self.unfinished = path.with_name(f"{path.name}.unfinished")
        """Where a new one is made."""
        self.failed = path.with_name(f"{path.name}.failed")
        """Where it goes when the test has failed: for a person to look at; nothing reads it."""
        self._before = path.with_name(f"{path.name}.before")

    @property
    def is_used(self) -> bool:
        """Whether something lies there."""
        return self.path.exists() or self._zip.exists()

    def recordings(self) -> list[Recording]:
        """What lies there, one recording for each connection; none when there is nothing. Raises RecordingError."""
        if not self.path.exists() and self._before.exists():
            self._before.rename(self.path)  # the program died between the two steps of ``keep``
        if self.path.is_dir() and not any(self.path.iterdir()):
            return []
        found = next((path for path in (self.path, self._zip) if path.exists()), None)
        return read(found) if found is not None else []

    def clear(self) -> Path:
        """Make room for a new one; the old one stays until that is good."""
        _remove(self.unfinished)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self.unfinished

    def keep(self) -> None:
        """The new one is good: it takes the old one's place, also when nothing was said in it."""
        self.unfinished.mkdir(exist_ok=True)
        _remove(self._before)
        if self.path.exists():
            self.path.rename(self._before)
        self.unfinished.rename(self.path)
        for leftover in (self._before, self._zip, self.failed):
            _remove(leftover)

    def reject(self) -> None:
        """The new one is not good: the old one stays."""
        _remove(self.failed)
        if self.unfinished.is_dir() and any(self.unfinished.iterdir()):
            self.unfinished.rename(self.failed)
        else:
            _remove(self.unfinished)


def standing(recordings: Sequence[Recording], lifetime: timedelta | None, now: datetime) -> tuple[Standing, str]:
    """Whether a recording may still be used at this time, and in words why not."""
    if not recordings:
        return "absent", "there is no recording of it"
    if lifetime is None:
        return "good", ""
    made = oldest(recording.head.recorded or recording.head.started for recording in recordings)
    if made is None:
        return "expired", "its recording does not say when it was made, so it may be too old"
    if now - made <= lifetime:
        return "good", ""
    return (
        "expired",
        f"its recording of {made:%Y-%m-%d} is {in_words(now - made)} old and good for {in_words(lifetime)}",
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
