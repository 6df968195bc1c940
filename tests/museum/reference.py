"""The reference client before an exhibit: nothing of it is made for the museum."""

import asyncio
import contextlib
from typing import Any

import vlclient
from tests.client.fake_sound import Speaker
from tests.museum.plain import PIECE_BYTES, REACTION_S
from vlmock.museum.visit import Visit

__all__ = ["reference"]


def get_weather(location: str) -> dict[str, Any]:
    """Look up the weather."""
    return {"ok": True, "location": location}


def get_traffic(location: str) -> dict[str, Any]:
    """Look up the traffic."""
    return {"ok": True, "location": location}


async def reference(visit: Visit) -> None:
    """Does what the exhibit asks for, and comes to an end when all has been answered."""
    speaker, spoken = Speaker(heard_ms=0), "speech" in visit.needs
    known = {"get_weather": get_weather, "get_traffic": get_traffic}
    how: dict[str, Any] = {"playback": speaker, "reconnect": "reconnect" in visit.needs}
    async with vlclient.connect(visit.url, model="gpt-4o", api_key="any", **how) as session:
        for name in visit.tools:
            session.tool(known[name])
        await session.update(turn_detection=vlclient.ServerVad(silence_duration_ms=300))
        reading = asyncio.create_task(read(session))
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
                    await speak(session, visit.speech(act.text))
                case "interrupts":
                    await session.cancel()
                    await session.say(act.text)
                case _:
                    await session.say(act.text)
            if session.is_over:
                break
        await until(lambda: session.is_idle or session.is_over)
        await asyncio.sleep(0)
    await reading


async def speak(session: vlclient.Session, audio: bytes) -> None:
    """And wait until it was heard."""
    for start in range(0, len(audio), PIECE_BYTES):
        await session.append_audio(audio[start : start + PIECE_BYTES])
    await until(lambda: not session.is_idle or session.is_over)


async def read(session: vlclient.Session) -> None:
    with contextlib.suppress(vlclient.ConnectionClosed):
        async for _ in session:
            pass


async def until(holds: Any) -> None:
    async with asyncio.timeout(8):
        while not holds():  # noqa: ASYNC110 - the client has no event for it
            await asyncio.sleep(0.005)
