"""Good clients get no complaint at all: the vendor SDK's samples, the demo of the reference client, the real service's
own clients."""

import asyncio
import math
from pathlib import Path

import numpy as np
import pytest

import vlmock
from tests.conduct.samples import Assistant, FunctionCaller, McpCaller
from tests.sdk.sounds import own_words, quiet
from vlmock.conduct.of_recordings import judge_recordings
from vlmock.demo.conversation import run_demo
from vlmock.recording.reading import read
from vlmock.session.script import McpCall, Turn

LONG = "Once upon a time there was a fox who could not sleep, and so it went for a walk in the wood. " * 3


async def talked(client: Assistant, *, answers: int = 1) -> None:
    async with asyncio.timeout(30):
        await client.run(answers=answers)


async def test_the_basic_voice_assistant():
    """A live microphone for some seconds, an answer, an interruption in the middle of it, another answer."""
    sound = np.concatenate([own_words(after_ms=2500), own_words(before_ms=0, after_ms=4000)])
    with vlmock.serve(lambda turn: LONG, timing={"llm_first": 200, "audio_speed": 3.0}) as server:
        assistant = Assistant(server.url, sound, model="gpt-realtime")
        assistant.on_playing = server.conduct.client_is_playing
        await talked(assistant, answers=2)
        assert server.journal.server_events("response.done")[0].response.status == "cancelled"
        assert assistant.errors == []
        assert server.conduct.without("hang-up-after-playback").findings == []


async def test_as_it_was_before_its_mistake_was_mended():
    """The samples once cancelled whenever the user spoke, and most clients still are made after them. Observed {SDKPR}:
    mostly there was nothing to cancel, and the refusal does no harm. It is an advice, and one is enough."""
    with vlmock.serve(lambda turn: "Yes.") as server:
        sound = np.concatenate([own_words(), own_words()])
        assistant = Assistant(server.url, sound, model="gpt-4.1", speed=math.inf, cancels=True)
        await talked(assistant, answers=2)
        assert len(server.journal.client_events("response.cancel")) == 2
        assert [(finding.rule.id, finding.severity) for finding in server.conduct.findings] == [("VL309", "advice")]


async def test_function_calling():
    """One call, one output, one request."""
    with vlmock.serve("weather") as server:
        caller = FunctionCaller(server.url, own_words(), model="gpt-4.1", speed=math.inf)
        await talked(caller, answers=2)
        assert server.problems() == []
        assert server.conduct.findings == []


@pytest.mark.parametrize("label", ["docs", "shop"])
async def test_mcp(label: str):
    """With and without consent."""

    def script(turn: Turn) -> object:
        return "Three years." if turn.tool_outputs else [McpCall(label, "search", output='{"years": 3}')]

    with vlmock.serve(script) as server:
        caller = McpCaller(server.url, own_words(), model="gpt-4.1", speed=math.inf)
        await talked(caller)
        assert server.conduct.findings == []


async def test_who_only_listens():
    """A microphone that nobody speaks into, with some noise, for a while."""
    noise = (np.random.default_rng(1).normal(0, 20, 24_000 * 12)).astype("<i2")
    with vlmock.serve() as server:
        assistant = Assistant(server.url, np.concatenate([quiet(100), noise]), model="gpt-4.1", speed=math.inf)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await assistant.run(answers=1)
        assert server.conduct.findings == []


def test_the_demo_of_the_reference_client(tmp_path: Path):
    """As it is recorded while it runs."""
    journal = tmp_path / "demo"
    run_demo("weather", timing="instant", journal=journal)
    assert judge_recordings(read(journal)) == ([], [])


def test_clients_of_the_real_service(shared: Path):
    """Recorded sessions in which the service refused nothing: nor does the judge find anything."""
    recordings = [recording for path in sorted((shared / "recordings").glob("*.yaml")) for recording in read(path)]
    assert len(recordings) >= 5
    for recording in recordings:
        assert judge_recordings([recording]) == ([], [])
