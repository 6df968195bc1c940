"""One call in a response: what becomes of a reply with several where ``parallel_tool_calls`` is false.

Documented (schema D1): the setting. Assumed: the model makes its calls one after the other, each in a response of its
own once the output of the one before it is there. The script hears of the outputs when all of them are there, as if the
calls had been made at once, so one scenario plays both ways. Calls to MCP servers are calls like any other.
"""

from collections.abc import Sequence

from vlmock.session.answering.response_request import Context
from vlmock.session.script import Call, McpCall, Reply, Step
from vlmock.session.speaking.active_response import ResponseRequest
from vlmock.session.state import SessionState

__all__ = ["hold_back", "take_up"]


def hold_back(state: SessionState, reply: Reply) -> Sequence[Step]:
    """The steps that this response may play; what comes from the second call on is kept for the next."""
    state.held_back = ()
    if state.settings.parallel_tool_calls is not False:
        return reply.steps
    calls = [place for place, step in enumerate(reply.steps) if isinstance(step, Call | McpCall)]
    if len(calls) < 2:
        return reply.steps
    state.held_back = reply.steps[calls[1] :]
    return reply.steps[: calls[1]]


def take_up(state: SessionState, asked: ResponseRequest, context: Context) -> Reply | None:
    """The rest of the last reply, when the output of its call has come and nothing else was said; else None.

    Assumed: new words of the user are answered in place of it.
    """
    if not state.held_back or asked.is_aside or context.user_inputs or not context.tool_outputs:
        return None
    state.tool_outputs.extend(context.tool_outputs)
    return Reply(state.held_back)
