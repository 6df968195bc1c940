"""Calls of the client's functions, what was returned, and MCP calls that wait for consent."""

from collections.abc import Sequence

import msgspec

from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemCreated
from vlmock.protocol.items import (
    FunctionCallItem,
    McpApprovalRequestItem,
    RequestFunctionCall,
    RequestFunctionCallOutput,
    RequestItem,
    RequestMcpApprovalResponse,
)
from vlmock.protocol.response import (
    ResponseCreate,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    ResponseOutputItemDone,
)
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import given

__all__ = ["Call", "Calls"]


class Call(msgspec.Struct):
    """A call of a function."""

    name: str
    response_id: str
    at: float
    answered_at: float | None = None
    given_up: bool = False
    """Its response was cancelled, or came to nothing: whoever does not go on with it does well."""


class Calls:
    """All that the client has to answer beside speech."""

    def __init__(self) -> None:
        self.by_id: dict[str, Call] = {}
        self.earlier: set[str] = set()
        """Ids of calls that the client itself brought along, as history."""
        self.approvals: dict[str, float] = {}
        """Ids of requests for consent that wait, and since when."""
        self.approvals_seen: dict[str, float] = {}
        """All of them."""
        self.output_at: float | None = None
        """When the last output came after which no response was asked for."""

    @property
    def open(self) -> dict[str, Call]:
        """Those that have no output yet."""
        return {id: call for id, call in self.by_id.items() if call.answered_at is None and not call.given_up}

    def learn(self, event: object, at: float) -> None:
        match event:
            case ResponseOutputItemDone(item=FunctionCallItem() as item, response_id=response_id):
                if item.status == "completed":
                    self.by_id.setdefault(item.call_id, Call(item.name, response_id, at)).name = item.name
            case ResponseFunctionCallArgumentsDone(call_id=call_id, response_id=response_id):
                self.by_id.setdefault(call_id, Call(given(event.name, ""), response_id, at))
            case ResponseCreated():
                self.output_at = None
            case ResponseDone(response=response) if response.status != "completed":
                for call in self.by_id.values():
                    call.given_up |= call.response_id == response.id
            case ConversationItemCreated(item=McpApprovalRequestItem(id=id)):
                self.approvals[id] = self.approvals_seen[id] = at
            case ConversationItemCreate() | ResponseCreate():
                for added in _items(event):
                    self._learn_item(added, at)
                if isinstance(event, ResponseCreate):
                    self.output_at = None

    def refused(self, event: object) -> None:
        """What was returned in it never arrived."""
        for item in _items(event):
            match item:
                case RequestFunctionCallOutput(call_id=call_id) if call_id in self.by_id:
                    self.by_id[call_id].answered_at = self.output_at = None
                case RequestMcpApprovalResponse(approval_request_id=id) if id in self.approvals_seen:
                    self.approvals[id] = self.approvals_seen[id]

    def _learn_item(self, item: RequestItem, at: float) -> None:
        match item:
            case RequestFunctionCallOutput(call_id=call_id):
                if call_id in self.by_id:
                    self.by_id[call_id].answered_at = at
                    self.output_at = at
            case RequestFunctionCall(call_id=call_id):
                self.earlier.add(call_id)
            case RequestMcpApprovalResponse(approval_request_id=id):
                self.approvals.pop(id, None)


def _items(event: object) -> Sequence[RequestItem]:
    """What the client adds to the conversation by it."""
    match event:
        case ConversationItemCreate(item=item):
            return [item]
        case ResponseCreate(response=params):
            return given(given(params, ResponseCreateParams()).append_input_items, [])
    return []
