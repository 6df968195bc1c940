"""A scenario that was made from a recording plays the conversation again, for a client that does the same again."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.protocol.test_recordings import NAMES
from tests.sdk.dialogue import Dialogue, talking
from tests.sdk.test_shipped_scenarios import ENDS_THE_CALL, SHIPPED, SLOW, Player, steps_of
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.to_scenario import scenario_of, write_scenario
from vlmock.scenario.model import Scenario
from vlmock.scenario.shipped import load

LEAVES_NO_TRACE = {"filler_words"}
"""What the service removes as a filler word nobody is told of, so no recording has it."""


def rewritten(recording: Recording, folder: Path, name: str) -> Scenario:
    """Through the file that a person would edit."""
    return load(write_scenario(scenario_of(recording, name=name), folder / f"{name}.yaml"))


@asynccontextmanager
async def recorded(scenario: Scenario, into: Path, **how: Any) -> AsyncIterator[tuple[Dialogue, list[Recording]]]:
    """A conversation with a server that plays this; when it is over, it is in the list."""
    foreign = {event["type"] for event in steps_of(scenario, "event")} - set(models.ServerEvent.__mapping__)
    recordings: list[Recording] = []
    with vlmock.serve(scenario) as server:
        async with talking(server.url, foreign=foreign, **how) as dialogue:
            yield dialogue, recordings
        server.journal.wait_for_close()
        assert server.problems() == []
        recordings += read(server.journal.save(into))


async def played(original: Scenario, scenario: Scenario, into: Path, *, speaks: bool) -> Recording:
    """What one and the same client says and hears."""
    async with recorded(scenario, into) as (dialogue, recordings):
        await Player(dialogue, speaks=speaks).play(original)
        if original.name not in ENDS_THE_CALL:
            await dialogue.until_nothing_is_left()
    return recordings[0]


def events(recording: Recording, *types: str) -> list[dict[str, Any]]:
    found = [frame.event for frame in recording.frames if frame.source == "server" and frame.event is not None]
    return [event for event in found if not types or event["type"] in types]


def types(recording: Recording) -> list[str]:
    return [event["type"] for event in events(recording)]


def words(recording: Recording) -> list[str]:
    done = events(recording, "response.audio_transcript.done", "response.text.done")
    return [event.get("transcript", event.get("text")) for event in done]


def heard(recording: Recording) -> list[str]:
    kind = "conversation.item.input_audio_transcription.completed"
    return [event["transcript"] for event in events(recording, kind)]


def calls(recording: Recording) -> list[tuple[str, Any]]:
    done = items(events(recording, "response.output_item.done"))
    return [(item["name"], json.loads(item["arguments"])) for item in done]


def sound(recording: Recording) -> int:
    return sum(event["delta"]["bytes"] for event in events(recording, "response.audio.delta"))


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        pytest.param(name, speaks, id=f"{name}-{'spoken' if speaks else 'typed'}")
        for name in SHIPPED
        for speaks in (False, True)
        if not (speaks and name in SLOW | LEAVES_NO_TRACE)
    ],
)
async def test_a_shipped_scenario_comes_back_from_its_recording(tmp_path: Path, name: str, speaks: bool):
    """The same words, calls and transcripts, the same sound, and the same events in the same order."""
    original = load(name)
    first = await played(original, original, tmp_path / "first", speaks=speaks)
    again = await played(original, rewritten(first, tmp_path, name), tmp_path / "again", speaks=speaks)
    assert words(again) == words(first)
    assert calls(again) == calls(first)
    assert heard(again) == heard(first)
    assert sound(again) == sound(first)
    assert types(again) == types(first)


BESIDE = {"conversation.item.input_audio_transcription.delta", "conversation.item.input_audio_transcription.completed"}
"""Made beside the answer, by somebody else, and done when it is done."""


def in_order(recording: Recording) -> list[str]:
    """What does not depend on how words are cut into pieces, nor on how long it takes to write down what was said."""
    return [kind for kind in types(recording) if kind not in BESIDE and not kind.endswith(".delta")]


@pytest.mark.parametrize("name", NAMES)
async def test_a_session_of_the_real_service_is_played_again(tmp_path: Path, shared: Path, name: str):
    """Its own client says the same, each time when it has heard as many answers as then."""
    folder = shared / "recordings"
    spoken = {"client_audio": folder / "marcelo_24khz.pcm"} if name == "test_audio_in_server_vad_turn" else {}
    (real,) = read(folder / f"{name}.yaml", **spoken)
    scenario = rewritten(real, tmp_path, name)
    how = {"model": "gpt-realtime", "api_version": "2026-04-10"}
    async with recorded(scenario, tmp_path / "again", **how) as (dialogue, recordings):
        await say_the_same(dialogue, real)
    assert words(recordings[0]) == words(real)
    assert calls(recordings[0]) == calls(real)
    assert heard(recordings[0]) == heard(real)
    assert in_order(recordings[0]) == in_order(real)


def items(done: list[Any]) -> list[Any]:
    return [event["item"] for event in done if event["item"]["type"] == "function_call"]


async def say_the_same(dialogue: Dialogue, recording: Recording) -> None:
    """Whatever the client of a recording said, behind the same milestones; calls have the ids that they have now."""
    then = [item["call_id"] for item in items(events(recording, "response.output_item.done"))]
    for frame in recording.frames:
        assert frame.event is not None
        kind = frame.event["type"]
        if frame.source == "client":
            now = [item["call_id"] for item in items(dialogue.of("response.output_item.done"))]
            text = json.dumps(recording.whole(frame))
            for old, new in zip(then, now, strict=False):
                text = text.replace(old, new)
            await dialogue.connection.send(json.loads(text))
        elif kind in ("session.updated", "response.output_item.done", "response.done"):
            await dialogue.until(kind)
    for kind in BESIDE & set(types(recording)):
        await dialogue.until(kind)


async def cut_off(scenario: Scenario, into: Path) -> Recording:
    """The client has enough of it at the first sound, and asks for something else."""
    async with recorded(scenario, into) as (dialogue, recordings):
        await dialogue.configure(modalities=["text", "audio"])
        await dialogue.type("Tell me all about bread.")
        await dialogue.connection.response.create()
        await dialogue.until("response.audio.delta")
        await dialogue.connection.response.cancel()
        await dialogue.answer()
        await dialogue.ask("Enough.")
    return recordings[0]


async def test_an_answer_that_was_cut_off_is_cut_off_again(tmp_path: Path):
    """It does not end before the client ends it, though nobody knows what more would have been said."""
    reply = " ".join(["Bread is one of the oldest foods that people prepare."] * 5)
    turns = [{"user": "Tell me all about bread.", "reply": reply}, {"user": "Enough.", "reply": "All right."}]
    first = await cut_off(Scenario.build(turns=turns, timing="cascade"), tmp_path / "first")
    again = await cut_off(rewritten(first, tmp_path, "bread"), tmp_path / "again")
    assert [event["response"]["status"] for event in events(again, "response.done")] == ["cancelled", "completed"]
    assert words(again) == words(first)
    assert in_order(again) == in_order(first)
