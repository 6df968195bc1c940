"""The HTTP that comes before the frames, without I/O: read, changed as little as can be, explained when it fails."""

import zlib
from collections.abc import Generator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_plus

import msgspec
from websockets.datastructures import Headers
from websockets.exceptions import SecurityError
from websockets.http11 import Request, Response
from websockets.streams import StreamReader

from vlmock.recorder.upstream import Upstream
from vlmock.server.dialects import key_offered

__all__ = [
    "AnswerReader",
    "NotHttp",
    "RequestReader",
    "explanation",
    "forwarded",
    "health",
    "readable_body",
    "serialized",
]

_HEAD_END: Final = b"\r\n\r\n"
_CREDENTIALS: Final = frozenset({"api-key", "authorization"})
"""Observed {DOC, VIBE}: header and query parameter have the same names; the query's in any case (behaviour 1.1)."""
_LONGEST_BODY: Final = 1024 * 1024
_GZIP_OR_ZLIB: Final = 47
"""For zlib: find out yourself."""


class NotHttp(Exception):
    """What came is no HTTP message, or none that can be read; ``str()`` says why."""


class RequestReader:
    """A client's request, as it comes."""

    def __init__(self) -> None:
        self._reader = StreamReader()
        self._parser = Request.parse(self._reader.read_line)

    def feed(self, data: bytes) -> Request | None:
        """The request, once it is whole. Raises NotHttp."""
        self._reader.feed_data(data)
        try:
            next(self._parser)
        except StopIteration as end:
            request: Request = end.value
            return request
        except _MISTAKES as error:
            raise NotHttp(str(error)) from None
        return None

    @property
    def rest(self) -> bytes:
        """What has come behind the request."""
        return bytes(self._reader.buffer)


class AnswerReader:
    """The service's answer: when it may be passed on, and what it says."""

    def __init__(self) -> None:
        self._reader = StreamReader()
        self._parser: Generator[None, None, Response] = Response.parse(
            self._reader.read_line, self._reader.read_exact, self._reader.read_to_eof
        )
        self._held: bytes | None = b""

    def release(self, data: bytes) -> bytes:
        """What may be passed on now that this has come: nothing before the headers are whole, then everything."""
        if self._held is None:
            return data
        self._held += data
        if _HEAD_END not in self._held:
            return b""
        released, self._held = self._held, None
        return released

    @property
    def released(self) -> bool:
        """Whether the headers have been passed on."""
        return self._held is None

    def feed(self, data: bytes) -> Response | None:
        """The answer, once it is whole. Raises NotHttp."""
        self._reader.feed_data(data)
        return self._step()

    def end(self) -> Response | None:
        """The service has ended the stream: the answer, where it is whole by that. Raises NotHttp."""
        self._reader.feed_eof()
        return self._step()

    @property
    def rest(self) -> bytes:
        """What has come behind the answer."""
        return bytes(self._reader.buffer)

    def _step(self) -> Response | None:
        try:
            next(self._parser)
        except StopIteration as end:
            response: Response = end.value
            return response
        except _MISTAKES as error:
            raise NotHttp(str(error)) from None
        return None


_MISTAKES: Final = (EOFError, SecurityError, ValueError, LookupError, NotImplementedError)
"""What the library raises, as it documents."""


def forwarded(request: Request, upstream: Upstream, credential: Mapping[str, str]) -> tuple[str, Headers]:
    """Target and headers of the request to the service: the client's, in their order, with the service's Host.

    ``credential``: headers that stand in for every credential of the client's; empty: those pass.
    """
    target, fields = request.path, Headers()
    for name, value in request.headers.raw_items():
        header = name.lower()
        if header == "host":
            fields[name] = upstream.authority
        elif not credential:
            fields[name] = value
        elif header == "sec-websocket-protocol":
            if kept := _without_key(value):
                fields[name] = kept
        elif header not in _CREDENTIALS:
            fields[name] = value
    for name, value in credential.items():
        fields[name] = value
    return upstream.target(_without_credentials(target) if credential else target), fields


def serialized(request: Request, target: str, headers: Headers) -> bytes:
    """The request as it goes over the wire."""
    # Older releases of websockets let in nothing but GET, and do not say so.
    method = getattr(request, "method", "GET")
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.raw_items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def readable_body(response: Response) -> str:
    """The body as text, for people; a compressed one is unpacked."""
    body = bytes(response.body)
    if any(coding in ("gzip", "deflate") for coding in response.headers.get_all("Content-Encoding")):
        try:
            body = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, _LONGEST_BODY)
        except zlib.error:
            return f"<{len(body)} bytes that cannot be unpacked>"
    return body.decode(errors="replace")


def explanation(status: int, message: str) -> bytes:
    """An answer of our own, in the shape of the service's."""
    body = msgspec.json.encode({"error": {"code": str(status), "message": message}})
    return _answer(status, body)


def health(facts: Mapping[str, object]) -> bytes:
    """The answer to whoever asks whether we are there."""
    return _answer(200, msgspec.json.encode(facts))


def _answer(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def _without_credentials(target: str) -> str:
    path, mark, query = target.partition("?")
    kept = [parameter for parameter in query.split("&") if not _is_credential(parameter.partition("=")[0])]
    return path + mark + "&".join(kept)


def _is_credential(name: str) -> bool:
    return unquote_plus(name).strip().lower() in _CREDENTIALS


def _without_key(offered: str) -> str:
    """Subprotocols without the one that is a browser's key."""
    kept = (each.strip() for each in offered.split(","))
    return ", ".join(each for each in kept if key_offered({"sec-websocket-protocol": each}) is None)
