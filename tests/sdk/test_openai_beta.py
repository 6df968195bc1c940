"""OpenAI's own client on the beta dialect: every event is judged by its types on the way in."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pydantic
import pytest
import websockets
from openai import AsyncAzureOpenAI, AsyncOpenAI
from openai.types.beta.realtime import RealtimeServerEvent
from websockets.asyncio.client import connect as dial

import vlmock
from tests.sdk.dialogue import PATIENCE_S
from tests.sdk.sounds import own_words
from vlmock import Call, Say
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.reading import read
from vlmock.rehearsal.playing import rehearse
from vlmock.server.mock_server import MockServer

JUDGE: Any = pydantic.TypeAdapter(RealtimeServerEvent)
MODEL = "gpt-4o-realtime-preview"
WEATHER = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}


def of_openai(server: MockServer, scenario: str = "") -> Any:
    return AsyncOpenAI(api_key="any", base_url="http://unused", websocket_base_url=f"{server.ws_url}{scenario}/v1")


def of_azure(server: MockServer, scenario: str = "", version: str = "2025-04-01-preview") -> Any:
    return AsyncAzureOpenAI(
        api_key="any",
        azure_endpoint="http://unused",
        api_version=version,
        websocket_base_url=f"{server.ws_url}{scenario}/openai",
    )


class Talk:
    """One connection of OpenAI's client. ``events`` is all that came, as that client reads it."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.events: list[Any] = []

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    async def until(self, wire_type: str) -> Any:
        """The next event of a type; an ``error`` that was not waited for fails the test."""
        while True:
            async with asyncio.timeout(PATIENCE_S):
                frame = await self.connection.recv_bytes()
            judged = JUDGE.validate_json(frame)
            event = self.connection.parse_event(frame)
            assert type(event) is type(judged)
            self.events.append(event)
            if event.type == wire_type:
                return event
            assert event.type != "error", event

    async def ask(self, text: str) -> Any:
        part: Any = {"type": "input_text", "text": text}
        await self.connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [part], "object": "realtime.item"}
        )
        return await self.respond()

    async def respond(self, **response: Any) -> Any:
        await self.connection.response.create(response=response)
        return (await self.until("response.done")).response


@asynccontextmanager
async def talking(client: Any, model: str = MODEL) -> AsyncIterator[Talk]:
    async with client.beta.realtime.connect(model=model) as connection:
        talk = Talk(connection)
        await talk.until("session.created")
        yield talk


def concierge(turn: Any) -> Any:
    if turn.tool_outputs:
        return f"It is {turn.tool_outputs[0].output}."
    return [Say("I will look."), Call("get_weather", '{"city": "Bonn"}')]


@pytest.mark.parametrize("of", [of_openai, of_azure])
async def test_a_text_turn(of: Any) -> None:
    """Session and conversation come first; words and sound have the beta's names; modalities are both."""
    with vlmock.serve() as server:
        async with talking(of(server, "/greeting")) as talk:
            session = talk.events[0].session
            assert (session.voice, sorted(session.modalities), session.temperature) == ("alloy", ["audio", "text"], 0.8)
            conversation = (await talk.until("conversation.created")).conversation
            await talk.connection.session.update(
                session={"modalities": ["text", "audio"], "voice": "shimmer", "instructions": "Be brief.", "speed": 1.1}
            )
            assert (await talk.until("session.updated")).session.voice == "shimmer"
            response = await talk.respond(modalities=["audio", "text"])
        assert response.status == "completed"
        assert (response.voice, response.conversation_id) == ("shimmer", conversation.id)
        said = response.output[0].content[0].transcript
        assert said == "Welcome to the city library. How can I help you?"
        for kind in ("rate_limits.updated", "response.audio.delta", "response.audio_transcript.done"):
            assert kind in talk.types
        deltas = [event.delta for event in talk.events if event.type == "response.audio_transcript.delta"]
        assert "".join(deltas) == said
        (facts,) = server.journal.connections
        assert (facts["dialect"], facts["model"]) == ("openai-beta", MODEL)


@pytest.mark.parametrize("of", [of_openai, of_azure])
async def test_a_tool_turn(of: Any) -> None:
    """The function's name stands in the item, not in ``function_call_arguments.done``."""
    with vlmock.serve(concierge) as server:
        async with talking(of(server)) as talk:
            await talk.connection.session.update(session={"tools": [WEATHER], "tool_choice": "auto"})
            response = await talk.ask("What is the weather?")
            done = next(event for event in talk.events if event.type == "response.function_call_arguments.done")
            assert not hasattr(done, "name")
            assert json.loads(done.arguments) == {"city": "Bonn"}
            call = next(item for item in response.output if item.type == "function_call")
            assert (call.name, call.call_id) == ("get_weather", done.call_id)
            await talk.connection.conversation.item.create(
                item={"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
            )
            response = await talk.respond()
            assert response.output[0].content[0].transcript == "It is sunny."
        assert server.problems() == []


async def test_a_spoken_turn_is_transcribed_and_its_seconds_are_counted() -> None:
    """``usage`` is required there; the model of the transcription may be left out."""
    with vlmock.serve("small_talk") as server:
        async with talking(of_openai(server)) as talk:
            await talk.connection.session.update(
                session={"input_audio_transcription": {}, "turn_detection": {"type": "server_vad"}}
            )
            session = (await talk.until("session.updated")).session
            assert (session.input_audio_transcription.model, session.turn_detection.type) == ("whisper-1", "server_vad")
            await talk.connection.input_audio_buffer.append(audio=base64.b64encode(own_words().tobytes()).decode())
            await talk.until("response.done")
        completed = next(event for event in talk.events if event.type.endswith("input_audio_transcription.completed"))
        assert completed.usage.type == "duration"
        assert completed.usage.seconds > 0.5
        assert "conversation.item.done" not in talk.types


async def test_a_response_to_a_context_of_its_own() -> None:
    """``input`` and ``conversation``, which are ``input_items`` in Voice Live."""
    asked = []

    def script(turn: Any) -> str:
        asked.append(turn.text)
        return "Yes."

    with vlmock.serve(script) as server:
        async with talking(of_openai(server)) as talk:
            part = {"type": "input_text", "text": "Alone?"}
            response = await talk.respond(
                conversation="none",
                metadata={"topic": "aside"},
                input=[{"type": "message", "role": "user", "content": [part], "object": "realtime.item"}],
            )
    assert (asked, response.conversation_id, response.metadata) == (["Alone?"], None, {"topic": "aside"})


async def test_a_cancelled_response_says_so() -> None:
    """In the same shape."""
    with vlmock.serve(lambda turn: "A long story. " * 50, timing="native") as server:
        async with talking(of_openai(server)) as talk:
            await talk.connection.response.create(response={})
            await talk.until("response.audio.delta")
            await talk.connection.response.cancel()
            response = (await talk.until("response.done")).response
    assert (response.status, response.status_details.reason) == ("cancelled", "client_cancelled")


@pytest.mark.parametrize(
    ("event", "message", "code", "param"),
    [
        (
            {"type": "session.update", "session": {"output_modalities": ["text"]}},
            "Unknown parameter: 'session.output_modalities'.",
            "unknown_parameter",
            "session.output_modalities",
        ),
        (
            {"type": "response.create", "response": {"input": [{"type": "message", "role": "user", "content": [1]}]}},
            "Invalid type for 'response.input[0].content[0]': expected an object, but got an integer instead.",
            "invalid_type",
            "response.input[0].content[0]",
        ),
        (
            {"type": "session.update", "session": {"input_audio_format": "mp3"}},
            "'session.input_audio_format' should be 'pcm16', 'g711_ulaw' or 'g711_alaw', got 'mp3'",
            "invalid_value",
            "session.input_audio_format",
        ),
    ],
)
async def test_a_refusal_has_the_codes_of_openai(event: Any, message: str, code: str, param: str) -> None:
    """And its words for an unknown parameter."""
    with vlmock.serve() as server:
        async with talking(of_openai(server)) as talk:
            await talk.connection.send(event)
            error = (await talk.until("error")).error
    assert (error.message, error.code, error.param) == (message, code, param)


async def test_a_deployment_may_have_any_name() -> None:
    """Azure OpenAI's deployments are named by their owners; OpenAI's types know only its own names."""
    with vlmock.serve() as server:
        url = f"{server.ws_url}/openai/realtime?api-version=2024-10-01-preview&deployment=our-voice"
        async with dial(url, additional_headers={"api-key": "any"}) as socket:
            created = json.loads(await socket.recv())
    assert (created["type"], created["session"]["model"]) == ("session.created", "our-voice")


async def test_a_browser_shows_its_key_as_a_subprotocol() -> None:
    """It cannot send headers; one of the subprotocols that it offers has to be confirmed."""
    offered = ["realtime", "openai-insecure-api-key.sesame", "openai-beta.realtime-v1"]
    with vlmock.serve(api_key="sesame") as server:
        url = f"{server.ws_url}/v1/realtime?model={MODEL}"
        async with dial(url, subprotocols=offered) as socket:  # type: ignore[arg-type]
            assert socket.subprotocol == "realtime"
            assert json.loads(await socket.recv())["type"] == "session.created"
        assert "sesame" not in json.dumps(server.journal.connections)
        offered[1] = "openai-insecure-api-key.wrong"
        with pytest.raises(websockets.InvalidStatus, match="401"):
            async with dial(url, subprotocols=offered):  # type: ignore[arg-type]
                pass


@pytest.mark.parametrize(
    ("client", "says"),
    [
        (of_openai, "OpenAI-Beta: realtime=v1"),
        (lambda server: of_azure(server, version="v1"), "api-version=2025-04-01-preview"),
        (
            lambda server: AsyncOpenAI(
                api_key="any", base_url="http://unused", websocket_base_url=f"{server.ws_url}/openai/v1"
            ),
            "/openai/realtime",
        ),
    ],
)
async def test_a_client_of_the_ga_dialect_is_told_why_and_what_to_do(
    client: Any, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By the answer to its handshake, and, because few clients show that, by a line of the server's log."""
    with vlmock.serve() as server:
        with pytest.raises(websockets.InvalidStatus, match="400") as refused:
            async with client(server).realtime.connect(model="gpt-realtime"):
                pass
        message = json.loads(refused.value.response.body)["error"]["message"]
    assert message.startswith("This asks for the OpenAI GA dialect")
    assert says in message
    assert "/voice-live/realtime with api-version=2026-07-15" in message
    assert message in caplog.text


async def test_a_recording_of_the_beta_dialect_agrees_with_the_emulator(tmp_path: Path):
    """Played again, its client is answered in the same dialect."""
    with vlmock.serve() as server:
        async with talking(of_openai(server)) as talk:
            await talk.connection.session.update(session={"modalities": ["text", "audio"], "tools": [WEATHER]})
            await talk.ask("Hello there.")
        server.journal.wait_for_close()
    (recording,) = read(server.journal.save(tmp_path / "beta", redact_audio=True))
    comparison = compare(recording, rehearse(recording), clients=False)
    assert comparison.grade is Grade.SAME, as_text([comparison])
