"""User items whose text arrives in pieces. Source: schema B 19, 20.

Documented {SDK}: the pieces go into the content parts of the item that they name. Assumed, since no source says what
is answered: the first piece for an unknown id begins a user item; it joins the conversation when all of its parts are
done, and only then is it announced.
"""

import msgspec

from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.session import refusals

__all__ = ["StreamedText"]


class StreamedText(msgspec.Struct):
    """The text of one item so far."""

    item_id: str
    parts: list[list[str]] = msgspec.field(default_factory=list)
    done: set[int] = msgspec.field(default_factory=set)

    def check_index(self, content_index: int, *, parts: int) -> None:
        """Raises Refused when the part is done, or is not one of so many."""
        if content_index in self.done:
            raise refusals.input_text_complete(self.item_id)
        if not 0 <= content_index < parts:
            raise refusals.bad_content_index(content_index, len(self.parts))

    def append(self, content_index: int, delta: str) -> None:
        """Raises Refused when the part is done, or when a part before it is missing."""
        self.check_index(content_index, parts=len(self.parts) + 1)
        if content_index == len(self.parts):
            self.parts.append([])
        self.parts[content_index].append(delta)

    def end(self, content_index: int) -> bool:
        """Whether that was the last open part. Raises Refused when the part is done, or was never begun."""
        self.check_index(content_index, parts=len(self.parts))
        self.done.add(content_index)
        return len(self.done) == len(self.parts)

    def as_request(self) -> RequestMessage:
        """The item as a client would have created it at once."""
        content = [InputTextPart(text="".join(pieces)) for pieces in self.parts]
        return RequestMessage(id=self.item_id, role="user", content=list(content))
