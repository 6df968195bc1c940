"""Recordings that other programs made: each form is a module that knows its own and reads it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from vlmock.errors import RecordingError
from vlmock.recording.formats import har, json_lines, pydantic_ai
from vlmock.recording.model import Recording

__all__ = ["FORMS", "Form", "no_recording", "read_foreign"]

_HEAD_BYTES: Final = 64 * 1024
_OURS: Final = "a folder that `vlmock record` made, or a zip of it"


class Form(msgspec.Struct, frozen=True):
    """One way to write down a session."""

    about: str
    """For people who have a file that is none of these."""
    claims: Callable[[Path, bytes], bool]
    """Whether a file is of this form, by its path and its first 64 KiB. Cheap, and never raises."""
    read: Callable[[Path], list[Recording]]
    """One recording for each connection. Raises ``RecordingError`` with file and line."""


FORMS: Final = (
    Form("a HAR of a browser or a proxy, with _webSocketMessages", har.claims, har.read),
    Form("YAML sessions of pydantic-ai, with interactions", pydantic_ai.claims, pydantic_ai.read),
    Form('JSON Lines of {"t", "ev"} or {"direction", "event"}', json_lines.claims, json_lines.read),
)


def read_foreign(path: Path) -> list[Recording]:
    """The sessions in a file that another program wrote, one for each connection.

    Raises ``RecordingError`` with file, line and remedy, also for a file that is of no form known here.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror or error})") from None
    if head.startswith(b'{"recording":'):
        raise RecordingError(f"{path}: this is one file of a recording; name the folder that it comes from")
    form = next((form for form in FORMS if form.claims(path, head)), None)
    if form is None:
        raise no_recording(path, "this is no recording that can be read")
    return form.read(path)


def no_recording(path: Path, why: str) -> RecordingError:
    """What is wrong with it, and all forms that can be read."""
    return RecordingError(f"{path}: {why}; what can be read: {'; '.join([_OURS, *(form.about for form in FORMS)])}")
