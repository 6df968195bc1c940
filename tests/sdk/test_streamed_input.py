"""Input that the client divides by itself, sent with the vendor SDK's own classes over a real socket."""

import base64

from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking, transcript
from tests.sdk.sounds import encoded, own_words


async def test_turns_by_id_are_heard_in_the_order_of_their_ends():
    """Each becomes a user item; a cancelled one does not. The client asks for the answer."""
    scenario = vlmock.Scenario.build(turns=[{"user": "What is the weather?", "reply": "It is sunny."}])
    audio = base64.b64encode(encoded(own_words(), "pcm16")).decode()
    with vlmock.serve(scenario) as server:
        async with talking(server.url) as dialogue:
            send = dialogue.connection.send
            for turn_id in ("one", "two"):
                await send(models.ClientEventInputAudioTurnStart(turn_id=turn_id))
                await send(models.ClientEventInputAudioTurnAppend(turn_id=turn_id, audio=audio))
            await send(models.ClientEventInputAudioTurnCancel(turn_id="one"))
            await send(models.ClientEventInputAudioTurnEnd(turn_id="two"))
            committed = await dialogue.until("input_audio_buffer.committed")
            item = (await dialogue.until("conversation.item.created")).item
            assert (item.id, item.content[0].transcript) == (committed.item_id, "What is the weather?")
            await dialogue.connection.response.create()
            assert transcript(await dialogue.answer()) == "It is sunny."
            await send(models.ClientEventInputAudioClear())
            await dialogue.until("input_audio_buffer.cleared")
        assert server.problems() == []


async def test_streamed_text_is_a_typed_turn():
    """Announced when it is done, and answered like what was typed at once."""
    scenario = vlmock.Scenario.build(turns=[{"user": "What is the weather?", "reply": "It is sunny."}])
    with vlmock.serve(scenario) as server:
        async with talking(server.url) as dialogue:
            for piece in ("What is ", "the weather?"):
                await dialogue.connection.send(models.ClientEventInputTextDelta(id="typed", delta=piece))
            await dialogue.connection.send(models.ClientEventInputTextDone(id="typed"))
            item = (await dialogue.until("conversation.item.created")).item
            assert (item.id, item.content[0].text) == ("typed", "What is the weather?")
            await dialogue.connection.response.create()
            assert transcript(await dialogue.answer()) == "It is sunny."
        assert server.problems() == []


async def test_an_older_version_does_not_know_streamed_text():
    """Refused as an unknown type, with the client's own event id."""
    with vlmock.serve() as server:
        async with talking(server.url, api_version="2026-04-10") as dialogue:
            event = models.ClientEventInputTextDelta(id="typed", delta="x", event_id="mine")
            await dialogue.connection.send(event)
            error = (await dialogue.until("error")).error
            assert (error.code, error.param, error.event_id) == ("invalid_value", "type", "mine")
