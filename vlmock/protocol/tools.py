"""What the model may call, and whether it must. Source: schema D10, D11."""

from typing import TypeAlias

from vlmock.protocol.wire import UNSET, JsonObject, TaggedObject, UnsetType

__all__ = [
    "MCP_APPROVAL_TYPES",
    "TOOL_CHOICES",
    "TOOL_TYPES",
    "FoundryAgentTool",
    "FunctionTool",
    "McpTool",
    "Tool",
    "ToolChoice",
    "ToolChoiceFunction",
]

TOOL_TYPES = ("function", "mcp")
"""``foundry_agent`` stands in the documentation only."""
TOOL_CHOICES = ("auto", "none", "required")
MCP_APPROVAL_TYPES = ("never", "always")


class FunctionTool(TaggedObject, tag="function", kw_only=True):
    """A function that the client carries out. Observed {PAI}: members echoed in this order."""

    name: str
    description: str | UnsetType | None = UNSET
    parameters: JsonObject | UnsetType | None = UNSET
    """A JSON schema of the arguments."""


class McpTool(TaggedObject, tag="mcp", kw_only=True):
    """A server of tools that the service itself calls. Since 2026-01-01-preview."""

    server_label: str
    server_url: str
    authorization: str | UnsetType | None = UNSET
    headers: dict[str, str] | UnsetType | None = UNSET
    allowed_tools: list[str] | UnsetType | None = UNSET
    """All, where not sent."""
    require_approval: str | dict[str, list[str]] | UnsetType | None = UNSET
    """``always`` (the default), ``never``, or for each of these two the tools that it holds for."""


class FoundryAgentTool(TaggedObject, tag="foundry_agent", kw_only=True):
    """Documented {DOC}: another agent that the service asks. In no SDK and no specification since 2026-04-10."""

    agent_name: str
    project_name: str
    agent_version: str | UnsetType | None = UNSET
    client_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    foundry_resource_override: str | UnsetType | None = UNSET
    agent_context_type: str | UnsetType | None = UNSET
    """``no_context`` or ``agent_context`` (the default)."""
    return_agent_response_directly: bool | UnsetType | None = UNSET
    """True where not sent."""


Tool: TypeAlias = FunctionTool | McpTool | FoundryAgentTool


class ToolChoiceFunction(TaggedObject, tag="function", kw_only=True):
    """This function and no other."""

    name: str


ToolChoice: TypeAlias = str | ToolChoiceFunction
"""One of ``TOOL_CHOICES``, or a function: as an object, or by its bare name. Documented {DOC}."""
