"""Whole conversations through the recorder: the clients notice nothing, and the recording is what was said."""

import asyncio
import json
from typing import Any

import pytest
from azure.ai.voicelive import models
from azure.core.credentials import AzureKeyCredential
from azure.identity import DefaultAzureCredential
from websockets.asyncio.client import connect

import vlclient
import vlmock
from tests.recorder.conftest import stopped, the_only
from tests.sdk.dialogue import talking, transcript
from tests.sdk.sounds import decoded, own_words
from vlmock.protocol.response import ResponseDone
from vlmock.recording.model import Recording
from vlmock.server.mock_server import MockServer

KEY = "a-key-that-nobody-may-see-4711"


def said(recording: Recording, source: str) -> list[dict[str, Any]]:
    return [recording.whole(frame) for frame in recording.frames if frame.source == source]


def is_what_was_said(recording: Recording, service: MockServer) -> None:
    """The service's own journal is the judge: the same events in the same order, member for member, byte for byte."""
    entries = service.journal.entries()
    for source in ("client", "server"):
        expected = [entry.body() for entry in entries if entry.source == source]
        assert len(expected) > 1
        assert said(recording, source) == expected
    times = [frame.at for frame in recording.frames]
    assert times == sorted(times)
    ended = service.journal.wait_for_close()
    assert recording.end is not None
    assert (recording.end.code, recording.end.reason, recording.ended_by) == (ended.code, ended.reason, ended.by)


async def test_a_typed_conversation_of_the_vendor_sdk(recording):
    """Settings, a question and an answer."""
    with vlmock.serve("small_talk") as service:
        recorder = recording(service.url)
        async with talking(recorder.url, credential=vendor_key()) as dialogue:
            await dialogue.configure(voice=models.AzureStandardVoice(name="en-US-AvaNeural"))
            assert transcript(await dialogue.ask("Hello"))
        service.journal.wait_for_close()
        is_what_was_said(the_only(recorder), service)
        assert service.problems() == []


async def test_a_spoken_conversation_with_a_tool(recording):
    """20 ms of sound at a time, a call and its output, speech; the voices can be had from their files."""
    with vlmock.serve("weather") as service:
        recorder = recording(service.url)
        async with talking(recorder.url, credential=vendor_key()) as dialogue:
            await dialogue.configure(tools=[models.FunctionTool(name="get_weather")])
            words = own_words()
            await dialogue.speak(words)
            await dialogue.return_outputs(await dialogue.answer(), {"get_weather": '{"weather": "sunny", "temp_c": 3}'})
            response = await dialogue.ask()
            assert transcript(response) == "It is sunny and 3 degrees in Beijing."
        service.journal.wait_for_close()
        recorded = the_only(recorder)
        is_what_was_said(recorded, service)
        assert service.problems() == []
    client, server = (recorded.voices[name] for name in ("client.wav", "server.wav"))
    assert decoded(client.read(0, len(client)), "pcm16").tolist() == words.tolist()
    assert dialogue.audio(response.id) in server.read(0, len(server))


async def test_a_conversation_of_the_reference_client(recording):
    """Another library, which speaks WebSockets otherwise."""
    with vlmock.serve("small_talk") as service:
        recorder = recording(service.url)
        async with vlclient.connect(recorder.url, model="gpt-realtime", api_key=KEY) as session:
            await session.say("Hello")
            async for event in session:
                if isinstance(event, ResponseDone):
                    break
        service.journal.wait_for_close()
        is_what_was_said(the_only(recorder), service)


@pytest.mark.parametrize("recorder_tls", [False, True], ids=["clear", "tls"])
async def test_over_tls_with_tokens_of_entra_that_the_client_has(recording, recorder_tls: bool):
    """To the service always, to the recorder if it is asked for; SSL_CERT_FILE says whom to trust."""
    with vlmock.serve("small_talk", tls=True) as service:
        service.entra()
        recorder = recording(service.url, tls=recorder_tls)
        assert recorder.url.startswith("https://" if recorder_tls else "http://")
        async with talking(recorder.url, credential=DefaultAzureCredential()) as dialogue:
            await dialogue.ask("Hello")
        service.journal.wait_for_close()
        recorded = the_only(recorder)
        is_what_was_said(recorded, service)
    assert recorded.head.url.startswith(f"{service.ws_url}/voice-live/realtime?")
    assert ("Authorization", "***") in recorded.head.request_headers


async def test_the_recorder_signs_in_to_entra_for_a_client_that_only_has_a_fake_key(recording):
    """What the client shows never reaches the service. A token is asked for again only once one was refused."""
    with vlmock.serve("small_talk") as service:
        entra = service.entra()
        recorder = recording(service.url, entra=True)
        for _ in range(2):
            async with talking(recorder.url, credential=vendor_key()) as dialogue:
                await dialogue.ask("Hello")
        assert len(entra.issued) == 1
        entra.revoke()
        with pytest.raises(Exception, match="401"):
            async with talking(recorder.url, credential=vendor_key()):
                pass
        async with talking(recorder.url, credential=vendor_key()):
            assert len(entra.issued) == 2


async def test_the_recorder_shows_its_own_key(recording):
    """In the place of the client's, which is wrong here."""
    with vlmock.serve("small_talk", api_key="the-real-key-0815") as service:
        recorder = recording(service.url, api_key="the-real-key-0815\n")
        async with talking(recorder.url, credential=vendor_key()) as dialogue:
            await dialogue.ask("Hello")
        assert "the-real-key" not in repr(recorder.connections)


async def test_compression_is_between_the_two(recording):
    """What they agree on is kept, and the recording has what was said, not what was sent."""
    with vlmock.serve("greeting", compression=True) as service:
        recorder = recording(service.url)
        address = f"{recorder.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
        async with connect(
            address, additional_headers={"api-key": KEY}, compression="deflate", max_size=None
        ) as socket:
            assert socket.protocol.extensions
            await socket.send(json.dumps({"type": "response.create"}))
            await socket.send(json.dumps({"type": "input_audio_buffer.clear"}))
            await socket.send([b"", json.dumps({"type": "input_audio_buffer.clear"}).encode()])
            while json.loads(await socket.recv())["type"] != "response.done":
                pass
            await socket.ping()
        service.journal.wait_for_close()
        is_what_was_said(the_only(recorder), service)


async def test_many_at_once_each_in_a_folder_of_its_own(recording):
    """Numbers in the order in which the service let them in."""

    async def talk(number: int) -> None:
        async with talking(recorder.url, credential=vendor_key()) as dialogue:
            await dialogue.ask(f"I am {number}")

    with vlmock.serve() as service:
        recorder = recording(service.url)
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(talk(number))
    recordings = stopped(recorder)
    assert [recorded.name.rpartition("/")[2] for recorded in recordings] == [f"connection-{n}" for n in range(1, 11)]
    talkers = set()
    for recorded in recordings:
        (line,) = {event["item"]["content"][0]["text"] for event in said(recorded, "client") if "item" in event}
        talkers.add(line)
    assert talkers == {f"I am {number}" for number in range(10)}
    assert [connection.code for connection in recorder.connections] == [1000] * 10


async def test_a_recorder_in_an_async_block(out):
    """The loop is free while it stops."""
    with vlmock.serve() as service:
        async with vlmock.record(service.url, out) as recorder:
            assert recorder.running
            async with talking(recorder.url) as dialogue:
                await dialogue.ask("Hello")
        assert not recorder.running
        assert the_only(recorder).end is not None


def vendor_key() -> Any:
    return AzureKeyCredential(KEY)
