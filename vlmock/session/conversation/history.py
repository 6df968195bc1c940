"""What a session remembers of the conversation: its items, in order, and the sound of those that were spoken."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import overload

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.items import AudioPart, FunctionCallItem, InputAudioPart, MessageItem, ResponseItem
from vlmock.session import refusals
from vlmock.session.conversation.tally import NO_COST, Cost, Tally, cost_of

__all__ = ["Entry", "History", "ItemsSoFar"]

_AUDIO_BOUND_BYTES = 64 * 2**20
"""Sound kept for ``conversation.item.retrieve``; beyond it the oldest is forgotten, and such an item comes back
without audio. Assumed: that the service keeps all of it is not known."""


class Entry(msgspec.Struct, eq=False):
    """An item and what is known of its sound."""

    id: str
    role: str | None
    """Whose message it is; None for what is no message."""
    item: ResponseItem
    audio: list[Sequence[bytes]] = msgspec.field(default_factory=list)
    """The sound in the pieces in which it was said, not copied, and not looked at."""
    audio_bytes: int = 0
    audio_format: AudioFormat | None = None
    truncated: bool = False
    heard: str = ""
    """What its transcript is from its truncation on."""
    cost: Cost = NO_COST

    @classmethod
    def of(cls, item: ResponseItem) -> "Entry":
        return cls(item.id, item.role if isinstance(item, MessageItem) else None, item)

    @property
    def sound(self) -> bytes:
        """All of it that is kept."""
        return b"".join(chain.from_iterable(self.audio))

    @property
    def audio_ms(self) -> float:
        return self.audio_format.duration_ms(self.audio_bytes) if self.audio_format else 0.0


class ItemsSoFar(Sequence[ResponseItem]):
    """The items that are there now, oldest first, made only when somebody looks: a long conversation costs nothing.

    What becomes of an item later, shows; what is added or deleted later does not.
    """

    def __init__(self, order: list[Entry]) -> None:
        self._order = order
        self._length = len(order)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[ResponseItem]:
        return (entry.item for entry in self._order[: self._length])

    @overload
    def __getitem__(self, place: int) -> ResponseItem: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[ResponseItem, ...]: ...
    def __getitem__(self, place: int | slice) -> ResponseItem | tuple[ResponseItem, ...]:
        return tuple(self)[place]


class History:
    """The items of one conversation, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._order: list[Entry] = []
        """Only added to at its end, for somebody may look at the items so far; any other change makes a new list."""
        self._sounding: OrderedDict[str, Entry] = OrderedDict()
        """Those whose sound is kept, by id, in the order in which it came."""
        self._audio_bytes = 0
        self.tally = Tally()
        """What all of it costs as input."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._entries

    def get(self, item_id: str) -> Entry | None:
        return self._entries.get(item_id)

    def cost(self, item_id: str) -> Cost:
        """What the item costs as input; nothing when it is not there."""
        entry = self._entries.get(item_id)
        return NO_COST if entry is None else entry.cost

    @property
    def last_id(self) -> str | None:
        return self._order[-1].id if self._order else None

    def last_user_id(self) -> str | None:
        """The youngest item of the user, whatever the assistant added since."""
        return next((entry.id for entry in reversed(self._order) if entry.role == "user"), None)

    def call(self, call_id: str) -> FunctionCallItem | None:
        """The function call with this ``call_id``, the youngest where a client used one twice."""
        calls = (entry.item for entry in reversed(self._order))
        return next((call for call in calls if isinstance(call, FunctionCallItem) and call.call_id == call_id), None)

    def add(self, item: ResponseItem, *, after: str | None = None) -> Entry:
        """Add an item at the end, or after another; ``"root"`` is the very beginning.

        Raises Refused when ``after`` names no item, or when an item with this id is there already.
        """
        item_id = str(item.id)
        if item_id in self._entries:
            raise refusals.duplicate_item_id(item_id)
        if after is None:
            place = len(self._order)
        elif after == "root":
            place = 0
        elif after in self._entries:
            place = self._order.index(self._entries[after]) + 1
        else:
            raise refusals.no_such_previous_item(after)
        entry = self._entries[item_id] = Entry.of(item)
        if place == len(self._order):
            self._order.append(entry)
        else:
            self._order = [*self._order[:place], entry, *self._order[place:]]
        self._recount(entry)
        return entry

    def before(self, item_id: str) -> str | None:
        """The id of the item before this one; None for the first."""
        place = self._order.index(self._entries[item_id])
        return self._order[place - 1].id if place else None

    def remove(self, item_id: str) -> Entry | None:
        """Forget an item; None when it is not there."""
        entry = self._entries.pop(item_id, None)
        if entry is not None:
            self._order = [other for other in self._order if other is not entry]
            self._sounding.pop(item_id, None)
            self._forget_sound(entry)
            self.tally.exchange(entry.cost, NO_COST)
        return entry

    def replace(self, item: ResponseItem) -> None:
        """Put a newer state of an item in its place; nothing happens when it was deleted meanwhile."""
        entry = self._entries.get(str(item.id))
        if entry is not None:
            entry.item = _cut_down(item, entry.heard) if entry.truncated else item
            self._recount(entry)

    def add_audio(self, item_id: str, pieces: Sequence[bytes], size: int, audio_format: AudioFormat) -> None:
        """More sound of an item that was spoken; ``size``: its bytes."""
        entry = self._entries.get(item_id)
        if entry is None or entry.truncated:
            return
        if not entry.audio:
            self._sounding[item_id] = entry
        entry.audio.append(pieces)
        entry.audio_bytes += size
        entry.audio_format = audio_format
        self._audio_bytes += size
        if entry.role == "user":
            self._recount(entry)
        if self._audio_bytes > _AUDIO_BOUND_BYTES:
            self._forget_oldest_sound(entry)

    def _recount(self, entry: Entry) -> None:
        cost = cost_of(entry.item, entry.audio_ms if entry.role == "user" else 0.0)
        self.tally.exchange(entry.cost, cost)
        entry.cost = cost

    def items(self) -> ItemsSoFar:
        """All items, oldest first."""
        return ItemsSoFar(self._order)

    def forget_sound(self) -> None:
        """Keep the words alone."""
        while self._sounding:
            self._forget_sound(self._sounding.popitem(last=False)[1])

    def _forget_oldest_sound(self, spared: Entry) -> None:
        while self._audio_bytes > _AUDIO_BOUND_BYTES and next(iter(self._sounding)) != spared.id:
            self._forget_sound(self._sounding.popitem(last=False)[1])

    def _forget_sound(self, entry: Entry) -> None:
        """How long it was is still known."""
        self._audio_bytes -= sum(map(len, chain.from_iterable(entry.audio)))
        entry.audio.clear()

    def truncate(self, entry: Entry, audio_end_ms: int, *, heard: str = "") -> None:
        """Forget what the user did not hear. Observed {SDKT, JAVAT}: the transcript goes as well.

        ``heard`` takes its place, where somebody knows what was heard of it.
        """
        entry.truncated = True
        entry.heard = heard
        entry.item = _cut_down(entry.item, heard)
        self._recount(entry)
        if entry.audio_format is not None:
            audio = entry.sound
            kept = audio[: entry.audio_format.bytes_for_ms(audio_end_ms)]
            self._audio_bytes -= len(audio) - len(kept)
            entry.audio, entry.audio_bytes = [[kept]], len(kept)

    def retrieved(self, entry: Entry) -> ResponseItem:
        """The item as ``conversation.item.retrieved`` shows it: with the audio of what was spoken. Observed {SDKT}."""
        if not isinstance(entry.item, MessageItem) or not entry.audio:
            return entry.item
        audio = entry.sound
        content = [
            msgspec.structs.replace(part, audio=audio) if isinstance(part, AudioPart | InputAudioPart) else part
            for part in entry.item.content
        ]
        return msgspec.structs.replace(entry.item, content=content)


def _cut_down(item: ResponseItem, heard: str) -> ResponseItem:
    """A spoken item whose words nobody heard to the end."""
    if not isinstance(item, MessageItem):
        return item
    content = [
        msgspec.structs.replace(part, transcript=heard) if isinstance(part, AudioPart) else part
        for part in item.content
    ]
    return msgspec.structs.replace(item, content=content)
