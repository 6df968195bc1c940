"""The README and its pages keep their promises: every snippet runs, the table is what the code says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from click.testing import CliRunner

import vlmock
from vlclient.cli import main as client_main
from vlmock.cli import main
from vlmock.emulated import markdown
from vlmock.emulated.subjects import ECHOED_ONLY, fields
from vlmock.scenario.keys import SCENARIO, TURN
from vlmock.scenario.model import STEP_KINDS, Scenario
from vlmock.scenario.templates import VARIABLES

__all__ = ["jinja2", "yaml"]
"""A test with ``pytester`` forgets what it imported. yaml cannot be imported twice, and the errors of a second jinja2
would not be those that our templates know: both are imported before."""

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        "scenarios/README.md",
        "vlclient/README.md",
        "vlmock/conduct/README.md",
        "vlmock/recording/README.md",
        "vlmock/server/README.md",
    )
}
TABLE = re.compile(r"(<!-- made by `vlmock emulated`; a test keeps it true -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def snippets(language: str) -> list[Any]:
    return list(_snippets(language))


def _snippets(language: str) -> Iterator[Any]:
    for name, page in PAGES.items():
        for found in re.finditer(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
            line = page.count("\n", 0, found.start()) + 2
            yield pytest.param(found[1], id=f"{name}:{line}")


def section(page: str, heading: str) -> str:
    """What a page says below a heading, up to the next."""
    return PAGES[page].partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_the_table_is_what_the_code_says() -> None:
    """What is emulated is read off the code. To mend it: ``python tests/test_readme.py``."""
    found = TABLE.search(README)
    assert found is not None
    assert found[2].strip() == markdown()


def test_what_is_only_echoed_is_there() -> None:
    """The list names members that a client may send."""
    assert {field.name for field in fields()} >= ECHOED_ONLY


def test_that_any_azure_voice_is_taken_is_said_to_be_assumed() -> None:
    """No source tells what the service does with a name that is no voice's."""
    (voice,) = [field for field in fields() if field.name == "session.voice.name"]
    assert "Assumed" in voice.evidence


def test_all_that_a_scenario_can_say_is_named() -> None:
    """Its keys, the conditions, the steps and what words may ask for. The rest of each stands in the JSON Schema."""
    chapter = PAGES["scenarios/README.md"].partition("\n## ")[0]
    keys = {*SCENARIO.keys, *TURN.keys, *STEP_KINDS, *VARIABLES}
    assert {key for key in keys if not re.search(rf"\b{key}\b", chapter)} == set()


PYTEST_RUNS = ("async def test_", "@pytest.fixture")


@pytest.mark.parametrize("snippet", [p for p in snippets("python") if not any(s in p.values[0] for s in PYTEST_RUNS)])
def test_a_python_snippet_runs(snippet: str) -> None:
    """As it stands, in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=30, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_fixture_snippets_run(pytester: pytest.Pytester) -> None:
    """The test of the README, with an agent that asks for the weather, and with the options of the README."""
    agent = (ROOT / "tests" / "readme_agent.py").read_text(encoding="utf-8")
    options = next(p.values[0] for p in snippets("python") if "@pytest.fixture" in p.values[0])
    test = next(p.values[0] for p in snippets("python") if "async def test_" in p.values[0])
    pytester.makepyfile(my_agent=agent)
    pytester.makepyfile(f"import my_agent\n\n{test}")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    pytester.makeconftest(options.replace('"api_key": "secret"', '"api_key": "any"'))
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_recording_snippet_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once against the live service, which is the emulator here, and then without it."""
    agent = (ROOT / "tests" / "readme_agent.py").read_text(encoding="utf-8")
    test = next(p.values[0] for p in snippets("python") if "@pytest.mark.voicelive_recording" in p.values[0])
    pytester.makepyfile(my_agent=agent, test_agent=f"import my_agent\nimport pytest\n\n{test}")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function")
    with vlmock.serve("weather", api_key="key-of-the-service") as service:
        monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", service.url)
        monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", "key-of-the-service")
        pytester.runpytest_subprocess("--voicelive-record=once").assert_outcomes(passed=1)
    assert (pytester.path / "recordings/test_agent/test_my_agent_live/connection-1/events.jsonl").is_file()
    pytester.runpytest_subprocess("--block-network").assert_outcomes(passed=1)


def test_the_function_snippet_answers() -> None:
    """Both of its branches."""
    from vlmock.session.script import Call, Say, ToolOutput

    class Asked:
        text = "Is the pool open?"
        tool_outputs: tuple[ToolOutput, ...] = ()

    namespace: dict[str, Any] = {}
    snippet = next(p.values[0] for p in snippets("python") if "concierge" in p.values[0])
    exec(snippet, namespace)
    assert namespace["concierge"](Asked()) == [
        Say("One moment."),
        Call("ask_desk", '{"question": "Is the pool open?"}'),
    ]
    Asked.tool_outputs = (ToolOutput("i", "c", "ask_desk", "{}", "yes"),)
    assert namespace["concierge"](Asked()) == "The desk says yes."


@pytest.mark.parametrize("snippet", snippets("yaml"))
def test_a_scenario_snippet_is_valid(snippet: str, tmp_path: Path) -> None:
    """The loader takes it."""
    from vlmock.scenario.shipped import load

    file = tmp_path / "snippet.yaml"
    file.write_text(snippet, encoding="utf-8")
    assert isinstance(load(file), Scenario)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`vlmock ([\w-]+)", "".join(PAGES.values())))))
def test_a_command_that_is_named_exists(command: str) -> None:
    """With a help text of its own."""
    shown = CliRunner().invoke(main, [command, "--help"])
    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_the_smoke_test_is_called_as_it_says(tmp_path: Path) -> None:
    """By its own command, with the endpoint in the environment, and it passes."""
    (command,) = (p.values[0].strip() for p in snippets("sh") if p.values[0].startswith("vlclient smoke"))
    words = shlex.split(command)[1:]
    with vlmock.serve() as server:
        named = [server.url if word == "$AZURE_VOICE_LIVE_ENDPOINT" else word for word in words]
        run = [sys.executable, "-m", "vlclient", *named, "--api-key", "any"]
        done = subprocess.run(
            run, capture_output=True, text=True, timeout=50, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (tmp_path / "smoke.xml").is_file()


def test_the_client_talks_as_it_says(tmp_path: Path) -> None:
    """With files in the place of a microphone and a loudspeaker; every option that is named exists."""
    (command,) = (p.values[0].strip() for p in snippets("sh") if p.values[0].startswith("vlclient chat"))
    words = Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav"
    with vlmock.serve() as server:
        arguments = command.replace("http://127.0.0.1:8765", server.url).split()[1:]
        files = ["--input", str(words), "--output", str(tmp_path / "answer.wav"), "--fast", "--plain"]
        talk = [sys.executable, "-m", "vlclient", *arguments, *files]
        done = subprocess.run(talk, capture_output=True, text=True, timeout=30, cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "assistant" in done.stdout
    said = PAGES["vlclient/README.md"].partition("\n## ")[0]
    shown = CliRunner().invoke(client_main, ["chat", "--help"]).output
    assert [option for option in re.findall(r"--[a-z-]+\b", said) if option not in shown] == []


def test_a_server_is_checked_as_it_says() -> None:
    """The commands run (what would ask the live service or take long as a dry run), and every option exists."""
    (commands,) = (p.values[0] for p in snippets("sh") if p.values[0].startswith("vlclient check"))
    runner = CliRunner()
    for line in commands.splitlines():
        arguments = shlex.split(line, comments=True)[1:]
        done = runner.invoke(client_main, [*arguments, *(["--dry-run"] if "--dry-run" not in arguments else [])])
        assert (done.exit_code, done.stderr) == (0, "")
        assert re.search(r"^\d+ checks, about \d+ connections, ", done.stdout, re.M)
    said = section("vlclient/README.md", "Checking a server")
    shown = runner.invoke(client_main, ["check", "--help"]).output + runner.invoke(main, ["emulated", "--help"]).output
    assert [option for option in re.findall(r"--[a-z-]+\b", said) if option not in shown] == []


@pytest.mark.parametrize("name", PAGES)
def test_its_links_lead_somewhere(name: str) -> None:
    """To a file that is there, and to a heading in it."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", PAGES[name]):
        file, _, heading = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
        assert not heading or heading in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def test_the_shell_commands_are_the_ones_that_are_tested() -> None:
    """The second set-up command is what ``.ci/run`` calls; the first is run by hand on a fresh machine."""
    assert (ROOT / ".ci" / "test").stat().st_mode & 0o100
    assert "\n.ci/test\n" in README


if __name__ == "__main__":
    (ROOT / "README.md").write_text(TABLE.sub(lambda m: f"{m[1]}{markdown()}\n{m[3]}", README), encoding="utf-8")
