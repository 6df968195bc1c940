"""``vlmock record`` in a process of its own."""

import contextlib
import importlib
import json
import os
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

import vlmock
from tests.command_line import ask, run, serving
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.server.mock_server import MockServer

KEY = "a-key-that-nobody-may-see-4711"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzZWNyZXQiOiJ0b2tlbiJ9.c2lnbmF0dXJl"


@pytest.fixture
def service():
    with vlmock.serve() as server:
        yield server


def recording_of(server: MockServer, folder: Path, *options: str) -> Any:
    return serving("--upstream", server.url, *options, str(folder), command="record")


def test_it_says_where_a_zip_file_is_until_the_end(service, out):
    """That is where to look when the recorder was killed."""
    with recording_of(service, out.with_suffix(".zip")) as recorder:
        assert recorder.greeting[2] == f"  to {out}.zip, at the end; until then to the folder {out}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_what_it_recorded(service, out, number):
    """A line for each connection that begins or ends, and exit code 0 when it is told to stop."""
    with recording_of(service, out) as recorder:
        assert recorder.greeting == [
            f"vlmock records at {recorder.url}",
            f"  what is said with {service.url}",
            f"  to {out}",
            "Press Ctrl-C to stop.",
        ]
        with recorder.connect() as talk:
            ask(talk, "Hi")
        with recorder.connect() as talk:
            ask(talk, "Hi")
            lines = recorder.ends(number).splitlines()
    path = "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
    assert lines[0] == f"#1 opened: {path}"
    assert lines[1].startswith("#1 ended by the client with 1000, ")
    assert lines[1].endswith(f" s: {out / 'connection-1'}")
    assert lines[2] == f"#2 opened: {path}"
    assert lines[3].startswith("#2 broken off, because the recorder stops, ")
    frames = sum(len(recorded.frames) for recorded in read(out))
    assert lines[4] == f"stopped; 2 connections with {frames} frames in {out}"


def test_each_event_is_a_line_when_asked_for(service, out):
    """With its arrow, and neither key nor sound."""
    with recording_of(service, out, "--verbose") as recorder:
        with recorder.connect(key=KEY) as talk:
            ask(talk, "Hi")
        log = recorder.ends(signal.SIGINT)
    assert "→ response.create" in log
    assert "← response.done" in log
    assert "→ (close) 1000" in log
    assert KEY not in log
    deltas = [line for line in log.splitlines() if "response.audio.delta" in line]
    assert deltas
    assert all("base64>" in line and len(line) < 400 for line in deltas)


def test_refusals_and_a_service_that_is_gone_are_told(out):
    """One line each; it goes on."""
    with vlmock.serve(api_key="another") as server, recording_of(server, out) as recorder:
        for status in (401, 502):
            with pytest.raises(InvalidStatus, match=str(status)), recorder.connect(key=KEY):
                pass
            server.stop()
        refused, gone, stopped = recorder.ends(signal.SIGINT).splitlines()
    assert refused.startswith("#1 refused with 401: /voice-live/realtime?")
    assert gone.startswith("a client was turned away with 502: nobody listens at 127.0.0.1:")
    assert stopped.startswith("stopped; 1 connection with 0 frames")
    assert [recorded.head.status for recorded in read(out)] == [401]


@pytest.mark.parametrize("options", [(), ("--verbose",)], ids=["quietly", "verbosely"])
def test_no_secret_gets_onto_the_disk_or_the_terminal(out, options):
    """Keys and tokens in each place where they may stand, what a tool is called with, and patterns of one's own."""
    with vlmock.serve() as server, recording_of(server, out, "--redact", r"\d{16}", *options) as recorder:
        for query in (f"&api-key={KEY}", f"&Authorization=Bearer%20{TOKEN}&user=4111111111111111"):
            with recorder.connect(path="", key=KEY, model=f"gpt-4.1{query}") as talk:
                talk.send(json.dumps({"type": "session.update", "session": {"tools": [mcp_server()]}}))
                ask(talk, f"My card is 4111111111111111, my key {KEY}, and my token is {TOKEN}.")
        said = recorder.ends(signal.SIGINT)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) >= 4
    for data in [said.encode(), *(path.read_bytes() for path in files)]:
        for secret in (KEY, TOKEN, "the-secret-of-the-tool", "4111111111111111"):
            assert secret.encode() not in data
    assert ("My card is ***" in said) == bool(options)
    assert b"My card is ***" in (out / "connection-1" / "events.jsonl").read_bytes()


def mcp_server() -> dict[str, Any]:
    return {
        "type": "mcp",
        "server_label": "docs",
        "server_url": "https://example.com/mcp",
        "authorization": "the-secret-of-the-tool",
        "headers": {"x-key": "the-secret-of-the-tool"},
        "require_approval": "never",
    }


def test_its_own_key_comes_from_the_environment(out, monkeypatch):
    """Not from the command line, where everybody could see it."""
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", KEY)
    with vlmock.serve(api_key=KEY) as server:
        monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", server.url)
        with serving("--sign-in", "key", str(out), command="record") as recorder:
            with recorder.connect(key="fake") as talk:
                talk.recv(timeout=30)
            recorder.ends(signal.SIGINT)
    assert KEY not in (out / "connection-1" / "events.jsonl").read_text()


def test_sound_can_be_recorded_without_the_voice(service, out):
    """``--redact-audio``."""
    with recording_of(service, out, "--redact-audio") as recorder:
        with recorder.connect() as talk:
            ask(talk, "Hi")
        recorder.ends(signal.SIGINT)
    (recorded,) = read(out)
    assert recorded.head.audio_redacted


def test_a_second_ctrl_c_does_not_wait_for_the_disk(service, out):
    """The first writes what is left, as long as it takes: here for ever, because nobody reads what is no file."""
    (out / "connection-1").mkdir(parents=True)
    os.mkfifo(out / "connection-1" / "server.wav")
    with recording_of(service, out) as recorder:
        with recorder.connect() as talk:
            ask(talk, "Hi")
            recorder.process.send_signal(signal.SIGINT)
            with pytest.raises(ConnectionClosed):
                talk.recv(timeout=30)
        assert recorder.process.poll() is None
        recorder.process.send_signal(signal.SIGINT)
        assert recorder.process.wait(5) == -signal.SIGINT


# ---- kill -9


def begins_with(said: list[dict[str, Any]], recorded: Recording, source: str) -> int:
    """That what was recorded of one side is how that side began; how much it is."""
    events = [recorded.whole(frame) for frame in recorded.frames if frame.source == source]
    assert events == said[: len(events)]
    return len(events)


@pytest.mark.parametrize("waits", [True, False], ids=["when all is written", "in the middle"])
def test_a_killed_recorder_leaves_what_was_said(service, out, waits):
    """``kill -9`` in mid session: the recording is read without complaint, up to that point, its sound included."""
    with recording_of(service, out) as recorder, recorder.connect() as talk:
        ask(talk, "Hi")
        send_until(talk, 40)
        if waits:
            written(out / "connection-1" / "events.jsonl", 40)
        recorder.process.kill()
        recorder.process.wait(10)
        with contextlib.suppress(ConnectionClosed):
            while True:
                talk.recv(timeout=30)
    service.journal.wait_for_close()
    if not waits and not (out / "connection-1" / "events.jsonl").exists():
        return
    (recorded,) = read(out)
    entries = service.journal.entries()
    counts = {
        source: begins_with([entry.body() for entry in entries if entry.source == source], recorded, source)
        for source in ("client", "server")
    }
    assert recorded.end is None
    if waits:
        assert counts["client"] == 42
        assert counts["server"] > 10


def send_until(talk: ClientConnection, answers: int) -> None:
    """So many requests that are answered with an error."""
    for _ in range(answers):
        talk.send('{"type":"conversation.item.retrieve","item_id":"nowhere"}')
    while answers:
        answers -= json.loads(talk.recv(timeout=30))["type"] == "error"


def written(file: Path, errors: int) -> None:
    """Wait until so many errors are on the disk."""
    while not file.exists() or file.read_bytes().count(b'"type":"error","event_id"') < errors:
        pass


# ---- mistakes


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument 'FOLDER'"),
        (["out"], "Missing option '--upstream' (env var: 'AZURE_VOICE_LIVE_ENDPOINT')"),
        (["out", "--upstream", "ftp://x"], "it begins with 'ftp' and not with https"),
        (["out", "--upstream", "htps://x"], "did you mean 'https'?"),
        (["out", "--upstream", "my-resource"], "write https://my-resource.services.ai.azure.com"),
        (["out", "--upstream", "https://x.y/?model=m"], "leave out all from the '?' on"),
        (["out", "--upstream", "http://x", "--redact", "("], "'(' is no regular expression"),
        (["out", "--upstream", "http://x", "--sign-in", "key"], "set AZURE_VOICE_LIVE_API_KEY"),
        (["out", "--upstream", "http://x", "--sign-in", "me"], "'me' is not one of 'key', 'entra'"),
        (["out", "--upstream", "https://x.y", "--cacert", "none.pem"], "none.pem"),
        (["out", "--upstream", "http://x:1", "--cacert", "file"], "http://x:1 has no certificate to be trusted: write"),
        (["file", "--upstream", "http://x"], "a file is in the way; name a folder"),
        (["full", "--upstream", "http://x"], "holds a recording already"),
        (["out", "--upstream", "http://x", "--timeout", "0"], "0"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path, monkeypatch, arguments, says):
    """Exit code 2, and no folder is made for nothing."""
    for name in ("AZURE_VOICE_LIVE_ENDPOINT", "AZURE_VOICE_LIVE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "events.jsonl").touch()
    done = run("record", "--port", "0", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_busy_port_is_a_sentence(tmp_path):
    """With what to do; another folder need not be named the next time."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("record", "--upstream", "http://x", "--port", port, "out", cwd=tmp_path)
    assert done.returncode == 2
    assert f"127.0.0.1:{port} is in use by another program" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_recorder_that_nobody_dialled_leaves_nothing(tmp_path, name):
    """It says so; an empty zip file would be in the way of the next try."""
    with serving("--upstream", "http://127.0.0.1:1", name, command="record", cwd=tmp_path) as recorder:
        assert recorder.ends(signal.SIGINT) == "stopped; nobody was recorded, and nothing is left behind\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs to limit the files of another process")
def test_a_full_disk_is_counted_in_the_end(service, out):
    """How many frames are missing, why, what to do; and exit code 1. A limit to the size of files stands for the
    disk."""
    resource: Any = importlib.import_module("resource")
    with recording_of(service, out) as recorder:
        resource.prlimit(recorder.process.pid, resource.RLIMIT_FSIZE, (4000, 4000))
        with recorder.connect() as talk:
            send_until(talk, 40)
        recorder.process.send_signal(signal.SIGINT)
        said, _ = recorder.process.communicate(timeout=10)
    (recorded,) = read(out)
    *_, stopped, missing = said.splitlines()
    frames = int(re.findall(r"1 connection with (\d+) frames", stopped)[0])
    assert missing.startswith(f"{frames - len(recorded.frames)} frames are missing in what was recorded: {out}")
    assert missing.endswith("cannot be written (File too large); name another folder, and record again")
    assert recorder.process.returncode == 1
