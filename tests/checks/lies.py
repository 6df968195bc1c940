"""What a wrong server can say in place of the truth: lies, told by the type of an event and a member of it."""

import base64
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import partial
from itertools import count
from typing import Any

from websockets.frames import Close
from websockets.http11 import Request

from tests.checks.wrong_server import Door, Event, Fault, Lie

__all__ = [
    "accepts",
    "acknowledges",
    "at_the_door",
    "broken_off",
    "calls",
    "changes",
    "deaf",
    "followed",
    "goodbye",
    "hangs_up",
    "ignores",
    "in_binary_frames",
    "lacks",
    "later",
    "loses",
    "mishears",
    "one_name",
    "open_to_all",
    "refuses",
    "says",
    "shut_to",
    "sounds",
    "takes_at_most",
    "twice",
    "withholds",
]

Change = Callable[[Event], Iterable[Event | Close]]

_numbers = count(1)


class _Changed(Fault):
    """Something else comes in the place of some events."""

    def __init__(self, types: tuple[str, ...], change: Change) -> None:
        self._types, self._change = types, change

    def to_client(self, event: Event) -> Iterable[Event | Close]:
        return self._change(event) if not self._types or event["type"] in self._types else (event,)


def changes(*types: str, by: Change) -> Lie:
    """``by`` makes what comes in the place of each event of these types, or of all."""
    return Lie(partial(_Changed, types, by))


def says(type: str, path: str, value: object) -> Lie:
    """Events of this type have another value there; a callable makes one each time."""

    def said(event: Event) -> Iterable[Event]:
        yield _with(event, path.split("."), value() if callable(value) else value)

    return changes(type, by=said)


def _with(event: Event, path: list[str], value: object) -> Event:
    """The event with this value there; where there is no such place, as it is."""
    event = deepcopy(event)
    *parents, last = path
    place: Any = event
    for name in parents:
        place = _in(place, name)
        if not place:
            return event
    place[int(last) if isinstance(place, list) else last] = value
    return event


def _in(place: Any, name: str) -> Any:
    if isinstance(place, list):
        return place[int(name)] if int(name) < len(place) else None
    return place.get(name)


def lacks(type: str, member: str) -> Lie:
    """Events of this type have no such member, at any depth."""

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(inner) for inner in value]
        if isinstance(value, dict):
            return {name: without(inner) for name, inner in value.items() if name != member}
        return value

    return changes(type, by=lambda event: [without(event)])


def loses(*types: str) -> Lie:
    """Events of these types do not come."""
    return changes(*types, by=lambda event: ())


def calls(type: str, other: str) -> Lie:
    """Events of this type have another name."""
    return changes(type, by=lambda event: [{**event, "type": other}])


def twice(*types: str) -> Lie:
    """Events of these types come two times."""
    return changes(*types, by=lambda event: [event, {**event, "event_id": _another_id()}])


def accepts(type: str, *, code: str | None = None, **members: Any) -> Lie:
    """What is refused seems to be accepted: in place of each error, of this code if one is given, there is an event of
    this type."""

    def is_meant(event: Event) -> bool:
        return code is None or event["error"]["code"] == code

    return changes("error", by=lambda event: [_made(type, **members) if is_meant(event) else event])


def refuses(type: str, *, where: Callable[[Event], bool] = lambda event: True) -> Lie:
    """What is accepted seems to be refused: in place of such an event ``where`` this holds there is an
    error."""
    error = {"message": "No.", "type": "invalid_request_error", "code": None, "param": None, "event_id": None}
    return changes(type, by=lambda event: [_made("error", error=error) if where(event) else event])


def one_name(prefix: str) -> Lie:
    """All ids that begin so are the same one."""

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        if isinstance(value, dict):
            return {name: renamed(inner) for name, inner in value.items()}
        return f"{prefix}same" if isinstance(value, str) and value.startswith(prefix) else value

    return changes(by=lambda event: [renamed(event)])


def sounds(change: Callable[[bytes], bytes]) -> Lie:
    """What the assistant says is made of other bytes."""

    def changed(event: Event) -> Iterable[Event]:
        yield {**event, "delta": base64.b64encode(change(base64.b64decode(event["delta"]))).decode()}

    return changes("response.audio.delta", by=changed)


def broken_off(*types: str) -> Lie:
    """JSON that events of these types have in ``arguments`` or ``delta`` lacks its last brace, at any depth."""

    def cut(value: Any) -> Any:
        if isinstance(value, list):
            return [cut(inner) for inner in value]
        if isinstance(value, dict):
            return {
                name: _cut(inner) if name in ("arguments", "delta") else cut(inner) for name, inner in value.items()
            }
        return value

    return changes(*types, by=lambda event: [cut(event)])


def _cut(text: Any) -> Any:
    return text[:-1] if str(text).endswith("}") else text


class _Followed(Fault):
    """After events of one type comes one of another: the last of those once more, where there was one."""

    def __init__(self, type: str, other: str, members: Event) -> None:
        self._type, self._other = type, other
        self._last = _made(other, **members)

    def to_client(self, event: Event) -> Iterable[Event]:
        yield event
        if event["type"] == self._other:
            self._last = event
        if event["type"] == self._type:
            yield {**self._last, "event_id": _another_id()}


def followed(type: str, other: str, **members: Any) -> Lie:
    """After each event of this type comes one that should not."""
    return Lie(partial(_Followed, type, other, members))


class _Withheld(Fault):
    """An event comes late."""

    def __init__(self, type: str, until: str) -> None:
        self._type, self._until = type, until
        self._kept: list[Event] = []

    def to_client(self, event: Event) -> Iterable[Event]:
        if event["type"] == self._type:
            self._kept.append(event)
            return
        yield event
        if event["type"] == self._until:
            yield from self._given_out()

    def answer(self, event: Event) -> Iterable[Event]:
        if event["type"] == self._until:
            yield from self._given_out()

    def _given_out(self) -> list[Event]:
        kept, self._kept = self._kept, []
        return kept


def withholds(type: str, *, until: str) -> Lie:
    """Events of this type come only after the next of another type, of the service's or of the client's."""
    return Lie(partial(_Withheld, type, until))


class _Acknowledged(Fault):
    """There is an answer to what has none."""

    def __init__(self, type: str, answer: Event | Close) -> None:
        self._type, self._answer = type, answer

    def answer(self, event: Event) -> Iterable[Event | Close]:
        if event["type"] == self._type:
            yield self._answer


def acknowledges(type: str, by: str, **members: Any) -> Lie:
    """The client's events of this type are answered at once with one of another type."""
    return Lie(partial(_Acknowledged, type, _made(by, **members)))


def hangs_up(*, on: str, code: int = 1011) -> Lie:
    """The connection ends with the client's first event of this type."""
    return Lie(partial(_Acknowledged, on, Close(code, "enough")))


class _Misheard(Fault):
    """Of what the client says something else gets through, or nothing."""

    def __init__(self, type: str, heard: tuple[Event, ...]) -> None:
        self._type, self._heard = type, heard

    def to_server(self, event: Event) -> Iterable[Event]:
        return self._heard if event["type"] == self._type else (event,)


def ignores(type: str) -> Lie:
    """The client's events of this type are not heard."""
    return Lie(partial(_Misheard, type, ()))


def mishears(type: str, other: str) -> Lie:
    """The client's events of this type are taken for others."""
    return Lie(partial(_Misheard, type, ({"type": other},)))


def _attributes(**attributes: Any) -> Lie:
    return Lie(type("_Otherwise", (Fault,), attributes))


def goodbye(code: int) -> Lie:
    """A client's close is answered with this code; 1006: not at all."""
    return _attributes(goodbye=code)


def in_binary_frames() -> Lie:
    """Where text frames belong."""
    return _attributes(binary=True)


def deaf(to: str) -> Lie:
    """To ``to bytes``, or ``to no text``."""
    return _attributes(deaf=to)


def later(lie: Lie) -> Lie:
    """The first connection is served as it should be."""
    connections = count()
    return Lie(lambda: lie.fault() if next(connections) else Fault(), lie.door)


# ---- at the door


def at_the_door(**how: Any) -> Lie:
    """See ``Door``."""
    return Lie(door=Door(**how))


def open_to_all() -> Lie:
    """Whatever is asked for is served."""
    return at_the_door(open_to_all=True)


def shut_to(word: str, status: int) -> Lie:
    """A request in whose address or headers this stands is answered with this HTTP status."""

    def refused(request: Request) -> int | None:
        return status if word in f"{request.path} {request.headers}" else None

    return at_the_door(refused=refused)


def takes_at_most(bytes: int) -> Lie:
    """A longer frame ends the connection."""
    return at_the_door(most_bytes=bytes)


def _made(type: str, **members: Any) -> Event:
    return {"type": type, "event_id": _another_id(), **members}


def _another_id() -> str:
    return f"event_made_{next(_numbers)}"
