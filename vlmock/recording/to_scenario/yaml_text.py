"""Plain data as YAML that a person could have written: block style, few quotes, long words folded, with comments.

What is written is read back by ``vlmock.scenario.nodes`` as the very same: that decides which words need quotes.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from vlmock.scenario.nodes import reads_as_text

__all__ = ["Noted", "comment", "document"]

_WIDTH: Final = 120
_INDENT: Final = 2
_FLOW_MEMBERS: Final = 6
"""A mapping with more of them stands on several lines."""


_DOUBTFUL: Final = re.compile(r"yes|no|on|off|y|n|[-+]?0[0-9_]+", re.IGNORECASE)
"""Text, which older YAML takes for something else."""


class Noted(NamedTuple):
    """A value with something to say about it, in a comment above it."""

    value: Any
    notes: tuple[str, ...]


def document(members: Mapping[str, Any]) -> str:
    """A whole document. Notes of a mapping's first member belong to the mapping itself where it stands in a list."""
    return "\n".join(_mapping(members, 0)) + "\n"


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """A comment, on as many lines as it needs."""
    start = " " * indent + "# "
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    further = start + "  " if line.startswith("- ") else start
    yield from textwrap.wrap(line, _WIDTH, initial_indent=start, subsequent_indent=further, break_on_hyphens=False)


def _mapping(members: Mapping[str, Any], indent: int) -> Iterator[str]:
    for name, value in members.items():
        if isinstance(value, Noted):
            for note in value.notes:
                yield from comment(note, indent)
            value = value.value
        yield from _member(f"{' ' * indent}{_key(name)}:", value, indent)


def _member(start: str, value: Any, indent: int) -> Iterator[str]:
    """``start`` is all that stands before the value on its line."""
    if (flow := _flow(value)) is not None and len(start) + 1 + len(flow) <= _WIDTH:
        yield f"{start} {flow}"
    elif value and isinstance(value, Mapping):
        yield start
        yield from _mapping(value, indent + _INDENT)
    elif value and isinstance(value, list):
        yield start
        yield from _list(value, indent + _INDENT)
    elif isinstance(value, str):
        yield from _long_text(start, value, indent + _INDENT)
    else:
        yield f"{start} {flow}"


def _list(entries: Iterable[Any], indent: int) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, Noted):
            for note in entry.notes:
                yield from comment(note, indent)
            entry = entry.value
        dash = f"{' ' * indent}-"
        if isinstance(entry, Mapping) and entry:
            first, *rest = _mapping(entry, indent + _INDENT)
            yield f"{dash} {first.lstrip(' ')}"
            yield from rest
        else:
            yield from _member(dash, entry, indent)


# ---- on one line


def _flow(value: Any, *, inside: bool = False) -> str | None:
    """The value on one line; None where it is too much for one. ``inside`` of brackets more needs quotes."""
    if isinstance(value, str):
        return _text(value, inside=inside)
    if isinstance(value, Mapping):
        return _flow_mapping(value, inside=inside)
    if isinstance(value, list):
        if any(isinstance(each, Noted | Mapping | list) for each in value):
            return None
        entries = [_flow(each, inside=True) for each in value]
        whole = all(entry is not None for entry in entries) and len(entries) <= _FLOW_MEMBERS
        return f"[{', '.join(map(str, entries))}]" if whole else None
    return msgspec.json.encode(value).decode()


def _flow_mapping(members: Mapping[str, Any], *, inside: bool) -> str | None:
    if len(members) > _FLOW_MEMBERS or any(isinstance(value, Noted) for value in members.values()):
        return None
    written = [(_key(name, inside=True), _flow(value, inside=True)) for name, value in members.items()]
    if any(value is None for _, value in written):
        return None
    return "{" + ", ".join(f"{name}: {value}" for name, value in written) + "}"


def _key(name: str, *, inside: bool = False) -> str:
    """Words are keys whatever they look like elsewhere: ``yes`` and ``12`` are texts there."""
    is_word = re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII) and not _DOUBTFUL.fullmatch(name)
    return name if is_word else _text(name, inside=inside)


# ---- text


def _text(text: str, *, inside: bool = False) -> str:
    """On one line: as it is, in single quotes where it must be, in double quotes where it has to be escaped."""
    if not text.isprintable():
        return _escaped(text)
    if _needs_no_quotes(text) and not (inside and re.search(r"[,:\[\]{}]", text)):
        return text
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def _needs_no_quotes(text: str) -> bool:
    """Begins with a letter or a digit, and has nothing that YAML could take for its own."""
    return (
        text[:1].isalnum()
        and text == text.strip()
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and reads_as_text(text)
        and not _DOUBTFUL.fullmatch(text)
    )


def _escaped(text: str) -> str:
    """In double quotes, with ``\\n`` and the like."""
    return '"' + "".join(_letter(letter) for letter in text) + '"'


def _letter(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    if letter in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _long_text(start: str, text: str, indent: int) -> Iterator[str]:
    """On lines of its own, where that changes nothing: folded, or as its own lines are."""
    margin = " " * indent
    if _may_be_folded(text):
        yield f"{start} >-"
        yield from textwrap.wrap(
            text,
            _WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    else:
        yield f"{start} {_text(text)}"


def _may_be_folded(text: str) -> bool:
    """Single spaces between words are all that may become line ends, and be spaces again."""
    return text.isprintable() and text == " ".join(text.split())
