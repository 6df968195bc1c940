"""Opens one WebSocket, and says in a sentence why it could not.

Every failure of name look-up, network, TLS, proxy and HTTP becomes an exception of ``vlclient.errors``. Nothing is
tried twice here (``reconnect`` decides that), and no redirect is followed: credentials go where they were sent.
"""

import asyncio
import email.utils
import errno
import functools
import html
import json
import logging
import re
import socket
import ssl as tls
import time
import urllib.request
import uuid
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final
from urllib.parse import urlsplit

from websockets import exceptions as ws
from websockets.asyncio.client import ClientConnection, connect
from websockets.http11 import Response
from websockets.protocol import State

from vlclient.endpoint import is_loopback, shown
from vlclient.errors import ConfigurationError, ConnectionClosed, CouldNotReach, NotAllowed, Refused
from vlclient.recorder import RecordedConnection, Recorder

__all__ = ["Socket", "dial", "retry_after_s", "unreachable", "without"]

_CLOSE_TIMEOUT_S: Final = 5.0
"""Observed {SEED}: the service took 1.2 s to answer a close."""
_LONGEST_REASON_BYTES: Final = 123
_LONGEST_WORDS: Final = 300
_KEEPALIVE_LOST: Final = 1011
_LOST: Final = 1006
_SHORTEST_REAL_SECRET: Final = 12

_logger = logging.getLogger("vlclient.dialling.websockets")
_logger.setLevel(logging.INFO)  # at DEBUG, websockets writes out every header, the key among them

_HINTS: Final = {
    200: "a web server answers at this address, and not Voice Live; check the endpoint",
    400: "it does not understand the request; check model and api-version",
    401: "the key or token is missing, wrong, expired, or belongs to another resource",
    403: "this identity may not use the resource; it needs the role 'Cognitive Services User' (new roles take minutes)",
    404: "there is no Voice Live at this address and api-version; check the endpoint",
    429: "too many connections at once; wait before the next",
}
"""What to think when the service itself gives no reason. Source: behaviour 1.2."""


class Socket:
    """An open connection, message by message. Made by ``dial``."""

    def __init__(
        self, connection: ClientConnection, *, request_id: str, recorded: RecordedConnection | None = None
    ) -> None:
        self._connection = connection
        self._recorded = recorded
        self.request_id = request_id
        """What this attempt was called in the header ``x-ms-client-request-id``: the support asks for it."""

    @property
    def close_code(self) -> int | None:
        """With which the other side said goodbye; 1006 when it said none, None while the connection is open."""
        return self._connection.close_code

    async def send(self, data: bytes) -> None:
        """Send one text message; ``data`` is UTF-8. Waits while the network is slow. Raises ConnectionClosed."""
        if self._recorded is not None:  # before the answer to it can come
            self._recorded.said("client", data)
        try:
            await self._connection.send(data, text=True)
        except ws.ConnectionClosed as closed:
            raise self._ended(closed) from None

    async def receive(self) -> bytes:
        """The next message as UTF-8, put together from its fragments. Safe to cancel. Raises ConnectionClosed."""
        try:
            message = await self._connection.recv(decode=False)
        except ws.ConnectionClosed as closed:
            raise self._ended(closed) from None
        if self._recorded is not None:
            self._recorded.said("server", message)
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, and wait up to 5 s for the answer, but without end for a network that takes nothing: whoever
        calls sets a limit to that. Safe to call again, and when the connection is gone.

        A reason that is too long is cut: over 123 bytes it would spoil the goodbye.
        """
        cut = reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
        try:
            await self._connection.close(code, cut)
        except asyncio.CancelledError:
            self.abort()
            raise
        if self._recorded is not None and self._connection.state is State.CLOSED:
            self._ended(self._connection.protocol.close_exc)

    def abort(self) -> None:
        """Drop the connection without a word, at once."""
        if self._recorded is not None:
            self._recorded.closed("client", _LOST, "")
        self._connection.transport.abort()

    def _ended(self, closed: ws.ConnectionClosed) -> ConnectionClosed:
        error = _closed(closed)
        if self._recorded is not None:
            own = closed.sent is not None and (closed.rcvd is None or closed.rcvd_then_sent is False)
            reason = "" if error.code == _LOST else error.reason
            self._recorded.closed("client" if own and error.code != _LOST else "server", error.code, reason)
        return error


class _WithoutRedirects(connect):
    """Documented {SDK}: a redirect is an error. websockets would take the key along to wherever it is sent."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def dial(
    url: str,
    *,
    headers: Mapping[str, str],
    open_timeout_s: float = 30.0,
    ssl: tls.SSLContext | None = None,
    max_message_bytes: int = 32 * 1024 * 1024,
    ping_interval_s: float | None = 20.0,
    recorder: Recorder | None = None,
) -> Socket:
    """Open a WebSocket at ``url`` (``wss://…`` or ``ws://…``); ``headers`` hold the credential.

    ``open_timeout_s``: for name look-up, TLS and upgrade together. ``ssl``: whom to trust; None: the system's
    authorities, or those in the file that ``SSL_CERT_FILE`` names. ``max_message_bytes``: a longer message closes the
    connection with 1009. ``ping_interval_s``: seconds between pings; one that is not answered after as many seconds
    more closes the connection as lost, 5 s later; None: no pings. ``recorder``: writes down what is said, and a
    refusal. A proxy is used as ``HTTPS_PROXY`` and ``NO_PROXY``
    say, never for this machine.

    Raises CouldNotReach, Refused, NotAllowed (a Refused), ConfigurationError.
    """
    own = _with_our_names(headers)
    host = urlsplit(url).hostname or ""
    options: dict[str, Any] = {"ssl": ssl} if ssl is not None and url.startswith("wss:") else {}
    try:
        connection = await _WithoutRedirects(
            url,
            additional_headers=own,
            user_agent_header=None,
            compression=None,
            proxy=None if is_loopback(host) else True,
            open_timeout=open_timeout_s,
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=ping_interval_s,
            ping_timeout=ping_interval_s,
            max_size=max_message_bytes,
            logger=_logger,
            **options,
        )
    except ws.InvalidStatus as refused:
        if recorder is not None:
            _record_refusal(recorder, url, own, refused.response)
        raise _refused(refused.response, own) from None
    except ws.InvalidURI:
        raise ConfigurationError(f"{shown(url)!r} is no address of a WebSocket") from None
    except (OSError, UnicodeError, ws.WebSocketException, ImportError) as error:
        # What websockets says of a proxy holds its address, and that may hold a password.
        raise unreachable(url, error, open_timeout_s) from (None if isinstance(error, ws.InvalidProxy) else error)
    recorded = _record(recorder, url, connection) if recorder is not None else None
    return Socket(connection, request_id=own["x-ms-client-request-id"], recorded=recorded)


def _record(recorder: Recorder, url: str, connection: ClientConnection) -> RecordedConnection:
    sent, got = (half.headers.raw_items() if half else [] for half in (connection.request, connection.response))
    return recorder.dialled(url, sent, got)


def _record_refusal(recorder: Recorder, url: str, headers: Mapping[str, str], response: Response) -> None:
    body = bytes(response.body or b"").decode(errors="replace")
    recorder.dialled(url, headers.items(), response.headers.raw_items(), status=response.status_code, body=body)


def _with_our_names(headers: Mapping[str, str]) -> dict[str, str]:
    """The caller's names go first, in any case."""
    own = {name.lower(): value for name, value in headers.items()}
    for name, value in own.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name) or not re.fullmatch(r"[\t -~]*", value):
            raise ConfigurationError(f"the header {name!r} holds characters that a header may not have")
    return {"user-agent": f"vlclient/{_version()}", "x-ms-client-request-id": str(uuid.uuid4()), **own}


@functools.cache
def _version() -> str:
    try:
        return metadata.version("vlmock")
    except metadata.PackageNotFoundError:
        return "0"


# ---- how it ended


def _closed(closed: ws.ConnectionClosed) -> ConnectionClosed:
    """Whose close frame came first says why; with none at all the network was lost."""
    frame = closed.rcvd if closed.rcvd is not None and closed.rcvd_then_sent is not False else closed.sent
    if frame is None:
        cause = closed.__cause__
        why = f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""
        return ConnectionClosed(_LOST, f"the network connection was lost{why}")
    if frame is closed.sent and closed.rcvd is None and frame.code == _KEEPALIVE_LOST:
        return ConnectionClosed(_LOST, "the service answered no ping, so the network is lost")
    return ConnectionClosed(frame.code, frame.reason)


# ---- how it was refused


def _refused(response: Response, headers: Mapping[str, str]) -> Refused:
    status = response.status_code
    kind = NotAllowed if status in (401, 403) else Refused
    return kind(status, _words(response, headers), retry_after_s=retry_after_s(response))


def _words(response: Response, headers: Mapping[str, str]) -> str:
    """The service's own words where it has any, and never our secrets, should it repeat them."""
    status, location = response.status_code, response.headers.get("Location", "")
    if 300 <= status < 400 and location:
        where = shown(location).partition("?")[0]
        return f"it redirects to {where}, where credentials are not sent; if that is right, give it as the endpoint"
    words = "" if status < 300 else _said(bytes(response.body).decode(errors="replace"))
    words = words or _HINTS.get(200 if status < 300 else status, "") or response.reason_phrase
    for name, value in headers.items():
        if name in ("api-key", "authorization"):
            words = without(value.rpartition(" ")[2], words)
    return words


def without(secret: str, words: str) -> str:
    """The words with ``***`` for a secret. A key as short as ``any`` is a tester's, and a part of many words: those are
    left whole."""
    if not secret:
        return words
    pattern = re.escape(secret) if len(secret) >= _SHORTEST_REAL_SECRET else rf"\b{re.escape(secret)}\b"
    return re.sub(pattern, "***", words)


def _said(body: str) -> str:
    """Source: behaviour 1.2: ``{"error": {"code", "message"}}``. Front doors answer with less, or with a page."""
    try:
        said = json.loads(body)
    except ValueError:
        title = re.search(r"<title[^>]*>(.*?)</title>", body, re.I | re.S)
        said = html.unescape(title[1]) if title else "" if "<" in body else body
    if isinstance(said, dict):
        said = said.get("error", said)
    if isinstance(said, dict):
        said = said.get("message") or said.get("code")
    return " ".join(said.split())[:_LONGEST_WORDS].rstrip(". ") if isinstance(said, str) else ""


def retry_after_s(response: Response) -> float | None:
    """Seconds, a date, or milliseconds as some of Azure's services say it."""
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = response.headers.get(name, "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value) * unit
        if value and (date := email.utils.parsedate_tz(value)) is not None:
            return max(0.0, email.utils.mktime_tz(date) - time.time())
    return None


# ---- why nobody could be reached


def unreachable(url: str, error: Exception, open_timeout_s: float) -> CouldNotReach:
    """What to raise for an exception of websockets or of the network."""
    where = urlsplit(url).netloc.rpartition("@")[2]
    return CouldNotReach(f"could not reach {where}: {_why(error, url, open_timeout_s)}{_by_proxy(url)}")


def _why(error: Exception, url: str, open_timeout_s: float) -> str:
    secure = url.startswith("wss:")
    if isinstance(error, ws.ProxyError | ws.InvalidProxy | ImportError):
        return _why_not_by_proxy(error)
    if isinstance(error, TimeoutError):
        return f"no answer within {open_timeout_s:g} s; check the endpoint and the network"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "there is no such host, or no network; check the endpoint"
    if isinstance(error, tls.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); "
            "if it is your own server or proxy, name its authority's file in SSL_CERT_FILE"
        )
    if isinstance(error, tls.SSLError):
        if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER" in str(error):
            return "it does not speak TLS; if that is meant so, write the endpoint with http://"
        return f"TLS fails ({(error.reason or 'no reason given').lower().replace('_', ' ')})"
    if isinstance(error, OSError):
        if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
            return "nobody listens there; is the port right, and the server running?"
        if not isinstance(error, ConnectionError | EOFError):
            return f"{error.strerror or error}; check the endpoint and the network"
    if isinstance(error, ws.InvalidMessage) and not isinstance(error.__cause__, EOFError | OSError):
        return "what answers there does not speak HTTP/1.1; check the endpoint"
    if isinstance(error, ws.InvalidHandshake) and not isinstance(error, ws.InvalidMessage):
        return "its answer is not that of a WebSocket server; check the endpoint"
    hint = "check the endpoint" if secure else "if it speaks TLS, write the endpoint with https://"
    return f"it ended the connection without an answer; {hint}"


def _why_not_by_proxy(error: Exception) -> str:
    """Without its address, which may hold a password."""
    if isinstance(error, ImportError):
        return "a SOCKS proxy needs one more package: pip install python-socks"
    if isinstance(error, ws.InvalidProxyStatus):
        return f"the proxy refuses with HTTP {error.response.status_code}"
    return "the proxy does not work as one"


def _by_proxy(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    names = {"wss", "socks", "https"} if parts.scheme == "wss" else {"ws", "socks", "https", "http"}
    if is_loopback(host) or not names & set(urllib.request.getproxies()) or urllib.request.proxy_bypass(host):
        return ""
    return " (through the proxy that the environment names: HTTPS_PROXY, NO_PROXY)"
