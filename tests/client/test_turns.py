"""The duties of behaviour.md 8.1 as transcripts: when it is ready, any event, a new connection, whole turns."""

import msgspec
import pytest

from tests.client.playbook import (
    DROPPED,
    RESPOND,
    Playbook,
    asks,
    fell_silent,
    loses_the_connection,
    plays,
    reconnects,
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
    detecting,
    done,
    error,
    item_added,
    item_created,
    item_done,
    message,
    output,
    say,
    speech_started,
    updated,
    user_words,
    words,
    words_done,
)
from vlclient.commands import RunTool, Send, Show, StopPlayback
from vlclient.turns import Turns, Unfinished
from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.session import RequestSession, SessionUpdate

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
