"""A journal of what a recorder sees, like that of an emulator: for who looks at it while the talk goes on."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, decode_client
from vlmock.protocol.openai_beta import decode_beta
from vlmock.protocol.recording.redaction import Redaction
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.recorder.ends import Side
from vlmock.recorder.frames import Message, Said
from vlmock.recorder.minutes import SWITCHING, Recorded
from vlmock.recording.replay.prepared import prepared
from vlmock.server.dialects import REALTIME_PATH, Dialect
from vlmock.server.journal import ConnectionJournal, Facts, Journal
from vlmock.session.effects import Remark

__all__ = ["Journalist"]

_ABNORMAL = 1006


class Journalist:
    """Writes what was said into a journal; in the recorder's loop."""

    def __init__(self, journal: Journal, *, unix_time: Callable[[], float]) -> None:
        """``unix_time``: seconds since 1970."""
        self._journal = journal
        self._unix_time = unix_time
        self._parts: dict[int, ConnectionJournal] = {}
        """Of those that are open, by the recorder's numbers."""

    def begun(self, recorded: Recorded, redaction: Redaction) -> None:
        """A client was let in, or not; who was not is in no journal. ``redaction``: what people are not shown of it."""
        if recorded.status == SWITCHING:
            part = self._parts[recorded.number] = self._journal.open_connection(self._facts(recorded), 0.0)
            part.redaction = redaction

    def said(self, recorded: Recorded, side: Side, said: Said) -> None:
        """A message went by."""
        part = self._parts.get(recorded.number)
        if part is None or not isinstance(said, Message):
            return
        if side == "server":
            part.note("server", _server_event(said.data), recorded.seconds, len(said.data))
        else:
            decode = _DECODE[Dialect(part.facts.dialect)]
            part.note("client", decode(said.data), recorded.seconds, len(said.data))

    def remarked(self, recorded: Recorded, remark: Remark) -> None:
        """A test has something to say about the client."""
        if recorded.number in self._parts:
            self._parts[recorded.number].remark(remark, recorded.seconds)

    def over(self, recorded: Recorded) -> None:
        """Both sides are gone."""
        part = self._parts.pop(recorded.number, None)
        if part is not None:
            code = recorded.code or _ABNORMAL
            by = "network" if code == _ABNORMAL else recorded.ended_by
            part.note_end(code, recorded.reason, by, recorded.seconds)

    def _facts(self, recorded: Recorded) -> Facts:
        parts = urlsplit(recorded.path)
        query = dict(parse_qsl(parts.query))
        dialect = Dialect.VOICE_LIVE if parts.path.endswith(REALTIME_PATH) else Dialect.OPENAI_BETA
        return Facts(
            path=recorded.path,
            model=query.get("model", ""),
            api_version=query.get("api-version", ""),
            scenario="",
            user_agent="",
            credential="",
            opened=self._unix_time(),
            dialect=dialect,
            recorded=True,
        )


_DECODE: Mapping[Dialect, Callable[[bytes], AnyClientEvent | InvalidEvent]] = {
    Dialect.VOICE_LIVE: decode_client,
    Dialect.OPENAI_BETA: decode_beta,
}


def _server_event(message: bytes) -> ServerEvent | JsonObject:
    """As a replay has it in its journal."""
    try:
        body = msgspec.json.decode(message)
    except (msgspec.DecodeError, ValueError, RecursionError):
        body = None
    return prepared(body).event if isinstance(body, dict) else {"type": "(text)"}
