"""The reference client before an exhibit: nothing of it is made for the museum."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

import vlclient
from tests.client.fake_sound import Speaker
from tests.museum.plain import PIECE_BYTES, REACTION_S
from vlclient.audio.ports import Heard, Part
from vlmock.museum.visit import Visit

__all__ = ["reference"]

COMMITTED = "input_audio_buffer.committed"


def get_weather(location: str) -> dict[str, Any]:
    """Look up the weather."""
    return {"ok": True, "location": location}


def get_traffic(location: str) -> dict[str, Any]:
    """Look up the traffic."""
    return {"ok": True, "location": location}


class Loudspeaker(Speaker):
    """Tells the exhibit what it does, where that matters."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(heard_ms=20)
        self._plays = visit.plays if {"loudspeaker", "stop"} & set(visit.needs) else lambda playing: None
        self._sounding = False

    def play(self, part: Part, audio: bytes) -> None:
        if not self._sounding:
            self._plays(True)
        self._sounding = True
        super().play(part, audio)

    def stop(self) -> Heard | None:
        if self._sounding:
            self._plays(False)
        self._sounding = False
        return super().stop()


async def reference(visit: Visit) -> None:
    """Does what the exhibit asks for, and comes to an end when all has been answered."""
    speaker, spoken = Loudspeaker(visit), "speech" in visit.needs
    known = {"get_weather": get_weather, "get_traffic": get_traffic}
    how: dict[str, Any] = {"playback": speaker, "reconnect": "reconnect" in visit.needs}
    async with vlclient.connect(visit.url, model="gpt-4o", api_key="any", **how) as session:
        for name in visit.tools:
            session.tool(known[name])
        await session.update(turn_detection=vlclient.ServerVad(silence_duration_ms=300))
        heard: Counter[str] = Counter()
        reading = asyncio.create_task(read(session, heard))
        for act in visit.acts:
            if act.does in ("interrupts", "stops"):
                played = len(speaker.told)
                await until(lambda played=played: len(speaker.told) > played or session.is_idle)
            else:
                await until(lambda: session.is_idle)
            match act.does:
                case "greets":
                    await session.greet()
                case "instructs":
                    await session.update(instructions=act.text)
                case "stops":
                    await asyncio.sleep(REACTION_S)
                    await session.cancel()
                case "says" | "interrupts" if spoken:
                    await speak(session, heard, visit.speech(act.text))
                case "interrupts":
                    await session.cancel()
                    await session.say(act.text)
                case _:
                    await session.say(act.text)
            if session.is_over:
                break
        await until(lambda: session.is_idle or session.is_over)
    await reading


async def speak(session: vlclient.Session, heard: Counter[str], audio: bytes) -> None:
    """And wait until the service has heard the end of it."""
    before = heard[COMMITTED]
    for start in range(0, len(audio), PIECE_BYTES):
        await session.append_audio(audio[start : start + PIECE_BYTES])
    await until(lambda: heard[COMMITTED] > before or session.is_over)


async def read(session: vlclient.Session, heard: Counter[str]) -> None:
    """Counts the types of what comes."""
    with contextlib.suppress(vlclient.ConnectionClosed):
        async for event in session:
            heard[event.type] += 1


async def until(holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - the client has no event for it
            await asyncio.sleep(0.005)
