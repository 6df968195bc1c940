"""What a comparison finds, and how bad it is."""

from enum import StrEnum
from typing import Any

import msgspec

__all__ = ["Comparison", "Difference", "Finding", "Grade", "Judged", "Place", "worst"]


class Grade(StrEnum):
    """How far two things agree, from the best to the worst."""

    SAME = "same"
    LOOSER = "looser"
    """Not the same, but within bounds, or for a known reason; the finding says which."""
    EXTRA = "extra"
    """Only the second has it."""
    DIFFERENT = "different"
    MISSING = "missing"
    """Only the first has it."""


_ORDER = tuple(Grade)


def worst(grades: "list[Grade]") -> Grade:
    """The worst of them; ``same`` where there are none."""
    return max(grades, key=_ORDER.index, default=Grade.SAME)


class Difference(msgspec.Struct, frozen=True):
    """Where two values part."""

    path: str
    """Of the member inside its event: ``session.voice.name``; "" is the event itself."""
    grade: Grade
    what: str
    """What is compared: ``member``, ``type``, ``null``, ``value``, ``number``, ``text``, ``id``, ``link``, ``length``,
    ``sound``, ``count``, ``order``, ``event`` or ``connection``."""
    theirs: Any = msgspec.UNSET
    """As JSON, long texts and sound in short; absent where there is nothing."""
    ours: Any = msgspec.UNSET
    reason: str = ""
    """Why it is not worse, or what else there is to say."""


class Place(msgspec.Struct, frozen=True):
    """Where an event stands in a recording."""

    frame: int
    """Counting from 0, as in ``Recording.frames``."""
    at: float
    """Seconds since the connection was opened."""

    @property
    def number(self) -> int:
        """The same, counting from 1, as people do."""
        return self.frame + 1

    @property
    def line(self) -> int:
        """In ``events.jsonl``, whose first line is the head."""
        return self.frame + 2


class Finding(msgspec.Struct, frozen=True):
    """One difference of one event."""

    event: str
    """Its type on the wire, or ``(close)``, ``(connection)``."""
    about: str
    """Which of them: ``response 2``, ``input 1``."""
    source: str
    """Who said it: ``server`` or ``client``."""
    difference: Difference
    their_place: Place | None = None
    our_place: Place | None = None

    @property
    def grade(self) -> Grade:
        return self.difference.grade

    @property
    def path(self) -> str:
        """Event and member, as an allowance names it: ``session.updated.session.greeting``."""
        return f"{self.event}.{self.difference.path}" if self.difference.path else self.event


class Judged(msgspec.Struct, frozen=True):
    """One event (or one run of deltas) of either side, and what was found about it."""

    event: str
    about: str
    source: str
    count: int
    """How many events it stands for: the deltas of a run count as one thing."""
    their_place: Place | None
    our_place: Place | None
    findings: tuple[Finding, ...] = ()

    @property
    def grade(self) -> Grade:
        """Missing or extra is an event as a whole; one that lacks a member, or has one too many, is different."""
        grade = worst([finding.grade for finding in self.findings])
        whole = self.their_place is None or self.our_place is None
        return grade if whole or grade in (Grade.SAME, Grade.LOOSER) else Grade.DIFFERENT


class Comparison(msgspec.Struct, frozen=True):
    """One connection against another."""

    name: str
    theirs: str
    """What the first is called in reports: ``service``, or the recording's name."""
    ours: str
    """``emulator``, or the recording's name."""
    their_file: str = ""
    """Whose lines the places of the first are; "" where they are no lines of a file."""
    our_file: str = ""
    their_break: Place | None = None
    """The last thing in it, where the first broke off; ``frame`` is -1 where it has nothing."""
    our_break: Place | None = None
    judged: tuple[Judged, ...] = ()
    """In the order of the first, extra events where they came."""

    @property
    def findings(self) -> list[Finding]:
        return [finding for each in self.judged for finding in each.findings]

    @property
    def grade(self) -> Grade:
        return worst([each.grade for each in self.judged])

    def count(self, grade: Grade) -> int:
        """How many events have that grade."""
        return sum(each.grade == grade for each in self.judged)
