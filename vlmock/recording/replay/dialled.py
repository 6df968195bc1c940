"""How a client has dialled, held against how the recorded one did."""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from vlmock.recording.model import Recording
from vlmock.recording.replay.deviations import Deviation, in_words

__all__ = ["dialled_otherwise"]

_DIALLED: Final = ("model", "api-version", "profile", "agent-name", "agent-project-name")
"""What of its address says what a client wants."""


def dialled_otherwise(recording: Recording, target: str) -> list[Deviation]:
    """Where path and query differ, as far as both are known."""
    if not recording.head.url or not target:
        return []
    recorded, now = _query(recording.head.url), _query(target)
    return [
        Deviation("different", f"{recording.name}, address: {key}", _or_nothing(recorded, key), _or_nothing(now, key))
        for key in _DIALLED
        if recorded.get(key) != now.get(key)
    ]


def _query(url: str) -> dict[str, str]:
    return {key.lower(): value for key, value in parse_qsl(urlsplit(url).query)}


def _or_nothing(query: dict[str, str], key: str) -> str:
    return in_words(query[key]) if key in query else "nothing"
