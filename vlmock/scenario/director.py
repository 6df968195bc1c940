"""Plays one scenario on one connection, and remembers what was played and what went wrong."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from vlmock.errors import ScenarioError
from vlmock.scenario.matching import Match, as_json, describe, match, session_differences, tool_names
from vlmock.scenario.model import Entry, Scenario
from vlmock.scenario.patterns import Difference
from vlmock.scenario.unscripted import unscripted_transcript
from vlmock.session.script import Expectation, Fail, Reply, Spoken, ToolOutput, Turn

__all__ = ["Candidate", "Director", "Unmatched"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that did not answer a turn, and why not."""

    entry: Entry
    reasons: tuple[Difference, ...]

    def __str__(self) -> str:
        return f"{self.entry}: {'; '.join(map(str, self.reasons))}"


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A turn that nothing in the scenario answers."""

    scenario: str
    turn: Turn
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    """What else a reader needs to know."""

    @property
    def summary(self) -> str:
        return f"nothing in scenario {self.scenario!r} answers this turn: {describe(self.turn)}"

    def __str__(self) -> str:
        lines = [f"turn {self.turn.number}: {self.summary}", *map(str, self.candidates), *self.notes]
        return "\n  ".join(lines)


@dataclass(slots=True)
class _Place:
    """How far the ordered turns have been played."""

    index: int = 0
    plays: int = 0
    """How often the turn at ``index`` was."""


class Director:
    """Decides what a session answers, by a scenario. A ``Script`` for one connection.

    A turn is answered by the next ordered turn if that fits, optional ones left out where needed; else by the first
    rule that fits and has not been used up; else by ``otherwise``. What nothing answers ends as a failed response
    that says why, and as a problem.

    Speech is heard as the next ordered turn that has a ``user``; when there is none, as the rule that was used least,
    of those whose words are known. It is heard as the same until it has been answered, so a sentence with a pause in
    it stays one sentence.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.unmatched: list[Unmatched] = []
        self._at = _Place()
        self._uses: dict[str, int] = {}
        self._failures: list[str] = []

    # ---- what the session asks

    def expects(self) -> Expectation:
        """What the spoken turn that begins now will be."""
        entry = self._heard_next(None)
        return Expectation() if entry is None else Expectation(filler=entry.filler, complete=entry.complete)

    def skip_filler(self) -> None:
        """A spoken turn that was expected to be a filler was one, and was removed."""
        entry = self._heard_next(None)
        if entry is not None and entry.filler:
            self._play(entry)

    def hear(self, spoken: Spoken) -> str:
        """The transcript that the scenario gives this spoken turn."""
        entry = self._heard_next(spoken)
        if entry is None or entry.heard_as is None:
            return unscripted_transcript(spoken.audio_ms)
        return entry.heard_as

    def reply(self, turn: Turn) -> Reply:
        """The answer to a turn. What cannot be answered, or not filled in, is a reply that fails and says why."""
        session = msgspec.to_builtins(turn.session)
        candidates: list[Candidate] = []
        for entry in self._answering():
            found = match(entry, turn, session)
            if isinstance(found, Match):
                self._play(entry)
                return self._filled_in(found, turn, session)
            candidates.append(Candidate(entry, tuple(found)))
        unmatched = Unmatched(self.scenario.name, turn, tuple(candidates), tuple(self._notes(turn, candidates)))
        self.unmatched.append(unmatched)
        return Reply((Fail(unmatched.summary, code="unmatched_turn"),), origin=self.scenario.name)

    # ---- how it went

    def unplayed(self) -> list[Entry]:
        """The required turns that have not been played, or not often enough."""
        return [
            entry
            for index, entry in enumerate(self.scenario.turns)
            if not entry.optional and self._plays(index) < (entry.times or 1)
        ]

    def problems(self) -> list[str]:
        """What a test should fail with: turns that nothing answered, replies that failed, turns that were not played."""
        missing = [f"{entry} was not played: {_wanted(entry)}" for entry in self.unplayed()]
        return [*map(str, self.unmatched), *self._failures, *missing]

    # ---- choosing

    def _answering(self) -> Iterator[Entry]:
        """The entries that may answer now, in the order in which they are asked."""
        turns = self.scenario.turns
        for entry in turns[self._at.index :]:
            yield entry
            if not entry.optional and not self._half_played(entry):
                break
        yield from (rule for rule in self.scenario.rules if self._is_left(rule))
        if self.scenario.otherwise:
            yield self.scenario.otherwise

    def _half_played(self, entry: Entry) -> bool:
        return False

    def _heard_next(self, spoken: Spoken | None) -> Entry | None:
        """The entry that speech stands for now."""
        for entry in self.scenario.turns[self._at.index :]:
            if entry.when.hears:
                return entry
        session: Mapping[str, object] = msgspec.to_builtins(spoken.session) if spoken else {}
        rules = [
            rule
            for rule in self.scenario.rules
            if rule.when.hears and rule.heard_as is not None and self._is_left(rule)
            if spoken is None or not session_differences(rule.when, session)
        ]
        return min(rules, key=lambda rule: self._uses.get(rule.label, 0), default=None)

    def _is_left(self, rule: Entry) -> bool:
        return rule.times is None or self._uses.get(rule.label, 0) < rule.times
