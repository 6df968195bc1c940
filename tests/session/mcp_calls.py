"""Conversations in which MCP servers are offered and called."""

from collections.abc import Sequence
from typing import Any

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.items import ListedMcpTool
from vlmock.session.readings import Readings, parse_readings
from vlmock.session.script import McpCall, McpListing, Step

SEARCH = McpCall("docs", "search", '{"query": "warranty"}', output='{"years": 3}')
TOOLS = (
    ListedMcpTool(name="search", description="Search the handbook.", input_schema={"type": "object"}),
    ListedMcpTool(name="fetch", input_schema={"type": "object"}),
)
IN_RESPONSE = parse_readings({"mcp_call": "in_response"})
MANUAL = {"turn_detection": None}


def server(label: str = "docs", **members: Any) -> dict[str, Any]:
    return {"type": "mcp", "server_label": label, "server_url": f"https://{label}.example", **members}


def update(*tools: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"tools": list(tools), **members}}


def create(**params: Any) -> dict[str, Any]:
    return {"type": "response.create", "response": params}


def approval(request_id: str, approve: bool = True, **members: Any) -> dict[str, Any]:
    answer = {"type": "mcp_approval_response", "approval_request_id": request_id, "approve": approve, **members}
    return {"type": "conversation.item.create", "item": answer}


def talking(
    *replies: Sequence[Step], require_approval: Any = "never", readings: Readings | None = None, **how: Any
) -> Dialogue:
    """A session that offers ``docs``, and answers in text so that only what matters is to be seen."""
    script = PlannedScript(replies)
    script.mcp_servers = {"docs": McpListing(TOOLS)}
    talk = Dialogue(script=script, **how, **({"readings": readings} if readings else {}))
    tools = server(require_approval=require_approval)
    return talk.client(update(tools, modalities=["text"], **MANUAL)).skip()


def the_call(talk: Dialogue) -> Any:
    """The ``mcp_call`` item as the conversation has it."""
    items = [entry.item for entry in talk.session._state.history]
    return next(item for item in reversed(items) if item.type == "mcp_call")


WRITTEN = ("response.output_item.added", "conversation.item.created", "response.mcp_call_arguments.delta")
RUN = ("response.mcp_call.in_progress", "response.mcp_call.completed", "response.output_item.done")


def asked(talk: Dialogue) -> str:
    """The id of the request for approval that came last."""
    item = talk.last("conversation.item.created").item
    assert item.type == "mcp_approval_request"
    return str(item.id)


SLOW = McpCall("docs", "search", '{"query": "a b c d e f"}', output="found", seconds=3.0)
