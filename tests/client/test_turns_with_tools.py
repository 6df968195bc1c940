"""Calls of tools, as transcripts: each is run once and answered once, and the assistant goes on when it should."""

import pytest

from tests.client.playbook import CANCEL, RESPOND, Playbook, asks, cancels, runs, sends, tool_returns, waits
from tests.client.service_says import (
    arguments_done,
    call,
    call_added,
    call_done,
    committed,
    created,
    deleted,
    done,
    output,
    output_confirmed,
    say,
    speech_started,
    speech_stopped,
)
from vlclient.commands import Send, StopPlayback


def test_a_slow_tool_is_answered_after_the_response(calling: Playbook):
    """Behaviour.md 8.1, 5: the output, and then one request."""
    assert calling >> done("r1", "completed", call()) >> waits(60) >> tool_returns() << Send(output()) << RESPOND


def test_a_fast_tool_is_answered_before_the_response_is_done(calling: Playbook):
    """Observed {PAI}: the output may go out at once, the request for the next response may not."""
    assert calling >> tool_returns() << Send(output()) >> done("r1", "completed", call()) << RESPOND


def test_two_tools_in_reverse_order_have_one_answer(calling: Playbook):
    """Observed {NETT}: both outputs, then one request."""
    assert (
        calling
        >> call_done("c2")
        << runs("c2")
        >> done("r1", "completed", call("c1"), call("c2"))
        >> tool_returns("c2", "rain")
        << Send(output("c2", "rain"))
        >> tool_returns("c1", "sun")
        << Send(output("c1", "sun"))
        << RESPOND
    )


def test_a_call_is_run_once_and_answered_once(calling: Playbook):
    """Doubled events, doubled answers, answers to nobody."""
    assert (
        calling
        >> arguments_done()
        >> call_done()
        >> done("r1", "completed", call())
        >> tool_returns()
        << Send(output())
        << RESPOND
        >> tool_returns()
        >> tool_returns("c9")
        >> call_done()
        >> done("r1", "completed", call())
    )


@pytest.mark.parametrize(
    ("before", "items"),
    [([], [call()]), ([call_added(), arguments_done()], []), ([arguments_done()], [call()])],
    ids=["only response.done names it", "only its arguments were seen", "both"],
)
def test_a_call_is_found_wherever_it_stands(playbook: Playbook, before, items):
    """Members and events may be missing."""
    book = playbook >> created()
    for event in before:
        book = book >> event
    assert book >> done("r1", "completed", *items) << runs()


@pytest.mark.parametrize("status", ["incomplete", "cancelled", "completed"])
def test_a_call_that_was_broken_off_is_never_run(playbook: Playbook, status: str):
    """Behaviour.md 4.9: its arguments can end anywhere, though they get their done event."""
    assert (
        playbook
        >> created()
        >> call_added()
        >> arguments_done()
        >> call_done(status="incomplete")
        >> done("r1", status, call(status="incomplete"))
        >> asks()
        << RESPOND
    )


def test_a_call_is_not_complete_because_its_arguments_are_done(playbook: Playbook):
    """The response was cut for length, and nobody said that the call was not."""
    assert playbook >> created() >> call_added() >> arguments_done() >> done("r1", "incomplete")


def test_a_response_that_was_cut_for_length_goes_on_with_its_complete_call(calling: Playbook):
    """The second call did not fit in; the first has an output to go on with."""
    cut_off = call("c2", "incomplete", '{"ci')
    assert calling >> done("r1", "incomplete", call(), cut_off) >> tool_returns() << Send(output()) << RESPOND


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_the_call_of_a_broken_response_is_answered_and_not_gone_on_with(calling: Playbook, status: str):
    """The output is there for a later response; the user has the word."""
    assert calling >> done("r1", status, call()) >> tool_returns() << Send(output())
    assert calling.turns.is_idle


def test_a_tool_that_returns_after_an_interruption_is_not_gone_on_with(calling: Playbook):
    """The race: the user spoke while the tool ran. The answer to what the user said knows the output."""
    assert (
        calling
        >> speech_started()
        << StopPlayback()
        >> done("r1", "cancelled", call())
        >> tool_returns()
        << Send(output())
        >> output_confirmed()
        >> speech_stopped()
        >> committed()
        >> created("r2")
        >> done("r2")
    )
    assert calling.turns.is_idle


def test_an_interruption_that_came_too_late_changes_nothing(calling: Playbook):
    """The response was complete when the user spoke. The answer to the user began before the output, so one follows."""
    assert (
        calling
        >> speech_started()
        << StopPlayback()
        >> done("r1", "completed", call())
        >> speech_stopped()
        >> committed()
        >> created("r2")
        >> tool_returns()
        << Send(output())
        >> output_confirmed()
        >> done("r2")
        << RESPOND
    )


def test_an_output_that_the_services_own_answer_knows_is_not_asked_about_again(calling: Playbook):
    """The user spoke while the tool ran, and it returned before the answer to that began: one answer is enough."""
    assert (
        calling
        >> done("r1", "completed", call())
        >> speech_started()
        << StopPlayback()
        >> tool_returns()
        << Send(output())
        >> output_confirmed()
        >> speech_stopped()
        >> created("r2")
        >> done("r2")
    )
    assert calling.turns.is_idle


def test_an_output_that_may_have_come_too_late_is_asked_about(calling: Playbook):
    """The same, but the service has not confirmed the output before its answer began."""
    assert (
        calling
        >> done("r1", "completed", call())
        >> speech_started()
        << StopPlayback()
        >> speech_stopped()
        >> tool_returns()
        << Send(output())
        >> created("r2")
        >> output_confirmed()
        >> done("r2")
        << RESPOND
    )


def test_a_call_that_is_completed_after_the_user_began_to_speak_waits_for_the_verdict(playbook: Playbook):
    """It is run when the response turns out to be complete, and never when it was cut off."""
    for response_id, status in (("r1", "cancelled"), ("r2", "completed")):
        call_id = f"c{response_id[1:]}"
        late = done(response_id, status, call(call_id))
        book = playbook >> created(response_id) >> speech_started() << StopPlayback()
        book = book >> call_done(call_id, response_id) >> late
        assert book << runs(call_id, response_id) if status == "completed" else book


def test_after_a_cancel_no_tool_makes_the_assistant_speak(calling: Playbook):
    """Who asked for silence gets it, even if the response was complete by then."""
    assert (
        calling
        >> cancels()
        << StopPlayback()
        << CANCEL
        >> done("r1", "completed", call())
        >> tool_returns()
        << Send(output())
    )
    assert calling.turns.is_idle


def test_a_request_waits_for_the_outputs_and_becomes_one_with_theirs(calling: Playbook):
    """Behaviour.md 8.2, L05: no ``response.create`` before all outputs. One with words of its own may go first."""
    assert (
        calling
        >> asks()
        >> done("r1", "completed", call())
        >> asks(say("One moment."))
        << Send(say("One moment."))
        >> created("r2")
        >> done("r2")
        >> tool_returns()
        << Send(output())
        << RESPOND
        >> created("r3")
        >> done("r3")
    )
    assert calling.turns.is_idle


def test_who_answers_calls_by_hand_asks_by_hand(calling: Playbook):
    """The application has sent the output itself; ours for the same call is dropped."""
    assert calling >> done("r1", "completed", call()) >> sends(output()) >> tool_returns() >> asks() << RESPOND


def test_an_output_that_was_ahead_of_its_call_is_not_sent_twice(playbook: Playbook):
    """The application listens to the events as well, or tells a new session of an old call."""
    assert playbook >> sends(output()) >> created() >> call_done() >> done("r1", "completed", call()) >> tool_returns()


def test_an_output_by_hand_completes_a_round_of_ours(calling: Playbook):
    """What follows from the application's own event comes with the next advance, at once."""
    assert (
        calling
        >> call_done("c2")
        << runs("c2")
        >> done("r1")
        >> tool_returns("c1")
        << Send(output("c1"))
        >> sends(output("c2"))
        >> waits(0)
        << RESPOND
    )


def test_a_call_that_is_deleted_is_not_answered(calling: Playbook):
    """Behaviour.md 8.2, L05: an output for an unknown call would be refused."""
    assert calling >> done("r1", "completed", call()) >> deleted("f1") >> tool_returns() >> asks() << RESPOND
