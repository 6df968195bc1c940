"""The pace and the voices of a recording go into the scenario that is made of it; the command writes all of that."""

import base64
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.recording.scenes import PCM, Scene, body, loaded, steps
from vlmock.cli import main
from vlmock.errors import RecordingError
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.wav import parse_wav
from vlmock.recording.model import Recording
from vlmock.recording.to_scenario import scenario_of
from vlmock.recording.writing import write
from vlmock.scenario.loader import load_text
from vlmock.scenario.model import Scenario
from vlmock.session.script import (
    Say,
    Wait,
)

# ---- time and sound


def test_the_pace_of_the_service_is_the_scenarios_timing():
    """In milliseconds; what is longer than usual is a wait."""
    scene = Scene()
    for number, thinking in enumerate((0.8, 1.0, 0.9, 4.0, 0.9)):
        scene.wait(2).typed(f"Question {number}").answering().wait(thinking).says("Answer.").done()
    text = body(scene.recording())
    assert "timing: {llm_first: {median: 900, p90: 2800}}" in text
    assert text.count("- wait: 3.1") == text.count("wait:") == 1
    assert "timing" not in body(scene.recording(timed=False))


def test_a_service_that_takes_no_time_has_no_pace():
    """An emulator's few milliseconds are those of the machine that it ran on; where it waited, it was told to."""
    scene = Scene()
    for number in range(3):
        scene.wait(2).typed(f"Question {number}").answering().wait(0.02).message().words("Let me see.").wait(0.3)
        scene.words(" Here.").end().done()
    text = body(scene.recording())
    assert "timing" not in text
    assert text.count("- wait: 0.3") == 3


def test_a_pause_in_the_middle_of_an_answer_is_a_wait():
    """Where it is longer than how words are generated."""
    scene = Scene().typed("Go").answering().wait(0.9).message().words("Let me").wait(0.3).words(" see.")
    scene.wait(1.5).words(" Here.").end().done()
    assert steps(scene, "Go") == [Say("Let me see."), Wait(1.5), Say("Here.")]


def test_what_was_heard_is_in_wav_files(tmp_path: Path):
    """Each line has its own, cut from the assistant's voice."""
    loud = b"\x10\x20" * 240
    scene = Scene().typed("Go").answering().says("One.", PCM).done().typed("On").answering().says("Two.", loud).done()
    scenario = loaded(scene.recording(), tmp_path, name="scene")
    files = [step.values["audio"] for entry in scenario.turns for step in entry.reply or ()]
    assert files == [str(tmp_path / "scene-1.wav"), str(tmp_path / "scene-2.wav")]
    assert parse_wav(Path(files[1]).read_bytes()).samples.astype("<i2").tobytes() == loud


def test_words_whose_sound_came_after_a_pause_are_not_said_twice(tmp_path: Path):
    """Words run ahead of their sound: a pause before the first of it was none of the speech."""
    scene = Scene().typed("Go").answering().message().words("One.").wait(0.8).words(" Two.", PCM).end().done()
    scenario = loaded(scene.recording(), tmp_path, name="scene")
    spoken = {"text": "One. Two.", "audio": str(tmp_path / "scene-1.wav")}
    assert [step.values for entry in scenario.turns for step in entry.reply or ()] == [spoken]


def test_g711_is_written_as_plain_pcm(tmp_path: Path):
    """What the emulator and every editor reads."""
    scene = Scene(output_audio_format="g711_ulaw").typed("Go").answering().says("One.", bytes(800)).done()
    wav = scenario_of(scene.recording(), name="scene").sounds["scene-1.wav"]
    sound = parse_wav(wav)
    assert (len(sound.samples), sound.rate_hz) == (800, 8000)


def test_the_users_own_voice_is_written_on_request(tmp_path: Path):
    """From a little before it to a little behind, by the service's count of milliseconds."""
    noise = bytes(n * n % 251 for n in range(48 * 3000))
    scene = Scene()
    for start in range(0, len(noise), 4800):
        scene.client("input_audio_buffer.append", audio=base64.b64encode(noise[start : start + 4800]).decode())
    scene.spoken("Hello.", began_ms=1000, ended_ms=2000).answering().says("Hi.").done()
    assert scenario_of(scene.recording()).sounds == {}
    written = scenario_of(scene.recording(), name="scene", clips=True)
    sound = parse_wav(written.sounds["scene-user-1.wav"]).samples.astype("<i2").tobytes()
    assert sound == noise[48 * 900 : 48 * 2100]
    assert "clip: scene-user-1.wav" in written.text


def test_a_voice_that_is_not_there_is_not_pretended():
    """Audio that a recorder cut makes no file, and a comment says so."""
    scene = Scene().typed("Go").answering().message()
    scene.words("One.").server(
        "response.audio.delta", response_id="resp_1", item_id=scene._item["id"], delta="<9 b64 chars redacted>"
    )
    written = scenario_of(scene.end().done().recording())
    assert written.sounds == {}
    assert "# Its audio was cut short by whoever recorded it" in written.text


def test_nothing_at_all_is_a_scenario_too():
    """A connection on which nobody said a word."""
    assert isinstance(load_text(scenario_of(Scene().recording()).text), Scenario)


# ---- the command


def test_the_command_writes_a_scenario_that_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Named after the recording, in this folder, and never over what is there."""
    monkeypatch.chdir(tmp_path)
    scene = Scene().server("session.mood").typed("Hi").answering().says("Hello.", PCM).done()
    write([scene.recording()], tmp_path / "my call")
    done = CliRunner().invoke(main, ["scenario-from", "my call"])
    assert done.output == (
        "my-call.yaml, with 1 WAV file\n  1 thing that a scenario cannot say: see the comments at its top\n"
    )
    assert (tmp_path / "my-call-1.wav").is_file()
    checked = CliRunner().invoke(main, ["validate", "my-call.yaml"])
    assert checked.output == "my-call.yaml: fine (1 turn, 0 rules)\n"
    again = CliRunner().invoke(main, ["scenario-from", "my call"])
    assert (again.exit_code, "exists already" in again.output) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["out"], ["out/rec.yaml"]),
        (["out/talk.yaml"], ["out/talk.yaml"]),
        (["out/talk.yaml", "--name", "chat"], ["out/chat.yaml"]),
    ],
)
def test_where_it_goes(tmp_path: Path, arguments: list[str], files: list[str]):
    """A file, or a folder for it."""
    write([Scene().typed("Hi").answering().says("Hello.").done().recording()], tmp_path / "rec")
    arguments = [str(tmp_path / arguments[0]), *arguments[1:]]
    done = CliRunner().invoke(main, ["scenario-from", str(tmp_path / "rec"), *arguments])
    assert done.exit_code == 0, done.output
    assert sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "out").iterdir()) == files


def test_several_connections_are_several_scenarios(tmp_path: Path):
    """Numbered."""
    recording = Scene().typed("Hi").answering().says("Hello.").done().recording()
    write([recording, recording], tmp_path / "rec")
    done = CliRunner().invoke(main, ["scenario-from", str(tmp_path / "rec"), str(tmp_path / "out")])
    assert done.output.split() == [str(tmp_path / "out" / f"rec-{number}.yaml") for number in (1, 2)]


REFUSED = Recording(name="refused", head=Head(made_by="a test", status=401), frames=[])


def test_a_connection_that_was_refused_is_left_out(tmp_path: Path):
    """With a line that says so; nothing is written where no session is left."""
    talk = Scene().typed("Hi").answering().says("Hello.").done().recording()
    write([REFUSED, talk], tmp_path / "rec")
    done = CliRunner().invoke(main, ["scenario-from", str(tmp_path / "rec"), str(tmp_path / "out")])
    assert done.stdout == f"{tmp_path / 'out' / 'rec.yaml'}\n"
    where = tmp_path / "rec" / "connection-1"
    assert done.stderr == f"{where}: the service refused this connection with HTTP 401: it is left out\n"
    write([REFUSED], tmp_path / "nothing")
    done = CliRunner().invoke(main, ["scenario-from", str(tmp_path / "nothing"), str(tmp_path / "none")])
    assert (done.exit_code, (tmp_path / "none").exists()) == (2, False)
    assert "the service refused this connection with HTTP 401, so there is no session in it" in done.output
    with pytest.raises(RecordingError, match="HTTP 401, so there is no conversation to play"):
        scenario_of(REFUSED)


def test_a_recording_without_an_answer_is_remarked_on(tmp_path: Path):
    """Its scenario is silent, and somebody may wonder why."""
    write([Scene().typed("Hi").recording()], tmp_path / "rec")
    done = CliRunner().invoke(main, ["scenario-from", str(tmp_path / "rec"), str(tmp_path / "out")])
    assert done.exit_code == 0
    assert "nobody was answered in the recording" in done.stderr
