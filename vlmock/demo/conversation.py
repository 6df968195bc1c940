"""``vlmock demo``: the emulator, a bundled WAV of real words, and a client small enough to read in one go.

The client does what every Voice Live client does: it configures the session, sends what it "hears" in pieces of 20 ms,
plays (here: counts) what it is sent, and answers function calls.
"""

import asyncio
import base64
import json
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from vlmock.errors import ServerError
from vlmock.server.mock_server import MockServer, serve

__all__ = ["run_demo"]

WORDS = Path(__file__).with_name("what_is_the_weather.wav")
_PIECE_MS = 20
_LONGEST_S = 60.0
_TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "Look up the weather in a city.",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}
_WEATHER = {"weather": "sunny", "temp_c": 21}


def run_demo(scenario: str, *, timing: str, journal: Path | None) -> None:
    """Run the conversation once, print it, and save its journal (into a temporary folder unless told where).

    Raises ServerError when the journal cannot be saved there.
    """
    path = journal or Path(tempfile.mkdtemp(prefix="vlmock-")) / "journal.jsonl"
    if not path.parent.is_dir():
        raise ServerError(f"the journal cannot be saved in {path}: there is no folder {path.parent}")
    with serve(scenario, timing=timing) as server:
        print(f"vlmock listens on {server.url}; it plays the scenario {scenario!r} with the timing {timing!r}.\n")
        asyncio.run(_Client(server, hurry=timing == "instant").converse())
        server.journal.save(path)
    print(f"\nThe journal is saved in {path}")


class _Client:
    """Speaks the words once, and is done when the assistant has answered in words."""

    def __init__(self, server: MockServer, *, hurry: bool) -> None:
        self._url = f"{server.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
        self._piece_s = 0.0 if hurry else _PIECE_MS / 1000
        self._began = 0.0
        self._audio_ms = 0.0

    async def converse(self) -> None:
        self._began = asyncio.get_running_loop().time()
        async with asyncio.timeout(_LONGEST_S), connect(self._url, additional_headers={"api-key": "demo"}) as socket:
            microphone: asyncio.Task[None] | None = None
            async for frame in socket:
                event = json.loads(frame)
                self._show(event)
                match event["type"]:
                    case "session.created":
                        await socket.send(json.dumps(self._settings()))
                        self._say("»", "session.update", "16 kHz, azure_semantic_vad, one tool")
                    case "session.updated":
                        microphone = asyncio.create_task(self._speak(socket))
                    case "response.done" if not await self._answer_calls(socket, event["response"]):
                        break
            if microphone is not None:
                await microphone

    def _settings(self) -> dict[str, Any]:
        return {
            "type": "session.update",
            "session": {
                "modalities": ["text", "audio"],
                "input_audio_sampling_rate": 16_000,
                "turn_detection": {"type": "azure_semantic_vad"},
                "tools": [_TOOL],
            },
        }

    async def _speak(self, socket: ClientConnection) -> None:
        self._say("»", "input_audio_buffer.append …", f"speaking {WORDS.name}")
        for piece in _pieces(WORDS):
            audio = base64.b64encode(piece).decode()
            await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
            await asyncio.sleep(self._piece_s)

    async def _answer_calls(self, socket: ClientConnection, response: dict[str, Any]) -> bool:
        calls = [item for item in response["output"] if item["type"] == "function_call"]
        for call in calls:
            item = {"type": "function_call_output", "call_id": call["call_id"], "output": json.dumps(_WEATHER)}
            await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            self._say("»", "conversation.item.create", f"{call['name']} returns {_WEATHER}")
        if calls:
            await socket.send('{"type": "response.create"}')
            self._say("»", "response.create")
        return bool(calls)

    def _show(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        match kind:
            case "response.audio.delta":
                self._audio_ms += len(event["delta"]) * 3 / 4 / 48
            case "response.audio.done":
                self._say("«", "response.audio.delta …", f"{self._audio_ms / 1000:.1f} s of speech")
                self._audio_ms = 0.0
            case "conversation.item.input_audio_transcription.completed":
                self._say("«", kind, f"you: {event['transcript']}")
            case "response.audio_transcript.done":
                self._say("«", kind, f"assistant: {event['transcript']}")
            case "response.function_call_arguments.done":
                self._say("«", kind, f"{event['name']}({event['arguments']})")
            case "response.done":
                self._say("«", kind, event["response"]["status"])
            case "error":
                self._say("«", kind, event["error"]["message"])
            case _ if not kind.endswith((".delta", ".added", ".done", "item.created")):
                self._say("«", kind)

    def _say(self, arrow: str, kind: str, note: str = "") -> None:
        elapsed = asyncio.get_running_loop().time() - self._began
        print(f"{elapsed:7.3f} s  {arrow} {kind:<34} {note}".rstrip(), flush=True)


def _pieces(path: Path) -> Iterator[bytes]:
    with wave.open(str(path)) as file:
        while piece := file.readframes(file.getframerate() * _PIECE_MS // 1000):
            yield piece
