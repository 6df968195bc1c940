"""The recordings that a server plays, one to each connection."""

import os
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeAlias

from websockets.datastructures import Headers
from websockets.http11 import Response

from vlmock.errors import RecordingError
from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.replay.conversation import Replay
from vlmock.recording.replay.manner import Manner
from vlmock.recording.replay.planning import plan
from vlmock.server.handshake import Refused
from vlmock.server.pages import refusal

__all__ = ["Replayable", "Replays"]

Replayable: TypeAlias = str | os.PathLike[str] | Recording | Sequence[Recording]
"""What can be replayed: a folder or file, or recordings that are there already."""

_TOO_MANY: Final = "; replay with repeat=True to play it to each connection"
_UPGRADED: Final = 101
_OF_THE_CONNECTION: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers of an answer that are about how it travels."""


class Replays:
    """Hands them out in their order."""

    def __init__(
        self, recorded: Replayable, manner: Manner, *, repeat: bool = False, too_many: str = _TOO_MANY
    ) -> None:
        """``repeat``: when all have been played, begin again. ``too_many``: what to do about connections that nothing
        is left for. Listens to all of them, so that nobody has to wait for it later. Raises RecordingError when there
        is nothing to be played."""
        self._recordings = _recordings(recorded)
        self._plans = [plan(recording) for recording in self._recordings]
        self._manner = manner
        self._repeat = repeat
        self._remedy = too_many
        self._next = 0
        self._too_many = 0

    def turn_away(self) -> Response | None:
        """The answer to a request that is not to be let in: one that the service refused then, or one too many."""
        if self._next >= len(self._plans):
            self._too_many += 1
            return refusal(Refused(409, self._used_up(), code="replay_used_up"))
        return self.refusal()

    def refusal(self) -> Response | None:
        """What the service answered instead of letting the next one in."""
        head = self._recordings[self._next].head if self._next < len(self._plans) else None
        if head is None or head.status == _UPGRADED:
            return None
        self._advance()
        body = head.body.encode()
        headers = Headers((name, value) for name, value in head.response_headers if _travels(name))
        headers["Content-Length"] = str(len(body))
        headers["Connection"] = "close"
        return Response(head.status, _phrase(head.status), headers, body)

    def begin(self, target: str, decode: Callable[[bytes], AnyClientEvent | InvalidEvent]) -> Replay:
        """The next one, for a client that dialled ``target``."""
        replay = Replay(self._plans[self._next], self._manner, target=target, decode=decode)
        self._advance()
        return replay

    def problems(self) -> list[str]:
        """What a test should fail with: recordings that nobody came for, and connections that nothing was left for."""
        if self._manner.on_unexpected == "ignore" or self._repeat:
            return []
        unplayed = [f"nobody connected to replay {recording.name}" for recording in self._recordings[self._next :]]
        too_many = f"{self._too_many} connection{'s' * (self._too_many > 1)} too many: {self._used_up()}"
        return unplayed + [too_many] * (self._too_many > 0)

    def _advance(self) -> None:
        self._next += 1
        if self._repeat:
            self._next %= len(self._plans)

    def _used_up(self) -> str:
        names = [recording.name for recording in self._recordings]
        played = f"all {len(names)} recordings from {names[0]} on have" if len(names) > 1 else f"{names[0]} has"
        return f"{played} been played already{self._remedy}"


def _recordings(recorded: Replayable) -> list[Recording]:
    if isinstance(recorded, Recording):
        return [recorded]
    found = read(Path(recorded)) if isinstance(recorded, str | os.PathLike) else list(recorded)
    if not found:
        raise RecordingError(f"{recorded}: holds no recording")
    return found


def _travels(name: str) -> bool:
    return name.lower() not in _OF_THE_CONNECTION


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
