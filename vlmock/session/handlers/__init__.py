"""What the session does about each client event: one file per wire family, one function per event.

A handler refuses first, changes second and yields last: a refusal after a change would be a lie.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vlmock.protocol.avatar import SessionAvatarConnect
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemDelete,
    ConversationItemRetrieve,
    ConversationItemTruncate,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferClear,
    InputAudioBufferCommit,
    InputAudioClear,
    InputAudioTurnAppend,
    InputAudioTurnCancel,
    InputAudioTurnEnd,
    InputAudioTurnStart,
    InputTextDelta,
    InputTextDone,
)
from vlmock.protocol.output import OutputAudioBufferClear
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.tool_calls import McpApprovalResponse
from vlmock.session.handlers.audio_turns import (
    on_input_clear,
    on_turn_append,
    on_turn_cancel,
    on_turn_end,
    on_turn_start,
)
from vlmock.session.handlers.avatar import on_avatar_connect, on_output_audio_buffer_clear
from vlmock.session.handlers.conversation import (
    on_item_create,
    on_item_delete,
    on_item_retrieve,
    on_item_truncate,
    on_mcp_approval_response,
)
from vlmock.session.handlers.input_audio import on_clear, on_commit
from vlmock.session.handlers.input_text import on_text_delta, on_text_done
from vlmock.session.handlers.response import on_response_cancel, on_response_create
from vlmock.session.handlers.session import on_session_update
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told

__all__ = ["HANDLERS", "Handler"]

Handler = Callable[[SessionState, Any], Iterator[Told]]

HANDLERS: Mapping[type, Handler] = {
    SessionUpdate: on_session_update,
    InputAudioBufferCommit: on_commit,
    InputAudioBufferClear: on_clear,
    InputAudioTurnStart: on_turn_start,
    InputAudioTurnAppend: on_turn_append,
    InputAudioTurnEnd: on_turn_end,
    InputAudioTurnCancel: on_turn_cancel,
    InputAudioClear: on_input_clear,
    ConversationItemCreate: on_item_create,
    ConversationItemRetrieve: on_item_retrieve,
    ConversationItemTruncate: on_item_truncate,
    ConversationItemDelete: on_item_delete,
    McpApprovalResponse: on_mcp_approval_response,
    ResponseCreate: on_response_create,
    ResponseCancel: on_response_cancel,
    InputTextDelta: on_text_delta,
    InputTextDone: on_text_done,
    SessionAvatarConnect: on_avatar_connect,
    OutputAudioBufferClear: on_output_audio_buffer_clear,
}
"""``input_audio_buffer.append`` is not here: the machine takes it before any table is asked."""
