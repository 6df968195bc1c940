"""Steps for what the service does itself: MCP calls, searches, other agents, invocations."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from vlmock.protocol.items import FileSearchResult
from vlmock.scenario.json_text import as_json_text
from vlmock.scenario.kinds import Duration, Flag, Json, Key, ListOf, Record, Schema, Text
from vlmock.scenario.mcp_servers import mcp_name
from vlmock.scenario.nodes import Node
from vlmock.scenario.step_values import ARGUMENTS, ERROR, JSON, TEMPLATED, WORDS, As, words
from vlmock.session.script import FileSearch, FoundryAgentCall, Invocation, McpCall, Step, WebSearch

__all__ = ["COMPANIONS", "MAIN", "MAKERS", "McpNameKind", "make_mcp_call"]


def make_mcp_call(
    mcp: str, arguments: Any = "{}", output: Any = "{}", error: Any = None, takes: float | None = None
) -> McpCall:
    """The step that ``mcp: server/tool`` and its companions stand for."""
    server, _, tool = mcp.partition("/")
    return McpCall(server, tool, as_json_text(arguments), as_json_text(output), error, takes)


def _make_web_search(query: str, fails: bool = False, takes: float | None = None) -> WebSearch:
    return WebSearch(query, fails, takes)


def _make_file_search(
    queries: list[str], results: Any = (), fails: bool = False, takes: float | None = None
) -> FileSearch:
    return FileSearch(tuple(queries), tuple(msgspec.convert(results, list[FileSearchResult])), fails, takes)


def _make_agent_call(
    agent: str, arguments: Any = "{}", output: Any = "", error: Any = None, takes: float | None = None
) -> FoundryAgentCall:
    return FoundryAgentCall(agent, as_json_text(arguments), as_json_text(output), error, takes)


class McpNameKind:
    """``server/tool``."""

    def read(self, node: Node, name: str) -> str:
        return mcp_name(Text().read(node, name), node.place, name)

    def schema(self, defs: Schema) -> Schema:
        return {"type": "string", "pattern": "^[^/]+/.+$"}


class _ScoreKind:
    """How well something fits."""

    def read(self, node: Node, name: str) -> float:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise node.place.complaint(f"{name}: expected a number, got {node.describe()}")
        return float(node.value)

    def schema(self, defs: Schema) -> Schema:
        return {"type": "number"}


_RESULT = Record(
    "file_search_result",
    "A piece of a file that was found.",
    {
        "file_id": words("The file's id."),
        "filename": words("The file's name."),
        "score": Key(_ScoreKind(), "How well it fits."),
        "text": words("What stands there."),
        "attributes": Key(Json(mapping=True), "Whatever else is known of the file."),
    },
    lambda values, node: values,
)

_TAKES = Key(Duration(), "How long it takes; the timing profile decides unless given.")
_FAILS = Key(Flag(), "true: the search fails.")
_ARGUMENTS = Key(ARGUMENTS, "What it is called with; text goes out as it stands.")
_ERROR = Key(ERROR, "Why it fails, in place of an output; a mapping is sent as it stands.")

MAIN: Mapping[str, Key] = {
    "mcp": Key(As("mcp", McpNameKind()), "A call of the service to an MCP server of the client: server/tool."),
    "web_search": Key(As("query", WORDS), "A search of the web. What is searched for is not sent: it is for readers."),
    "file_search": Key(As("queries", ListOf(WORDS, single=True)), "A search in the agent's files: what it asks."),
    "foundry_agent": Key(As("agent", WORDS), "The service asks another agent; needs readings: {foundry_agent: true}."),
    "invocation": Key(As("payload", TEMPLATED), "An event of a hosted agent's own, in response.invocation.delta."),
}
COMPANIONS: Mapping[str, Mapping[str, Key]] = {
    "mcp": {
        "arguments": _ARGUMENTS,
        "output": Key(JSON, "What it returns: text, or JSON. Unless given, what mcp_servers says, or {}."),
        "error": _ERROR,
        "takes": _TAKES,
    },
    "web_search": {"fails": _FAILS, "takes": _TAKES},
    "file_search": {
        "results": Key(ListOf(_RESULT), "What is found; only sessions that include file_search_call.results see it."),
        "fails": _FAILS,
        "takes": _TAKES,
    },
    "foundry_agent": {
        "arguments": _ARGUMENTS,
        "output": Key(JSON, "What it answers: text, or JSON."),
        "error": _ERROR,
        "takes": _TAKES,
    },
}
MAKERS: Mapping[str, Callable[..., Step]] = {
    "mcp": make_mcp_call,
    "web_search": _make_web_search,
    "file_search": _make_file_search,
    "foundry_agent": _make_agent_call,
    "invocation": Invocation,
}
