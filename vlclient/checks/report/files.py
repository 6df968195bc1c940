"""The files that a run leaves behind."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vlclient.checks.report.junit import junit
from vlclient.checks.report.pages import pages
from vlclient.checks.report.record import Record
from vlclient.checks.verdicts import Outcome
from vlclient.errors import ConfigurationError

__all__ = ["Files"]


class Files(msgspec.Struct, frozen=True):
    """Where to write what; None: not at all."""

    json: Path | None = None
    junit: Path | None = None
    pages: Path | None = None
    """A folder, which is made."""

    def check(self) -> None:
        """Raise ConfigurationError now, and not after all has been tried, where something cannot be written."""
        for file in filter(None, (self.json, self.junit)):
            folder = file.absolute().parent
            if not folder.is_dir():
                raise ConfigurationError(f"{file} cannot be written: there is no folder {folder}")
            if not os.access(file if file.exists() else folder, os.W_OK):
                raise ConfigurationError(f"{file} cannot be written: permission denied")
        if self.pages is not None:
            try:
                self.pages.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"the folder {self.pages} cannot be made ({error.strerror or error})"
                ) from error

    def write(self, record: Record, outcomes: Sequence[Outcome]) -> None:
        """Write them, over what is there. Raises ConfigurationError."""
        try:
            if self.json is not None:
                self.json.write_bytes(record.encoded())
            if self.junit is not None:
                self.junit.write_bytes(junit(record))
            if self.pages is not None:
                for name, text in pages(record, outcomes):
                    (self.pages / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{error.filename} cannot be written ({error.strerror or error})") from error
