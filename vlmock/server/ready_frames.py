"""Runs of deltas that come again and again, kept as the frames that they travel in: only their ids are put in anew."""

from collections import OrderedDict, deque
from functools import lru_cache
from itertools import repeat
from struct import Struct
from typing import Final, TypeAlias

import msgspec

from vlmock.protocol.codec import encode_deltas
from vlmock.protocol.deltas import Deltas
from vlmock.server.frame_head import frame_head

__all__ = ["ReadyFrames", "ReadyRuns"]

_MOST_KEPT: Final = 256
_MOST_KEPT_BYTES: Final = 64 * 1024 * 1024


_Ids: TypeAlias = tuple[bytes, bytes]
_Key: TypeAlias = tuple[int, int, int, int, int, int]

_as_json = msgspec.json.Encoder().encode


@lru_cache
def _layout(*lengths: int) -> Struct:
    """Of byte strings one behind the other."""
    return Struct("".join(f"{length}s" for length in lengths))


def _ids(deltas: Deltas) -> _Ids:
    """Of response and item, as they stand in the frames."""
    return _as_json(deltas.response_id), _as_json(deltas.item_id)


def _key(deltas: Deltas, ids: _Ids) -> _Key:
    """What tellings have to have in common. A run has the same lists each time (``vlmock.session.speaking.runs``)."""
    event_ids = deltas.event_ids
    id_length = len(event_ids.head) + len(event_ids.tails[0])
    return id(deltas.deltas), id(deltas.kinds), deltas.output_index, id_length, len(ids[0]), len(ids[1])


class ReadyFrames:
    """All frames of one run in one buffer, as a server sends them: plain, unmasked, each with its head."""

    __slots__ = ("_between", "_buffer", "_ids", "_places", "payload_bytes", "sizes", "view", "waiting")

    def __init__(self, deltas: Deltas) -> None:
        self.sizes: list[int] = []
        """Of each message, in bytes."""
        self._places: list[int] = []
        """Where the id of each begins."""
        self._ids = _ids(deltas)
        """Of the first telling."""
        self._between = b""
        """What stands there from the id of one to its delta: the same for all of them."""
        parts: list[bytes | msgspec.Raw] = []
        end = 0
        for size, message in encode_deltas(deltas):
            head = frame_head(size)
            parts += [head, *message]
            self.sizes.append(size)
            self._places.append(end + len(head) + len(message[0]))
            self._between = bytes(message[2])
            end += len(head) + size
        self.payload_bytes = sum(self.sizes)
        self._buffer = bytearray(b"".join(parts))
        self.view = memoryview(self._buffer)
        self.waiting = False
        """To be sent: until then the buffer must not change."""

    def fill_in(self, deltas: Deltas, ids: _Ids) -> None:
        """Put in the ids of another telling, which are as long as those of the first."""
        between = self._between
        for old, new in zip(self._ids, ids, strict=True):
            between = between.replace(old, new, 1)
        buffer, head, tails = self._buffer, deltas.event_ids.head, deltas.event_ids.tails
        put = _layout(len(head), len(tails[0]), len(between)).pack_into
        deque(map(put, repeat(buffer), self._places, repeat(head), tails, repeat(between)), maxlen=0)  # a fast loop


class ReadyRuns:
    """Those of one loop, which alone may use them: the same buffers are sent again and again."""

    def __init__(self, *, most_bytes: int = _MOST_KEPT_BYTES) -> None:
        """Beyond ``most_bytes`` those that were not sent for longest are forgotten."""
        self._seen: OrderedDict[_Key, tuple[Deltas, ReadyFrames | None]] = OrderedDict()
        """With the first telling, whose lists must live as long as their identities count. None: the only one."""
        self._most_bytes = most_bytes
        self._bytes = 0

    def frames(self, deltas: Deltas) -> ReadyFrames | None:
        """The frames of a run that was sent before. None for one that comes for the first time, or is still waiting."""
        ids = _ids(deltas)
        key = _key(deltas, ids)
        seen = self._seen.get(key)
        if seen is None:
            self._keep(key, deltas, None)
            return None
        self._seen.move_to_end(key)
        ready = seen[1]
        if ready is None:
            ready = ReadyFrames(deltas)
            self._keep(key, deltas, ready)
            return ready
        if ready.waiting:
            return None
        ready.fill_in(deltas, ids)
        return ready

    def _keep(self, key: _Key, deltas: Deltas, ready: ReadyFrames | None) -> None:
        self._seen[key] = (deltas, ready)
        self._bytes += ready.payload_bytes if ready else 0
        while len(self._seen) > _MOST_KEPT or (self._bytes > self._most_bytes and len(self._seen) > 1):
            _, (_, forgotten) = self._seen.popitem(last=False)
            self._bytes -= forgotten.payload_bytes if forgotten else 0
