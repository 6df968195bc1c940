"""Every key that a scenario may have: what it takes, what it is for, what is made of it.

The loader reads by these tables and the JSON Schema is printed from them, so the two cannot disagree.
"""

import re
import warnings
from pathlib import Path
from typing import Any

import msgspec

from vlmock.errors import did_you_mean
from vlmock.hearing.detectors import DETECTORS
from vlmock.protocol.session import ResponseSession
from vlmock.scenario.kinds import Choice, Count, Duration, Either, Flag, Json, Key, ListOf, Record, Schema, Text
from vlmock.scenario.mcp_servers import MCP_SERVERS
from vlmock.scenario.model import RECOGNITION, SPEECH_ENGINES, Clip, Conditions, Entry, EventFilter, ExpectedEvent
from vlmock.scenario.museum_keys import MUSEUM
from vlmock.scenario.nodes import Node
from vlmock.scenario.patterns import Contains, Regex, TextPattern, Words
from vlmock.scenario.places import Place
from vlmock.scenario.service_steps import McpNameKind
from vlmock.scenario.steps import REPLY
from vlmock.scenario.transcripts import TRANSCRIPT
from vlmock.session.avatar.pool import AVATAR_TROUBLES
from vlmock.session.readings import Question, questions
from vlmock.session.timing import PROFILE_NAMES, SEGMENTS, parse_duration

__all__ = ["SCENARIO"]

TOKENS_END = ("expired", "revoked")


# ---- comparing


def _regex(source: str, flags: int, place: Place) -> Regex:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python doubts is hardly what was meant
            return Regex(re.compile(source, flags))
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise place.complaint(f"wrong regular expression /{source}/: {error}") from None


def _slashed(text: str, place: Place) -> Regex | None:
    """``/…/`` with flags: i (small and capital letters alike), s (. matches a line's end), m, x."""
    found = re.fullmatch(r"/(.+)/([a-z]*)", text, re.DOTALL)
    if found is None:
        return None
    letters = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}
    if unknown := set(found[2]) - set(letters):
        raise place.complaint(f"unknown flag {sorted(unknown)[0]!r} after /{found[1]}/; there are i, s, m, x")
    flags = 0
    for letter in found[2]:
        flags |= letters[letter]
    return _regex(found[1], flags, place)


class _TextPatternKind:
    """Words to compare with."""

    def read(self, node: Node, name: str) -> TextPattern:
        if isinstance(node.value, list):
            return TextPattern(tuple(o for pattern in ListOf(self).read(node, name) for o in pattern.options))
        if isinstance(node.value, dict):
            return self._of_mapping(node.value, node, name)
        text = Text().read(node, name)
        return TextPattern((_slashed(text, node.place) or Words(text),))

    @staticmethod
    def _of_mapping(members: dict[str, Node], node: Node, name: str) -> TextPattern:
        if list(members) == ["contains"]:
            return TextPattern((Contains(Text().read(members["contains"], "contains")),))
        if list(members) == ["matches"]:
            source = Text().read(members["matches"], "matches")
            return TextPattern((_regex(source, re.IGNORECASE, members["matches"].place),))
        raise node.place.complaint(f"{name}: a mapping here is {{contains: words}} or {{matches: regular expression}}")

    def schema(self, defs: Schema) -> Schema:
        one: list[Schema] = [{"type": "string", "minLength": 1}]
        for key, about in (("contains", "words somewhere in it"), ("matches", "a regular expression, in any case")):
            members = {key: {"type": "string", "minLength": 1, "description": about}}
            one.append({"type": "object", "properties": members, "required": [key], "additionalProperties": False})
        defs["words"] = {
            "description": "Words in any case and punctuation, /a regular expression/i, or several of these.",
            "anyOf": [*one, {"type": "array", "items": {"anyOf": one}, "minItems": 1}],
        }
        return {"$ref": "#/$defs/words"}


def _shape(tree: Any, node: Node) -> Any:
    """JSON to compare with: members that are ``/…/``, ``{contains: …}`` or ``{matches: …}`` are patterns."""
    return {key: _member(value, node) for key, value in tree.items()}


def _member(tree: Any, node: Node) -> Any:
    match tree:
        case {"contains": str(words)} if words and len(tree) == 1:
            return TextPattern((Contains(words),))
        case {"matches": str(source)} if source and len(tree) == 1:
            return TextPattern((_regex(source, re.IGNORECASE, node.place),))
        case dict():
            return _shape(tree, node)
        case list():
            return [_member(value, node) for value in tree]
        case str():
            regex = _slashed(tree, node.place)
            return TextPattern((regex,)) if regex else tree
    return tree


class _OutputKind:
    """What a tool returned."""

    def read(self, node: Node, name: str) -> Any:
        compared = isinstance(node.value, dict) and list(node.value) in (["contains"], ["matches"])
        return (WORDS if compared or not isinstance(node.value, dict) else SHAPE).read(node, name)

    def schema(self, defs: Schema) -> Schema:
        return {"anyOf": [WORDS.schema(defs), {"type": "object", "description": "Members of its JSON."}]}


class _SettingsKind:
    """Members of a session."""

    def read(self, node: Node, name: str) -> Any:
        shape = SHAPE.read(node, name)
        settings = [field.encode_name for field in msgspec.structs.fields(ResponseSession)]
        for setting in shape:
            if setting not in settings:
                hint = did_you_mean(setting, settings) or "; session.updated shows those that there are"
                raise node.keys[setting].complaint(f"{name}: there is no setting {setting!r}{hint}")
        return shape

    def schema(self, defs: Schema) -> Schema:
        return SHAPE.schema(defs)


class _ClipKind:
    """A sound file."""

    def read(self, node: Node, name: str) -> Clip:
        return Clip(Path(Text().read(node, name)), node.place)

    def schema(self, defs: Schema) -> Schema:
        return Text().schema(defs)


WORDS = _TextPatternKind()
SHAPE = Json(_shape, mapping=True)
NAMES = ListOf(Text(), single=True)


# ---- turns and rules

_CONDITIONS = {
    "user": Key(WORDS, "What the user says or types."),
    "clip": Key(
        ListOf(_ClipKind(), single=True),
        "WAV files that speech is compared with; the paths start at the scenario's own folder.",
    ),
    "tool": Key(NAMES, "The tool whose output comes; of a list, all of them."),
    "mcp": Key(
        ListOf(McpNameKind(), single=True),
        "The call to an MCP server that ended, as server/tool; of a list, all of them.",
    ),
    "output": Key(_OutputKind(), "What the tool returned: words, a pattern, or members of its JSON."),
    "tools_offered": Key(NAMES, "Tools that the client must have offered."),
    "turn": Key(Count(1), "The number of the response, 1 for the first."),
    "session": Key(_SettingsKind(), "Members of the session's settings, as session.updated shows them."),
    "start": Key(Flag(), "true: the client asks for a response before anything was said, a greeting."),
    "invoke_input": Key(SHAPE, "Members of what the client hands to a hosted agent."),
    "idle": Key(Flag(), "true: nobody has spoken for turn_detection.idle_timeout_ms since the last answer."),
}


_SPOKEN = {
    "transcript": Key(TRANSCRIPT, "What speech is heard as here; needed where 'user' is a pattern."),
    "filler": Key(
        Flag(),
        'true: only "umm", no turn at all where the session removes filler words. Judged by its words unless given.',
    ),
    "complete": Key(
        Flag(),
        "false: the sentence is not finished; end-of-utterance detection waits longer. Judged by its end unless given.",
    ),
}


_SEVERAL = {"clips": "clip", "tools_offered": "tools_offered"}
"""Conditions of which there may be more than one, and their keys."""


def _entry(values: dict[str, Any], node: Node) -> Entry:
    alone = ("user", "output", "turn", "session", "start", "invoke_input", "idle")
    conditions: dict[str, Any] = {key: values.get(key) for key in alone}
    several: dict[str, Any] = {key: values.get(name, ()) for key, name in _SEVERAL.items()}
    outcomes = (*values.get("tool", ()), *values.get("mcp", ()))
    when = Conditions(tools=outcomes, **several, **conditions)
    if not any(key in values for key in _CONDITIONS):
        raise node.place.complaint(f"says nothing about when: give it one of {', '.join(_CONDITIONS)}")
    fails = "transcript" in values and values["transcript"].failure is not None
    if "reply" not in values and not values.get("filler") and not fails:
        raise node.place.complaint("missing key 'reply': what is said or called in answer")
    if not when.speech and (lonely := [key for key in _SPOKEN if key in values]):
        raise node.keys[lonely[0]].complaint(f"{lonely[0]!r} needs 'user' or 'clip': only what is said can be heard")
    for nothing_came in ("start", "idle"):
        if getattr(when, nothing_came) and (when.speech or when.tools or when.output):
            message = f"{nothing_came!r} means that nothing came: leave out 'user', 'clip', 'tool', 'mcp' and 'output'"
            raise node.keys[nothing_came].complaint(message)
    others = {key: values[key] for key in (*_SPOKEN, "optional", "times", *_REPLY) if key in values}
    return Entry("", node.place, when, **others)


_REPLY = {
    "reply": Key(REPLY, "What is said or called in answer, in this order."),
    "interim": Key(
        Text(), "What a model says when the reply takes long; needs an llm_interim_response in the session."
    ),
}
TURN = Record(
    "turn",
    "What comes next, and what answers it.",
    {
        **_CONDITIONS,
        **_SPOKEN,
        "optional": Key(Flag(), "true: the conversation may go on without it."),
        "times": Key(Count(1), "How often it comes before the next one; once unless given."),
        **_REPLY,
    },
    _entry,
)
RULE = Record(
    "rule",
    "Answers whenever its conditions hold.",
    {**_CONDITIONS, **_SPOKEN, "times": Key(Count(1), "How often it may answer; any number unless given."), **_REPLY},
    _entry,
)
OTHERWISE = Record(
    "otherwise",
    "Answers when no turn and no rule does.",
    {**_REPLY, "reply": Key(REPLY, _REPLY["reply"].about, required=True)},
    lambda values, node: Entry("otherwise", node.place, **values),
)


# ---- expect


def _filter(values: dict[str, Any], node: Node) -> EventFilter:
    sides = [side for side in ("client", "server") if side in values]
    if len(sides) != 1:
        raise node.place.complaint("needs 'client' or 'server', and not both: who sends the event")
    side: Any = sides[0]
    return EventFilter(side, values[side], values.get("where", {}))


_EVENT = {
    "client": Key(Text(), "The type of an event that the client sends."),
    "server": Key(Text(), "The type of an event that the server sends."),
    "where": Key(SHAPE, "Members that it has."),
}


class _AfterKind:
    """The event that a time counts from: its type, or a mapping like that of an expected one."""

    _record = Record("event", "An event of the conversation.", _EVENT, _filter)

    def read(self, node: Node, name: str) -> EventFilter:
        if isinstance(node.value, str):
            return EventFilter(None, Text().read(node, name))
        read: EventFilter = self._record.read(node, name)
        return read

    def schema(self, defs: Schema) -> Schema:
        return {"anyOf": [{"type": "string", "minLength": 1}, self._record.schema(defs)]}


def _expected(values: dict[str, Any], node: Node) -> ExpectedEvent:
    event = _filter(values, node)
    numbers = [key for key in ("absent", "count", "at_least", "at_most") if key in values]
    if ("absent" in values or "count" in values) and len(numbers) > 1:
        raise node.keys[numbers[1]].complaint(f"{numbers[0]!r} and {numbers[1]!r} contradict each other: keep one")
    if values.get("absent") is False:
        raise node.keys["absent"].complaint("absent: write true, or leave it out")
    exact = 0 if "absent" in values else values.get("count")
    least = exact if exact is not None else values.get("at_least", 0 if "at_most" in values else 1)
    most = exact if exact is not None else values.get("at_most")
    if most is not None and least > most:
        raise node.keys["at_most"].complaint(f"at_most {most} is less than at_least {least}")
    return ExpectedEvent("", node.place, event, least, most, values.get("within"), values.get("after"))


EXPECTED = Record(
    "expected",
    "An event that must have come by the end, or must not.",
    {
        **_EVENT,
        "count": Key(Count(), "Exactly so many."),
        "at_least": Key(Count(1), "So many or more; 1 unless given."),
        "at_most": Key(Count(1), "So many or fewer."),
        "absent": Key(Flag(), "true: none at all."),
        "within": Key(Duration(), "No later than this after 'after', or after session.created."),
        "after": Key(_AfterKind(), "Only what comes after the first of these counts."),
    },
    _expected,
)


# ---- all of it


class _DurationMsKind:
    """A figure of a timing profile."""

    def read(self, node: Node, name: str) -> Any:
        try:
            return parse_duration(Json().read(node, name))
        except ValueError as error:
            raise node.place.complaint(f"{name}: {error}") from None

    def schema(self, defs: Schema) -> Schema:
        number = {"type": "number", "minimum": 0}
        pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
        members = {"median": number, "p90": number}
        mapping = {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}
        defs["milliseconds"] = {"anyOf": [number, pair, mapping]}
        return {"$ref": "#/$defs/milliseconds"}


_PROFILE = Record(
    "timing",
    "How long the service takes, in milliseconds: one number, [low, high], or {median: …, p90: …}.",
    {segment: Key(_DurationMsKind(), about) for segment, about in SEGMENTS.items()},
    lambda values, node: values,
)


def _reading_key(question: Question) -> Key:
    words = tuple(answer for answer in question.answers if isinstance(answer, str))
    return Key(Choice(words) if words else Flag(), question.about)


_READINGS = Record(
    "readings",
    "Where sources disagree about the service: which of them is followed.",
    {question.name: _reading_key(question) for question in questions()},
    lambda values, node: values,
)


def _scenario(values: dict[str, Any], node: Node) -> dict[str, Any]:
    if not any(key in values for key in ("turns", "rules", "otherwise")):
        raise node.place.complaint("answers nothing: give it 'turns', 'rules' or 'otherwise'")
    return values


SCENARIO = Record(
    "scenario",
    "A conversation that the emulator plays.",
    {
        "description": Key(Text(), "What happens, in a sentence."),
        "timing": Key(
            Either(f"one of {', '.join(PROFILE_NAMES)}, or a mapping", text=Choice(PROFILE_NAMES), mapping=_PROFILE),
            "How long the service takes: a profile's name, or figures of your own.",
        ),
        "seed": Key(Count(), "Makes ids and timing the same each time."),
        "speech": Key(Choice(SPEECH_ENGINES), "What speaks the assistant's words."),
        "detector": Key(
            Choice(tuple(DETECTORS)), "What finds speech in the client's audio: its level, or silero in noise."
        ),
        "recognition": Key(
            Choice(RECOGNITION), "Who says what was said: the scenario in its order, or pocketsphinx, which listens."
        ),
        "tokens": Key(
            Choice(TOKENS_END),
            "Once a client is connected, its token of vlmock's Entra ID is no longer good: 401 at the next connect.",
        ),
        "avatar": Key(
            Choice(AVATAR_TROUBLES),
            "No avatar can be had: the code of the error that the client is told so with.",
        ),
        "readings": Key(_READINGS, _READINGS.about),
        "mcp_servers": Key(MCP_SERVERS, "What the MCP servers of the client offer, by server_label."),
        "turns": Key(ListOf(TURN), "What comes in this order."),
        "rules": Key(ListOf(RULE), "What may come at any time; the first that fits answers, after the turns."),
        "otherwise": Key(OTHERWISE, "The answer to everything else."),
        "expect": Key(ListOf(EXPECTED), "What must have happened when the conversation is over."),
        "museum": Key(MUSEUM, MUSEUM.about),
    },
    _scenario,
)
"""Reads to the values of the keys that are there; the loader makes a Scenario of them."""
