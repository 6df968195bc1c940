"""Recordings replayed to clients that others wrote, and to the reference client: what was recorded is what they get."""

import base64
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import connect

import vlclient
import vlmock
from tests.sdk.dialogue import Dialogue, calls, talking, transcript
from tests.sdk.sounds import own_words
from vlmock.protocol.codec import from_json_object, to_json_object
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.differences.rules import KNOWN
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.writing import write
from vlmock.rehearsal.playing import rehearse
from vlmock.session.script import Call, Say

REAL = [
    "test_audio_in_server_vad_turn",
    "test_message_history_seeding",
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_tool_call_round",
]
APPEND = "input_audio_buffer.append"
PIECE_BYTES = 4800


def real(shared: Path, name: str) -> tuple[Recording, bytes]:
    """A recorded session of the service, and the voice that was cut out of it."""
    (recording,) = read(shared / "recordings" / f"{name}.yaml")
    return recording, (shared / "recordings" / "marcelo_24khz.pcm").read_bytes()


def said_by(recording: Recording, who: str) -> list[dict[str, Any]]:
    return [recording.whole(frame) for frame in recording.frames if frame.source == who]


async def do_again(
    recording: Recording,
    voice: bytes,
    *,
    until: Callable[[int], Awaitable[None]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Do what the recorded client did, when it had been told as much."""
    told, spoken = 0, False
    for frame in recording.frames:
        if frame.source == "server":
            told += 1
        elif frame.event is not None and frame.event["type"] != APPEND:
            await until(told)
            await send(frame.event)
        elif not spoken:
            spoken = True
            await until(told)
            for at in range(0, len(voice), PIECE_BYTES):
                audio = base64.b64encode(voice[at : at + PIECE_BYTES]).decode()
                await send({"type": APPEND, "audio": audio})
    await until(told)


@pytest.mark.parametrize("on_unexpected", ["tolerant", "strict"])
@pytest.mark.parametrize("name", REAL)
async def test_the_services_own_sessions_are_replayed_to_the_sdk(shared: Path, name: str, on_unexpected: Any) -> None:
    """Observed {PAI}: every event, judged by the SDK's classes, and byte for byte what the service sent."""
    recording, voice = real(shared, name)
    with vlmock.serve() as server:
        server.replay(recording, on_unexpected=on_unexpected)
        async with talking(server.url, model="gpt-realtime") as dialogue:

            async def until(count: int) -> None:
                while len(dialogue.events) < count:
                    await dialogue.receive()

            await do_again(recording, voice, until=until, send=dialogue.connection.send)
            assert [event.as_dict() for event in dialogue.events] == said_by(recording, "server")
        assert server.problems() == []


@pytest.mark.parametrize("name", REAL)
async def test_the_services_own_sessions_are_replayed_to_the_reference_client(shared: Path, name: str) -> None:
    """The same, as the classes of the wire."""
    recording, voice = real(shared, name)
    events: list[dict[str, Any]] = []
    with vlmock.serve(replay=recording) as server:
        async with vlclient.connect(server.url, model="gpt-realtime", api_key="any") as session:
            incoming = aiter(session)

            async def until(count: int) -> None:
                while len(events) < count:
                    events.append(to_json_object(await anext(incoming)))

            async def send(event: dict[str, Any]) -> None:
                typed = from_json_object(event)
                if isinstance(typed, InputAudioBufferAppend):
                    await session.append_audio(typed.audio)
                else:
                    await session.send(typed)

            await do_again(recording, voice, until=until, send=send)
        assert events == said_by(recording, "server")
        assert server.problems() == []


# ---- our own sessions, over sockets


async def types(dialogue: Dialogue) -> None:
    await dialogue.configure(instructions="Be brief.")
    for text in ("Hello", "Hello again"):
        assert transcript(await dialogue.ask(text))


async def speaks(dialogue: Dialogue) -> None:
    for _ in range(2):
        await dialogue.speak(own_words())
        assert transcript(await dialogue.answer())


async def calls_tools(dialogue: Dialogue) -> None:
    answer = await dialogue.ask("Weather and time?")
    assert len(calls(answer)) == 2
    await dialogue.return_outputs(answer, {"weather": "rain", "time": "nine"})
    assert transcript(await dialogue.ask()) == "Rain, at nine."


async def commits(dialogue: Dialogue) -> None:
    await dialogue.connection.send({"type": "session.update", "session": {"turn_detection": None}})
    await dialogue.until("session.updated")
    await dialogue.speak(own_words())
    await dialogue.connection.input_audio_buffer.commit()
    await dialogue.until("input_audio_buffer.committed")
    assert transcript(await dialogue.ask())


async def edits(dialogue: Dialogue) -> None:
    item = await dialogue.type("Forget this")
    await dialogue.connection.conversation.item.delete(item_id=item.id)
    await dialogue.until("conversation.item.deleted")
    answer = await dialogue.ask("And this?")
    said = answer.output[0].id
    await dialogue.connection.conversation.item.truncate(item_id=said, content_index=0, audio_end_ms=10)
    await dialogue.until("conversation.item.truncated")


SCENARIOS: dict[str, Any] = {
    "calls_tools": [[Call("weather", "{}"), Call("time", "{}")], [Say("Rain, at nine.")]],
}


def script_of(name: str) -> Any:
    replies = iter(SCENARIOS[name]) if name in SCENARIOS else None
    return (lambda turn: next(replies)) if replies is not None else None


def heard(folder: Path, who: str) -> list[list[dict[str, Any]]]:
    """What one side said, by connection; where its sound lies in the files does not matter, what it is does."""
    return [said_by(recording, who) for recording in read(folder)]


@pytest.mark.parametrize("client", [types, speaks, calls_tools, commits, edits])
async def test_a_recording_of_a_replay_is_the_recording(
    tmp_path: Path, client: Callable[[Dialogue], Awaitable[None]]
) -> None:
    """Recorded from a session, replayed, recorded again: both sides said the same, on each connection."""
    with vlmock.serve(script_of(client.__name__), record=tmp_path / "first") as server:
        for _ in range(1 if client.__name__ in SCENARIOS else 2):
            async with talking(server.url) as dialogue:
                await client(dialogue)
    with vlmock.serve(replay=tmp_path / "first", record=tmp_path / "second") as server:
        for _ in read(tmp_path / "first"):
            async with talking(server.url) as dialogue:
                await client(dialogue)
        assert server.problems() == []
    for who in ("server", "client"):
        assert without_ids(heard(tmp_path / "second", who)) == without_ids(heard(tmp_path / "first", who))
    assert heard(tmp_path / "second", "server") == heard(tmp_path / "first", "server")


async def test_a_recording_of_a_replay_says_when_the_session_was(tmp_path: Path) -> None:
    """Its ``expires_at`` is of then: compared with the emulator, or with the first, it is as good, and so is that of a
    replay of the replay, and what is saved from the journal."""
    with vlmock.serve(record=tmp_path / "now") as server:
        async with talking(server.url) as dialogue:
            await types(dialogue)
    (first,) = read(a_year_ago(tmp_path / "now", tmp_path / "first"))
    again = tmp_path / "first"
    for name in ("second", "third"):
        with vlmock.serve(replay=again, record=tmp_path / name) as server:
            async with talking(server.url) as dialogue:
                await types(dialogue)
            server.journal.wait_for_close()
        for path in (tmp_path / name, server.journal.save(tmp_path / f"saved {name}")):
            (then,) = read(path)
            assert then.head.recorded == first.head.started < then.head.started
            compared = [compare(first, then), compare(then, rehearse(then), allowances=KNOWN, clients=False)]
            assert {each.grade for each in compared} <= {Grade.SAME, Grade.LOOSER}, as_text(compared)
        again = tmp_path / name


def a_year_ago(path: Path, older: Path) -> Path:
    (recording,) = read(path)
    started = (datetime.fromisoformat(recording.head.started) - timedelta(days=365)).isoformat()
    frames = [replace(frame, event=aged(frame.event)) for frame in recording.frames]
    return write([replace(recording, head=replace(recording.head, started=started), frames=frames)], older)


def aged(value: Any) -> Any:
    if isinstance(value, dict):
        year = 365 * 86_400
        return {name: each - year if name == "expires_at" else aged(each) for name, each in value.items()}
    return [aged(each) for each in value] if isinstance(value, list) else value


def without_ids(said: Any) -> Any:
    """The SDK gives each event that it sends a new name."""
    if isinstance(said, dict):
        return {name: without_ids(member) for name, member in said.items() if name != "event_id"}
    return [without_ids(each) for each in said] if isinstance(said, list) else said


@pytest.mark.parametrize("client", [speaks, commits])
async def test_a_recording_without_the_voices_is_as_good(
    tmp_path: Path, client: Callable[[Dialogue], Awaitable[None]]
) -> None:
    """Timing and loudness are left, and they are what counts."""
    with vlmock.serve(record=tmp_path / "rec", redact_audio=True) as server:
        async with talking(server.url) as dialogue:
            await client(dialogue)
    with vlmock.serve() as server:
        server.replay(tmp_path / "rec", on_unexpected="strict")
        async with talking(server.url) as dialogue:
            await client(dialogue)
        assert server.problems() == []


async def test_another_dialect_is_replayed_in_its_own_words(tmp_path: Path) -> None:
    """The beta of OpenAI's Realtime API: what is compared and sent is what was on the wire."""

    async def told(server: vlmock.MockServer) -> list[str]:
        headers = {"Authorization": "Bearer any", "OpenAI-Beta": "realtime=v1"}
        address = f"{server.ws_url}/v1/realtime?model=gpt-4o-realtime-preview"
        async with connect(address, additional_headers=headers) as connection:
            messages = [str(await connection.recv())]
            await connection.send('{"type":"session.update","session":{"speed":1.0,"modalities":["text"]}}')
            await connection.send('{"type":"response.create","response":{"input":[]}}')
            while json.loads(messages[-1])["type"] != "response.done":
                messages.append(str(await connection.recv()))
            return messages

    with vlmock.serve(record=tmp_path / "rec") as server:
        recorded = await told(server)
    with vlmock.serve(replay=tmp_path / "rec") as server:
        assert await told(server) == recorded
        assert server.problems() == []


async def test_audio_is_sent_to_the_last_byte(tmp_path: Path) -> None:
    """The assistant's voice comes from the WAV file, and is the one that was recorded."""

    async def voice_of(server: vlmock.MockServer) -> bytes:
        async with talking(server.url) as dialogue:
            answer = await dialogue.ask("Hello")
            return dialogue.audio(answer.id)

    with vlmock.serve(record=tmp_path / "rec") as server:
        recorded = await voice_of(server)
    with vlmock.serve(replay=tmp_path / "rec") as server:
        assert await voice_of(server) == recorded
    assert len(recorded) > 10_000


async def test_a_client_of_another_language_may_spell_its_events_otherwise(tmp_path: Path) -> None:
    """Order of members and spaces are nobody's concern."""
    async with talking_raw(tmp_path) as (server, connection):
        await connection.recv()
        item = {"content": [{"text": "Hello", "type": "input_text"}], "role": "user", "type": "message"}
        await connection.send(json.dumps({"item": item, "type": "conversation.item.create"}, indent=2))
        assert json.loads(await connection.recv())["type"] == "conversation.item.created"
        await connection.send(' { "type" : "response.create" } ')
        while json.loads(await connection.recv())["type"] != "response.done":
            pass
        assert server.problems() == []


def talking_raw(folder: Path) -> Any:
    """A plain connection to a replay of one typed turn."""

    @asynccontextmanager
    async def opened() -> Any:
        with vlmock.serve(record=folder / "raw") as server:
            async with talking(server.url) as dialogue:
                await dialogue.ask("Hello")
        with vlmock.serve(replay=folder / "raw") as server:
            address = f"{server.ws_url}/voice-live/realtime?api-version=2026-07-15&model=gpt-4.1"
            async with connect(address, additional_headers={"api-key": "any"}) as connection:
                yield server, connection

    return opened()
