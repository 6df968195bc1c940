"""The MCP servers of a session: what they offer, which tools may be called, and which only with the client's consent.

No server is ever dialled: what it offers and returns is the script's to say. Source: behaviour 2.2, 4.5; schema D10.
"""

from collections.abc import Iterable

import msgspec

from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.items import ListedMcpTool, McpListToolsItem
from vlmock.protocol.tool_calls import McpListToolsCompleted, McpListToolsFailed, McpListToolsInProgress
from vlmock.protocol.tools import McpTool, Tool
from vlmock.session.script import McpCall
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot

__all__ = ["ask_again", "list_tools", "needs_approval", "why_not"]


def list_tools(state: SessionState, offered: Iterable[Tool]) -> None:
    """Ask each MCP server among the tools what it has, once. Assumed: one whose definition changed is another one."""
    for server in offered:
        if isinstance(server, McpTool) and server not in state.mcp_servers:
            state.mcp_servers.append(server)
            state.timeline.begin(_listing(state, server))


def ask_again(state: SessionState) -> None:
    """Observed {NETT}: tools are listed at an update. Assumed: one that speaks of tools gives servers that could not be
    reached another chance, and a response does not."""
    for server in state.mcp_unreachable:
        state.mcp_servers.remove(server)
    state.mcp_unreachable.clear()


def _listing(state: SessionState, server: McpTool) -> Plot:
    """Observed {NETT}: the item, in progress, then completed or failed; the session stays usable.

    Observed {NETT}: tests that want to find tools in the new item are switched off ("Tool list not received"). Assumed:
    it is announced without them, and has them from ``completed`` on, for whoever retrieves it.
    """
    listing = state.script.mcp_tools(server)
    item = McpListToolsItem(id=state.new_id("item_"), server_label=server.server_label, tools=[])
    previous = state.history.last_id
    state.history.add(item)
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    yield McpListToolsInProgress(item_id=item.id)
    yield At(state.now + (state.seconds("mcp_list") if listing.seconds is None else listing.seconds))
    if listing.unreachable:
        state.mcp_unreachable.append(server)
        yield McpListToolsFailed(item_id=item.id)
        return
    state.history.replace(msgspec.structs.replace(item, tools=_allowed(server, listing.tools)))
    yield McpListToolsCompleted(item_id=item.id)


def _allowed(server: McpTool, tools: Iterable[ListedMcpTool]) -> list[ListedMcpTool]:
    """Documented (schema D10): all, where ``allowed_tools`` is not sent. Assumed: others are not listed either."""
    allowed = server.allowed_tools
    return [tool for tool in tools if not isinstance(allowed, list) or tool.name in allowed]


def why_not(offered: Iterable[Tool], call: McpCall) -> str | None:
    """Why the service could not make this call, as a sentence; None when it could."""
    servers = {tool.server_label: tool for tool in offered if isinstance(tool, McpTool)}
    server = servers.get(call.server)
    if server is None:
        others = ", ".join(servers) or "none"
        return f"{call.name} cannot be called: the client offers no MCP server {call.server!r} (it offers {others})"
    if isinstance(server.allowed_tools, list) and call.tool not in server.allowed_tools:
        return f"{call.name} cannot be called: allowed_tools of {call.server!r} does not name {call.tool!r}"
    return None


def needs_approval(offered: Iterable[Tool], call: McpCall) -> bool:
    """Documented (schema D10): always, unless the tool or all of its server are said to need it never."""
    for tool in offered:
        if isinstance(tool, McpTool) and tool.server_label == call.server:
            required = tool.require_approval
            if isinstance(required, dict):
                return call.tool not in required.get("never", ()) or call.tool in required.get("always", ())
            return required != "never"
    return True
