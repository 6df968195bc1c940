"""What can still be read of an event that came in a shape nobody knows.

The service adds kinds of voices, detectors and items between versions, and sends null where nobody expects it
(behaviour.md 8.1, 8). The codec hands such an event over unread. For the application that is right; but a response that
is over is over, also when the price it reports cannot be read.
"""

from collections.abc import Mapping
from typing import Any, get_origin

import msgspec

from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.wire import ServerEvent

__all__ = ["salvage"]

_CLASSES = SERVER_EVENTS | OTHER_SERVER_EVENTS
_BLANKS: dict[object, Any] = {str: "", int: 0, bytes: b"", float: 0.0}


def salvage(event: UnknownServerEvent) -> ServerEvent | None:
    """The event with its legible members; those that must be there and are not are blank. None for an unknown type."""
    kind = _CLASSES.get(event.type)
    try:
        read = None if kind is None else _legible(event.body, kind)
    except _Illegible:
        return None
    return read if isinstance(read, ServerEvent) else None


class _Illegible(Exception):
    """A member that must be there is not, and it cannot be left blank."""


def _legible(raw: Mapping[str, Any], kind: type[msgspec.Struct]) -> msgspec.Struct:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in raw:
            try:
                values[field.name] = msgspec.convert(raw[field.encode_name], field.type)
                continue
            except msgspec.ValidationError:
                pass
        if field.required:
            values[field.name] = _filled_in(raw.get(field.encode_name), field.type)
    return kind(**values)


def _filled_in(raw: object, kind: Any) -> Any:
    """What can be read of an object whose class is certain, or else a blank."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _legible(raw if isinstance(raw, dict) else {}, kind)
    blank = [] if get_origin(kind) is list else _BLANKS.get(kind)
    if blank is None:
        raise _Illegible
    return blank
