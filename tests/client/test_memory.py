"""What is remembered of a conversation, and how it is told again after a reconnect."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from vlclient.memory import Memory
from vlmock.protocol.codec import UnknownServerEvent, decode_client, decode_server
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDelete,
    ConversationItemDeleted,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemTruncate,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputTextDelta
from vlmock.protocol.items import (
    AudioPart,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputImagePart,
    InputTextPart,
    McpCallItem,
    MessageItem,
    OutputTextPart,
    RequestFunctionCallOutput,
    RequestMessage,
    TextPart,
)
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioTimestampDelta,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.response import Response, ResponseCreated, ResponseOutputItemDone
from vlmock.protocol.session import RequestSession, ResponseSession, SessionCreated, SessionUpdate, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.turn_detection import AzureSemanticVad, ServerVad
from vlmock.protocol.wire import UNSET

ONE_SECOND = bytes(48000)
REPLY = "The weather in Graz will be sunny tomorrow."


@pytest.fixture
def memory() -> Memory:
    return Memory()


def told(memory: Memory) -> list[tuple[Any, ...]]:
    """What is replayed, in short."""
    return [short(create.item) for create in memory.replay()]


def short(item: Any) -> tuple[Any, ...]:
    if item.type == "message":
        return (item.id, item.role, *[getattr(part, "text", "image") for part in item.content])
    rest = (item.name, item.arguments) if item.type == "function_call" else (item.output,)
    return (item.id, item.type, item.call_id, *rest)


# ---- a conversation, event by event


def typed(memory: Memory, item_id: Any, text: str, *, role: str = "user", **options: Any) -> None:
    part = TextPart(text=text) if role == "assistant" else InputTextPart(text=text)
    memory.sent(ConversationItemCreate(item=RequestMessage(id=item_id, role=role, content=[part]), **options))


def created(memory: Memory, item: Any, **options: Any) -> None:
    memory.receive(ConversationItemCreated(item=item, **options))


def message(item_id: str, role: str, *content: Any, status: str = "completed") -> MessageItem:
    return MessageItem(id=item_id, role=role, status=status, content=list(content))


def transcribed(memory: Memory, item_id: str, text: str) -> None:
    memory.receive(ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript=text))


def spoken(memory: Memory, item_id: str, text: str | None) -> None:
    """As native pipelines tell it; the transcript comes later."""
    memory.receive(InputAudioBufferCommitted(item_id=item_id))
    created(memory, message(item_id, "user", InputAudioPart(transcript=None)))
    if text is not None:
        transcribed(memory, item_id, text)


def part(item_id: str) -> dict[str, Any]:
    return {"response_id": "r", "item_id": item_id, "output_index": 0, "content_index": 0}


def answered(
    memory: Memory, item_id: str = "a", text: str = REPLY, *, seconds: int = 4, status: str | None = "completed"
) -> None:
    """A spoken answer; one that breaks off has no ``status``."""
    created(memory, message(item_id, "assistant", status="in_progress"))
    memory.receive(ResponseAudioTranscriptDelta(**part(item_id), delta=text[:10]))
    memory.receive(ResponseAudioTranscriptDelta(**part(item_id), delta=text[10:]))
    for _ in range(seconds):
        memory.receive(ResponseAudioDelta(**part(item_id), delta=ONE_SECOND))
    if status:
        memory.receive(ResponseAudioTranscriptDone(**part(item_id), transcript=text))
        item = message(item_id, "assistant", AudioPart(transcript=text), status=status)
        memory.receive(ResponseOutputItemDone(response_id="r", output_index=0, item=item))


def called(memory: Memory, call_id: str, *, complete: bool = True) -> None:
    item_id = f"item_{call_id}"
    created(memory, FunctionCallItem(id=item_id, status="in_progress", name="f", call_id=call_id, arguments=""))
    if complete:
        memory.receive(
            ResponseFunctionCallArgumentsDone(
                response_id="r", item_id=item_id, output_index=0, call_id=call_id, arguments="{}"
            )
        )


def returned(memory: Memory, call_id: str, output: str = "ok") -> None:
    item_id = f"output_{call_id}"
    memory.sent(ConversationItemCreate(item=RequestFunctionCallOutput(id=item_id, call_id=call_id, output=output)))
    created(memory, FunctionCallOutputItem(id=item_id, call_id=call_id, output=output))


def test_a_conversation_is_told_again_in_writing(memory):
    """Typed, spoken and called, in the order in which it happened, with the ids that it had."""
    typed(memory, "s", "Be brief.", role="system")
    created(memory, message("s", "system", InputTextPart(text="Be brief.")))
    spoken(memory, "u1", "What will the weather be?")
    called(memory, "c1")
    returned(memory, "c1")
    answered(memory, "a1")
    typed(memory, "u2", "And in Wien?")
    created(memory, message("u2", "user", InputTextPart(text="And in Wien?")), previous_item_id="a1")
    assert told(memory) == [
        ("s", "system", "Be brief."),
        ("u1", "user", "What will the weather be?"),
        ("item_c1", "function_call", "c1", "f", "{}"),
        ("output_c1", "function_call_output", "c1", "ok"),
        ("a1", "assistant", REPLY),
        ("u2", "user", "And in Wien?"),
    ]
    parts = {
        create.item.role: create.item.content[0].type for create in memory.replay() if create.item.type == "message"
    }
    assert parts == {"system": "input_text", "user": "input_text", "assistant": "text"}, "schema E1"


def test_a_transcript_may_come_before_its_item_and_after_the_answer(memory):
    """Observed {FON}: cascades send it first, native pipelines at any time; its place is that of the commit."""
    memory.receive(InputAudioBufferCommitted(item_id="u1"))
    transcribed(memory, "u1", "First.")
    created(memory, message("u1", "user", InputAudioPart(transcript="First.")))
    answered(memory, "a1", "One.")
    spoken(memory, "u2", None)
    answered(memory, "a2", "Two.")
    transcribed(memory, "u2", "Second.")
    assert [item[-1] for item in told(memory)] == ["First.", "One.", "Second.", "Two."]


def test_the_previous_item_of_a_cascade_does_not_disturb_the_order(memory):
    """Observed {FON}: it names the user's previous item and skips the assistant's."""
    spoken(memory, "u1", "First.")
    answered(memory, "a1", "One.")
    memory.receive(InputAudioBufferCommitted(item_id="u2", previous_item_id="u1"))
    created(memory, message("u2", "user", InputAudioPart(transcript="Second.")), previous_item_id="u1")
    created(memory, message("a2", "assistant", TextPart(text="Two.")), previous_item_id="u2")
    assert [item[0] for item in told(memory)] == ["u1", "a1", "u2", "a2"]


def test_an_empty_transcript_does_not_undo_another(memory):
    """Observed {PIPE, FON}: a second, empty one may follow."""
    spoken(memory, "u1", "Hello.")
    transcribed(memory, "u1", "")
    created(memory, message("u1", "user", InputAudioPart(transcript="")))
    assert told(memory) == [("u1", "user", "Hello.")]


@pytest.mark.parametrize(
    ("after", "order"),
    [(UNSET, "abx"), (None, "abx"), ("root", "xab"), ("a", "axb"), ("b", "abx"), ("nowhere", "abx")],
)
def test_an_item_stands_where_the_client_put_it(memory, after, order):
    """Documented {DOC}: behind ``previous_item_id``, first for ``root``, else at the end."""
    for item_id in "ab":
        typed(memory, item_id, item_id)
    typed(memory, "x", "x", previous_item_id=after)
    created(memory, message("x", "user", InputTextPart(text="x")), previous_item_id="anything")
    assert "".join(item[0] for item in told(memory)) == order


def test_what_was_typed_without_an_id_takes_the_services(memory):
    """Observed {PAI}: echoes come in the order of the requests."""
    typed(memory, UNSET, "One")
    typed(memory, UNSET, "Two")
    created(memory, message("a", "assistant", status="in_progress"))
    created(memory, message("item_1", "user", InputTextPart(text="One")))
    created(memory, message("item_2", "user", InputTextPart(text="Two")))
    assert told(memory) == [("item_1", "user", "One"), ("item_2", "user", "Two")]


def test_what_was_typed_is_not_lost_with_its_echo(memory):
    """The connection ended before the service said that it had it; then it gets an id of ours, once."""
    typed(memory, UNSET, "Hello?")
    memory.disconnected()
    (create,) = memory.replay()
    assert short(create.item) == ("replayed_1", "user", "Hello?")
    memory.sent(create)
    created(memory, message("replayed_1", "user", InputTextPart(text="Hello?")))
    assert told(memory) == [("replayed_1", "user", "Hello?")]


def test_text_images_and_unheard_audio_of_one_message(memory):
    """Parts keep their order; audio without a transcript is no part."""
    image = InputImagePart(image_url="https://pictures.example/cat.png")
    content = [InputTextPart(text="What is this?"), InputAudioPart(audio=b"12"), image]
    memory.sent(ConversationItemCreate(item=RequestMessage(id="u", role="user", content=content)))
    (create,) = memory.replay()
    assert create.item.content == [InputTextPart(text="What is this?"), image]


def test_seeded_assistant_messages_and_written_answers_are_text(memory):
    """Observed {PAI, SDKT}: seeds may say ``output_text``; answers in writing come in pieces. Both are text."""
    seed = RequestMessage(id="a1", role="assistant", content=[OutputTextPart(text="Hi.")])
    memory.sent(ConversationItemCreate(item=seed))
    created(memory, message("a2", "assistant", status="incomplete"))
    memory.receive(ResponseTextDelta(**part("a2"), delta="He"))
    memory.receive(ResponseTextDelta(**part("a2"), delta="llo"))
    assert told(memory)[-1] == ("a2", "assistant", "Hello")
    memory.receive(ResponseTextDone(**part("a2"), text="Hello."))
    done = message("a2", "assistant", TextPart(text=""))
    memory.receive(ResponseOutputItemDone(response_id="r", output_index=0, item=done))
    assert told(memory) == [("a1", "assistant", "Hi."), ("a2", "assistant", "Hello.")]


def test_text_that_is_typed_as_it_is_written(memory):
    """Since 2026-06-01-preview; an echo that lags behind takes nothing away."""
    memory.sent(InputTextDelta(id="u", delta="Good "))
    memory.sent(InputTextDelta(id="u", delta="day"))
    created(memory, message("u", "user", InputTextPart(text="Good ")))
    assert told(memory) == [("u", "user", "Good day")]


# ---- what was interrupted


@pytest.mark.parametrize(
    ("heard_ms", "kept"),
    [
        (0, None),
        (200, None),
        (400, "The"),
        (1000, "The"),
        (1100, "The weather"),
        (2000, "The weather in Graz"),
        (3800, "The weather in Graz will be sunny"),
        (3990, REPLY),
        (4000, REPLY),
    ],
)
def test_of_a_truncated_answer_only_what_was_heard_is_told(memory, heard_ms, kept):
    """Estimated from the share of its sound, in whole words; nothing at all where no word was heard."""
    answered(memory, "a", seconds=4)
    memory.sent(ConversationItemTruncate(item_id="a", content_index=0, audio_end_ms=heard_ms))
    memory.receive(ConversationItemTruncated(item_id="a", content_index=0, audio_end_ms=heard_ms))
    assert told(memory) == ([("a", "assistant", kept)] if kept else [])


def test_without_its_end_nobody_is_taken_to_speak_faster_than_people_do(memory):
    """Transcripts run ahead of the sound: one of two seconds received is not half of the words."""
    text = "word " * 60
    answered(memory, "a", text, seconds=2, status="incomplete")
    memory.sent(ConversationItemTruncate(item_id="a", content_index=0, audio_end_ms=1000))
    assert told(memory) == [("a", "assistant", "word word word")]


def test_words_with_times_are_told_exactly(memory):
    """Where the session asked for timestamps; a mark of punctuation belongs to its word."""
    answered(memory, "a", "Yes, yes, it will. Or not.", seconds=4)
    for i, word in enumerate(["Yes", "yes", "it", "will", "Or", "not"]):
        memory.receive(
            ResponseAudioTimestampDelta(**part("a"), audio_offset_ms=i * 500, audio_duration_ms=400, text=word)
        )
    memory.heard("a", 0, 1950)
    assert told(memory) == [("a", "assistant", "Yes, yes, it will.")]
    memory.heard("a", 0, 900)
    assert told(memory) == [("a", "assistant", "Yes, yes,")]


def test_words_are_not_cut_where_there_are_none(memory):
    """In scripts without spaces every character may be the last."""
    answered(memory, "a", "明天格拉茨天气晴朗", seconds=3)
    memory.heard("a", 0, 1000)
    assert told(memory) == [("a", "assistant", "明天格")]


def test_the_services_own_truncation_counts_unless_the_client_knows_better(memory):
    """Documented {DOC}: ``auto_truncate`` assumes playback in real time; the client knows what was played."""
    for item_id in ("a", "b"):
        answered(memory, item_id, seconds=4)
    memory.receive(ConversationItemTruncated(item_id="a", content_index=0, audio_end_ms=1100))
    memory.heard("b", 0, 2000)
    memory.receive(ConversationItemTruncated(item_id="b", content_index=0, audio_end_ms=1000))
    assert told(memory) == [("a", "assistant", "The weather"), ("b", "assistant", "The weather in Graz")]


def test_how_long_it_is_depends_on_the_format(memory):
    """At 8 kHz the same bytes last three times as long; a response's own format goes before the session's."""
    memory.receive(SessionCreated(session=ResponseSession(output_audio_format="pcm16_8000hz")))
    answered(memory, "a", seconds=1)
    memory.heard("a", 0, 1500)
    memory.receive(ResponseCreated(response=Response(id="r", status="in_progress", output_audio_format="pcm16")))
    answered(memory, "b", seconds=3)
    memory.heard("b", 0, 1500)
    assert [item[-1] for item in told(memory)] == ["The weather in Graz"] * 2


def test_an_answer_that_broke_off_with_the_connection_is_told_as_far_as_it_came(memory):
    """Nobody said how much of it was heard."""
    answered(memory, "a", status=None)
    assert told(memory) == [("a", "assistant", REPLY)]


# ---- what is left out


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


# ---- bounds


def test_the_oldest_is_forgotten_but_for_the_systems_words(memory):
    """Bounded in items, and counted."""
    memory = Memory(most_items=3)
    typed(memory, "s", "Be brief.", role="system")
    for i in range(5):
        typed(memory, f"u{i}", str(i))
    assert [item[0] for item in told(memory)] == ["s", "u3", "u4"]
    assert memory.forgotten == 3
    assert memory.disconnected() == ("3 items from the beginning of the conversation",)


def test_it_is_bounded_in_text_too():
    """The newest is kept, however long; an output whose call is forgotten is not told."""
    memory = Memory(most_characters=100)
    called(memory, "c1")
    returned(memory, "c1", "x" * 90)
    typed(memory, "u1", "y" * 9)
    assert told(memory) == [("u1", "user", "y" * 9)]
    typed(memory, "u2", "z" * 1000)
    assert told(memory) == [("u2", "user", "z" * 1000)]


# ---- the configuration


def error(*, event_id: str | None, param: str | None = None) -> ErrorEvent:
    return ErrorEvent(
        error=ErrorDetails(message="no", type="invalid_request_error", code=None, param=param, event_id=event_id)
    )


UPDATED = SessionUpdated(session=ResponseSession())


def update(memory: Memory, event_id: Any = UNSET, **settings: Any) -> None:
    memory.sent(SessionUpdate(event_id=event_id, session=RequestSession(**settings)))


def test_accepted_updates_add_up_to_one(memory):
    """Documented {DOC}, behaviour.md 2.2: merged at the top level, objects inside replaced, null switches off."""
    assert memory.configuration is None
    update(memory, instructions="Be brief.", turn_detection=ServerVad(threshold=0.7, silence_duration_ms=300))
    assert memory.configuration is None, "not accepted yet"
    memory.receive(UPDATED)
    update(memory, voice="en-US-AvaNeural", turn_detection=ServerVad(threshold=0.5))
    memory.receive(UPDATED)
    update(memory, input_audio_noise_reduction=None)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(
        session=RequestSession(
            instructions="Be brief.",
            turn_detection=ServerVad(threshold=0.5),
            voice="en-US-AvaNeural",
            input_audio_noise_reduction=None,
        )
    )


@pytest.mark.parametrize(
    ("event_id", "refusal"),
    [
        ("e1", error(event_id="e1")),
        (UNSET, error(event_id=None, param="session.turn_detection")),
        ("e1", error(event_id=None, param="session.turn_detection")),
    ],
)
def test_a_refused_update_leaves_nothing(memory, event_id, refusal):
    """Observed {IVW}: not even its valid members; Observed {FON}: an error without an id names the member at fault."""
    update(memory, event_id, turn_detection=AzureSemanticVad(), voice="x")
    update(memory, "e2", instructions="Be brief.")
    memory.receive(error(event_id=None, param="item.id"))
    memory.receive(refusal)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(session=RequestSession(instructions="Be brief."))


def test_a_second_confirmation_confirms_nothing_more(memory):
    """Observed {VIBE}: with an avatar two come for one update."""
    update(memory, voice="x")
    memory.receive(UPDATED)
    memory.receive(UPDATED)
    assert memory.configuration == SessionUpdate(session=RequestSession(voice="x"))


def test_sending_the_configuration_again_changes_nothing(memory):
    """What was not confirmed when the connection ended is not waited for."""
    update(memory, voice="x")
    memory.receive(UPDATED)
    update(memory, voice="y")
    memory.disconnected()
    again = memory.configuration
    assert again is not None
    memory.sent(again)
    memory.receive(UPDATED)
    assert memory.configuration == again == SessionUpdate(session=RequestSession(voice="x"))


# ---- the real service


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("test_audio_in_server_vad_turn", ["user", "assistant"]),
        ("test_message_history_seeding", ["user", "assistant", "user", "assistant"]),
        ("test_text_in_audio_out_turn", ["user", "assistant"]),
        ("test_text_output_modality_returns_text", ["user", "assistant"]),
        ("test_tool_call_round", ["user", "function_call", "function_call_output", "assistant"]),
    ],
)
def test_recorded_conversations_are_remembered(shared: Path, name, roles):
    """What the service itself sent: every item comes back once, in order, with its words, in events that it takes."""
    recording = yaml.safe_load((shared / "recordings" / f"{name}.yaml").read_text(encoding="utf-8"))
    memory = Memory()
    for each in recording["interactions"]:
        frame = json.dumps(each["data"])
        if each["direction"] == "sent":
            memory.sent(decode_client(frame))
        else:
            memory.receive(decode_server(frame))
    items = [create.item for create in memory.replay()]
    assert [getattr(item, "role", item.type) for item in items] == roles
    assert all(item.content[0].text.strip() for item in items if item.type == "message")
    assert memory.configuration is not None
