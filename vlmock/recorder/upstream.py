"""The service that is recorded: what people write as its endpoint, and what is dialled for a client's request."""

import ipaddress
import re
from typing import Final, NoReturn
from urllib.parse import SplitResult, urlsplit

import msgspec

from vlmock.errors import ServerError, did_you_mean
from vlmock.server.dialects import dialled
from vlmock.server.handshake import shown

__all__ = ["Upstream", "upstream_at"]

_SCHEMES: Final = {"https": True, "wss": True, "http": False, "ws": False}
"""Whether it is TLS."""
_RESOURCE_HOSTS: Final = (".services.ai.azure.com", ".cognitiveservices.azure.com", ".api.cognitive.microsoft.com")
_PROJECT_PATH: Final = re.compile(r"/api/projects/[^/]+", re.I)
_EXAMPLE: Final = "https://NAME.services.ai.azure.com"
_NOT_IN_A_HOST: Final = re.compile(r"[^\w.-]|^[.-]|\.\.")


class Upstream(msgspec.Struct, frozen=True):
    """Where the service is."""

    host: str
    """In ASCII, IPv6 without brackets."""
    port: int
    secure: bool
    prefix: str = ""
    """Of the path: what stands before the address that clients dial."""

    @property
    def authority(self) -> str:
        """For the header Host: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"

    def target(self, target: str) -> str:
        """The path and query to ask the service for, when a client has asked us for ``target``."""
        return self.prefix + target

    @property
    def ws_url(self) -> str:
        """Without a path: ``wss://name.services.ai.azure.com``."""
        return f"ws{'s' if self.secure else ''}://{self.authority}"

    def __str__(self) -> str:
        return f"http{'s' if self.secure else ''}://{self.authority}{self.prefix}"


def upstream_at(endpoint: str) -> Upstream:
    """Understand an endpoint: ``https``, ``wss``, ``http``, ``ws`` or no scheme, with or without the path of the
    service (``/voice-live/realtime``) or of a Foundry project. Another path is kept.

    Without a scheme it is TLS, but for this machine. Raises ServerError when it is no address, or when something stands
    in it that the client has to say, or nobody should.
    """
    text = endpoint.strip()
    if not text:
        raise ServerError(f"the upstream is empty; it reads {_EXAMPLE}")
    if "://" not in text.partition("?")[0]:
        text = f"{'http' if _is_here(text) else 'https'}://{text.lstrip('/')}"
    parts = _split(text)
    if parts.query or parts.fragment:
        raise ServerError(
            "the upstream may have no query: the client says model and api-version; leave out all from the '?' on"
        )
    if parts.username is not None:
        raise ServerError("the upstream may have no user name or password in it; leave out what stands before the '@'")
    secure, host = _SCHEMES[parts.scheme], _ascii(parts)
    if "://" not in endpoint and "." not in host and ":" not in host and parts.port is None and not _is_here(host):
        _no_address(endpoint.strip(), f"a host is more than a name: write https://{host}.services.ai.azure.com")
    return Upstream(host, parts.port or (443 if secure else 80), secure, _prefix(parts.path, host))


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        readable = parts.port != 0
    except ValueError:
        readable = False
    if not readable:
        _no_address(text, f"its host or port cannot be read; it reads {_EXAMPLE}")
    if parts.scheme not in _SCHEMES:
        _no_address(text, f"it begins with {parts.scheme!r}{did_you_mean(parts.scheme, _SCHEMES)} and not with https")
    if not parts.hostname:
        _no_address(text, f"it names no host; it reads {_EXAMPLE}")
    return parts


def _ascii(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if ":" in host:
        return host  # IPv6: urlsplit has looked at its brackets
    try:
        ascii_host = host.encode("idna").decode()
    except UnicodeError:
        ascii_host = "?"
    if _NOT_IN_A_HOST.search(ascii_host):
        _no_address(host, f"{host!r} is no host name; it reads {_EXAMPLE}")
    return ascii_host


def _prefix(path: str, host: str) -> str:
    """What is left of an endpoint's path when the service's own is taken away; clients bring that."""
    path = path.rstrip("/")
    address = dialled(path)
    prefix = (address.prefix if address is not None else path.removesuffix("/voice-live")).rstrip("/")
    # The portal shows a project's endpoint first; Voice Live belongs to the resource that the project is in.
    return _PROJECT_PATH.sub("", prefix) if host.endswith(_RESOURCE_HOSTS) else prefix


def _is_here(text: str) -> bool:
    """Whether an endpoint without a scheme is on this machine."""
    host = urlsplit(f"//{text.lstrip('/')}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _no_address(endpoint: str, why: str) -> NoReturn:
    endpoint = re.sub(r"//[^/@]*@", "//***@", shown(endpoint))
    raise ServerError(f"the upstream {endpoint!r} is no address: {why}")
