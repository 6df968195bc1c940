"""A recording in memory, onto the disk in our own form."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vlmock.errors import RecordingError
from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder, RecordingsFolder
from vlmock.protocol.recording.lines import Speaker
from vlmock.recording.model import Recording

__all__ = ["pieces_of", "write"]


def write(recordings: Sequence[Recording], path: str | Path) -> Path:
    """Write them as a folder, or as a zip file where the path ends so; several as one folder for each connection in it.

    Raises RecordingError where something is in the way.
    """
    try:
        if len(recordings) == 1 and Path(path).suffix.lower() != ".zip":
            folder = RecordingFolder(path)
            _fill(folder, recordings[0])
            return folder.path
        folders = RecordingsFolder(path)
        for number, recording in enumerate(recordings, 1):
            _fill(folders.connection(number), recording)
        return folders.finish()
    except CannotRecord as error:
        raise RecordingError(str(error)) from error


def _fill(folder: RecordingFolder, recording: Recording) -> None:
    try:
        folder.write(pieces_of(recording))
    finally:
        folder.close()


def pieces_of(recording: Recording) -> Iterator[Piece]:
    """What has to be written, in this order."""
    left: set[str] = set()
    encoder = RecordingEncoder(recording.head, is_whole=lambda audio: audio not in left)
    yield from encoder.opened()
    for frame in recording.frames:
        message: Any = frame.binary if frame.binary is not None else frame.text
        if frame.event is not None:
            left.clear()
            left |= _texts(frame.event)
            message = msgspec.json.encode(recording.whole(frame))
        in_binary = frame.in_binary or frame.binary is not None
        yield from encoder.said(frame.source, message, frame.at, binary=in_binary)
    if recording.end is not None:
        by: Speaker = recording.ended_by or "vlmock"  # type: ignore[assignment]
        yield from encoder.closed(by, recording.end.code, recording.end.reason, recording.ended_at)


def _texts(value: Any) -> set[str]:
    """All of an event's texts: audio among them is where it was, and stays there."""
    if isinstance(value, str):
        return {value}
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for member in members for text in _texts(member)}
