"""What people write as an endpoint, and the URL that is dialled for it. Source: schema A1, A2, A5; behaviour 1.1.

The endpoint of a resource stands in its *Keys and Endpoint* page as ``https://NAME.services.ai.azure.com/``. People
also write it without scheme, as the whole WebSocket URL of a document, or paste a project's endpoint. All of these are
understood; what cannot be right is refused here, with a sentence that says what is. No secret gets into a URL.
"""

import ipaddress
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NoReturn
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from vlclient.errors import ConfigurationError
from vlmock.protocol.secrets import VEIL, is_secret_parameter
from vlmock.protocol.session import API_VERSIONS

__all__ = ["DEFAULT_API_VERSION", "Agent", "Target", "is_loopback", "shown", "url", "uses_agent"]

REALTIME_PATH: Final = "/voice-live/realtime"
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?")
_OTHER_DIALECT: Final = "v1"
DEFAULT_API_VERSION: Final = max(version for version in API_VERSIONS if re.fullmatch(r"\d{4}-\d{2}-\d{2}", version))
"""The newest that is no preview; the evergreen ``v1`` speaks another dialect."""

_SCHEMES: Final = {"https": "wss", "wss": "wss", "http": "ws", "ws": "ws"}
_RESOURCE_HOSTS: Final = (".services.ai.azure.com", ".cognitiveservices.azure.com", ".api.cognitive.microsoft.com")
_WRONG_HOSTS: Final = {
    ".openai.azure.com": "is the Azure OpenAI address; the same Foundry resource has Voice Live at "
    "https://{name}.services.ai.azure.com",
    "ai.azure.com": "is the portal and not a resource; the endpoint reads https://NAME.services.ai.azure.com",
    "portal.azure.com": "is the portal and not a resource; the endpoint reads https://NAME.services.ai.azure.com",
    ".speech.microsoft.com": "is the Speech service; Voice Live is at https://NAME.services.ai.azure.com",
    "api.openai.com": "is OpenAI and not Azure; Voice Live is at https://NAME.services.ai.azure.com",
}
_UNUSABLE: Final = {
    "agent-id": "belongs to classic agents, which need a token in the URL; name a current agent with 'agent-name'",
    "agent_id": "belongs to classic agents, which need a token in the URL; name a current agent with 'agent-name'",
    "agent-access-token": "belongs to classic agents, and a token never goes into a URL",
    # Observed {VIBE}: these reach the agent layer and fail there.
    "agent_name": "is not understood by the service; it is spelled 'agent-name'",
    "agent_project_name": "is not understood by the service; it is spelled 'agent-project-name'",
}
_PROJECT_PATH = re.compile(r"/api/projects/([^/]+)", re.I)
_NOT_IN_A_HOST = re.compile(r"[^\w.-]|^[.-]|\.\.")


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A Foundry agent that answers in place of a model. Documented: schema A2, since 2026-01-01-preview."""

    name: str
    """``name:version`` is split: the service wants them apart (Observed {VIBE})."""
    project_name: str | None = None
    """Needed, unless the endpoint is a project's own: ``https://NAME.services.ai.azure.com/api/projects/PROJECT``."""
    version: str | None = None
    """None: the latest."""
    conversation_id: str | None = None
    """Resumes a conversation with the same agent."""
    authentication_identity_client_id: str | None = None
    """Of the managed identity, when the agent lives in another resource."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a session is opened, and with what. Raises ConfigurationError when the endpoint or query holds a secret."""

    endpoint: str
    """``https``, ``wss``, ``http``, ``ws`` or no scheme; with or without path and query."""
    model: str | None = None
    """Needed, unless there is an agent or the endpoint's query names one. With ``profile``: the deployment's name."""
    api_version: str | None = None
    """None: the one in the endpoint's query, or else ``DEFAULT_API_VERSION``."""
    profile: str | None = None
    """How a model of one's own is used: ``byom-azure-openai-realtime`` and others."""
    agent: Agent | None = None
    foundry_resource_override: str | None = None
    """The bare name of the resource that holds the deployment or agent, when it is another one."""
    query: Mapping[str, str] = {}
    """More parameters. They win over all others, as in the vendor's SDK."""

    def __post_init__(self) -> None:
        """So no target with a secret in it exists, and its repr can be shown to anybody."""
        _refuse_secrets(self.endpoint, self.query)


def url(target: Target) -> str:
    """The address to dial, ``wss://…`` or ``ws://…``.

    A parameter in the endpoint's own query is kept unless the target sets it. Without a scheme it is ``wss``, and
    ``ws`` for this machine (``localhost:8765``); a resource of Azure is always dialled with TLS. Raises
    ConfigurationError when the address is none, belongs to another service, or does not say what should answer.
    """
    parts = _split(target.endpoint)
    host = parts.hostname or ""
    path, project = _path(parts, host)
    query = _query(target, parts, project)
    _check(query)
    secure = _SCHEMES[parts.scheme] == "wss" or host.endswith(_RESOURCE_HOSTS)
    netloc = f"[{host}]" if ":" in host else host.encode("idna").decode()
    netloc += "" if parts.port is None else f":{parts.port}"
    return urlunsplit(("wss" if secure else "ws", netloc, path, urlencode(query, quote_via=quote, safe=""), ""))


def uses_agent(target: Target) -> bool:
    """Whether an agent answers. Such a session takes no key: see ``credentials.choose``."""
    return "agent-name" in _query(target, _split(target.endpoint), None)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host.rstrip(".").lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def shown(address: str) -> str:
    """An address as errors and logs may show it: without user and fragment, with ``***`` for a secret in its query."""
    start, mark, rest = address.partition("?")
    query = rest.partition("#")[0]
    start = re.sub(r"(?<=//)[^/@]*@", "", start.partition("#")[0])
    return start + mark + "&".join(map(_shown_parameter, query.split("&")))


def _shown_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}{equals}{VEIL}" if is_secret_parameter(name) else parameter


def _refuse_secrets(endpoint: str, query: Mapping[str, str]) -> None:
    """Addresses are logged by everybody on their way: a secret goes into a header, and nowhere else."""
    start, _, rest = endpoint.partition("?")
    names = [name for name, _ in parse_qsl(rest.partition("#")[0], keep_blank_values=True)]
    for place, parameters in (("the endpoint's query", names), ("query=", list(query))):
        for name in parameters:
            if name.lower() in _UNUSABLE:
                raise ConfigurationError(f"{name!r} in {place} {_UNUSABLE[name.lower()]}")
            if is_secret_parameter(name):
                raise ConfigurationError(
                    f"{place} holds a secret ({name!r}); take it out, change it if others have seen it, "
                    "and give it as api_key= or credential="
                )
    if "@" in start:
        raise ConfigurationError("the endpoint holds a user or password before '@'; give a key as api_key=")


def _split(endpoint: str) -> SplitResult:
    """The parts of an endpoint whose scheme and host make sense."""
    text = endpoint.strip()
    if not text:
        raise ConfigurationError("the endpoint is empty; it reads https://NAME.services.ai.azure.com")
    if "://" not in text.partition("?")[0]:
        text = f"{_usual_scheme(text)}://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
        readable = parts.port != 0
    except ValueError:
        readable = False
    if not readable:
        _no_address(endpoint, "its host or port cannot be read")
    if parts.scheme not in _SCHEMES:
        hint = _did_you_mean(parts.scheme, _SCHEMES)
        _no_address(endpoint, f"it begins with {parts.scheme!r}{hint} and not with https, wss, http or ws")
    if not parts.hostname:
        _no_address(endpoint, "it names no host")
    _check_host(endpoint, parts.hostname, bare=parts.port is None and "://" not in endpoint)
    return parts


def _usual_scheme(text: str) -> str:
    """Plain text is for this machine; everything else is far away, and wants TLS."""
    host = urlsplit(f"//{text.lstrip('/')}").netloc.rpartition("@")[2]
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return "http" if is_loopback(name) else "https"


def _check_host(endpoint: str, host: str, *, bare: bool) -> None:
    if ":" in host:
        return  # IPv6: urlsplit has looked at its brackets
    if not _can_be_a_host(host):
        _no_address(endpoint, f"{host!r} is no host name; put the name of your resource into it")
    if bare and "." not in host and not is_loopback(host):
        _no_address(endpoint, f"a host is more than a name: write https://{host}.services.ai.azure.com")
    for wrong, sentence in _WRONG_HOSTS.items():
        if host == wrong or (wrong.startswith(".") and host.endswith(wrong)):
            raise ConfigurationError(f"{host!r} {sentence.format(name=host.partition('.')[0])}")


def _can_be_a_host(host: str) -> bool:
    try:
        host.encode("idna")  # also finds labels that are too long
    except UnicodeError:
        return False
    return not _NOT_IN_A_HOST.search(host)


def _no_address(endpoint: str, why: str) -> NoReturn:
    raise ConfigurationError(f"the endpoint {shown(endpoint.strip())!r} is no address: {why}")


def _path(parts: SplitResult, host: str) -> tuple[str, str | None]:
    """The path to dial, and the project that the endpoint names."""
    path = "/" + parts.path.strip("/") if parts.path.strip("/") else ""
    project = None
    if host.endswith(_RESOURCE_HOSTS):
        # The portal shows a project's endpoint first; Voice Live belongs to the resource that the project is in.
        if found := _PROJECT_PATH.match(path):
            project, path = unquote(found[1]), path[found.end() :]
        if path not in ("", "/voice-live", REALTIME_PATH):
            raise ConfigurationError(
                f"there is no Voice Live at the path {path!r}; the endpoint is all that comes before the path: "
                f"https://{host}"
            )
    if path.endswith(f"{REALTIME_PATH}/calls"):
        raise ConfigurationError("the WebRTC address /voice-live/realtime/calls is not supported; leave out /calls")
    path = path.removesuffix("/realtime") if path.endswith(REALTIME_PATH) else path
    path = path.removesuffix("/voice-live").rstrip("/") + REALTIME_PATH
    return quote(path, safe="/%:@!$&'()*+,;=~"), project


def _query(target: Target, parts: SplitResult, project: str | None) -> dict[str, str]:
    """Documented {SDK}: the caller's parameters win; the endpoint's own count where nothing else is said."""
    agent = target.agent
    said = {
        "api-version": target.api_version,
        "model": target.model,
        "profile": target.profile,
        "agent-name": agent and agent.name,
        "agent-project-name": agent and agent.project_name,
        "agent-version": agent and agent.version,
        "conversation-id": agent and agent.conversation_id,
        "agent-authentication-identity-client-id": agent and agent.authentication_identity_client_id,
        "foundry-resource-override": target.foundry_resource_override,
        **target.query,
    }
    query = {name: str(value) for name, value in said.items() if value}
    for name, value in parse_qsl(parts.query):
        query.setdefault(name, value)
    if "agent-name" in query:
        _split_version(query)
        if project:
            query.setdefault("agent-project-name", project)
    return {"api-version": query.pop("api-version", DEFAULT_API_VERSION), **query}


def _split_version(query: dict[str, str]) -> None:
    """Observed {VIBE}: ``name:version`` must be split."""
    name, _, version = query["agent-name"].partition(":")
    if version and query.setdefault("agent-version", version) != version:
        raise ConfigurationError(
            f"the agent's version is said twice: {version!r} in its name and {query['agent-version']!r}; leave out one"
        )
    query["agent-name"] = name


def _check(query: Mapping[str, str]) -> None:
    _check_api_version(query["api-version"])
    agent, project = query.get("agent-name"), query.get("agent-project-name")
    if bool(agent) != bool(project):
        missing, there = ("project's name", "agent") if agent else ("agent's name", "project")
        raise ConfigurationError(f"the {missing} is missing: an agent needs both, and only the {there} is given")
    if not agent and not query.get("model"):
        raise ConfigurationError("no model is named: give one, for example gpt-realtime, or set VOICE_LIVE_MODEL")
    override = query.get("foundry-resource-override", "")
    if re.search(r"[./:]", override):
        bare = override.partition("://")[2].partition(".")[0] or override.partition(".")[0]
        raise ConfigurationError(f"the Foundry resource {override!r} must be a bare name, such as {bare!r}")


def _check_api_version(version: str) -> None:
    """A date after all those known here is let through: the service is renewed more often than this client."""
    if version == _OTHER_DIALECT:
        raise ConfigurationError(
            f"api-version 'v1' speaks another dialect of session and events, which is not supported; "
            f"use {DEFAULT_API_VERSION}"
        )
    dated = _DATE.fullmatch(version)
    known = [each for each in API_VERSIONS if each != _OTHER_DIALECT]
    if version not in known and not (dated and dated[1] > max(each[:10] for each in known)):
        raise ConfigurationError(
            f"there is no api-version {version!r}{_did_you_mean(version, known)}; known: {', '.join(known)}"
        )


def _did_you_mean(word: str, known: Mapping[str, str] | list[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
