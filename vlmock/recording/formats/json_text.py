"""JSON of other programs, with the line in what is said about a mistake in it."""

import re
from pathlib import Path
from typing import Any

import msgspec

from vlmock.errors import RecordingError

__all__ = ["decoded"]


def decoded(data: bytes, path: Path, first_line: int = 1) -> Any:
    """The value in ``data``, which begins in that line of the file. Raises ``RecordingError``."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        found = re.fullmatch(r"(.*) \(byte (\d+)\)", str(error))
        message, at = (found[1], int(found[2])) if found else (str(error), len(data))
        line = first_line + data.count(b"\n", 0, at)
        raise RecordingError(f"{path}:{line}: not valid JSON: {_plain(message)}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise RecordingError(f"{path}:{first_line}: not valid JSON: {error}") from None


def _plain(message: str) -> str:
    return message.removeprefix("JSON is malformed: ")
