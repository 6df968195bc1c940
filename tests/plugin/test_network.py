"""The wall around a test: nothing leaves this machine, however it tries, and what stays is left alone."""

import asyncio
import http.client
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
import requests
import websockets
from websockets.sync.client import connect as websocket

from vlmock.errors import NetworkBlocked
from vlmock.pytest_plugin.network import Wall, walled

FAR = "203.0.113.1"
"""Of a net that is for documentation: nobody is there."""
FAR6 = "2001:db8::1"
NAME = "service.example.com"


@pytest.fixture
def wall() -> Iterator[Wall]:
    with walled(Wall("test_it.py::test_it", "--block-network")) as wall:
        yield wall


def stream(family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    return socket.socket(family, socket.SOCK_STREAM)


def datagram() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def closing(make: Callable[[], socket.socket], do: Callable[[socket.socket], object]) -> Callable[[], object]:
    def run() -> object:
        with make() as sock:
            return do(sock)

    return run


def in_a_loop(make: Callable[[], Any]) -> Callable[[], object]:
    return lambda: asyncio.run(make())


async def sock_connect() -> None:
    with stream() as sock:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (FAR, 443))


async def datagram_endpoint(**where: Any) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, **where)
    try:
        transport.sendto(b"x", None if "remote_addr" in where else (FAR, 53))
    finally:
        transport.close()


async def happy_eyeballs() -> None:
    await asyncio.open_connection(FAR, 443, happy_eyeballs_delay=0.01)


async def with_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


async def with_websockets(url: str) -> None:
    async with websockets.connect(url):
        pass


WAYS: dict[str, tuple[Callable[[], object], str]] = {
    "connect": (closing(stream, lambda sock: sock.connect((FAR, 80))), f"connect to {FAR}:80"),
    "connect_ex": (closing(stream, lambda sock: sock.connect_ex((FAR, 80))), f"connect to {FAR}:80"),
    "connect, by name": (closing(stream, lambda sock: sock.connect((NAME, 80))), f"connect to {NAME}:80"),
    "IPv6": (closing(lambda: stream(socket.AF_INET6), lambda s: s.connect((FAR6, 80))), f"connect to [{FAR6}]:80"),
    "IPv4 as IPv6": (closing(lambda: stream(socket.AF_INET6), lambda s: s.connect((f"::ffff:{FAR}", 1))), FAR),
    "datagram": (closing(datagram, lambda sock: sock.sendto(b"x", (FAR, 53))), f"send to {FAR}:53"),
    "datagram with flags": (closing(datagram, lambda sock: sock.sendto(b"x", 0, (FAR, 53))), f"send to {FAR}:53"),
    "datagram, by name": (closing(datagram, lambda sock: sock.sendto(b"x", (NAME, 53))), f"send to {NAME}:53"),
    "sendmsg": (closing(datagram, lambda sock: sock.sendmsg([b"x"], [], 0, (FAR, 53))), f"send to {FAR}:53"),
    "connected datagram": (closing(datagram, lambda sock: sock.connect((FAR, 53))), f"connect to {FAR}:53"),
    "broadcast": (closing(datagram, lambda sock: sock.sendto(b"x", ("<broadcast>", 9))), "<broadcast>"),
    "multicast": (closing(datagram, lambda sock: sock.sendto(b"x", ("224.0.0.251", 5353))), "224.0.0.251"),
    "create_connection": (lambda: socket.create_connection((NAME, 443)), f"look up '{NAME}'"),
    "getaddrinfo": (lambda: socket.getaddrinfo(NAME, 443), f"look up '{NAME}'"),
    "getaddrinfo, bytes": (lambda: socket.getaddrinfo(NAME.encode(), 443), f"look up '{NAME}'"),
    "the C function itself": (lambda: socket._socket.getaddrinfo(NAME, 443), f"look up '{NAME}'"),  # type: ignore[attr-defined]
    "gethostbyname": (lambda: socket.gethostbyname(NAME), f"look up '{NAME}'"),
    "gethostbyname_ex": (lambda: socket.gethostbyname_ex(NAME), f"look up '{NAME}'"),
    "gethostbyaddr": (lambda: socket.gethostbyaddr(FAR), f"look up '{FAR}'"),
    "getnameinfo": (lambda: socket.getnameinfo((FAR, 80), 0), f"look up '{FAR}'"),
    "asyncio, by name": (in_a_loop(lambda: asyncio.open_connection(NAME, 443)), f"look up '{NAME}'"),
    "asyncio, by address": (in_a_loop(lambda: asyncio.open_connection(FAR, 443)), f"connect to {FAR}:443"),
    "asyncio's sock_connect": (in_a_loop(sock_connect), f"connect to {FAR}:443"),
    "asyncio's datagrams": (in_a_loop(lambda: datagram_endpoint(remote_addr=(FAR, 53))), f"connect to {FAR}:53"),
    "http.client": (lambda: http.client.HTTPSConnection(NAME).request("GET", "/"), f"look up '{NAME}'"),
    "urllib": (lambda: urllib.request.urlopen(f"http://{FAR}/"), f"connect to {FAR}:80"),
    "requests": (lambda: requests.get(f"https://{NAME}/", timeout=5), f"look up '{NAME}'"),
    "aiohttp, by name": (in_a_loop(lambda: with_aiohttp(f"https://{NAME}/")), f"look up '{NAME}'"),
    "aiohttp, by address": (in_a_loop(lambda: with_aiohttp(f"http://{FAR}/")), f"connect to {FAR}:80"),
    "websockets": (in_a_loop(lambda: with_websockets(f"wss://{NAME}/")), f"look up '{NAME}'"),
    "websockets, blocking": (lambda: websocket(f"ws://{FAR}/"), f"connect to {FAR}:80"),
}


@pytest.mark.parametrize("way", WAYS)
def test_nobody_leaves(wall: Wall, way: str):
    """At once, whatever it is made with: the name is not even looked up, and no client tries again."""
    go, wanted = WAYS[way]
    with pytest.raises(NetworkBlocked) as caught:
        go()
    assert wanted in str(caught.value)
    assert [str(error) for error in wall.refused] == [str(caught.value)]


def test_a_race_of_connections_is_refused_too(wall: Wall):
    """Some versions of asyncio lose the reason on their way; the wall has it."""
    with pytest.raises((NetworkBlocked, IndexError)):
        asyncio.run(happy_eyeballs())
    assert f"connect to {FAR}:443" in str(wall.refused[0])


def test_the_sentence_names_address_test_and_remedy(wall: Wall):
    """And who asked for the wall."""
    with pytest.raises(NetworkBlocked) as caught:
        socket.create_connection((NAME, 443))
    assert str(caught.value) == (
        f"test_it.py::test_it wanted to look up '{NAME}', and --block-network keeps tests on this machine: let the "
        f"agent dial voicelive.url, or allow the host (--allowed-hosts={NAME})"
    )


def test_threads_are_inside(wall: Wall):
    """Those that run already, and those that begin."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            socket.create_connection((FAR, 80))
        except NetworkBlocked as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert caught == wall.refused != []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST.", "agent.localhost", "127.1", "0.0.0.0", "", socket.gethostname()]
)
def test_this_machine_is_reached(wall: Wall, host: str):
    """By any of its names and addresses."""
    with socket.create_server(("0.0.0.0", 0)) as server:
        wall.connect(server, (host, 80))
        wall.look_up(host)
        if host in ("127.0.0.1", "localhost", "127.1"):
            socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    assert wall.refused == []


@pytest.mark.parametrize("host", ["::1", "::", "::ffff:127.0.0.1"])
def test_this_machine_is_reached_over_ipv6(wall: Wall, host: str):
    """Also where it stands for an address of IPv4."""
    with stream(socket.AF_INET6) as sock:
        wall.connect(sock, (host, 80, 0, 0))
    assert wall.refused == []


def test_an_address_of_ones_own_is_this_machine():
    """What other machines know it by. Which it is, is asked of the system, outside of the wall."""
    with datagram() as sock:
        try:
            sock.connect((FAR, 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no way out, so it has no other address")
        own = sock.getsockname()[0]
    with walled(Wall("test_it", "--block-network")) as wall, socket.create_server(("0.0.0.0", 0)) as server:
        socket.create_connection((own, server.getsockname()[1]), timeout=5).close()
    assert wall.refused == []


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are none")
def test_sockets_that_are_files_are_this_machine(wall: Wall, tmp_path: Any):
    """They lead nowhere else."""
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))
    assert wall.refused == []


def test_what_is_allowed_by_name_is_allowed_by_address(monkeypatch: pytest.MonkeyPatch):
    """Clients look the name up first and connect to what they found."""

    def found(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (FAR, port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with walled(Wall("test_it", "--block-network", [r".*\.example\.com"])) as wall, stream() as sock:
        with pytest.raises(NetworkBlocked):
            wall.connect(sock, (FAR, 443))
        assert socket.getaddrinfo(NAME, 443)
        wall.connect(sock, (FAR, 443))
        wall.connect(sock, (NAME, 443))
        with pytest.raises(NetworkBlocked):
            wall.connect(sock, ("203.0.113.2", 443))


def test_a_host_that_is_allowed_is_that_host_only():
    """Its name is no pattern, and no beginning of another."""
    with walled(Wall("test_it", "--block-network")) as wall:
        wall.allow("a.example.com")
        wall._check("a.example.com", "x")
        for other in ("a.example.com.evil.org", "aXexample.com", "example.com"):
            with pytest.raises(NetworkBlocked):
                wall._check(other, "x")


def test_what_is_no_pattern_is_told():
    """By its text, and what is wrong with it."""
    with pytest.raises(ValueError, match=r"'\*\.example' in the allowed hosts is no regular expression: nothing"):
        Wall("test_it", "--block-network", ["*.example"])


def test_nothing_of_it_is_left():
    """Also after an error; and a wall inside of a wall falls first."""
    before = {name: vars(socket.socket).get(name) for name in ("connect", "connect_ex", "sendto", "sendmsg")}
    functions = (socket.getaddrinfo, socket.getnameinfo)
    with walled(Wall("outer", "--block-network")) as outer:
        with pytest.raises(NetworkBlocked, match="inner"), walled(Wall("inner", "--block-network")):
            socket.create_connection((FAR, 80))
        assert outer.refused == []
        with pytest.raises(NetworkBlocked, match="outer"):
            socket.create_connection((FAR, 80))
    assert {name: vars(socket.socket).get(name) for name in before} == before
    assert (socket.getaddrinfo, socket.getnameinfo) == functions
    with datagram() as sock, suppress(OSError):  # which NetworkBlocked is not
        sock.connect((FAR, 9))  # sends nothing


def test_another_process_is_not_held():
    """It is said so where the option is explained."""
    with walled(Wall("test_it", "--block-network")) as wall:
        code = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9)); print('free')"
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=20)
    assert (done.stdout.strip(), wall.refused) == ("free", [])
