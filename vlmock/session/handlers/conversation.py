"""conversation.item.*. Source: behaviour.md 5."""

from collections.abc import Iterator

from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemDelete,
    ConversationItemDeleted,
    ConversationItemRetrieve,
    ConversationItemRetrieved,
    ConversationItemTruncate,
    ConversationItemTruncated,
)
from vlmock.protocol.items import AudioPart, MessageItem, RequestMcpApprovalResponse
from vlmock.protocol.tool_calls import McpApprovalResponse
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.answering import idle_timeout
from vlmock.session.answering.input_items import join
from vlmock.session.answering.mcp_calls import check_answers, withdraw
from vlmock.session.answering.responses import settle
from vlmock.session.conversation.history import Entry
from vlmock.session.rules.items import check_item
from vlmock.session.rules.versions import check_versions
from vlmock.session.state import SessionState
from vlmock.session.timeline import Told

__all__ = [
    "on_item_create",
    "on_item_delete",
    "on_item_retrieve",
    "on_item_truncate",
    "on_mcp_approval_response",
]


def on_item_create(state: SessionState, event: ConversationItemCreate) -> Iterator[Told]:
    """Observed {PAI, NETT}: echoed with its place, in the order of the requests; never starts a response."""
    state.leniency.passes(check_versions, event.item, "item", state.brain)
    state.leniency.passes(check_item, event.item, at="item")
    yield join(state, event.item, after=given(event.previous_item_id, None))


def on_mcp_approval_response(state: SessionState, event: McpApprovalResponse) -> Iterator[Told]:
    """Assumed: in the enum without members, so it has those of the item, and does what creating that item does."""
    if not event.approval_request_id:
        raise refusals.missing_member("approval_request_id")
    if not isinstance(event.approve, bool):
        raise refusals.missing_member("approve")
    answer = RequestMcpApprovalResponse(
        approval_request_id=event.approval_request_id, approve=event.approve, reason=event.reason
    )
    check_answers(state, [answer], at="")
    yield join(state, answer)


def on_item_retrieve(state: SessionState, event: ConversationItemRetrieve) -> Iterator[Told]:
    """Observed {SDKT, JAVAT}: the item, with the audio of what was spoken."""
    entry = state.history.get(event.item_id)
    if entry is None:
        raise refusals.no_such_item_to_retrieve(event.item_id)
    yield ConversationItemRetrieved(item=state.history.retrieved(entry))


def on_item_delete(state: SessionState, event: ConversationItemDelete) -> Iterator[Told]:
    """Observed {BANK}: deleting an unknown item, or one twice, is refused. Assumed: what was to follow it follows the
    item before it."""
    if event.item_id not in state.history:
        raise refusals.no_such_item_to_delete(event.item_id)
    if state.response is not None and state.response.after_item_id == event.item_id:
        state.response.after_item_id = state.history.before(event.item_id)
    state.history.remove(event.item_id)
    state.user_inputs = [said for said in state.user_inputs if said.item_id != event.item_id]
    state.tool_outputs = [returned for returned in state.tool_outputs if returned.item_id != event.item_id]
    withdraw(state, event.item_id)
    yield ConversationItemDeleted(item_id=event.item_id)


def on_item_truncate(state: SessionState, event: ConversationItemTruncate) -> Iterator[Told]:
    """Observed {SDKT, JAVAT}: cut a spoken assistant item to what was heard; the transcript goes as well. Assumed: its
    loudspeaker is silent from then on."""
    entry = state.history.get(event.item_id)
    if entry is None:
        raise refusals.no_such_item_to_truncate(event.item_id)
    if not _is_spoken_by_assistant(state, entry):
        raise refusals.only_assistant_audio_truncates()
    if event.content_index != 0:
        raise refusals.bad_content_index(event.content_index, parts=1)
    if entry.truncated:
        raise refusals.already_truncated(event.item_id)
    if event.audio_end_ms < 0:
        raise refusals.out_of_range("audio_end_ms", "at least 0", event.audio_end_ms)
    if event.audio_end_ms > entry.audio_ms:
        raise refusals.audio_shorter(int(entry.audio_ms), event.audio_end_ms)
    state.history.truncate(entry, event.audio_end_ms)
    if event.item_id == state.playback.item_id:
        state.playback.stop(state.now)
        idle_timeout.follow(state, settle)
    yield ConversationItemTruncated(item_id=event.item_id, content_index=0, audio_end_ms=event.audio_end_ms)


def _is_spoken_by_assistant(state: SessionState, entry: Entry) -> bool:
    if not isinstance(entry.item, MessageItem) or entry.role != "assistant":
        return False
    being_said = state.response.open_message if state.response else None
    if being_said is not None and being_said.item_id == entry.id:
        return being_said.spoken
    return any(isinstance(part, AudioPart) for part in entry.item.content)
