"""A run of deltas of one content part. A spoken reply is mostly this, so it is kept and encoded as one thing."""

from collections.abc import Sequence
from typing import TypeAlias, overload

import msgspec

from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta

__all__ = ["Delta", "DeltaIds", "Deltas"]

Delta: TypeAlias = ResponseTextDelta | ResponseAudioTranscriptDelta | ResponseAudioDelta


class DeltaIds(Sequence[str]):
    """Ids that begin alike, put together only when somebody looks: mostly nobody does."""

    __slots__ = ("head", "tails")

    def __init__(self, head: bytes, tails: list[bytes]) -> None:
        self.head = head
        self.tails = tails
        """As long as each other; all of it is ASCII, as it stands on the wire."""

    def __len__(self) -> int:
        return len(self.tails)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "DeltaIds": ...
    def __getitem__(self, place: int | slice) -> "str | DeltaIds":
        if isinstance(place, slice):
            return DeltaIds(self.head, self.tails[place])
        return (self.head + self.tails[place]).decode()


class Deltas(msgspec.Struct):
    """Deltas that go out together, nothing between them. The same as so many events, at a tenth of their cost."""

    response_id: str
    item_id: str
    output_index: int
    kinds: list[type[Delta]]
    """Of each delta."""
    deltas: Sequence[str | msgspec.Raw | bytes]
    """Their words, or speech as prepared JSON text (``codec.audio_json``); empty bytes where it is no longer kept."""
    audio_bytes: Sequence[int]
    """How long the speech in each is; 0 for words."""
    event_ids: DeltaIds = DeltaIds(b"", [])
    """One for each, filled in when they are sent."""
    _events: list[Delta] | None = None

    def events(self) -> list[Delta]:
        """The events one by one; the same objects again each time."""
        if self._events is None:
            self._events = [
                kind(
                    event_id=event_id,
                    response_id=self.response_id,
                    item_id=self.item_id,
                    output_index=self.output_index,
                    content_index=0,
                    delta=delta,  # type: ignore[arg-type]  # prepared audio stands in the place of bytes
                )
                for event_id, kind, delta in zip(self.event_ids, self.kinds, self.deltas, strict=True)
            ]
        return self._events

    def without(self, kind: type[Delta]) -> "Deltas | None":
        """Those of other kinds, if there are any, before any of them has its id."""
        kept = [place for place, each in enumerate(self.kinds) if each is not kind]
        if not kept:
            return None
        kinds, deltas = [self.kinds[place] for place in kept], [self.deltas[place] for place in kept]
        audio_bytes = [self.audio_bytes[place] for place in kept]
        return Deltas(self.response_id, self.item_id, self.output_index, kinds, deltas, audio_bytes)

    def parted(self, place: int) -> tuple["Deltas", "Deltas"]:
        """Those before a place, and those from it on."""
        first, rest = (
            Deltas(
                self.response_id,
                self.item_id,
                self.output_index,
                self.kinds[part],
                self.deltas[part],
                self.audio_bytes[part],
                self.event_ids[part],
            )
            for part in (slice(place), slice(place, None))
        )
        return first, rest
