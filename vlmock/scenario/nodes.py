"""What a scenario says before anyone knows what it means: values with their places, from YAML text or Python data.

Plain words are read as YAML 1.2 reads them, like the editors do: ``user: yes`` is the text "yes" and ``12:30`` is text,
where older YAML made a boolean and 750 of them. Numbers, ``true``, ``false`` and ``null`` are what they look like.
"""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from vlmock.scenario.places import Place

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

__all__ = ["MAX_BYTES", "Node", "from_python", "from_yaml", "reads_as_text"]

MAX_BYTES = 1024 * 1024
"""A larger file is refused: it is no scenario."""
_MAX_NODES = 100_000
"""Stops aliases of aliases of aliases."""
_MAX_DEPTH = 50

Value: TypeAlias = "bool | int | float | str | list[Node] | dict[str, Node] | None"


class Node(msgspec.Struct, frozen=True):
    """A value and where it stands."""

    value: Value
    place: Place
    plain: str | None = None
    """The word as it was written, without quotes; None for anything else."""
    keys: dict[str, Place] = msgspec.field(default_factory=dict)
    """Of a mapping: where each key stands."""
    size: int = 1
    """How many values it is made of, each use of an alias counted."""

    def describe(self) -> str:
        """For complaints: ``the number 42``."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return f"the boolean {str(self.value).lower()}"
            case int() | float():
                return f"the number {self.plain or self.value}"
            case str() as text:
                return f"the text {text[:60]!r}"
            case list():
                return "a list"
            case _:
                return "a mapping"


# ---- from YAML


def from_yaml(text: str, file: str) -> Node:
    """The document in ``text``. Raises ``Complaints`` when it is not YAML, or more of it than a scenario needs."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Assembly(file).document(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        if error.problem == _UNENDING and error.context_mark:  # it began where the mistake is
            mark = error.context_mark
        raise Place(file, mark.line + 1 if mark else None).complaint(_syntax_message(error, text, mark)) from None
    except yaml.YAMLError as error:
        first_line = str(error).splitlines()[0]
        raise Place(file, _line_of_control_character(text)).complaint(f"not valid YAML: {first_line}") from None


def _syntax_message(error: Any, text: str, mark: Any) -> str:
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab in the indentation: YAML wants spaces"
    problem = error.problem or error.context or "it ends too early"
    if problem == _UNENDING and "quoted" in (error.context or ""):
        problem = "the quote that begins here never ends"
    hint = " (text that contains ': ' needs quotes)" if "mapping values are not allowed" in problem else ""
    return f"not valid YAML: {problem}{hint}"


def _line_of_control_character(text: str) -> int | None:
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


class _Open(msgspec.Struct):
    """A list or mapping whose end has not come yet."""

    place: Place
    anchor: str | None
    items: list[Node] = msgspec.field(default_factory=list)
    is_mapping: bool = False


class _Assembly:
    """Puts nodes together from the parser's events, without recursion: depth and size are bounded as they grow."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._root: Node | None = None
        self._documents = 0

    def document(self, events: "Iterator[Event]") -> Node:
        for event in events:
            self._take(event, Place(self._file, event.start_mark.line + 1 if event.start_mark else None))
        if self._root is None:
            raise Place(self._file).complaint("the file is empty: a scenario has 'turns', 'rules' or 'otherwise'")
        return self._root

    def _take(self, event: "Event", place: Place) -> None:
        match type(event).__name__:
            case "DocumentStartEvent":
                self._documents += 1
                if self._documents > 1:
                    raise place.complaint("a second document begins here; a file holds one scenario")
            case "ScalarEvent":
                self._scalar(event, place)  # type: ignore[arg-type]
            case "SequenceStartEvent" | "MappingStartEvent":
                self._begin(event, place)
            case "SequenceEndEvent" | "MappingEndEvent":
                opened = self._open.pop()
                self._add(_mapping(opened) if opened.is_mapping else _list(opened), opened.anchor)
            case "AliasEvent":
                self._alias(event.anchor, place)  # type: ignore[attr-defined]

    def _scalar(self, event: "ScalarEvent", place: Place) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise place.complaint(f"the tag {event.tag!r} has no place in a scenario")
        plain = event.tag is None and event.implicit[0]
        node = Node(_plain_value(event.value), place, event.value) if plain else Node(event.value, place)
        self._add(node, event.anchor)

    def _begin(self, event: Any, place: Place) -> None:
        if event.tag not in (None, "!"):
            raise place.complaint(f"the tag {event.tag!r} has no place in a scenario")
        if len(self._open) == _MAX_DEPTH:
            raise place.complaint(f"nested more than {_MAX_DEPTH} deep")
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(place, event.anchor, is_mapping=type(event).__name__ == "MappingStartEvent"))

    def _alias(self, anchor: str, place: Place) -> None:
        node = self._anchors.get(anchor)
        if node is None:
            inside = anchor in self._anchors
            raise place.complaint(f"the alias *{anchor} " + ("contains itself" if inside else "is not defined above"))
        self._add(node, None)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if node.size > _MAX_NODES:
            raise node.place.complaint(f"more than {_MAX_NODES} values")
        if self._open:
            self._open[-1].items.append(node)
        else:
            self._root = node


def _list(opened: _Open) -> Node:
    return Node(opened.items, opened.place, size=1 + sum(item.size for item in opened.items))


def _mapping(opened: _Open) -> Node:
    entries: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in zip(opened.items[::2], opened.items[1::2], strict=True):
        if isinstance(key.value, list | dict):
            raise key.place.complaint(f"a key must be text, got {key.describe()}")
        name = key.plain if key.plain is not None else str(key.value)
        if name in entries:
            raise key.place.complaint(f"key {name!r} stands here twice (first in line {keys[name].line})")
        entries[name], keys[name] = value, key.place
    return Node(entries, opened.place, keys=keys, size=1 + sum(item.size for item in opened.items))


_UNENDING = "found unexpected end of stream"
"""So the library says it, of a quote."""
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _plain_value(written: str) -> bool | int | float | str | None:
    """The core schema of YAML 1.2, less what JSON has no word for (infinity, octal, hexadecimal): that is text."""
    if written in _WORDS:
        return _WORDS[written]
    if _INTEGER.fullmatch(written):
        return int(written)
    if _FLOAT.fullmatch(written) and isfinite(number := float(written)):
        return number
    return written


def reads_as_text(word: str) -> bool:
    """Whether a word without quotes is text, and no number, boolean or null."""
    return isinstance(_plain_value(word), str)


# ---- from Python


def from_python(value: object, place: str = "scenario") -> Node:
    """Plain data as nodes; a compiled regular expression stands for ``/…/``, a path for its text.

    Raises ``Complaints`` when something in it has no counterpart in a file.
    """
    return _from_python(value, place, "", 0)


def _from_python(value: object, root: str, path: str, depth: int) -> Node:
    place = Place(path or root)
    if depth > _MAX_DEPTH:
        raise place.complaint(f"nested more than {_MAX_DEPTH} deep")
    match value:
        case None | bool() | int() | float() | str():
            if isinstance(value, float) and not isfinite(value):
                raise place.complaint(f"{value} has no counterpart in JSON")
            return Node(value, place)
        case PurePath():
            return Node(str(value), place)
        case re.Pattern():
            return Node(_slashed(value), place)
        case Mapping():
            return _python_mapping(value, root, path, depth, place)
        case list() | tuple():
            return Node([_from_python(item, root, f"{path}[{n}]", depth + 1) for n, item in enumerate(value)], place)
    raise place.complaint(f"expected text, numbers, lists and mappings, got a {type(value).__name__}")


def _python_mapping(value: Mapping[Any, Any], root: str, path: str, depth: int, place: Place) -> Node:
    if odd := [key for key in value if not isinstance(key, str)]:
        raise place.complaint(f"a key must be text, got {odd[0]!r}")
    inner = {key: f"{path}.{key}" if path else key for key in value}
    entries = {key: _from_python(item, root, inner[key], depth + 1) for key, item in value.items()}
    return Node(entries, place, keys=dict.fromkeys(value, place))


def _slashed(pattern: re.Pattern[Any]) -> str:
    flags = {re.IGNORECASE: "i", re.DOTALL: "s", re.MULTILINE: "m", re.VERBOSE: "x"}
    return f"/{pattern.pattern}/" + "".join(letter for flag, letter in flags.items() if pattern.flags & flag)
