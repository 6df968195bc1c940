"""What was said on every connection, in memory, for assertions.

The server's thread writes, any other thread reads. Memory is bounded: when the journal is full, the connection that
holds most loses the audio of its oldest events first, then those events; ``Journal.lost`` counts what went.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar, cast

import msgspec

from vlmock.errors import JournalTimeout, ServerError
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.server.arrivals import Arrivals
from vlmock.server.journal_entry import Entry, EventOrBody, Run, Source, stripped
from vlmock.session.effects import Remark

__all__ = ["ConnectionJournal", "Ended", "Facts", "Journal", "Lost"]

_OVERHEAD_BYTES: Final = 256
"""What an entry and its event weigh besides their payload."""
_REMEMBERED: Final = 1000
"""So many connections are kept; of more, those that closed first are forgotten."""

T = TypeVar("T")

EventType: TypeAlias = str | type[msgspec.Struct]
"""A type as on the wire, or the class of the event."""


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
    dialect: str = "voice-live"
    """``voice-live`` or ``openai-beta``: in that one, what the client was sent is kept as JSON where it differs."""


class Ended(msgspec.Struct, frozen=True):
    """How a connection ended."""

    code: int
    reason: str
    by: str
    """``client``, ``server`` or ``network``."""
    at: float
    """Seconds since it opened."""


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

    def note(self, source: Source, event: EventOrBody, now: float, payload_bytes: int) -> None:
        """An event has been received or sent."""
        weight = payload_bytes + _OVERHEAD_BYTES
        entry = Entry(self.number, now - self._started, source, event, weight)
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

    def note_deltas(self, deltas: Deltas, now: float, payload_bytes: Sequence[int]) -> None:
        """A run of deltas has been sent; they become entries when somebody asks."""
        run = Run(self.number, now - self._started, deltas, payload_bytes, _OVERHEAD_BYTES)
        self._noted.append(run)
        weight = sum(payload_bytes) + len(payload_bytes) * _OVERHEAD_BYTES
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

    def note_end(self, code: int, reason: str, by: str, now: float) -> None:
        """The connection is gone."""
        self.send = None
        self.ended = Ended(code, reason, by, now - self._started)
        self._journal._arrivals.announce()

    def shed(self, wanted: int, lost: Lost) -> int:
        """Make room for so much, but keep half: drop audio, from the oldest on, or where there is none the oldest
        events. How much lighter that makes it."""
        before = self.weight
        enough = max(before - wanted, before // 2)
        noted = self._noted
        while self.weight > enough and self._stripped < len(noted):
            oldest = noted[self._stripped]
            if isinstance(oldest, Run):
                noted[self._stripped : self._stripped + 1] = oldest.entries()
            else:
                self._strip(oldest, lost)
                self._stripped += 1
        if self.weight == before:
            dropped = 0
            while self.weight > enough:
                self.weight -= cast(Entry, noted[dropped]).weight  # runs were spread above
                dropped += 1
            del noted[:dropped]
            self._stripped -= dropped
            lost.events += dropped
        return before - self.weight

    def _strip(self, entry: Entry, lost: Lost) -> None:
        entry.event, dropped = stripped(entry.event)
        entry.lost_bytes += dropped
        lost.audio_bytes += dropped
        freed = min(dropped * 4 // 3, entry.weight)
        entry.weight -= freed
        self.weight -= freed

    def summary(self) -> JsonObject:
        """Facts for people."""
        return {
            "connection": self.number,
            **msgspec.structs.asdict(self.facts),
            "events": len(self.entries),
            "ended": msgspec.structs.asdict(self.ended) if self.ended else None,
        }


class Journal:
    """What was said on every connection of a server.

    Where a method takes ``type``, it is a type as on the wire (``"session.update"``), the class of the event, or None
    for all; ``connection`` is a number counting from 1, or None for all. A frame that is no event has the type
    ``"(invalid)"``.
    """

    def __init__(self, *, max_bytes: int = 256 * 1024 * 1024, log: Callable[[Entry], None] | None = None) -> None:
        """``log`` is given each entry, in the server's thread."""
        self.lost = Lost()
        self._max_bytes = max_bytes
        self._weight = 0
        self._log = log
        self._connections: dict[int, ConnectionJournal] = {}
        self._numbers = count(1)
        self._pushed = count(1)
        self._arrivals = Arrivals()

    # ---- what a test reads

    def entries(self, connection: int | None = None) -> list[Entry]:
        """Everything in order, both directions. With all connections: one after the other."""
        return [entry for part in self._parts(connection) for entry in part.entries]

    def client_events(self, type: EventType | None = None, *, connection: int | None = None) -> list[Any]:
        """The events that clients sent, in order, as the classes of ``vlmock.protocol``."""
        return [entry.event for entry in self._found(type, "client", connection)]

    def server_events(self, type: EventType | None = None, *, connection: int | None = None) -> list[Any]:
        """The events that clients were sent, in order. One that a scenario wrote by hand is a dict."""
        return [entry.event for entry in self._found(type, "server", connection)]

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

        return self._arrived(self._arrivals.wait(look, timeout), "the end of the connection", timeout, connection)

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

    def save(self, path: str | Path, *, audio: bool = False) -> Path:
        """Write everything as JSON Lines, one connection after the other. Secrets are ``***``, audio is its length
        unless ``audio``. Returns the path."""
        path = Path(path)
        with path.open("wb") as file:
            for part in self._parts(None):
                file.write(msgspec.json.encode(part.summary()) + b"\n")
                for entry in part.entries:
                    file.write(msgspec.json.encode(_as_json(entry, audio=audio)) + b"\n")
        return path

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

    def _nth(self, count: int, type: EventType, source: Source | None, connection: int | None) -> Entry | None:
        found = self._found(type, source, connection)
        return found[count - 1] if len(found) >= count else None

    def _arrived(self, found: T | None, wanted: str, timeout: float, connection: int | None) -> T:
        if found is None:
            came = Counter(f"{_ARROW[entry.source]} {entry.type}" for entry in self.entries(connection))
            listed = ", ".join(f"{event} ({times} times)" if times > 1 else event for event, times in came.items())
            raise JournalTimeout(f"waited {timeout:g} s for {wanted}; what came: {listed or 'nothing'}")
        return found


def _one_by_one(noted: Sequence[Entry | Run]) -> Iterator[Entry]:
    for entry in noted:
        if isinstance(entry, Run):
            yield from entry.entries()
        else:
            yield entry


def _tag(type: EventType) -> str:
    return type if isinstance(type, str) else str(type.__struct_config__.tag)


_ARROW: Final = {"client": "→", "server": "←", "vlmock": "!"}


def _as_json(entry: Entry, *, audio: bool = False) -> JsonObject:
    return {
        "connection": entry.connection,
        "at": round(entry.at, 4),
        "source": entry.source,
        "type": entry.type,
        "event": entry.shown(audio=audio),
    }
