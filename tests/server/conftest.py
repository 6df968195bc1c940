"""Servers with doubles inside, and the two transports that every test of the wire runs against."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.server.fakes import FakeSession, RawClient
from tests.server.identities import Calendar
from vlmock.server.bounds import Limits
from vlmock.server.identity import Entra
from vlmock.server.journal import Journal
from vlmock.server.mock_server import MockServer
from vlmock.server.reception import Settings
from vlmock.server.repertoire import Repertoire

ServerMaker = Callable[..., MockServer]


@pytest.fixture(params=[True, False], ids=["light", "reference"])
def light(request: pytest.FixtureRequest) -> bool:
    """Whether plain text frames pass the library by."""
    return bool(request.param)


@pytest.fixture
def serving() -> Iterator[ServerMaker]:
    """Starts servers whose sessions are doubles; they are stopped at the end and must not have crashed unnoticed."""
    with ExitStack() as stack:

        def start(
            *, session: Callable[[Any], Any] = FakeSession, limits: dict[str, Any] | None = None, **settings: Any
        ) -> MockServer:
            own = Settings(limits=Limits(**(limits or {})), **settings)
            server = MockServer(Repertoire(), own, Journal(), sessions=session)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def client_of() -> Iterator[Callable[..., RawClient]]:
    """Opens raw connections to a server; they are closed at the end."""
    with ExitStack() as stack:

        def connect(server: MockServer, *, upgraded: bool = True, receive_buffer: int | None = None) -> RawClient:
            client = stack.enter_context(RawClient(server.port, receive_buffer=receive_buffer))
            if upgraded:
                assert client.upgrade() == 101
                assert client.frame()[1].startswith(b'{"type":"session.created"')
            return client

        yield connect


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def entra(calendar) -> Entra:
    return Entra("http://127.0.0.1:8765", lifetime_s=3600, unix_time=calendar)
