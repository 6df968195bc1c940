"""The smoke test where all is well: every step, in every pipeline, and what it writes down."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

import vlmock
from tests.smoke.conftest import smoked
from vlclient.cli import main
from vlclient.smoke.outcome import BUDGETS, Outcome, Verdict
from vlclient.smoke.program import STEPS
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(60)

WHO = {
    "cascade": {"model": "gpt-4o"},
    "hybrid": {"model": "gpt-realtime"},
    "native": {"model": "gpt-realtime", "voice": "alloy"},
    "azure-realtime": {"model": "azure-realtime"},
    "phi": {"model": "phi4-mm-realtime"},
}


@pytest.fixture(scope="module")
def outcomes(service: MockServer) -> Mapping[str, Outcome]:
    """Of all the models, tried at the same time: they wait most of the time."""

    async def all_tried() -> list[Outcome]:
        return await asyncio.gather(*(smoked(service.url, **model) for model in WHO.values()))

    return dict(zip(WHO, asyncio.run(all_tried()), strict=True))


@pytest.mark.parametrize("who", WHO)
def test_it_passes_with_any_model(who: str, outcomes: Mapping[str, Outcome]) -> None:
    """Every step is tried, nothing is found, and all that has a budget is measured."""
    outcome = outcomes[who]
    assert (outcome.exit_code, outcome.kind, outcome.sentence) == (0, "good", "")
    assert [(step.name, step.verdict, step.findings) for step in outcome.steps] == [
        (name, Verdict.OK, ()) for name in STEPS
    ]
    assert set(outcome.measured) == set(BUDGETS)
    assert 2.0 < outcome.measured["total"] < 30.0


async def test_it_passes_with_an_agent() -> None:
    """Whose tools are its own; an agent takes no key."""
    with vlmock.serve(timing="instant") as server:
        server.entra()
        outcome = await smoked(server.url, api_key=None, model=None, agent_name="helper", project_name="p")
    assert (outcome.exit_code, outcome.kind, outcome.sentence) == (0, "good", "")
    assert [step.name for step in outcome.steps if step.verdict is Verdict.SKIPPED] == ["tool"]
    assert outcome.steps[0].seen.endswith(f", {outcome.model or 'an agent'}")


async def test_an_answer_that_is_complete_at_once_need_not_be_cancelled() -> None:
    """It says so, and that is no finding."""
    with vlmock.serve(timing="instant") as server:
        outcome = await smoked(server.url)
    assert outcome.exit_code == 0
    (cancel,) = [step for step in outcome.steps if step.name == "cancel"]
    assert cancel.seen == "every answer was complete before it could be cancelled"


def test_it_tells_each_step_and_writes_down_what_came_of_it(service: MockServer, tmp_path: Path) -> None:
    """Lines for people, JSON for machines, JUnit for CI, and a recording that can be replayed."""
    files = {name: tmp_path / f"outcome.{name}" for name in ("json", "junit")}
    arguments = ["--endpoint", service.url, "--api-key", "a-key-of-the-tests", "--model", "gpt-4o"]
    arguments += ["--json", str(files["json"]), "--junit", str(files["junit"]), "--record", str(tmp_path / "out")]
    result = CliRunner().invoke(main, ["smoke", *arguments, "--log", str(tmp_path / "log"), "--budget", "first_text=0"])
    assert result.exit_code == 10, result.output
    lines = result.output.splitlines()
    assert [line.split("  ")[0] for line in lines if not line.startswith(" ")][: len(STEPS)] == list(STEPS)
    assert lines[-1].startswith("too slow: first_text took")
    outcome = json.loads(files["json"].read_bytes())
    assert (outcome["exit_code"], [step["name"] for step in outcome["steps"]]) == (10, list(STEPS))
    suite = ElementTree.parse(files["junit"]).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("7", "2")
    assert "session.update" in (tmp_path / "log").read_text(encoding="utf-8")
    assert (tmp_path / "out/connection-1/server.wav").stat().st_size > 10_000
    for file in tmp_path.rglob("*.*"):
        assert b"a-key-of-the-tests" not in file.read_bytes()
