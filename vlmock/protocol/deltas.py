"""A run of deltas of one content part. A spoken reply is mostly this, so it is kept and encoded as one thing."""

from typing import TypeAlias

import msgspec

from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta

__all__ = ["Delta", "Deltas"]

Delta: TypeAlias = ResponseTextDelta | ResponseAudioTranscriptDelta | ResponseAudioDelta


class Deltas(msgspec.Struct):
    """Deltas that go out together, nothing between them. The same as so many events, at a tenth of their cost."""

    response_id: str
    item_id: str
    output_index: int
    kinds: list[type[Delta]]
    """Of each delta."""
    deltas: list[str | msgspec.Raw]
    """Their words, or speech as prepared JSON text (``codec.audio_json``)."""
    event_ids: list[str] = msgspec.field(default_factory=list)
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
        kinds, deltas = [self.kinds[place] for place in kept], [self.deltas[place] for place in kept]
        return Deltas(self.response_id, self.item_id, self.output_index, kinds, deltas) if kept else None

    def parted(self, place: int) -> tuple["Deltas", "Deltas"]:
        """Those before a place, and those from it on."""
        first, rest = (
            Deltas(
                self.response_id,
                self.item_id,
                self.output_index,
                self.kinds[part],
                self.deltas[part],
                self.event_ids[part],
            )
            for part in (slice(place), slice(place, None))
        )
        return first, rest
