"""Which id of the one recording is which of the other: by what stands in the same places, the majority counting.

Of two that are as likely, one that is spelled alike on both sides; else the same, whichever recording is named first.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import ids_in

__all__ = ["Links"]

Bodies: TypeAlias = Iterable[tuple[JsonObject, JsonObject]]
"""An event of theirs and the same of ours."""


_WRITTEN: Final = re.compile(r"[A-Za-z]+_[0-9A-Za-z]+")
"""An id in a text."""


class Links:
    """Ids of both sides, put together one to one."""

    def __init__(self, bodies: Bodies = ()) -> None:
        self.ours: dict[str, str] = {}
        """By theirs."""
        self.theirs: dict[str, str] = {}
        """By ours."""
        votes = Counter(pair for their, our in bodies for pair in _pairs(their, our))
        for their_id, our_id in sorted(votes, key=lambda pair: (-votes[pair], pair[0] != pair[1], *sorted(pair))):
            if their_id not in self.ours and our_id not in self.theirs:
                self.ours[their_id] = our_id
                self.theirs[our_id] = their_id

    def agree(self, their_id: str, our_id: str) -> bool:
        """Whether the two are the same thing, or nothing else is known of either."""
        return self.ours.get(their_id, our_id) == our_id and self.theirs.get(our_id, their_id) == their_id

    def in_our_ids(self, text: str) -> str:
        """A text of theirs that speaks of things by their ids, as refusals do."""
        return _WRITTEN.sub(lambda found: self.ours.get(found[0], found[0]), text)


def _pairs(their: JsonObject, our: JsonObject) -> Iterator[tuple[str, str]]:
    places: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for path, value in ids_in(our):
        places[path].append(value)
    for path, value in ids_in(their):
        if places[path] and path[-1] != "event_id":
            yield value, places[path].pop(0)
