"""The MCP servers of a scenario: what each offers, and what its tools return unless a step says otherwise."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from vlmock.errors import did_you_mean
from vlmock.protocol.items import ListedMcpTool
from vlmock.protocol.tools import McpTool
from vlmock.scenario.json_text import as_json_text
from vlmock.scenario.kinds import Duration, Either, Flag, Json, Key, Kind, ListOf, Record, Schema, Text
from vlmock.scenario.nodes import Node
from vlmock.scenario.places import Gathering, Place
from vlmock.session.script import McpListing

__all__ = ["MCP_SERVERS", "McpServer", "McpServers", "listing", "mcp_name", "missing"]


class McpServer(msgspec.Struct, frozen=True):
    """An MCP server, as far as a client can tell."""

    tools: tuple[ListedMcpTool, ...] = ()
    outputs: Mapping[str, str] = msgspec.field(default_factory=dict)
    """By tool, what a call returns that no step says more about."""
    unreachable: bool = False
    seconds: float | None = None
    """How long it takes to tell its tools; None leaves it to the timing profile."""


McpServers: TypeAlias = Mapping[str, McpServer]
"""By ``server_label``."""


def listing(servers: McpServers, server: McpTool, called: tuple[str, ...]) -> McpListing:
    """What this server of the client offers. One that the scenario does not describe has the tools that the scenario
    calls on it, and those that the client allows, or else any one."""
    described = servers.get(server.server_label)
    if described is not None:
        return McpListing(described.tools, described.unreachable, described.seconds)
    if not called:
        return McpListing.unscripted(server)
    allowed = server.allowed_tools if isinstance(server.allowed_tools, list) else []
    return McpListing.of(*dict.fromkeys((*called, *allowed)))


def missing(servers: McpServers, name: str) -> str | None:
    """Why a call to ``server/tool`` makes no sense in a scenario with these servers; None when it does."""
    label, _, tool = name.partition("/")
    server = servers.get(label)
    if server is None:
        hint = did_you_mean(label, servers)  # else it is the client's alone, which is fine
        return f"{name}: mcp_servers has no {label!r}{hint}" if hint else None
    if server.unreachable:
        return f"{name}: mcp_servers says that {label!r} is unreachable, so nothing on it can be called"
    names = [listed.name for listed in server.tools]
    if tool not in names:
        hint = did_you_mean(tool, names) or f"; it has {', '.join(names)}"
        return f"{name}: mcp_servers lists no such tool of {label!r}{hint}"
    return None


def mcp_name(text: str, place: Place, key: str) -> str:
    """``server/tool``. Raises ``Complaints`` for anything else."""
    server, slash, tool = text.partition("/")
    if not (server.strip() and slash and tool.strip()):
        raise place.complaint(f"{key}: expected server/tool, like docs/search, got {text!r}")
    return text


# ---- how it is written

_OUTPUT = Json(lambda tree, node: as_json_text(tree))


def _tool(values: dict[str, Any], node: Node) -> tuple[ListedMcpTool, str | None]:
    output = values.pop("output", None)
    return ListedMcpTool(**{"input_schema": {"type": "object"}, **values}), output


_TOOL = Record(
    "mcp_tool",
    "A tool of an MCP server.",
    {
        "name": Key(Text(), "Its name.", required=True),
        "description": Key(Text(), "What it does."),
        "input_schema": Key(Json(mapping=True), "The JSON schema of its arguments; any object unless given."),
        "annotations": Key(Json(mapping=True), "Whatever else the server says of it."),
        "output": Key(_OUTPUT, "What it returns, where a step with 'mcp' gives neither 'output' nor 'error'."),
    },
    _tool,
)


class _ToolKind:
    """A tool, or its bare name."""

    _kind = Either("a name, or a mapping", text=Text(), mapping=_TOOL)

    def read(self, node: Node, name: str) -> tuple[ListedMcpTool, str | None]:
        read = self._kind.read(node, name)
        found: tuple[ListedMcpTool, str | None] = _tool({"name": read}, node) if isinstance(read, str) else read
        return found

    def schema(self, defs: Schema) -> Schema:
        return self._kind.schema(defs)


def _server(values: dict[str, Any], node: Node) -> McpServer:
    unreachable = values.get("unreachable", False)
    if unreachable == ("tools" in values):
        raise node.place.complaint("an MCP server has 'tools', or is 'unreachable: true'")
    tools = values.get("tools", ())
    names = [tool.name for tool, _ in tools]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise node.keys["tools"].complaint(f"there are two tools with the name {doubled!r}")
    outputs = {tool.name: text for tool, text in tools if text is not None}
    return McpServer(tuple(tool for tool, _ in tools), outputs, unreachable, values.get("takes"))


_SERVER = Record(
    "mcp_server",
    "An MCP server: what it offers, or that it cannot be reached.",
    {
        "tools": Key(ListOf(_ToolKind()), "Its tools, each a name or a mapping."),
        "unreachable": Key(Flag(), "true: listing its tools fails; the session goes on."),
        "takes": Key(Duration(), "How long it takes to list its tools."),
    },
    _server,
)


class _ServersKind:
    """Servers by their labels."""

    def read(self, node: Node, name: str) -> McpServers:
        if not isinstance(node.value, dict):
            raise node.place.complaint(f"{name}: expected a mapping from server_label to server, got {node.describe()}")
        gathering, servers = Gathering(), {}
        for label, server in node.value.items():
            read = gathering.attempt(_SERVER.read, server, label)
            if read is not None:
                servers[label] = read
        gathering.close()
        return servers

    def schema(self, defs: Schema) -> Schema:
        return {"type": "object", "additionalProperties": _SERVER.schema(defs)}


MCP_SERVERS: Kind = _ServersKind()
