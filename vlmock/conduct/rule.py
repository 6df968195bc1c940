"""What a rule is, and what a finding is. The rules themselves stand in ``vlmock.conduct.rules``."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from vlmock.conduct.facts import Refusal

if TYPE_CHECKING:
    from vlmock.conduct.case import Case

__all__ = ["Finding", "Rule", "Seen", "Severity", "family", "refused", "rule"]


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The service refuses it, or the conversation goes wrong."""
    WARNING = "warning"
    """It goes wrong with another build, network or user."""
    ADVICE = "advice"
    """It works, and could work better."""


class Seen(msgspec.Struct, frozen=True):
    """What a rule has found, where that is not in the event that it looks at."""

    text: str
    entry: int | None = None
    """None: the event that is looked at."""
    at: float | None = None


def refused(what: str, refusal: Refusal) -> Seen:
    """``what``, in the event that was refused, and why the service did."""
    return Seen(f"{what}: {refusal.details.message}", refusal.entry, refusal.at)


Check: TypeAlias = Callable[["Case", Any], Iterable[str | Seen]]
"""Looks at something that went by; says what is wrong with it. What is known of the time before is in the case."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One thing that a client has to do, or not to do."""

    id: str
    """``VL401``. It stays when the rule changes."""
    name: str
    severity: Severity
    requirement: str
    """One sentence."""
    explanation: str
    """What goes wrong otherwise."""
    remedy: str
    source: str
    """With its label: Documented, Observed or Assumed."""
    check: Check
    on: tuple[type, ...]
    """What it looks at."""
    once: bool = False
    """Of many in one connection only the first is told."""
    timed: bool = False
    """Needs to know when things happened."""
    audible: bool = False
    """Needs to know all of the sound."""
    voice_live_only: bool = False
    """Does not hold in the beta dialect of OpenAI."""

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


def rule(
    id: str,
    name: str,
    severity: Severity,
    *,
    on: type | tuple[type, ...],
    requirement: str,
    explanation: str,
    remedy: str,
    source: str,
    once: bool = False,
    timed: bool = False,
    audible: bool = False,
    voice_live_only: bool = False,
) -> Callable[[Check], Rule]:
    """Makes a rule of a function that looks at events of the types ``on``."""

    def made(check: Check) -> Rule:
        return Rule(
            id=id,
            name=name,
            severity=severity,
            requirement=requirement,
            explanation=explanation,
            remedy=remedy,
            source=source,
            check=check,
            on=on if isinstance(on, tuple) else (on,),
            once=once,
            timed=timed,
            audible=audible,
            voice_live_only=voice_live_only,
        )

    return made


def family(names: Mapping[str, object]) -> tuple[Rule, ...]:
    """All rules that a module has made so far, in the order of its lines. ``names``: its globals."""
    return tuple(found for found in names.values() if isinstance(found, Rule))


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that a client has broken, and where."""

    rule: Rule
    connection: int
    """Counting from 1."""
    at: float
    """Seconds since the connection was opened."""
    entry: int
    """Which entry of the connection's journal, or which frame of the recording, counting from 1; 0: the handshake."""
    seen: str
    place: str = ""
    """The recording that it is in; empty for a server's own connections."""
    line: int = 0
    """Of its ``events.jsonl``, counting from 1; 0 where it has none."""

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    @property
    def expected(self) -> str:
        """What should have been seen instead."""
        return self.rule.requirement

    def __str__(self) -> str:
        place = f"{self.place}/events.jsonl:{self.line}" if self.line else self.place
        where = f"{place} " if place else ""
        entry = "" if self.line else f", entry {self.entry}"
        there = entry if self.entry else ", handshake"
        seen = self.seen.rstrip(".")
        return (
            f"{self.rule} ({self.severity}) {where}#{self.connection} {self.at:.3f} s{there}: {seen}. "
            f"Remedy: {self.rule.remedy}"
        )

    __repr__ = __str__
