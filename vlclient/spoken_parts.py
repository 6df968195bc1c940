"""How much speech was received of each part, and where an item is to be cut when the user interrupts it.

The model takes for said whatever it has generated, and it generates far faster than anybody speaks (behaviour.md 0).
Only the client knows what was heard, so it says so with ``conversation.item.truncate``.
"""

import msgspec

from vlclient.audio.ports import Heard, Part
from vlmock.protocol.audio_format import OUTPUT_FORMATS, AudioFormat
from vlmock.protocol.conversation import ConversationItemTruncate

__all__ = ["SpokenParts"]

_EPHEMERAL = "interim_"
"""Observed {BANK, NETT}, behaviour.md 4.6: ids of items that only fill the silence and are forgotten by themselves."""


class _Received(msgspec.Struct):
    """What came of one part."""

    response_id: str
    byte_count: int = 0
    complete: bool = False
    """Nothing more of it will come: all of it was generated, none of it dropped."""


class SpokenParts:
    """The speech of one connection."""

    def __init__(self) -> None:
        self._received: dict[Part, _Received] = {}
        self._in_conversation: set[str] = set()
        self._closed: set[str] = set()
        """Items that were truncated or deleted, by whomever."""

    def announced(self, item_id: str) -> None:
        """The item is part of the conversation. Documented {DOC}: those of an answer outside of it never are."""
        self._in_conversation.add(item_id)

    def closed(self, item_id: str) -> None:
        """The item was truncated or deleted. Observed {BANK}: a second truncation is refused."""
        self._closed.add(item_id)

    def received(self, part: Part, audio: bytes, response_id: str) -> None:
        """More of a part."""
        self._received.setdefault(part, _Received(response_id)).byte_count += len(audio)

    def complete(self, part: Part) -> None:
        """All of a part was received."""
        if part in self._received:
            self._received[part].complete = True

    def response_of(self, part: Part) -> str | None:
        """The response that the part belongs to; None for a part that this connection has not brought."""
        return self._received[part].response_id if part in self._received else None

    def was_heard_whole(self, heard: Heard) -> bool:
        """Whether nothing of the part is left to cut. A part of an earlier connection counts as complete."""
        received = self._received.get(heard.part)
        return (received is None or received.complete) and heard.heard_ms >= heard.received_ms

    def truncation(self, heard: Heard, format_name: str) -> ConversationItemTruncate | None:
        """How to tell the service what was heard; None where there is nothing to tell, or it would be refused.

        Assumed {OAI}: beyond what was generated it is refused, so a device that rounds up is held to what was received.
        """
        received, item_id = self._received.get(heard.part), heard.part.item_id
        if received is None or item_id not in self._in_conversation or item_id in self._closed:
            return None
        if item_id.startswith(_EPHEMERAL) or self.was_heard_whole(heard):
            return None
        audio_format = OUTPUT_FORMATS.get(format_name, AudioFormat("pcm16", 24_000))
        received_ms = min(heard.received_ms, int(audio_format.duration_ms(received.byte_count)))
        if (audio_end_ms := min(heard.heard_ms, received_ms)) <= 0:
            return None
        self.closed(item_id)
        return ConversationItemTruncate(
            item_id=item_id, content_index=heard.part.content_index, audio_end_ms=audio_end_ms
        )
