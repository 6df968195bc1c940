"""Where something stands in a recording: messages name the file and the line that an editor opens."""

import json
from pathlib import Path

import msgspec
import pytest

from tests.recording.scenes import Scene
from tests.recording.taking import append, session, take
from vlmock.protocol.recording.folder import pack
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.to_scenario import scenario_of

SAID = [("server", session()), ("client", append(b"AB")), ("client", "no JSON"), ("server", {"type": "brand.new"})]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return take(tmp_path / "out", SAID)


@pytest.mark.parametrize("packed", [False, True])
def test_a_place_is_file_and_line(tmp_path: Path, folder: Path, packed: bool):
    """The line that it names is that of the frame, which is the second where the frame is the first."""
    if packed:
        pack(folder, tmp_path / "out.zip")
    (recording,) = read(tmp_path / "out.zip" if packed else folder)
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    assert recording.line(-1) == 1
    for number, frame in enumerate(recording.frames):
        file, _, line = recording.place(number).rpartition(":")
        told = json.loads(lines[int(line) - 1])
        assert file == str(tmp_path / ("out.zip" if packed else "out") / "events.jsonl")
        assert (told["from"], told["at"]) == (frame.source, frame.at)
        assert recording.place_within(number) == f"line {line}"


def test_what_is_no_line_of_ours_is_counted(folder: Path):
    """Another program's file has frames where it likes."""
    recording = without_file(*read(folder))
    assert (recording.place(0), recording.place_within(0)) == ("it, frame 1", "frame 1")
    assert recording.line(0) == 0


def test_a_scenario_says_where_it_comes_from(folder: Path):
    """In its comments; what it cannot say has its line at the top."""
    (recording,) = read(folder)
    assert "events.jsonl:4 at 0.2 s: the client sent something that is no JSON object" in text_of(recording)
    assert "frame 3 at 0.2 s" in text_of(without_file(recording))


def test_what_was_never_answered_is_found_like_all_else():
    """At its line where there is a file, else at its frame, as a comparison and a replay name it."""
    counted = Scene().spoken("One.").typed("Two.").recording()
    told = "what was said there was never answered: One."
    assert f"frame 4: {told}" in text_of(counted)
    assert f"events.jsonl:5: {told}" in text_of(msgspec.structs.replace(counted, file="out/events.jsonl"))


def text_of(recording: Recording) -> str:
    return scenario_of(recording, name="it", clips=False).text


def without_file(recording: Recording) -> Recording:
    return Recording(name="it", head=recording.head, frames=recording.frames, voices=recording.voices)
