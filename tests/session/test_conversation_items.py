"""Items: created, retrieved, truncated, deleted. Source: behaviour.md 5."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import utterance
from vlmock.protocol.conversation import ConversationItemDelete, ConversationItemRetrieve, ConversationItemTruncate
from vlmock.protocol.response import ResponseCreate
from vlmock.session.script import Say
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]


def message(role: str, text: str, **members: Any) -> dict[str, Any]:
    kind = {"assistant": "text"}.get(role, "input_text")
    item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **members.pop("item", {})}
    return {"type": "conversation.item.create", "item": item, **members}


def test_items_are_echoed_in_order_with_their_place(dialogue: Dialogue) -> None:
    """Observed {PAI}: the first has null before it, each further one the item before."""
    dialogue.client(message("system", "S"), message("user", "U"), message("assistant", "A"))
    events = dialogue.all("conversation.item.created")
    assert [event.previous_item_id for event in events] == [None, events[0].item.id, events[1].item.id]
    assert {event.item.status for event in events} == {"completed"}


def test_assistant_text_may_be_called_output_text(dialogue: Dialogue) -> None:
    """Observed {PAI, SDKT}: echoed as ``text``."""
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
    part = dialogue.client({"type": "conversation.item.create", "item": item}).last("conversation.item.created").item
    assert part.content[0].type == "text"


def test_items_can_be_put_anywhere(dialogue: Dialogue) -> None:
    """Documented: after a named item, or at the ``root``; the client may choose ids."""
    dialogue.client(message("user", "b", item={"id": "b"}), message("user", "d", item={"id": "d"}))
    dialogue.client(message("user", "c", item={"id": "c"}, previous_item_id="b"))
    dialogue.client(message("user", "a", item={"id": "a"}, previous_item_id="root"))
    assert [event.previous_item_id for event in dialogue.all("conversation.item.created")] == [None, "b", "b", None]
    dialogue.client(ResponseCreate())
    assert [item.id for item in dialogue.script.turns[0].history] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("event", "code", "words"),
    [
        (message("user", "x", previous_item_id="nobody"), "item_create_invalid_previous_item_id", "nobody"),
        (message("user", "x", item={"id": "known"}), "invalid_value", "known"),
        ({"type": "conversation.item.create"}, "missing_required_parameter", "item"),
        ({"type": "conversation.item.delete", "item_id": "x"}, "item_delete_invalid_item_id", "'x' does not exist"),
        ({"type": "conversation.item.retrieve", "item_id": "x"}, "item_retrieve_invalid_item_id", "'x'"),
        (
            {"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 0},
            "item_truncate_invalid_item_id",
            "Item with item_id not found: x",
        ),
    ],
)
def test_what_is_not_there_is_refused(dialogue: Dialogue, event: dict[str, Any], code: str, words: str) -> None:
    """Behaviour 5: the code clients match on, and the client's own event id."""
    dialogue.client(message("user", "hello", item={"id": "known"})).skip()
    dialogue.client({**event, "event_id": "mine"}).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.event_id) == (code, "mine")
    assert words in error.message
    dialogue.client(ResponseCreate())
    assert len(dialogue.script.turns[0].history) == 1


def test_a_deleted_item_is_gone_and_cannot_be_deleted_twice(dialogue: Dialogue) -> None:
    """Observed {BANK}."""
    dialogue.client(message("user", "x", item={"id": "x"})).skip()
    dialogue.client(ConversationItemDelete(item_id="x")).server("conversation.item.deleted")
    dialogue.client(ConversationItemDelete(item_id="x")).server("error")
    dialogue.client(ResponseCreate())
    assert not dialogue.script.turns[0].history
    assert dialogue.script.turns[0].text == ""


def spoken_item(dialogue: Dialogue) -> str:
    """An assistant item with 2,400 ms of audio."""
    dialogue.script.replies.append([Say("x" * 40)])
    dialogue.client(ResponseCreate()).skip()
    return str(dialogue.last("response.output_item.done").item.id)


def test_a_spoken_item_is_retrieved_with_its_audio(dialogue: Dialogue) -> None:
    """Observed {SDKT, JAVAT}."""
    item_id = spoken_item(dialogue)
    part = (
        dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item.content[0]
    )
    assert (len(part.audio), part.transcript) == (2400 * 48, "x" * 40)


def test_what_the_user_said_is_retrieved_with_its_audio(open_dialogue: Opener) -> None:
    """Documented {DOC}: the audio of the turn, prefix and trailing silence included."""
    dialogue = open_dialogue(script=PlannedScript(heard=["Hi"])).skip().speak(utterance())
    start = dialogue.last("input_audio_buffer.speech_started").audio_start_ms
    end = dialogue.last("input_audio_buffer.speech_stopped").audio_end_ms
    item_id = dialogue.last("input_audio_buffer.committed").item_id
    part = (
        dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item.content[0]
    )
    assert len(part.audio) == (end - start) * 48
    assert part.transcript == "Hi"


def test_truncate_cuts_audio_and_transcript(dialogue: Dialogue) -> None:
    """Observed {SDKT, JAVAT}: the transcript goes as well."""
    item_id = spoken_item(dialogue)
    dialogue.client(ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=1000))
    dialogue.server("conversation.item.truncated")
    part = (
        dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item.content[0]
    )
    assert (len(part.audio), part.transcript) == (1000 * 48, "")


@pytest.mark.parametrize(
    ("content_index", "audio_end_ms", "code", "words"),
    [
        (0, 5000, "invalid_value", "Audio content of 2400ms is already shorter than 5000ms"),
        (0, -1, "invalid_request_error", "at least 0"),
        (1, 100, "invalid_value", "content_index"),
    ],
)
def test_a_truncation_that_makes_no_sense_is_refused(
    dialogue: Dialogue, content_index: int, audio_end_ms: int, code: str, words: str
) -> None:
    """Behaviour 5; nothing changes."""
    item_id = spoken_item(dialogue)
    dialogue.client(
        ConversationItemTruncate(item_id=item_id, content_index=content_index, audio_end_ms=audio_end_ms)
    ).server("error")
    assert dialogue.last("error").error.code == code
    assert words in dialogue.last("error").error.message
    part = (
        dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item.content[0]
    )
    assert len(part.audio) == 2400 * 48


def test_an_item_is_truncated_once(dialogue: Dialogue) -> None:
    """Observed {BANK}: ``item_already_truncated``."""
    item_id = spoken_item(dialogue)
    truncate = ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=1000)
    dialogue.client(truncate, truncate).server("conversation.item.truncated", "error")
    assert dialogue.last("error").error.code == "item_already_truncated"


def test_only_what_the_assistant_said_is_truncated(dialogue: Dialogue) -> None:
    """Assumed {OAI}: no code, and these words."""
    dialogue.client(message("user", "x", item={"id": "x"})).skip()
    dialogue.client(ConversationItemTruncate(item_id="x", content_index=0, audio_end_ms=0)).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.message) == (None, "Only model output audio messages can be truncated")


def test_an_item_can_be_truncated_while_it_is_being_said(dialogue: Dialogue) -> None:
    """Assumed: what is said after that is sent, but no longer remembered."""
    dialogue.hold_speech = True
    dialogue.client(ResponseCreate()).skip()
    item_id = dialogue.last("response.output_item.added").item.id
    dialogue.client(ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=0))
    dialogue.server("conversation.item.truncated").release_speech()
    assert dialogue.last("response.done").response.output[0].content[0].transcript == "Hello."
    part = (
        dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item.content[0]
    )
    assert (part.audio or b"", part.transcript) == (b"", "")


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "message", "role": "banana", "content": []}, "item.role"),
        ({"type": "message", "role": "user", "content": [], "status": "banana"}, "item.status"),
        ({"type": "message", "role": "user", "content": [{"type": "text", "text": "x"}]}, "item.content[0].type"),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "input_text", "text": "x"}]},
            "item.content[0].type",
        ),
    ],
)
def test_an_item_that_no_role_may_bring_is_refused(dialogue: Dialogue, item: dict[str, Any], param: str) -> None:
    """Documented (schema E1): parts per role; a wrong word is answered with the right ones."""
    dialogue.client({"type": "conversation.item.create", "item": item}).server("error")
    error = dialogue.last("error").error
    assert (error.param, "should be" in error.message) == (param, True)


def test_the_id_of_a_turn_that_is_being_spoken_is_taken(dialogue: Dialogue) -> None:
    """The client knows it from ``speech_started``; nobody else may have it."""
    dialogue.speak(utterance(after_ms=0)).server("input_audio_buffer.speech_started")
    item_id = dialogue.last("input_audio_buffer.speech_started").item_id
    dialogue.client(message("user", "x", item={"id": item_id})).server("error")
    dialogue.speak(bytes(48_000 * 2))
    assert dialogue.last("response.done").response.status == "completed"


def test_a_truncation_just_beyond_the_end_is_told_how_long_the_item_is(dialogue: Dialogue) -> None:
    """It ends between two milliseconds, and the refusal does not give as its length what was asked for."""
    voice = {"type": "azure-standard", "name": "en-US-AvaNeural", "rate": "1.3"}
    dialogue.client({"type": "response.create", "response": {"voice": voice}})  # 276.9 ms
    item_id = dialogue.last("response.output_item.added").item.id
    dialogue.client(ConversationItemTruncate(item_id=item_id, content_index=0, audio_end_ms=277))
    assert dialogue.last("error").error.message == "Audio content of 276ms is already shorter than 277ms"


def test_nothing_comes_after_an_item_that_is_gone(open_dialogue: Opener) -> None:
    """A response and a spoken turn know what they follow long before they are announced (cascade). Where that was
    deleted meanwhile, ``previous_item_id`` names what is there."""
    dialogue = open_dialogue(timing=Timing({"llm_first": 100.0, "stt": 100.0}))
    dialogue.client(*(message("user", name, item={"id": name}) for name in "abc"), ResponseCreate())
    dialogue.client(ConversationItemDelete(item_id="c")).wait(10)
    assert dialogue.last("conversation.item.created").previous_item_id == "b"
    dialogue.speak(utterance()).client(ConversationItemDelete(item_id="b")).wait(10)
    assert dialogue.last("input_audio_buffer.committed").previous_item_id == "b"
    assert dialogue.all("conversation.item.created")[-2].previous_item_id == "a"
