"""A client that behaves on the wire, on the sound card and in its event loop as the service's Python quickstart does.

``python -m tests.client.quickstart_client [--as-published]``; q and Enter end it. Documented {SEED}: the endpoint must
begin with https, a token is fetched before dialling and never again, nothing waits for an answer, and the
microphone is polled without a break. That stops everything else on Linux, see ``microphone``; without
``--as-published`` it yields to the event loop.
"""

import asyncio
import base64
import json
import os
import sys
import threading
import uuid
from collections import deque
from typing import Any

import numpy as np
import sounddevice
from azure.identity.aio import DefaultAzureCredential
from websockets.asyncio.client import ClientConnection, connect

SCOPE = "https://ai.azure.com/.default"
RATE_HZ = 24000
PIECE_FRAMES = RATE_HZ * 20 // 1000
PIECES_BEFORE_PLAYING = 10

UPDATE = {
    "type": "session.update",
    "session": {
        "instructions": "Be helpful, and answer briefly.",
        "turn_detection": {
            "type": "azure_semantic_vad",
            "threshold": 0.3,
            "prefix_padding_ms": 200,
            "silence_duration_ms": 200,
            "remove_filler_words": False,
            "end_of_utterance_detection": {"model": "semantic_detection_v1", "threshold": 0.01, "timeout": 2},
        },
        "input_audio_noise_reduction": {"type": "azure_deep_noise_suppression"},
        "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
        "voice": {"name": "en-US-Ava:DragonHDLatestNeural", "type": "azure-standard", "temperature": 0.8},
    },
    "event_id": "",
}


class Player:
    """Begins with the eleventh delta, whichever reply it belongs to, and goes on whatever happens."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._stream = sounddevice.RawOutputStream(
            samplerate=RATE_HZ, channels=1, dtype="int16", blocksize=RATE_HZ // 10, callback=self._fill
        )

    def add(self, pcm: bytes) -> None:
        with self._lock:
            self._waiting.append(pcm)
            enough = len(self._waiting) > PIECES_BEFORE_PLAYING
        if enough and not self._stream.active:
            self._stream.start()

    def close(self) -> None:
        self._stream.close()

    def _fill(self, out: Any, frames: int, times: Any, status: Any) -> None:
        wanted, taken = frames * 2, b""
        with self._lock:
            while self._waiting and len(taken) < wanted:
                piece = self._waiting.popleft()
                room = wanted - len(taken)
                if len(piece) > room:
                    self._waiting.appendleft(piece[room:])
                taken += piece[:room]
        out[:] = taken + bytes(wanted - len(taken))


async def microphone(socket: ClientConnection, *, yields: bool) -> None:
    """Send what is there, 20 ms at a time; look again at once when there is nothing.

    ``send`` waits only when its buffer is full. Where the system takes every write at once, as Linux does, it never
    is; then no other task runs again, and this one keeps a core busy.
    """
    stream = sounddevice.InputStream(samplerate=RATE_HZ, channels=1, dtype="int16")
    with stream:
        while True:
            if stream.read_available >= PIECE_FRAMES:
                samples: np.ndarray[Any, np.dtype[np.int16]] = stream.read(PIECE_FRAMES)[0]
                audio = base64.b64encode(samples.tobytes()).decode()
                await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio, "event_id": ""}))
            elif yields:
                await asyncio.sleep(0.005)


async def events(socket: ClientConnection) -> None:
    """Print what comes, play what is to be heard, and stop at an error."""
    player = Player()
    try:
        async for frame in socket:
            event = json.loads(frame)
            print("received", event["type"], flush=True)
            if event["type"] == "response.audio.delta":
                player.add(base64.b64decode(event["delta"]))
            elif event["type"] == "error":
                raise ValueError(event["error"]["message"])
    finally:
        player.close()


async def keyboard() -> None:
    while await asyncio.to_thread(sys.stdin.readline) not in ("q\n", ""):
        pass


async def main(*, as_published: bool) -> None:
    async with DefaultAzureCredential() as credential:
        token = await credential.get_token(SCOPE)
    endpoint = os.environ["AZURE_VOICE_LIVE_ENDPOINT"].rstrip("/").replace("https://", "wss://")
    version = os.environ.get("AZURE_VOICE_LIVE_API_VERSION", "2025-05-01-preview")
    model = os.environ.get("VOICE_LIVE_MODEL", "gpt-4o")
    headers = {"x-ms-client-request-id": str(uuid.uuid4()), "Authorization": f"Bearer {token.token}"}
    url = f"{endpoint}/voice-live/realtime?api-version={version}&model={model}"
    async with connect(url, additional_headers=headers) as socket:
        await socket.send(json.dumps(UPDATE))
        work = (microphone(socket, yields=not as_published), events(socket), keyboard())
        tasks = [asyncio.create_task(task) for task in work]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


if __name__ == "__main__":
    asyncio.run(main(as_published="--as-published" in sys.argv))
