"""Typed turns, text-only responses, tools, and what ``response.create`` may ask for."""

import json
from typing import Any

import jsonschema
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, calls, talking, transcript

AVA = models.AzureStandardVoice(name="en-US-AvaNeural")
PIPELINES = {"cascade": ("gpt-4.1", {}), "native": ("gpt-realtime", {}), "hybrid": ("gpt-realtime", {"voice": AVA})}
pipelines = pytest.mark.parametrize(("model", "session"), PIPELINES.values(), ids=PIPELINES)
WEATHER = models.FunctionTool(
    name="get_weather",
    description="Look up the weather.",
    parameters={
        "type": "object",
        "properties": {"location": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
        "required": ["location", "days"],
    },
)
TRAFFIC = models.FunctionTool(name="get_traffic")


# ---- words


@pipelines
async def test_a_typed_turn_is_answered_in_speech(model: str, session: dict[str, Any]):
    """The transcript's deltas add up to its end, the same words stand in every event that repeats them."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            response = await dialogue.ask("Hello")
            words = "Hello! Nice to hear from you."
            assert transcript(response) == words
            assert "".join(event.delta for event in dialogue.of("response.audio_transcript.delta")) == words
            assert (await dialogue.until("response.audio_transcript.done")).transcript == words
            assert (await dialogue.until("response.output_item.done")).item.content[0].transcript == words
            assert (response.status, response.status_details) == ("completed", None)
            assert len(dialogue.audio(response.id)) > 48_000  # a second at least


@pipelines
async def test_the_three_pipelines_differ_as_the_service_does(model: str, session: dict[str, Any]):
    """Behaviour, fact 1: ids, status, conversation and nulls of a response."""
    cascade = model == "gpt-4.1"
    with vlmock.serve("small_talk") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            response = await dialogue.ask("Hello")
            item = (await dialogue.until("response.output_item.added")).item
    assert item.id.startswith("msg_" if cascade else "item_")
    assert item.status == ("incomplete" if cascade else "in_progress")
    if cascade:
        assert response.conversation_id == ""
        assert (response.output_audio_format, response.max_output_tokens) == (None, None)
    else:
        assert response.conversation_id.startswith("conv_")
        assert (response.output_audio_format, response.max_output_tokens) == ("pcm16", "inf")


@pipelines
async def test_a_session_of_text_alone_is_answered_in_text(model: str, session: dict[str, Any]):
    """Observed {PAI}: text deltas, and no audio at all."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(modalities=["text"])
            response = await dialogue.ask("Hello")
            words = "Hello! Nice to hear from you."
            assert "".join(event.delta for event in dialogue.of("response.text.delta")) == words
            assert (await dialogue.until("response.text.done")).text == words
            assert transcript(response) == words
            assert not [kind for kind in dialogue.types if "audio" in kind]
            assert response.usage.output_token_details.audio_tokens == 0


async def test_one_response_may_be_text_in_a_session_that_speaks():
    """``response.create`` overrides the modalities for itself, not for the session."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url) as dialogue:
            written = await dialogue.ask("Hello", modalities=["text"])
            assert not dialogue.of("response.audio.delta")
            spoken = await dialogue.ask("Hello")
            assert dialogue.audio(spoken.id)
            assert not dialogue.audio(written.id)


async def test_usage_adds_up():
    """Behaviour 4.10: total is input plus output, about 20 tokens for each second of speech."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url) as dialogue:
            response = await dialogue.ask("Hello")
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.output_tokens == usage.output_token_details.text_tokens + usage.output_token_details.audio_tokens
    seconds = len(dialogue.audio(response.id)) / 48_000
    assert usage.output_token_details.audio_tokens == pytest.approx(20 * seconds, abs=2)


async def test_a_pre_generated_message_is_spoken_word_for_word():
    """Observed {VIBE, GOV}: input tokens 0, the transcript is the text, the script is not asked."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            words = "Your appointment is on Tuesday at noon."
            message = models.AssistantMessageItem(content=[models.OutputTextContentPart(text=words)])
            response = await dialogue.ask(pre_generated_assistant_message=message)
            assert transcript(response) == words
            assert response.usage.input_tokens == 0
            assert dialogue.audio(response.id)
            assert transcript(await dialogue.ask()).startswith("Welcome to the city library")


async def test_a_limit_of_tokens_leaves_the_response_incomplete():
    """Behaviour 4.9: status ``incomplete`` with the reason, and no more tokens than allowed."""
    with vlmock.serve(lambda turn: "Once upon a time there was a fox. " * 12) as server:
        async with talking(server.url) as dialogue:
            response = await dialogue.ask("Tell me a story.", max_output_tokens=20)
    assert response.status == "incomplete"
    assert response.status_details.as_dict() == {"type": "incomplete", "reason": "max_output_tokens"}
    assert 0 < response.usage.output_tokens <= 20


async def test_one_response_has_instructions_tools_and_metadata_of_its_own():
    """A function as scenario is asked with what this response was given, and the next one with the session's."""
    asked = []

    def script(turn: Any) -> str:
        asked.append((turn.instructions, [tool.name for tool in turn.tools], turn.metadata))
        return "Yes."

    with vlmock.serve(script) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(instructions="Be brief.", tools=[WEATHER])
            response = await dialogue.ask("One", instructions="Shout.", tools=[TRAFFIC], metadata={"k": "v"})
            await dialogue.ask("Two")
            await dialogue.connection.response.create(additional_instructions="Whisper.")
            await dialogue.answer()
    assert response.metadata == {"k": "v"}
    assert asked[:2] == [("Shout.", ["get_traffic"], {"k": "v"}), ("Be brief.", ["get_weather"], {})]
    assert asked[2][0].startswith("Be brief.")
    assert asked[2][0].endswith("Whisper.")


async def test_one_response_has_a_voice_format_of_its_own():
    """``output_audio_format`` of the response, decoded as such; the session's is not touched."""
    with vlmock.serve(lambda turn: "Good morning to you all.") as server:
        async with talking(server.url) as dialogue:
            usual = await dialogue.ask("One")
            telephone = await dialogue.ask("Two", output_audio_format="g711_ulaw")
            again = await dialogue.ask("Three")
    lengths = [len(dialogue.audio(response.id)) for response in (usual, telephone, again)]
    assert lengths[0] == lengths[2] == pytest.approx(6 * lengths[1], rel=0.02)


# ---- tools


@pipelines
async def test_a_tool_turn_from_question_to_answer(model: str, session: dict[str, Any]):
    """Speech beside a call in one response, its output in, and an answer made of it."""
    with vlmock.serve("weather") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(tools=[WEATHER], **session)
            question = await dialogue.ask("What is the weather in Beijing?")
            message, call = question.output
            assert transcript(question) == "I will look that up."
            assert (call.name, json.loads(call.arguments)) == ("get_weather", {"location": "Beijing"})
            deltas = dialogue.of("response.function_call_arguments.delta")
            assert "".join(event.delta for event in deltas) == call.arguments
            assert {event.call_id for event in deltas} == {call.call_id}
            await dialogue.return_outputs(question, {"get_weather": '{"weather": "foggy", "temp_c": -3}'})
            assert transcript(await dialogue.ask()) == "It is foggy and -3 degrees in Beijing."
        assert server.problems() == []
    assert message.id != call.id


async def test_a_call_beside_speech_comes_before_the_sound():
    """Observed {FON}, trace C: the call is done before the first audio delta; the message's end is last."""
    with vlmock.serve("weather") as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(tools=[WEATHER])
            await dialogue.ask("What is the weather in Beijing?")
    kinds = dialogue.types
    first_sound = kinds.index("response.audio.delta")
    assert kinds.index("response.function_call_arguments.done") < first_sound
    done = [event for event in dialogue.events if event["type"] == "response.output_item.done"]
    assert [event.output_index for event in done] == [1, 0]
    assert dialogue.events.index(done[0]) < first_sound < dialogue.events.index(done[1])
    mirrored = [event for event in dialogue.of("conversation.item.created") if event.item.type == "function_call"]
    user = dialogue.of("conversation.item.created")[0].item
    assert mirrored[0].previous_item_id == user.id


async def test_two_calls_in_one_response():
    """Both outputs are sent, then one response is asked for."""
    with vlmock.serve("parallel_tools") as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(tools=[WEATHER, TRAFFIC])
            question = await dialogue.ask("Can I cycle to work in Oslo today?")
            assert [call.name for call in calls(question)] == ["get_weather", "get_traffic"]
            assert len({call.call_id for call in calls(question)}) == 2
            outputs = {"get_weather": '{"weather": "dry"}', "get_traffic": '{"status": "free"}'}
            await dialogue.return_outputs(question, outputs)
            answer = await dialogue.ask()
        assert transcript(answer) == "It is dry, and the cycle paths are free. Have a good ride."
        assert server.problems() == []


async def asked_with(choice: Any, dialogue: Dialogue) -> list[Any]:
    await dialogue.configure(tools=[TRAFFIC, WEATHER], tool_choice=choice)
    return calls(await dialogue.ask("Well?"))


@pipelines
async def test_without_a_scenario_tool_choice_is_honoured(model: str, session: dict[str, Any]):
    """Observed {NETT}: ``none`` no call, ``required`` exactly one, named that one, with arguments of its schema."""
    with vlmock.serve() as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(**session)
            assert await asked_with("none", dialogue) == []
            assert len(await asked_with("required", dialogue)) == 1
            (call,) = await asked_with(models.ToolChoiceFunctionSelection(name="get_weather"), dialogue)
            assert call.name == "get_weather"
            jsonschema.validate(json.loads(call.arguments), WEATHER.parameters)
            await dialogue.return_output(call, '{"weather": "foggy"}')
            await dialogue.configure(tool_choice="auto")
            assert "foggy" in transcript(await dialogue.ask())


async def test_an_output_for_a_call_that_nobody_made_is_refused_or_noted():
    """It never reaches a scenario as the output of some tool."""
    with vlmock.serve("weather") as server:
        async with talking(server.url) as dialogue:
            await dialogue.ask("What is the weather in Beijing?")
            item = models.FunctionCallOutputItem(call_id="call_of_nobody", output='{"weather": "wrong"}')
            await dialogue.connection.conversation.item.create(item=item)
            await dialogue.connection.response.create()
            event = await dialogue.receive()
            while event["type"] not in ("error", "response.done"):
                event = await dialogue.receive()
        assert "wrong" not in json.dumps([each.as_dict() for each in dialogue.of("response.audio_transcript.done")])
        assert server.problems()


# ---- refusals


async def test_a_second_response_is_refused_while_one_runs_and_the_first_is_not_harmed():
    """Observed {VIBE, ILA}: the refused request never gets a ``response.done``."""
    with vlmock.serve("small_talk", timing={"llm_first": 300.0}) as server:
        async with talking(server.url) as dialogue:
            await dialogue.type("Hello")
            await dialogue.connection.response.create()
            await dialogue.until("response.created")
            await dialogue.connection.response.create(event_id="too-early")
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id) == ("conversation_already_has_active_response", "too-early")
            assert error.type == "invalid_request_error"
            assert transcript(await dialogue.answer()) == "Hello! Nice to hear from you."
            assert await dialogue.until_nothing_is_left() == []
    assert len(dialogue.of("response.done")) == len(dialogue.of("response.created")) == 1


async def test_an_unknown_member_of_response_create_is_refused():
    """Observed {GOV}: with the path as param, and no response is created."""
    with vlmock.serve("small_talk") as server:
        async with talking(server.url) as dialogue:
            await dialogue.type("Hello")
            await dialogue.connection.send({"type": "response.create", "event_id": "e1", "response": {"bogus": 1}})
            error = (await dialogue.until("error")).error
            assert await dialogue.until_nothing_is_left() == []
    assert error.message == "'response.bogus' unexpected (extra fields not permitted)"
    assert (error.param, error.event_id, error.type) == ("response.bogus", "e1", "invalid_request_error")
