"""The files that a run leaves behind."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from vlclient.checks.report.junit import junit
from vlclient.checks.report.pages import pages
from vlclient.checks.report.record import Record
from vlclient.checks.verdicts import Outcome
from vlclient.errors import ConfigurationError

__all__ = ["Files", "write_all"]


class Files(msgspec.Struct, frozen=True):
    """Where to write what; None: not at all."""

    json: Path | None = None
    junit: Path | None = None
    pages: Path | None = None
    """A folder, which is made."""

    def check(self) -> None:
        """Raise ConfigurationError now, and not after all has been tried, where something cannot be written."""
        if self.json is not None and self.junit is not None and self.json.resolve() == self.junit.resolve():
            raise ConfigurationError(f"two reports cannot be written to {self.json}: name another file for one of them")
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
        found = pages(record, outcomes) if self.pages is not None else ()
        folder = self.pages or Path()
        write_all(
            [
                (self.json, record.encoded),
                (self.junit, lambda: junit(record)),
                *((folder / name, text.encode) for name, text in found),
            ]
        )


def write_all(reports: Iterable[tuple[Path | None, Callable[[], bytes]]]) -> None:
    """Write each where it is wanted. Raises ConfigurationError for the first that cannot be written, when all have been
    tried."""
    failed: ConfigurationError | None = None
    for path, contents in reports:
        try:
            if path is not None:
                path.write_bytes(contents())
        except OSError as error:
            failed = failed or ConfigurationError(f"{path} cannot be written ({error.strerror or error})")
    if failed is not None:
        raise failed
