"""What must have happened by the end: met, or reported with what came instead."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from vlmock.scenario.expectations import check
from vlmock.scenario.model import Scenario


@dataclass
class Event:
    at: float
    source: Literal["client", "server"]
    type: str
    members: dict[str, Any] = field(default_factory=dict)

    def body(self) -> Mapping[str, Any]:
        return {"type": self.type, **self.members}


def client(at: float, kind: str, **members: Any) -> Event:
    return Event(at, "client", kind, members)


def server(at: float, kind: str, **members: Any) -> Event:
    return Event(at, "server", kind, members)


STORY = [
    server(10.0, "session.created"),
    client(10.1, "session.update"),
    client(11.0, "conversation.item.create", item={"type": "message", "role": "user"}),
    client(11.1, "response.create"),
    server(12.0, "response.done", response={"status": "completed"}),
    client(12.5, "conversation.item.create", item={"type": "function_call_output", "output": "{}"}),
    client(12.6, "response.create"),
    server(15.0, "response.done", response={"status": "cancelled"}),
]


def report(*expect: dict[str, Any], story: list[Event] | None = None) -> list[str]:
    scenario = Scenario.build(otherwise={"reply": "Yes."}, expect=expect)
    return check(scenario.expect, STORY if story is None else story)


CANCELLED = {"response": {"status": "cancelled"}}
OUTPUT = {"item": {"type": "function_call_output"}}


@pytest.mark.parametrize(
    "expect",
    [
        {"client": "session.update"},
        {"client": "response.create", "count": 2},
        {"client": "response.create", "at_least": 2, "at_most": 2},
        {"client": "response.create", "at_most": 3},
        {"client": "response.cancel", "absent": True},
        {"client": "response.cancel", "count": 0},
        {"client": "response.cancel", "at_most": 1},
        {"server": "response.done", "where": CANCELLED, "count": 1},
        {"server": "response.done", "where": {"response": {"status": "/^c/"}}, "count": 2},
        {"client": "session.update", "within": "200ms"},
        {"client": "response.create", "within": 0.2, "after": {"client": "conversation.item.create", "where": OUTPUT}},
        {"client": "conversation.item.create", "after": "response.done", "count": 1},
        {"client": "session.update", "after": "response.done", "absent": True},
        {
            "server": "response.done",
            "within": 3,
            "absent": True,
            "after": {"server": "response.done", "where": CANCELLED},
        },
        {"client": "response.create", "where": {"response": None}},
    ],
)
def test_what_happened_is_not_reported(expect: dict[str, Any]) -> None:
    assert report(expect) == []


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        (
            {"client": "conversation.item.truncate"},
            "expect[0]: expected client conversation.item.truncate, got none\n"
            "  nearest: client conversation.item.create (2)",
        ),
        (
            {"client": "input_audio_buffer.clear"},
            "expect[0]: expected client input_audio_buffer.clear, got none\n"
            "  nearest: the client sent conversation.item.create (2), response.create (2), session.update (1)",
        ),
        (
            {"server": "response.done", "where": {"response": {"status": "failed"}}},
            'expect[0]: expected server response.done where response is {status is "failed"}, got none\n'
            '  nearest: server response.done at 12.000 s, where response.status: expected "failed", got "completed"',
        ),
        (
            {"client": "response.create", "at_least": 3},
            "expect[0]: expected at least 3 client response.create, got 2\n  nearest: client response.create (2)",
        ),
        (
            {"client": "response.create", "count": 1},
            "expect[0]: expected exactly 1 client response.create, got 2 (at 1.100 s, 2.600 s)",
        ),
        (
            {"server": "response.done", "absent": True, "after": "session.update"},
            "expect[0]: expected no server response.done after session.update, got 2 (at 1.900 s, 4.900 s)",
        ),
        (
            {"server": "response.done", "within": "2s", "after": {"client": "response.create"}, "count": 2},
            "expect[0]: expected exactly 2 server response.done within 2 s of client response.create, got 1\n"
            "  nearest: server response.done 3.900 s after",
        ),
        (
            {"client": "session.update", "after": "response.done"},
            "expect[0]: expected client session.update after response.done, got none\n"
            "  nearest: client session.update at 10.100 s, which is too early",
        ),
        (
            {"client": "response.create", "after": "response.cancel"},
            "expect[0]: expected client response.create after response.cancel, got no response.cancel to count from\n"
            "  nearest: response.done (2)",
        ),
        (
            {"client": "response.create", "absent": True, "after": "response.cancel"},
            "expect[0]: expected no client response.create after response.cancel, "
            "got no response.cancel to count from\n  nearest: response.done (2)",
        ),
    ],
)
def test_what_did_not_happen_is_reported_with_the_nearest_that_did(expect: dict[str, Any], message: str) -> None:
    assert report(expect) == [message]


def test_the_nearest_event_is_the_one_that_differs_least() -> None:
    where = {"item": {"type": "function_call_output", "output": "{}", "call_id": "call_1"}}
    (message,) = report({"client": "conversation.item.create", "where": where})
    assert message.endswith('at 12.500 s, where item.call_id: expected "call_1", got nothing')


def test_each_unmet_expectation_is_reported() -> None:
    reports = report({"client": "response.cancel"}, {"client": "session.update"}, {"server": "warning"})
    assert [line.split(":")[0] for line in reports] == ["expect[0]", "expect[2]"]


def test_an_empty_conversation_meets_nothing_and_breaks_nothing() -> None:
    assert report({"client": "response.create"}, story=[]) == [
        "expect[0]: expected client response.create, got none\n  nearest: the client sent nothing"
    ]
    assert report({"client": "response.create", "absent": True}, story=[]) == []
    assert report({"client": "response.create", "within": 1}, story=[])[0].startswith(
        "expect[0]: expected client response.create within 1 s of server session.created, got no server session.created"
    )


def test_events_are_looked_into_only_where_that_is_asked_for() -> None:
    """A journal may hold an hour of audio."""

    class Closed(Event):
        def body(self) -> Mapping[str, Any]:
            raise AssertionError("nobody needs the body")

    story: list[Event] = [Closed(1.0, "client", "response.create")]
    assert (
        report(
            {"client": "response.create"}, {"server": "response.done", "where": CANCELLED, "absent": True}, story=story
        )
        == []
    )
