"""Small programs that use microphone and loudspeaker; a test runs them on a sound card of its own.

``python -m tests.client.audio.programs NAME ARGUMENTS``. They print one JSON object a line when something has happened.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from vlclient.audio.devices import devices, find
from vlclient.audio.loudspeaker import Loudspeaker
from vlclient.audio.microphone import Microphone
from vlclient.audio.ports import Part
from vlclient.errors import AudioError, AudioUnavailable, DeviceLost

PART = Part("msg_1")
DELTA_BYTES = 24000


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def sound_of(path: str) -> bytes:
    return Path(path).read_bytes()


def play_all(loudspeaker: Loudspeaker, part: Part, pcm: bytes) -> None:
    """As the service sends it: all of it at once, in deltas of 500 ms."""
    for begin in range(0, len(pcm), DELTA_BYTES):
        loudspeaker.play(part, pcm[begin : begin + DELTA_BYTES])


async def hear(path: str, milliseconds: str) -> None:
    """Write what the microphone hears to a file, until nothing was heard for so many milliseconds."""
    microphone = Microphone()
    await microphone.read()
    tell(happened="listening")
    heard = bytearray()
    lateness = []
    silent_bytes = 0
    while not heard or silent_bytes < int(milliseconds) * 48:
        block = await microphone.read()
        lateness.append(asyncio.get_running_loop().time() - microphone.captured_until)
        silent_bytes = 0 if any(block) else silent_bytes + len(block)
        if heard or any(block):
            heard += block
    microphone.close()
    await asyncio.to_thread(Path(path).write_bytes, heard)
    median_ms = sorted(lateness)[len(lateness) // 2] * 1000
    tell(happened="heard", dropped=microphone.dropped_blocks, median_ms=median_ms, end=len(await microphone.read()))


async def say(*paths: str) -> None:
    """Play files, one part each, until all was heard."""
    loudspeaker = Loudspeaker()
    loudspeaker.on_first_heard = lambda part, at: tell(happened="first heard", item_id=part.item_id, at=at)
    for number, path in enumerate(paths):
        play_all(loudspeaker, Part(f"msg_{number}"), sound_of(path))
    await loudspeaker.drained()
    tell(happened="drained", at=asyncio.get_running_loop().time(), underruns=loudspeaker.underruns)
    loudspeaker.close()


async def say_and_stop(path: str, *milliseconds: str) -> None:
    """Play a file and stop so long after its first sound; then again."""
    loop = asyncio.get_running_loop()
    loudspeaker = Loudspeaker()
    first = asyncio.Event()
    loudspeaker.on_first_heard = lambda part, at: first.set()
    for number, ms in enumerate(milliseconds):
        first.clear()
        play_all(loudspeaker, Part(f"msg_{number}"), sound_of(path))
        await first.wait()
        await asyncio.sleep(int(ms) / 1000)
        before = loop.time()
        heard = loudspeaker.stop()
        took = loop.time() - before
        assert heard is not None
        tell(happened="stopped", item_id=heard.part.item_id, at=before, took=took, heard_ms=heard.heard_ms)
        await loudspeaker.drained()
        await asyncio.to_thread(sys.stdin.readline)
    loudspeaker.close()


async def lose(path: str) -> None:
    """Listen and speak until the card has gone."""
    loudspeaker, microphone = Loudspeaker(), Microphone()
    await microphone.read()
    play_all(loudspeaker, PART, sound_of(path))
    tell(happened="running")

    async def listen() -> None:
        while await microphone.read():
            pass

    for name, running in zip(
        ("microphone", "loudspeaker"),
        await asyncio.gather(listen(), loudspeaker.drained(), return_exceptions=True),
        strict=True,
    ):
        assert isinstance(running, DeviceLost)
        tell(happened="lost", what=name, words=str(running))
    try:
        loudspeaker.play(PART, bytes(960))
    except DeviceLost as error:
        tell(happened="refused", words=str(error))
    loudspeaker.stop()
    for _ in range(2):
        loudspeaker.close()
        microphone.close()


async def show(*wanted: str) -> None:
    """The devices, and which is meant by each name."""
    tell(devices=[device.name for device in devices()])
    for name in (None, *wanted):
        try:
            device = find(name, "input")
        except AudioError as error:
            tell(wanted=name, words=str(error))
        else:
            tell(wanted=name, index=device.index, default=device.is_default_input)


async def open_both() -> None:
    """What a person is told without a card."""
    for make in (Microphone, Loudspeaker):
        try:
            make()
        except AudioUnavailable as error:
            tell(words=str(error))


if __name__ == "__main__":
    programs = {function.__name__: function for function in (hear, say, say_and_stop, lose, show, open_both)}
    asyncio.run(programs[sys.argv[1]](*sys.argv[2:]))
