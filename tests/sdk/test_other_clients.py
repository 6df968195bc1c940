"""Clients that are not the SDK: aiohttp, websockets, and a blocking one in another process. JSON by hand."""

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from websockets.asyncio.client import connect

import vlmock
from tests.sdk.sounds import own_words

PATH = "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
ANSWER = "It is sunny and 21 degrees in Beijing."

Send = Callable[[str], Awaitable[None]]
Receive = Callable[[], Awaitable[str]]


async def converse(send: Send, receive: Receive) -> str:
    """Speak, carry out the call, and listen to the answer."""

    async def say(kind: str, **members: Any) -> None:
        await send(json.dumps({"type": kind, **members}))

    async def until(kind: str) -> dict[str, Any]:
        while True:
            event: dict[str, Any] = json.loads(await receive())
            assert event["type"] != "error", event
            if event["type"] == kind:
                return event

    await until("session.created")
    await say("session.update", session={"modalities": ["text", "audio"]})
    await until("session.updated")
    await say("input_audio_buffer.append", audio=base64.b64encode(own_words().tobytes()).decode())
    call = (await until("response.done"))["response"]["output"][1]
    output = json.dumps({"weather": "sunny", "temp_c": 21})
    await say(
        "conversation.item.create", item={"type": "function_call_output", "call_id": call["call_id"], "output": output}
    )
    await say("response.create")
    words: str = (await until("response.audio_transcript.done"))["transcript"]
    await until("response.done")
    return words


async def test_a_client_made_with_aiohttp():
    """With its own heartbeat."""
    with vlmock.serve("weather") as server:
        async with (
            aiohttp.ClientSession() as web,
            web.ws_connect(server.url + PATH, headers={"api-key": "any"}, heartbeat=0.05) as socket,
        ):
            assert await converse(socket.send_str, socket.receive_str) == ANSWER
        assert server.problems() == []


async def test_a_client_made_with_websockets():
    """With compression and a subprotocol offered, as it does when told nothing else."""
    with vlmock.serve("weather") as server:
        async with connect(server.ws_url + PATH, additional_headers={"Authorization": "Bearer t"}) as socket:

            async def receive() -> str:
                return str(await socket.recv())

            assert await converse(socket.send, receive) == ANSWER
        assert server.problems() == []


async def test_frames_may_come_in_fragments():
    """A message in several frames is one event."""
    with vlmock.serve("small_talk") as server:
        async with connect(server.ws_url + PATH, additional_headers={"api-key": "any"}) as socket:
            await socket.send(['{"type": "session.', 'update", "session"', ": {}}"])
            assert json.loads(await socket.recv())["type"] == "session.created"
            assert json.loads(await socket.recv())["type"] == "session.updated"


BLOCKING_CLIENT = """
import json, sys
from websockets.sync.client import connect

with connect(sys.argv[1], additional_headers={"api-key": "any"}) as socket:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
    socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
    socket.send(json.dumps({"type": "response.create"}))
    for frame in socket:
        event = json.loads(frame)
        if event["type"] == "response.audio_transcript.done":
            print(event["transcript"])
        if event["type"] == "response.done":
            break
"""


async def test_a_blocking_client_in_another_process():
    """The server runs in a thread of its own, so nobody has to wait for anybody."""
    with vlmock.serve("small_talk") as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BLOCKING_CLIENT, server.ws_url + PATH, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert (process.returncode, said.decode().strip()) == (0, "Hello! Nice to hear from you.")
        assert server.journal.wait_for_close().code == 1000
        assert server.problems() == []


async def test_many_at_once_get_the_same_answer():
    """Twenty conversations on one server, each with its own place in the scenario."""
    with vlmock.serve("weather") as server:

        async def one() -> str:
            async with connect(server.ws_url + PATH, additional_headers={"api-key": "any"}) as socket:

                async def receive() -> str:
                    return str(await socket.recv())

                return await converse(socket.send, receive)

        assert set(await asyncio.gather(*(one() for _ in range(20)))) == {ANSWER}
        assert server.problems() == []
        assert len(server.journal.connections) == 20
