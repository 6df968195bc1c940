"""A recording, played to the client that made it: everything comes again."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recording.clients import CLIENTS, PLAN
from tests.recording.line import Client, Line, replay_line, session_line
from vlmock.recording.model import Recording
from vlmock.recording.replay.conversation import Replay
from vlmock.recording.replay.manner import manner
from vlmock.recording.replay.planning import plan


def recorded(client: Client, **more: Any) -> tuple[Line, Recording]:
    """What a client and a session said to each other."""
    line = session_line(replies=PLAN.get(client.__name__, ()), heard=["Hello.", "Again."])
    client(line)
    return line, line.recording(**more)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_same_client_gets_the_same_again_at_the_same_time(client: Client) -> None:
    """Event for event, member for member, and at the recorded instants."""
    then, recording = recorded(client)
    now = replay_line(recording, timing="recorded")
    client(now)
    assert now.server == then.server
    assert now.timed == then.timed
    assert now.problems == []


@pytest.mark.parametrize("client", CLIENTS)
def test_at_once_is_the_same_without_the_waiting(client: Client) -> None:
    """Every event as soon as what it waits for has happened."""
    then, recording = recorded(client)
    now = replay_line(recording, timing="instant")
    client(now)
    assert sorted(map(str, now.server)) == sorted(map(str, then.server))
    assert now.problems == []
    for kind in chains(then.server):
        assert chains(now.server)[kind] == chains(then.server)[kind]


def chains(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The types of events by response and by item, in order."""
    found: dict[str, list[str]] = {}
    for event in events:
        response_id = event.get("response_id") or event.get("response", {}).get("id")
        found.setdefault(response_id or event.get("item_id") or event["type"], []).append(event["type"])
    return found


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_of_a_replay_is_the_recording(client: Client) -> None:
    """Frame for frame: who, what, when."""
    then, recording = recorded(client)
    now = replay_line(recording, timing="recorded")
    client(now)
    assert list(in_order(now)) == list(in_order(then))


def in_order(line: Line) -> Iterator[tuple[float, str, str]]:
    return ((round(at, 6), source, str(event)) for at, source, event in line.frames)


class SlowLine(Line):
    """One whose client takes its time."""

    def __init__(self, conversation: Any, factors: list[float]) -> None:
        self._factors = factors
        self._waits = 0
        super().__init__(conversation)

    def wait(self, seconds: float) -> Line:
        self._waits += 1
        return super().wait(seconds * self._factors[self._waits % len(self._factors)])


@given(
    client=st.sampled_from(CLIENTS),
    factors=st.lists(st.floats(1, 20), min_size=1, max_size=10),
    timing=st.sampled_from(["recorded", "instant", 0.3]),
    on_unexpected=st.sampled_from(["strict", "tolerant"]),
)
@settings(max_examples=60)
def test_a_slower_client_gets_everything(client: Client, factors: list[float], timing: Any, on_unexpected: str) -> None:
    """Nothing waits for a clock: whenever the client comes to it, it is answered, and nothing is left."""
    then, recording = known(client)
    now = SlowLine(Replay(plan(recording), manner(timing, on_unexpected)), factors)
    client(now)
    assert sorted(map(str, now.server)) == then
    assert now.leave().problems == []


@cache
def known(client: Client) -> tuple[list[str], Recording]:
    then, recording = recorded(client)
    return sorted(map(str, then.server)), recording


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_without_times_is_played_at_once(client: Client) -> None:
    """Nobody took them, so there are none to keep."""
    then, recording = recorded(client, timed=False)
    now = replay_line(recording, timing="recorded")
    client(now)
    assert sorted(map(str, now.server)) == sorted(map(str, then.server))
    assert now.problems == []
