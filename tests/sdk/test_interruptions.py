"""Cancel, barge-in while the answer is generated, and barge-in after it was."""

import asyncio
from typing import Any

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking, transcript
from tests.sdk.sounds import own_words

AVA = models.AzureStandardVoice(name="en-US-AvaNeural")
PIPELINES = {"cascade": ("gpt-4.1", {}), "native": ("gpt-realtime", {}), "hybrid": ("gpt-realtime", {"voice": AVA})}
pipelines = pytest.mark.parametrize(("model", "session"), PIPELINES.values(), ids=PIPELINES)
STORY = "Once upon a time there was a fox. " * 12
SLOW = {"audio_speed": 4.0}
"""A story of half a minute takes eight seconds: it cannot be over before it is interrupted."""


def storyteller(turn: Any) -> str:
    return STORY if turn.number == 1 else "As you wish."


async def has_begun(dialogue: Dialogue) -> str:
    """A story that is being generated, some of it already sent. The response's id."""
    await dialogue.type("Tell me a story.")
    await dialogue.connection.response.create()
    return str((await dialogue.until("response.audio.delta")).response_id)


def assert_ended_early(dialogue: Dialogue, response: Any, reason: str) -> None:
    """Cancelled for that reason, closed part by part, and silent afterwards."""
    assert response.status == "cancelled"
    assert response.status_details.as_dict() == {"type": "cancelled", "reason": reason}
    kinds = [event["type"] for event in dialogue.events if getattr(event, "response_id", None) == response.id]
    closing = ["response.audio.done", "response.audio_transcript.done"]
    closing += ["response.content_part.done", "response.output_item.done"]
    assert [kind for kind in kinds if kind in closing] == closing
    assert kinds[-4:] == closing
    done = next(event for event in dialogue.of("response.done") if event.response.id == response.id)
    after = dialogue.events[dialogue.events.index(done) + 1 :]
    assert not [event for event in after if getattr(event, "response_id", None) == response.id]
    assert response.output[0].status == "incomplete"
    said = [event.delta for event in dialogue.of("response.audio_transcript.delta") if event.response_id == response.id]
    assert transcript(response) == "".join(said)
    assert 0 < len(dialogue.audio(response.id)) < 20 * 48_000


@pipelines
async def test_cancel_ends_the_response(model: str, session: dict[str, Any]):
    """Observed, behaviour 4.9: ``client_cancelled``, every part is closed, and the next response is free to come."""
    with vlmock.serve(storyteller, timing=SLOW) as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            response_id = await has_begun(dialogue)
            await dialogue.connection.response.cancel()
            response = await dialogue.answer()
            assert response.id == response_id
            assert transcript(await dialogue.ask("Good night.")) == "As you wish."
            assert_ended_early(dialogue, response, "client_cancelled")


async def test_cancel_before_anything_was_said_leaves_an_empty_response():
    """Observed {NB04}: only ``response.done``, with nothing in it. Usage is zero."""
    with vlmock.serve(storyteller, timing={"llm_first": 5000.0}) as server:
        async with talking(server.url) as dialogue:
            await dialogue.type("Tell me a story.")
            await dialogue.connection.response.create()
            await dialogue.until("response.created")
            await dialogue.connection.response.cancel()
            response = await dialogue.answer()
    assert (response.status, response.output, response.usage.total_tokens) == ("cancelled", [], 0)
    assert dialogue.types[-2:] == ["response.created", "response.done"]


async def test_cancel_with_nothing_to_cancel_is_refused():
    """Observed: ``response_cancel_not_active``; also when the response has just ended, and for another's id."""
    with vlmock.serve(storyteller, timing="instant") as server:
        async with talking(server.url) as dialogue:
            await dialogue.connection.response.cancel(event_id="early")
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id) == ("response_cancel_not_active", "early")
            assert error.message == "Cancellation failed: no active response found"
            await dialogue.ask("Tell me a story.")
            await dialogue.connection.response.cancel(event_id="late")
            assert (await dialogue.until("error")).error.event_id == "late"


@pipelines
async def test_speech_while_the_answer_is_generated_interrupts_it(model: str, session: dict[str, Any]):
    """Observed {NB04}: ``turn_detected``; the next response is created only after the cancelled one is done."""
    with vlmock.serve(storyteller, timing=SLOW) as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            first = await has_begun(dialogue)
            await dialogue.speak(own_words())
            response = await dialogue.answer()
            assert response.id == first
            assert transcript(await dialogue.answer()) == "As you wish."
            assert_ended_early(dialogue, response, "turn_detected")
    kinds = dialogue.types
    second_created = len(kinds) - 1 - kinds[::-1].index("response.created")
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.done") < second_created


async def test_with_interrupt_response_false_the_answer_goes_on():
    """Documented: the speech is a turn, and the running response is not touched by it."""
    with vlmock.serve(lambda turn: "One two three four five.", timing={"audio_speed": 4.0}) as server:
        async with talking(server.url) as dialogue:
            vad = models.ServerVad(interrupt_response=False, create_response=False)
            await dialogue.configure(turn_detection=vad)
            await has_begun(dialogue)
            await dialogue.speak(own_words())
            await dialogue.until("input_audio_buffer.committed")
            response = await dialogue.answer()
    assert response.status == "completed"
    assert dialogue.types.index("input_audio_buffer.speech_started") < dialogue.types.index("response.done")


@pipelines
async def test_speech_after_the_answer_was_generated_cancels_nothing(model: str, session: dict[str, Any]):
    """Observed {S06}: ``speech_started`` and nothing else about the old response; a late cancel is refused."""
    with vlmock.serve(storyteller) as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            first = await dialogue.ask("Tell me a story.")
            await dialogue.speak(own_words())
            second = await dialogue.answer()
            assert (first.status, second.status) == ("completed", "completed")
            done = dialogue.of("response.done")[0]
            after = dialogue.events[dialogue.events.index(done) + 1 :]
            assert not [event for event in after if getattr(event, "response_id", None) == first.id]
            assert "conversation.item.truncated" not in dialogue.types


async def test_auto_truncate_cuts_what_the_user_did_not_hear():
    """Documented and observed {BANK}: the service assumes that it is played as it comes; a second cut is refused."""
    with vlmock.serve(storyteller) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.ServerVad(auto_truncate=True))
            item = (await dialogue.ask("Tell me a story.")).output[0]
            await dialogue.speak(own_words())
            await dialogue.answer()
            (truncated,) = dialogue.of("conversation.item.truncated")
            assert (truncated.item_id, truncated.content_index) == (item.id, 0)
            assert 0 <= truncated.audio_end_ms < 20_000
            await dialogue.connection.conversation.item.truncate(
                item_id=item.id, content_index=0, audio_end_ms=0, event_id="again"
            )
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id) == ("item_already_truncated", "again")


async def test_the_shipped_barge_in_can_be_interrupted_as_it_says():
    """With the service's own timing: the long answer is cut short by the caller, who is answered shortly."""
    with vlmock.serve("barge_in") as server:
        async with talking(server.url) as dialogue:
            await dialogue.type("Tell me about the history of bread.")
            await dialogue.connection.response.create()
            await dialogue.until("response.audio.delta")
            await dialogue.speak(own_words())
            assert (await dialogue.answer()).status == "cancelled"
            assert transcript(await dialogue.answer()) == "All right."
        assert server.problems() == []


async def test_closing_in_the_middle_of_an_answer_harms_nobody():
    """The connection ends with the client's code, the next one is served, and nothing is left over."""
    with vlmock.serve(storyteller, timing=SLOW) as server:
        async with talking(server.url) as dialogue:
            await has_begun(dialogue)
        ended = await asyncio.to_thread(server.journal.wait_for_close)
        assert (ended.code, ended.by) == (1000, "client")
        async with talking(server.url) as dialogue:
            await has_begun(dialogue)
        assert server.problems() == []
