"""Calls while they are made: functions of the client, MCP servers, searches, other agents.

Source: schema B 17; C 37 to 46, 48 to 53; and outside the enum the Foundry agent events.
"""

from vlmock.protocol.places import OfItem
from vlmock.protocol.wire import UNSET, ClientEvent, ServerEvent, UnsetType

__all__ = [
    "McpApprovalResponse",
    "McpListToolsCompleted",
    "McpListToolsFailed",
    "McpListToolsInProgress",
    "ResponseFileSearchCallCompleted",
    "ResponseFileSearchCallInProgress",
    "ResponseFileSearchCallSearching",
    "ResponseFoundryAgentCallArgumentsDelta",
    "ResponseFoundryAgentCallArgumentsDone",
    "ResponseFoundryAgentCallCompleted",
    "ResponseFoundryAgentCallFailed",
    "ResponseFoundryAgentCallInProgress",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseMcpCallArgumentsDelta",
    "ResponseMcpCallArgumentsDone",
    "ResponseMcpCallCompleted",
    "ResponseMcpCallFailed",
    "ResponseMcpCallInProgress",
    "ResponseWebSearchCallCompleted",
    "ResponseWebSearchCallInProgress",
    "ResponseWebSearchCallSearching",
]


# ---- functions of the client


class ResponseFunctionCallArgumentsDelta(OfItem, tag="response.function_call_arguments.delta", kw_only=True):
    """More of a call's arguments, as pieces of JSON text."""

    call_id: str
    delta: str


class ResponseFunctionCallArgumentsDone(OfItem, tag="response.function_call_arguments.done", kw_only=True):
    """The call's arguments are complete."""

    call_id: str
    name: str | UnsetType = UNSET
    """Observed {SDKT, PAI}: sent, though the reference's table lacks it."""
    arguments: str
    """JSON text."""


# ---- MCP servers, since 2026-01-01-preview


class McpApprovalResponse(ClientEvent, tag="mcp_approval_response", kw_only=True):
    """In the enum without any member. Clients answer with an item of that type in ``conversation.item.create``."""

    approval_request_id: str | UnsetType | None = UNSET
    """Assumed, as are the others: the members that the item has."""
    approve: bool | UnsetType | None = UNSET
    reason: str | UnsetType | None = UNSET


class McpListToolsInProgress(ServerEvent, tag="mcp_list_tools.in_progress", kw_only=True):
    """The service asks an MCP server what it offers."""

    item_id: str


class McpListToolsCompleted(ServerEvent, tag="mcp_list_tools.completed", kw_only=True):
    """The MCP server has told."""

    item_id: str


class McpListToolsFailed(ServerEvent, tag="mcp_list_tools.failed", kw_only=True):
    """The MCP server cannot be asked; the session goes on without it."""

    item_id: str


class ResponseMcpCallArgumentsDelta(OfItem, tag="response.mcp_call_arguments.delta", kw_only=True):
    """More of the arguments, as pieces of JSON text."""

    delta: str
    obfuscation: str | UnsetType | None = UNSET


class ResponseMcpCallArgumentsDone(OfItem, tag="response.mcp_call_arguments.done", kw_only=True):
    """The arguments are complete."""

    arguments: str | UnsetType | None = UNSET


class OfMcpCall(ServerEvent, kw_only=True):
    """How a call to an MCP server fares. The response is not named: it may be over."""

    item_id: str
    output_index: int


class ResponseMcpCallInProgress(OfMcpCall, tag="response.mcp_call.in_progress"):
    """The call runs."""


class ResponseMcpCallCompleted(OfMcpCall, tag="response.mcp_call.completed"):
    """The call has an output."""


class ResponseMcpCallFailed(OfMcpCall, tag="response.mcp_call.failed"):
    """The call has an error."""


# ---- searches of an agent, since 2026-04-10


class OfSearch(OfItem, kw_only=True):
    """How a search fares."""

    sequence_number: int


class ResponseWebSearchCallSearching(OfSearch, tag="response.web_search_call.searching"):
    """The agent searches the web."""


class ResponseWebSearchCallInProgress(OfSearch, tag="response.web_search_call.in_progress"):
    """The agent is about to search the web."""


class ResponseWebSearchCallCompleted(OfSearch, tag="response.web_search_call.completed"):
    """The agent has searched the web."""


class ResponseFileSearchCallSearching(OfSearch, tag="response.file_search_call.searching"):
    """The agent searches its files."""


class ResponseFileSearchCallInProgress(OfSearch, tag="response.file_search_call.in_progress"):
    """The agent is about to search its files."""


class ResponseFileSearchCallCompleted(OfSearch, tag="response.file_search_call.completed"):
    """The agent has searched its files."""


# ---- other agents: Documented {DOC}, in no SDK and no specification since 2026-04-10


class ResponseFoundryAgentCallArgumentsDelta(OfItem, tag="response.foundry_agent_call_arguments.delta", kw_only=True):
    """More of what another agent is asked."""

    delta: str


class ResponseFoundryAgentCallArgumentsDone(OfItem, tag="response.foundry_agent_call_arguments.done", kw_only=True):
    """What another agent is asked."""

    arguments: str


class OfFoundryAgentCall(ServerEvent, kw_only=True):
    """How asking another agent fares."""

    item_id: str
    output_index: int
    agent_response_id: str | UnsetType | None = UNSET
    """Documented {DOC}: table and sample disagree on which of the events have it."""


class ResponseFoundryAgentCallInProgress(OfFoundryAgentCall, tag="response.foundry_agent_call.in_progress"):
    """The other agent works."""


class ResponseFoundryAgentCallCompleted(OfFoundryAgentCall, tag="response.foundry_agent_call.completed"):
    """The other agent has answered."""


class ResponseFoundryAgentCallFailed(OfFoundryAgentCall, tag="response.foundry_agent_call.failed"):
    """The other agent has failed."""
