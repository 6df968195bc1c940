"""Where in a response something happens; what many events begin with."""

from vlmock.protocol.wire import ServerEvent

__all__ = ["OfItem", "OfPart"]


class OfItem(ServerEvent, kw_only=True):
    """Something about one output item."""

    response_id: str
    item_id: str
    output_index: int
    """Which item of the response, from 0."""


class OfPart(OfItem, kw_only=True):
    """Something about one content part of an output item."""

    content_index: int
    """Which part of the item, from 0."""
