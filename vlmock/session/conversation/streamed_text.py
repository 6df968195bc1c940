"""User items whose text arrives in pieces. Source: schema B 19, 20.

Documented {SDK}: the pieces go into the content parts of the item that they name. Assumed, since no source says what
is answered: the first piece for an unknown id begins a user item; it joins the conversation when all of its parts are
done, and only then is it announced.
"""

from typing import Final

import msgspec

from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.session import refusals

__all__ = ["StreamedTexts"]

_MOST_OPEN: Final = 100
_MOST_HELD: Final = 2**20
"""Characters, and one more for each piece, of all texts that are still coming: more than anybody types."""


class _Text(msgspec.Struct):
    """The text of one item so far."""

    item_id: str
    parts: list[list[str]] = msgspec.field(default_factory=list)
    done: set[int] = msgspec.field(default_factory=set)
    held: int = 0
    """Of the bound."""

    def check_index(self, content_index: int, *, parts: int) -> None:
        """Raises Refused when the part is done, or is not one of so many."""
        if content_index in self.done:
            raise refusals.input_text_complete(self.item_id)
        if not 0 <= content_index < parts:
            raise refusals.bad_content_index(content_index, len(self.parts))

    def as_request(self) -> RequestMessage:
        """The item as a client would have created it at once."""
        content = [InputTextPart(text="".join(pieces)) for pieces in self.parts]
        return RequestMessage(id=self.item_id, role="user", content=list(content))


class StreamedTexts:
    """All such items of a session that are not complete."""

    def __init__(self) -> None:
        self._open: dict[str, _Text] = {}
        self._held = 0

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._open

    def append(self, item_id: str, content_index: int, delta: str) -> None:
        """More text; an id that is not open begins an item.

        Raises Refused when the part is done, when a part before it is missing, or when there is no room.
        """
        text = self._open.get(item_id) or _Text(item_id)
        text.check_index(content_index, parts=len(text.parts) + 1)
        if item_id not in self._open and len(self._open) >= _MOST_OPEN:
            raise refusals.too_many_input_texts(len(self._open))
        size = len(delta) + 1
        if self._held + size > _MOST_HELD:
            raise refusals.input_texts_full()
        if content_index == len(text.parts):
            text.parts.append([])
        text.parts[content_index].append(delta)
        text.held += size
        self._held += size
        self._open[item_id] = text

    def end(self, item_id: str, content_index: int) -> RequestMessage | None:
        """The item, where that was its last open part. Raises Refused when the item or the part is not open."""
        text = self._open.get(item_id)
        if text is None:
            raise refusals.no_such_input_text(item_id)
        text.check_index(content_index, parts=len(text.parts))
        text.done.add(content_index)
        if len(text.done) < len(text.parts):
            return None
        del self._open[item_id]
        self._held -= text.held
        return text.as_request()
