"""How a smoke test can end, and the exit code of each."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import vlmock
from tests.checks.lies import at_the_door, refuses, says
from tests.checks.wrong_server import wrong
from tests.client.fake_service import Caller, refusing, serving, silent
from tests.command_line import environment
from tests.smoke.conftest import smoked
from vlclient.cli import main
from vlclient.errors import ConfigurationError
from vlclient.smoke.conversation import Conversation
from vlclient.smoke.outcome import BUDGETS, KINDS, Outcome
from vlmock.protocol.session import ResponseSession, SessionCreated
from vlmock.server.mock_server import MockServer
from vlmock.session.script import Call, Fail, Turn

pytestmark = [pytest.mark.usefixtures("alone"), pytest.mark.timeout(60)]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's environment gets in."""
    for name in list(os.environ):
        if "VOICE" in name or name.startswith(("AZURE_", "AGENT_", "IDENTITY_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def ended(outcome: Outcome) -> tuple[int, str, list[str]]:
    """The exit code, what it means, and the steps that were tried."""
    return outcome.exit_code, outcome.kind, [step.name for step in outcome.steps if step.seen != "not tried"]


async def test_nobody_there_could_not_be_reached() -> None:
    """3."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        outcome = await smoked(f"http://127.0.0.1:{held.getsockname()[1]}")
    assert ended(outcome) == (3, "could not reach", ["connect"])


async def test_a_wrong_key_is_not_allowed() -> None:
    """4, and the key is nowhere."""
    with vlmock.serve(api_key="the-right-key-of-all") as server:
        outcome = await smoked(server.url, api_key="a-wrong-key-of-all")
    assert ended(outcome) == (4, "not allowed", ["connect"])
    assert "wrong-key" not in str(outcome)


async def test_an_unknown_model_is_refused(service: MockServer) -> None:
    """5, in the service's words."""
    outcome = await smoked(service.url, model="no-such-model")
    assert ended(outcome) == (5, "refused", ["connect"])
    assert "--model" in outcome.sentence


async def test_settings_that_are_refused_are_refused(service: MockServer) -> None:
    """5, after the connection."""
    outcome = await smoked(service.url, model="azure-realtime", voice="alloy")
    assert ended(outcome) == (5, "refused", ["connect", "set up"])


async def test_an_upgrade_that_is_redirected_is_refused() -> None:
    """5: nobody follows it, with a credential in hand."""
    with vlmock.serve(api_key="the-right-key-of-all") as server:
        async with wrong(at_the_door(status=lambda status: 302), server.url) as url:
            outcome = await smoked(url)
    assert ended(outcome) == (5, "refused", ["connect"])
    assert "302" in outcome.sentence


async def test_http_errors_are_refusals() -> None:
    """5 for all but 401 and 403."""
    async with serving(silent, door=refusing(503, 403)) as broken:
        assert ended(await smoked(broken.url))[:2] == (5, "refused")
        assert ended(await smoked(broken.url))[:2] == (4, "not allowed")


async def test_an_error_in_place_of_an_answer_is_a_refusal(service: MockServer) -> None:
    """5, with what it said."""
    async with wrong(refuses("response.created"), service.url) as url:
        outcome = await smoked(url)
    assert ended(outcome) == (5, "refused", ["connect", "set up", "typed turn"])
    assert outcome.sentence.endswith(": No")


@pytest.mark.parametrize(("code", "ends"), [(1001, (6, "connection closed")), (1008, (5, "refused"))])
async def test_a_connection_that_ends_is_told_from_a_refusal(code: int, ends: tuple[int, str]) -> None:
    """6, unless the close says that it is a refusal."""

    async def leaving(caller) -> None:  # type: ignore[no-untyped-def]
        await caller.greet()
        await caller.hear("session.update")
        await caller.connection.close(code, "enough")

    async with serving(leaving) as service:
        outcome = await smoked(service.url)
    assert ended(outcome) == (*ends, ["connect", "set up"])


async def test_what_takes_longer_than_its_budget_is_too_slow(service: MockServer) -> None:
    """10, where all else is well; each step that spent too much says so."""
    outcome = await smoked(service.url, budgets={**BUDGETS, "first_audio": 0.05, "cancelled": 0.0})
    assert ended(outcome)[:2] == (10, "too slow")
    slow = [step.name for step in outcome.steps if step.findings]
    assert slow == ["typed turn", "spoken turn", "cancel"]
    assert "first_audio took" in outcome.sentence


async def test_what_does_not_come_to_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """10: each answer comes in time, and is another call of the function. The step that was stopped says so. In less
    than a minute, unless more was allowed, however patient each wait is."""

    def calls_for_ever(turn: Turn) -> object:
        return Call("look_up_weather", '{"location": "Beijing"}')

    monkeypatch.setitem(BUDGETS, "total", 2.0)
    with vlmock.serve(calls_for_ever, timing={"llm_first": 20}) as server:
        outcome = await smoked(server.url, patience_s=30.0, budgets={**BUDGETS, "total": 1.0})
    assert ended(outcome) == (10, "too slow", ["connect", "set up", "typed turn"])
    assert outcome.steps[2].findings == (outcome.sentence,)
    assert "after 2 s" in outcome.sentence


async def test_a_wrong_answer_is_worse_than_a_slow_one(service: MockServer) -> None:
    """9."""

    async with wrong(says("response.done", "response.usage.total_tokens", 7), service.url) as url:
        outcome = await smoked(url, budgets={**BUDGETS, "connect": 0.0})
    assert ended(outcome)[:2] == (9, "wrong answer")


async def test_a_mistake_of_ours_is_ours(service: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """1, and not the service's."""

    async def stumble(self: Conversation) -> str:
        raise RuntimeError("stumbled")

    monkeypatch.setattr(Conversation, "answers_what_is_typed", stumble)
    outcome = await smoked(service.url)
    assert ended(outcome) == (1, "our fault", ["connect", "set up", "typed turn"])


async def test_without_an_endpoint_nothing_is_tried() -> None:
    """2, with the ways to say it."""
    with pytest.raises(ConfigurationError, match="AZURE_VOICE_LIVE_ENDPOINT"):
        await smoked(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_gets_what_there_is(number: signal.Signals, service: MockServer, tmp_path: Path) -> None:
    """By Ctrl-C, or as CI does when its time is over: 130; the step that was cut off is not called good, and what there
    is is written down."""
    command = [sys.executable, "-m", "vlclient", "smoke", "--endpoint", service.url, "--api-key", "any"]
    process = subprocess.Popen(
        [*command, "--json", str(tmp_path / "o.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("typed turn"):
        assert process.poll() is None
    process.send_signal(number)
    said, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints, said.splitlines()[-1]) == (130, "", "stopped")
    outcome = json.loads((tmp_path / "o.json").read_bytes())
    assert (outcome["exit_code"], outcome["kind"]) == (130, "stopped")
    assert [step["seen"] for step in outcome["steps"][3:]] == ["stopped"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file that is always full")
def test_a_report_that_cannot_be_written_is_said_at_the_end(tmp_path: Path) -> None:
    """2 where all else was well; the other report is written."""
    with vlmock.serve() as server:
        arguments = ["--endpoint", server.url, "--api-key", "any", "--json", "/dev/full", "--junit", "out.xml"]
        result = CliRunner().invoke(main, ["smoke", *arguments])
    assert result.exit_code == 2, result.output
    assert result.output.splitlines()[-2:][0] == "good"
    assert "vlclient: /dev/full cannot be written" in result.output
    assert (tmp_path / "out.xml").exists()


async def test_the_reason_of_a_failed_answer_is_told() -> None:
    """As the service gives it."""
    with vlmock.serve(lambda turn: Fail("no such deployment", code="not_there")) as server:
        outcome = await smoked(server.url)
    assert ended(outcome)[:2] == (9, "wrong answer")
    assert "the answer ended failed" in outcome.sentence
    assert "no such deployment" in outcome.sentence


async def test_no_option_is_advised_that_there_is_not() -> None:
    """It never dials again."""

    async def leaving(caller) -> None:  # type: ignore[no-untyped-def]
        await caller.greet()
        await caller.hear("session.update")
        await caller.connection.close(1011, "enough")

    async with serving(leaving) as service:
        outcome = await smoked(service.url)
    assert outcome.exit_code == 6
    assert "--reconnect" not in outcome.sentence


def test_what_was_never_tried_is_not_listed() -> None:
    """One sentence is enough for wrong usage."""
    result = CliRunner().invoke(main, ["smoke", "--endpoint", "http://127.0.0.1:1", "--agent-name", "a"])
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert "the project's name is missing" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--budget", "first_adio=3"], "first_audio"),
        (["--budget", "first_audio"], "first_audio=3"),
        (["--budget", "first_audio=soon"], "first_audio=3"),
        (["--budget", "first_audio=-1"], "first_audio=3"),
        (["--budget", "first_audio=nan"], "first_audio=3"),
        (["--json", "nowhere/outcome.json"], "nowhere"),
        (["--json", "out", "--junit", "out"], "two reports"),
        ([], "AZURE_VOICE_LIVE_ENDPOINT"),
    ],
)
def test_wrong_usage_is_told_before_anybody_is_dialled(arguments: list[str], words: str) -> None:
    """2."""
    result = CliRunner().invoke(main, ["smoke", *arguments])
    assert result.exit_code == 2
    assert words in result.output


def test_the_help_explains_every_exit_code() -> None:
    """With the words that the reports use."""
    said = " ".join(CliRunner().invoke(main, ["smoke", "--help"]).output.split())
    assert [name for code, name in KINDS.items() if f"{code} {name}" not in said] == []
    assert [name for name, seconds in BUDGETS.items() if f"{name} ({seconds:g}" not in said] == []


async def test_a_model_that_does_not_name_itself_is_no_agent() -> None:
    """A ``session.created`` may lack the model."""

    async def nameless(caller: Caller) -> None:
        await caller.say(SessionCreated(session=ResponseSession(id="sess_1")))
        await caller.hear("session.update")

    async with serving(nameless) as service:
        outcome = await smoked(service.url)
    assert outcome.steps[0].seen == "sess_1, a model that is not named"
