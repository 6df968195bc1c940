"""WAV files that a scenario names, read into samples."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vlmock.errors import SpeechError
from vlmock.protocol.wav import Sound, check_wav, parse_wav

__all__ = ["Sound", "check_file", "read_wav"]

T = TypeVar("T")


def read_wav(path: Path) -> Sound:
    """The sound of a WAV file, all channels mixed into one. Raises SpeechError, which names the file and the reason."""
    return _understood(path, parse_wav)


def check_file(path: Path) -> None:
    """The same errors at once, before anything has to be heard."""
    _understood(path, check_wav)


def _understood(path: Path, understand: Callable[[bytes], T]) -> T:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpeechError(f"cannot read the sound file {path}: {error.strerror or error}") from error
    except ValueError as error:  # a null byte in the name
        raise SpeechError(f"cannot read the sound file {str(path)!r}: {error}") from error
    try:
        return understand(data)
    except ValueError as error:
        raise SpeechError(f"cannot use the sound file {path}: {error}") from None
