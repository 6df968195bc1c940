"""One response at a time, as transcripts: what is asked for, what the service answers by itself, what is cancelled."""

import pytest

from tests.client.playbook import CANCEL, DROPPED, RESPOND, Playbook, asks, cancels, plays, refuses, sends, waits
from tests.client.service_says import (
    audio,
    committed,
    created,
    detecting,
    done,
    error,
    say,
    speech_started,
    speech_stopped,
    spoken_item,
    updated,
    user_words,
)
from vlclient.commands import Send, StopPlayback
from vlclient.response_gate import GatePhase
from vlmock.protocol.input_audio import InputAudioBufferCleared, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.turn_detection import NoTurnDetection

# ---- one gate


def test_a_second_request_waits_for_the_end_of_the_first(playbook: Playbook):
    """Behaviour.md 8.1, 4: idle, requested, active. What is asked for when has its own answer, in order."""
    assert (
        playbook
        >> asks(say("one"))
        << Send(say("one"))
        >> asks(say("two"))
        >> asks(say("three"))
        >> created("r1")
        >> done("r1")
        << Send(say("two"))
        >> created("r2")
        >> done("r2")
        << Send(say("three"))
    )


def test_requests_that_say_the_same_become_one(playbook: Playbook):
    """Two typed messages while the assistant talks want one answer to both, not a second to nothing."""
    assert playbook >> created("r1") >> asks() >> asks() >> done("r1") << RESPOND >> created("r2") >> done("r2")
    assert playbook.turns.is_idle


def test_a_request_keeps_the_event_id_that_it_has(playbook: Playbook):
    """The application may want to recognise errors itself."""
    commands = playbook.turns.request_response(ResponseCreate(event_id="mine"), 1.0)
    assert commands == [Send(ResponseCreate(event_id="mine"))]


@pytest.mark.parametrize("names_it", [True, False], ids=["named", "unnamed"])
def test_a_refused_request_makes_room_for_the_next(playbook: Playbook, names_it: bool):
    """Behaviour.md 8.1, 4: the refused one never gets a ``response.done``. It is not sent again."""
    refusal = refuses("response.create", "invalid_request_error", names_it=names_it, param="response.voice")
    assert playbook >> asks(say("one")) << Send(say("one")) >> asks(say("two")) >> refusal << Send(say("two"))


def test_an_error_about_something_else_opens_nothing(playbook: Playbook):
    """Behaviour.md 6: correlate on ``error.event_id``."""
    assert (
        playbook
        >> asks(say("one"))
        << Send(say("one"))
        >> asks(say("two"))
        >> error("invalid_value", event_id="another")
        >> error("item_delete_invalid_item_id", param="item_id")
    )
    assert playbook.turns.phase is GatePhase.REQUESTED


def test_a_request_that_came_too_early_waits_again(playbook: Playbook):
    """Behaviour.md 8.1, 6. The race: the service's own response began while the request was on its way."""
    assert (
        playbook
        >> asks(say("one"))
        << Send(say("one"))
        >> created("r1")
        >> refuses("response.create", "conversation_already_has_active_response")
        >> done("r1")
        << Send(say("one"))
    )


def test_a_request_that_met_an_unknown_response_waits_for_its_end(playbook: Playbook):
    """By what the service says one is active, though nobody saw it begin."""
    refused = refuses("response.create", "conversation_already_has_active_response", names_it=False)
    assert playbook >> asks() << RESPOND >> refused >> waits(4.9) >> done("r0") << RESPOND
    assert playbook >> refused >> waits(4.9) >> waits(0.2) << RESPOND


def test_a_request_that_is_never_answered_does_not_block_for_ever(playbook: Playbook):
    """Behaviour.md 8.1, 4: a watchdog of five seconds. It is not sent again: perhaps it was heard."""
    assert playbook >> asks(say("one")) << Send(say("one")) >> asks(say("two")) >> waits(4.9)
    assert playbook >> waits(0.2) << Send(say("two"))
    assert playbook.turns.lost_answers == 1


def test_an_answer_that_was_read_late_is_not_given_up(playbook: Playbook):
    """The program was busy for six seconds; what has come in the meantime counts more than the clock."""
    assert playbook >> asks(say("one")) << Send(say("one")) >> asks(say("two"))
    playbook.now += 6
    assert playbook >> created("r1") >> done("r1") << Send(say("two"))
    assert playbook.turns.lost_answers == 0


def test_a_cancelled_response_that_never_ends_does_not_block_for_ever(replying: Playbook):
    """Observed {NB04}: its end comes within a second. Five are waited."""
    assert replying >> cancels() << StopPlayback() << CANCEL >> asks() >> waits(4.9) >> waits(0.2) << RESPOND


def test_a_long_answer_blocks_as_long_as_it_takes(replying: Playbook):
    """Nobody has cancelled it, so nothing is owed yet."""
    assert replying >> asks() >> waits(120) >> done() << RESPOND


# ---- the service answers by itself


def test_nothing_is_asked_for_while_the_services_own_answer_is_on_its_way(playbook: Playbook):
    """Behaviour.md 8.1, 4, in the order of the cascade: from the user's first sound to the end of the answer."""
    assert (
        playbook
        >> updated()
        >> speech_started()
        << StopPlayback()
        >> asks(say("mine"))
        >> speech_stopped()
        >> committed()
        >> waits(2.1)
        >> user_words("u1", "Hello")
        >> spoken_item("u1", "Hello")
        >> created("r1")
        >> done("r1")
        << Send(say("mine"))
    )


def test_native_order_counts_as_well(playbook: Playbook):
    """The answer begins with the commit; the words come while it is spoken, and change nothing."""
    assert (
        playbook
        >> speech_started()
        << StopPlayback()
        >> speech_stopped()
        >> committed()
        >> spoken_item()
        >> created("r1")
        >> asks(say("mine"))
        >> user_words("u1", "Hello")
        >> waits(60)
        >> done("r1")
        << Send(say("mine"))
    )


def test_an_answer_that_never_comes_does_not_block_for_ever(playbook: Playbook):
    """Each sign of the answer gives it five seconds more; then what waits goes out."""
    assert (
        playbook
        >> speech_started()
        << StopPlayback()
        >> speech_stopped()
        >> asks()
        >> waits(4)
        >> user_words("u1", "")
        >> waits(4)
        >> spoken_item("u1", "")
        >> waits(4.9)
        >> waits(0.2)
        << RESPOND
    )


def test_a_microphone_that_was_switched_off_in_mid_word_does_not_block_for_ever(playbook: Playbook):
    """The service never says that the speech has ended."""
    assert playbook >> speech_started() << StopPlayback() >> asks() >> waits(29) >> waits(2) << RESPOND


@pytest.mark.parametrize(
    "session",
    [detecting(create_response=False), updated(turn_detection=None), updated(turn_detection=NoTurnDetection())],
    ids=["create_response false", "null", "none"],
)
def test_who_has_to_ask_may_ask_at_once(playbook: Playbook, session):
    """Behaviour.md 3.3: then there is no response until the client asks."""
    assert playbook >> session >> speech_started() << StopPlayback() >> speech_stopped() >> committed()
    assert playbook >> asks() << RESPOND


def test_a_commit_by_hand_is_not_answered_by_itself(playbook: Playbook):
    """Observed {SDKT}: the client sends ``response.create``."""
    assert playbook >> updated() >> sends(InputAudioBufferCommit()) >> committed() >> asks() << RESPOND


def test_a_commit_that_was_refused_is_not_waited_for(playbook: Playbook):
    """The next one that is committed is the service's own."""
    refused = error("input_audio_buffer_commit_empty")
    assert playbook >> sends(InputAudioBufferCommit()) >> refused >> committed() >> asks()
    assert playbook.turns.phase is GatePhase.EXPECTED


def test_speech_that_was_cleared_is_not_answered(playbook: Playbook):
    """What the user was saying is forgotten; a turn that was over is answered all the same."""
    cleared = InputAudioBufferCleared()
    assert playbook >> speech_started() << StopPlayback() >> asks(say("one")) >> cleared << Send(say("one"))
    assert playbook >> created() >> done() >> speech_stopped() >> asks(say("two")) >> cleared


def test_after_a_cancelled_response_the_users_turn_comes_first(replying: Playbook):
    """Observed {NB04}: the answer to the interruption begins only after the cancelled response is done."""
    assert (
        replying
        >> asks(say("mine"))
        >> speech_started()
        << StopPlayback()
        >> speech_stopped()
        >> committed()
        >> waits(0.9)
        >> done("r1", "cancelled")
        >> created("r2")
        >> done("r2")
        << Send(say("mine"))
    )


def test_a_response_that_is_announced_twice_is_one(playbook: Playbook):
    """Doubled and late events open and close nothing."""
    assert (
        playbook
        >> created("r1")
        >> created("r1")
        >> done("r1")
        >> done("r1")
        >> created("r1")
        >> asks(say("one"))
        << Send(say("one"))
        >> done("r1")
        >> created("r2")
        >> done("r1")
        >> asks(say("two"))
        >> done("r2")
        << Send(say("two"))
    )


# ---- cancelling


def test_cancelling_is_silence_and_one_event(replying: Playbook):
    """Behaviour.md 3.5: only the service's own interruption cancels by itself. What still comes is dropped."""
    assert replying >> cancels() << StopPlayback() << CANCEL >> audio() << DROPPED >> done(status="cancelled")


def test_nothing_is_cancelled_twice_or_when_idle(replying: Playbook):
    """Behaviour.md 8.1, 6: it would be refused. Silence is wanted all the same."""
    assert (
        replying
        >> cancels()
        << StopPlayback()
        << CANCEL
        >> cancels()
        << StopPlayback()
        >> done(status="cancelled")
        >> cancels()
        << StopPlayback()
    )


def test_what_the_service_cancels_needs_no_cancel(replying: Playbook):
    """Observed {SDKPR}: the vendor took the redundant cancel out of its samples."""
    assert replying >> speech_started() << StopPlayback() >> cancels() << StopPlayback()


def test_what_has_not_begun_is_cancelled_when_it_begins(playbook: Playbook):
    """Before that there is nothing to cancel; afterwards the next one is left alone."""
    assert (
        playbook
        >> asks()
        << RESPOND
        >> cancels()
        << StopPlayback()
        >> created("r1")
        << CANCEL
        >> done("r1", "cancelled")
        >> created("r2")
        >> audio("r2")
        << plays("r2")
    )


def test_a_refused_cancel_is_harmless(replying: Playbook):
    """Behaviour.md 8.1, 6: ``response_cancel_not_active`` is benign; the response's end is on its way."""
    refused = refuses("response.cancel", "response_cancel_not_active")
    assert replying >> cancels() << StopPlayback() << CANCEL >> asks() >> refused >> done() << RESPOND


def test_a_cancel_of_the_applications_own_counts(replying: Playbook):
    """The books are kept, whoever sends."""
    assert replying >> sends(ResponseCancel()) >> audio() << DROPPED >> cancels() << StopPlayback()


def test_a_request_of_the_applications_own_counts(playbook: Playbook):
    """The gate knows that something was asked for."""
    assert playbook >> sends(ResponseCreate()) >> asks(say("one")) >> created() >> done() << Send(say("one"))
