"""What is answered when nobody wrote a scenario: sensible, honest, the same each time."""

from collections.abc import Mapping
from typing import Any

from vlmock.protocol.tools import FunctionTool, McpTool, ToolChoiceFunction
from vlmock.scenario.arguments import arguments_for
from vlmock.scenario.json_text import as_json, as_json_text
from vlmock.session.script import Call, Expectation, McpListing, Recognized, Reply, Say, Spoken, Step, ToolOutput, Turn

__all__ = ["DefaultScript", "unscripted_transcript"]

_GREETING = "Hello. How can I help you?"
_STILL_THERE = "Are you still there?"
_LONGEST = 600
"""Of a tool's output, in characters: about half a minute of speech."""


def unscripted_transcript(audio_ms: float) -> str:
    """What speech is heard as when no script says it: nothing here recognises words."""
    return f"({audio_ms / 1000:.1f} seconds of unscripted speech)"


class DefaultScript:
    """Answers any client without a scenario. A ``Script``.

    It greets when asked for a response out of the blue, asks after whoever is silent, repeats what was typed, says how
    much speech it heard, and speaks a tool's output back. A function is called when ``tool_choice`` demands one, with
    arguments made from its schema, and never on its own account.
    """

    def expects(self) -> Expectation:
        """Always a whole sentence."""
        return Expectation()

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        """There are no fillers."""
        return False

    def hear(self, spoken: Spoken) -> str:
        """The length of the speech, in words."""
        return unscripted_transcript(spoken.audio_ms)

    def mcp_tools(self, server: McpTool) -> McpListing:
        """What the client allows."""
        return McpListing.unscripted(server)

    def reply(self, turn: Turn) -> Reply:
        """Observed {NETT}: ``required`` makes exactly one call, a named function that one, ``none`` no call."""
        return Reply((_demanded_call(turn) or Say(_words(turn)),), origin="default")

    def problems(self) -> list[str]:
        """None: nothing was asked of the client."""
        return []


def _demanded_call(turn: Turn) -> Step | None:
    """The call that ``tool_choice`` demands; a function that is not offered is called without arguments."""
    functions = {tool.name: tool for tool in turn.tools if isinstance(tool, FunctionTool)}
    choice = turn.tool_choice
    if isinstance(choice, ToolChoiceFunction):
        name = choice.name
    elif choice == "required":
        name = next(iter(functions), "")
    elif choice in functions and choice not in ("auto", "none"):
        name = choice
    else:
        return None
    if not name:
        return None
    parameters = functions[name].parameters if name in functions else None
    arguments = arguments_for(parameters if isinstance(parameters, Mapping) else None)
    return Call(name, as_json_text(arguments))


def _words(turn: Turn) -> str:
    if turn.idle:
        return _STILL_THERE
    if turn.tool_outputs:
        return " ".join(map(_told, turn.tool_outputs))
    heard_ms = sum(entry.audio_ms for entry in turn.user if entry.spoken)
    typed = " ".join(entry.text for entry in turn.user if entry.text and not entry.spoken)
    parts = [f"You said: {typed}"] if typed else []
    if heard_ms:
        parts.append(f"I heard {heard_ms / 1000:.1f} seconds of speech.")
    return " ".join(parts) or (_GREETING if not turn.user else "I heard nothing.")


def _told(output: ToolOutput) -> str:
    words = _spoken(as_json(output.output)) or "nothing"
    if len(words) > _LONGEST:
        words = words[:_LONGEST].rsplit(" ", 1)[0] + ", and so on"
    ending = "" if words.endswith((".", "!", "?")) else "."
    return f"{_named(output.name or 'the tool')} returned: {words}{ending}"


def _spoken(value: Any) -> str:
    """JSON as one would read it out: ``temp c 18.5, wind: speed 3, from west``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(_member(key, inner) for key, inner in value.items())
        case list():
            return ", ".join(map(_spoken, value))
    return str(value)


def _member(key: str, value: Any) -> str:
    between = ": " if isinstance(value, Mapping | list) else " "
    return f"{_named(key)}{between}{_spoken(value)}"


def _named(name: str) -> str:
    """``get_weather`` as words."""
    return " ".join(name.replace("_", " ").replace("-", " ").split())
