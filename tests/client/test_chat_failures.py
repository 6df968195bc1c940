"""What can go wrong: one sentence on standard error that says what and what to do, and an exit code of its kind."""

import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from websockets.sync.server import serve as serve_websockets

import vlmock
from tests.client.chat_program import KEY, ROOT, WORDS, Done, chat, chatting, environment, spoken
from tests.sound_card import SoundCard
from vlclient.cli import main
from vlmock.scenario.model import Scenario
from vlmock.server.mock_server import MockServer

PYTHON = (sys.executable, "-W", "error", "-c")


@pytest.fixture
def server() -> Iterator[MockServer]:
    with vlmock.serve("weather", api_key=KEY) as server:
        yield server


def said(done: Done, code: int, words: str) -> None:
    """One sentence, and nothing beside it."""
    assert done.code == code, done
    assert done.err.startswith("vlclient: ")
    assert done.err.count("\n") == 1, done.err
    assert words in done.err
    assert KEY not in done.err + done.out


# ---- the service


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--api-key", "wrong"], 4, "HTTP 401"),
        (["--model", "gpt-9"], 5, "Model gpt-9 is not supported in this region; choose another with --model"),
        (["--voice", "alloy"], 5, "[invalid_voice_type]"),
        (["--turn-detection", "semantic_vad"], 5, "OpenAI Semantic VAD is not supported in cascaded pipeline"),
        (["--api-version", "2020-01-01"], 2, "there is no api-version '2020-01-01'"),
    ],
)
def test_the_service_does_not_want(server, tmp_path, arguments, code, words):
    """Its own words, and which option to change."""
    said(chat(tmp_path, *spoken(server.url, tmp_path), *arguments), code, words)


def test_nobody_listens(tmp_path):
    """A server that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    said(chat(tmp_path, *spoken(url, tmp_path)), 3, "nobody listens there")


def test_there_is_no_such_host(tmp_path):
    """A name that nobody has (RFC 6761)."""
    said(chat(tmp_path, *spoken("https://nobody.invalid", tmp_path)), 3, "there is no such host")


def test_somebody_else_answers(tmp_path):
    """A server of another protocol."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        chatting(tmp_path, *spoken(f"http://127.0.0.1:{listener.getsockname()[1]}", tmp_path)) as running,
    ):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        said(running.done(), 3, "check the endpoint")


def test_it_is_another_protocol(tmp_path):
    """A WebSocket server whose first words are none of this protocol's."""
    with serve_websockets(lambda socket: socket.send("Hello!"), "127.0.0.1", 0) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.socket.getsockname()[1]}"
        said(chat(tmp_path, *spoken(url, tmp_path)), 9, "is this Voice Live?")
        other.shutdown()


@pytest.mark.parametrize(
    ("code", "reason", "exit_code", "words"),
    [
        (1001, "Going away.", 6, "; with --reconnect it dials again by itself"),
        (1011, "Sorry.", 6, ""),
        (1008, "Not this configuration.", 5, ""),
    ],
)
def test_the_service_hangs_up(tmp_path, code, reason, exit_code, words):
    """What was said until then, the summary, and why it is over; between the two, what was lost with it."""
    close = {"close": {"code": code, "reason": reason}}
    scenario = Scenario.build(turns=[{"user": "Hi", "reply": [{"say": "Hello."}, close]}])
    with vlmock.serve(scenario) as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path))
    said(done, exit_code, words)
    assert f"code {code} ({reason})" in done.err
    assert done.lines("assistant") == ["Hello."]
    assert "1 turn in" in done.out


def test_an_error_before_the_end_is_the_reason(tmp_path):
    """What the service said before it hung up is in the sentence, because the close itself says less."""
    error = {"error": {"message": "Your session hit the maximum duration of 60 minutes.", "code": "session_expired"}}
    scenario = Scenario.build(turns=[{"user": "Hi", "reply": [error, {"close": {"code": 1001}}]}])
    with vlmock.serve(scenario) as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path))
    said(done, 6, "maximum duration of 60 minutes")
    assert "--reconnect" in done.err


def test_an_answer_that_fails_is_a_line(tmp_path):
    """The model may be throttled; the next turn may go better."""
    scenario = Scenario.build(turns=[{"user": "Hi", "reply": [{"fail": {"message": "Too many requests."}}]}])
    with vlmock.serve(scenario) as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path))
    assert (done.code, done.lines("error")) == (0, ["the answer failed: Too many requests."])


def test_nobody_is_signed_in(server, tmp_path):
    """Without a key Entra ID is asked, and azure-identity itself says nothing."""
    arguments = [argument for argument in spoken(server.url, tmp_path) if argument not in ("--api-key", KEY)]
    program = (*PYTHON, "import sys; sys.modules['azure.identity'] = None; from vlclient.cli import main; main()")
    said(chat(tmp_path, *arguments, program=program), 4, "pip install 'vlmock[client]'")


# ---- sound


def test_there_is_no_device(server, tmp_path):
    """Found out before the service is dialled, so it costs no session."""
    done = chat(tmp_path, "--endpoint", server.url, "--api-key", KEY)
    said(done, 7, "this computer has no microphone; connect one, or use a WAV file in its place")
    assert done.out == ""
    assert server.journal.connections == []


def test_there_is_no_sounddevice(server, tmp_path):
    """The remedy is one command."""
    program = (*PYTHON, "import sys; sys.modules['sounddevice'] = None; from vlclient.cli import main; main()")
    done = chat(tmp_path, "--endpoint", server.url, "--api-key", KEY, program=program)
    said(done, 7, "pip install 'vlmock[client]'")


@pytest.mark.parametrize("arguments", [["--endpoint", "http://127.0.0.1:9", "--api-key", KEY], ["--list-devices"]])
def test_there_is_no_portaudio(tmp_path, arguments):
    """As sounddevice says it on Linux, where its wheel brings no library."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    done = chat(tmp_path, *arguments, variables={"PYTHONPATH": f"{tmp_path}:{ROOT}"})
    said(done, 7, "need the PortAudio library")


def test_a_device_that_is_not_there(sound_card: SoundCard, server, tmp_path):
    """The sentence names those that are."""
    arguments = ["--endpoint", server.url, "--api-key", KEY, "--input-device", "Rode"]
    done = chat(tmp_path, *arguments, variables=sound_card.variables)
    said(done, 7, "there is no microphone called 'Rode'; there are: ")


def test_devices_are_listed_without_an_endpoint(sound_card: SoundCard, tmp_path):
    """Index, name, and which are the defaults."""
    done = chat(tmp_path, "--list-devices", variables=sound_card.variables)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^ +0  default  \[ALSA, \d+ Hz\]  input \(default\), output \(default\)$", done.out, re.M)


def test_a_device_goes_away(sound_card: SoundCard, server, tmp_path):
    """In mid sentence; PortAudio's own complaints are not in the way of the sentence."""
    arguments = ["--endpoint", server.url, "--api-key", KEY]
    with chatting(tmp_path, *arguments, variables=sound_card.variables) as running:
        sound_card.wait_for_microphone()
        sound_card.speak(WORDS)
        running.wait_for("(speaking)")
        sound_card.kill()
        done = running.done()
    said(done, 8, "has gone; check that it is connected, or choose another")
    assert "0 turns in" in done.out
    assert server.journal.wait_for_close().code == 1000


# ---- what was asked for


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Done]:
    """Mistakes that are found before anything happens need no process of their own."""
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def invoke(*arguments: object) -> Done:
        result = CliRunner().invoke(main, ["chat", *map(str, arguments)])
        return Done(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "nothing.wav"], "cannot read the sound file nothing.wav"),
        (["--input", "tools.py"], "it is no WAV file"),
        (["--output", "no/such/folder.wav"], "cannot write the sound file no/such/folder.wav"),
        (["--input", "heard.wav", "--output", "./heard.wav"], "--input and --output are one file"),
        (["--input-device", "0"], "--input and --input-device exclude each other"),
        (["--log", "no/such/folder.log"], "the log no/such/folder.log cannot be written"),
        (["--tools", "nothing.py"], "there is no file nothing.py with tools"),
        (["--model", "gpt-4o", "--agent-name", "a"], "--model and --agent-name exclude each other"),
        (["--agent-name", "a", "--instructions", "b"], "an agent has its own instructions"),
        (["--agent-name", "a"], "the project's name is missing"),
        (["--voice", "alloy", "--rate", "1.2"], "the voice 'alloy' has no speaking rate"),
        (["--endpoint", "ftp://somewhere"], "it begins with 'ftp' and not with https"),
        (["--api-key", " "], "the API key is empty"),
    ],
)
def test_wrong_choices(in_process, server, tmp_path, arguments, words):
    """Exit code 2, and nothing was dialled."""
    said(in_process(*spoken(server.url, tmp_path), *arguments), 2, words)
    assert server.journal.connections == []


def test_no_endpoint(in_process):
    """The sentence names the variable."""
    said(in_process("--input", WORDS, "--output", "x.wav"), 2, "or set AZURE_VOICE_LIVE_ENDPOINT")


@pytest.mark.parametrize(
    "arguments", [["--rate", "9"], ["--turn-detection", "sometimes"], ["--nonsense"], ["nonsense"]]
)
def test_wrong_usage(in_process, arguments):
    """click explains it."""
    done = in_process(*arguments)
    assert done.code == 2
    assert "Error: " in done.err


# ---- ourselves

BUG = (
    "from vlclient.chat.narration import Narration\n"
    "def take(*_): raise KeyError('teapot')\n"
    "Narration.take = take\n"
    "from vlclient.cli import main; main()"
)


def test_a_mistake_of_ours_is_one_line(server, tmp_path):
    """And says how to find out more."""
    done = chat(tmp_path, *spoken(server.url, tmp_path), program=(*PYTHON, BUG))
    said(
        done,
        1,
        "a mistake of this program (KeyError: 'teapot'); "
        "report it, with what it says when it is run again with --debug",
    )


def test_debug_shows_where_it_comes_from(server, tmp_path):
    """The traceback, then the sentence."""
    with chatting(tmp_path, *spoken(server.url, tmp_path), "--debug", program=(*PYTHON, BUG)) as running:
        done = running.done()
    assert done.code == 1
    assert "in take" in done.err
    assert done.err.splitlines()[-1].startswith("vlclient: ")


def test_a_tool_that_fails_is_a_line(server, tmp_path):
    """The model is told, the user sees it, the conversation goes on."""
    arguments = spoken(server.url, tmp_path)
    (tmp_path / "tools.py").write_text("def get_weather(location: str):\n    return {}['teapot']\n")
    done = chat(tmp_path, *arguments)
    assert (done.code, done.err) == (0, "")
    assert "tool get_weather failed: KeyError: 'teapot'" in done.lines("error")
