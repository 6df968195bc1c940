"""A journal as recordings: what was kept in memory, written down afterwards."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

import vlmock
from vlmock.conduct.codes import LOST_EVENTS, LOST_SOUND
from vlmock.errors import RecordingError
from vlmock.protocol.recording.encoder import Piece, RecordingEncoder
from vlmock.protocol.recording.folder import CannotRecord, RecordingsFolder
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction
from vlmock.server.connection_journal import ConnectionJournal, speaker_of
from vlmock.server.journal_entry import Entry
from vlmock.server.recording_thread import iso_time

__all__ = ["save"]


def save(parts: Sequence[ConnectionJournal], path: str | Path, *, redact: Iterable[str], redact_audio: bool) -> Path:
    """As ``Journal.save``."""
    try:
        redaction = Redaction(redact)
    except ValueError as error:
        raise RecordingError(str(error)) from None
    try:
        folder = RecordingsFolder(path)
        if not parts:
            folder.finish()
            raise RecordingError(f"nothing can be saved in {path}: nobody has connected")
        for part in parts:
            recording = folder.connection(part.number)
            try:
                for pieces in _recorded(part, redaction, redact_audio):
                    recording.write(pieces)
            finally:
                recording.close()
        return folder.finish()
    except CannotRecord as error:
        raise RecordingError(str(error)) from error


def _recorded(part: ConnectionJournal, redaction: Redaction, redact_audio: bool) -> Iterator[list[Piece]]:
    facts, ended = part.facts, part.ended
    made_by, started = f"vlmock {vlmock.__version__} journal", iso_time(facts.opened)
    head = Head(made_by=made_by, started=started, recorded=facts.recorded_at, url=facts.url)
    encoder = RecordingEncoder(head, redaction=redaction, redact_audio=redact_audio)
    yield encoder.opened()
    if part.lost_events:
        yield encoder.said("vlmock", _loss(LOST_EVENTS, f"the first {part.lost_events} events are no longer kept"), 0.0)
    for entry in part.entries:
        yield _said(entry, encoder)
    if ended is not None:
        yield encoder.closed(speaker_of(ended.by), ended.code, ended.reason, ended.at)


def _said(entry: Entry, encoder: RecordingEncoder) -> list[Piece]:
    pieces = encoder.said(entry.source, entry.on_the_wire(), entry.at)
    if entry.lost_bytes:
        message = f"{entry.lost_bytes} bytes of sound are no longer kept in the event before this"
        pieces += encoder.said("vlmock", _loss(LOST_SOUND, message), entry.at)
    return pieces


def _loss(code: str, message: str) -> bytes:
    return msgspec.json.encode({"type": "(lost)", "message": message, "code": code})
