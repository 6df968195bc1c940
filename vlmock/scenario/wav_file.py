"""WAV files that a scenario names, read into samples."""

from pathlib import Path

from vlmock.errors import SpeechError
from vlmock.protocol.wav import Sound, parse_wav

__all__ = ["Sound", "read_wav"]


def read_wav(path: Path) -> Sound:
    """The sound of a WAV file, all channels mixed into one. Raises SpeechError, which names the file and the reason."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpeechError(f"cannot read the sound file {path}: {error.strerror or error}") from error
    except ValueError as error:  # a null byte in the name
        raise SpeechError(f"cannot read the sound file {str(path)!r}: {error}") from error
    try:
        return parse_wav(data)
    except ValueError as error:
        raise SpeechError(f"cannot use the sound file {path}: {error}") from None
