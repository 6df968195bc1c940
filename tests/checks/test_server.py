"""From what a person has chosen to the server that is checked, and whether anybody is there."""

from pathlib import Path
from typing import Any

import pytest

from tests.checks.conftest import checked
from tests.client.fake_service import Caller, refusing, serving
from vlclient.checks.emulator import emulator_like
from vlclient.checks.pacing import LIVE_PER_MINUTE, Pace
from vlclient.checks.reaching import reach
from vlclient.checks.server import pipeline_of, server_of
from vlclient.endpoint import url
from vlclient.environment import NAMES
from vlclient.errors import ConfigurationError, CouldNotReach, NoAnswer, NotAllowed, Refused, ServiceError
from vlmock.server.mock_server import MockServer

AZURE = "https://res.services.ai.azure.com"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of whoever runs these tests."""
    for names in NAMES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


# ---- who is asked


@pytest.mark.parametrize(
    ("model", "voice", "pipeline"),
    [
        ("gpt-4o", None, "cascade"),
        ("gpt-4.1-mini", "en-US-AvaNeural", "cascade"),
        ("gpt-realtime", None, "native"),
        ("gpt-realtime", "marin", "native"),
        ("gpt-realtime", "en-US-AvaNeural", "hybrid"),
        ("azure-realtime", "ava", "native"),
        ("phi4-mm-realtime", None, "cascade"),
        ("my-own byom-azure-openai-realtime", None, "native"),
        ("", None, "cascade"),
    ],
)
def test_model_and_voice_say_the_pipeline(model: str, voice: str | None, pipeline: str) -> None:
    """A realtime model with an Azure voice is a hybrid."""
    assert pipeline_of(model, voice) == pipeline


@pytest.mark.parametrize(
    ("chosen", "voice"),
    [
        ({"model": "gpt-4o"}, {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural"}),
        ({"model": "gpt-realtime"}, "alloy"),
        ({"model": "gpt-realtime", "pipeline": "hybrid"}, {"type": "azure-standard"}),
        ({"model": "azure-realtime"}, {"type": "azure-realtime-native", "name": "ava"}),
        ({"model": "gpt-realtime", "voice": "de-DE-KatjaNeural"}, {"name": "de-DE-KatjaNeural"}),
    ],
)
def test_a_run_has_a_voice_of_its_pipeline(chosen: dict[str, Any], voice: object) -> None:
    """As ``session.update`` takes it."""
    got = server_of(endpoint=AZURE, api_key="k", **chosen).voice
    assert got == voice if isinstance(voice, str) else dict(voice).items() <= got.items()  # type: ignore[call-overload]


@pytest.mark.parametrize(("pipeline", "voice"), [("native", "en-US-AvaNeural"), ("hybrid", "alloy")])
def test_a_voice_of_another_pipeline_is_a_mistake(pipeline: str, voice: str) -> None:
    """One of the two is to be left out."""
    with pytest.raises(ConfigurationError, match="leave out one"):
        server_of(endpoint=AZURE, api_key="k", model="gpt-realtime", pipeline=pipeline, voice=voice)


def test_whoever_is_not_on_this_machine_is_live() -> None:
    """He has a limit of connections, and is given more time to show what he should not."""
    far, near = (server_of(endpoint=endpoint, api_key="k") for endpoint in (AZURE, "http://127.0.0.1:8765"))
    assert (far.live, far.pace.per_minute, near.live, near.pace.per_minute) == (True, LIVE_PER_MINUTE, False, None)
    assert far.quiet_s > near.quiet_s


def test_what_is_not_said_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a conversation; without it there is a sentence."""
    with pytest.raises(ConfigurationError, match="no endpoint is given"):
        server_of()
    monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", AZURE)
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", "k")
    monkeypatch.setenv("VOICE_LIVE_MODEL", "gpt-realtime")
    server = server_of(api_version="2025-10-01")
    assert (server.model, server.pipeline, server.api_version) == ("gpt-realtime", "native", "2025-10-01")


def test_an_agent_answers_in_place_of_a_model() -> None:
    """In the pipeline of agents, with a token and no key."""
    server = server_of(endpoint=AZURE, agent_name="guide", project_name="harbour")
    assert (server.agent, server.model, server.pipeline) == (True, "", "cascade")
    assert "agent-name=guide" in url(server.target)
    with pytest.raises(ConfigurationError, match="no API key"):
        server_of(endpoint=AZURE, agent_name="guide", project_name="harbour", api_key="k")
    with pytest.raises(ConfigurationError, match="exclude each other"):
        server_of(endpoint=AZURE, agent_name="guide", project_name="harbour", model="gpt-4o")


# ---- whether anybody is there


async def test_the_first_connection_says_who_answers(emulator: MockServer) -> None:
    """By the name that the model has there."""
    assert (await reach(checked(emulator.url))).model == "gpt-4o-2024-11-20"


async def test_nobody_there_is_said_once() -> None:
    """And not by every check."""
    with pytest.raises(CouldNotReach, match="nobody listens there"):
        await reach(checked("http://127.0.0.1:9"))


@pytest.mark.parametrize(("status", "error"), [(401, NotAllowed), (403, NotAllowed), (404, Refused), (429, Refused)])
async def test_a_refusal_is_said_once(status: int, error: type[Refused]) -> None:
    """A wrong key above all."""
    async with serving(_silent, door=refusing(status)) as service:
        with pytest.raises(error):
            await reach(checked(service.url))


async def test_a_model_that_is_none_is_said_once(emulator: MockServer) -> None:
    """It comes as an event, after the connection was taken."""
    server = server_of(endpoint=emulator.url, api_key="k", model="no-such-model")
    with pytest.raises(ServiceError, match="invalid_model"):
        await reach(server)


async def _silent(caller: Caller) -> None:
    await caller.connection.wait_closed()


async def test_who_never_says_anything_is_found() -> None:
    """After the patience that was asked for."""
    async with serving(_silent) as service:
        with pytest.raises(NoAnswer, match=r"0\.1 s; --patience"):
            await reach(checked(service.url, patience_s=0.1))


async def test_what_comes_first_is_not_judged_by_the_first_connection() -> None:
    """That is what the checks are for."""

    async def babbling(caller: Caller) -> None:
        await caller.connection.send("no event at all")
        await caller.connection.wait_closed()

    async with serving(babbling) as service:
        assert (await reach(checked(service.url))).model == ""


# ---- the pace


async def test_so_many_go_through_in_any_minute() -> None:
    """The others wait until the oldest of them is a minute old."""
    clock, waited = [0.0], []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        clock[0] += seconds

    pace = Pace(3, clock=lambda: clock[0], sleep=sleep)
    for _ in range(4):
        await pace.turn()
        clock[0] += 10.0
    assert waited == [30.0]
    clock[0] += 60.0
    for _ in range(3):
        assert await pace.turn() == 0.0
    assert await pace.turn() == 60.0


@pytest.mark.parametrize(("connections", "least_s"), [(0, 0), (1, 0), (27, 0), (28, 60), (54, 60), (55, 120)])
def test_it_is_known_beforehand_how_long_that_takes_at_least(connections: int, least_s: float) -> None:
    """In whole minutes; without a pace nothing."""
    assert Pace(27).least_s(connections) == least_s
    assert Pace().least_s(connections) == 0.0


# ---- the emulator beside it


async def test_the_emulator_is_asked_as_the_server_is(emulator: MockServer) -> None:
    """The same model, voice, version and pipeline; with its own key, and in a process that ends with the comparison."""
    asked = server_of(
        endpoint="https://res.services.ai.azure.com", api_key="a-real-key", model="gpt-realtime", pipeline="hybrid"
    )
    async with emulator_like(asked) as server:
        assert (server.live, server.voice, server.pipeline) == (False, asked.voice, "hybrid")
        assert "model=gpt-realtime" in url(server.target)
        assert "a-real-key" not in (await server.credential.headers()).values()
        assert (await reach(server)).model == "gpt-realtime-global-standard"
    with pytest.raises(CouldNotReach):
        await reach(server)


async def test_the_emulator_has_an_agent_where_one_is_checked() -> None:
    """It takes a token, and asks nobody for it."""
    asked = server_of(endpoint=AZURE, agent_name="guide", project_name="harbour")
    async with emulator_like(asked) as server:
        await reach(server)


async def test_an_emulator_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the last line that it says."""
    monkeypatch.setattr("vlclient.checks.emulator._COMMAND", ("-c", "import sys; sys.exit('no port is free')"))
    with pytest.raises(CouldNotReach, match="does not start: no port is free"):
        async with emulator_like(server_of(endpoint=AZURE, api_key="k")):
            pass
