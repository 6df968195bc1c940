"""Checks of the first four sections can fail: on servers that let everybody in, and obey everything or nothing."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from websockets.utils import accept_key

import vlmock
from tests.checks.conftest import MODELS, checked
from tests.client.fake_service import Caller, refusing, serving
from vlclient.checks.catalogue import Choice, chosen
from vlclient.checks.check import Check
from vlclient.checks.probe import Server
from vlclient.checks.running import run
from vlclient.checks.verdicts import Outcome, Verdict

pytestmark = pytest.mark.timeout(120)

ODD_SETTINGS: Mapping[str, Any] = {
    "id": "odd",
    "object": "odd",
    "model": None,
    "modalities": [],
    "instructions": "",
    "voice": {"type": "odd", "name": 7, "style": 7, "rate": 7, "locale": 7},
    "input_audio_format": "odd",
    "output_audio_format": "odd",
    "input_audio_sampling_rate": 7,
    "input_audio_transcription": {"model": "odd", "language": "odd", "phrase_list": "odd"},
    "input_audio_noise_reduction": {"type": "odd"},
    "input_audio_echo_cancellation": {"type": "odd"},
    "turn_detection": {
        "type": "odd",
        "threshold": 0.7,
        "prefix_padding_ms": 222,
        "silence_duration_ms": 777,
        "create_response": None,
        "interrupt_response": None,
        "auto_truncate": True,
        "end_of_utterance_detection": {"model": "odd"},
    },
    "tools": ["odd"],
    "tool_choice": "odd",
    "temperature": "odd",
    "max_response_output_tokens": 7,
    "reasoning_effort": "odd",
    "interim_response": dict.fromkeys(("type", "triggers", "latency_threshold_ms", "texts"), 7),
    "parallel_tool_calls": True,
    "include": ["odd"],
    "metadata": {"odd": "odd"},
    "animation": {"outputs": ["odd"]},
    "avatar": {"odd": 7},
    "output_audio_timestamp_types": ["odd"],
    "expires_at": 7,
}


def _said(type: str, settings: Mapping[str, Any]) -> str:
    return json.dumps({"type": type, "event_id": "one", "session": settings})


async def odd(caller: Caller) -> None:
    """Has settings that nobody else has, and answers every event with the same."""
    await caller.connection.send(_said("session.created", ODD_SETTINGS))
    await caller.connection.send('{"type":"conversation.created","event_id":"one"}')
    async for _ in caller.connection:
        await caller.connection.send(_said("session.updated", ODD_SETTINGS))


async def fickle(caller: Caller) -> None:
    """Has other settings each time."""
    number = id(caller)
    created = {"id": number, "expires_at": 4_000_000_000, "instructions": str(number)}
    await caller.connection.send(_said("session.created", created))
    async for _ in caller.connection:
        number += 1
        detection = dict.fromkeys(ODD_SETTINGS["turn_detection"], str(number))
        await caller.connection.send(_said("session.updated", {"id": number, "turn_detection": detection}))


async def obeying(caller: Caller) -> None:
    """Does whatever it is told, in the first update; the others it refuses."""
    await caller.connection.send(_said("session.created", {**ODD_SETTINGS, "expires_at": 4_000_000_000}))
    asked = json.loads(await caller.connection.recv())
    await caller.connection.send(_said("session.updated", {**ODD_SETTINGS, **asked.get("session", {})}))
    await _refuse(caller)


async def refusing_everything(caller: Caller) -> None:
    """Refuses whatever is sent, without end, and in the fewest words."""
    await caller.connection.send(_said("session.created", {**ODD_SETTINGS, "id": str(id(caller))}))
    await _refuse(caller)


async def _refuse(caller: Caller) -> None:
    async for frame in caller.connection:
        asked = json.loads(frame).get("event_id")
        await caller.connection.send(json.dumps({"type": "error", "error": {"message": "no", "event_id": asked}}))


async def mute(caller: Caller) -> None:
    """Opens the connection, and that is all."""
    await caller.connection.wait_closed()


@asynccontextmanager
async def compressing() -> AsyncIterator[str]:
    """Agrees to a compression that nobody has offered."""
    async with _by_hand("Sec-WebSocket-Extensions: permessage-deflate\r\n") as url:
        yield url


@asynccontextmanager
async def deaf_to_pings() -> AsyncIterator[str]:
    """Greets, and never reads."""
    async with _by_hand("") as url:
        yield url


@asynccontextmanager
async def _by_hand(header: str) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall(r"(?im)^sec-websocket-key: (\S+)", head)
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Accept: {accept_key(key)}\r\n{header}\r\n".encode())
        greeting = b'{"type":"session.created"}'
        writer.write(bytes([0x81, len(greeting)]) + greeting)
        with suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def failures() -> dict[str, set[str]]:
    """By pipeline, the numbers of those that failed on one of the wrong servers. On a busy machine a server may be too
    late for an impatient check, which then cannot tell; those are tried again, with more patience."""
    found: dict[str, set[str]] = {}
    for pipeline in MODELS:
        checks = [check for check in _CHECKS if pipeline in check.pipelines]
        found[pipeline] = asyncio.run(_failing(pipeline, checks, patience_s=0.3))
        left = [check for check in checks if check.number not in found[pipeline]]
        if left:
            found[pipeline] |= asyncio.run(_failing(pipeline, left, patience_s=3.0))
    return found


async def _failing(pipeline: str, checks: Sequence[Check], *, patience_s: float) -> set[str]:
    outcomes: list[Outcome] = []
    for conversation in (odd, fickle, obeying, refusing_everything):
        async with serving(conversation) as service:
            outcomes += await run(checks, _quickly(service.url, pipeline, patience_s), jobs=32)
    about_handshakes = [check for check in chosen(Choice(only=("1", "2.25"))) if check in checks]
    async with serving(mute) as service:
        outcomes += await run(about_handshakes, _quickly(service.url, pipeline, patience_s), jobs=32)
    async with serving(mute, door=refusing(*[302] * 99)) as service:
        outcomes += await run(about_handshakes, _quickly(service.url, pipeline, patience_s), jobs=32)
    async with compressing() as url:
        outcomes += await run(chosen(Choice(only=("1.17",))), _quickly(url, pipeline, patience_s))
    async with deaf_to_pings() as url:
        outcomes += await run(chosen(Choice(only=("1.18",))), _quickly(url, pipeline, patience_s))
    with vlmock.serve(lenient=True, timing="instant") as server:
        about_refusals = [check for check in checks if check.number.startswith("4.")]
        outcomes += await run(about_refusals, _quickly(server.url, pipeline, patience_s), jobs=32)
    return {outcome.check.number for outcome in outcomes if outcome.verdict is Verdict.FAILED}


def _quickly(url: str, pipeline: str, patience_s: float) -> Server:
    return msgspec.structs.replace(checked(url, pipeline, patience_s=patience_s), quiet_s=0.1)


_CHECKS = chosen(Choice(only=("1", "2", "3", "4")))


@pytest.mark.parametrize("check", _CHECKS, ids=lambda check: f"{check.number}-{check.name}")
def test_a_check_can_fail(check: Check, failures: dict[str, set[str]]) -> None:
    """In every pipeline that it applies to."""
    assert [pipeline for pipeline in check.pipelines if check.number not in failures[pipeline]] == []
