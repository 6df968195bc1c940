"""``vlclient check`` as a process of its own, as a person or a CI starts it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import vlmock
from tests.command_line import ROOT, run
from vlmock.server.mock_server import MockServer

A_KEY = "a-key-that-nobody-may-see"
COMMAND = [sys.executable, "-m", "vlclient", "check"]


def environment() -> dict[str, str]:
    """Nothing of whoever runs these tests says whom to reach."""
    ours = re.compile(r"VOICE_?LIVE|AGENT_|PROJECT_NAME|CONVERSATION_ID|FOUNDRY_")
    kept = {name: value for name, value in os.environ.items() if not ours.search(name)}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def check(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The command, over within half a minute, with this exit code; a traceback is never an answer."""
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=30, cwd=cwd, env=environment(), check=False
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_a_dry_run_lists_the_checks_and_asks_nobody(tmp_path: Path) -> None:
    """Whether or not anybody is named; what is asked of a live service stands at the end."""
    said = check("--dry-run", "--only", "1", "--without", "1.03", cwd=tmp_path).stdout
    assert "1 Handshake and credentials" in said
    assert " 1.02  After `session.created`" in said
    assert "1.03" not in said
    assert re.search(r"^18 checks, about 19 connections, 0 seconds of audio, 0 responses$", said, re.M)
    live = check(
        "--dry-run", "--endpoint", "https://res.services.ai.azure.com", "--api-key", A_KEY, cwd=tmp_path
    ).stdout
    assert re.search(r"at 27 connections a minute at least \d+ min$", live, re.M)
    assert "it is about hybrid and native, and this is cascade" in live


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "99.99"], "there is no check and no section '99.99'; --dry-run lists them"),
        (["--only", "1.01"], "no endpoint is given"),
        (["--endpoint", "https://res.openai.azure.com", "--api-key", "k"], "is the Azure OpenAI address"),
        (["--endpoint", "http://127.0.0.1:1", "--api-key", "k", "--pages", "/proc/nowhere"], "cannot be made"),
        (["--endpoint", "http://127.0.0.1:1", "--api-key", "k", "--agent-name", "a", "--model", "m"], "exclude"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(arguments: list[str], words: str, tmp_path: Path) -> None:
    """With exit code 2, before anybody is dialled."""
    done = check(*arguments, cwd=tmp_path, code=2)
    assert done.stderr.startswith("vlclient: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_who_is_not_there_is_said_once(tmp_path: Path) -> None:
    """With exit code 3."""
    done = check("--endpoint", "http://127.0.0.1:9", "--api-key", A_KEY, cwd=tmp_path, code=3)
    assert done.stderr == (
        "vlclient: could not reach 127.0.0.1:9: nobody listens there; is the port right, and the server running?\n"
    )


def test_a_wrong_key_is_said_once_and_not_shown(tmp_path: Path) -> None:
    """With exit code 4."""
    with vlmock.serve(api_key="another") as server:
        done = check("--endpoint", server.url, "--api-key", A_KEY, cwd=tmp_path, code=4)
    assert "HTTP 401" in done.stderr
    assert A_KEY not in done.stdout + done.stderr


def test_reports_are_written_and_hold_no_secret(emulator: MockServer, tmp_path: Path) -> None:
    """Text, JSON, JUnit, and a page for each check."""
    done = check(
        *("--endpoint", emulator.url, "--api-key", A_KEY, "--only", "1", "--only", "2.01", "--jobs", "8"),
        *("--json", "out.json", "--junit", "out.xml", "--pages", "pages"),
        cwd=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == "20 passed"
    assert "\x1b" not in done.stdout
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    numbers = [one["number"] for one in told["checks"]]
    assert numbers == [*(f"1.{place:02}" for place in range(1, 20)), "2.01"]
    assert told["asked"]["answered_as"] == "gpt-4o-2024-11-20"
    assert len(ElementTree.parse(tmp_path / "out.xml").findall(".//testcase")) == 20
    assert {path.stem for path in (tmp_path / "pages").iterdir()} == {"index", *numbers}
    for path in tmp_path.rglob("*.*"):
        assert A_KEY not in (path.read_text(encoding="utf-8") if path.is_file() else "")


def test_what_failed_makes_the_exit_code(tmp_path: Path) -> None:
    """1, with what was expected, what came, and where that is known from."""
    with vlmock.serve(readings={"update": "replace"}) as server:
        done = check("--endpoint", server.url, "--api-key", A_KEY, "--only", "3.05", cwd=tmp_path, code=1)
    assert re.search(r"3\.05  FAILED .*\n +expected the instructions of before, got ", done.stdout)
    assert "source: Documented {DOC, OAI}, against {FON}" in done.stdout


def test_a_server_that_differs_from_the_emulator_is_told_apart(tmp_path: Path) -> None:
    """Compared in three ways; saved, it says what is observed by now."""
    with vlmock.serve(readings={"update": "replace"}) as server:
        done = check(
            *("--endpoint", server.url, "--api-key", A_KEY, "--only", "3.05", "--only", "4.13"),
            *("--compare", "mock", "--save", "found.json"),
            cwd=tmp_path,
            code=1,
        )
    assert re.search(r"^3\.05 +Documented \{DOC, OAI\} +FAILED +ok +the service has changed, or the", done.stdout, re.M)
    assert re.search(r"^4\.13 +Assumed \{OAI\} +ok +ok$", done.stdout, re.M)
    told = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert [one["emulator"] for one in told["checks"]] == ["passed", "passed"]

    printed = run("emulated", "--findings", str(tmp_path / "found.json"), "--also-local").stdout
    today = told["at"][:10]
    assert f"| `wrong_type` | Observed on {today} |" in printed
    assert f"; contradicted on {today} |" in printed
    assert printed.startswith(f"Checked on {today}: 127.0.0.1:")
    refused = run("emulated", "--findings", str(tmp_path / "found.json"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "an emulator is no evidence" in refused.stderr
    assert run("emulated", "--stale-after", "soon").returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_is_stopped_leaves_what_is_there(number: signal.Signals, emulator: MockServer, tmp_path: Path) -> None:
    """By Ctrl-C or from elsewhere: the reports are written, and it is said how many were not tried; exit code 130."""
    arguments = ["--endpoint", emulator.url, "--api-key", A_KEY, "--json", "out.json"]
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if " 1.02 " in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    assert re.search(r"stopped: \d+ checks not tried\n$", out)
    told = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert told["stopped"] is True
    assert {"1.01", "1.02"} <= {one["number"] for one in told["checks"]}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the children of a process are looked up in /proc")
def test_whoever_is_stopped_leaves_no_emulator_behind(emulator: MockServer, tmp_path: Path) -> None:
    """Also when it happens in the middle of the comparison."""
    arguments = ["--endpoint", emulator.url, "--api-key", A_KEY, "--only", "1", "--compare", "mock"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([*COMMAND, *arguments], **pipes, text=True, cwd=tmp_path, env=environment())
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("the same with the emulator"):
            break
    while not (children := Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    assert out.endswith("stopped: not compared\n")
    assert [child for child in children if Path(f"/proc/{child}").exists()] == []
