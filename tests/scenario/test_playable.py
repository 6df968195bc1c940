"""Scenarios by name, by path, and from Python."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scenario_inputs import a_turn

from vlmock.errors import ScenarioError, UnknownScenario
from vlmock.protocol.tools import McpTool
from vlmock.scenario import playable, shipped
from vlmock.scenario.default import DefaultScript
from vlmock.scenario.model import Scenario
from vlmock.session.script import Expectation, McpListing, Recognized, Reply, Say, Spoken, Turn


def test_shipped_scenarios_have_a_name_and_a_line_about_them() -> None:
    listing = shipped.listing()
    assert [name for name, _ in listing] == shipped.names()
    assert len(listing) >= 10
    assert dict(listing)["weather"] == "The caller asks for the weather; the assistant looks it up and reports."
    assert all("\n" not in line and line.endswith(".") and 20 < len(line) < 100 for _, line in listing)


def test_a_name_a_path_and_a_file_name_all_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("otherwise: {reply: Mine.}\n")
    monkeypatch.chdir(tmp_path)
    for thing in ("mine.yaml", "./mine.yaml", tmp_path / "mine.yaml", Path("mine.yaml")):
        assert shipped.load(thing).name == "mine"
    assert shipped.load("weather").name == "weather"
    assert shipped.load("mine", folder=tmp_path).name == "mine"


def test_a_file_of_another_suffix_is_a_path_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody means a shipped scenario by ``mine.txt``; but a file called ``weather`` does not hide that one."""
    (tmp_path / "mine.txt").write_text("otherwise: {reply: Mine.}\n")
    (tmp_path / "weather").write_text("otherwise: {reply: Mine.}\n")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert shipped.load("mine.txt").name == "mine"
    assert shipped.load("weather").turns
    with pytest.raises(ScenarioError, match=r"^folder: cannot be read: it is a folder$"):
        shipped.load("folder")


def test_a_folder_of_ones_own_comes_before_the_shipped_scenarios(tmp_path: Path) -> None:
    (tmp_path / "weather.yml").write_text("description: Mine.\notherwise: {reply: Mine.}\n")
    assert shipped.load("weather", folder=tmp_path).description == "Mine."
    assert shipped.load("greeting", folder=tmp_path).name == "greeting"
    assert shipped.listing(tmp_path) == [("weather", "Mine.")]


def test_the_museum_has_names_with_a_slash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found wherever somebody stands, and are not among the others."""
    monkeypatch.chdir(tmp_path)
    assert shipped.load("museum/unknown_event").name == "museum/unknown_event"
    assert shipped.load(shipped.museum_folder() / "unknown_event.yaml").name == "unknown_event"
    assert not any("unknown_event" in name for name in [*shipped.names(), *dict(shipped.listing())] if "/" in name)
    with pytest.raises(UnknownScenario, match=r"did you mean 'museum/unknown_event'"):
        shipped.load("museum/unknown_events")
    assert shipped.shipped("elsewhere/weather") is None


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownScenario) as unknown:
        shipped.load("wether")
    assert str(unknown.value).startswith(
        "there is no scenario 'wether' (did you mean 'weather'?); known: avatar, barge_in, "
    )
    assert "default" in unknown.value.known


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("otherwise: {reply: One.}\n")
    first = shipped.load(path)
    assert shipped.load(path) is first
    path.write_text("otherwise: {reply: Another.}\n")
    os.utime(path, ns=(1, 1))
    assert shipped.load(path) is not first


def test_a_wheel_carries_the_scenarios_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed, the folder is ``vlmock/scenarios``; in a checkout it lies beside ``vlmock``."""
    package = tmp_path / "vlmock"
    (package / "scenario").mkdir(parents=True)
    (tmp_path / "scenarios").mkdir()
    monkeypatch.setattr(shipped, "__file__", str(package / "scenario" / "shipped.py"))
    assert shipped.shipped_folder() == (tmp_path / "scenarios").resolve()
    (package / "scenarios").mkdir()
    assert shipped.shipped_folder() == (package / "scenarios").resolve()


# ---- everything that can be played


class Parrot:
    """A script written by hand."""

    def expects(self) -> Expectation:
        return Expectation()

    def skip_filler(self, recognized: Recognized | None = None) -> bool:
        return False

    def hear(self, spoken: Spoken) -> str:
        return "Polly."

    def mcp_tools(self, server: McpTool) -> McpListing:
        return McpListing.unscripted(server)

    def reply(self, turn: Turn) -> Reply:
        return Reply((Say(turn.text),))


def _shout(turn: Turn) -> str:
    return turn.text.upper()


async def _later(turn: Turn) -> str:
    return "Hello."


@pytest.mark.parametrize(
    ("thing", "answer"),
    [
        ("small_talk", "Hello! Nice to hear from you."),
        (shipped.shipped_folder() / "small_talk.yaml", "Hello! Nice to hear from you."),
        (Scenario.build(otherwise={"reply": "Yes."}), "Yes."),
        (_shout, "HELLO"),
        (Parrot, "Hello"),
        (None, "You said: Hello"),
        ("default", "You said: Hello"),
    ],
)
def test_whatever_can_be_played_makes_a_script_for_each_connection(thing: Any, answer: str) -> None:
    factory = playable.script_from(thing)
    one, other = factory(), factory()
    assert one is not other
    assert one.reply(a_turn("Hello", typed=True)).steps == (Say(answer),)
    assert playable.problems_of(one) == []


def test_what_cannot_be_played_is_refused_at_once(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("turns: 1\n")
    with pytest.raises(ScenarioError, match="turns: expected a list"):
        playable.script_from(wrong)
    with pytest.raises(
        ScenarioError, match="nothing of type int can be played: give a name, a path, a Scenario or a function"
    ):
        playable.script_from(42)  # type: ignore[arg-type]
    with pytest.raises(ScenarioError, match="is async"):
        playable.script_from(_later)  # type: ignore[arg-type]


def test_problems_of_a_script_are_those_it_keeps_account_of() -> None:
    script = playable.script_from(Scenario.build(name="a", turns=[{"user": "Hi", "reply": "Hello."}]))()
    assert playable.problems_of(script) == ["turns[0] was not played: user 'Hi'"]
    assert playable.problems_of(Parrot()) == []
    assert playable.problems_of(DefaultScript()) == []


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("from vlmock.scenario.playable import script_from; script_from(None)()", ["yaml", "jinja2", "numpy"]),
        (
            "from vlmock.scenario.model import Scenario; Scenario.build(otherwise={'reply': 'Hi.'})",
            ["yaml", "jinja2", "numpy"],
        ),
        ("from vlmock.scenario.shipped import load; load('greeting')", ["jinja2", "numpy"]),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, absent: list[str]) -> None:
    """Without a file no YAML, without a gap in a text no templates."""
    program = f"import sys; {code}; print([name for name in {absent} if name in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=False)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
