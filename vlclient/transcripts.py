"""Who said what: one transcript for each message, found by its item id, in the order of the conversation.

The words of the user come before, during or after the answer, in pieces or at once, empty, twice, or not at all
(behaviour.md 3.3); those of the assistant come ahead of the sound. Only the item id says what belongs together.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemTruncated,
)
from vlmock.protocol.input_audio import InputAudioBufferCommitted
from vlmock.protocol.items import AudioPart, InputAudioPart, InputImagePart, MessageItem, ResponseItem
from vlmock.protocol.output import (
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.response import ResponseDone, ResponseOutputItemAdded, ResponseOutputItemDone
from vlmock.protocol.wire import ServerEvent, UnsetType, given

__all__ = ["Transcript", "Transcripts"]

_ROLES = ("user", "assistant")


class Transcript(msgspec.Struct, frozen=True):
    """What was said or written in one message."""

    item_id: str
    role: str
    """``user`` or ``assistant``."""
    text: str = ""
    """So far; may be empty for good."""
    final: bool = False
    """Nothing more is expected. Observed {PIPE}: a better one may come all the same."""
    failed: bool = False
    """Nobody could write down what the user said."""
    cut: bool = False
    """The user interrupted it, or it broke off: not all of it was said, or not all that was said was heard."""


class _Entry(msgspec.Struct):
    """What is known of one message."""

    item_id: str
    role: str
    response_id: str = ""
    parts: dict[int, str] = msgspec.field(default_factory=dict)
    finished: set[int] = msgspec.field(default_factory=set)
    """The parts that are complete."""
    final: bool = False
    failed: bool = False
    cut: bool = False

    def transcript(self) -> Transcript:
        text = "".join(text for _, text in sorted(self.parts.items()))
        return Transcript(self.item_id, self.role, text, final=self.final, failed=self.failed, cut=self.cut)

    def more(self, content_index: int, text: str) -> None:
        """More of a part that is not complete yet."""
        if content_index not in self.finished and not self.cut:
            self.parts[content_index] = self.parts.get(content_index, "") + text

    def whole(self, content_index: int, text: str) -> None:
        """All of a part. Observed {PIPE, FON, PAI}: what is empty takes nothing back that was known before."""
        if not self.cut and (text or content_index not in self.parts):
            self.parts[content_index] = text
        self.finished.add(content_index)


class Transcripts:
    """All messages, oldest first. Tell it every event of the service but those of a response that was interrupted."""

    def __init__(self) -> None:
        self._order: list[str] = []
        """The ids of all items, messages or not, because others are placed after them."""
        self._entries: dict[str, _Entry] = {}
        self._asked: dict[str, str] = {}
        """Where the client wanted its own items, by their ids."""

    def __iter__(self) -> Iterator[Transcript]:
        return (self._entries[item_id].transcript() for item_id in self._order if item_id in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, item_id: str) -> Transcript | None:
        """The transcript of one message; None when there is no such message, or not yet."""
        return self._entries[item_id].transcript() if item_id in self._entries else None

    def receive(self, event: AnyServerEvent | ServerEvent) -> None:
        """An event of the service has come."""
        if (take := _TAKES.get(type(event))) is not None:
            take(self, event)

    def sent(self, event: ConversationItemCreate) -> None:
        """The client adds an item, perhaps not at the end."""
        item_id, after = given(event.item.id, ""), given(event.previous_item_id, "")
        if item_id and after:
            self._asked[item_id] = after

    def cut(self, item_id: str) -> None:
        """Not all of it was heard: its words are marked, and no more of them are added."""
        if (entry := self._entries.get(item_id)) is not None:
            entry.cut = True

    def interrupted(self, response_id: str) -> None:
        """The response is broken off: what it had not finished is cut."""
        for entry in self._entries.values():
            if response_id and entry.response_id == response_id and not entry.final:
                entry.cut = True

    def disconnected(self) -> None:
        """Nothing more comes from this connection: what was not finished is cut, and final."""
        for entry in self._entries.values():
            entry.cut = entry.cut or not entry.final
            entry.final = True

    # ---- where an item belongs

    def _place(self, item_id: str, after: str | UnsetType | None) -> None:
        """At the end, unless it comes after an item in the middle.

        Observed {FON}: on the cascade items name the user's item before them, and skip what the assistant said since.
        So unless the client itself wanted it there, the place after an item of the user is behind the answer to it.
        """
        if item_id in self._order:
            return
        asked = self._asked.pop(item_id, "")
        after = asked or given(after, "")
        if asked == "root":
            place = 0
        elif after not in self._order:
            place = len(self._order)
        else:
            place = self._order.index(after) + 1
            while not asked and self._is_by_user(after) and place < len(self._order):
                if self._is_by_user(self._order[place]):
                    break
                place += 1
        self._order.insert(place, item_id)

    def _is_by_user(self, item_id: str) -> bool:
        return item_id in self._entries and self._entries[item_id].role == "user"

    def _entry(self, item_id: str, role: str, response_id: str = "") -> _Entry:
        if item_id not in self._entries:
            self._place(item_id, None)
            self._entries[item_id] = _Entry(item_id, role)
        entry = self._entries[item_id]
        entry.response_id = entry.response_id or response_id
        return entry

    # ---- items

    def _item_created(self, event: ConversationItemCreated | ConversationItemDone) -> None:
        if isinstance(event.item, UnsetType):
            return
        self._place(event.item.id, event.previous_item_id)
        self._message(event.item)

    def _item_added(self, event: ResponseOutputItemAdded) -> None:
        if not isinstance(event.item, UnsetType):
            self._message(event.item, event.response_id)

    def _output_item_done(self, event: ResponseOutputItemDone) -> None:
        if not isinstance(event.item, UnsetType):
            self._output_done(event.response_id, event.item)

    def _output_done(self, response_id: str, item: ResponseItem) -> None:
        """Behaviour.md 4.9: the items of a response that did not come to its end are ``incomplete``."""
        entry = self._message(item, response_id)
        if entry is not None and not entry.final:
            entry.cut = entry.cut or (isinstance(item, MessageItem) and item.status == "incomplete")
            entry.final = True

    def _response_done(self, event: ResponseDone) -> None:
        response = event.response
        for item in response.output:
            self._output_done(response.id, item)
        for entry in self._entries.values():
            if response.id and entry.response_id == response.id and not entry.final:
                entry.final, entry.cut = True, entry.cut or response.status != "completed"

    def _message(self, item: ResponseItem, response_id: str = "") -> _Entry | None:
        """The parts that an item shows. Those that are typed or seeded are all there is; speech may follow."""
        if not isinstance(item, MessageItem) or item.role not in _ROLES:
            return None
        entry = self._entry(item.id, item.role, response_id)
        for index, part in enumerate(item.content):
            if isinstance(part, InputImagePart):
                continue
            spoken = isinstance(part, AudioPart | InputAudioPart)
            typed = entry.role == "user" and not spoken
            text = given(part.transcript, "") if isinstance(part, AudioPart | InputAudioPart) else part.text
            if text:
                entry.whole(index, text)
            entry.final = entry.final or (not entry.response_id and (typed or bool(text)))
        return entry

    def _committed(self, event: InputAudioBufferCommitted) -> None:
        """The user's turn has its place now. Observed {FON}: words and item may come later, in either order."""
        self._place(event.item_id, event.previous_item_id)
        self._entry(event.item_id, "user")

    def _deleted(self, event: ConversationItemDeleted) -> None:
        self._entries.pop(event.item_id, None)
        if event.item_id in self._order:
            self._order.remove(event.item_id)

    def _truncated(self, event: ConversationItemTruncated) -> None:
        self.cut(event.item_id)

    # ---- the user's words

    def _user_delta(self, event: ConversationItemInputAudioTranscriptionDelta) -> None:
        self._entry(event.item_id, "user").more(given(event.content_index, 0), given(event.delta, ""))

    def _user_completed(self, event: ConversationItemInputAudioTranscriptionCompleted) -> None:
        entry = self._entry(event.item_id, "user")
        entry.whole(event.content_index, event.transcript)
        entry.final, entry.failed = True, entry.failed and not event.transcript

    def _user_failed(self, event: ConversationItemInputAudioTranscriptionFailed) -> None:
        entry = self._entry(event.item_id, "user")
        entry.final, entry.failed = True, event.content_index not in entry.finished

    # ---- the assistant's words

    def _assistant_delta(self, event: ResponseAudioTranscriptDelta | ResponseTextDelta) -> None:
        self._entry(event.item_id, "assistant", event.response_id).more(event.content_index, event.delta)

    def _assistant_done(self, event: ResponseAudioTranscriptDone | ResponseTextDone) -> None:
        text = event.transcript if isinstance(event, ResponseAudioTranscriptDone) else event.text
        self._entry(event.item_id, "assistant", event.response_id).whole(event.content_index, text)


_TAKES: dict[type, Callable[[Transcripts, Any], None]] = {
    ConversationItemCreated: Transcripts._item_created,
    ConversationItemDone: Transcripts._item_created,
    ConversationItemDeleted: Transcripts._deleted,
    ConversationItemTruncated: Transcripts._truncated,
    ConversationItemInputAudioTranscriptionDelta: Transcripts._user_delta,
    ConversationItemInputAudioTranscriptionCompleted: Transcripts._user_completed,
    ConversationItemInputAudioTranscriptionFailed: Transcripts._user_failed,
    InputAudioBufferCommitted: Transcripts._committed,
    ResponseOutputItemAdded: Transcripts._item_added,
    ResponseOutputItemDone: Transcripts._output_item_done,
    ResponseDone: Transcripts._response_done,
    ResponseAudioTranscriptDelta: Transcripts._assistant_delta,
    ResponseAudioTranscriptDone: Transcripts._assistant_done,
    ResponseTextDelta: Transcripts._assistant_delta,
    ResponseTextDone: Transcripts._assistant_done,
}
