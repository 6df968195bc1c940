"""Arguments for a function, made from its JSON schema: the plainest that it accepts, the same each time."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["arguments_for"]

_FORMATS = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1M",
    "email": "someone@example.com",
    "idn-email": "someone@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/example",
    "iri-reference": "/example",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/example",
    "regex": ".*",
}
_MAX_DEPTH = 20
"""A schema may contain itself."""
_MAX_ITEMS = 100
"""A schema may ask for a million."""


def arguments_for(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Arguments with every required property: const, default, first enum value or example, or the plainest that fits.

    Not understood: ``pattern``, ``not``, ``if`` and references to other documents.
    """
    if not isinstance(parameters, Mapping):
        return {}
    value = _Maker(parameters).value(parameters, "", 0)
    return value if isinstance(value, dict) else {}


class _Maker:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def value(self, schema: Any, name: str, depth: int) -> Any:
        """The plainest value of this schema; ``name`` is what a text without bounds says."""
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return name or None
        schema = self._merged(schema, depth)
        for key in ("const", "default"):
            if key in schema:
                return schema[key]
        for key in ("enum", "examples"):
            if isinstance(choices := schema.get(key), list) and choices:
                return choices[0]
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number" as kind:
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
        return _text(schema, name)

    def _merged(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """The schema with its references followed, its ``allOf`` put together and the first alternative taken."""
        merged = dict(schema)
        if depth > _MAX_DEPTH:
            return merged
        alternatives = [branches[0] for key in ("anyOf", "oneOf") if (branches := _list(merged.pop(key, None)))]
        parts = [self._resolved(merged.pop("$ref", None)), *_list(merged.pop("allOf", None)), *alternatives]
        for part in parts:
            if not isinstance(part, Mapping):
                continue
            inner = self._merged(part, depth + 1)
            properties = {**_mapping(inner.get("properties")), **_mapping(merged.get("properties"))}
            required = list(dict.fromkeys([*_list(inner.get("required")), *_list(merged.get("required"))]))
            merged = {**inner, **merged}
            if properties:
                merged["properties"] = properties
            if required:
                merged["required"] = required
        return merged

    def _resolved(self, reference: Any) -> Any:
        """What ``#/$defs/Address`` points at."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: Any = self._root
        for part in reference[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = _mapping(schema.get("properties"))
        required = [key for key in _list(schema.get("required")) if isinstance(key, str)]
        made = {key: self.value(properties.get(key, True), key, depth + 1) for key in required}
        wanted = _bound(schema, "minProperties", 0)
        for key in properties:
            if len(made) >= wanted:
                break
            made.setdefault(key, self.value(properties[key], key, depth + 1))
        extra = schema.get("additionalProperties")
        while len(made) < min(wanted, _MAX_ITEMS) and extra is not False:
            key = f"key{len(made) + 1}"
            made[key] = self.value(extra, key, depth + 1)
        return made

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        first = _list(schema.get("prefixItems"))
        count = min(max(int(_bound(schema, "minItems", 0)), len(first)), _MAX_ITEMS)
        rest = schema.get("items", True)
        made = [self.value(first[n] if n < len(first) else rest, name, depth + 1) for n in range(count)]
        return _distinct(made, rest) if schema.get("uniqueItems") is True else made


def _type(schema: Mapping[str, Any]) -> str:
    """The first type that is named, or the one that the other words suggest."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if any(key in schema for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")):
        return "number"
    return "string"


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """1 or 0 where they fit, else a number beside one of the bounds or between them."""
    low = max(_bound(schema, "minimum", -math.inf), under := _bound(schema, "exclusiveMinimum", -math.inf))
    high = min(_bound(schema, "maximum", math.inf), over := _bound(schema, "exclusiveMaximum", math.inf))
    step = abs(_bound(schema, "multipleOf", 0.0)) or (1 if whole else 0)
    near = [n for n in (1, 0, low, low + 1, high, high - 1, (low + high) / 2) if math.isfinite(n)]
    if step:
        counts = dict.fromkeys(count for n in near for count in _around(n / step))
        near = [count * step for count in counts]
    fitting = [n for n in near if low <= n <= high and under < n < over and not (whole and n != int(n))]
    value = fitting[0] if fitting else 1
    return int(value) if value == int(value) else value


def _around(number: float) -> tuple[int, ...]:
    """The whole numbers beside this one, itself first where it is one."""
    return (math.ceil(number), math.floor(number), math.ceil(number) + 1, math.floor(number) - 1)


def _text(schema: Mapping[str, Any], name: str) -> str:
    """A text of that format, or the property's own name, made long or short enough."""
    kind = schema.get("format")
    text = _FORMATS.get(kind, "") if isinstance(kind, str) else ""
    text = text or name or "text"
    least, most = int(_bound(schema, "minLength", 0)), _bound(schema, "maxLength", math.inf)
    if len(text) < least:
        text = text.ljust(min(least, 10_000), "x")
    return text if len(text) <= most else text[: int(most)]


def _distinct(items: list[Any], schema: Any) -> list[Any]:
    """Items that differ from each other, as far as enums, texts and numbers go."""
    choices = _list(_mapping(schema).get("enum"))
    if len(choices) >= len(items):
        return choices[: len(items)]
    made: list[Any] = []
    for n, item in enumerate(items):
        if item in made:
            item = f"{item}{n + 1}" if isinstance(item, str) else item + n if isinstance(item, int | float) else item
        made.append(item)
    return made


def _bound(schema: Mapping[str, Any], key: str, otherwise: float) -> float:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
