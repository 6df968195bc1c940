"""A scenario, read and checked: what is to be answered with what, and what must have happened at the end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from vlmock.scenario.mcp_servers import McpServers
from vlmock.scenario.patterns import TextPattern
from vlmock.scenario.places import Place
from vlmock.scenario.story import Story
from vlmock.scenario.templates import fill_in
from vlmock.session.script import (
    Call,
    Close,
    Emit,
    Error,
    Fail,
    FileSearch,
    FoundryAgentCall,
    Incomplete,
    Invocation,
    McpCall,
    Say,
    Step,
    TranscriptionFailure,
    Wait,
    Warn,
    WebSearch,
)
from vlmock.session.timing import Duration

__all__ = [
    "RECOGNITION",
    "SPEECH_ENGINES",
    "STEP_KINDS",
    "Clip",
    "Conditions",
    "Entry",
    "EventFilter",
    "ExpectedEvent",
    "PlannedStep",
    "Scenario",
    "Written",
]

SPEECH_ENGINES = ("builtin", "flite", "espeak-ng")
"""Who speaks: the built-in voice, or a program that the user has."""
RECOGNITION = ("scripted", "pocketsphinx")
"""Who says what was said: the scenario alone, or somebody who listens."""

STEP_KINDS: Mapping[str, type[Step]] = {
    "say": Say,
    "call": Call,
    "wait": Wait,
    "emit": Emit,
    "error": Error,
    "warn": Warn,
    "fail": Fail,
    "incomplete": Incomplete,
    "close": Close,
    "mcp": McpCall,
    "web_search": WebSearch,
    "file_search": FileSearch,
    "foundry_agent": FoundryAgentCall,
    "invocation": Invocation,
}
"""What a step of a reply can be, and what the session gets of it."""


class Clip(msgspec.Struct, frozen=True):
    """A sound file that speech is compared with."""

    path: Path
    place: Place

    def __str__(self) -> str:
        return f"the clip {self.path.name}"


class Conditions(msgspec.Struct, frozen=True):
    """When an entry answers. What is None or empty does not matter to it."""

    user: TextPattern | None = None
    clips: tuple[Clip, ...] = ()
    """Speech that sounds like one of these will do for ``user``, or stands in its place."""
    tools: tuple[str, ...] = ()
    """Outputs of all these tools came; those of an MCP server are named ``server/tool``."""
    output: object = None
    """A TextPattern or a JSON shape (see ``patterns.differences``) for the output of one of them."""
    tools_offered: tuple[str, ...] = ()
    turn: int | None = None
    session: Mapping[str, object] | None = None
    start: bool | None = None
    """True: neither words nor tool outputs came, the client asked for a response out of the blue."""
    invoke_input: Mapping[str, object] | None = None
    """A JSON shape for what the client hands to a hosted agent."""
    idle: bool | None = None
    """True: nobody has spoken for ``idle_timeout_ms``."""

    @property
    def hears(self) -> bool:
        """Whether speech alone can meet them."""
        said = self.user is not None or bool(self.clips)
        return said and not self.tools and self.output is None and not self.start and not self.idle

    @property
    def speech(self) -> str:
        """What is to be said, for people; "" when nothing is."""
        return " or ".join(map(str, filter(None, (self.user, *self.clips))))


class PlannedStep(msgspec.Struct, frozen=True):
    """One step of a reply, its templates not yet filled in."""

    make: Callable[..., Step]
    values: Mapping[str, object]
    place: Place

    def fill_in(self, variables: Mapping[str, object]) -> Step:
        """The step itself. Raises ``ScenarioError`` when a template asks for what is not there."""
        return self.make(**fill_in(dict(self.values), variables))


Plan: TypeAlias = tuple[PlannedStep, ...]


class Written(msgspec.Struct, frozen=True):
    """How a spoken turn is written down, where words alone do not say it."""

    text: str | None = None
    """What it is heard as, where it is not the text of ``user``."""
    failure: TranscriptionFailure | None = None
    locale: str | None = None
    confidence: float | None = None

    @property
    def is_plain(self) -> bool:
        """Whether its words are all there is to say."""
        return self.failure is None and self.locale is None and self.confidence is None


_AS_USUAL = Written()


class Entry(msgspec.Struct, frozen=True):
    """A turn, a rule, or what answers otherwise."""

    label: str
    """``turns[0]``, ``rules[2]`` or ``otherwise``."""
    place: Place
    when: Conditions = Conditions()
    reply: Plan | None = None
    """None only for what is not answered: a filler, or what nobody understood."""
    interim: str = ""
    """What a model says while the reply is not ready, where the session has an ``llm_interim_response``."""
    transcript: Written = _AS_USUAL
    filler: bool | None = None
    """Whether it is only "umm"; None: judged by its words."""
    complete: bool | None = None
    """Whether the sentence is finished; None: judged by its end."""
    optional: bool = False
    times: int | None = None
    """A turn is played so often (None is once), a rule at most so often (None is without limit)."""

    @property
    def heard_as(self) -> str | None:
        """The transcript of a spoken turn that this entry stands for; None when nobody gave one."""
        if self.transcript.text is not None:
            return self.transcript.text
        if self.when.user is not None:
            return self.when.user.example()
        return f"({self.when.clips[0].path.name})" if self.when.clips else None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The words with which it can be said, as far as they are plain to see."""
        said = (self.transcript.text, *(self.when.user.examples() if self.when.user is not None else ()))
        return tuple(dict.fromkeys(text for text in said if text is not None))

    def __str__(self) -> str:
        return self.label if self.place.line is None else f"{self.label} ({self.place})"


# ---- what must have happened


class EventFilter(msgspec.Struct, frozen=True):
    """Which events of a conversation are meant."""

    source: Literal["client", "server"] | None
    """Who sends it; None is either."""
    type: str
    where: Mapping[str, object] = msgspec.field(default_factory=dict)
    """A JSON shape (see ``patterns.differences``)."""

    def __str__(self) -> str:
        return f"{self.source} {self.type}" if self.source else self.type


class ExpectedEvent(msgspec.Struct, frozen=True):
    """An event that must have come, so often and in that time, or must not have come."""

    label: str
    place: Place
    event: EventFilter
    at_least: int = 1
    at_most: int | None = None
    within_s: float | None = None
    after: EventFilter | None = None
    """What ``within_s`` counts from, the first of its kind; None is ``session.created``."""

    def __str__(self) -> str:
        return self.label if self.place.line is None else f"{self.label} ({self.place})"


# ---- all of it


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What one conversation is to be like. Load one with ``vlmock.scenario.shipped.load``, or build one in Python."""

    name: str
    description: str = ""
    turns: tuple[Entry, ...] = ()
    rules: tuple[Entry, ...] = ()
    otherwise: Entry | None = None
    expect: tuple[ExpectedEvent, ...] = ()
    timing: str | Mapping[str, Duration] | None = None
    """A profile of ``vlmock.session.timing``, or one of its own; None leaves it to the server."""
    seed: int | None = None
    """Of ids and timing; None leaves it to the server."""
    speech: str | None = None
    """The engine that speaks; None leaves it to the server."""
    detector: str | None = None
    """What finds the user's speech; None leaves it to the server."""
    recognition: str | None = None
    """Who says what was said: ``scripted`` or ``pocketsphinx``; None leaves it to the server."""
    tokens: Literal["expired", "revoked"] | None = None
    """What becomes of all tokens that the server has handed out, once a client is connected. None: nothing."""
    avatar: Literal["capacity_exceeded", "resource_exhausted"] | None = None
    """Why the service has no avatar for the client. None: it has one."""
    readings: Mapping[str, object] = msgspec.field(default_factory=dict)
    """Where sources disagree about the service: members of ``vlmock.session.readings.Readings``."""
    mcp_servers: McpServers = msgspec.field(default_factory=dict)
    """What the MCP servers of the client offer."""
    museum: Story | None = None
    """The bug of a real client that this is about."""
    source: Path | None = None
    """The file that it came from."""

    @property
    def spoken(self) -> tuple[Entry, ...]:
        """The turns and rules that speech alone can meet."""
        return tuple(entry for entry in (*self.turns, *self.rules) if entry.when.hears)

    @property
    def clips(self) -> tuple[Path, ...]:
        """The sound files that speech is compared with."""
        return tuple(dict.fromkeys(clip.path for entry in self.spoken for clip in entry.when.clips))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that may answer, in the order of the file."""
        return (*self.turns, *self.rules, *([self.otherwise] if self.otherwise else ()))

    def called_on(self, server: str) -> tuple[str, ...]:
        """The tools of this MCP server that are called in some reply."""
        names = [step.values.get("mcp") for entry in self.entries for step in entry.reply or ()]
        parted = [name.partition("/") for name in names if isinstance(name, str)]
        return tuple(dict.fromkeys(tool for label, _, tool in parted if label == server))

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, name: str = "scenario", folder: Path | None = None
    ) -> "Scenario":
        """A scenario from the same keys that a file has. ``folder`` is what ``audio`` paths start from.

        Raises ``ScenarioError``, with ``turns[0].reply[1]`` in place of file and line.
        """
        from vlmock.scenario.loader import from_mapping

        return from_mapping(mapping, name=name, folder=folder)

    @classmethod
    def build(
        cls,
        *,
        name: str = "scenario",
        turns: Sequence[Mapping[str, Any]] = (),
        rules: Sequence[Mapping[str, Any]] = (),
        otherwise: Mapping[str, Any] | None = None,
        expect: Sequence[Mapping[str, Any]] = (),
        folder: Path | None = None,
        **settings: Any,
    ) -> "Scenario":
        """The same with keyword arguments: ``Scenario.build(turns=[{"user": "Hi", "reply": "Hello."}])``.

        ``settings``: ``description``, ``timing``, ``seed``, ``speech``, ``detector``, ``recognition``, ``tokens``,
        ``avatar``, ``readings``, ``mcp_servers``, ``museum``.
        Raises ``ScenarioError``.
        """
        parts = {"turns": list(turns), "rules": list(rules), "otherwise": otherwise, "expect": list(expect)}
        mapping = {**settings, **{key: part for key, part in parts.items() if part}}
        return cls.from_mapping(mapping, name=name, folder=folder)
