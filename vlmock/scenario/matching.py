"""Whether an entry answers a turn, and if not, why not. Pure functions."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from vlmock.scenario.json_text import as_json
from vlmock.scenario.model import Conditions, Entry
from vlmock.scenario.patterns import Difference, Groups, TextPattern, differences, normalised, shown
from vlmock.session.script import Recognized, ToolOutput, Turn

__all__ = [
    "Match",
    "describe",
    "is_perhaps",
    "match",
    "session_differences",
    "tool_names",
    "words_of",
]


class Match(msgspec.Struct, frozen=True):
    """An entry answers the turn."""

    entry: Entry
    groups: Groups = msgspec.field(default_factory=dict)
    """What its patterns found."""
    output: ToolOutput | None = None
    """The tool output that it is about."""


def match(entry: Entry, turn: Turn, session: Mapping[str, object]) -> Match | list[Difference]:
    """The match, or every reason why there is none. ``session``: the turn's settings as plain data."""
    groups: Groups = {}
    when = entry.when
    found = _user_differences(entry, turn, groups)
    output, problems = _output_differences(when, turn, groups)
    found += problems
    if when.tools_offered:
        offered = tool_names(turn)
        if missing := [name for name in when.tools_offered if name not in offered]:
            found.append(Difference("tools_offered", ", ".join(missing), ", ".join(offered) or "no tools"))
    if when.turn not in (None, turn.number):
        found.append(Difference("turn", str(when.turn), str(turn.number)))
    if when.session is not None:
        found += session_differences(when, session)
    if when.invoke_input is not None:
        found += differences(when.invoke_input, turn.invoke_input, "invoke_input")
    if when.start is not None and when.start != (not turn.user and not turn.tool_outputs and not turn.idle):
        expected = "nothing said and no tool output" if when.start else "words or a tool output"
        found.append(Difference("start", expected, describe(turn)))
    if when.idle not in (None, turn.idle):
        found.append(Difference("idle", "silence" if when.idle else "no silence", describe(turn)))
    return found or Match(entry, groups, output)


def session_differences(when: Conditions, session: Mapping[str, object]) -> list[Difference]:
    return differences(when.session, session, "session") if when.session is not None else []


def describe(turn: Turn) -> str:
    """What came, for people: ``the user said 'Hello.'``."""
    parts = [f"the user {'said' if entry.spoken else 'typed'} {shown(entry.text)}" for entry in turn.user]
    parts += [f"{output.name or 'an unknown tool'} returned {_short(output.output)}" for output in turn.tool_outputs]
    if turn.idle:
        parts.append("nobody has spoken for idle_timeout_ms")
    return " and ".join(parts) or "nothing (a response out of the blue)"


def tool_names(turn: Turn) -> list[str]:
    """The names of the functions that the client offers."""
    return [name for tool in turn.tools if isinstance(name := getattr(tool, "name", None), str)]


# ---- what was recognised


def words_of(entry: Entry, recognized: Recognized) -> str | None:
    """What the entry has for words where it is what was recognised; None where it is not."""
    if recognized.clip:
        return entry.heard_as if recognized.clip in map(str, (clip.path for clip in entry.when.clips)) else None
    said = normalised(recognized.text)
    return next((sentence for sentence in entry.sentences if normalised(sentence) == said), None)


def is_perhaps(entry: Entry, recognized: Recognized) -> bool:
    """Whether the entry may be what was recognised: where only clips were compared, nobody knows better."""
    if recognized.only_clips and not recognized.clip:
        return not entry.when.clips
    return words_of(entry, recognized) is not None


# ---- the conditions that take more than a line


def _user_differences(entry: Entry, turn: Turn, groups: Groups) -> list[Difference]:
    """The whole of what was said must fit, or one of its parts; speech also fits when it was heard as this entry."""
    wanted, pattern = entry.when.speech, entry.when.user
    if not wanted:
        return []
    if not turn.user:
        return [Difference("user", wanted, describe(turn) if turn.tool_outputs else "nothing said")]
    for text in (turn.text, *(part.text for part in turn.user)):
        if pattern is not None and (found := pattern.match(text)) is not None:
            groups.update(found)
            return []
    if any(part.spoken and part.text == entry.heard_as for part in turn.user):
        return []
    return [Difference("user", wanted, shown(turn.text))]


_Found: TypeAlias = tuple[ToolOutput | None, list[Difference]]


def _output_differences(when: Conditions, turn: Turn, groups: Groups) -> _Found:
    """The output that the entry is about, and what is missing."""
    outputs = turn.tool_outputs
    found = []
    names = [output.name for output in outputs]
    if missing := [name for name in when.tools if name not in names]:
        got = f"that of {' and '.join(names)}" if names else describe(turn)
        found.append(Difference("tool", f"the output of {' and '.join(missing)}", got))
    meant = [output for output in outputs if output.name in when.tools] if when.tools else list(outputs)
    if when.tools:
        meant.sort(key=lambda output: when.tools.index(output.name))
    if when.output is None or found:
        return (meant[0] if meant else None), found
    return _fitting(when.output, meant, groups)


def _fitting(expected: object, outputs: Sequence[ToolOutput], groups: Groups) -> _Found:
    found = [] if outputs else [Difference("output", shown(expected), "no tool output")]
    for output in outputs:
        if isinstance(expected, TextPattern):
            texts = [output.output, *([parsed] if isinstance(parsed := as_json(output.output), str) else [])]
            matched = next((hit for text in texts if (hit := expected.match(text)) is not None), None)
            if matched is not None:
                groups.update(matched)
                return output, []
            found.append(Difference("output", str(expected), _short(output.output)))
        else:
            problems = differences(expected, as_json(output.output), "output")
            if not problems:
                return output, []
            found += problems
    return None, found


def _short(text: str) -> str:
    return repr(text if len(text) <= 120 else text[:117] + "…")
