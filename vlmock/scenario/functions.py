"""Python functions as scripts: the reply to a turn, computed."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, get_args

from vlmock.errors import ScenarioError
from vlmock.protocol.tools import McpTool
from vlmock.scenario.default import unscripted_transcript
from vlmock.session.script import Expectation, Fail, McpListing, Recognized, Reply, Say, Spoken, Step, Turn

__all__ = ["Answer", "FunctionScript", "ReplyFunction"]

Answer: TypeAlias = str | Step | Reply | Iterable[str | Step] | None
"""Text is something to say; None is no answer at all, an empty response."""
ReplyFunction: TypeAlias = Callable[[Turn], Answer]


class FunctionScript:
    """Asks a function what to answer. A ``Script`` for one connection.

    ``transcripts``: what spoken turns are heard as, one after the other; after the last, speech is unscripted.
    """

    def __init__(self, function: ReplyFunction, transcripts: Sequence[str] = ()) -> None:
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise ScenarioError(f"{_named(function)} is async; a reply function is an ordinary one: def reply(turn)")
        self._function = function
        self._transcripts = iter(transcripts)
        self._problems: list[str] = []

    def expects(self) -> Expectation:
        """Always a whole sentence."""
        return Expectation()

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        """There are no fillers."""
        return False

    def hear(self, spoken: Spoken) -> str:
        """The next of the transcripts."""
        return next(self._transcripts, None) or unscripted_transcript(spoken.audio_ms)

    def mcp_tools(self, server: McpTool) -> McpListing:
        """What the client allows."""
        return McpListing.unscripted(server)

    def reply(self, turn: Turn) -> Reply:
        """What the function says. When it raises, or returns something odd, a reply that fails and says so."""
        origin = _named(self._function)
        try:
            return _as_reply(self._function(turn), origin)
        except Exception as error:  # the user's own code: whatever it raises belongs into the user's report
            self._problems.append(f"turn {turn.number}: {origin} failed\n{traceback.format_exc().rstrip()}")
            message = f"{origin} raised {type(error).__name__}: {error}"
            return Reply((Fail(message, code="script_error"),), origin=origin)

    def problems(self) -> list[str]:
        """What the function raised, with traceback."""
        return list(self._problems)


def _as_reply(answer: Answer, origin: str) -> Reply:
    match answer:
        case Reply():
            return answer
        case None:
            return Reply(origin=origin)
        case str():
            return Reply((Say(answer),), origin=origin)
    steps = [answer] if isinstance(answer, Step) else answer
    if not isinstance(steps, Iterable):
        raise TypeError(f"a reply is text, a step, several of them, or None, and not of type {type(answer).__name__}")
    return Reply(tuple(map(_as_step, steps)), origin=origin)


def _as_step(part: object) -> Step:
    if isinstance(part, str):
        return Say(part)
    if isinstance(part, Step):
        return part
    kinds = ", ".join(kind.__name__ for kind in get_args(Step))
    raise TypeError(f"a step of a reply is text or one of {kinds}; got {part!r}")


def _named(function: Callable[..., object]) -> str:
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__name__)
    return f"{name} (line {code.co_firstlineno})" if code else name
