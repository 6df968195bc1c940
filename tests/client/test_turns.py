"""The duties of behaviour.md 8.1 as transcripts: what happens, and what is to be done about it."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.client.playbook import (
    DROPPED,
    RESPOND,
    Playbook,
    asks,
    cancels,
    fell_silent,
    loses_the_connection,
    plays,
    reconnects,
    refuses,
    runs,
    sends,
    tool_returns,
    waits,
)
from tests.client.service_says import (
    arguments_done,
    audio,
    audio_done,
    call,
    call_added,
    call_done,
    committed,
    created,
    deleted,
    detecting,
    done,
    error,
    item_added,
    item_created,
    item_done,
    message,
    output,
    output_confirmed,
    say,
    speech_started,
    speech_stopped,
    spoken_item,
    text,
    truncated,
    updated,
    user_words,
    words,
    words_done,
)
from vlclient.audio.ports import Part
from vlclient.commands import Play, RunTool, Send, Show, StopPlayback
from vlclient.response_gate import GatePhase
from vlclient.turns import Turns, Unfinished
from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemDelete, ConversationItemTruncate
from vlmock.protocol.input_audio import InputAudioBufferCleared, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.protocol.turn_detection import NoTurnDetection

CANCEL = Send(ResponseCancel(response_id="r1"))


def cut(item_id: str = "m1", ms: int = 100, part: int = 0) -> Send:
    return Send(ConversationItemTruncate(item_id=item_id, content_index=part, audio_end_ms=ms))


@pytest.fixture
def playbook() -> Iterator[Playbook]:
    book = Playbook()
    yield book
    assert book.checked, "the playbook was written and never asked for its truth"


@pytest.fixture
def replying(playbook: Playbook) -> Playbook:
    """r1 is active, and 100 ms of its message m1 have come."""
    assert playbook >> updated() >> created() >> item_created(message(status="in_progress")) >> audio() << plays()
    return playbook


# ---- the session


def test_nothing_is_ready_before_the_configuration_is_echoed():
    """Behaviour.md 8.1, 1: ``session.created`` is not enough."""
    turns = Turns()
    turns.receive(UnknownServerEvent("session.created", None, {"session": {}}), 0.0)
    assert not turns.ready
    turns.receive(updated(), 0.1)
    assert turns.ready


def test_a_greeting_waits_for_the_configuration(playbook: Playbook):
    """Behaviour.md 8.1, 1: no greeting before ``session.updated``, if an update is under way."""
    assert playbook >> sends(SessionUpdate(session=RequestSession())) >> asks() >> updated() << RESPOND


def test_a_greeting_does_not_wait_for_a_configuration_that_nobody_sent(playbook: Playbook):
    """Who is content with the defaults never gets a ``session.updated``."""
    assert playbook >> asks() << RESPOND


@pytest.mark.parametrize(
    "refusal",
    [error("x", event_id="mine"), error("invalid_request_error", param="session.turn_detection")],
    ids=["named", "by its param"],
)
def test_a_refused_configuration_holds_nothing_back(playbook: Playbook, refusal):
    """Behaviour.md 2.3: the session stays open with what it had, and no ``session.updated`` ever comes."""
    update = SessionUpdate(event_id="mine", session=RequestSession())
    assert playbook >> sends(update) >> asks() >> refusal << RESPOND


# ---- the user interrupts


def test_the_loudspeaker_falls_silent_before_anything_else():
    """Behaviour.md 8.1, 2: at once, and then the event is shown."""
    assert Turns().receive(speech_started(), 0.0) == [StopPlayback(), Show(speech_started())]


def test_speech_stops_playback_although_no_response_is_active(playbook: Playbook):
    """Behaviour.md 0, 3: most interruptions come seconds after ``response.done``."""
    assert (
        playbook
        >> created()
        >> item_created(message())
        >> audio(ms=4000)
        << plays(ms=4000)
        >> audio_done()
        >> done()
        >> speech_started()
        << StopPlayback()
        >> fell_silent(1500, 4000)
        << cut(ms=1500)
    )
    assert "r1" in playbook.turns.interrupted
    assert playbook.turns.transcripts.of("m1").cut


def test_what_still_comes_of_an_interrupted_response_is_dropped(replying: Playbook):
    """Behaviour.md 3.5: audio that was generated already may arrive until ``response.done``; done events are shown."""
    assert (
        replying
        >> speech_started()
        << StopPlayback()
        >> audio()
        << DROPPED
        >> words("r1", "late")
        << DROPPED
        >> text("r1", "late")
        << DROPPED
        >> audio_done()
        >> words_done("r1", "late")
        >> item_done(message(status="incomplete"))
        >> done(status="cancelled")
        >> audio()
        << DROPPED
    )
    assert replying.turns.dropped_deltas == 4
    assert replying.turns.interrupted == {"r1"}


def test_speech_between_a_response_and_its_first_sound(playbook: Playbook):
    """The race: it has begun, so it is interrupted, and its first sound is never heard. The next one is."""
    assert (
        playbook
        >> created("r1")
        >> speech_started()
        << StopPlayback()
        >> fell_silent(None)
        >> audio("r1")
        << DROPPED
        >> done("r1", "cancelled")
        >> speech_stopped()
        >> committed()
        >> created("r2")
        >> audio("r2")
        << plays("r2")
    )


def test_what_comes_after_a_cancelled_response_is_dropped(playbook: Playbook):
    """Whoever has cancelled it."""
    assert playbook >> created() >> done(status="cancelled") >> audio() << DROPPED


def test_where_nothing_interrupts_the_reply_goes_on(replying: Playbook):
    """Documented {DOC}: ``interrupt_response: false``."""
    assert replying >> detecting(interrupt_response=False) >> speech_started() >> audio() << plays()


@pytest.mark.parametrize("setting", [None, True])
def test_a_setting_that_is_null_is_the_default(replying: Playbook, setting: bool | None):
    """Observed {FON}: the echo fills what was not sent with null."""
    echo = detecting(interrupt_response=setting, create_response=setting, auto_truncate=None)
    assert replying >> echo >> speech_started() << StopPlayback() >> fell_silent(50, 100) << cut(ms=50)


# ---- what was heard


@pytest.mark.parametrize(
    ("heard_ms", "of_ms", "told_ms"),
    [(60, 100, 60), (100, 100, 100), (250, 100, 100), (100, 101, 100), (0, 100, None)],
    ids=["some", "all so far", "more than came", "rounded up", "nothing"],
)
def test_the_service_is_told_what_was_heard(replying: Playbook, heard_ms: int, of_ms: int, told_ms: int | None):
    """Behaviour.md 8.1, 3: min(heard, received), in milliseconds; 100 ms were received. Nothing heard, nothing told."""
    book = replying >> speech_started() << StopPlayback() >> fell_silent(heard_ms, of_ms)
    assert book if told_ms is None else book << cut(ms=told_ms)


def test_what_was_heard_to_its_end_is_not_cut(replying: Playbook):
    """Behaviour.md 8.1, 3: there is nothing to take back."""
    assert replying >> audio_done() >> done() >> speech_started() << StopPlayback() >> fell_silent(100, 100)
    assert not replying.turns.transcripts.of("m1").cut


def test_what_was_not_received_was_not_heard(replying: Playbook):
    """What came was heard to its end, but the rest was dropped: ``audio.done`` does not make it whole."""
    assert replying >> speech_started() << StopPlayback() >> audio() << DROPPED >> audio_done()
    assert replying >> fell_silent(100, 100) << cut(ms=100)


def test_the_service_that_truncates_by_itself_is_not_told(replying: Playbook):
    """Behaviour.md 3.5: with ``auto_truncate`` a truncation by the client is refused."""
    assert replying >> detecting(auto_truncate=True) >> speech_started() << StopPlayback() >> fell_silent(50, 100)


@pytest.mark.parametrize(
    "before",
    [truncated("m1"), deleted("m1")],
    ids=["the service has cut it", "it is gone"],
)
def test_an_item_that_is_closed_is_not_cut(replying: Playbook, before):
    """Observed {BANK}: ``item_already_truncated``; items can disappear after barge-in."""
    assert replying >> before >> speech_started() << StopPlayback() >> fell_silent(50, 100)


@pytest.mark.parametrize(
    "event",
    [
        ConversationItemTruncate(item_id="m1", content_index=0, audio_end_ms=10),
        ConversationItemDelete(item_id="m1"),
    ],
)
def test_an_item_that_the_application_closed_is_not_cut(replying: Playbook, event):
    """The application may say itself what was heard."""
    assert replying >> sends(event) >> speech_started() << StopPlayback() >> fell_silent(50, 100)


def test_an_item_is_cut_only_once(replying: Playbook):
    """Observed {BANK}: a second truncation is refused."""
    assert (
        replying
        >> speech_started()
        << StopPlayback()
        >> fell_silent(50, 100)
        << cut(ms=50)
        >> speech_started()
        << StopPlayback()
        >> fell_silent(80, 100)
    )


def test_an_item_that_nobody_announced_is_not_cut(playbook: Playbook):
    """An answer outside of the conversation has no item in it; an item of another connection neither."""
    assert playbook >> created() >> audio() << plays() >> fell_silent(50, 100) >> fell_silent(50, 100, item_id="m9")


def test_what_fills_the_silence_is_not_cut(playbook: Playbook):
    """Observed {BANK, NETT}: interim items are forgotten by themselves."""
    sound = audio(item_id="interim_1")
    assert (
        playbook
        >> created()
        >> item_created(message("interim_1"))
        >> sound
        << Play(Part("interim_1", 0), sound.delta, "r1")
        >> fell_silent(50, 100, item_id="interim_1")
    )


def test_the_part_that_was_heard_is_the_part_that_is_cut(replying: Playbook):
    """Behaviour.md 8.2, L07: a truncation names the content index; each part has its own clock."""
    assert (
        replying
        >> audio(ms=300, part=1)
        << plays(ms=300, part=1)
        >> speech_started()
        << StopPlayback()
        >> fell_silent(400, 400, part=1)
        << cut(ms=300, part=1)
    )


def test_milliseconds_are_counted_in_the_format_of_the_session(playbook: Playbook):
    """G.711 has 8 bytes for a millisecond: 4800 bytes are 600 ms, not 100."""
    assert (
        playbook
        >> updated(output_audio_format="g711_ulaw")
        >> created()
        >> item_created(message())
        >> audio()
        << plays()
        >> fell_silent(500, 600)
        << cut(ms=500)
    )


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


# ---- tools


@pytest.fixture
def calling(playbook: Playbook) -> Playbook:
    """r1 is active and has called c1, which runs."""
    assert playbook >> updated() >> created() >> call_added() >> arguments_done() >> call_done() << runs()
    return playbook


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


# ---- anything at all


@pytest.mark.parametrize(
    "event",
    [
        UnknownServerEvent("conversation.item.polished", "e1", {"type": "conversation.item.polished"}),
        UnknownServerEvent("response.audio.delta", None, {"response_id": None, "delta": 3}),
        UnknownServerEvent("response.done", None, {"response": None}),
        UnknownServerEvent("error", None, {}),
    ],
    ids=lambda event: event.type,
)
def test_what_nobody_understands_is_shown(playbook: Playbook, event):
    """Behaviour.md 8.1, 8: the service adds events between versions."""
    assert playbook >> event


def test_a_duty_is_done_although_the_event_has_an_unknown_shape(playbook: Playbook):
    """What can be read is heeded: a price in a new currency does not keep a response from being over."""
    priced = {"id": "r1", "status": "completed", "usage": {"euros": 3}, "output": [{"type": "poem"}]}
    speech = {"item_id": "u1", "audio_start_ms": None}
    session = {"voice": {"type": "hologram"}, "turn_detection": {"type": "server_vad", "interrupt_response": False}}
    assert (
        playbook
        >> created("r1")
        >> asks(say("mine"))
        >> UnknownServerEvent("response.done", None, {"response": priced})
        << Send(say("mine"))
        >> UnknownServerEvent("input_audio_buffer.speech_started", None, speech)
        << StopPlayback()
        >> UnknownServerEvent("session.updated", None, {"session": session})
        >> speech_started()
    )
    assert playbook.turns.ready


@pytest.mark.parametrize("wire_type", sorted({**SERVER_EVENTS, **OTHER_SERVER_EVENTS}))
@pytest.mark.parametrize("value", [None, 0, "x", [], {}], ids=repr)
def test_no_event_in_no_shape_raises(wire_type: str, value):
    """Behaviour.md 8.1, 8: accept null or missing members."""
    turns = Turns()
    members = {name for kind in (*SERVER_EVENTS.values(), *OTHER_SERVER_EVENTS.values()) for name in fields(kind)}
    for names in [(), members, *((name,) for name in sorted(members))]:
        event = UnknownServerEvent(wire_type, None, {"type": wire_type, **dict.fromkeys(names, value)})
        assert Show(event) in turns.receive(event, 0.0)


def fields(kind) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def test_errors_are_shown_and_end_nothing(replying: Playbook):
    """They are events, and the conversation goes on."""
    assert replying >> error("server_error") >> error(None) >> audio() << plays()


# ---- the connection


def test_what_was_asked_for_and_had_not_begun_is_asked_again(playbook: Playbook):
    """Behaviour.md 8.1, 10: after the new connection is configured and the history told."""
    assert (
        playbook
        >> asks(say("one"))
        << Send(say("one"))
        >> asks(say("two"))
        >> loses_the_connection()
        >> asks(say("three"))
        >> updated()
        >> waits(10)
        >> reconnects()
        << Send(say("one"))
        >> created("r1")
        >> done("r1")
        << Send(say("two"))
    )


def test_what_had_begun_is_reported_and_not_asked_again(calling: Playbook):
    """No second greeting. A new session does not know the calls of the old one."""
    assert calling >> asks(say("next")) >> speech_started() << StopPlayback()
    lost = calling.turns.disconnected(calling.now)
    assert lost == Unfinished("r1", calling.turns.waiting, ("c1",))
    assert [event.response for event in lost.requests] == [say("next").response]
    assert not calling.turns.ready
    assert not calling.turns.interrupted
    assert calling >> updated() >> tool_returns() >> reconnects() << Send(say("next"))


def test_a_sound_of_the_old_connection_is_not_cut_in_the_new(replying: Playbook):
    """It is played to its end or silenced; the new session has no such item."""
    assert replying >> loses_the_connection() >> reconnects() >> speech_started() << StopPlayback()
    assert replying >> fell_silent(50, 100)
    assert replying.turns.transcripts.of("m1").cut


def test_the_settings_of_the_old_connection_are_forgotten(playbook: Playbook):
    """A new session begins with the service's defaults."""
    assert playbook >> detecting(interrupt_response=False) >> speech_started()
    assert playbook >> loses_the_connection() >> reconnects() >> speech_started() << StopPlayback()


# ---- whole turns


def test_what_was_said_is_known_by_item(playbook: Playbook):
    """The words of an interrupted message are those that came before; its done event adds none."""
    assert (
        playbook
        >> committed("u1")
        >> created("r1")
        >> item_added(message("m1", "in_progress"))
        >> item_created(message("m1", "in_progress"), "u1")
        >> words("r1", "Good ")
        >> speech_started("u2")
        << StopPlayback()
        >> words("r1", "morning")
        << DROPPED
        >> words_done("r1", "Good morning")
        >> done("r1", "cancelled", message("m1", "incomplete", "Good morning"))
        >> user_words("u1", "Hi")
    )
    told = [(each.role, each.text, each.final, each.cut) for each in playbook.turns.transcripts]
    assert told == [("user", "Hi", True, False), ("assistant", "Good ", True, True)]


def test_speech_with_a_call_in_the_order_of_the_cascade(playbook: Playbook):
    """Behaviour.md 12, C: the call is complete before the first sound of the message before it."""
    assert (
        playbook
        >> created("r1")
        >> item_added(message("m1", "incomplete"))
        >> item_created(message("m1", "incomplete"), "u1")
        >> words("r1", "Let me see.")
        >> call_added()
        >> item_created(call("c1", "in_progress", ""), "u1")
        >> arguments_done()
        >> call_done()
        << RunTool("r1", "c1", "weather", "{}")
        >> audio("r1", 500)
        << plays("r1", 500)
        >> tool_returns()
        << Send(output())
        >> audio_done("r1")
        >> item_done(message("m1"))
        >> done("r1", "completed", message("m1"), call())
        << RESPOND
    )
