"""``vlmock serve --replay``: a recording in the place of a scenario, for whoever comes."""

import json
import signal
from pathlib import Path

import pytest

import vlmock
from tests.command_line import ask, run, serving
from vlmock.replay_cli import summed_up


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    from websockets.sync.client import connect

    with vlmock.serve(record=tmp_path / "rec") as server:
        address = f"{server.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
        with connect(address, additional_headers={"api-key": "any"}) as socket:
            ask(socket, "Hello")
    return tmp_path / "rec"


def test_a_recording_is_played_to_every_connection(recording: Path) -> None:
    """As often as somebody comes. What they do otherwise is said as it happens, and when they have left what they left
    out."""
    name = recording / "connection-1"
    with serving("--replay", str(recording), "--replay-timing", "instant") as served:
        assert served.greeting[0] == f"vlmock listens on {served.url} and replays {name}"
        for _ in range(2):
            with served.connect() as socket:
                first = ask(socket, "Hello")
        with served.connect() as socket:
            assert ask(socket, "Good day") == first
        with served.connect() as socket:
            socket.recv()
        assert served.said_until("#4 has ended")[-1] == f"#4 has ended: 2 differences from {name}"
        assert served.ends(signal.SIGTERM) == "stopped; 2 of 4 connections did otherwise than recorded\n"
    said = {number: [line for line in served.said if line.startswith(f"#{number} ")] for number in (1, 2, 3, 4)}
    assert [said[number] for number in (1, 2)] == [[f"#{number} has ended: as recorded in {name}"] for number in (1, 2)]
    assert said[3][0].endswith('item.content[0].text: expected "Hello", got "Good day"')
    assert said[3][1:] == [f"#3 has ended: 1 difference from {name}"]
    assert "expected conversation.item.create (message), got nothing" in said[4][0]
    assert "expected response.create, got nothing" in said[4][1]


def test_strict_ends_the_connection(recording: Path) -> None:
    """With an error that says why; in the end the exit code says that there was something."""
    with serving("--replay", str(recording), "--on-unexpected", "strict") as served:
        with served.connect() as socket:
            socket.recv()
            socket.send('{"type":"response.cancel"}')
            assert json.loads(socket.recv())["error"]["code"] == "replay_deviation"
        printed = served.ends(signal.SIGINT, code=1)
    assert printed.splitlines()[-1] == "stopped; 1 connection did otherwise than recorded"


@pytest.mark.parametrize(
    ("came", "differed", "summary"),
    [
        (0, 0, "nobody connected"),
        (1, 0, "1 connection did as recorded"),
        (1, 1, "1 connection did otherwise than recorded"),
        (3, 0, "all 3 connections did as recorded"),
        (3, 1, "1 of 3 connections did otherwise than recorded"),
        (3, 3, "all 3 connections did otherwise than recorded"),
    ],
)
def test_the_last_line_counts_as_people_do(came: int, differed: int, summary: str) -> None:
    """Nothing is "1 of 1", or "none of 1"."""
    assert summed_up(came, differed) == summary


def test_what_came_after_the_last_answer_may_stay_away(recording: Path) -> None:
    """With ``--trailing ignore``, as with ``trailing`` in Python; by default it has to come."""
    say_one_thing_more(recording)
    for arguments, summary in (
        ([], "1 connection did otherwise than recorded"),
        (["--trailing", "ignore"], "1 connection did as recorded"),
    ):
        with serving("--replay", str(recording), "--replay-timing", "instant", *arguments) as served:
            with served.connect() as socket:
                ask(socket, "Hello")
            assert served.ends(signal.SIGTERM).splitlines()[-1] == f"stopped; {summary}"


def say_one_thing_more(recording: Path) -> None:
    """The recorded client has its answer, and changes something before it leaves."""
    file = recording / "connection-1" / "events.jsonl"
    *lines, close = file.read_text().splitlines()
    update = {"at": 99.0, "from": "client", "event": {"type": "session.update", "session": {"temperature": 0.7}}}
    file.write_text("\n".join([*lines, json.dumps(update), close]) + "\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--replay-timing", "instant"], "--replay-timing: about recordings that are replayed; give --replay as well"),
        (["--on-unexpected", "tolerant", "--replay-timing", "2"], "--replay-timing and --on-unexpected: about"),
        (["--trailing", "ignore"], "--trailing: about recordings that are replayed"),
        (
            ["--replay", "{rec}", "--timing", "instant"],
            "--timing is about scenarios; of a recording it is --replay-timing",
        ),
    ],
)
def test_an_option_that_would_change_nothing_is_a_mistake(
    recording: Path, arguments: list[str], complaint: str
) -> None:
    """It says what was meant; exit code 2."""
    done = run("serve", "--port", "0", *[argument.format(rec=recording) for argument in arguments])
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())


def test_a_scenario_beside_a_recording_has_its_own_timing(recording: Path) -> None:
    """It is played to whoever asks for it by name."""
    with serving("weather", "--replay", str(recording), "--timing", "instant") as served:
        with served.connect("/weather") as socket:
            socket.recv()
        served.ends(signal.SIGTERM)


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
