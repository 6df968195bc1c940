"""What the tests of checks share: an emulator, and a server made of a function."""

from collections.abc import Iterator

import pytest

import vlmock
from vlclient.checks.probe import Server
from vlclient.checks.server import server_of
from vlmock.server.mock_server import MockServer

MODELS = {"cascade": "gpt-4o", "hybrid": "gpt-realtime", "native": "gpt-realtime"}
"""One for each pipeline."""


@pytest.fixture(scope="package")
def emulator() -> Iterator[MockServer]:
    with vlmock.serve(timing="instant") as server:
        yield server


@pytest.fixture(scope="package")
def lifelike() -> Iterator[MockServer]:
    """As long over a response as the service is, so that something can be done meanwhile."""
    with vlmock.serve(timing="pipeline") as server:
        yield server


def checked(url: str, pipeline: str = "cascade", *, patience_s: float = 5.0) -> Server:
    """Somebody at this address, as ``vlclient check`` would see him."""
    return server_of(
        endpoint=url, api_key="a-key-of-the-tests", model=MODELS[pipeline], pipeline=pipeline, patience_s=patience_s
    )
