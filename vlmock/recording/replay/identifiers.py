"""Names that either side gave to things: who gave which, and what they are called this time."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.wire import JsonObject

__all__ = ["MEMBERS", "Names", "identifiers"]

MEMBERS: Final = frozenset(
    {
        "approval_request_id",
        "call_id",
        "event_id",
        "id",
        "item_id",
        "previous_item_id",
        "response_id",
        "turn_id",
    }
)
"""The members whose values are names that one side invented."""


def identifiers(value: Any) -> Iterator[str]:
    """Every name in an event, at any depth."""
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str):
                if name in MEMBERS and member:
                    yield member
            elif member is not None:
                yield from identifiers(member)
    elif isinstance(value, list):
        for entry in value:
            yield from identifiers(entry)


class Names:
    """What things of the recording are called this time. What nobody has renamed keeps its name."""

    def __init__(self) -> None:
        self._now: dict[str, str | None] = {}

    def learn(self, recorded: str, now: str | None) -> None:
        """This is called so now; None: it has no name this time."""
        if recorded != now:
            self._now[recorded] = now
        else:
            self._now.pop(recorded, None)

    def now(self, recorded: str) -> str | None:
        """What a thing of the recording is called now."""
        return self._now.get(recorded, recorded)

    def concerns(self, frame: bytes) -> bool:
        """Whether a frame of the recording names something that is called otherwise now."""
        return any(msgspec.json.encode(name) in frame or name.encode() in frame for name in self._now)

    def renamed(self, event: JsonObject) -> JsonObject:
        """The event with the names of now. What an error says about a name in its message says the new one."""
        renamed: JsonObject = _renamed(event, self._now)
        return renamed


def _renamed(value: Any, now: Mapping[str, str | None]) -> Any:
    if isinstance(value, dict):
        return {name: _member(name, member, now) for name, member in value.items()}
    return [_renamed(entry, now) for entry in value] if isinstance(value, list) else value


def _member(name: str, value: Any, now: Mapping[str, str | None]) -> Any:
    if not isinstance(value, str):
        return _renamed(value, now)
    if name in MEMBERS:
        return now.get(value, value)
    if name == "message":
        for recorded, called in now.items():
            value = value.replace(recorded, called or "")
    return value
