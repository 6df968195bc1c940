"""What answers a plain HTTP request: pages for people and scripts, and refusals that say what to do."""

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from vlmock import __version__
from vlmock.errors import did_you_mean
from vlmock.protocol.wire import JsonObject
from vlmock.server.clock import ClockHand
from vlmock.server.handshake import NOTHING_HERE, Refused, is_realtime_path
from vlmock.server.identity import Entra
from vlmock.server.journal import Journal

__all__ = ["page", "refusal", "wants_upgrade"]

_LAST: Final = 2_000
_LAST_MOST: Final = 20_000
"""Events on one page: its making holds up everybody else."""
_NO_VIRTUAL_MACHINE: Final = (
    "This stands for 169.254.169.254, which is not emulated. Make the credential after IDENTITY_ENDPOINT is set."
)
"""400, because azure-identity goes on asking for half a minute when it is 404."""


def wants_upgrade(request: Request) -> bool:
    """Whether a request asks for a WebSocket at all."""
    return any("websocket" in value.lower() for value in request.headers.get_all("Upgrade"))


def page(request: Request, journal: Journal, clock: ClockHand, entra: Entra | None = None) -> Response:
    """The answer to a request that does not ask for a WebSocket. ``entra``: who hands out tokens, if anybody does."""
    path, _, query = request.path.partition("?")
    if getattr(request, "method", "GET") != "GET":  # older releases of websockets let in nothing else
        return refusal(Refused(405, "Only GET is answered here.", (("Allow", "GET"),)))
    if is_realtime_path(request.path):
        message = "Sessions are spoken over a WebSocket: connect to this address with a WebSocket client."
        return refusal(Refused(426, message, (("Upgrade", "websocket"), ("Connection", "Upgrade"))))
    match path.rstrip("/"):
        case "/healthz":
            return _json(200, {"status": "ok", "version": __version__, "connections": journal.open_connections})
        case "/journal":
            return _journal(journal, query)
        case "/clock":
            return _clock(clock, query)
        case "/identity" if entra is not None:
            header = next(iter(request.headers.get_all("X-IDENTITY-HEADER")), None)
            return _json(*entra.answer(query, header))
        case "/identity":
            message = "No tokens are handed out here; start with 'vlmock serve --entra', or call entra() of the server."
            return refusal(Refused(404, message))
        case "/metadata/identity/oauth2/token" if entra is not None:
            return _json(400, {"error": "invalid_request", "error_description": _NO_VIRTUAL_MACHINE})
    return refusal(Refused(404, f"{NOTHING_HERE} Pages: /healthz, /journal and /clock."))


def refusal(refused: Refused) -> Response:
    """Assumed: the service's bodies have not been published; this is the shape of its sister services."""
    body = {"error": {"code": refused.code or str(refused.status), "message": refused.message}}
    return _json(refused.status, body, refused.headers)


def _journal(journal: Journal, query: str) -> Response:
    """``?connection=2`` for one connection, ``?last=100`` for how many events."""
    example = "/journal?connection=1&last=100"
    try:
        asked = _parameters(query, ("connection", "last"), example)
        connection = int(asked["connection"]) if "connection" in asked else None
        last = min(max(int(asked.get("last", _LAST)), 0), _LAST_MOST)
    except _Misunderstood as mistake:
        return refusal(Refused(400, str(mistake)))
    except ValueError:
        return refusal(Refused(400, f"'connection' and 'last' are whole numbers, as in {example}."))
    return _json(200, journal.as_json(connection=connection, last=last))


def _clock(clock: ClockHand, query: str) -> Response:
    """``?advance=3600`` lets an hour pass, for tests in any language."""
    example = "/clock?advance=3600"
    try:
        asked = _parameters(query, ("advance",), example)
        clock.advance(float(asked.get("advance", 0)))
    except _Misunderstood as mistake:
        return refusal(Refused(400, str(mistake)))
    except ValueError:
        return refusal(Refused(400, f"'advance' is seconds to come, as in {example}."))
    return _json(200, {"unix_time": clock.unix_time})


class _Misunderstood(Exception):
    """A parameter that there is not, or twice; says which there are."""


def _parameters(query: str, known: Sequence[str], example: str) -> dict[str, str]:
    """What was asked, by name."""
    asked: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise _Misunderstood(f"There is no parameter {name!r}{did_you_mean(name, known)} here: {example}.")
        if name in asked:
            raise _Misunderstood(f"'{name}' stands there twice; once is enough: {example}.")
        asked[name] = value
    return asked


def _json(status: int, body: JsonObject, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    data = msgspec.json.encode(body)
    fields = Headers([("Date", formatdate(usegmt=True)), ("Content-Type", "application/json")])
    fields["Content-Length"] = str(len(data))
    if not any(name == "Connection" for name, _ in headers):
        fields["Connection"] = "close"
    for name, value in headers:
        fields[name] = value
    return Response(status, HTTPStatus(status).phrase, fields, data)
