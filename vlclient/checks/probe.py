"""What a check works with: connections to the server under test, and words for what it expects of it."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final, NoReturn
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec
from websockets import exceptions as ws
from websockets.asyncio.client import connect
from websockets.http11 import Response
from websockets.typing import Subprotocol

from vlclient.checks.frames import shown_frame
from vlclient.checks.pacing import Pace
from vlclient.checks.verdicts import Falsified, Finding, Inconclusive, NotOffered
from vlclient.checks.wire import Event, Seen, Wire
from vlclient.credentials import Credential
from vlclient.dialling import retry_after_s, unreachable, without
from vlclient.endpoint import Target, is_loopback, url
from vlclient.endpoint import shown as shown_address
from vlmock.protocol.secrets import without_secrets

__all__ = ["HttpAnswer", "Probe", "Server"]

_MOST_SHOWN: Final = 200
_MOST_BYTES: Final = 32 * 1024 * 1024
_CLOSE_S: Final = 10.0
"""Observed {SEED}, behaviour 1.3: the service took 1.2 s to answer a goodbye."""
_OPEN_S: Final = 10.0
"""At least, whatever the patience with answers: a connection that is late says nothing about the requirement."""
_MOST_WAITS: Final = 2
_WAIT_S: Final = 20.0
_LONGEST_WAIT_S: Final = 60.0
"""For a service that has had enough connections for a minute."""
_ANY: Final = "(any)"
_TROUBLE: Final = ("server_error", "rate_limit_error", "rate_limit_exceeded")
"""Types and codes of errors that are about the server. Assumed {OAI}, behaviour 6."""


class Server(msgspec.Struct, frozen=True):
    """Who is checked, and how it is reached."""

    target: Target
    credential: Credential
    pipeline: str
    """``cascade``, ``hybrid`` or ``native``."""
    voice: Any
    """One of that pipeline, as ``session.update`` takes it."""
    model: str
    """As it stands in the address; "" for an agent."""
    api_version: str
    agent: bool = False
    """An agent answers in place of a model."""
    live: bool = False
    """It is not on this machine, so what is asked of it may cost money, and it has limits."""
    patience_s: float = 15.0
    """How long nothing may come while an answer is waited for."""
    quiet_s: float = 1.5
    """How long to watch that nothing comes."""
    pace: Pace = msgspec.field(default_factory=Pace)


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
        self._wires: list[Wire] = []
        self._secrets: set[str] = set()
        self.limit: asyncio.Timeout | None = None
        """When the check has taken too long."""
        self.unanswered = False
        """Waited in vain for anything but a greeting."""

    @property
    def pipeline(self) -> str:
        return self.server.pipeline

    @property
    def has_lost(self) -> bool:
        """A connection ended without a goodbye."""
        return any(wire.lost for wire in self._wires)

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
        another one than the target's. HTTP 429 is no answer: it is waited for and tried again. Raises CouldNotReach.
        """
        own = await self.server.credential.headers()
        self._secrets.update(value.rpartition(" ")[2] for value in own.values())
        sent = {**(own if credential else {}), **(headers or {})}
        dialled = urlsplit(url(self.server.target))
        parameters = dict(parse_qsl(dialled.query, keep_blank_values=True)) | dict(replaced or {})
        query = urlencode([(name, value) for name, value in parameters.items() if name not in without], quote_via=quote)
        address = urlunsplit((dialled.scheme, dialled.netloc, path or dialled.path, query, ""))
        answer = await self._dial_once(address, sent, subprotocols)
        for _ in range(_MOST_WAITS):
            if isinstance(answer, Wire) or answer.status_code != 429:
                break
            await self._pause(min(retry_after_s(answer) or _WAIT_S, _LONGEST_WAIT_S))
            answer = await self._dial_once(address, sent, subprotocols)
        if isinstance(answer, Wire):
            return answer
        got = {name.lower(): value for name, value in answer.headers.raw_items()}
        return HttpAnswer(answer.status_code, got, self.veiled(_body(answer)))

    async def _dial_once(
        self, address: str, headers: Mapping[str, str], subprotocols: Sequence[str] | None
    ) -> Wire | Response:
        server = self.server
        self._more_time(await server.pace.turn())
        self._connections += 1
        self._note(f"GET {self.veiled(shown_address(address))}")
        try:
            connection = await self._stack.enter_async_context(
                _WithoutRedirects(
                    address,
                    additional_headers=headers,
                    subprotocols=[Subprotocol(name) for name in subprotocols] if subprotocols else None,
                    compression=None,
                    max_size=_MOST_BYTES,
                    max_queue=None,  # the answer to our goodbye stands behind all that a check did not want to read
                    open_timeout=max(server.patience_s, _OPEN_S),
                    close_timeout=_CLOSE_S,
                    proxy=None if is_loopback(urlsplit(address).hostname or "") else True,
                )
            )
        except ws.InvalidStatus as refused:
            self._note(f"HTTP {refused.response.status_code} {self._shown_answer(refused.response)}")
            return refused.response
        except ws.NegotiationError as wrong:
            self._note(f"HTTP 101, and {wrong}")
            raise Falsified(Finding("what was offered, or less", str(wrong), len(self.frames))) from None
        except (OSError, UnicodeError, ws.WebSocketException, ImportError) as error:
            raise unreachable(address, error, server.patience_s) from None
        wire = Wire(
            connection,
            number=self._connections,
            frames=self.frames,
            shown=self._shown_frame,
            began=self._began,
            patience_s=server.patience_s,
            quiet_s=server.quiet_s,
        )
        self._wires.append(wire)
        return wire

    async def _pause(self, seconds: float) -> None:
        self._more_time(seconds)
        await asyncio.sleep(seconds)

    def _more_time(self, seconds: float) -> None:
        """What the pace takes is not the server's fault."""
        if self.limit is not None and (ends := self.limit.when()) is not None and seconds:
            self.limit.reschedule(ends + seconds)

    async def connect(self, **how: Any) -> Wire:
        """An open connection, before its first event. A refusal is one of the requirement's."""
        wire = await self.dial(**how)
        if isinstance(wire, HttpAnswer):
            raise Falsified(Finding("a connection", f"HTTP {wire.status}: {self._shown(wire.body)}", len(self.frames)))
        return wire

    async def created(self, **how: Any) -> tuple[Wire, Event]:
        """A connection and its ``session.created``. A model that another api-version does not have says nothing."""
        wire = await self.connect(**how)
        created = await self.answer(wire, "session.created")
        if created["type"] == "error" and "api-version" in how.get("replaced", {}):
            self.inconclusive(f"in that api-version there is no such session: {created['error'].get('message')}")
        self.require(created["type"] != "error", "session.created", created.get("error"))
        return wire, created

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

    async def answer(self, wire: Wire, *types: str, seconds: float | None = None) -> Event:
        """The next event of one of these types, or the next ``error``. One of the server's own says nothing about the
        requirement. Raises Silence, Closed."""
        wanted = (*types, "error")
        answer = await wire.first(lambda event: event["type"] in wanted, " or ".join(types), seconds=seconds)
        error = answer["error"] if answer["type"] == "error" else {}
        if error.get("type") in _TROUBLE or error.get("code") in _TROUBLE:
            self.inconclusive(f"the server has trouble of its own: {error.get('message')}")
        return answer

    async def refusal(
        self,
        wire: Wire,
        event: Mapping[str, Any],
        *,
        accepted: str,
        event_id: str = "asked",
        beyond_limit: bool = False,
    ) -> Event:
        """The ``error`` that an event is answered with. ``accepted``: the type of the event that would show that it was
        accepted, which falsifies the requirement. It is sent with an id, and the error has to name it.

        ``beyond_limit``: no more is known than that a limit is documented. To accept what lies beyond says nothing.
        """
        await wire.send({**event, "event_id": event_id})
        answer = await wire.first(lambda event: event["type"] in (accepted, "error"), f"{accepted} or an error")
        if beyond_limit and answer["type"] != "error":
            self.not_enforced()
        self.require(answer["type"] == "error", "an error event", f"{accepted}: it was accepted")
        named = answer["error"].get("event_id")
        self.loosely(named in (event_id, None), f"error.event_id {event_id!r} or null", named)
        return answer

    # ---- what is expected

    def expect(self, holds: bool, expected: str, got: object, *, frame: int | None = None) -> None:
        """A part of the requirement; the check goes on either way. ``frame``: None is the last."""
        if not holds:
            self.findings.append(Finding(expected, self._shown(got), frame or len(self.frames) or None))

    def loosely(self, holds: bool, expected: str, got: object, *, frame: int | None = None) -> None:
        """What the service does, and no client would miss."""
        if not holds:
            self.loose.append(Finding(expected, self._shown(got), frame or len(self.frames) or None))

    def require(self, holds: bool, expected: str, got: object) -> None:
        """A part without which there is nothing more to look at."""
        if not holds:
            raise Falsified(Finding(expected, self._shown(got), len(self.frames) or None))

    def refused(
        self,
        error: Event,
        *,
        words: str = "",
        code: str | None = _ANY,
        param: str | None = _ANY,
        usual_code: str | None = _ANY,
        usual_param: str | None = _ANY,
    ) -> None:
        """An ``error`` event has this ``code`` and ``param``, where they are given: clients match on them. Where
        ``words``, ``usual_code`` or ``usual_param`` differ the requirement is met loosely."""
        self.require(error.get("type") == "error", "an error event", error.get("type"))
        details = error["error"]
        message = details.get("message")
        self.expect(isinstance(message, str) and bool(message), "a message", message)
        self.loosely(words in str(message), f"the words {words!r}", message)
        for member, fixed, usual in (("code", code, usual_code), ("param", param, usual_param)):
            got = details.get(member)
            self.expect(fixed in (_ANY, got), f"{member} {fixed!r}", got)
            self.loosely(usual in (_ANY, got), f"{member} {usual!r}", got)

    def not_enforced(self) -> NoReturn:
        """What lies beyond a limit was accepted."""
        self.inconclusive("it was accepted: the limit is documented, and nobody says that a service has to enforce it")

    def inconclusive(self, reason: str) -> NoReturn:
        """The check cannot say."""
        raise Inconclusive(reason)

    def went_well(self, response: Event) -> None:
        """A response whose model failed, or said what it may not say, shows nothing else."""
        details = response.get("status_details")
        if response.get("status") == "failed":
            self.inconclusive(f"the response failed: {details}")
        if isinstance(details, dict) and details.get("reason") == "content_filter":
            self.inconclusive("the response was ended by the content filter")

    # ---- what is shown

    def veiled(self, text: str) -> str:
        """The text without anything that is or looks like a secret."""
        return without_secrets(self.without_own(text))

    def without_own(self, text: str) -> str:
        """The text without the run's own credential."""
        for secret in self._secrets:
            text = without(secret, text)
        return text

    def _shown(self, value: object) -> str:
        text = self.veiled(value if isinstance(value, str) else repr(value))
        return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"

    def _shown_answer(self, answer: Response) -> str:
        """Where it redirects to and when to come again, then what it says."""
        told = [f"{name}: {answer.headers[name]}" for name in ("Location", "Retry-After") if name in answer.headers]
        return self.veiled(" ".join([*told, _body(answer)]))

    def _note(self, text: str) -> None:
        self.frames.append(self._shown_frame(Seen(self._connections, time.monotonic() - self._began, "note", text)))

    def _shown_frame(self, frame: Seen) -> Seen:
        """As it is kept: some are 20 MB long."""
        return shown_frame(frame, self.without_own)


def _body(answer: Response) -> str:
    return bytes(answer.body or b"").decode("utf-8", "replace")
