"""One connection's part of the journal: in memory, within bounds, and on the disk, if it is recorded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

import vlmock
from vlmock.protocol.codec import InvalidEvent, encode_deltas
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.server.journal_entry import Entry, EventOrBody, Run, Source, freed_by, is_silent, remark_line, stripped
from vlmock.session.effects import Remark

if TYPE_CHECKING:
    from vlmock.protocol.recording.lines import Head, Speaker
    from vlmock.protocol.recording.redaction import Redaction
    from vlmock.server.journal import Journal
    from vlmock.server.recording_thread import RecordingThread

__all__ = [
    "ConnectionJournal",
    "Ended",
    "Facts",
    "Lost",
    "TurnedAway",
    "dialled_url",
    "serve_head",
    "speaker_of",
]

_OVERHEAD_BYTES: Final = 256
"""What an entry and its event weigh besides their payload."""


class Lost(msgspec.Struct):
    """What the journal had to drop because it was full."""

    events: int = 0
    audio_bytes: int = 0
    connections: int = 0


class Facts(msgspec.Struct, frozen=True):
    """What is known of a connection when it opens. No secret is among it."""

    path: str
    """Path and query of its request."""
    model: str
    api_version: str
    scenario: str
    user_agent: str
    credential: str
    """``key`` or ``token``."""
    opened: float
    """Seconds since 1970."""
    encrypted: bool = False
    """wss, and not ws."""
    dialect: str = "voice-live"
    """``voice-live`` or ``openai-beta``: in that one, what the client was sent is kept as JSON where it differs."""
    recorded: bool = False
    """The service says what the client is told, now or when it was recorded, and in its own order."""
    recorded_at: str = ""
    """When the session that is replayed began, as its recording has it."""
    host: str = ""
    """As the client calls the server, with the port; empty where nobody knows."""

    @property
    def url(self) -> str:
        """What was dialled, so far as is known: ``ws://127.0.0.1:8765/voice-live/realtime?…``."""
        return dialled_url(self.host, self.path, encrypted=self.encrypted) if self.host else self.path


class Ended(msgspec.Struct, frozen=True):
    """How a connection ended."""

    code: int
    reason: str
    by: str
    """``client``, ``server`` or ``network``."""
    at: float
    """Seconds since it opened."""
    unanswered: bool = False
    """The server said goodbye, and the client did not answer it."""


class TurnedAway(msgspec.Struct, frozen=True):
    """A handshake that was refused. No secret is in it."""

    status: int
    """Of HTTP."""
    message: str
    at: float
    """Seconds since 1970."""
    same_credential: bool = False
    """The very credential that was refused the time before."""


class ConnectionJournal:
    """One connection's part of the journal."""

    def __init__(self, journal: "Journal", number: int, facts: Facts, started: float) -> None:
        self.number = number
        """Counting from 1."""
        self.facts = facts
        self.ended: Ended | None = None
        self._noted: list[Entry | Run] = []
        self.weight = 0
        self.send: Callable[[ServerEvent | JsonObject], object] | None = None
        """How to push an event to the client, from any thread; None once the connection has ended."""
        self._journal = journal
        self._started = started
        self._stripped = 0
        self.lost_events = 0
        """Dropped because the journal was full; the oldest."""
        self.redaction: Redaction | None = None
        """What is not recorded, and so not shown to people either."""
        self._recorded: _Recorded | None = None

    def record(self, target: str, headers: Iterable[tuple[str, str]]) -> None:
        """Write down everything from now on, if the server's connections are recorded. ``target``: path and query with
        all that is in them."""
        recordings = self._journal.recordings
        if recordings is not None:
            url = msgspec.structs.replace(self.facts, path=target).url
            head = serve_head(self.facts.opened, url, headers, recorded=self.facts.recorded_at)
            self._recorded, self.redaction = (
                _Recorded(recordings, head, self.number),
                recordings.redaction.knowing(head),
            )

    def note(self, source: Source, event: EventOrBody, now: float, payload_bytes: int, message: bytes = b"") -> None:
        """An event has been received or sent, as this message."""
        weight = payload_bytes + _OVERHEAD_BYTES
        kept = message if type(event) is InvalidEvent else b""
        entry = Entry(self.number, now - self._started, source, event, weight, 0, kept, self.redaction)
        if self._recorded is not None:
            self._recorded.said(source, message, entry.at)
        self._noted.append(entry)
        self.weight += weight
        journal = self._journal
        journal._weight += weight
        if journal._weight > journal._max_bytes:
            journal._make_room()
        if journal._log is not None:
            journal._log(entry)
        if journal._arrivals.awaited:
            journal._arrivals.announce()

    def remark(self, remark: Remark, now: float) -> None:
        """Something is to be said about it that nobody has sent."""
        self.note("vlmock", remark, now, len(remark.message), remark_line(remark))

    def note_deltas(self, deltas: Deltas, now: float, payload_bytes: Sequence[int]) -> None:
        """A run of deltas has been sent; they become entries when somebody asks."""
        weight = sum(payload_bytes) + len(payload_bytes) * _OVERHEAD_BYTES
        run = Run(self.number, now - self._started, deltas, payload_bytes, _OVERHEAD_BYTES, weight, self.redaction)
        if self._recorded is not None:
            for _, parts in encode_deltas(deltas):
                self._recorded.said("server", b"".join(parts), run.at)
        self._noted.append(run)
        self.weight += weight
        journal = self._journal
        journal._weight += weight
        if journal._weight > journal._max_bytes:
            journal._make_room()
        if journal._log is not None:
            for entry in run.entries():
                journal._log(entry)
        if journal._arrivals.awaited:
            journal._arrivals.announce()

    @property
    def entries(self) -> list[Entry]:
        """Everything in order, from any thread."""
        return list(_one_by_one(list(self._noted)))

    def since_opened(self, now: float) -> float:
        """An instant of the server's clock as seconds since the connection was opened."""
        return now - self._started

    def note_end(self, code: int, reason: str, by: str, now: float, *, unanswered: bool = False) -> None:
        """The connection is gone."""
        self.send = None
        self.ended = Ended(code, reason, by, now - self._started, unanswered)
        if self._recorded is not None:
            self._recorded.closed(self.ended)
        self._journal._arrivals.announce()

    def shed(self, wanted: int, lost: Lost) -> int:
        """Make room for so much, but keep half: drop audio, from the oldest on, or where there is none the oldest
        events. How much lighter that makes it."""
        before = self.weight
        enough = max(before - wanted, before // 2)
        while self.weight > enough and self._stripped < len(self._noted):
            if is_silent(self._noted[self._stripped]):
                self._stripped += 1
            else:
                self._strip_next(lost)
        if self.weight == before:
            self._drop_oldest(enough, lost)
        return before - self.weight

    def _strip_next(self, lost: Lost) -> None:
        place, noted = self._stripped, self._noted
        oldest = noted[place]
        if isinstance(oldest, Entry):
            self._strip(oldest, lost)
        elif oldest.was_read:
            noted[place : place + 1] = oldest.entries()
            return
        else:
            silent = noted[place] = oldest.stripped()
            lost.audio_bytes += sum(silent.lost_bytes)
            self.weight -= oldest.weight - silent.weight
        self._stripped += 1

    def _strip(self, entry: Entry, lost: Lost) -> None:
        event, dropped = stripped(entry.event)
        if not dropped:
            return
        entry.event = event
        entry.lost_bytes += dropped
        lost.audio_bytes += dropped
        freed = min(freed_by(dropped), entry.weight)
        entry.weight -= freed
        self.weight -= freed

    def _drop_oldest(self, enough: int, lost: Lost) -> None:
        """Whole events, now that none has audio any more."""
        place = dropped = 0
        while self.weight > enough:
            oldest = self._noted[place]
            self.weight -= oldest.weight
            dropped += 1 if isinstance(oldest, Entry) else len(oldest.payload_bytes)
            place += 1
        del self._noted[:place]
        self._stripped -= place
        self.lost_events += dropped
        lost.events += dropped

    def summary(self) -> JsonObject:
        """Facts for people."""
        facts = msgspec.structs.asdict(self.facts)
        return {
            "connection": self.number,
            **(facts if self.redaction is None else self.redaction.event(facts)),
            "events": len(self.entries),
            "ended": msgspec.structs.asdict(self.ended) if self.ended else None,
        }


class _Recorded:
    """The recording of a connection. When the disk is too far behind, this thread waits for it, and so do all."""

    def __init__(self, recordings: "RecordingThread", head: "Head", number: int) -> None:
        self._recordings = recordings
        self._recording = recordings.begin(head, number)

    def said(self, source: "Speaker", message: bytes, at: float) -> None:
        self._recordings.wait_for_room()
        self._recording.said(source, message, at)

    def closed(self, ended: Ended) -> None:
        self._recording.closed(speaker_of(ended.by), ended.code, ended.reason, ended.at)


def dialled_url(host: str, target: str, *, encrypted: bool) -> str:
    """``wss://host/path?query``."""
    return f"ws{'s' if encrypted else ''}://{host}{target}"


def serve_head(unix_time: float, url: str, headers: Iterable[tuple[str, str]], **answer: Any) -> "Head":
    """How a recording of ours begins; ``answer``: what else is known. Imported late, because hardly anybody records."""
    from vlmock.protocol.recording.lines import Head
    from vlmock.server.recording_thread import iso_time

    made_by = f"vlmock {vlmock.__version__} serve"
    return Head(made_by=made_by, started=iso_time(unix_time), url=url, request_headers=list(headers), **answer)


def speaker_of(ended_by: str) -> "Speaker":
    """Who ended a connection. When it was the network, it is the client that has gone."""
    return "server" if ended_by == "server" else "client"


def _one_by_one(noted: Sequence[Entry | Run]) -> Iterator[Entry]:
    for entry in noted:
        if isinstance(entry, Run):
            yield from entry.entries()
        else:
            yield entry
