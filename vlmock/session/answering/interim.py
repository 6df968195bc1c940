"""Something to say while the answer is not ready. Source: schema D12, behaviour.md 4.6.

Documented {DOC}: filled is the silence before an answer that takes longer than ``latency_threshold_ms``, and that of a
tool at work, in a cascade or with an agent, where an Azure voice speaks. Assumed: once in a response, as an item of its
own in front of the answer or behind the call; what was being said is said to its end, and the answer after it.
"""

from collections.abc import Sequence
from typing import Final

from vlmock.protocol.items import FileSearchCallItem, FunctionCallItem, McpCallItem, ResponseItem, WebSearchCallItem
from vlmock.protocol.session import InterimResponse, LlmInterimResponse
from vlmock.protocol.wire import UNSET, given
from vlmock.session.answering.output_items import EphemeralItems
from vlmock.session.answering.performance import Performance
from vlmock.session.script import Say
from vlmock.session.speaking.active_response import ActiveResponse, ResponseRequest
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, SpeechFailed, Supply
from vlmock.session.words import tokens

__all__ = ["bridged"]

_PATIENCE_MS: Final = 2_000
_TRIGGERS: Final = ("latency",)
_MOST_TOKENS: Final = 50
"""Documented {DOC}: the defaults."""
_MODELS_WORDS: Final = "One moment, please."
"""What a model would say. Ours: the service's is made up each time."""


def bridged(state: SessionState, asked: ResponseRequest, response: ActiveResponse, plot: Plot, made_up: str) -> Plot:
    """The reply, with something to fill its silence if that is wanted. ``made_up``: what a model says there; "" leaves
    it to us."""
    interim = _wanted(state, asked)
    if interim is None or not response.spoken or asked.is_pre_generated:
        return plot
    words = _words(state, interim, made_up)
    return _Bridge(state, response, interim, words).over(plot) if words else plot


def _wanted(state: SessionState, asked: ResponseRequest) -> InterimResponse | None:
    """Documented (schema B1): the request's own goes before the session's. Assumed: null is none."""
    own = asked.params.interim_response
    return given(state.settings.interim_response, None) if own is UNSET else own


def _words(state: SessionState, interim: InterimResponse, made_up: str) -> str:
    """Documented {DOC}: one of the texts at random, or what a model says in so many tokens."""
    if not isinstance(interim, LlmInterimResponse):
        texts = given(interim.texts, [])
        return state.timing.one_of(texts) if texts else ""
    if state.readings.llm_interim == "silent":
        return ""
    return "".join(tokens(made_up or _MODELS_WORDS)[: given(interim.max_completion_tokens, _MOST_TOKENS)])


class _Bridge:
    """Over the silence of one response."""

    def __init__(self, state: SessionState, response: ActiveResponse, interim: InterimResponse, words: str) -> None:
        self._state = state
        self._response = response
        self._words = words
        self._triggers: Sequence[str] = given(interim.triggers, _TRIGGERS)
        self._patience_ends = state.now + given(interim.latency_threshold_ms, _PATIENCE_MS) / 1000
        self._said = False

    def over(self, plot: Plot) -> Plot:
        """The reply, beat by beat, and the words where its silence begins to be too long."""
        supply: Supply | None = None
        failure: SpeechFailed | None = None
        try:
            while True:
                try:
                    beat = plot.send(supply) if failure is None else plot.throw(failure)
                except StopIteration:
                    break
                if isinstance(beat, At) and self._is_too_long(beat):
                    yield At(self._patience_ends)
                    yield from self._say()
                elif isinstance(beat, At) and self._service_is_at_work():
                    yield from self._say()
                try:
                    supply, failure = (yield beat), None
                except SpeechFailed as failed:
                    supply, failure = None, failed
        finally:
            plot.close()
        if self._waits_for_a_tool():
            yield from self._say()

    def _is_too_long(self, wait: At) -> bool:
        silent = not self._response.output and not self._said
        return "latency" in self._triggers and silent and wait.instant > self._patience_ends

    def _service_is_at_work(self) -> bool:
        """Documented {DOC}: a tool call is being executed. Assumed: a search, or an MCP call within the response."""
        if "tool" not in self._triggers or self._said or self._response.open_message is not None:
            return False
        return any(self._runs(self._response.output[index]) for index in self._response.closings)

    def _runs(self, item: ResponseItem) -> bool:
        if isinstance(item, McpCallItem):
            return bool(item.arguments) and self._state.readings.mcp_call == "in_response"
        return isinstance(item, WebSearchCallItem | FileSearchCallItem)

    def _waits_for_a_tool(self) -> bool:
        """At the end of the reply: the client's tools are called, and those of MCP servers run from now on."""
        calls = any(isinstance(item, FunctionCallItem) for item in self._response.output)
        runs = any(not call.needs_approval for call in self._response.mcp_calls)
        return "tool" in self._triggers and (calls or runs) and not self._said

    def _say(self) -> Plot:
        self._said = True
        return Performance(self._state, self._response, [Say(self._words)], items=EphemeralItems).plot(at_once=True)
