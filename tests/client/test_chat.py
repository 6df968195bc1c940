"""The program as a whole, against the emulator: what is said, what is shown, and how it is ended."""

import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import vlmock
from tests.client.chat_program import KEY, PROGRAM, ROOT, WORDS, Done, chat, chatting, environment, spoken
from tests.sound_card import SoundCard
from vlclient.audio.wav import read_wav
from vlclient.cli import main
from vlmock.protocol.codec import to_json_object
from vlmock.server.mock_server import MockServer


@pytest.fixture
def weather() -> Iterator[MockServer]:
    with vlmock.serve("weather", api_key=KEY) as server:
        yield server


class Told(msgspec.Struct):
    """A conversation that is over, and what is left of it."""

    done: Done
    folder: Path
    log: str
    updates: list[Any]
    problems: list[str]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """About the weather, from files, as fast as can be."""
    folder = tmp_path_factory.mktemp("told")
    with vlmock.serve("weather", api_key=KEY) as server:
        done = chat(folder, *spoken(server.url, folder), "--log", "wire.log")
        updates = [to_json_object(event)["session"] for event in server.journal.client_events("session.update")]
        problems = server.problems()
    return Told(done, folder, (folder / "wire.log").read_text(encoding="utf-8"), updates, problems)


def test_a_conversation_is_shown_and_heard(told):
    """Who said what, in order; which tool was called with what; how long it took. All of it as plain lines."""
    done = told.done
    assert (done.code, done.err) == (0, "")
    assert done.lines("you") == ["(speaking)", "What is the weather in Beijing?"]
    assert done.lines("assistant") == ["I will look that up.", "It is sunny and 21 degrees in Beijing."]
    called, returned = done.lines("tool")
    assert called == 'get_weather({"location":"Beijing"})'
    assert returned.startswith('get_weather -> {"weather":"sunny","temp_c":21}')
    assert any(re.fullmatch(r"first sound \d\.\d\d s after the end of speech.*", line) for line in done.lines("-"))
    assert told.problems == []
    heard = np.frombuffer(read_wav(told.folder / "heard.wav", rate_hz=24000), "<i2")
    assert len(heard) > 24000
    assert np.abs(heard).max() > 1000


def test_nothing_controls_a_pipe(told):
    """Without a terminal each line is text and nothing else, and begins with its time."""
    assert [character for character in told.done.out if ord(character) < 32 and character != "\n"] == []
    story, _, _ = told.done.out.partition("\n\n")
    assert all(re.match(r" *\d+\.\d\d  \S", line) for line in story.splitlines())


def test_the_settings_are_those_of_the_quickstart(told):
    """azure_semantic_vad with end-of-utterance detection, deep noise suppression, echo cancellation, Ava in HD."""
    (session,) = told.updates
    assert [tool["name"] for tool in session.pop("tools")] == ["get_weather"]
    assert session == {
        "turn_detection": {
            "type": "azure_semantic_vad",
            "end_of_utterance_detection": {"model": "semantic_detection_v1"},
        },
        "input_audio_noise_reduction": {"type": "azure_deep_noise_suppression"},
        "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
        "voice": {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural"},
    }


def test_the_summary_says_how_long_people_waited(told):
    """A table of percentiles, which leaves out what so few turns cannot tell."""
    _, _, summary = told.done.out.partition("\n\n")
    assert re.match(r"1 turn in \d+\.\d s\n", summary)
    assert re.search(r"turns +p50 +p90 +p99 +max\n", summary)
    assert re.search(r"first sound heard +1 +\d\.\d\d +- +- +\d\.\d\d\n", summary)


def test_the_log_can_be_read_and_given_to_others(told):
    """Both directions, audio as its length; no key, no base64."""
    for line in ("→ input_audio_buffer.append audio=<960 bytes>", "← session.created", "→ session.update"):
        assert line in told.log
    assert KEY not in told.log
    assert re.search(r"[A-Za-z0-9+/]{100,}", told.log) is None


def test_the_options_reach_the_service(weather, tmp_path):
    """And chat is what the program does when it is told nothing else."""
    chosen = ["--model", "gpt-4.1", "--voice", "en-GB-SoniaNeural", "--rate", "1.25", "--instructions", "Be brief."]
    chosen += ["--turn-detection", "server_vad", "--no-noise-suppression", "--no-echo-cancellation"]
    done = chat(tmp_path, *spoken(weather.url, tmp_path), *chosen, program=PROGRAM[:-1])
    assert done.code == 0
    (update,) = weather.journal.client_events("session.update")
    session = to_json_object(update)["session"]
    del session["tools"]
    assert session == {
        "instructions": "Be brief.",
        "voice": {"type": "azure-standard", "name": "en-GB-SoniaNeural", "rate": "1.25"},
        "turn_detection": {"type": "server_vad"},
    }
    assert "gpt-4.1-2025-04-14" in done.out


def test_in_real_time_the_latency_is_what_it_was(tmp_path):
    """A file is spoken at the pace of speech, and the answer is heard likewise."""
    with vlmock.serve("weather", timing="cascade") as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path, fast=False))
    assert done.code == 0
    (told,) = (line for line in done.lines("-") if line.startswith("first sound"))
    (table,) = (line for line in done.out.splitlines() if line.startswith("  first sound heard"))
    count, p50, *_, longest = table.split()[3:]
    assert count == "1"
    assert p50 == longest == told.split()[2]
    assert 0.5 < float(p50) < 4  # silence to be waited for, recognition, model, voice: see the profile
    spoken_at, answered_at = (
        float(line.split()[0]) for line in done.out.splitlines() if "(speaking)" in line or "It is sunny" in line
    )
    assert answered_at - spoken_at > 2


def test_the_assistant_may_speak_first(tmp_path):
    """--greet: exactly these words, before anybody else has said a thing."""
    with vlmock.serve() as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path), "--greet", "Welcome to the library.")
    assert done.lines("assistant")[0] == "Welcome to the library."


def test_turns_by_hand(weather, tmp_path):
    """--turn-detection none: the end of a file is the end of the turn."""
    done = chat(tmp_path, *spoken(weather.url, tmp_path), "--turn-detection", "none")
    assert (done.code, done.err) == (0, "")
    assert done.lines("you") == ["What is the weather in Beijing?"]
    assert done.lines("assistant")[-1] == "It is sunny and 21 degrees in Beijing."


def test_turns_by_hand_at_the_microphone(sound_card: SoundCard, weather, tmp_path):
    """There Enter is the end of a turn."""
    arguments = ["--endpoint", weather.url, "--api-key", KEY, "--turn-detection", "none"]
    with chatting(tmp_path, *arguments, variables=sound_card.variables) as running:
        running.wait_for("speak; en-US-Ava:DragonHDLatestNeural answers when you press Enter")
        sound_card.wait_for_microphone()
        sound_card.speak(WORDS).wait()
        running.type("\n")
        running.wait_for("you        What is the weather in Beijing?")
        running.wait_for("assistant  I will look that up.")
        running.type("q\n")
        done = running.done()
    assert (done.code, done.err) == (0, "")


def test_errors_of_the_service_are_lines(tmp_path):
    """The conversation goes on, and so does the program."""
    with vlmock.serve("server_error") as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path))
    assert done.code == 0
    (line,) = done.lines("error")
    assert line.startswith("the service says [server_error]: The server had an error")
    assert done.lines("assistant") == ["Here is the news. Nothing happened today."]


def test_a_lost_connection_is_made_again(tmp_path):
    """--reconnect: that it was lost, why, and that it is there again."""
    with vlmock.serve("goodbye") as server:
        done = chat(tmp_path, *spoken(server.url, tmp_path), "--reconnect")
    assert done.code == 0
    (lost,) = done.lines("error")
    assert re.match(r"the connection was closed with code 1001 \(The call is over.\); dialling again in 0\.\d s", lost)
    assert any(re.match(r"connected again, 2 items told again", line) for line in done.lines("-"))


# ---- the end


def signalled(number: signal.Signals):
    return lambda running: running.process.send_signal(number)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda running: running.type("q\n"), id="q"),
        pytest.param(lambda running: running.type("hello\n\n  Q  \n"), id="q among other things"),
        pytest.param(signalled(signal.SIGINT), id="Ctrl-C"),
        pytest.param(signalled(signal.SIGTERM), id="SIGTERM"),
    ],
)
def test_whoever_wants_to_leave_may(weather, tmp_path, end):
    """In the middle of a sentence: at once, with a goodbye to the service and the summary, exit code 0."""
    with chatting(tmp_path, *spoken(weather.url, tmp_path, fast=False)) as running:
        running.wait_for("(speaking)")
        end(running)
        done = running.done(within_s=3)
    assert (done.code, done.err) == (0, "")
    assert "0 turns in" in done.out
    ended = weather.journal.wait_for_close()
    assert (ended.code, ended.by) == (1000, "client")


def test_whoever_is_tired_of_waiting_may_leave(tmp_path):
    """Before the service has said a word: there is nothing to sum up."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with chatting(tmp_path, *spoken(url, tmp_path)) as running:
            running.wait_for("dialling")
            running.process.send_signal(signal.SIGINT)
            done = running.done(within_s=3)
    assert (done.code, done.err) == (0, "")
    assert "turns in" not in done.out


def test_a_tool_that_hangs_keeps_nobody(weather, tmp_path):
    """What runs in a thread cannot be stopped, but it can be left behind."""
    arguments = spoken(weather.url, tmp_path)
    (tmp_path / "tools.py").write_text("import time\ndef get_weather(location: str):\n    time.sleep(60)\n")
    with chatting(tmp_path, *arguments) as running:
        running.wait_for("get_weather")
        running.process.send_signal(signal.SIGINT)
        assert running.done(within_s=3).code == 0


def test_ctrl_c_twice_waits_for_nothing(tmp_path):
    """A service that has stopped in its tracks gives no goodbye; whoever is in a hurry need not wait for it."""
    command = [sys.executable, "-m", "vlmock", "serve", "weather", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        url = server.stdout.readline().split()[-1]
        with chatting(tmp_path, *spoken(url, tmp_path, fast=False)) as running:
            running.wait_for("(speaking)")
            server.send_signal(signal.SIGSTOP)
            os.waitpid(server.pid, os.WUNTRACED)  # all its threads have stopped
            running.process.send_signal(signal.SIGINT)
            with pytest.raises(subprocess.TimeoutExpired):
                running.process.wait(0.5)
            running.process.send_signal(signal.SIGINT)
            assert running.done(within_s=1).code == 130
    finally:
        server.kill()
        server.communicate()


CLOSED = ("sh", "-c", 'exec "$@" <&-', "sh", *PROGRAM)


@pytest.mark.parametrize(
    ("program", "stdin"),
    [
        pytest.param(PROGRAM, "nothing in it", id="a file"),
        pytest.param(PROGRAM, subprocess.DEVNULL, id="nothing"),
        pytest.param(PROGRAM, subprocess.PIPE, id="a pipe that ends"),
        pytest.param(CLOSED, None, id="closed"),
    ],
)
def test_the_end_of_standard_input_is_not_the_end(weather, tmp_path, program, stdin):
    """Only q is; so it runs under cron, in the background, behind a pipe."""
    (tmp_path / "typed").write_text("hello\n")
    with (tmp_path / "typed").open() as typed:
        source = typed if isinstance(stdin, str) else stdin
        with chatting(tmp_path, *spoken(weather.url, tmp_path), program=program, stdin=source) as running:
            if stdin == subprocess.PIPE:
                running.type("hello")
                running.process.stdin.close()
            done = running.done()
    assert (done.code, done.err) == (0, "")
    assert len(done.lines("assistant")) == 2


def test_nobody_reads_any_more(weather, tmp_path):
    """``vlclient chat | head -1`` ends quietly."""
    reading, writing = os.pipe()
    command = [*PROGRAM, *map(str, spoken(weather.url, tmp_path))]
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path, env=environment()
    )
    os.close(writing)
    assert b"dialling" in os.read(reading, 4096)
    os.close(reading)
    _, err = program.communicate(timeout=30)
    assert (program.returncode, err) == (0, b"")


# ---- what it needs, and when


def test_help_needs_nothing_heavy():
    """What is heavy is imported when a conversation begins."""
    code = (
        "import sys\nfrom vlclient.cli import main\n"
        "try: main(['chat', '--help'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    loaded = set(done.stdout.split())
    assert "--turn-detection" in loaded
    assert loaded & {"numpy", "soxr", "sounddevice", "azure", "azure.identity", "rich", "dotenv"} == set()


def test_it_is_installed_under_its_name():
    """``vlclient`` is the program."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert EntryPoint("vlclient", scripts["vlclient"], "console_scripts").load() is main


def test_an_agent_answers(tmp_path):
    """With Entra ID, because agents take no key; azure-identity finds the emulator's."""
    with vlmock.serve() as server:
        server.entra()
        files = ["--input", WORDS, "--output", "heard.wav", "--fast"]
        agent = ["--agent-name", "librarian", "--project-name", "library"]
        done = chat(tmp_path, "--endpoint", server.url, *files, *agent, variables=server.environment)
    assert (done.code, done.err) == (0, "")
    assert done.lines("assistant")


def test_the_environment_says_what_is_not_said(weather, tmp_path):
    """Endpoint, key and model from variables or a .env file; nothing need be typed."""
    (tmp_path / ".env").write_text(f"AZURE_VOICE_LIVE_ENDPOINT={weather.url}\nVOICE_LIVE_MODEL=gpt-4.1-mini\n")
    variables = {"AZURE_VOICE_LIVE_API_KEY": KEY}
    done = chat(tmp_path, "--input", WORDS, "--output", Path("heard.wav"), "--fast", variables=variables)
    assert done.code == 0
    assert "gpt-4.1-mini-2025-04-14" in done.out
