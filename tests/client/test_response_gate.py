"""The gate as a table: in which phase what happens leads to which phase, and what may go out."""

from collections.abc import Callable

import pytest

from tests.client.service_says import error, say
from vlclient.response_gate import ALREADY_ACTIVE, LONGEST_SPEECH_S, OWED_WITHIN_S, GatePhase, ResponseGate
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams

IDLE, EXPECTED, REQUESTED, ACTIVE = GatePhase.IDLE, GatePhase.EXPECTED, GatePhase.REQUESTED, GatePhase.ACTIVE
NOW = 10.0


def gate_in(phase: GatePhase) -> ResponseGate:
    gate = ResponseGate()
    if phase is EXPECTED:
        gate.user_ended(NOW)
    elif phase is REQUESTED:
        gate.sent(ResponseCreate(event_id="ours"), NOW)
    elif phase is ACTIVE:
        gate.created("r1", NOW)
    assert gate.phase is phase
    return gate


HAPPENS: dict[str, Callable[[ResponseGate], object]] = {
    "sent": lambda gate: gate.sent(ResponseCreate(event_id="second"), NOW),
    "created": lambda gate: gate.created("r2", NOW),
    "done": lambda gate: gate.done("r1", NOW),
    "done another": lambda gate: gate.done("r0", NOW),
    "refused": lambda gate: gate.refused(error("invalid_value", event_id="ours").error, NOW),
    "too early": lambda gate: gate.refused(error(ALREADY_ACTIVE, event_id="ours").error, NOW),
    "another refused": lambda gate: gate.refused(error("invalid_value", event_id="theirs").error, NOW),
    "user began": lambda gate: gate.user_began(NOW),
    "user ended": lambda gate: gate.user_ended(NOW),
    "no answer owed": lambda gate: gate.no_answer_owed(),
    "five seconds": lambda gate: gate.expire(NOW + OWED_WITHIN_S),
}

MOVES = {
    IDLE: {"sent": REQUESTED, "created": ACTIVE, "user began": EXPECTED, "user ended": EXPECTED},
    EXPECTED: {"sent": REQUESTED, "created": ACTIVE, "no answer owed": IDLE, "five seconds": IDLE},
    REQUESTED: {"created": ACTIVE, "refused": IDLE, "too early": ACTIVE, "five seconds": IDLE},
    ACTIVE: {"done": IDLE},
}
"""What is not here changes nothing."""


@pytest.mark.parametrize("phase", GatePhase)
@pytest.mark.parametrize("happening", HAPPENS)
def test_the_moves_of_the_gate(phase: GatePhase, happening: str):
    """Every phase against everything that can happen."""
    gate = gate_in(phase)
    HAPPENS[happening](gate)
    assert gate.phase is MOVES[phase].get(happening, phase)


@pytest.mark.parametrize("phase", GatePhase)
def test_only_an_idle_gate_lets_something_through(phase: GatePhase):
    """And it lets through what was asked for first."""
    gate = gate_in(phase)
    gate.ask(say("one"))
    gate.ask(say("two"))
    assert gate.next_to_send(tools_open=False) == (say("one") if phase is IDLE else None)
    assert gate.waiting == (say("one"), say("two"))


@pytest.mark.parametrize(
    ("event", "is_bare"),
    [
        (ResponseCreate(), True),
        (ResponseCreate(event_id="x", response=None), True),
        (ResponseCreate(response=ResponseCreateParams()), True),
        (ResponseCreate(additional_instructions=""), True),
        (ResponseCreate(additional_instructions="Be brief."), False),
        (ResponseCreate(response=ResponseCreateParams(modalities=["text"])), False),
    ],
)
def test_what_becomes_one_with_others(event: ResponseCreate, is_bare: bool):
    """Only what says no more than "answer what has been said"; and only that waits for tools."""
    gate = ResponseGate()
    gate.ask(ResponseCreate(event_id="first"))
    gate.ask(event)
    assert len(gate.waiting) == (1 if is_bare else 2)
    assert gate.next_to_send(tools_open=True) == (None if is_bare else event)


def test_a_request_of_the_user_is_not_forgotten_with_a_continuation():
    """Put together, they are the user's."""
    gate = ResponseGate()
    gate.ask(ResponseCreate(event_id="tools"), continues=True)
    gate.forget_continuation()
    assert gate.waiting == ()
    gate.ask(ResponseCreate(event_id="tools"), continues=True)
    gate.ask(ResponseCreate(event_id="user"))
    gate.forget_continuation()
    assert len(gate.waiting) == 1


def test_what_came_too_early_is_the_first_to_go():
    """And takes in what says the same."""
    gate = gate_in(REQUESTED)
    gate.ask(say("one"))
    gate.ask(ResponseCreate(event_id="same"))
    gate.created("r1", NOW)
    gate.refused(error(ALREADY_ACTIVE, event_id="ours").error, NOW)
    assert gate.phase is ACTIVE
    assert gate.waiting == (ResponseCreate(event_id="ours"), say("one"))


def test_a_refusal_that_names_nothing_is_ours_only_while_we_wait():
    """Afterwards it is somebody else's, and would make the assistant answer twice."""
    gate = gate_in(REQUESTED)
    gate.created("r1", NOW)
    gate.refused(error(ALREADY_ACTIVE).error, NOW)
    assert gate.waiting == ()


@pytest.mark.parametrize(
    ("events", "by_itself"),
    [([], False), (["user began"], True), (["user ended"], True), (["user ended", "sent"], False)],
)
def test_whose_response_it_is(events: list[str], by_itself: bool):
    """It began by itself where the user's turn is owed an answer and we have not asked."""
    gate = ResponseGate()
    for event in events:
        HAPPENS[event](gate)
    assert gate.created("r1", NOW) is by_itself


def test_a_response_that_was_given_up_does_not_answer_the_next_request():
    """Announced once more, it is still the old one."""
    gate = gate_in(ACTIVE)
    gate.ends_soon(NOW)
    gate.expire(NOW + OWED_WITHIN_S)
    gate.sent(ResponseCreate(event_id="next"), NOW + OWED_WITHIN_S)
    gate.created("r1", NOW + OWED_WITHIN_S)
    assert gate.phase is REQUESTED


def test_a_new_connection_keeps_what_had_not_begun():
    """In order, and ready to be asked; what was cancelled before it began is not wanted any more."""
    gate = gate_in(REQUESTED)
    gate.ask(say("one"))
    again = gate.for_a_new_connection()
    assert (again.phase, again.waiting) == (IDLE, (ResponseCreate(event_id="ours"), say("one")))
    cancelled = gate_in(REQUESTED)
    cancelled.ask(say("one"))
    assert cancelled.may_cancel(NOW) is False
    assert cancelled.for_a_new_connection().waiting == (say("one"),)


@pytest.mark.parametrize(
    ("events", "deadline"),
    [
        ([], None),
        (["sent"], NOW + OWED_WITHIN_S),
        (["created"], None),
        (["user began"], NOW + LONGEST_SPEECH_S),
        (["user began", "user ended"], NOW + OWED_WITHIN_S),
        (["user ended", "created"], None),
        (["created", "user ended"], None),
        (["created", "user began", "user ended"], None),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_owed_and_until_when(events: list[str], deadline: float | None):
    """While a response is active the answer to the user's turn is not late; it comes after."""
    gate = ResponseGate()
    for event in events:
        HAPPENS[event](gate)
    assert gate.next_deadline() == deadline


def test_the_answer_to_the_user_is_owed_from_the_end_of_the_response():
    """Observed {NB04}: it begins only then."""
    gate = gate_in(ACTIVE)
    gate.user_ended(NOW)
    gate.expire(NOW + 60)
    gate.done("r1", NOW + 60)
    assert (gate.phase, gate.next_deadline()) == (EXPECTED, NOW + 60 + OWED_WITHIN_S)
