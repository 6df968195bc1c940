"""What a client may put into a conversation. Source: schema E1."""

from collections.abc import Mapping
from typing import Final

from vlmock.protocol.items import (
    IMAGE_DETAILS,
    MESSAGE_ROLES,
    RESPONSE_ITEM_STATUSES,
    InputImagePart,
    RequestItem,
    RequestMessage,
)
from vlmock.session import refusals
from vlmock.session.rules.values import check_choice

__all__ = ["check_item", "check_pre_generated"]

_PARTS_OF_ROLE: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("text", "output_text"),
}
"""Documented: schema E1. Observed {PAI, SDKT}: ``output_text`` is taken from assistants as well."""


def check_item(item: RequestItem, *, at: str) -> None:
    """Raise Refused at the first member that will not do; ``at`` is where the item stands: ``item``."""
    check_choice(item.status, RESPONSE_ITEM_STATUSES, f"{at}.status")
    if not isinstance(item, RequestMessage):
        return
    check_choice(item.role, MESSAGE_ROLES, f"{at}.role")
    for place, part in enumerate(item.content):
        check_choice(part.type, _PARTS_OF_ROLE[item.role], f"{at}.content[{place}].type")
        if isinstance(part, InputImagePart):
            check_choice(part.detail, IMAGE_DETAILS, f"{at}.content[{place}].detail")


def check_pre_generated(message: RequestMessage, *, at: str) -> None:
    """Documented (schema B1): one message of the assistant with exactly one ``text`` part. Assumed: the refusal."""
    check_choice(message.role, ("assistant",), f"{at}.role")
    check_item(message, at=at)
    if len(message.content) != 1:
        raise refusals.malformed(f"{at}.content", "exactly one text part is spoken")
