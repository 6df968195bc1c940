"""The kinds of values that a scenario is made of. Each reads itself and says in JSON Schema what it takes."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec

from vlmock.errors import did_you_mean
from vlmock.scenario.nodes import Node
from vlmock.scenario.places import Complaints, Gathering
from vlmock.scenario.templates import compile_template

__all__ = [
    "Choice",
    "Count",
    "Duration",
    "Either",
    "Flag",
    "Json",
    "Key",
    "Kind",
    "ListOf",
    "Record",
    "Share",
    "Text",
    "unknown_key",
    "word_for_failing",
]

Schema = dict[str, Any]


class Kind(Protocol):
    """What may stand somewhere."""

    def read(self, node: Node, name: str) -> Any:
        """The value in ``node``, which stands under the key ``name``. Raises ``Complaints``."""

    def schema(self, defs: Schema) -> Schema:
        """JSON Schema 2020-12; what is used more than once goes into ``defs``."""


def wrong(node: Node, name: str, expected: str, remedy: str = "") -> Complaints:
    """``say: expected text, got the number 42 (put it in quotes)``."""
    return node.place.complaint(f"{name}: expected {expected}, got {node.describe()}{remedy}")


class Text(msgspec.Struct, frozen=True):
    """Text; with ``template`` it may have gaps."""

    template: bool = False

    def read(self, node: Node, name: str) -> Any:
        if not isinstance(node.value, str):
            scalar = isinstance(node.value, bool | int | float)
            raise wrong(node, name, "text", f' (put it in quotes: "{node.plain}")' if scalar and node.plain else "")
        if not node.value.strip():
            raise node.place.complaint(f"{name}: the text is empty")
        return compile_template(node.value, node.place) if self.template else node.value

    def schema(self, defs: Schema) -> Schema:
        return {"type": "string", "minLength": 1}


class Choice(msgspec.Struct, frozen=True):
    """One of some words."""

    words: tuple[str, ...]

    def read(self, node: Node, name: str) -> str:
        if isinstance(node.value, str) and node.value in self.words:
            return node.value
        hint = did_you_mean(node.value, self.words) if isinstance(node.value, str) else ""
        raise wrong(node, name, f"one of {', '.join(self.words)}", hint)

    def schema(self, defs: Schema) -> Schema:
        return {"enum": list(self.words)}


class Flag(msgspec.Struct, frozen=True):
    """``true`` or ``false``."""

    def read(self, node: Node, name: str) -> bool:
        if isinstance(node.value, bool):
            return node.value
        meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(node.value).lower())
        raise wrong(node, name, "true or false", f" (write {meant})" if meant else "")

    def schema(self, defs: Schema) -> Schema:
        return {"type": "boolean"}


class Count(msgspec.Struct, frozen=True):
    """A whole number."""

    least: int = 0
    most: int | None = None

    def read(self, node: Node, name: str) -> int:
        value = node.value
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= self.least
        if not fits or (self.most is not None and isinstance(value, int) and value > self.most):
            bound = f"from {self.least} up" if self.most is None else f"from {self.least} to {self.most}"
            raise wrong(node, name, f"a whole number {bound}")
        assert isinstance(value, int)
        return value

    def schema(self, defs: Schema) -> Schema:
        return {"type": "integer", "minimum": self.least} | ({} if self.most is None else {"maximum": self.most})


class Share(msgspec.Struct, frozen=True):
    """A number from 0 to 1."""

    def read(self, node: Node, name: str) -> float:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise wrong(node, name, "a number from 0 to 1")
        return float(value)

    def schema(self, defs: Schema) -> Schema:
        return {"type": "number", "minimum": 0, "maximum": 1}


class Duration(msgspec.Struct, frozen=True):
    """Seconds as a number, or text with a unit: ``1.5``, ``200ms``, ``2s``, ``1min``. Read as seconds."""

    _LONGEST_S = 3600.0
    _TEXT = r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min)"

    def read(self, node: Node, name: str) -> float:
        value, seconds = node.value, -1.0
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = float(value)
        elif isinstance(value, str) and (found := re.fullmatch(self._TEXT, value.strip())):
            seconds = float(found[1]) * {"ms": 0.001, "s": 1.0, "min": 60.0}[found[2]]
        if seconds < 0:
            raise wrong(node, name, "a duration like 1.5 (seconds), 200ms or 2s")
        if seconds > self._LONGEST_S:
            remedy = f" (for milliseconds write {value}ms)" if isinstance(value, int | float) else ""
            raise wrong(node, name, "at most an hour", remedy)
        return seconds

    def schema(self, defs: Schema) -> Schema:
        number = {"type": "number", "minimum": 0, "maximum": self._LONGEST_S}
        return {"anyOf": [number, {"type": "string", "pattern": f"^{self._TEXT}$"}]}


class Json(msgspec.Struct, frozen=True):
    """Any JSON, made by ``build`` from plain data. Words that older YAML takes for something else need quotes here."""

    build: Callable[[Any, Node], Any] = lambda tree, node: tree
    mapping: bool = False

    def read(self, node: Node, name: str) -> Any:
        if self.mapping and not isinstance(node.value, dict):
            raise wrong(node, name, "a mapping")
        return self.build(self._tree(node, name), node)

    def _tree(self, node: Node, name: str) -> Any:
        match node.value:
            case dict() as entries:
                return {key: self._tree(value, f"{name}.{key}") for key, value in entries.items()}
            case list() as items:
                return [self._tree(item, f"{name}[{n}]") for n, item in enumerate(items)]
        word = node.plain or ""
        if word.lower() in ("yes", "no", "on", "off"):
            flag = "true" if word.lower() in ("yes", "on") else "false"
            raise node.place.complaint(f'{name}: {word} may be read as text or as a boolean: write "{word}" or {flag}')
        if re.fullmatch(r"[-+]?0[0-9_]+", word):
            raise node.place.complaint(f'{name}: {word} may be read as a number in several ways: write "{word}"')
        return node.value

    def schema(self, defs: Schema) -> Schema:
        return {"type": "object"} if self.mapping else {}


class ListOf(msgspec.Struct, frozen=True):
    """A list with at least one item; with ``single`` one item may stand there without the list."""

    item: Kind
    single: bool = False
    empty: str = "the list is empty"

    def read(self, node: Node, name: str) -> tuple[Any, ...]:
        if not isinstance(node.value, list):
            if self.single:
                return (self.item.read(node, name),)
            raise wrong(node, name, "a list", " (begin each entry with '- ')" if isinstance(node.value, dict) else "")
        if not node.value:
            raise node.place.complaint(f"{name}: {self.empty}")
        gathering = Gathering()
        items = [gathering.attempt(self.item.read, item, f"{name}[{n}]") for n, item in enumerate(node.value)]
        gathering.close()
        return tuple(items)

    def schema(self, defs: Schema) -> Schema:
        item = self.item.schema(defs)
        several = {"type": "array", "items": item, "minItems": 1}
        return {"anyOf": [item, several]} if self.single else several


class Either(msgspec.Struct, frozen=True):
    """One kind for each shape that may stand there: ``text``, ``number``, ``mapping``."""

    expected: str
    text: Kind | None = None
    number: Kind | None = None
    mapping: Kind | None = None

    def read(self, node: Node, name: str) -> Any:
        kind: Kind | None = None
        match node.value:
            case str():
                kind = self.text
            case int() | float() if not isinstance(node.value, bool):
                kind = self.number
            case dict():
                kind = self.mapping
        if kind is None:
            raise wrong(node, name, self.expected)
        return kind.read(node, name)

    def schema(self, defs: Schema) -> Schema:
        kinds = [kind for kind in (self.text, self.number, self.mapping) if kind]
        return {"anyOf": [kind.schema(defs) for kind in kinds]}


class Key(msgspec.Struct, frozen=True):
    """A key of a mapping."""

    kind: Kind
    about: str
    required: bool = False


class Record(msgspec.Struct, frozen=True):
    """A mapping with known keys, made into something by ``build`` from the values that are there."""

    name: str
    """In the JSON Schema."""
    about: str
    keys: Mapping[str, Key]
    build: Callable[[dict[str, Any], Node], Any]

    def read(self, node: Node, name: str) -> Any:
        if not isinstance(node.value, dict):
            raise wrong(node, name, f"a mapping with {', '.join(self.keys)}")
        gathering, values = Gathering(), {}
        for key, value in node.value.items():
            if key not in self.keys:
                gathering.add(node.keys[key], unknown_key(key, self.keys))
            elif (read := gathering.attempt(self.keys[key].kind.read, value, key)) is not None:
                values[key] = read
        unknown = [key for key in node.value if key not in self.keys]
        for key, description in self.keys.items():
            if description.required and key not in node.value and not any(did_you_mean(u, [key]) for u in unknown):
                gathering.add(node.place, f"missing key {key!r}: {description.about}")
        gathering.close()
        return self.build(values, node)

    def schema(self, defs: Schema) -> Schema:
        if self.name not in defs:
            defs[self.name] = {}  # taken, should it contain itself
            defs[self.name] = {
                "type": "object",
                "description": self.about,
                "properties": {key: {"description": k.about} | k.kind.schema(defs) for key, k in self.keys.items()},
                "additionalProperties": False,
            }
            if required := [key for key, description in self.keys.items() if description.required]:
                defs[self.name]["required"] = required
        return {"$ref": f"#/$defs/{self.name}"}


def unknown_key(key: str, known: Iterable[str]) -> str:
    meant = word_for_failing(known) if key in _FAILING else None
    hint = f" (did you mean {meant!r}?)" if meant else did_you_mean(key, known)
    return f"unknown key {key!r}{hint}" if hint else f"unknown key {key!r}; there are {', '.join(known)}"


_FAILING: Final = ("error", "fails", "fail")


def word_for_failing(keys: Iterable[str]) -> str | None:
    """How it is said here that something fails: what has an output has an ``error`` in its place, anything else
    ``fails``; the steps ``error`` and ``fail`` are the service's own trouble."""
    return next((word for word in _FAILING if word in keys), None)
