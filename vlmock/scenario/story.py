"""What a scenario of the museum tells of itself: a bug of a real client, and how to see whether another one has it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

__all__ = ["ACTS", "NEEDS", "Act", "Doing", "Story"]

Doing = Literal["greets", "says", "interrupts", "stops", "instructs"]

ACTS: Mapping[Doing, str] = {
    "greets": "The assistant speaks first: the client asks for a response before anybody has said anything.",
    "says": "The user says or types this, and hears the answer out.",
    "interrupts": "The user says or types this while the answer before it is still being given.",
    "stops": "The user silences the answer that is being played.",
    "instructs": "The application gives the assistant these instructions from now on.",
}
"""What can happen on the client's side."""

NEEDS: Mapping[str, str] = {
    "speech": "its user speaks; typing will not do",
    "tools": "it offers the model the functions that are named",
    "interruption": "its user speaks or types while an answer is given",
    "stop": "its user can silence an answer with a button; where no event shows it, the test says exhibit.plays(False)",
    "greeting": "its assistant speaks first",
    "instructions": "its application changes the instructions in mid session",
    "push_to_talk": "its user ends turns with a button (turn_detection is null)",
    "loudspeaker": "the test says when it plays: exhibit.plays(True), exhibit.plays(False)",
    "reconnect": "it comes back by itself when it has lost a connection",
}
"""What a client has to be able to do, for some exhibits."""


class Act(msgspec.Struct, frozen=True):
    """One thing that is done on the client's side."""

    does: Doing
    text: str = ""

    def __str__(self) -> str:
        return f"{self.does} {self.text!r}" if self.text else self.does


class Story(msgspec.Struct, frozen=True):
    """The bug, and the question whether your client has it."""

    number: int
    bug: str
    """Where it was reported or mended, a link."""
    happened: str
    question: str
    """Yes is the good answer."""
    client: tuple[Act, ...]
    """What the client under test has to be made to do, in this order."""
    tools: tuple[str, ...] = ()
    """The functions that it has to offer; any answer of theirs will do."""
    needs: tuple[str, ...] = ()
    """Of ``NEEDS``."""
    silent: tuple[str, ...] = ()
    """Rules of ``vlmock lint --list`` that must find nothing. What stands in the scenario's ``turns`` and ``expect``
    must come true in any case."""
    connections: int = 1
    """How often the client has to connect."""
