"""What was said on every connection, in memory, for assertions.

The server's thread writes, any other thread reads. Memory is bounded: when the journal is full, the connection that
holds most loses the audio of its oldest events first, then those events; ``Journal.lost`` counts what went.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec

from vlmock.errors import JournalTimeout, ServerError, did_you_mean
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.server.arrivals import Arrivals
from vlmock.server.connection_journal import (
    ConnectionJournal,
    Ended,
    Facts,
    Lost,
    TurnedAway,
    dialled_url,
    serve_head,
)
from vlmock.server.journal_entry import ARROWS, Entry, Source
from vlmock.session.effects import Remark

if TYPE_CHECKING:
    from websockets.http11 import Request, Response

    from vlmock.server.recording_thread import RecordingThread

__all__ = ["ConnectionJournal", "Ended", "Facts", "Journal", "Lost", "TurnedAway", "not_open"]

_REMEMBERED: Final = 1000
"""So many connections are kept; of more, those that closed first are forgotten."""

T = TypeVar("T")

EventType: TypeAlias = str | type[msgspec.Struct]
"""A type as on the wire, or the class of the event."""


class Journal:
    """What was said on every connection of a server.

    Where a method takes ``type``, it is a type as on the wire (``"session.update"``), the class of the event, or None
    for all; ``connection`` is a number counting from 1, or None for all. A frame that is no event has the type
    ``"(invalid)"``.
    """

    def __init__(self, *, max_bytes: int = 256 * 1024 * 1024, log: Callable[[Entry], None] | None = None) -> None:
        """``log`` is given each entry, in the server's thread."""
        self.recordings: RecordingThread | None = None
        """Writes down each connection as it goes, whatever is kept here."""
        self.lost = Lost()
        self._max_bytes = max_bytes
        self._weight = 0
        self._log = log
        self._connections: dict[int, ConnectionJournal] = {}
        self._numbers = count(1)
        self._pushed = count(1)
        self._arrivals = Arrivals()
        self.turned_away: deque[TurnedAway] = deque(maxlen=_REMEMBERED)
        """Handshakes that were refused, the latest of them."""

    def __repr__(self) -> str:
        """What clients sent, and how much came back: below an assertion it says what there was instead."""
        connections = len(self._connections)
        if not connections:
            return "<Journal: nobody has connected>"
        entries = self.entries()
        sent = _counted(entry for entry in entries if entry.source == "client")
        answered = sum(entry.source == "server" for entry in entries)
        some = "connection" if connections == 1 else "connections"
        events = "event" if answered == 1 else "events"
        return f"<Journal: {connections} {some}; {sent or '→ nothing'}; {answered} {events} ←>"

    # ---- what a test reads

    @property
    def parts(self) -> list[ConnectionJournal]:
        """Each connection's part, in order."""
        return self._parts(None)

    def entries(self, connection: int | None = None) -> list[Entry]:
        """Everything in order, both directions. With all connections: one after the other."""
        return [entry for part in self._parts(connection) for entry in part.entries]

    def client_events(self, type: EventType | None = None, *, connection: int | None = None) -> list[Any]:
        """The events that clients sent, in order, as the classes of ``vlmock.protocol``.

        Raises ValueError for a type that none had and that looks like a misspelt one.
        """
        return self._events(type, "client", connection)

    def server_events(self, type: EventType | None = None, *, connection: int | None = None) -> list[Any]:
        """The events that clients were sent, in order. One that a scenario wrote by hand is a dict.

        Raises ValueError as ``client_events`` does.
        """
        return self._events(type, "server", connection)

    def remarks(self, *, connection: int | None = None) -> list[Remark]:
        """What vlmock had to say and did not send: hints about what was refused, what a lenient server let through,
        what speech was recognised as, and what of a scenario could not be sent in this api-version."""
        return [entry.event for entry in self.entries(connection) if isinstance(entry.event, Remark)]

    @property
    def connections(self) -> list[JsonObject]:
        """Facts about each connection: path, model, scenario, how it ended, …"""
        return [part.summary() for part in self._parts(None)]

    def wait_for(
        self,
        type: EventType,
        *,
        source: Source | None = None,
        timeout: float = 5.0,
        count: int = 1,
        connection: int | None = None,
    ) -> Any:
        """The event of that type, as soon as it has come; with ``count`` the so-manieth. What came before counts.

        ``timeout`` is in seconds. Raises JournalTimeout, which lists what came instead.
        """
        entry = self._arrivals.wait(lambda: self._nth(count, type, source, connection), timeout)
        return self._arrived(entry, _tag(type), timeout, connection).event

    async def wait_for_async(
        self,
        type: EventType,
        *,
        source: Source | None = None,
        timeout: float = 5.0,  # noqa: ASYNC109 - the same parameters as wait_for
        count: int = 1,
        connection: int | None = None,
    ) -> Any:
        """The same for asyncio."""
        entry = await self._arrivals.wait_async(lambda: self._nth(count, type, source, connection), timeout)
        return self._arrived(entry, _tag(type), timeout, connection).event

    def wait_for_close(self, *, connection: int | None = None, timeout: float = 5.0) -> Ended:
        """How a connection ended, as soon as it has; None: the latest. Raises JournalTimeout."""

        def look() -> Ended | None:
            parts = self._parts(connection)
            return parts[-1].ended if parts else None

        return self._arrived(self._arrivals.wait(look, timeout), None, timeout, connection)

    def push(self, event: Mapping[str, Any] | ServerEvent, connection: int | None = None) -> None:
        """Send the client any server event, an ``event_id`` added where it has none. None: the latest connection.

        Raises ServerError when that connection is not open.
        """
        parts = [part for part in self._parts(connection) if part.send is not None]
        send = parts[-1].send if parts else None
        if send is None:
            which = "no connection" if connection is None else f"connection {connection} is not"
            raise ServerError(f"nothing can be pushed: {which} open")
        event_id = f"event_pushed{next(self._pushed):010}"
        if isinstance(event, ServerEvent):
            send(event if event.event_id else msgspec.structs.replace(event, event_id=event_id))
        else:
            send({"event_id": event_id, **event})

    def remark(self, remark: Remark, connection: int | None, now: float) -> None:
        """Note what somebody outside has to say about an open connection; None: the latest. In the server's thread.

        Raises ServerError when it is not open.
        """
        parts = [part for part in self._parts(connection) if part.ended is None]
        if not parts:
            raise not_open(connection)
        parts[-1].remark(remark, now)

    def save(self, path: str | Path, *, redact: Iterable[str] = (), redact_audio: bool = False) -> Path:
        """Write everything as recordings, one for each connection, into a folder or, where the path ends in ``.zip``,
        a zip file. Returns the path.

        Secrets are ``***``, and so is what the regular expressions ``redact`` match; ``redact_audio`` keeps timing and
        loudness of the sound, not the voices. Members stand in the order of our types; ``vlmock.serve(record=…)`` has
        them as they came. Raises RecordingError when there are recordings already, when nobody has connected, or when
        nothing can be written.
        """
        from vlmock.server.journal_recording import save

        return save(self._parts(None), path, redact=redact, redact_audio=redact_audio)

    def told(self, text: str) -> str:
        """A text for people: what is not recorded is not shown either."""
        return text if self.recordings is None else self.recordings.redaction.text(text)

    def as_json(self, *, connection: int | None = None, last: int) -> JsonObject:
        """The latest ``last`` events, by connection, audio as lengths."""
        room = last
        parts = []
        for part in reversed(self._parts(connection)):
            everything = part.entries
            entries = everything[-room:] if room else []
            room -= len(entries)
            summary = part.summary() | {"omitted": len(everything) - len(entries)}
            parts.append(summary | {"journal": [_as_json(entry) for entry in entries]})
        return {"lost": msgspec.structs.asdict(self.lost), "connections": parts[::-1]}

    # ---- what the server writes

    def open_connection(self, facts: Facts, started: float) -> ConnectionJournal:
        """A connection has been opened at ``started`` of the server's clock."""
        part = ConnectionJournal(self, next(self._numbers), facts, started)
        self._connections[part.number] = part
        if len(self._connections) > _REMEMBERED:
            self._forget_one()
        return part

    def record_refusal(self, request: "Request", response: "Response", unix_time: float, *, encrypted: bool) -> None:
        """Write down a handshake that was answered with this, if the server's connections are recorded."""
        if self.recordings is None:
            return
        fields = request.headers
        head = serve_head(
            unix_time,
            dialled_url(fields.get("Host", ""), request.path, encrypted=encrypted),
            fields.raw_items(),
            status=response.status_code,
            response_headers=list(response.headers.raw_items()),
            body=bytes(response.body).decode(errors="replace"),
        )
        self.recordings.wait_for_room()
        self.recordings.refused(head)

    @property
    def open_connections(self) -> int:
        """How many have not ended."""
        return sum(1 for part in self._parts(None) if part.ended is None)

    def _make_room(self) -> None:
        """More than is needed now: finding out who holds most takes time when there are many."""
        enough = self._max_bytes * 99 // 100
        while self._weight > enough:
            heaviest = max(self._connections.values(), key=lambda part: part.weight)
            self._weight -= heaviest.shed(self._weight - enough, self.lost)

    def _forget_one(self) -> None:
        for part in self._parts(None):
            if part.ended is not None:
                del self._connections[part.number]
                self._weight -= part.weight
                self.lost.connections += 1
                return

    # ---- finding

    def _parts(self, connection: int | None) -> list[ConnectionJournal]:
        if connection is None:
            return list(self._connections.values())
        part = self._connections.get(connection)
        return [part] if part is not None else []

    def _found(self, type: EventType | None, source: Source | None, connection: int | None) -> list[Entry]:
        wanted = None if type is None else _tag(type)
        return [
            entry
            for entry in self.entries(connection)
            if (source is None or entry.source == source) and (wanted is None or entry.type == wanted)
        ]

    def _events(self, type: EventType | None, source: Source, connection: int | None) -> list[Any]:
        found = self._found(type, source, connection)
        if not found and isinstance(type, str) and (doubt := _doubt(type, self.entries(connection))):
            raise ValueError(f"no event is called {type!r}{doubt}")
        return [entry.event for entry in found]

    def _nth(self, count: int, type: EventType, source: Source | None, connection: int | None) -> Entry | None:
        found = self._found(type, source, connection)
        return found[count - 1] if len(found) >= count else None

    def _arrived(self, found: T | None, type: str | None, timeout: float, connection: int | None) -> T:
        """``type``: None for the end of the connection."""
        if found is None:
            entries = self.entries(connection)
            wanted = "the end of the connection" if type is None else f"{type}{_doubt(type, entries)}"
            raise JournalTimeout(f"waited {timeout:g} s for {wanted}; what came: {_counted(entries) or 'nothing'}")
        return found


def not_open(connection: int | None) -> ServerError:
    """For who says something about a client that is not there; None: about the latest."""
    which = "no connection" if connection is None else f"connection {connection} is not"
    return ServerError(f"nothing can be said about a client: {which} open")


def _counted(entries: Iterable[Entry]) -> str:
    """Types with arrows, in the order in which they first came."""
    came = Counter(f"{ARROWS[entry.source]} {entry.type}" for entry in entries)
    return ", ".join(f"{event} ({times} times)" if times > 1 else event for event, times in came.items())


def _doubt(type: str, entries: Iterable[Entry]) -> str:
    """What a type that nobody has heard of may have been meant to be, in brackets."""
    from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS

    known = {*CLIENT_EVENTS, *OTHER_CLIENT_EVENTS, *SERVER_EVENTS, *OTHER_SERVER_EVENTS}
    known.update(entry.type for entry in entries)
    return "" if type in known else did_you_mean(type, known)


def _tag(type: EventType) -> str:
    return type if isinstance(type, str) else str(type.__struct_config__.tag)


def _as_json(entry: Entry) -> JsonObject:
    return {
        "connection": entry.connection,
        "at": round(entry.at, 4),
        "source": entry.source,
        "type": entry.type,
        "event": entry.shown(),
    }
