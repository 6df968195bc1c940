"""What a conversation is made of: messages, calls and their outcomes, and the parts of a message.

A client sends ``RequestItem``, the service answers with ``ResponseItem``. Source: schema E1, E2, E3.
"""

from typing import Any, TypeAlias

from vlmock.protocol.wire import UNSET, JsonObject, TaggedObject, UnsetType, WireObject

__all__ = [
    "CONTENT_PART_TYPES",
    "IMAGE_DETAILS",
    "ITEM_TYPES",
    "MESSAGE_ROLES",
    "REQUEST_ITEM_STATUSES",
    "RESPONSE_ITEM_STATUSES",
    "AudioPart",
    "ContentPart",
    "FileSearchCallItem",
    "FileSearchResult",
    "FoundryAgentCallItem",
    "FunctionCallItem",
    "FunctionCallOutputItem",
    "InputAudioPart",
    "InputImagePart",
    "InputTextPart",
    "ListedMcpTool",
    "McpApprovalRequestItem",
    "McpApprovalResponseItem",
    "McpCallItem",
    "McpListToolsItem",
    "MessageItem",
    "OutputTextPart",
    "RequestFunctionCall",
    "RequestFunctionCallOutput",
    "RequestItem",
    "RequestMcpApprovalResponse",
    "RequestMessage",
    "RequestPart",
    "ResponseItem",
    "TextPart",
    "WebSearchCallItem",
]

MESSAGE_ROLES = ("system", "user", "assistant")
ITEM_TYPES = (
    "message",
    "function_call",
    "function_call_output",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "web_search_call",
    "file_search_call",
)
CONTENT_PART_TYPES = ("input_text", "input_audio", "input_image", "text", "audio")
IMAGE_DETAILS = ("auto", "low", "high")
REQUEST_ITEM_STATUSES = ("completed", "incomplete")
RESPONSE_ITEM_STATUSES = ("in_progress", "completed", "incomplete")


# ---- parts of a message


class InputTextPart(TaggedObject, tag="input_text", kw_only=True):
    """What was typed by the user or written by the system."""

    text: str


class InputAudioPart(TaggedObject, tag="input_audio", kw_only=True):
    """What was spoken by the user."""

    audio: bytes | UnsetType | None = UNSET
    """In the session's input format, base64 on the wire; sent by clients and in retrieved items."""
    transcript: str | UnsetType | None = UNSET
    """Null until it is known."""


class InputImagePart(TaggedObject, tag="input_image", kw_only=True):
    """What was shown by the user. Since 2026-01-01-preview."""

    image_url: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    """What ``image_url`` was called before 2026-06-01-preview."""
    detail: str | UnsetType | None = UNSET
    """One of ``IMAGE_DETAILS``."""


class TextPart(TaggedObject, tag="text", kw_only=True):
    """What was written by the assistant."""

    text: str


class OutputTextPart(TaggedObject, tag="output_text", kw_only=True):
    """Observed {PAI, SDKT}: clients say this for ``text`` in seeded assistant messages; it is echoed as ``text``."""

    text: str


class AudioPart(TaggedObject, tag="audio", kw_only=True):
    """What was spoken by the assistant."""

    transcript: str | UnsetType | None = UNSET
    audio: bytes | UnsetType | None = UNSET
    """In the session's output format, base64 on the wire; in retrieved items only. Documented {DOC}."""


RequestPart: TypeAlias = InputTextPart | InputAudioPart | InputImagePart | TextPart | OutputTextPart
ContentPart: TypeAlias = TextPart | AudioPart | InputTextPart | InputAudioPart | InputImagePart


# ---- what a client sends


class RequestItemSettings(TaggedObject, kw_only=True):
    """What every item that a client sends may have."""

    id: str | UnsetType | None = UNSET
    """Chosen by the client, or else by the service."""
    object: str | UnsetType | None = UNSET
    """Assumed: tolerated, because clients send items back as they got them."""
    status: str | UnsetType | None = UNSET
    """One of ``REQUEST_ITEM_STATUSES``."""


class RequestMessage(RequestItemSettings, tag="message", kw_only=True):
    """Something that was said or written: seeded history, or typed input."""

    role: str
    """One of ``MESSAGE_ROLES``."""
    content: list[RequestPart]


class RequestFunctionCall(RequestItemSettings, tag="function_call", kw_only=True):
    """A call from an earlier conversation."""

    name: str
    call_id: str
    arguments: str
    """JSON text."""


class RequestFunctionCallOutput(RequestItemSettings, tag="function_call_output", kw_only=True):
    """What a function of the client returned."""

    call_id: str
    output: str
    """Usually JSON text."""


class RequestMcpApprovalResponse(RequestItemSettings, tag="mcp_approval_response", kw_only=True):
    """Whether a call to an MCP server may run. Since 2026-01-01-preview."""

    approval_request_id: str
    """The id of the ``mcp_approval_request`` item."""
    approve: bool
    reason: str | UnsetType | None = UNSET


RequestItem: TypeAlias = RequestMessage | RequestFunctionCall | RequestFunctionCallOutput | RequestMcpApprovalResponse


# ---- what the service sends


class ResponseItemSettings(TaggedObject, kw_only=True):
    """What every item that the service sends has."""

    id: str
    object: str = "realtime.item"


class MessageItem(ResponseItemSettings, tag="message", kw_only=True):
    """Something that was said or written."""

    status: str
    """One of ``RESPONSE_ITEM_STATUSES``."""
    role: str
    """One of ``MESSAGE_ROLES``."""
    content: list[ContentPart]


class FunctionCallItem(ResponseItemSettings, tag="function_call", kw_only=True):
    """The model calls a function of the client."""

    status: str
    """One of ``RESPONSE_ITEM_STATUSES``."""
    name: str
    call_id: str
    arguments: str
    """JSON text, empty while it is being written."""


class FunctionCallOutputItem(ResponseItemSettings, tag="function_call_output", kw_only=True):
    """What the function returned. Observed {PAI}: echoed without ``status``."""

    status: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    call_id: str
    output: str


class ListedMcpTool(WireObject, kw_only=True):
    """A tool that an MCP server offers."""

    name: str
    description: str | UnsetType | None = UNSET
    input_schema: Any
    annotations: Any = UNSET


class McpListToolsItem(ResponseItemSettings, tag="mcp_list_tools", kw_only=True):
    """What an MCP server offers. Since 2026-01-01-preview."""

    server_label: str
    tools: list[ListedMcpTool]


class McpCallItem(ResponseItemSettings, tag="mcp_call", kw_only=True):
    """A call that the service makes to an MCP server, and its outcome. Since 2026-01-01-preview."""

    server_label: str
    name: str
    arguments: str
    approval_request_id: str | UnsetType | None = UNSET
    output: str | UnsetType | None = UNSET
    error: Any = UNSET


class McpApprovalRequestItem(ResponseItemSettings, tag="mcp_approval_request", kw_only=True):
    """May this call run? Its ``id`` is what the answer names. Since 2026-01-01-preview."""

    server_label: str
    name: str
    arguments: str | UnsetType | None = UNSET


class McpApprovalResponseItem(ResponseItemSettings, tag="mcp_approval_response", kw_only=True):
    """What the client answered. Since 2026-01-01-preview."""

    approval_request_id: str
    approve: bool
    reason: str | UnsetType | None = UNSET


class WebSearchCallItem(ResponseItemSettings, tag="web_search_call", kw_only=True):
    """A search that an agent makes. Since 2026-04-10."""

    status: str
    """in_progress, searching, completed or failed."""


class FileSearchResult(WireObject, kw_only=True):
    """A piece of a file that was found."""

    file_id: str | UnsetType | None = UNSET
    filename: str | UnsetType | None = UNSET
    score: float | UnsetType | None = UNSET
    text: str | UnsetType | None = UNSET
    attributes: JsonObject | UnsetType | None = UNSET


class FileSearchCallItem(ResponseItemSettings, tag="file_search_call", kw_only=True):
    """A search that an agent makes in its files. Since 2026-04-10."""

    status: str
    """in_progress, searching, completed, incomplete or failed."""
    queries: list[str] | UnsetType | None = UNSET
    results: list[FileSearchResult] | UnsetType | None = UNSET
    """Only when the session includes ``file_search_call.results``."""


class FoundryAgentCallItem(ResponseItemSettings, tag="foundry_agent_call", kw_only=True):
    """Documented {DOC}: the service asks another agent. In no SDK and no specification since 2026-04-10."""

    name: str
    call_id: str
    arguments: str
    agent_response_id: str | UnsetType | None = UNSET
    output: str | UnsetType | None = UNSET
    error: Any = UNSET


ResponseItem: TypeAlias = (
    MessageItem
    | FunctionCallItem
    | FunctionCallOutputItem
    | McpListToolsItem
    | McpCallItem
    | McpApprovalRequestItem
    | McpApprovalResponseItem
    | WebSearchCallItem
    | FileSearchCallItem
    | FoundryAgentCallItem
)
