"""What is wrong with a client's frame, found out after the fact and told precisely enough to refuse it.

The types are open, so this is where strictness lives: ``unknown_members`` compares an event as it came with the type
that it became. Everything else is msgspec's own complaint, put into our words.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, TypeAlias, Union, cast, get_args, get_origin

import msgspec

from vlmock.protocol.wire import ClientEvent

__all__ = ["InvalidEvent", "Kind", "enumerate_in_prose", "explain", "in_short", "kind_of_json", "unknown_members"]

Kind: TypeAlias = Literal[
    "invalid_json",
    "not_an_object",
    "missing_type",
    "unknown_type",
    "unknown_member",
    "wrong_type",
    "missing_member",
    "invalid_value",
    "invalid_base64",
]


class InvalidEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A frame from a client that is no event. ``expected`` and ``got`` complete "should be …, got …"."""

    kind: Kind
    path: str = ""
    """The member at fault, as in ``session.tools[0].name``; "" for the event as a whole."""
    expected: str = ""
    got: str = ""
    event_type: str | None = None
    """As the client wrote it, wherever the frame is an object."""
    event_id: str | None = None
    """As the client wrote it, wherever the frame is an object: an error repeats it."""
    allowed: tuple[str, ...] = ()
    """All values that would do, where they can be listed; of an unknown member, the names that it could have had."""
    more: tuple[str, ...] = ()
    """The other unknown members, where there are some."""
    otherwise: ClientEvent | None = None
    """The event without its unknown members, where they are all that is wrong."""


Annotation: TypeAlias = Any
"""What stands behind the colon of a member: a class, a union, a list of something."""

_NAMES: Final = {
    "int": "an integer",
    "float": "a number",
    "str": "a string",
    "bool": "a boolean",
    "null": "null",
    "array": "an array",
    "object": "an object",
    "bytes": "a base64 string",
}
_KINDS: Final[Mapping[type, str]] = {
    int: "int",
    float: "float",
    str: "str",
    bool: "bool",
    type(None): "null",
    list: "array",
    dict: "object",
}
_SHORT = 60
"""Characters."""
_STEP = r"\.(\w+)|\[(\d+|\.\.\.)\]"
_PLACE = r" - at `\$(?P<steps>[^`]*)`$"
_WRONG_TYPE = r"Expected `(?P<types>[^`]+)`, got `(?P<got>\w+)`$"
_OUT_OF_BOUNDS = r"Expected `int` (?P<sign>[<>]=) (?P<bound>-?\d+)$"
_MISSING = r"Object missing required field `(?P<name>\w+)`$"
_UNKNOWN = r"(?s)Object contains unknown field `(?P<name>.*)`$"


def explain(error: msgspec.ValidationError, raw: dict[str, Any], event_class: type[msgspec.Struct]) -> InvalidEvent:
    """Why ``raw`` could not become an ``event_class``."""
    message = str(error)
    place = re.search(_PLACE, message)
    steps = place["steps"] if place else ""
    complaint = message[: place.start()] if place else message
    if found := re.match(_MISSING, complaint):
        path, _, annotation = _walk(raw, event_class, steps)
        allowed = _tags(annotation) if found["name"] == "type" else ()
        expected = enumerate_in_prose(allowed) or "a value"
        return InvalidEvent(
            kind="missing_member", path=_join(path, found["name"]), expected=expected, got="nothing", allowed=allowed
        )
    if found := re.match(_UNKNOWN, complaint):
        path, value, _ = _walk(raw, event_class, steps)
        unexpected = value.get(found["name"]) if isinstance(value, dict) else None
        return _unexpected(_join(path, found["name"]), unexpected, event_class)
    path, value, _ = _walk(raw, event_class, steps)
    if complaint.startswith("Invalid value"):
        allowed = _tags(_walk(raw, event_class, steps.rpartition(".")[0])[2])
        expected = enumerate_in_prose(allowed)
        return InvalidEvent(kind="invalid_value", path=path, expected=expected, got=in_short(value), allowed=allowed)
    if complaint.startswith("Invalid base64"):
        return InvalidEvent(kind="invalid_base64", path=path, expected="base64", got="something else")
    if found := re.match(_WRONG_TYPE, complaint):
        expected = _either([_NAMES.get(name, name) for name in found["types"].split(" | ")])
        return InvalidEvent(kind="wrong_type", path=path, expected=expected, got=_NAMES.get(found["got"], found["got"]))
    if found := re.match(_OUT_OF_BOUNDS, complaint):
        bound = f"{'at most' if found['sign'] == '<=' else 'at least'} {found['bound']}"
        return InvalidEvent(kind="invalid_value", path=path, expected=bound, got=in_short(value))
    return InvalidEvent(kind="invalid_value", path=path, expected="a valid value", got=f"this: {complaint}")


def unknown_members(raw: object, annotation: Annotation, path: str = "") -> Iterator[InvalidEvent]:
    """The members that the type lacks. ``raw`` has become such a type already, so its shape is right.

    Where the type says "any object", as it does of a tool's parameters, any member is good.
    """
    if isinstance(raw, list):
        element = _element(annotation)
        entries = ((f"{path}[{index}]", entry, element) for index, entry in enumerate(raw) if element is not None)
    elif isinstance(raw, dict) and (struct := _struct_for(raw, annotation)) is not None:
        members = _members(struct)
        for name in raw:
            if name not in members:
                yield _unexpected(_join(path, name), raw[name], struct)
        entries = ((_join(path, name), value, members[name]) for name, value in raw.items() if name in members)
    else:
        return
    for entry_path, value, inner in entries:
        if isinstance(value, dict | list):
            yield from unknown_members(value, inner, entry_path)


def enumerate_in_prose(values: Iterable[str]) -> str:
    """``'a', 'b' or 'c'``, as the service writes it. Observed {IVW}."""
    return _either([f"'{value}'" for value in values])


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _unexpected(path: str, value: object, struct: type[msgspec.Struct]) -> InvalidEvent:
    known = tuple(_members(struct))
    return InvalidEvent(kind="unknown_member", path=path, expected="nothing", got=in_short(value), allowed=known)


def in_short(value: object) -> str:
    """A JSON value for people: as it is, or what kind it is when it is large."""
    if isinstance(value, dict | list):
        return kind_of_json(value)
    text = f"'{value}'" if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def kind_of_json(value: object) -> str:
    """``an object``, ``a string`` and so on."""
    return _NAMES[_KINDS[type(value)]]


# ---- walking a raw event along its type


def _walk(raw: object, annotation: Annotation, steps: str) -> tuple[str, object, Annotation]:
    """Follows msgspec's path. Returns it in our spelling, with the value and the annotation found at its end."""
    path = ""
    for name, index in re.findall(_STEP, steps):
        if name:
            struct = _struct_for(raw, annotation)
            annotation = _members(struct).get(name) if struct else None
            raw = raw.get(name) if isinstance(raw, dict) else None
            path = _join(path, name)
        elif index == "...":
            annotation = _map_value(annotation)
            key, raw = _first_misfit(raw, annotation)
            path = _join(path, key)
        else:
            annotation = _element(annotation)
            raw = raw[int(index)] if isinstance(raw, list) else None
            path += f"[{index}]"
    return path, raw, annotation


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _first_misfit(raw: object, annotation: Annotation) -> tuple[str, object]:
    """msgspec does not say which entry of a map is wrong."""
    for key, value in raw.items() if isinstance(raw, dict) else ():
        try:
            msgspec.convert(value, annotation)
        except msgspec.ValidationError:
            return key, value
    return "", None


@cache
def _alternatives(annotation: Annotation) -> tuple[Annotation, ...]:
    return get_args(annotation) if _origin(annotation) in (Union, UnionType) else (annotation,)


@cache
def _structs(annotation: Annotation) -> Mapping[str | None, type[msgspec.Struct]]:
    """The structs that may stand there, by tag; the tag is None where there is none."""
    structs = [
        each for each in _alternatives(annotation) if isinstance(each, type) and issubclass(each, msgspec.Struct)
    ]
    return {cast(str | None, struct.__struct_config__.tag): struct for struct in structs}


def _struct_for(raw: object, annotation: Annotation) -> type[msgspec.Struct] | None:
    structs = _structs(annotation)
    if len(structs) == 1:
        return next(iter(structs.values()))
    tag = raw.get("type") if isinstance(raw, dict) else None
    return structs.get(tag) if isinstance(tag, str) else None


def _tags(annotation: Annotation) -> tuple[str, ...]:
    return tuple(tag for tag in _structs(annotation) if tag is not None)


@cache
def _members(struct: type[msgspec.Struct]) -> Mapping[str, Annotation]:
    tag = {} if struct.__struct_config__.tag is None else {"type": str}
    return tag | {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


@cache
def _element(annotation: Annotation) -> Annotation | None:
    return next((get_args(each)[0] for each in _alternatives(annotation) if _origin(each) is list), None)


@cache
def _map_value(annotation: Annotation) -> Annotation | None:
    return next((get_args(each)[1] for each in _alternatives(annotation) if _origin(each) is dict), None)


def _origin(annotation: Annotation) -> object:
    return get_origin(annotation)
