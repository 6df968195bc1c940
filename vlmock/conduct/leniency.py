"""Server events that are kept as JSON: written by hand, worded in another dialect, recorded."""

from typing import Any, Final, cast

import msgspec

from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.wire import JsonObject, ServerEvent

__all__ = ["server_event"]

_SERVER_TYPES: Final = cast(dict[str, type[ServerEvent]], SERVER_EVENTS | OTHER_SERVER_EVENTS)


def server_event(raw: JsonObject) -> ServerEvent | UnknownServerEvent:
    """The event, without those members that cannot be read; unknown where too little is left of it."""
    wire_type = str(raw.get("type", ""))
    known = _SERVER_TYPES.get(wire_type)
    if known is not None:
        try:
            return cast(ServerEvent, _converted(raw, known))
        except msgspec.ValidationError:
            pass
    return UnknownServerEvent(wire_type, None, raw)


def _converted(raw: Any, annotation: Any) -> Any:
    """Raises ValidationError when it is no object, or a member that has to be there cannot be read."""
    try:
        return msgspec.convert(raw, annotation)
    except msgspec.ValidationError:
        fields = _fields(annotation)
        if not isinstance(raw, dict) or not fields:
            raise
    read: dict[str, Any] = {}
    for field in fields:
        if field.encode_name in raw:
            try:
                read[field.name] = _converted(raw[field.encode_name], field.type)
            except msgspec.ValidationError:
                if field.required:
                    raise
    return annotation(**read)


def _fields(annotation: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    is_struct = isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)
    return msgspec.structs.fields(annotation) if is_struct else ()
