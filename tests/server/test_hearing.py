"""Who listens: beside the loop, in order, and no longer than somebody wants to know."""

import importlib.util
import logging
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import vlmock
from tests.server.fakes import FakeSession, text
from tests.server.test_connection import CLEAR, CREATE, event
from vlmock.errors import RecognitionError
from vlmock.protocol.audio_format import AudioFormat
from vlmock.recognition import recognizer
from vlmock.scenario.model import Scenario
from vlmock.server.hearing_worker import Ears
from vlmock.server.speech_worker import Workers
from vlmock.session.effects import RecognitionRequest, Recognize
from vlmock.session.script import Recognized

REQUEST = RecognitionRequest(b"\0\0" * 240, AudioFormat("pcm16", 24_000))
TEA = Recognized("Tea.", confidence=0.8)


class FakeEar:
    """Listens until it is told what it heard."""

    def __init__(self, heard: Recognized | Exception) -> None:
        self.heard, self.asked, self.let_go = heard, 0, threading.Event()
        self.workers = Workers("ear")
        self.futures: list[Future[Recognized]] = []

    def listen(self, request: RecognitionRequest, done: Any) -> "Future[Recognized]":
        assert request == REQUEST
        self.futures.append(self.workers.deliver(self._listen, done))
        return self.futures[-1]

    def _listen(self) -> Recognized:
        self.asked += 1
        assert self.let_go.wait(10)
        if isinstance(self.heard, Exception):
            raise self.heard
        return self.heard


@pytest.fixture
def hearing(serving, light, monkeypatch):
    """A server in which a clear has a turn listened to by this ear."""
    ears = []

    def start(ear):
        ears.append(ear)
        handlers = {"input_audio_buffer.clear": lambda *_: [Recognize(7, REQUEST)]}
        server = serving(session=lambda _: FakeSession(handlers=handlers), light=light)
        server.play(Scenario.build(otherwise={"reply": "x"}))
        monkeypatch.setattr(server._reception._ears, "for_scenario", lambda scenario: ear)
        return server

    yield start
    for ear in ears:
        ear.let_go.set()
        ear.workers.stop(10)


def test_a_turn_is_listened_to_beside_the_loop(hearing, client_of):
    """Meanwhile everybody else is served, and so is the client itself."""
    ear = FakeEar(TEA)
    server = hearing(ear)
    client, other = client_of(server), client_of(server)
    client.send(text(CLEAR))
    for each in (client, other):
        each.send(text(CREATE))
        assert event(each)["of"] == "response.create"
    ear.let_go.set()
    assert event(client) == {"type": "understood", "key": 7}


def test_nobody_listens_for_a_client_that_has_gone(hearing, client_of):
    """What has not begun is not begun; what comes too late is of no interest."""
    ear = FakeEar(TEA)
    server = hearing(ear)
    client = client_of(server)
    client.send(text(CLEAR) * 4 + text(CREATE))
    assert event(client)["of"] == "response.create"
    client.socket.close()
    server.journal.wait_for_close()
    assert [future.cancelled() for future in ear.futures] == [False, False, True, True]
    ear.let_go.set()
    assert server.crashes == []


@pytest.mark.parametrize("error", [RecognitionError("pocketsphinx ended"), ZeroDivisionError("ours")])
def test_what_goes_wrong_is_told_to_the_user_and_the_conversation_goes_on(hearing, client_of, error):
    """The turn is one that nobody understood; the test fails with the reason."""
    ear = FakeEar(error)
    ear.let_go.set()
    server = hearing(ear)
    client = client_of(server)
    client.send(text(CLEAR))
    assert event(client) == {"type": "understood", "key": 7}
    assert server.crashes == [error]
    assert str(error) in server.problems()[0]


# ---- what is chosen, and complained of in time


@pytest.fixture
def without_pocketsphinx(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_pocketsphinx_that_is_missing_is_said_when_the_server_starts(without_pocketsphinx):
    """Not at the first turn, and with what to do."""
    with pytest.raises(RecognitionError, match="not installed: run \"pip install 'vlmock\\[recognition\\]'\""):
        vlmock.serve(recognition="pocketsphinx")


def test_a_scenario_that_needs_it_is_refused_when_it_is_played(without_pocketsphinx):
    """At the start, later, and among those that are offered."""
    scenario = Scenario.build(recognition="pocketsphinx", otherwise={"reply": "x"})
    for wants in (lambda: vlmock.serve(scenario), lambda: vlmock.serve(offers={"menu": scenario})):
        with pytest.raises(RecognitionError):
            wants()
    with vlmock.serve() as server, pytest.raises(RecognitionError):
        server.play(scenario)


def test_an_unknown_recognition_is_refused():
    """With those that there are."""
    with pytest.raises(RecognitionError, match=r"no recognition 'sphinx' \(did you mean 'pocketsphinx'\?\)"):
        vlmock.serve(recognition="sphinx")


# ---- who listens for what


class FakeRecognizer:
    """Takes no process."""

    def prepare(self, vocabulary: Any) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def fake_pocketsphinx(monkeypatch):
    monkeypatch.setattr(recognizer, "Recognizer", FakeRecognizer)
    monkeypatch.setattr(recognizer, "require_pocketsphinx", lambda: None)


SAYS = {"rules": [{"user": "Hello.", "reply": "x"}]}


@pytest.mark.parametrize(
    ("server", "scenario", "listens"),
    [
        ("scripted", SAYS, False),
        ("pocketsphinx", SAYS, True),
        ("scripted", {**SAYS, "recognition": "pocketsphinx"}, True),
        ("pocketsphinx", {**SAYS, "recognition": "scripted"}, False),
        ("pocketsphinx", {"otherwise": {"reply": "x"}}, False),
        ("pocketsphinx", {"rules": [{"user": "你好", "reply": "x"}]}, False),
    ],
)
def test_what_a_scenario_says_goes_first(fake_pocketsphinx, server, scenario, listens):
    """And where there is nothing to listen for nobody does."""
    ears = Ears(server)
    assert (ears.for_scenario(Scenario.build(**scenario)) is not None) is listens
    ears.stop(1)


def test_clips_need_no_recognition(tmp_path: Path):
    """They are listened for wherever a scenario has them."""
    clip = Path(vlmock.__file__).parent / "demo" / "what_is_the_weather.wav"
    ears = Ears("scripted")
    scenario = Scenario.build(rules=[{"clip": str(clip), "reply": "x"}])
    ear = ears.for_scenario(scenario)
    assert ear is not None
    assert ears.for_scenario(scenario) is ear
    ears.stop(1)


def test_a_sentence_that_cannot_be_recognised_is_named_once(fake_pocketsphinx, caplog):
    """In the log, when the first client comes."""
    ears = Ears("pocketsphinx")
    scenario = Scenario.build(rules=[{"user": "你好", "reply": "x"}, *SAYS["rules"]])
    with caplog.at_level(logging.WARNING, "vlmock"):
        for _ in range(2):
            ears.for_scenario(scenario)
    assert [record.getMessage() for record in caplog.records] == [
        "rules[0]: '你好' cannot be recognised: its words are not in Latin letters"
    ]
    ears.stop(1)
