"""The conversation's items: created, retrieved, cut and deleted through the SDK, and what is refused."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.ai.voicelive import models
from azure.ai.voicelive.aio import ConversationItemResource

import vlmock
from tests.sdk.dialogue import talking
from tests.sdk.sounds import decoded, loudness, own_words


async def test_history_is_seeded_in_order():
    """Observed {PAI}: the first item follows null, each next one its predecessor; client ids are kept."""
    seeds = [
        models.SystemMessageItem(id="mine", content=[models.InputTextContentPart(text="Be brief.")]),
        models.UserMessageItem(content=[models.InputTextContentPart(text="Hi.")]),
        models.AssistantMessageItem(content=[models.OutputTextContentPart(text="Hello.")]),
        models.FunctionCallItem(name="f", call_id="call_1", arguments="{}"),
        models.FunctionCallOutputItem(call_id="call_1", output="42"),
    ]
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            for seed in seeds:
                await dialogue.connection.conversation.item.create(item=seed)
            created = [await dialogue.until("conversation.item.created") for _ in seeds]
            assert await dialogue.until_nothing_is_left() == []
    ids = [event.item.id for event in created]
    assert ids[0] == "mine"
    assert all(item_id.startswith("item_") for item_id in ids[1:])
    assert created[0].previous_item_id is None
    assert [event.previous_item_id for event in created[1:]] == ids[:-1]
    assert [event.item.content[0].type for event in created[:3]] == ["input_text", "input_text", "text"]
    assert "status" not in created[4].item.as_dict()


async def test_an_item_is_inserted_where_the_client_wants_it():
    """``previous_item_id`` names an item, or ``root`` for the beginning."""

    def message(item_id: str) -> models.UserMessageItem:
        return models.UserMessageItem(id=item_id, content=[models.InputTextContentPart(text=item_id)])

    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            items = dialogue.connection.conversation.item
            for item_id, before in (("a", None), ("c", None), ("b", "a"), ("first", "root")):
                await items.create(item=message(item_id), previous_item_id=before)
            created = [await dialogue.until("conversation.item.created") for _ in range(4)]
            assert [event.previous_item_id for event in created] == [None, "a", "a", None]
            await items.create(item=message("x"), previous_item_id="nobody", event_id="lost")
            error = (await dialogue.until("error")).error
    assert error.code in ("item_create_invalid_previous_item_id", "item_not_found")
    assert error.event_id == "lost"


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
async def test_a_spoken_item_is_retrieved_with_its_sound(model: str):
    """Observed {SDKT, JAVAT}: the audio of what was said, on both sides."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.speak(own_words())
            response = await dialogue.answer()
            user = (await dialogue.until("conversation.item.created")).item
            items = dialogue.connection.conversation.item
            await items.retrieve(item_id=response.output[0].id)
            assistant_part = (await dialogue.until("conversation.item.retrieved")).item.content[0]
            await items.retrieve(item_id=user.id)
            user_part = (await dialogue.until("conversation.item.retrieved")).item.content[0]
    sound = dialogue.audio(response.id)
    assert as_bytes(assistant_part["audio"]) == sound
    assert loudness(decoded(as_bytes(user_part["audio"]), "pcm16")) > 100


def as_bytes(audio: Any) -> bytes:
    return audio if isinstance(audio, bytes) else base64.b64decode(audio)


async def test_truncate_cuts_sound_and_words():
    """Observed {SDKT}: at 1000 ms of a finished item; afterwards the item holds no more than that."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url, model="gpt-realtime") as dialogue:
            item_id = (await dialogue.ask()).output[0].id
            items = dialogue.connection.conversation.item
            await items.truncate(item_id=item_id, content_index=0, audio_end_ms=1000)
            truncated = await dialogue.until("conversation.item.truncated")
            assert (truncated.item_id, truncated.content_index, truncated.audio_end_ms) == (item_id, 0, 1000)
            await items.retrieve(item_id=item_id)
            part = (await dialogue.until("conversation.item.retrieved")).item.content[0].as_dict()
    assert not part.get("transcript")
    assert len(as_bytes(part["audio"])) == 48_000


async def test_a_deleted_item_is_gone():
    """Deleting it twice is refused, and so is looking at it. Observed {BANK}."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            item = await dialogue.type("Forget it.")
            items = dialogue.connection.conversation.item
            await items.delete(item_id=item.id)
            assert (await dialogue.until("conversation.item.deleted")).item_id == item.id
            await items.delete(item_id=item.id, event_id="twice")
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id) == ("item_delete_invalid_item_id", "twice")
            assert error.message == f"Error deleting item: the item with id '{item.id}' does not exist."


Ask = Callable[[ConversationItemResource, str, str], Awaitable[None]]
REFUSED: dict[str, tuple[Ask, str | None, str | None]] = {
    "retrieve unknown": (
        lambda items, spoken, typed: items.retrieve(item_id="x", event_id="e"),
        "item_retrieve_invalid_item_id",
        "the item with id 'x' does not exist",
    ),
    "truncate unknown": (
        lambda items, spoken, typed: items.truncate(item_id="x", content_index=0, audio_end_ms=0, event_id="e"),
        "item_truncate_invalid_item_id",
        "Item with item_id not found: x",
    ),
    "truncate beyond the end": (
        lambda items, spoken, typed: items.truncate(item_id=spoken, content_index=0, audio_end_ms=99_000, event_id="e"),
        "invalid_value",
        "is already shorter than 99000ms",
    ),
    "truncate what the user typed": (
        lambda items, spoken, typed: items.truncate(item_id=typed, content_index=0, audio_end_ms=0, event_id="e"),
        None,
        "Only model output audio messages can be truncated",
    ),
    "truncate another part": (
        lambda items, spoken, typed: items.truncate(item_id=spoken, content_index=5, audio_end_ms=0, event_id="e"),
        "invalid_value",
        "",
    ),
    "the same id again": (
        lambda items, spoken, typed: items.create(
            item=models.UserMessageItem(id=typed, content=[models.InputTextContentPart(text="again")]), event_id="e"
        ),
        "invalid_value",
        "",
    ),
}


@pytest.mark.parametrize(("ask", "code", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused(ask: Ask, code: str | None, message: str):
    """Behaviour 5: code, words, and the id of the event that was refused; the conversation goes on."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url) as dialogue:
            typed = (await dialogue.type("Hello")).id
            spoken = (await dialogue.ask()).output[0].id
            await ask(dialogue.connection.conversation.item, spoken, typed)
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id, error.type) == (code, "e", "invalid_request_error")
            assert message in error.message
            assert (await dialogue.ask("Hello")).status == "completed"
