"""What a Python function's signature and docstring tell a model: the JSON schema of its arguments, in words.

The schemas are written for the service: Observed {ILA}, behaviour.md 2.3, a branch of ``anyOf`` without a ``type`` is
refused, so references are replaced by what they refer to and enumerations say their type.
"""

import functools
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from vlclient.errors import ConfigurationError
from vlmock.protocol.wire import JsonObject

__all__ = ["Parameter", "Signature"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Assumed {OAI}: what the service takes for the name of a function."""

_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


class Parameter(msgspec.Struct, frozen=True):
    """One argument that the model may give."""

    name: str
    annotation: Any
    schema: JsonObject
    required: bool
    nullable: bool
    """Whether ``null`` is a value of its type."""


class Signature(msgspec.Struct, frozen=True):
    """How a function is called."""

    name: str
    summary: str
    """The first paragraph of its docstring; may be empty."""
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, fn: Callable[..., Any], *, name: str | None = None) -> "Signature":
        """Read it. Raises ``ConfigurationError`` that names the parameter where the model could not call it."""
        function, own_name, docstring = _behind(fn)
        name = name or own_name
        if not _NAME.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} cannot be the name of a tool (letters, digits, _ and -, at most 64): give one with name="
            )
        summary, said_of = _read_docstring(docstring)
        parameters = [
            _parameter(f"tool {name!r}, parameter {one.name!r}", one, function, said_of.get(one.name))
            for one in _python_parameters(name, fn)
        ]
        return cls(name, summary, tuple(parameters))

    def schema(self) -> JsonObject:
        """JSON schema of all arguments together."""
        schema: JsonObject = {
            "type": "object",
            "properties": {parameter.name: parameter.schema for parameter in self.parameters},
            "additionalProperties": False,
        }
        if required := [parameter.name for parameter in self.parameters if parameter.required]:
            schema["required"] = required
        return schema


# ---- the function itself


def _behind(fn: Callable[..., Any]) -> tuple[Callable[..., Any], str, str]:
    """The function behind partials, decorators and methods, or an object's ``__call__``; its name and docstring."""
    inner: Any = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    if not callable(inner) or inspect.isclass(inner):
        raise ConfigurationError(f"{inner!r} cannot be a tool: it is no function, method or object that can be called")
    name, docstring = getattr(inner, "__name__", None), inspect.getdoc(inner)
    if name is None:
        name, call = type(inner).__name__, type(inner).__call__
        docstring = call.__doc__ or docstring
        inner = call
    inner = inspect.unwrap(getattr(inner, "__func__", inner))
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise ConfigurationError(f"{name!r} cannot be a tool: it yields, where it should return its result at once")
    return inner, name, inspect.cleandoc(docstring or "")


def _python_parameters(tool: str, fn: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    try:
        signature = inspect.signature(fn)
    except (ValueError, NameError) as error:
        raise ConfigurationError(
            f"tool {tool!r}: its signature cannot be read ({error}); wrap it in a function of yours"
        ) from error
    bound = fn.keywords if isinstance(fn, functools.partial) else {}
    for parameter in signature.parameters.values():
        if parameter.name not in bound:  # what is bound already is not the model's business, and may be a secret
            yield parameter


# ---- one parameter


def _parameter(here: str, parameter: inspect.Parameter, function: Callable[..., Any], said: str | None) -> Parameter:
    name, default = parameter.name, parameter.default
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ConfigurationError(f"{here}: it may hold anything, and the model must know what; spell it out")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise ConfigurationError(f"{here} is positional only, and the model calls by name: remove the '/' behind it")
    if parameter.annotation is parameter.empty:
        raise ConfigurationError(f"{here} has no annotation, and the model must know what to send: add its type")
    annotation = _resolved(here, parameter, function)
    schema, nullable = _schema(here, annotation, said)
    required = default is parameter.empty
    if not required and (default is not None or nullable):
        schema |= _as_default(default)
    return Parameter(name, annotation, schema, required, nullable)


def _resolved(here: str, parameter: inspect.Parameter, function: Callable[..., Any]) -> Any:
    """The annotation as a type, also where it was written, or postponed, as text."""

    def only_this() -> None: ...

    only_this.__annotations__ = {parameter.name: parameter.annotation}
    try:
        hints = typing.get_type_hints(only_this, getattr(function, "__globals__", {}), include_extras=True)
    except Exception as error:  # it evaluates what people wrote
        raise ConfigurationError(
            f"{here}: its annotation cannot be resolved ({error}); define or import the type at the top of the module"
        ) from error
    return hints[parameter.name]


def _schema(here: str, annotation: Any, said: str | None) -> tuple[JsonObject, bool]:
    """The JSON schema of a type, and whether null is one of its values."""
    try:
        (schema,), defined = msgspec.json.schema_components([annotation], ref_template="{name}")
        msgspec.json.Decoder(annotation)  # finds what the schema does not mind
        in_annotation = next((one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, str)), None)
        description = in_annotation or schema.get("description") or said
        schema = _without_references(here, schema, defined)
    except (TypeError, RecursionError) as error:
        reason = str(error).splitlines()[-1]
        raise ConfigurationError(f"{here}: a model cannot be told what its type is ({reason})") from error
    if description:
        schema["description"] = description
    try:
        msgspec.convert(None, annotation)
    except msgspec.ValidationError:
        return schema, False
    return schema, True


def _without_references(
    here: str, schema: JsonObject, defined: Mapping[str, JsonObject], within: tuple[str, ...] = ()
) -> JsonObject:
    if (name := schema.get("$ref")) is not None:
        if name in within:
            raise ConfigurationError(f"{here}: its type contains itself ({name}), which has no plain JSON schema")
        within = (*within, name)
        definition = {key: value for key, value in defined[name].items() if key != "title"}
        schema = definition | {key: value for key, value in schema.items() if key != "$ref"}
        return _without_references(here, schema, defined, within)

    def plain(part: Any) -> Any:
        return _without_references(here, part, defined, within) if isinstance(part, dict) else part

    result: JsonObject = {}
    for key, value in schema.items():
        if key == "properties":
            result[key] = {name: plain(part) for name, part in value.items()}
        elif key in ("anyOf", "prefixItems"):
            result[key] = [plain(part) for part in value]
        elif key in ("items", "additionalProperties"):
            result[key] = plain(value)
        elif key != "discriminator":  # OpenAPI's, refers to what is gone
            result[key] = value
    if "enum" in result and "type" not in result:
        types = list(dict.fromkeys(_JSON_TYPES[type(value)] for value in result["enum"]))
        result["type"] = types[0] if len(types) == 1 else types
    return result


def _as_default(default: Any) -> JsonObject:
    try:
        return {"default": msgspec.json.decode(msgspec.json.encode(default))}
    except (TypeError, ValueError, RecursionError):
        return {}  # it cannot be written down, which does no harm


# ---- the docstring


_GOOGLE = re.compile(r"(?:(?:Keyword )?Arg(?:ument)?s|Param(?:eter)?s|Other Parameters):\s*$")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(?P<names>\w+)\s*(?:\(.*?\))?\s*:\s*(?P<text>.*)")
_NUMPY = re.compile(r"(?:Other )?Parameters\s*$")
_NUMPY_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$(?P<text>)")
_UNDERLINE = re.compile(r"-{3,}\s*$")
_SPHINX_FIELD = re.compile(r":\w+[^:]*:")
_SPHINX_ENTRY = re.compile(
    r":(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?\*{0,2}(?P<names>\w+):\s*(?P<text>.*)"
)
_OTHER_SECTION = re.compile(r"(?:Returns?|Raises|Yields?|Examples?|Notes?):\s*$")


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraph, and what is said of each parameter, in Google's, NumPy's or Sphinx's style."""
    lines = text.splitlines()
    summary: list[str] = []
    for i, line in enumerate(lines):
        if not line.strip() or _begins_section(lines, i):
            break
        summary.append(line.strip())
    said: dict[str, str] = {}
    for i, line in enumerate(lines):
        if _GOOGLE.match(line):
            said |= _described(_indented_block(lines[i + 1 :]), _GOOGLE_ENTRY)
        elif _NUMPY.match(line) and _is_underlined(lines, i):
            said |= _described(_underlined_block(lines[i + 2 :]), _NUMPY_ENTRY)
    return " ".join(summary), said | _described(lines, _SPHINX_ENTRY)


def _begins_section(lines: list[str], i: int) -> bool:
    patterns = (_GOOGLE, _OTHER_SECTION, _SPHINX_FIELD)
    return any(pattern.match(lines[i]) for pattern in patterns) or _is_underlined(lines, i)


def _is_underlined(lines: list[str], i: int) -> bool:
    return i + 1 < len(lines) and _UNDERLINE.match(lines[i + 1]) is not None


def _indented_block(lines: list[str]) -> list[str]:
    end = next((i for i, line in enumerate(lines) if line.strip() and not line[0].isspace()), len(lines))
    return textwrap.dedent("\n".join(lines[:end])).splitlines()


def _underlined_block(lines: list[str]) -> list[str]:
    return lines[: next((i for i in range(len(lines)) if _is_underlined(lines, i)), len(lines))]


def _described(block: list[str], entry: re.Pattern[str]) -> dict[str, str]:
    """Entries begin at the margin, and go on where lines are indented."""
    said: dict[str, list[str]] = {}
    names: list[str] = []
    for line in filter(str.strip, block):
        if line[0].isspace():
            for name in names:
                said[name].append(line.strip())
        else:
            found = entry.match(line)
            names = [name.strip(" *") for name in found["names"].split(",")] if found else []
            said |= {name: [found["text"].strip()] for name in names if found}
    return {name: " ".join(filter(None, texts)) for name, texts in said.items()}
