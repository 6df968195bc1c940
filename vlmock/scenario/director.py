"""Plays one scenario on one connection, and remembers what was played and what went wrong."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from vlmock.errors import ScenarioError
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import McpTool
from vlmock.scenario.default import unscripted_transcript
from vlmock.scenario.json_text import as_json
from vlmock.scenario.matching import (
    Match,
    describe,
    is_perhaps,
    match,
    session_differences,
    tool_names,
    words_of,
)
from vlmock.scenario.mcp_servers import listing
from vlmock.scenario.model import Entry, Scenario
from vlmock.scenario.patterns import Difference, in_words
from vlmock.session.answering.mcp_tools import why_not
from vlmock.session.script import Expectation, Fail, Heard, McpCall, McpListing, Recognized, Reply, Spoken, Step, Turn

__all__ = ["Candidate", "Director", "Unmatched"]


class Candidate(msgspec.Struct, frozen=True):
    """An entry that did not answer a turn, and why not."""

    entry: Entry
    reasons: tuple[Difference, ...]

    def __str__(self) -> str:
        return f"{self.entry}: {'; '.join(map(str, self.reasons))}"


class Unmatched(msgspec.Struct, frozen=True):
    """A turn that nothing in the scenario answers."""

    scenario: str
    turn: Turn
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    """What else helps to find out why."""

    @property
    def summary(self) -> str:
        return f"nothing in scenario {self.scenario!r} answers this turn: {describe(self.turn)}"

    def __str__(self) -> str:
        return "\n  ".join([f"turn {self.turn.number}: {self.summary}", *map(str, self.candidates), *self.notes])


class Director:
    """Decides what a session answers, by a scenario. A ``Script`` for one connection.

    A turn is answered by the next ordered turn if that fits, optional ones left out where needed; else by the first
    rule that fits and has not been used up; else by ``otherwise``. What nothing answers ends as a failed response
    that says why, and as a problem.

    Speech is heard as the next ordered turn that has a ``user``; when there is none, as the rule that was used least,
    of those whose words are known. It is heard as the same until it has been answered, so a sentence with a pause in
    it stays one sentence.

    Where somebody listened (``Spoken.recognized``), speech is heard as what it was: as the first of the entries that
    may answer now and have that clip or that sentence, or else as any other that has it; as nothing, "", when it was
    none of them. Where only clips were compared, what is none of them is heard as the next entry without one.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.unmatched: list[Unmatched] = []
        self._settings: ResponseSession | None = None
        self._settings_data: dict[str, Any] = {}
        """The same as plain data, for conditions and templates. They change seldom."""
        self._next = 0
        self._uses: dict[str, int] = {}
        self._failures: list[str] = []
        self._recognized: list[Recognized] = []
        """What was said since the last response, where somebody listened."""
        self._not_understood: Entry | None = None
        """What was said last, where a model that only reads got nothing to read."""

    # ---- what the session asks

    def expects(self) -> Expectation:
        """What the spoken turn that begins now will be."""
        entry = self._heard_next({})
        return Expectation() if entry is None else Expectation(entry.filler, entry.complete, entry.heard_as)

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        """A spoken turn that was expected to be a filler is over: whether it was one, and was removed.

        One that has an answer and does not say that it is a filler is a problem: the answer will never be given.
        """
        entry = self._heard_next({})
        if recognized is not None and (entry is None or not is_perhaps(entry, recognized)):
            return False
        if entry is not None and entry.filler is None:
            said = f"{entry} was removed as a filler word, because turn_detection.remove_filler_words is true"
            self._failures.append(f"{said}: write 'filler: true' if that is meant, else 'filler: false'")
        elif entry is not None:
            self._play(entry)
        return True

    def hear(self, spoken: Spoken) -> str | Heard:
        """The transcript that the scenario gives this spoken turn."""
        self._not_understood = None
        entry, text = self._heard(spoken, self._plain(spoken.session))
        if entry is None or entry.transcript.is_plain:
            return text
        written = entry.transcript
        if written.failure is not None and spoken.transcript_is_input:
            self._play(entry)  # nothing is there that could be answered; the speaker may say it again
            self._not_understood = entry
        return Heard(text, written.failure, written.locale, written.confidence)

    def mcp_tools(self, server: McpTool) -> McpListing:
        """What the scenario says that an MCP server of the client offers."""
        return listing(self.scenario.mcp_servers, server, self.scenario.called_on(server.server_label))

    def reply(self, turn: Turn) -> Reply:
        """The answer to a turn. What cannot be answered, or not filled in, is a reply that fails and says why."""
        session = self._plain(turn.session)
        lost, self._not_understood = self._not_understood, None
        if lost is not None and lost.reply is not None and turn.user and not turn.text:
            return self._filled_in(Match(lost), turn, session)
        notes = [f"what the user said was recognised as {recognized}" for recognized in self._recognized]
        self._recognized.clear()
        candidates: list[Candidate] = []
        for entry in self._answering():
            found = self._exhausted(entry) or match(entry, turn, session)
            if not isinstance(found, Match):
                candidates.append(Candidate(entry, tuple(found)))
                continue
            self._play(entry)
            if entry.reply is not None:
                return self._filled_in(found, turn, session)
            notes.append(_why_unanswered(entry))
        notes += self._hints(turn, session)
        self.unmatched.append(Unmatched(self.scenario.name, turn, tuple(candidates), tuple(notes)))
        return Reply((Fail(self.unmatched[-1].summary, code="unmatched_turn"),), origin=self.scenario.name)

    # ---- how it went

    def unplayed(self) -> list[Entry]:
        """The required turns that have not been played, or not often enough."""
        return [turn for turn in self.scenario.turns if not turn.optional and not self._is_used_up(turn)]

    def problems(self) -> list[str]:
        """What a test should fail with: turns that nothing answered, failed replies, turns that were not played."""
        missing = [f"{entry} was not played: {_wanted(entry)}" for entry in self.unplayed()]
        return [*map(str, self.unmatched), *self._failures, *missing]

    # ---- choosing

    def _answering(self) -> Iterator[Entry]:
        """The entries that may answer now, in the order in which they are asked."""
        for entry in self.scenario.turns[self._next :]:
            yield entry
            if not entry.optional:
                break
        yield from self.scenario.rules
        if self.scenario.otherwise:
            yield self.scenario.otherwise

    def _heard(self, spoken: Spoken, session: dict[str, Any]) -> tuple[Entry | None, str]:
        """The entry that this turn stands for, if any, and its words."""
        recognized = spoken.recognized
        if recognized is not None:
            self._recognized.append(recognized)
            if recognized.clip or recognized.text:
                return self._said(recognized, session)
        entry = None
        if recognized is None or recognized.only_clips:
            entry = self._heard_next(session, without_clips=recognized is not None)
        transcript = entry.heard_as if entry is not None else None
        if transcript is None:
            return entry, "" if recognized is not None else unscripted_transcript(spoken.audio_ms)
        return entry, transcript

    def _said(self, recognized: Recognized, session: dict[str, Any]) -> tuple[Entry | None, str]:
        """The entry that has this clip or sentence, those first that may answer now."""
        now = [e for e in self._answering() if not self._exhausted(e) and not session_differences(e.when, session)]
        for entry in (*now, *self.scenario.turns, *self.scenario.rules):
            if entry.when.hears and (words := words_of(entry, recognized)) is not None:
                return entry, words
        return None, recognized.text

    def _heard_next(self, session: dict[str, Any], *, without_clips: bool = False) -> Entry | None:
        """The entry that speech stands for now. With no ``session``, whatever its settings. ``without_clips``: it is
        none of the entries that have a clip, and nothing that has to wait for one."""
        for entry in self.scenario.turns[self._next :]:
            if entry.when.hears and not (without_clips and entry.when.clips):
                return entry
            if entry.when.hears and not entry.optional:
                return None
        rules = [
            rule
            for rule in self.scenario.rules
            if rule.when.hears and rule.heard_as is not None and not self._exhausted(rule)
            if not (without_clips and rule.when.clips)
            if not session or not session_differences(rule.when, session)
        ]
        return min(rules, key=lambda rule: self._uses.get(rule.label, 0), default=None)

    def _play(self, entry: Entry) -> None:
        self._uses[entry.label] = self._uses.get(entry.label, 0) + 1
        if entry in self.scenario.turns:
            index = self.scenario.turns.index(entry)
            self._next = index + 1 if self._is_used_up(entry) else index

    def _is_used_up(self, turn: Entry) -> bool:
        return self._uses.get(turn.label, 0) >= (turn.times or 1)

    def _exhausted(self, entry: Entry) -> list[Difference]:
        """A rule that has answered as often as it may."""
        uses = self._uses.get(entry.label, 0)
        if entry.times is None or uses < entry.times:
            return []
        return [Difference("times", f"at most {entry.times}", f"{uses} before this one")]

    def _hints(self, turn: Turn, session: dict[str, Any]) -> Iterator[str]:
        """For a turn that nothing answers: what is not to be seen from the entries alone."""
        waiting = self.scenario.turns[self._next :]
        if self.scenario.turns and not waiting:
            yield "all turns have been played"
        required = next((entry for entry in waiting if not entry.optional), None)
        later = waiting[waiting.index(required) + 1 :] if required else ()
        for entry in later:
            if isinstance(match(entry, turn, session), Match):
                yield f"{entry} would answer it, but {required} comes first"
        for entry in waiting[:1]:
            if entry.when.hears and entry.heard_as is None and any(part.spoken for part in turn.user):
                yield f"{entry} does not say what its speech is heard as: give it 'transcript'"

    def _plain(self, settings: ResponseSession) -> dict[str, Any]:
        if settings is not self._settings:
            self._settings, self._settings_data = settings, msgspec.to_builtins(settings)
        return self._settings_data

    # ---- answering

    def _filled_in(self, found: Match, turn: Turn, session: dict[str, Any]) -> Reply:
        entry = found.entry
        variables = _variables(found, turn, session)
        try:
            steps = self._possible(entry, turn, variables)
            return Reply(steps, origin=str(entry.place), interim=entry.interim)
        except ScenarioError as error:
            self._failures.append(f"turn {turn.number}: {entry} could not be answered: {error}")
            return Reply((Fail(str(error), code="scenario_error"),), origin=str(entry.place))

    def _possible(self, entry: Entry, turn: Turn, variables: dict[str, object]) -> tuple[Step, ...]:
        """The steps. Raises ``ScenarioError`` for a call to an MCP server that the client has not offered."""
        steps = tuple(step.fill_in(variables) for step in entry.reply or ())
        for plan, step in zip(entry.reply or (), steps, strict=True):
            if isinstance(step, McpCall) and not turn.agent and (problem := why_not(turn.tools, step)):
                raise plan.place.error(problem)
        return steps


def _variables(found: Match, turn: Turn, session: dict[str, Any]) -> dict[str, object]:
    """What a template may ask for: ``templates.VARIABLES``. ``output`` and ``arguments`` need a tool output."""
    variables: dict[str, object] = {
        "text": turn.text,
        "turn": turn.number,
        "outputs": {output.name: as_json(output.output) for output in turn.tool_outputs},
        "session": session,
        "match": found.groups,
        "tools": tool_names(turn),
        "invoke_input": turn.invoke_input,
    }
    if found.output is not None:
        variables |= {"output": as_json(found.output.output), "arguments": as_json(found.output.arguments)}
    return variables


def _why_unanswered(entry: Entry) -> str:
    """The turn fits, and has no reply."""
    if entry.filler:
        return f"{entry} is a filler that was not removed: turn_detection.remove_filler_words is not true"
    return f"{entry} has no reply, but these words were understood: typed, or heard by a model that needs no transcript"


def _wanted(entry: Entry) -> str:
    """The conditions of an entry, for people: ``user 'Hello'``."""
    when = entry.when
    outcome = f"the output of {' and '.join(when.tools)}" if when.tools else "a tool output"
    parts = [
        when.speech and f"user {when.speech}",
        when.output is None and when.tools and outcome,
        when.output is not None and f"{outcome} {_fits(when.output)}",
        when.turn and f"turn {when.turn}",
        when.start and "a response asked for out of the blue",
        when.idle and "silence for idle_timeout_ms",
        when.tools_offered and f"{', '.join(when.tools_offered)} offered",
        when.session is not None and f"a session where {in_words(when.session)}",
    ]
    return " and ".join(part for part in parts if part) + (f", {entry.times} times" if entry.times else "")


def _fits(output: object) -> str:
    return f"where {in_words(output)}" if isinstance(output, Mapping) else f"that is {output}"
