"""Tests with recordings in a user's project. ``vlmock`` itself is the live service: it demands a key of its own, and is
gone when tests are played."""

import re
from pathlib import Path
from typing import Any

import pytest

from vlmock.server.mock_server import MockServer

__all__ = ["INI", "KEY", "answer", "asking", "dialled", "made_on", "place", "run"]

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\n"
KEY = "0123456789abcdef0123456789abcdef"
"""Of the service."""


def answer(turn: Any) -> str:
    """What the service says."""
    return f"You said {turn.text}"


_ASKING = """
import pytest
import blocking_agent

{decoration}
def test_it(voicelive):
    assert blocking_agent.ask(voicelive.url, "{words}") == "You said {words}"
"""


def asking(words: str = "Hello", *, decoration: str = "@pytest.mark.voicelive_recording") -> str:
    """A test with one question."""
    return _ASKING.format(words=words, decoration=decoration)


def run(project: pytest.Pytester, *arguments: str, **outcomes: int) -> str:
    """All tests of the project; they have to end so. What was printed."""
    result = project.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


def place(project: pytest.Pytester, name: str = "test_it") -> Path:
    """Where a recording lies."""
    return project.path / "recordings" / "test_it" / name


def dialled(service: MockServer) -> int:
    """How often so far."""
    return len(service.journal.connections)


def made_on(folder: Path, date: str) -> None:
    """Set the date in a recording."""
    for events in folder.glob("*/events.jsonl"):
        text = re.sub('"started":"[^"]*"', f'"started":"{date}"', events.read_text(encoding="utf-8"), count=1)
        events.write_text(text, encoding="utf-8")
