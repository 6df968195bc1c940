"""JSON that stands in texts: what tools return, and what they are called with."""

from typing import Any

__all__ = ["as_json", "as_json_text"]


def as_json(text: str) -> Any:
    """The JSON in ``text``, or ``text`` where it is none. As lenient as Python is: models and tools write it."""
    import json  # not before somebody does

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def as_json_text(value: object) -> str:
    """Text as it stands, anything else as JSON."""
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
