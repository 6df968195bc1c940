"""``vlmock diff`` as a user runs it: what it prints, and with which code it exits."""

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.recording.conversations import a_long_one
from tests.recording.real import RECORDINGS, SPOKEN, path_of, voice_of
from vlmock.cli import main
from vlmock.protocol.recording.lines import Frame, Head
from vlmock.recording.model import Recording
from vlmock.recording.writing import write

WHOLE = a_long_one()


def diff(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, ["diff", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def written(folder: Path, name: str, frames: list[Frame] | None = None) -> Path:
    recording = msgspec.structs.replace(WHOLE, name=name, frames=WHOLE.frames if frames is None else frames)
    return write([recording], folder / name)


def without(*kinds: str) -> list[Frame]:
    return [frame for frame in WHOLE.frames if frame.event is None or frame.event["type"] not in kinds]


def changed() -> list[Frame]:
    return [
        msgspec.structs.replace(frame, event={**frame.event, "audio_start_ms": 9})
        if frame.event and "audio_start_ms" in frame.event
        else frame
        for frame in WHOLE.frames
    ]


SURPRISE = Frame(at=99.0, source="server", event={"type": "surprise"})
CLIENTS = Frame(at=99.0, source="client", event={"type": "input_audio_buffer.clear"})
KINDS = [
    ("the same", list(WHOLE.frames), 0),
    ("missing", without("conversation.item.deleted"), 3),
    ("different", changed(), 1),
    ("extra", [*WHOLE.frames, SURPRISE], 4),
    ("extra from the client", [*WHOLE.frames, CLIENTS], 4),
    ("missing and extra", [*without("conversation.item.deleted"), SURPRISE], 3),
    ("different and extra", [*changed(), SURPRISE], 1),
]


@pytest.mark.parametrize(("frames", "code"), [each[1:] for each in KINDS], ids=[each[0] for each in KINDS])
def test_the_exit_code_says_what_was_found_the_worst_first(tmp_path: Path, frames: list[Frame], code: int) -> None:
    """Of two recordings: 3 missing, 1 different, 4 extra, 0 nothing of that."""
    result = diff(written(tmp_path, "a"), written(tmp_path, "b", frames))
    assert result.exit_code == code, result.output
    assert result.output.splitlines()[0].startswith(f"{tmp_path / 'a'}: a and b: ")


def test_a_recording_of_the_emulator_agrees_with_it(tmp_path: Path) -> None:
    """Written down, read back, played again."""
    result = diff(written(tmp_path, "a"))
    assert result.exit_code == 0, result.output
    assert result.output == f"{tmp_path / 'a'}: service and emulator: 45 same\n"


def test_a_tampered_recording_does_not(tmp_path: Path) -> None:
    """What the service would have sent and the emulator did not, with the line of the file."""
    result = diff(written(tmp_path, "a", [*WHOLE.frames, SURPRISE]))
    assert result.exit_code == 3
    assert f"  missing    surprise  events.jsonl:{len(WHOLE.frames) + 2}" in result.output


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_real_services_recordings_agree_with_the_emulator(shared: Path, name: str) -> None:
    """Observed {PAI}: as they lie there, but for the voice that their recorder cut short."""
    voice = ("--client-audio", voice_of(shared)) if name == SPOKEN else ()
    result = diff(path_of(shared, name), *voice)
    assert result.exit_code == 0, result.output
    assert " looser" in result.output


def test_what_is_allowed_is_looser(tmp_path: Path) -> None:
    """With the user's reason in the report."""
    a, b = written(tmp_path, "a"), written(tmp_path, "b", changed())
    allowed = diff(a, b, "--allow", "input_audio_buffer.speech_started.audio_start_ms=another room")
    assert allowed.exit_code == 0, allowed.output
    assert "  another room: input_audio_buffer.speech_started.audio_start_ms" in allowed.output
    assert diff(a, b, "--allow", "input_audio_buffer.committed").exit_code == 1


def test_reports_for_machines_go_into_a_file(tmp_path: Path) -> None:
    """And nothing else is printed."""
    a, b = written(tmp_path, "a"), written(tmp_path, "b", changed())
    for form, parse in (("json", json.loads), ("junit", ElementTree.fromstring)):
        file = tmp_path / f"report.{form}"
        result = diff(a, b, "--format", form, "--output", file)
        assert (result.exit_code, result.output) == (1, "")
        parse(file.read_text(encoding="utf-8"))
    assert diff(a, b, "--output", tmp_path / "nowhere" / "report.txt").exit_code == 2


def test_connections_are_counted(tmp_path: Path) -> None:
    """One that only the first has is missing."""
    both = write([WHOLE, WHOLE], tmp_path / "both")
    result = diff(both, written(tmp_path, "one"))
    assert result.exit_code == 3
    assert "a connection of " in result.output


REFUSED = Recording(name="refused", head=Head(made_by="tests", status=401), frames=[])


def test_a_connection_that_was_refused_is_left_out(tmp_path: Path) -> None:
    """One line says so, on stderr, for the report may be for a machine; the others are compared."""
    both, one, none = (
        write(recordings, tmp_path / name)
        for name, recordings in {"both": [REFUSED, WHOLE], "one": [WHOLE], "none": [REFUSED, REFUSED]}.items()
    )
    told = f"{both / 'connection-1'}: the service refused this connection with HTTP 401: it is left out\n"
    for arguments in ([both], [both, one], [one, both]):
        result = diff(*arguments, "--format", "json")
        assert (result.exit_code, result.stderr) == (0, told)
        assert [each["grade"] for each in json.loads(result.stdout)["connections"]] == ["same"]
    for arguments in ([none], [none, one], [one, none]):
        result = diff(*arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "with HTTP 401, and 1 more besides, so there is no session in it" in result.stderr


def test_times_are_told_side_by_side(tmp_path: Path) -> None:
    """Of each answer: created, first words or sound, done; a percentile where there are turns enough."""
    slower = [msgspec.structs.replace(frame, at=frame.at * 2) for frame in WHOLE.frames]
    result = diff(written(tmp_path, "a"), written(tmp_path, "b", delayed(WHOLE, 0.25)), "--times")
    assert result.exit_code == 0, result.output
    assert "  response 2  created 0 / 0  first 0 / 250  done 0 / 500" in result.output
    assert any(line.startswith("  p50 ") for line in result.output.splitlines())
    assert diff(written(tmp_path, "c"), written(tmp_path, "d", slower)).exit_code == 0


def delayed(recording: Recording, seconds: float) -> list[Frame]:
    """Words come so much later than they came, the end twice as much."""
    late = {"response.audio_transcript.delta": 1, "response.audio.delta": 1, "response.done": 2}
    return [
        msgspec.structs.replace(frame, at=frame.at + seconds * late.get((frame.event or {}).get("type", ""), 0))
        for frame in recording.frames
    ]


MISTAKES = [
    (["nowhere"], "there is no such folder or file"),
    (["{a}", "nowhere"], "there is no such folder or file"),
    (["{a}", "--times"], "--times compares two recordings"),
    (["{a}", "{a}", "--model", "gpt-4.1"], "--model and --api-version are for the emulator"),
    (["{a}", "--api-version", "2026-04-11"], "there is no api-version '2026-04-11' (did you mean '2026-04-10'?)"),
    (["{a}", "--allow", "a b"], "names no member: write EVENT.MEMBER"),
    (["{a}", "--client-audio", "nowhere.wav"], "so there is nothing to fill in"),
    ([], "Missing argument 'RECORDING'"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_mistakes_of_the_user_end_with_a_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    """And exit code 2, which no difference has."""
    a = written(tmp_path, "a")
    result = diff(*(argument.format(a=a) for argument in arguments))
    assert result.exit_code == 2
    assert words in result.output


def test_help_tells_what_the_exit_codes_mean() -> None:
    """A pipeline is written from it."""
    text = diff("--help").output
    for line in ("3  something is missing", "1  something is different", "4  something is extra"):
        assert line in text
