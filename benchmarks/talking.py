"""A client in a process of its own, in a conversation in real time; prints what that cost it.

Run as ``python -m benchmarks.talking KIND URL SECONDS WAV``. It talks for so long once the session is configured, and
the reference client until some of an answer was heard. KIND:

- ``files``: the reference client, with a WAV file for a microphone and another for a loudspeaker.
- ``card``: the reference client with real sound devices; somebody else speaks, so ``WAV`` is not read.
- ``bare``: ``websockets`` as documented: sends the same frames at the same pace and throws away what comes.

Instants are taken at the edges of the client (sound source, socket, loudspeaker), by classes put around them here;
nothing of the client itself is changed.
"""

import asyncio
import json
import sys
import tempfile
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

__all__ = ["SETTINGS", "Cost"]

SETTINGS: Final = {"turn_detection": {"type": "azure_semantic_vad"}, "input_audio_sampling_rate": 24_000}

_BLOCK_BYTES: Final = 960
_BLOCK_S: Final = 0.02
_LEAST_DELTAS: Final = 10
_APPEND: Final = b'{"type":"input_audio_buffer.append"'
_DELTA: Final = b'{"type":"response.audio.delta"'


@dataclass
class Cost:
    """Of one conversation."""

    cpu_percent: float = 0.0
    """Of a core, all threads of the process together, from the first block to the last."""
    block_ms: list[float] = field(default_factory=list)
    """From the instant when a block of the user's voice is there until its frame is written, one by one."""
    delta_ms: list[float] = field(default_factory=list)
    """From the instant when the bytes of a delta are read until the loudspeaker has it in its queue."""

    @contextmanager
    def counted(self) -> Any:
        """The processor time of what happens inside."""
        began, used = time.perf_counter(), time.process_time()
        yield
        self.cpu_percent = (time.process_time() - used) / (time.perf_counter() - began) * 100


# ---- the reference client


class Taps:
    """Where the instants meet: what is captured first is sent first; what is played is what was received last."""

    def __init__(self, cost: Cost) -> None:
        self._cost = cost
        self.captured: deque[float] = deque()
        self._arrived: dict[bytes, float] = {}
        self._playing = 0.0

    def sent(self) -> None:
        self._cost.block_ms.append((time.monotonic() - self.captured.popleft()) * 1000)

    def arrived(self, frame: bytes, at: float) -> None:
        self._arrived[frame] = at

    def taken(self, frame: bytes) -> None:
        self._playing = self._arrived.pop(frame)

    def played(self) -> None:
        self._cost.delta_ms.append((time.monotonic() - self._playing) * 1000)


async def talk(kind: str, url: str, seconds: float, wav: str) -> Cost:
    """Hold the conversation with the reference client."""
    from vlclient.assistant import Assistant

    cost = Cost()
    taps = Taps(cost)
    with tempfile.TemporaryDirectory() as folder:
        source, sink = _from_files(taps, wav, Path(folder, "heard.wav")) if kind == "files" else _devices(taps)
        async with _connect(taps)(url, model="gpt-4.1", api_key="any", playback=sink) as session:
            await session.update(**SETTINGS)
            assistant = Assistant(session, source, sink, on_event=lambda event: None)
            loop = asyncio.get_running_loop()

            def leave() -> None:
                if len(cost.delta_ms) > _LEAST_DELTAS:
                    assistant.hang_up()
                else:  # on a busy computer a sound card may be slow to begin
                    loop.call_later(_BLOCK_S, leave)

            loop.call_later(seconds, leave)
            with cost.counted():
                await assistant.run()
        source.close()
        sink.close()
    return cost


def _connect(taps: Taps) -> Callable[..., Any]:
    """``vlclient.connect`` over a socket that takes down when."""
    import vlclient

    tapped = _tapped_socket(taps)

    class Connect(vlclient.connect):
        async def _dial(self, fresh_token: bool) -> Any:
            return tapped(await super()._dial(fresh_token))

    return Connect


def _tapped_socket(taps: Taps) -> Callable[[Any], Any]:
    """When bytes are read and frames written is known below the client's own socket, in its connection."""
    from vlclient.dialling import Socket

    class TappedSocket(Socket):
        def __init__(self, socket: Socket) -> None:
            super().__init__(socket._connection, request_id=socket.request_id)
            self._read_at = 0.0
            self._put_around("data_received", self._note_read)
            self._put_around("process_event", self._note_frame)

        def _put_around(self, name: str, note: Callable[[Any], None]) -> None:
            handle = getattr(self._connection, name)

            def noted(what: Any) -> None:
                note(what)
                handle(what)

            setattr(self._connection, name, noted)

        def _note_read(self, data: bytes) -> None:
            self._read_at = time.monotonic()

        def _note_frame(self, frame: Any) -> None:
            if (data := bytes(frame.data)).startswith(_DELTA):
                taps.arrived(data, self._read_at)

        async def send(self, data: bytes) -> None:
            await super().send(data)
            if data.startswith(_APPEND):
                taps.sent()

        async def receive(self) -> bytes:
            frame = await super().receive()
            if frame.startswith(_DELTA):
                taps.taken(frame)
            return frame

    return TappedSocket


def _from_files(taps: Taps, wav: str, heard: Path) -> tuple[Any, Any]:
    """A block is there when it would have been spoken to its end; how late the timer is counts. Like a microphone it
    never ends, or nothing would be sent while the last answer is heard."""
    from vlclient.audio.wav import WavSink, WavSource

    class Source(WavSource):
        ended = False

        async def read(self) -> bytes:
            block = await super().read()
            taps.captured.append(self.captured_until)
            return block

    return Source(wav), _tapped(taps, WavSink)(heard)


def _devices(taps: Taps) -> tuple[Any, Any]:
    """A block is there when the device hands it over."""
    from vlclient.audio.loudspeaker import Loudspeaker
    from vlclient.audio.microphone import Microphone

    class Source(Microphone):
        def _captured(self, block: Any, frames: int, times: Any, status: Any) -> None:
            if self._listening:
                taps.captured.append(time.monotonic())
            super()._captured(block, frames, times, status)

    return Source(), _tapped(taps, Loudspeaker)()


def _tapped(taps: Taps, kind: Any) -> Any:
    class Sink(kind):  # type: ignore[misc]
        def play(self, part: Any, audio: bytes) -> None:
            super().play(part, audio)
            taps.played()

    return Sink


# ---- the floor


async def talk_bare(url: str, seconds: float, wav: str) -> Cost:
    """The least that could be called a conversation."""
    import wave

    from websockets.asyncio.client import connect

    with wave.open(wav) as file:
        audio = file.readframes(file.getnframes())
    frames = [_append(audio[place : place + _BLOCK_BYTES]) for place in range(0, len(audio), _BLOCK_BYTES)]
    count = round(seconds / _BLOCK_S)
    frames += [_append(b"")] * (count - len(frames))
    address = f"{url.replace('http', 'ws', 1)}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
    cost = Cost()
    clock = asyncio.get_running_loop().time
    async with connect(address, additional_headers={"api-key": "any"}, compression=None, max_size=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "session.update", "session": SETTINGS}))
        await socket.recv()
        dropping = asyncio.create_task(_drop(socket))
        due = clock()
        with cost.counted():
            for frame in frames[:count]:
                due += _BLOCK_S
                await asyncio.sleep(due - clock())
                await socket.send(frame, text=True)
                cost.block_ms.append((clock() - due) * 1000)
        await socket.close()  # while somebody still reads, or a full queue would keep the goodbye from being seen
        await dropping
    return cost


def _append(pcm: bytes) -> bytes:
    return _APPEND + b',"audio":"' + b64encode(pcm.ljust(_BLOCK_BYTES, b"\0")) + b'"}'


async def _drop(socket: Any) -> None:
    async for _ in socket:
        pass


async def main() -> None:
    kind, url, seconds, wav = sys.argv[1:]
    cost = await (talk_bare(url, float(seconds), wav) if kind == "bare" else talk(kind, url, float(seconds), wav))
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    asyncio.run(main())
