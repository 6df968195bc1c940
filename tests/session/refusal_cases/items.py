"""Refusals: items of the conversation."""

from collections.abc import Callable
from typing import Any

from tests.session.conftest import Dialogue
from tests.session.refusal_cases.case import ANSWER, Case


def create(**members: Any) -> dict[str, Any]:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    return {"type": "conversation.item.create", "item": item | members.pop("item", {}), **members}


def truncate(end_ms: int = 10, index: int = 0, *, item_id: str = "") -> Callable[[Dialogue], dict[str, Any]]:
    def event(talk: Dialogue) -> dict[str, Any]:
        at = item_id or talk.last("response.output_item.added").item.id
        return {
            "type": "conversation.item.truncate",
            "item_id": at,
            "content_index": index,
            "audio_end_ms": end_ms,
        }

    return event


CASES = (
    Case(
        "no_such_item_to_delete",
        ({"type": "conversation.item.delete", "item_id": "item_1"},),
        "Error deleting item: the item with id 'item_1' does not exist.",
        "item_delete_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_approval_request",
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "mcp_approval_response", "approval_request_id": "item_1", "approve": True},
            },
        ),
        "No MCP approval request with id 'item_1' is waiting for an answer.",
        "invalid_value",
        "item.approval_request_id",
    ),
    Case(
        "no_such_item_to_retrieve",
        ({"type": "conversation.item.retrieve", "item_id": "item_1"},),
        "Error retrieving item: the item with id 'item_1' does not exist.",
        "item_retrieve_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_item_to_truncate",
        (truncate(item_id="item_1"),),
        "Item with item_id not found: item_1",
        "item_truncate_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_previous_item",
        (create(previous_item_id="item_1"),),
        "Error adding item: the previous item with id 'item_1' does not exist.",
        "item_create_invalid_previous_item_id",
        "previous_item_id",
    ),
    Case(
        "duplicate_item_id",
        (create(item={"id": "item_1"}), create(item={"id": "item_1"})),
        "Error adding item: an item with id 'item_1' already exists.",
        "invalid_value",
        "item.id",
    ),
    Case(
        "audio_shorter",
        (ANSWER, truncate(5000)),
        "Audio content of 360ms is already shorter than 5000ms",
        "invalid_value",
        "audio_end_ms",
    ),
    Case(
        "only_assistant_audio_truncates",
        (create(item={"id": "item_1"}), truncate(item_id="item_1")),
        "Only model output audio messages can be truncated",
        None,
        "item_id",
    ),
    Case(
        "already_truncated",
        (ANSWER, truncate(), truncate()),
        "Item '{item}' is already truncated.",
        "item_already_truncated",
        "item_id",
    ),
    Case(
        "bad_content_index",
        (ANSWER, truncate(index=3)),
        "Invalid 'content_index': 3. The item has 1 content part.",
        "invalid_value",
        "content_index",
    ),
)
