"""Recorded words for places where a scenario would take them for something else."""

import json
import re
from math import isfinite
from typing import Any, Final

__all__ = ["as_arguments", "as_pattern", "is_readable", "literal", "literal_tree"]

_GAP: Final = re.compile(r"\{(?=[{%#])")
"""What begins a gap of a template."""
_DEEPEST: Final = 8
_LONGEST_KEY: Final = 80
"""Of 1,024 characters that YAML allows, for each may be escaped as ten."""


def literal(text: str) -> str:
    """The template that gives these words, whatever is in them: what they show is not filled in again."""
    if _GAP.search(text) is None:
        return text
    # Jinja2 makes every line end of a template its own.
    return re.sub(r"\{(?=[{%#\r])", "{{ '{' }}", text).replace("\r", "{{ '\\r' }}")


def literal_tree(value: Any) -> Any:
    """The same JSON with templates that give its texts."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, dict):
        return {name: literal_tree(member) for name, member in value.items()}
    return [literal_tree(each) for each in value] if isinstance(value, list) else value


def as_arguments(text: str) -> Any:
    """A mapping where that is the same JSON, its spaces aside; else the text as it stands."""
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_json)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and is_readable(value):
        return literal_tree(value)
    return literal(text) if text.strip() else _blank(text)


def _blank(text: str) -> str:
    """A template that gives nothing but spaces, where a scenario wants to see some text."""
    return "{{ " + json.dumps(text) + " }}"


def _without_doubles(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError where a member is there twice: a mapping has each once."""
    mapping = dict(members)
    if len(mapping) != len(members):
        raise ValueError("a member is there twice")
    return mapping


def _no_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def is_readable(value: Any, deepest: int = _DEEPEST) -> bool:
    """Whether a scenario may have it as YAML: keys are short, and nothing is nested as in a program."""
    if isinstance(value, dict):
        keys = all(len(name) <= _LONGEST_KEY for name in value)
        return keys and deepest > 0 and all(is_readable(member, deepest - 1) for member in value.values())
    if isinstance(value, list):
        return deepest > 0 and all(is_readable(each, deepest - 1) for each in value)
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, int) or abs(value) < 2**63


def as_pattern(words: str) -> Any:
    """What ``user`` has to be, to be these words: as they are, or as a pattern where they look like one themselves."""
    if re.fullmatch(r"/(.+)/([a-z]*)", words, re.DOTALL):
        return {"matches": f"^{re.escape(words)}$"}
    return words
