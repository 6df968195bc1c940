"""A server that is right in all but one thing: what is read from the emulator is changed on its way to a check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import msgspec
import pytest

from vlclient.checks import wire as wires
from vlclient.checks.wire import Closed, Event, Wire

Change = Callable[[Event], Event]

LOST: Final = Event(type="(lost)")


class Lie(msgspec.Struct, frozen=True):
    """What is said in place of the truth."""

    change: Change = lambda event: event
    """Made of each event."""
    repeated: str = ""
    """The last event of this type comes once more, late; one is made where there was none."""
    close_code: int | None = None
    """In place of the code with which a connection really ended."""
    deaf: bool = False
    """Frames of bytes are not heard."""


_TRUTH: Final = Lie()
TOLD: ContextVar[Lie] = ContextVar("told", default=_TRUTH)
_HEARD: ContextVar[list[Event]] = ContextVar("heard")


def says(type: str, path: str, value: object) -> Lie:
    """Events of this type have another value there; a callable makes one each time."""

    def change(event: Event) -> Event:
        if event["type"] == type:
            *parents, last = path.split(".")
            place: Any = event
            for name in parents:
                place = place[int(name)] if isinstance(place, list) else place.get(name)
                if not place:
                    return event
            place[int(last) if isinstance(place, list) else last] = value() if callable(value) else value
        return event

    return Lie(change)


def lacks(type: str, member: str) -> Lie:
    """Events of this type have no such member, at any depth."""

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(inner) for inner in value]
        if isinstance(value, Event):
            return Event({name: without(inner) for name, inner in value.items() if name != member})
        return value

    return Lie(lambda event: without(event) if event["type"] == type else event)


def loses(type: str) -> Lie:
    """Events of this type do not come."""
    return Lie(lambda event: LOST if event["type"] == type else event)


def calls(type: str, other: str) -> Lie:
    """Events of this type have another name."""
    return Lie(lambda event: Event({**event, "type": other}) if event["type"] == type else event)


def accepts(type: str) -> Lie:
    """What is refused seems to be accepted: in place of each error there is an event of this type."""
    return Lie(lambda event: Event(type=type) if event["type"] == "error" else event)


def refuses(type: str) -> Lie:
    """What is accepted seems to be refused."""
    error = Event(message="No.", type="invalid_request_error", code=None, param=None, event_id=None)
    return Lie(lambda event: Event(type="error", error=error) if event["type"] == type else event)


def one_name(prefix: str) -> Lie:
    """All ids that begin so are the same one."""

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        if isinstance(value, Event):
            return Event({name: renamed(inner) for name, inner in value.items()})
        return f"{prefix}same" if isinstance(value, str) and value.startswith(prefix) else value

    return Lie(lambda event: renamed(event))


@contextmanager
def lying() -> Iterator[None]:
    """Whoever sets ``TOLD`` in here is told that."""
    with pytest.MonkeyPatch.context() as patch:
        _bend(patch)
        yield


def _bend(patch: pytest.MonkeyPatch) -> None:
    read, closed, watch, send = wires._read, Wire._closed, Wire.for_a_while, Wire.send_bytes

    def bent_read(message: str | bytes) -> Any:
        body = read(message)
        if not isinstance(body, Event):
            return body
        said = TOLD.get().change(body)
        _heard().append(said)
        return said

    def bent_closed(self: Wire) -> Closed:
        truth, code = closed(self), TOLD.get().close_code
        return truth if code is None else Closed(code, truth.reason)

    async def bent_watch(self: Wire, seconds: float | None = None) -> list[Event]:
        came, type = await watch(self, seconds), TOLD.get().repeated
        if type:
            came.append(next((event for event in reversed(_heard()) if event["type"] == type), Event(type=type)))
        return came

    async def bent_send(self: Wire, frame: bytes, *, as_text: bool = False) -> int:
        return 0 if TOLD.get().deaf else await send(self, frame, as_text=as_text)

    patch.setattr(wires, "_read", bent_read)
    patch.setattr(Wire, "_closed", bent_closed)
    patch.setattr(Wire, "for_a_while", bent_watch)
    patch.setattr(Wire, "send_bytes", bent_send)


def _heard() -> list[Event]:
    """By the check that is being tried."""
    try:
        return _HEARD.get()
    except LookupError:
        _HEARD.set([])
        return _HEARD.get()
