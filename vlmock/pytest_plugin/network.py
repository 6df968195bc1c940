"""Keeps a test on this machine: what would leave it is refused, with the address, the test and the remedy.

Python itself reports each connect, send and lookup that goes through its sockets (``sys.addaudithook``), whoever makes
it, in whatever thread: asyncio, trio, HTTP clients, WebSocket clients. What brings sockets of its own is not seen:
another process, uvloop, gRPC, pycurl.
"""

import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final

from vlmock.errors import NetworkBlocked

__all__ = ["Wall", "walled"]

_OWN_NAMES: Final = frozenset({"localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"})
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


class Wall:
    """What stands around one test while it runs."""

    def __init__(self, test: str, because: str, allowed: Iterable[str] = ()) -> None:
        """``because``: who asked for it, such as ``--block-network``. ``allowed``: regular expressions of hosts, as
        pytest-recording has them. Raises ValueError when one of them is none."""
        self.test, self.because = test, because
        self.refused: list[NetworkBlocked] = []
        """In order. The agent may have swallowed them."""
        self._allowed: list[re.Pattern[str]] = []
        self._found: set[str] = set()
        """Addresses of hosts that are allowed, as they were looked up."""
        for pattern in allowed:
            try:
                self._allowed.append(re.compile(pattern, re.IGNORECASE))
            except re.error as error:
                raise ValueError(f"{pattern!r} in the allowed hosts is no regular expression: {error}") from None

    def allow(self, host: str) -> None:
        """This very host from now on."""
        self._allowed.append(re.compile(re.escape(host) + r"\Z", re.IGNORECASE))

    def found(self, host: object, addresses: Iterable[str]) -> None:
        """A host has been looked up; what is allowed by name is so by address, too."""
        if self._is_allowed(_text(host)):
            self._found.update(addresses)

    def connect(self, sock: socket.socket, address: object) -> None:
        """Raises NetworkBlocked when the address is not this machine's, or its name would have to be looked up."""
        if sock.family in _INTERNET and isinstance(address, tuple) and len(address) > 1:
            try:
                self._check(address[0], f"connect to {_shown(address)}")
            except NetworkBlocked:
                sock.close()  # socket.create_connection does so after an OSError only
                raise

    def send(self, sock: socket.socket, address: object) -> None:
        """The same for a datagram."""
        if sock.family in _INTERNET and isinstance(address, tuple) and len(address) > 1:
            self._check(address[0], f"send to {_shown(address)}")

    def look_up(self, host: object, *_: object) -> None:
        """Raises NetworkBlocked for a name that is not this machine's: to look it up is to ask the network. An address
        needs no looking up."""
        if not _as_address(_text(host)):
            self._check(host, f"look up {_text(host)!r}")

    def look_back(self, host: object, *_: object) -> None:
        """The same for the name that belongs to an address."""
        self._check(host, f"look up {_text(host)!r}")

    def _check(self, host: object, doing: str) -> None:
        name = _text(host)
        if _is_here(name) or name in self._found or self._is_allowed(name):
            return
        error = NetworkBlocked(
            f"{self.test} wanted to {doing}, and {self.because} keeps tests on this machine: let the agent dial "
            f"voicelive.url, or allow the host (--allowed-hosts={name})",
        )
        self.refused.append(error)
        raise error

    def _is_allowed(self, name: str) -> bool:
        return any(pattern.match(name) for pattern in self._allowed)


_standing: Wall | None = None
_hooked = False
_looking = threading.local()
"""Set while this module itself asks something, in the thread that does."""

_JUDGED: Final[dict[str, Callable[..., None]]] = {
    "socket.connect": Wall.connect,
    "socket.sendto": Wall.send,
    "socket.sendmsg": Wall.send,
    "socket.getaddrinfo": Wall.look_up,
    "socket.gethostbyname": Wall.look_up,
    "socket.gethostbyaddr": Wall.look_back,
}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _standing is not None and event in _JUDGED and not getattr(_looking, "own", False):
        _JUDGED[event](_standing, *arguments)


@contextmanager
def walled(wall: Wall) -> Iterator[Wall]:
    """Until it is left, this process reaches nothing but itself and what the wall allows."""
    global _standing, _hooked
    if not _hooked:  # it can never be taken away; where no wall stands it does nothing
        sys.addaudithook(_hook)
        _hooked = True
    with ExitStack() as stack:
        for patch in _early():
            stack.enter_context(patch)
        before, _standing = _standing, wall
        try:
            yield wall
        finally:
            _standing = before


def _early() -> Iterator[AbstractContextManager[None]]:
    """Where Python reports too late, or not at all: a name given to ``connect`` is looked up before that is reported,
    and what a lookup found is never said."""
    for name, event in (("connect", "connect"), ("connect_ex", "connect"), ("sendto", "sendto")):
        yield _patched(socket.socket, name, _reporting(event))
    yield _patched(socket.socket, "sendmsg", _reporting("sendmsg", at=3))
    yield _patched(socket, "getaddrinfo", _telling)
    yield _patched(socket, "getnameinfo", _asking)
    if sys.platform == "win32":
        from asyncio.windows_events import IocpProactor

        yield _patched(IocpProactor, "connect", _proactive("connect"))
        yield _patched(IocpProactor, "sendto", _proactive("sendto"))


def _reporting(event: str, at: int = -1) -> Callable[[Any], Any]:
    """A method of a socket that reports itself first. ``at``: where its address stands, if it is given."""

    def wrap(method: Any) -> Any:
        def reporting(self: socket.socket, *arguments: Any) -> Any:
            if len(arguments) > max(at, 0):
                sys.audit(f"socket.{event}", self, arguments[at])
            return method(self, *arguments)

        return reporting

    return wrap


def _proactive(event: str) -> Callable[[Any], Any]:
    """The same for Windows' completion ports, whose sockets report nothing."""

    def wrap(method: Any) -> Any:
        def reporting(self: Any, conn: socket.socket, *arguments: Any) -> Any:
            sys.audit(f"socket.{event}", conn, arguments[-1])
            return method(self, conn, *arguments)

        return reporting

    return wrap


def _telling(getaddrinfo: Any) -> Any:
    def telling(host: Any, *arguments: Any, **options: Any) -> Any:
        found = getaddrinfo(host, *arguments, **options)
        if _standing is not None:
            _standing.found(host, [entry[4][0] for entry in found])
        return found

    return telling


def _asking(getnameinfo: Any) -> Any:
    def asking(address: Any, flags: int) -> Any:
        if _standing is not None and not flags & socket.NI_NUMERICHOST:
            _standing.look_back(address[0])
        return getnameinfo(address, flags)

    return asking


@contextmanager
def _patched(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, wrap(before))
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:  # it was inherited
            delattr(owner, name)


def _text(host: object) -> str:
    if isinstance(host, bytes | bytearray):
        return host.decode("ascii", "replace")
    return "" if host is None else str(host)


def _shown(address: tuple[Any, ...]) -> str:
    host = _text(address[0])
    return f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}"


def _as_address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """What is written as an address, also in the short forms that C knows: ``127.1``."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, UnicodeError, ValueError):
        return None


def _is_here(name: str) -> bool:
    """Whether a host is this machine: loopback, one of its own names, or an address of one of its interfaces."""
    address = _as_address(name)
    if address is None:
        known = name.rstrip(".").lower()
        return not known or known in _OWN_NAMES or known.endswith(".localhost") or known == socket.gethostname().lower()
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    # Nobody is 0.0.0.0: who connects there reaches this machine.
    return address.is_loopback or address.is_unspecified or _is_own(str(address))


def _is_own(address: str) -> bool:
    """Whether a way to that address begins at that address. A datagram socket finds out without a datagram."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    _looking.own = True
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((address, 9))
            return str(sock.getsockname()[0]).partition("%")[0] == address.partition("%")[0]
    except OSError:
        return False
    finally:
        _looking.own = False
