"""Who gets in: the request line and headers of an upgrade, judged without I/O.

``admit`` looks at them in the order in which the service's front door does: is there such an address, is somebody
there, is it clear what is wanted. What it lets in may still be refused by the session, which is where the service
finds out about a model that does not exist.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from hmac import compare_digest
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote

import msgspec

from vlmock.errors import did_you_mean
from vlmock.protocol.secrets import VEIL, is_secret_parameter
from vlmock.server.agent_query import agent_in
from vlmock.server.dialects import REALTIME_PATH, Dialect, Dialled, NotSpoken, dialled, key_offered, version_of
from vlmock.server.identity import Verdict
from vlmock.session.conversation.agents import Agent
from vlmock.session.models import REALTIME_PROFILE

__all__ = [
    "NOTHING_HERE",
    "SCENARIO_HEADER",
    "Admitted",
    "CredentialKind",
    "Policy",
    "Refused",
    "admit",
    "fingerprint",
    "is_realtime_path",
    "shown",
]

SCENARIO_HEADER: Final = "x-vlmock-scenario"
NOTHING_HERE: Final = (
    f"There is nothing at this path. Sessions are opened at {REALTIME_PATH}; the endpoint is all that comes before it, "
    "for example http://127.0.0.1:8765 or http://127.0.0.1:8765/SCENARIO."
)

_A_TOKEN = (
    "Send a header 'Authorization: Bearer TOKEN', or a query parameter 'Authorization=Bearer%20TOKEN', "
    "with a token that GET /identity gives."
)

Headers: TypeAlias = Iterable[tuple[str, str]]
"""Name and value of each header in order; a name may come more than once."""


class CredentialKind(StrEnum):
    """What a client showed. Its value is never kept."""

    KEY = "key"
    TOKEN = "token"


class Policy(msgspec.Struct, frozen=True):
    """What a server demands of those who knock."""

    api_key: str | None = None
    """The only credential that is good; None: any that is not empty."""
    judge: Callable[[str], Verdict] | None = None
    """Says which tokens are good. Keys are good then only where ``api_key`` names one."""
    scenarios: Collection[str] = ()
    """Names that a client may ask for."""
    any_version: Callable[[str | None], bool] = lambda scenario: False
    """Whether that is a recording: it may be of an api-version that we do not know."""


class Admitted(msgspec.Struct, frozen=True):
    """What a client asked for, and what it said about itself."""

    model: str
    """"" where an agent was asked for. Assumed: a model beside it does not matter."""
    api_version: str
    profile: str | None
    """How a deployment of the caller's own is spoken to. Documented: schema A2. Observed: a bad one is an error after
    the upgrade (behaviour 6)."""
    agent: Agent | None
    """An agent in Foundry answers. Observed {VIBE}: a key is refused there, but only after the upgrade."""
    credential: CredentialKind
    scenario: str | None
    """The scenario that the client asked for; None: the server's own."""
    audience: str = ""
    """Whom the token is for; "" for a key, and where any token is good. Observed {VIBE}: an agent does not take the
    legacy one, but says so only after the upgrade."""
    user_agent: str = ""
    host: str = ""
    """As the client calls this server, with the port."""
    dialect: Dialect = Dialect.VOICE_LIVE


class Refused(msgspec.Struct, frozen=True):
    """An HTTP answer instead of an upgrade. The message says what to do and repeats no secret."""

    status: int
    message: str
    headers: tuple[tuple[str, str], ...] = msgspec.field(default=())
    code: str = ""
    """For programs; "" is the status."""


class _Refusal(Exception):
    def __init__(self, status: int, message: str, *, code: str = "") -> None:
        self.refused = Refused(status, message, code=code)


def admit(target: str, headers: Headers, *, policy: Policy) -> Admitted | Refused:
    """Decide about an upgrade to ``target``, the path and query of the request line."""
    path, query = _parsed(target)
    fields = {name.lower(): value for name, value in headers}
    try:
        address = _address(path)
        scenario = _known(_scenario_in(address, policy) or query.get("scenario") or fields.get(SCENARIO_HEADER), policy)
        dialect, api_version = version_of(address, query, fields, any_version=policy.any_version(scenario))
        beta = dialect is Dialect.OPENAI_BETA
        if beta and (key := key_offered(fields)):
            fields.setdefault("api-key", key)
        credential, audience = _credential(fields, query, policy)
        agent = None if beta else agent_in(query)
        return Admitted(
            model=_model(query) if agent is None else "",
            api_version=api_version,
            # Behind OpenAI's addresses everything hears and speaks, and a deployment has any name.
            profile=REALTIME_PROFILE if beta else query.get("profile") or None,
            agent=agent,
            credential=credential,
            scenario=scenario,
            audience=audience,
            user_agent=fields.get("user-agent", "") or query.get("x-ms-client-sdk", ""),
            host=fields.get("host", ""),
            dialect=dialect,
        )
    except _Refusal as refusal:
        return refusal.refused
    except NotSpoken as refusal:
        return Refused(refusal.status, str(refusal))


def fingerprint(target: str, headers: Headers) -> int:
    """The same number for the same credential, in this process only; 0 where there is none."""
    fields = {name.lower(): value for name, value in headers}
    query = _parsed(target)[1]
    shown = [value for place in (fields, query) for name in ("api-key", "authorization") if (value := place.get(name))]
    return hash(tuple(shown)) if shown else 0


def is_realtime_path(target: str) -> bool:
    """Whether a request line names the address that sessions are opened at, whatever stands before it."""
    return dialled(_parsed(target)[0]) is not None


def shown(target: str) -> str:
    """A request's path and query as people and logs may see it: every secret is ``***``."""
    path, mark, query = target.partition("?")
    return path + mark + "&".join(_shown_parameter(parameter) for parameter in query.split("&"))


def _shown_parameter(parameter: str) -> str:
    key, equals, _ = parameter.partition("=")
    return f"{key}{equals}{VEIL}" if is_secret_parameter(key) else parameter


def _parsed(target: str) -> tuple[str, dict[str, str]]:
    """Path without a trailing slash, and the query with lower-case keys. Assumed: the first of two values counts."""
    path, _, raw_query = target.partition("?")
    query: dict[str, str] = {}
    for key, value in parse_qsl(raw_query, keep_blank_values=True):
        query.setdefault(key.strip().lower(), value)
    return path.rstrip("/"), query


def _address(path: str) -> Dialled:
    address = dialled(path)
    if address is not None:
        return address
    if path.endswith(f"{REALTIME_PATH}/calls"):
        raise _Refusal(404, "The WebRTC address /voice-live/realtime/calls is not emulated.")
    # Observed {VIBE, ILA}: an unknown path is 404.
    raise _Refusal(404, NOTHING_HERE)


def _scenario_in(address: Dialled, policy: Policy) -> str | None:
    """The last segment before the service's own path, or the last two where a scenario is called so."""
    segments = [unquote(segment) for segment in address.prefix.split("/")]
    both = "/".join(segments[-2:])
    return both if both in policy.scenarios else segments[-1] or None


def _credential(fields: Mapping[str, str], query: Mapping[str, str], policy: Policy) -> tuple[CredentialKind, str]:
    """Kind and audience of what is good. Observed {DOC, VIBE}: a key or a token, each in a header or in the query;
    anything else is 401."""
    presented = [
        (CredentialKind.KEY, value.strip())
        for value in (fields.get("api-key"), query.get("api-key"))
        if value and value.strip()
    ]
    for place, value in (("header", fields.get("authorization")), ("query parameter", query.get("authorization"))):
        if value and value.strip():
            presented.append((CredentialKind.TOKEN, _bearer(value, place)))
    if not presented:
        raise _Refusal(401, _what_is_missing(fields, query, policy))
    refusals = []
    for kind, secret in presented:
        try:
            return kind, _audience(kind, secret, policy)
        except _Refusal as refusal:
            refusals.append(refusal)
    raise refusals[-1]


def _audience(kind: CredentialKind, secret: str, policy: Policy) -> str:
    """Whom a good credential is for; "" when that is not known."""
    if policy.judge is not None and kind is CredentialKind.TOKEN:
        verdict = policy.judge(secret)
        if verdict.wrong:
            raise _Refusal(401, verdict.wrong)
        return verdict.audience
    if policy.judge is not None and policy.api_key is None:
        # Observed {VIBE}: the STS address of a resource without local authentication. Assumed: here as well.
        message = f"Keys are not accepted: this server takes only tokens of its identity endpoint. {_A_TOKEN}"
        raise _Refusal(403, message, code="AuthenticationTypeDisabled")
    demanded = policy.api_key
    if demanded is not None and not compare_digest(secret.encode(errors="replace"), demanded.encode()):
        raise _Refusal(401, "The credential is not the one that this server demands (--api-key, or api_key= of serve).")
    return ""


def _bearer(value: str, place: str) -> str:
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _Refusal(401, f"The {place} 'Authorization' must read 'Bearer TOKEN'.")
    return token.strip()


def _what_is_missing(fields: Mapping[str, str], query: Mapping[str, str], policy: Policy) -> str:
    places = (
        "Send a header 'api-key' or 'Authorization: Bearer TOKEN', "
        "or a query parameter 'api-key' or 'Authorization=Bearer%20TOKEN'; any value will do unless one is demanded."
    )
    if policy.judge is not None:
        places = _A_TOKEN
    if "access_token" in query:
        # Observed {VIBE}.
        return f"A query parameter 'access_token' is no credential. {places}"
    if "api-key" in fields or "api-key" in query:
        return f"The api-key is empty. {places}"
    return f"There is no credential. {places}"


def _model(query: Mapping[str, str]) -> str:
    model = query.get("model") or query.get("deployment") or ""  # Observed {SKILL}: ``deployment`` is tolerated
    if not model:
        # Assumed: behaviour 1.2.
        raise _Refusal(
            400,
            "The query parameter 'model' is missing, for example model=gpt-realtime "
            "(or 'agent-name' and 'agent-project-name' for an agent).",
        )
    return model


def _known(scenario: str | None, policy: Policy) -> str | None:
    if scenario is not None and scenario not in policy.scenarios:
        hint = did_you_mean(scenario, policy.scenarios)
        names = ", ".join(sorted(policy.scenarios)) or "none"
        raise _Refusal(404, f"There is no scenario {scenario!r}{hint}. Known: {names}.")
    return scenario
