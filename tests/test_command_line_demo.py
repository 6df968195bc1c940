"""``vlmock demo``: both sides of a conversation on one screen, in processes of their own."""

import os
import re
import shlex
import signal
import subprocess
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import ROOT, VLMOCK, environment, run, serving
from vlmock.recording.reading import read

DEMO = ("demo", "--timing", "instant")


def saved(printed: str) -> tuple[Path, Path]:
    """Where the demo says that it has saved the journal and what was heard."""
    paths = re.findall(r"^(?:The journal is saved|What the client heard is) in (.*)$", printed, re.M)
    journal, heard = map(Path, paths)
    return journal, heard


def lines_of(printed: str, who: str) -> list[str]:
    """What the client said of somebody, with times."""
    return re.findall(rf"^ +\d+\.\d\d  {who} +(.*)$", printed, re.M)


def test_demo_shows_both_sides_and_keeps_what_was_said(tmp_path: Path) -> None:
    """Words, call, output and answer, with times and how long the answer took; the files that it names are there."""
    done = run(*DEMO, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "What is the weather in Beijing?" in lines_of(done.stdout, "you")
    assert lines_of(done.stdout, "assistant") == ["I will look that up.", "It is sunny and 21 degrees in Beijing."]
    call, output = lines_of(done.stdout, "tool")
    assert call.startswith('get_weather({"location":"Beijing"')
    assert '"weather":"sunny"' in output
    assert any(re.match(r"first sound \d+\.\d\d s after", line) for line in lines_of(done.stdout, "-"))
    journal, heard = saved(done.stdout)
    (recording,) = read(journal)
    types = [frame.event["type"] for frame in recording.frames if frame.event is not None]
    assert "input_audio_buffer.append" in types
    assert "response.done" in types
    with wave.open(str(heard)) as file:
        assert any(file.readframes(file.getnframes()))
    assert not any(tmp_path.iterdir())


def test_the_command_that_demo_prints_can_be_copied() -> None:
    """Into a shell, with another endpoint: it is the same conversation."""
    printed = re.search(r"^  (\S+ -m vlclient .*(?:\n      .*)*)", run(*DEMO).stdout, re.M)
    assert printed is not None
    with serving("weather", "--timing", "instant") as served:
        command = re.sub(r"http://[\w.:]+", served.url, printed[1])
        done = subprocess.run(
            command, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert lines_of(done.stdout, "assistant")[-1] == "It is sunny and 21 degrees in Beijing."


def test_demo_needs_the_base_install_only(tmp_path: Path) -> None:
    """Neither sound devices nor Entra ID, .env files or a live display."""
    for name in ("sounddevice", "azure", "dotenv", "rich"):
        (tmp_path / f"{name}.py").write_text("raise ImportError", encoding="utf-8")
    variables = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [*VLMOCK, *DEMO], env=environment() | variables, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "It is sunny and 21 degrees in Beijing." in lines_of(done.stdout, "assistant")


def test_demo_does_not_dial_the_real_service() -> None:
    """Whatever the environment says of it."""
    variables = {
        "AZURE_VOICE_LIVE_ENDPOINT": "https://mine.services.ai.azure.com",
        "AZURE_VOICE_LIVE_API_KEY": "mine",
        "AZURE_VOICE_LIVE_API_VERSION": "v1",
        "AGENT_NAME": "mine",
        "AGENT_PROJECT_NAME": "mine",
        "VOICE_LIVE_MODEL": "mine",
        "FOUNDRY_RESOURCE_OVERRIDE": "mine",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    done = subprocess.run(
        [*VLMOCK, *DEMO], env=environment() | variables, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "It is sunny and 21 degrees in Beijing." in lines_of(done.stdout, "assistant")
    assert "mine" not in done.stdout


def test_demo_puts_the_journal_where_it_is_told(tmp_path: Path) -> None:
    """``--journal``: a folder, or a zip file."""
    for name in ("here", "here.zip"):
        done = run(*DEMO, "--journal", name, cwd=tmp_path)
        assert done.returncode == 0
        assert saved(done.stdout)[0] == Path(name)
        assert read(tmp_path / name)[0].end is not None
        if name == "here":
            (tmp_path / "here").rename(tmp_path / "there")


def test_demo_does_not_write_over_a_recording(tmp_path: Path) -> None:
    """It says so before it begins to talk."""
    run(*DEMO, "--journal", "here", cwd=tmp_path)
    done = run(*DEMO, "--journal", "here", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "vlmock: the journal cannot be saved: here holds a recording already; remove it, or name another folder\n"
    )


@pytest.mark.parametrize("name", ["greeting", "rate_limited", "parallel_tools", "unknown_events"])
def test_demo_comes_to_an_end_with_other_scenarios(name: str) -> None:
    """Also with those that the demo's words and tool do not fit, that fail, or that the assistant begins."""
    done = run(*DEMO, name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Whatever is spoken counts as the words of its own caller" in done.stdout
    assert read(saved(done.stdout)[0])


def test_demo_expects_that_a_scenario_hangs_up() -> None:
    """The client does not, and says so; the demo has then shown what it was to show."""
    done = run(*DEMO, "goodbye")
    assert done.returncode == 0
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("vlclient: the connection was closed with code 1001")
    assert "The scenario hung up with code 1001" in done.stdout


@contextmanager
def demonstrating(*arguments: str, until: str, cwd: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A demo whose client has said this word. Who reads its output to the end knows that the client has ended, too,
    because that writes to the same pipe."""
    process = subprocess.Popen(
        [*VLMOCK, "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while until not in (line := process.stdout.readline()):
            assert line, f"it ended: {process.communicate()}"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_who_reads_only_the_first_line_of_demo_hears_no_complaints() -> None:
    """``| head -1``: the reader goes, nothing is said about it."""
    command = f"{shlex.join([*VLMOCK, *DEMO])} | head -1"
    env = {name: value for name, value in environment().items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout.startswith("vlmock listens")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_told_in_a_sentence() -> None:
    """Where the output goes to a file; exit code 1, no traceback."""
    env = {name: value for name, value in environment().items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*VLMOCK, "scenarios"], stdout=full, stderr=subprocess.PIPE, env=env, text=True, timeout=30, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "vlmock: what it had to say cannot be written: the disk is full\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_cleanly_when_it_is_told_to(number: signal.Signals) -> None:
    """In the middle of the conversation: the client says goodbye, what was said so far is kept, exit code 0. A terminal
    tells all of its programs at once."""
    with demonstrating(until="(speaking)") as process:
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert read(saved(out)[0])[0].ended_by == "client"
    assert "assistant" not in out


def stand_in(folder: Path, program: str) -> Path:
    """A folder in which ``python -m vlclient`` is this program."""
    (folder / "vlclient").mkdir()
    (folder / "vlclient" / "__init__.py").touch()
    (folder / "vlclient" / "__main__.py").write_text(program, encoding="utf-8")
    return folder


FAILING = {
    "with a sentence": ("import sys\nprint('vlclient: no', file=sys.stderr)\nsys.exit(3)", 3, "vlclient: no"),
    "without one": ("import os\nos.kill(os.getpid(), 9)", 1, "vlmock: the client was killed by signal 9"),
}


@pytest.mark.parametrize(("program", "code", "sentence"), FAILING.values(), ids=FAILING)
def test_demo_fails_as_its_client_does(tmp_path: Path, program: str, code: int, sentence: str) -> None:
    """One sentence and its exit code; nobody has come, so there is no journal."""
    done = run(*DEMO, cwd=stand_in(tmp_path, program))
    assert (done.returncode, done.stderr.strip()) == (code, sentence)
    assert "there is no journal to be saved" in done.stdout
    assert "heard" not in done.stdout.splitlines()[-1]


def test_a_client_that_does_not_listen_is_ended_when_demo_is_told_again(tmp_path: Path) -> None:
    """The first time it is asked, the second time it is not."""
    deaf = (
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "print('deaf', flush=True)\nwhile True: signal.pause()"
    )
    with demonstrating(until="deaf", cwd=stand_in(tmp_path, deaf)) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "asked"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "there is no journal to be saved" in out
