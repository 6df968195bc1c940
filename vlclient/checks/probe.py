"""What a check works with: connections to the server under test, and words for what it expects of it."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from websockets import exceptions as ws
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from vlclient.checks.verdicts import Falsified, Finding, Inconclusive, NotOffered
from vlclient.checks.wire import Closed, Event, Seen, Silence, Wire
from vlclient.credentials import Credential
from vlclient.endpoint import Target, is_loopback, url

__all__ = ["HttpAnswer", "Probe", "Server"]

_MOST_SHOWN: Final = 200
_MOST_BYTES: Final = 32 * 1024 * 1024
_CLOSE_S: Final = 2.0


class Server(msgspec.Struct, frozen=True):
    """Who is checked, and how it is reached."""

    target: Target
    credential: Credential
    pipeline: str
    """``cascade``, ``hybrid`` or ``native``."""
    voice: Any
    """One of that pipeline, as ``session.update`` takes it."""
    api_version: str
    patience_s: float = 15.0
    """How long an answer may take."""


class _WithoutRedirects(connect):
    """A redirect is an answer like any other."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class HttpAnswer(msgspec.Struct, frozen=True):
    """What came in place of an upgrade."""

    status: int
    headers: dict[str, str]
    """With lower-case names."""
    body: str


class Probe:
    """One run of one check."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self.server = server
        self.frames: list[Seen] = []
        self.findings: list[Finding] = []
        self.loose: list[Finding] = []
        self._stack = stack
        self._began = time.monotonic()
        self._connections = 0

    @property
    def pipeline(self) -> str:
        return self.server.pipeline

    # ---- connections

    async def dial(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        credential: bool = True,
        replaced: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        path: str | None = None,
        subprotocols: Sequence[str] | None = None,
    ) -> Wire | HttpAnswer:
        """Open a connection, or get what is answered in its place.

        ``credential``: send the one of the run. Of the query, ``replaced`` is set and ``without`` left out. ``path``:
        another one than the target's.
        """
        own = await self.server.credential.headers() if credential else {}
        self._connections += 1
        dialled = urlsplit(url(self.server.target))
        parameters = dict(parse_qsl(dialled.query, keep_blank_values=True)) | dict(replaced or {})
        query = urlencode([(name, value) for name, value in parameters.items() if name not in without])
        address = urlunsplit((dialled.scheme, dialled.netloc, path or dialled.path, query, ""))
        try:
            connection = await self._stack.enter_async_context(
                _WithoutRedirects(
                    address,
                    additional_headers={**own, **(headers or {})},
                    subprotocols=[Subprotocol(name) for name in subprotocols] if subprotocols else None,
                    compression=None,
                    max_size=_MOST_BYTES,
                    open_timeout=self.server.patience_s,
                    close_timeout=_CLOSE_S,
                    proxy=None if is_loopback(dialled.hostname or "") else True,
                )
            )
        except ws.InvalidStatus as refused:
            answer = refused.response
            got = {name.lower(): value for name, value in answer.headers.raw_items()}
            body = (answer.body or b"").decode("utf-8", "replace")
            self.frames.append(Seen(self._connections, self._now(), "note", f"HTTP {answer.status_code} {body}"))
            return HttpAnswer(answer.status_code, got, body)
        return Wire(
            connection,
            number=self._connections,
            frames=self.frames,
            began=self._began,
            patience_s=self.server.patience_s,
        )

    async def connect(self, **how: Any) -> Wire:
        """An open connection, before its first event. A refusal is one of the requirement's."""
        wire = await self.dial(**how)
        if isinstance(wire, HttpAnswer):
            raise Falsified(Finding("a connection", f"HTTP {wire.status}: {wire.body[:_MOST_SHOWN]}", len(self.frames)))
        return wire

    async def created(self, **how: Any) -> tuple[Wire, Event]:
        """A connection and its ``session.created``."""
        wire = await self.connect(**how)
        return wire, await wire.next("session.created")

    async def session(self, settings: Mapping[str, Any] | None = None, **how: Any) -> Wire:
        """A session with these settings, beside a voice of the run's pipeline, as soon as they are in force.

        A server that refuses them does not offer what the check is about.
        """
        wire, _ = await self.created(**how)
        await self.updated(wire, {"voice": self.server.voice, **(settings or {})})
        return wire

    async def updated(self, wire: Wire, settings: Mapping[str, Any]) -> Event:
        """The session after ``session.update``; NotOffered where that is refused."""
        await wire.send({"type": "session.update", "session": settings})
        answer = await self.answer(wire, "session.updated")
        if answer["type"] == "error":
            raise NotOffered(f"these settings are refused: {answer['error'].get('message')}")
        session: Event = answer["session"]
        return session

    async def answer(self, wire: Wire, *types: str) -> Event:
        """The next event of one of these types, or the next ``error``."""
        while (event := await wire.receive(wanted=" or ".join(types)))["type"] not in (*types, "error"):
            pass
        return event

    # ---- what is expected

    def expect(self, holds: bool, expected: str, got: object, *, frame: int | None = None) -> None:
        """A part of the requirement; the check goes on either way. ``frame``: None is the last."""
        if not holds:
            self.findings.append(Finding(expected, _shown(got), frame or len(self.frames) or None))

    def loosely(self, holds: bool, expected: str, got: object, *, frame: int | None = None) -> None:
        """What the service does, and no client would miss."""
        if not holds:
            self.loose.append(Finding(expected, _shown(got), frame or len(self.frames) or None))

    def require(self, holds: bool, expected: str, got: object) -> None:
        """A part without which there is nothing more to look at."""
        if not holds:
            raise Falsified(Finding(expected, _shown(got), len(self.frames) or None))

    def refused(self, error: Event, *, code: str | None = None, param: str | None = None, words: str = "") -> None:
        """An ``error`` event says this; words that differ only make it looser."""
        self.require(error.get("type") == "error", "an error event", error.get("type"))
        details = error["error"]
        self.expect(details.get("code") == code, f"code {code!r}", details.get("code"))
        if param is not None:
            self.expect(details.get("param") == param, f"param {param!r}", details.get("param"))
        self.loosely(words in (details.get("message") or ""), f"the words {words!r}", details.get("message"))

    def inconclusive(self, reason: str) -> NoReturn:
        """The check cannot say."""
        raise Inconclusive(reason)

    def _now(self) -> float:
        return time.monotonic() - self._began


ENDS_A_CHECK: Final = (Falsified, Closed, Silence)
"""What a server does that falsifies a requirement, wherever it happens."""


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
