"""``vlmock serve --replay``: a recording in the place of a scenario, for whoever comes."""

import json
import signal
from pathlib import Path

import pytest

import vlmock
from tests.command_line import ask, run, serving


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    from websockets.sync.client import connect

    with vlmock.serve(record=tmp_path / "rec") as server:
        address = f"{server.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
        with connect(address, additional_headers={"api-key": "any"}) as socket:
            ask(socket, "Hello")
    return tmp_path / "rec"


def test_a_recording_is_played_to_every_connection(recording: Path) -> None:
    """As often as somebody comes. What they do otherwise is said as it happens, and in the end, with what they left
    out."""
    with serving("--replay", str(recording), "--replay-timing", "instant") as served:
        for _ in range(2):
            with served.connect() as socket:
                first = ask(socket, "Hello")
        with served.connect() as socket:
            assert ask(socket, "Good day") == first
        with served.connect() as socket:
            socket.recv()
        printed = served.ends(signal.SIGTERM)
    (line,) = [line for line in printed.splitlines() if line.startswith("#")]
    assert "#3" in line
    assert 'item.content[0].text: expected "Hello", got "Good day"' in line
    told = [line.partition(":")[0] for line in printed.splitlines() if line.startswith("connection ")]
    assert told == ["connection 3", "connection 4", "connection 4"]
    assert "expected response.create, got nothing" in printed


def test_strict_ends_the_connection(recording: Path) -> None:
    """With an error that says why."""
    with serving("--replay", str(recording), "--on-unexpected", "strict") as served, served.connect() as socket:
        socket.recv()
        socket.send('{"type":"response.cancel"}')
        assert json.loads(socket.recv())["error"]["code"] == "replay_deviation"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--replay", "nowhere"], "vlmock: nowhere: there is no such folder or file"),
        (["--replay", "."], "events.jsonl"),
        (["--replay", "{rec}", "--replay-timing", "fast"], "recorded, instant or a factor such as 0.5, not 'fast'"),
        (["--replay", "{rec}", "--on-unexpected", "polite"], "'polite' is not one of 'strict', 'tolerant', 'ignore'"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_a_sentence(
    recording: Path, arguments: list[str], complaint: str, tmp_path: Path
) -> None:
    """Exit code 2, no traceback."""
    (tmp_path / "empty").mkdir()
    given = [argument.format(rec=recording) for argument in arguments]
    done = run("serve", "--port", "0", *given, cwd=tmp_path / "empty")
    assert done.returncode == 2
    assert complaint in done.stderr
