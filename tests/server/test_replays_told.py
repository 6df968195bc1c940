"""What a client did otherwise than recorded is told at the end of the block, where nobody has asked for it before."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import vlmock
from tests.server.test_replays import HELLO, dial, greet, greeting
from vlmock.errors import NotAsRecorded
from vlmock.server.mock_server import MockServer

LEFT_OUT = "greeting-1, frame 2: expected conversation.item.create (message), got nothing"


def leaves_at_once(server: MockServer) -> None:
    with dial(server) as client:
        client.recv(5)


def in_a_block(play: Callable[[MockServer], object], **options: Any) -> None:
    with vlmock.serve(**options) as server:
        play(server)


async def in_an_async_block(play: Callable[[MockServer], object], **options: Any) -> None:
    async with vlmock.serve(**options) as server:
        play(server)


def test_a_block_ends_with_what_differed() -> None:
    """As a failed assertion: whatever runs the test shows it. It says what to do, too."""
    with pytest.raises(AssertionError) as told:
        in_a_block(leaves_at_once, replay=greeting())
    assert isinstance(told.value, NotAsRecorded)
    assert str(told.value).startswith(f"connection 1: {LEFT_OUT}")
    assert "ask server.problems() before the end of the block" in str(told.value)


async def test_an_async_block_does_so_too() -> None:
    """Also where nobody came at all."""
    with pytest.raises(NotAsRecorded, match="nobody connected to replay greeting-1"):
        await in_an_async_block(lambda server: None, replay=greeting())


@pytest.mark.parametrize("on_unexpected", ["strict", "tolerant", "ignore"])
def test_what_is_replayed_later_counts_as_much(on_unexpected: Any) -> None:
    """Unless differences are ignored."""

    def play(server: MockServer) -> None:
        server.replay(greeting(), on_unexpected=on_unexpected)
        with dial(server) as client:
            client.recv(5)
            client.send('{"type":"response.cancel"}')
            if on_unexpected != "strict":
                client.send(json.dumps(HELLO))
                client.recv(5)

    if on_unexpected == "ignore":
        in_a_block(play)
    else:
        with pytest.raises(NotAsRecorded, match=r"frame 2: expected .* got response.cancel"):
            in_a_block(play)


def test_a_client_that_does_as_recorded_is_nothing_to_tell() -> None:
    """Nor is a scenario, of which ``problems`` tells as ever."""
    in_a_block(greet, replay=greeting())
    in_a_block(lambda server: None, scenario="weather")


def test_who_asks_is_not_told_again() -> None:
    """Whoever looks at the problems judges them, too."""
    with vlmock.serve(replay=greeting()) as server:
        leaves_at_once(server)
        assert len(server.problems()) == 1


def test_an_error_on_its_way_goes_first() -> None:
    """With what differed beside it: it may be the reason."""

    def play(server: MockServer) -> None:
        leaves_at_once(server)
        raise EOFError("my own")

    with pytest.raises(EOFError, match="my own") as told:
        in_a_block(play, replay=greeting())
    (note,) = told.value.__notes__
    assert f"connection 1: {LEFT_OUT}" in note
