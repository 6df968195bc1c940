"""Entra ID without Azure: a managed identity as App Service has it, and who judges its tokens.

The real azure-identity asks it when IDENTITY_ENDPOINT and IDENTITY_HEADER are set. A token is a JWT, because clients
look into tokens for when they end. It is signed with a key that only this server has: that alone says whether a token
was issued here, so nothing has to be remembered of tokens, however many there are.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Mapping
from math import ceil
from threading import Lock
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vlmock.protocol.wire import JsonObject

__all__ = ["AUDIENCE", "LEGACY_AUDIENCE", "TOKEN_LIFETIME_S", "Entra", "Issued", "Verdict"]

AUDIENCE: Final = "https://ai.azure.com"
LEGACY_AUDIENCE: Final = "https://cognitiveservices.azure.com"
"""Observed {VIBE}: good for models; an agent is refused by what stands behind it, after the upgrade."""
TOKEN_LIFETIME_S: Final = 86_400.0
"""Documented: tokens of a managed identity are good for about 24 hours."""

_API_VERSION: Final = "2019-08-01"
_HEADER: Final = "vlmock"
_TENANT: Final = "11111111-1111-4111-8111-111111111111"
_SYSTEM_ASSIGNED: Final = "22222222-2222-4222-8222-222222222222"
_CORRELATION: Final = "00000000-0000-0000-0000-000000000000"
_IDENTITY_KEYS: Final = ("client_id", "principal_id", "object_id", "mi_res_id", "msi_res_id", "resource_id")
"""Documented: the first four name a user-assigned identity. Observed: azure-identity sends the others, too."""
_REMEMBERED: Final = 1000
_SHOWN_CHARACTERS: Final = 100

_ELSEWHERE: Final = (
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
)
"""Variables that lead azure-identity to another credential before it asks for a managed identity, or to another one."""


class Issued(msgspec.Struct, frozen=True):
    """A token that was handed out, without the token."""

    resource: str
    """What it is for, as it was asked for."""
    identity: str
    """The user-assigned identity that was asked for; "" is the system-assigned one."""
    issued_at: int
    """Seconds since 1970."""
    expires_on: int
    """Seconds since 1970."""


class Verdict(msgspec.Struct, frozen=True):
    """What is to be thought of a token."""

    audience: str = ""
    """Whom it is for; "" unless the token is good."""
    wrong: str = ""
    """Why it is not good, and what to do; "" when it is."""


class _Claims(msgspec.Struct, frozen=True):
    """What clients read in tokens of a managed identity, and a number."""

    aud: str
    iat: int
    nbf: int
    exp: int
    appid: str
    uti: str
    """The number of the token, counting from 1."""
    iss: str = f"https://sts.windows.net/{_TENANT}/"
    tid: str = _TENANT
    oid: str = _SYSTEM_ASSIGNED
    sub: str = _SYSTEM_ASSIGNED
    idtyp: str = "app"
    ver: str = "1.0"


class Entra:
    """Hands out tokens, and says which are good. Get one from ``MockServer.entra``; safe to use from any thread.

    azure-identity keeps a token until it thinks that it ends. After ``revoke`` or ``expire`` a credential object gives
    out the same one again, as it does in life. A new object gets another token; with azure-identity 1.27, which knows
    that claims mean a refused token, so does ``get_token(scope, claims="{}")``.
    """

    def __init__(self, url: str, *, lifetime_s: float, unix_time: Callable[[], float]) -> None:
        """``url``: of the server that it belongs to."""
        self.endpoint = f"{url}/identity"
        """For IDENTITY_ENDPOINT."""
        self.header = _HEADER
        """For IDENTITY_HEADER. The same for every server: a test in another language may have it written down."""
        self.lifetime_s = lifetime_s
        """How long the tokens are good that are handed out from now on, in seconds. azure-identity takes one of less
        than five minutes for one that is about to end, and soon asks for another."""
        self._url = url
        self._unix_time = unix_time
        self._key = os.urandom(32)
        self._lock = Lock()
        self._count = 0
        self._issued: deque[Issued] = deque(maxlen=_REMEMBERED)
        self._revoked_to = 0
        self._expired_to = 0

    # ---- for tests

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which another process finds it. This process has them already."""
        return {"IDENTITY_ENDPOINT": self.endpoint, "IDENTITY_HEADER": self.header}

    @property
    def issued(self) -> list[Issued]:
        """What was handed out so far, in order; of very many, the latest thousand."""
        return list(self._issued)

    def token(self, resource: str = AUDIENCE, *, identity: str = "") -> str:
        """A token, for clients that are given one instead of asking for it."""
        return self._issue(resource, identity)[0]

    def revoke(self) -> None:
        """From now on all tokens handed out so far are revoked: 401 at the next connect. Connections stay open."""
        self._revoked_to = self._count

    def expire(self) -> None:
        """From now on all tokens handed out so far have expired, as if their time had passed: 401 at the next connect.
        Connections stay open."""
        self._expired_to = self._count

    # ---- for the server

    def judge(self, token: str) -> Verdict:
        """Whether a token opens a session."""
        signed, _, signature = token.rpartition(".")
        if not _same(signature, self._signature(signed)):
            return Verdict(wrong="The token was not issued by this server; get one from its /identity.")
        claims = msgspec.json.decode(_decoded(signed.partition(".")[2]), type=_Claims)
        number = int(claims.uti)
        if number <= self._revoked_to:
            return Verdict(wrong="The token has been revoked; get a new one from /identity.")
        if number <= self._expired_to or claims.exp <= self._unix_time():
            return Verdict(wrong="The token has expired; get a new one from /identity.")
        audience = claims.aud.rstrip("/")
        if audience not in (AUDIENCE, LEGACY_AUDIENCE):
            shown = audience[:_SHOWN_CHARACTERS]
            return Verdict(wrong=f"The token has the wrong audience, {shown!r}; ask for the scope {AUDIENCE}/.default.")
        return Verdict(audience)

    def answer(self, query: str, header: str | None) -> tuple[int, JsonObject]:
        """Status and body for ``GET /identity?query``. ``header``: X-IDENTITY-HEADER, None where there is none.

        Documented: parameters and answer. Observed (azure-sdk issues): the shape of errors. Assumed: their statuses.
        """
        values = dict(parse_qsl(query.encode(errors="replace").decode()))
        resource, version = values.get("resource"), values.get("api-version")
        if header is None:
            return self._mistake(401, "The header X-IDENTITY-HEADER is missing.")
        if not _same(header, self.header):
            return self._mistake(401, "The header X-IDENTITY-HEADER is not the value of IDENTITY_HEADER.")
        if version != _API_VERSION:
            found = f"{version[:_SHOWN_CHARACTERS]!r} is not supported" if version else "is missing"
            return self._mistake(400, f"The query parameter 'api-version' {found}; use {_API_VERSION}.")
        if not resource:
            return self._mistake(400, f"The query parameter 'resource' is missing, for example {AUDIENCE}.")
        identity = next((values[key] for key in _IDENTITY_KEYS if values.get(key)), "")
        token, issued = self._issue(resource, identity)
        return 200, {
            "access_token": token,
            # Documented: text. azure-identity takes numbers, too; clients in stricter languages need not.
            "expires_on": str(issued.expires_on),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": values.get("client_id") or _SYSTEM_ASSIGNED,
        }

    def surroundings(self, environ: Mapping[str, str]) -> dict[str, str | None]:
        """What a process' variables have to be changed to, so that azure-identity asks here and nowhere else.

        A credential that was made before, and has settled on 169.254.169.254, comes here as well.
        """
        bypassed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
        bypassed = ",".join(filter(None, [bypassed, urlsplit(self._url).hostname]))
        return {
            **dict.fromkeys(_ELSEWHERE),
            **self.environment,
            "AZURE_TOKEN_CREDENTIALS": "prod",  # no Azure CLI and the like, should an answer from here be a refusal
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": self._url,
            "no_proxy": bypassed,
            "NO_PROXY": bypassed,
        }

    # ---- behind the counter

    def _issue(self, resource: str, identity: str) -> tuple[str, Issued]:
        now = self._unix_time()
        issued = Issued(resource, identity, int(now), ceil(now + self.lifetime_s))
        with self._lock:
            self._count = number = self._count + 1
            self._issued.append(issued)
        begin, end = issued.issued_at, issued.expires_on
        claims = _Claims(resource, begin, begin, end, appid=identity or _SYSTEM_ASSIGNED, uti=str(number))
        signed = ".".join(_encoded(msgspec.json.encode(part)) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
        return f"{signed}.{self._signature(signed)}", issued

    def _signature(self, signed: str) -> str:
        return _encoded(hmac.digest(self._key, signed.encode(errors="replace"), "sha256"))

    @staticmethod
    def _mistake(status: int, message: str) -> tuple[int, JsonObject]:
        return status, {"statusCode": status, "message": message, "correlationId": _CORRELATION}


def _same(shown: str, right: str) -> bool:
    return hmac.compare_digest(shown.encode(errors="replace"), right.encode())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
