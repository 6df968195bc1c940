"""What these tests share: a server that takes its time, as the service does, and a run in the test's own loop."""

from collections.abc import Iterator
from typing import Any

import pytest

import vlmock
from vlclient.chat.options import ChatOptions
from vlclient.smoke.outcome import BUDGETS, Outcome
from vlclient.smoke.program import Smoke, converse
from vlmock.server.mock_server import MockServer


@pytest.fixture(scope="package")
def service() -> Iterator[MockServer]:
    """With the pauses of the real one, so that an answer can be cancelled."""
    with vlmock.serve(timing="cascade") as server:
        yield server


async def smoked(url: str, *, patience_s: float = 5.0, **chosen: Any) -> Outcome:
    """The smoke test of whoever is at this address."""
    budgets = chosen.pop("budgets", BUDGETS)
    options = ChatOptions(
        endpoint=url,
        turn_detection="server_vad",
        noise_suppression=False,
        echo_cancellation=False,
        **{"api_key": "a-key-of-the-tests", "model": "gpt-4o", **chosen},
    )
    return await converse(Smoke(options=options, budgets=budgets, patience_s=patience_s))
