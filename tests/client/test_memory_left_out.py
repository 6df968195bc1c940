"""What is not told again to a new session: half a call, what is deleted or refused, what nobody would know."""

import json
from typing import Any

import msgspec

from tests.client.remembering import (
    answered,
    called,
    created,
    error,
    message,
    part,
    returned,
    spoken,
    told,
    transcribed,
    typed,
)
from vlmock.protocol.codec import UnknownServerEvent, decode_server
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDelete,
    ConversationItemDeleted,
)
from vlmock.protocol.items import FunctionCallOutputItem, InputTextPart, McpCallItem, TextPart
from vlmock.protocol.output import ResponseAudioTranscriptDelta
from vlmock.protocol.session import RequestSession, SessionUpdate


def test_calls_are_told_with_their_outputs_or_not_at_all(memory):
    """behaviour.md 8.2, L05: an output without its call is refused, and a call without an answer is waited for."""
    called(memory, "done")
    called(memory, "unanswered")
    called(memory, "unfinished", complete=False)
    for call_id in ("done", "unfinished", "unheard_of"):
        returned(memory, call_id)
    created(memory, FunctionCallOutputItem(id="again", call_id="done", output="given twice"))
    assert told(memory) == [
        ("item_done", "function_call", "done", "f", "{}"),
        ("output_done", "function_call_output", "done", "ok"),
    ]


def test_deleted_items_stay_deleted(memory):
    """From when it is asked for; what comes late for them brings nothing back."""
    spoken(memory, "u1", "My number is 1234.")
    typed(memory, "u2", "Forget it.")
    memory.sent(ConversationItemDelete(item_id="u1"))
    memory.receive(ConversationItemDeleted(item_id="u2"))
    memory.receive(ConversationItemDeleted(item_id="nowhere"))
    transcribed(memory, "u1", "My number is 1234.")
    assert told(memory) == []


def test_what_was_refused_was_never_said(memory):
    """The error names the event; what another event was refused for does not matter."""
    typed(memory, "u1", "One", event_id="e1")
    typed(memory, "u2", "Two", event_id="e2")
    memory.receive(error(event_id="e1"))
    memory.receive(error(event_id="e3"))
    memory.receive(error(event_id=None))
    created(memory, message("u2", "user", InputTextPart(text="Two")))
    memory.receive(error(event_id="e2"))  # a program that uses its ids twice; the item is there, the service said so
    assert told(memory) == [("u2", "user", "Two")]


def test_fillers_and_calls_of_the_service_are_not_told(memory):
    """Observed {BANK}: interim items are ephemeral. Schema E1: no client may create an MCP call."""
    created(memory, message("interim_1", "assistant", TextPart(text="One moment.")))
    created(memory, McpCallItem(id="m", server_label="s", name="n", arguments="{}"))
    memory.receive(ConversationItemCreated())
    memory.receive(UnknownServerEvent("new.event", None, {"item_id": "x"}))
    memory.receive(ResponseAudioTranscriptDelta(**part("out_of_the_conversation"), delta="x"))
    assert told(memory) == []


def test_what_is_lost_is_said_once(memory):
    """In words, for ``Reconnected``; afterwards it is forgotten."""
    typed(memory, "u1", "Hello")
    spoken(memory, "u2", None)
    spoken(memory, "u3", None)
    called(memory, "c1")
    created(memory, McpCallItem(id="m", server_label="s", name="n", arguments="{}"))
    memory.sent(SessionUpdate(session=RequestSession(temperature=0.5)))
    assert memory.disconnected() == (
        "2 spoken turns without a transcript",
        "1 tool call without an answer",
        "1 call that the service made itself",
        "1 change of settings without a confirmation",
    )
    assert memory.disconnected() == ()
    assert told(memory) == [("u1", "user", "Hello")]


def test_a_replay_can_be_replayed(memory):
    """The new session echoes what it is told; lost again, half way through, the same is told, in the same order."""
    spoken(memory, "u1", "Hello.")
    called(memory, "c1")
    returned(memory, "c1")
    answered(memory, "a1", seconds=4)
    memory.heard("a1", 0, 1100)
    before = told(memory)
    for echoed in (0, 1, 4):
        memory.disconnected()
        for i, create in enumerate(memory.replay()):
            memory.sent(create)
            if i < echoed:
                created(memory, decode_created(create))
        assert told(memory) == before
    assert before[-1] == ("a1", "assistant", "The weather")


def decode_created(create: ConversationItemCreate) -> Any:
    """The service's echo of an item."""
    body = {"object": "realtime.item", "status": "completed", **msgspec.to_builtins(create.item)}
    event = decode_server(json.dumps({"type": "conversation.item.created", "item": body}))
    assert isinstance(event, ConversationItemCreated)
    return event.item


def test_a_refused_replay_is_forgotten(memory):
    """It would be refused the next time too."""
    typed(memory, "u1", "Hello.")
    memory.disconnected()
    (create,) = memory.replay()
    memory.sent(ConversationItemCreate(event_id="again", item=create.item))
    memory.receive(error(event_id="again"))
    assert told(memory) == []
