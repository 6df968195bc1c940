"""Items as a client sends them, made into items as the service keeps and echoes them."""

from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.items import (
    ContentPart,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputTextPart,
    McpApprovalResponseItem,
    MessageItem,
    OutputTextPart,
    RequestFunctionCall,
    RequestFunctionCallOutput,
    RequestItem,
    RequestMcpApprovalResponse,
    RequestMessage,
    RequestPart,
    ResponseItem,
    TextPart,
)
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import refusals
from vlmock.session.answering.mcp_calls import answer_request, check_answers
from vlmock.session.conversation.history import History
from vlmock.session.script import ToolOutput, UserInput
from vlmock.session.state import SessionState

__all__ = ["check_new_id", "item_from_request", "join", "turn_input"]


def check_new_id(state: SessionState, item_id: str | UnsetType | None, *, at: str = "item") -> None:
    """Assumed {OAI}: an id is given once. Raises Refused; a spoken turn that is no item yet has its id already."""
    if item_id and (item_id in state.history or item_id in state.coming_items):
        raise refusals.duplicate_item_id(str(item_id), at=at)


def join(state: SessionState, request: RequestItem, *, after: str | None = None) -> ConversationItemCreated:
    """The item joins the conversation and the turn that the next response answers.

    Raises Refused when its id is taken, when ``after`` names no item, or when it approves what nobody asked about.
    """
    check_new_id(state, request.id)
    check_answers(state, [request])
    item_id = given(request.id, "") or state.ids.make("item_")
    item = item_from_request(request, item_id)
    state.history.add(item, after=after)
    match turn_input(item, request, state.history):
        case UserInput() as said:
            state.user_inputs.append(said)
        case ToolOutput() as returned:
            state.tool_outputs.append(returned)
    if isinstance(request, RequestMcpApprovalResponse):
        answer_request(state, request)
    return ConversationItemCreated(previous_item_id=state.history.before(item_id), item=item)


def item_from_request(item: RequestItem, item_id: str) -> ResponseItem:
    """The item under this id. Observed {PAI}: echoed complete, assistant text as ``text``, a tool's output without
    ``status``."""
    match item:
        case RequestMessage(role=role, content=content, status=status):
            return MessageItem(
                id=item_id,
                status=given(status, "completed"),
                role=role,
                content=[_part(part) for part in content],
            )
        case RequestFunctionCall(name=name, call_id=call_id, arguments=arguments, status=status):
            return FunctionCallItem(
                id=item_id,
                status=given(status, "completed"),
                name=name,
                call_id=call_id,
                arguments=arguments,
            )
        case RequestFunctionCallOutput(call_id=call_id, output=output):
            return FunctionCallOutputItem(id=item_id, call_id=call_id, output=output)
        case RequestMcpApprovalResponse(approval_request_id=request_id, approve=approve, reason=reason):
            return McpApprovalResponseItem(id=item_id, approval_request_id=request_id, approve=approve, reason=reason)


def turn_input(item: ResponseItem, request: RequestItem, history: History) -> UserInput | ToolOutput | None:
    """What the item adds to the turn that the next response answers: words, a tool's output, or nothing."""
    item_id = str(item.id)
    match request:
        case RequestMessage(role="user", content=content):
            text = " ".join(filter(None, (_words(part) for part in content)))
            return UserInput(item_id=item_id, text=text, spoken=False)
        case RequestFunctionCallOutput(call_id=call_id, output=output):
            call = history.call(call_id)
            return ToolOutput(
                item_id=item_id,
                call_id=call_id,
                name=call.name if call else "",
                arguments=call.arguments if call else "",
                output=output,
            )
        case _:
            return None


def _part(part: RequestPart) -> ContentPart:
    """Observed {PAI}: ``output_text`` is echoed as ``text``. Assumed: audio is neither echoed nor kept."""
    match part:
        case OutputTextPart(text=text):
            return TextPart(text=text)
        case InputAudioPart(transcript=transcript):
            return InputAudioPart(transcript=given(transcript, None))
        case _:
            return part


def _words(part: RequestPart) -> str:
    match part:
        case InputAudioPart(transcript=transcript):
            return given(transcript, "")
        case InputTextPart(text=text) | TextPart(text=text) | OutputTextPart(text=text):
            return text
        case _:
            return ""
