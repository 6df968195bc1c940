"""What cannot be done with an item. Source: behaviour 5."""

from vlmock.protocol.errors import ErrorDetails
from vlmock.session.refusals.envelope import INVALID_REQUEST, Refused, invalid_value, refused

__all__ = [
    "already_truncated",
    "audio_shorter",
    "bad_content_index",
    "duplicate_item_id",
    "no_such_approval_request",
    "no_such_item_to_delete",
    "no_such_item_to_retrieve",
    "no_such_item_to_truncate",
    "no_such_previous_item",
    "only_assistant_audio_truncates",
]


def no_such_item_to_delete(item_id: str) -> Refused:
    """Observed {BANK}: the code. Assumed {OAI}: the words."""
    message = f"Error deleting item: the item with id '{item_id}' does not exist."
    return refused(message, code="item_delete_invalid_item_id", param="item_id")


def no_such_item_to_retrieve(item_id: str) -> Refused:
    """Assumed {OAI}."""
    message = f"Error retrieving item: the item with id '{item_id}' does not exist."
    return refused(message, code="item_retrieve_invalid_item_id", param="item_id")


def no_such_item_to_truncate(item_id: str) -> Refused:
    """Assumed {OAI}."""
    return refused(f"Item with item_id not found: {item_id}", code="item_truncate_invalid_item_id", param="item_id")


def no_such_previous_item(item_id: str) -> Refused:
    """Documented (schema B): the item is not added. Assumed {OAI}: words and code."""
    message = f"Error adding item: the previous item with id '{item_id}' does not exist."
    return refused(message, code="item_create_invalid_previous_item_id", param="previous_item_id")


def duplicate_item_id(item_id: str, *, at: str = "item") -> Refused:
    """Assumed {OAI}: code and param. ``at``: where the item stands."""
    message = f"Error adding item: an item with id '{item_id}' already exists."
    return invalid_value(message, f"{at}.id")


def audio_shorter(actual_ms: int, asked_ms: int) -> Refused:
    """Assumed {OAI}: a truncation beyond the end."""
    message = f"Audio content of {actual_ms}ms is already shorter than {asked_ms}ms"
    return invalid_value(message, "audio_end_ms")


def only_assistant_audio_truncates() -> Refused:
    """Assumed {OAI}: the words, and that there is no code."""
    message = "Only model output audio messages can be truncated"
    return Refused(ErrorDetails(type=INVALID_REQUEST, code=None, message=message, param="item_id", event_id=None))


def already_truncated(item_id: str) -> Refused:
    """Observed {BANK}: the code. Assumed: the words."""
    return refused(f"Item '{item_id}' is already truncated.", code="item_already_truncated", param="item_id")


def no_such_approval_request(request_id: str, *, at: str) -> Refused:
    """Assumed (behaviour 4.5): the code, for a request that was never made, was answered already, or was deleted."""
    message = f"No MCP approval request with id '{request_id}' is waiting for an answer."
    return invalid_value(message, ".".join(filter(None, (at, "approval_request_id"))))


def bad_content_index(content_index: int, parts: int) -> Refused:
    """Assumed: behaviour 5."""
    message = f"Invalid 'content_index': {content_index}. The item has {parts} content part{'' if parts == 1 else 's'}."
    return invalid_value(message, "content_index")
