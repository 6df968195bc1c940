"""Interim responses, through the vendor SDK. Source: schema D12, behaviour.md 4.6."""

from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking
from vlmock.session.script import Call, Say, Turn, Wait

TEXTS = ["Let me look that up for you.", "One moment while I check on that."]


def slow(turn: Turn) -> list[object]:
    """First a long thought, then a call, then its result."""
    if turn.tool_outputs:
        return [Say("It is sunny.")]
    return [Wait(0.3), Say("Nine o'clock.")] if "open" in turn.text else [Call("get_weather", "{}")]


def fillers(dialogue: Dialogue) -> list[str]:
    done = [event.response for event in dialogue.of("response.done")]
    return [
        item.content[0].transcript for response in done for item in response.output if item.id.startswith("interim_")
    ]


async def test_static_texts_fill_the_silence_of_model_and_tool():
    """Documented {DOC}: the sample of the how-to, with a shorter patience."""
    config = models.StaticInterimResponseConfig(
        triggers=[models.InterimResponseTrigger.TOOL, models.InterimResponseTrigger.LATENCY],
        latency_threshold_ms=100,
        texts=TEXTS,
    )
    with vlmock.serve(slow) as server:
        async with talking(server.url) as dialogue:
            session = await dialogue.configure(
                interim_response=config, tools=[models.FunctionTool(name="get_weather")], turn_detection=None
            )
            assert session.interim_response["texts"] == TEXTS
            await dialogue.ask("When does it open?")
            response = await dialogue.ask("How is the weather?")
            await dialogue.return_outputs(response, {"get_weather": "sunny"})
            await dialogue.ask()
    spoken = fillers(dialogue)
    assert len(spoken) == 2
    assert set(spoken) <= set(TEXTS)
    for response in (event.response for event in dialogue.of("response.done")):
        assert len(dialogue.audio(response.id)) > 0
    created = [event.item.id for event in dialogue.of("conversation.item.created")]
    assert sum(item_id.startswith("interim_") for item_id in created) == 2


async def test_one_response_may_have_its_own_interim():
    """Documented (schema B1)."""
    own = models.StaticInterimResponseConfig(latency_threshold_ms=100, texts=["Bear with me."])
    with vlmock.serve(slow) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=None)
            await dialogue.ask("When does it open?", interim_response=own)
            await dialogue.ask("When does it open?")
    assert fillers(dialogue) == ["Bear with me."]
