"""What is told again to a session that replaces a lost one: a conversation event by event, also where it was cut."""

import json
from pathlib import Path

import pytest
import yaml

from tests.client.remembering import (
    REPLY,
    answered,
    called,
    created,
    message,
    part,
    returned,
    short,
    spoken,
    told,
    transcribed,
    typed,
)
from vlclient.memory import Memory
from vlmock.protocol.codec import decode_client, decode_server
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemTruncate, ConversationItemTruncated
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputTextDelta
from vlmock.protocol.items import (
    InputAudioPart,
    InputImagePart,
    InputTextPart,
    OutputTextPart,
    RequestMessage,
    TextPart,
)
from vlmock.protocol.output import ResponseAudioTimestampDelta, ResponseTextDelta, ResponseTextDone
from vlmock.protocol.response import Response, ResponseCreated, ResponseOutputItemDone
from vlmock.protocol.session import ResponseSession, SessionCreated
from vlmock.protocol.wire import UNSET

# ---- a conversation, event by event


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
