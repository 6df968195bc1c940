"""What a crash left is read as far as it goes; what is wrong is told with file, line and remedy."""

import json
import shutil
from pathlib import Path

import pytest

from tests.recording.taking import HEAD, append, session, take
from vlmock.errors import RecordingError
from vlmock.protocol.recording.encoder import RecordingEncoder
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder, RecordingsFolder, pack
from vlmock.recording.formats import FORMS
from vlmock.recording.reading import read

SAID = [("server", session()), ("client", append(b"\1\0" * 480)), ("client", append(b"\2\0" * 480))]


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    return take(tmp_path / "rec", SAID)


def test_half_a_last_line_is_dropped(tmp_path: Path):
    """At every byte where the recorder may have been killed: whole lines are read, and there is no end."""
    folder = take(tmp_path / "rec", SAID, closed=False)
    events = folder / "events.jsonl"
    text = events.read_bytes()
    first = text.index(b"\n") + 1
    for size in range(first, len(text)):
        events.write_bytes(text[:size])
        (recording,) = read(folder)
        complete = text[:size].count(b"\n") - 1
        assert len(recording.frames) - complete in (0, 1), "a line without its end may be whole"
        assert (recording.end, recording.ended_by) == (None, "")


def test_sound_behind_an_old_header_counts(tmp_path: Path):
    """The header of a recording that breaks off is some time behind."""
    folder = take(tmp_path / "rec", SAID, closed=False)
    assert (folder / "client.wav").read_bytes()[40:44] == bytes(4), "the header knows of nothing yet"
    (recording,) = read(folder)
    assert len(recording.voices["client.wav"]) == 1920


def test_lines_without_their_sound_are_dropped_where_the_recording_breaks_off(tmp_path: Path):
    """The whole computer died, and the disk had the lines before the sound."""
    folder = take(tmp_path / "rec", SAID, closed=False)
    wav = folder / "client.wav"
    wav.write_bytes(wav.read_bytes()[: 44 + 961])
    (recording,) = read(folder)
    assert [recording.whole(frame) for frame in recording.frames] == [said for _, said in SAID[:2]]


def test_a_zip_is_as_good_as_its_folder(taken: Path, tmp_path: Path):
    """Ours, and one that another program has packed tighter."""
    pack(taken, tmp_path / "ours.zip")
    shutil.make_archive(str(tmp_path / "theirs"), "zip", tmp_path, "rec")
    (plain,) = read(taken)
    for name in ("ours.zip", "theirs.zip"):
        (packed,) = read(tmp_path / name)
        assert [packed.whole(frame) for frame in packed.frames] == [plain.whole(frame) for frame in plain.frames]


def test_connections_come_in_their_order(tmp_path: Path):
    """The tenth is behind the second; a zip of many is read like their folder."""
    for number in (10, 2, 1):
        take(tmp_path / "many" / f"connection-{number}", [("server", {"type": "x", "number": number})])
    pack(tmp_path / "many", tmp_path / "many.zip")
    for path in (tmp_path / "many", tmp_path / "many.zip"):
        assert [recording.frames[0].event["number"] for recording in read(path)] == [1, 2, 10]


def rewritten(folder: Path, line: int, text: str) -> None:
    events = folder / "events.jsonl"
    lines = events.read_text().splitlines()
    lines[line - 1 : line] = [text] if text else []
    events.write_text("".join(f"{each}\n" for each in lines))


@pytest.mark.parametrize(
    ("line", "text", "told"),
    [
        (1, '{"recording":2,"made_by":"later"}', "events.jsonl:1: this is version 2 of the format, and"),
        (1, '{"made_by":"x"}', "events.jsonl:1: is not how a recording begins"),
        (1, '{"recording":1}', "events.jsonl:1: the first line is wrong (Object missing required field `made_by`)"),
        (1, "PK", "events.jsonl:1: is not how a recording begins"),
        (2, "what?", "events.jsonl:2: is no line of a recording (JSON is malformed"),
        (3, '{"at":0,"from":"nobody","text":""}', "events.jsonl:3: is no line of a recording (Invalid enum value"),
        (3, '{"at":0,"from":"client","event":{"a":' + "[" * 600 + '{"$audio":1}' + "]" * 600 + "}}", ":3: "),
        (3, '{"at":0,"from":"client"}', "events.jsonl:3: says nothing"),
        (3, '{"at":0,"from":"client","close":{"code":1}}', "events.jsonl:4: something follows the close"),
        (3, '{"at":0,"from":"client","event":{"a":{"$audio":"client.wav","start":-1,"bytes":1}}}', ":3: a pointer"),
        (3, '{"at":0,"from":"client","event":{"a":[{"$audio":5}]}}', "events.jsonl:3: a pointer to sound reads"),
        (
            3,
            '{"at":0,"from":"client","event":{"a":{"$audio":"../x.wav","start":0,"bytes":1}}}',
            ":3: '../x.wav' is not",
        ),
        (3, '{"at":0,"from":"client","event":{"a":{"$audio":"y.wav","start":0,"bytes":1}}}', ":3: points into y.wav"),
        (
            3,
            '{"at":0,"from":"client","event":{"a":{"$audio":"client.wav","start":1900,"bytes":21}}}',
            "to byte 1921 of",
        ),
    ],
)
def test_a_wrong_line_is_named(taken: Path, line: int, text: str, told: str):
    """With its number, what is wrong, and a remedy."""
    rewritten(taken, line, text)
    with pytest.raises(RecordingError) as raised:
        read(taken)
    assert told in str(raised.value)
    assert str(taken) in str(raised.value)


def test_members_and_empty_lines_that_nobody_knows_are_ignored(taken: Path):
    """That is the promise of version 1."""
    rewritten(taken, 1, '{"recording":1,"made_by":"x","weather":"fine"}')
    rewritten(taken, 2, '\n{"at":0,"from":"client","event":{"type":"a"},"mood":"good"}')
    (recording,) = read(taken)
    assert recording.frames[0].event == {"type": "a"}


def test_a_wrong_wav_file_is_named(taken: Path):
    """By its path."""
    (taken / "client.wav").write_bytes(b"OggS" * 30)
    with pytest.raises(RecordingError, match=r"client\.wav: it is no WAV file; it has to be"):
        read(taken)


def test_what_is_no_recording_is_told(tmp_path: Path):
    """Nothing there, an empty folder, an empty file, a file of another kind, a zip without one."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "events.jsonl").touch()
    (tmp_path / "text").write_text("hello")
    pack(tmp_path / "empty", tmp_path / "empty.zip")
    for name, told in {
        "nowhere": "there is no such folder or file",
        "empty": "there is no events.jsonl in it, nor in the folders below it; it is empty; what can be read: ",
        "begun": "events.jsonl:1: it is empty",
        "text": "is no recording",
        "empty.zip": "there is no events.jsonl in it",
    }.items():
        with pytest.raises(RecordingError, match=told):
            read(tmp_path / name)


@pytest.mark.parametrize("packed", [False, True])
def test_who_names_the_wrong_folder_is_told_what_is_in_it(tmp_path: Path, packed: bool):
    """And which forms can be read."""
    for name in ("agent.py", "page.har", "notes.md", "a.txt", "b.txt", "c.txt"):
        (tmp_path / "home" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "home" / name).touch()
    if packed:
        pack(tmp_path / "home", tmp_path / "home.zip")
    with pytest.raises(RecordingError) as told:
        read(tmp_path / ("home.zip" if packed else "home"))
    text = str(told.value)
    assert "there is a.txt, agent.py, b.txt, c.txt, notes.md and 1 more; what can be read: a folder that `vlm" in text
    assert all(form.about in text for form in FORMS)


def test_who_names_the_folder_above_is_told_which_one_it_is(tmp_path: Path):
    """``vlmock import .`` where ``vlmock record`` wrote into ``out``."""
    take(tmp_path / "out" / "connection-1", SAID)
    with pytest.raises(RecordingError, match=rf"in a folder below it: name {tmp_path / 'out'}$"):
        read(tmp_path)


def test_a_line_is_not_written_before_its_sound(tmp_path: Path):
    """Where the sound cannot be written, nothing points to it."""
    (tmp_path / "rec" / "client.wav").mkdir(parents=True)
    folder, encoder = RecordingFolder(tmp_path / "rec"), RecordingEncoder(HEAD)
    folder.write(encoder.opened())
    with pytest.raises(CannotRecord, match="cannot be written"):
        folder.write([piece for who, message in SAID for piece in encoder.said(who, json.dumps(message), 0.0)])
    folder.close()
    (recording,) = read(tmp_path / "rec")
    assert recording.frames == []


def test_nothing_is_written_over_a_recording(taken: Path, tmp_path: Path):
    """The user says what shall become of it."""
    with pytest.raises(CannotRecord, match="holds a recording already; remove it, or name another folder"):
        RecordingFolder(taken)
    for path in (taken, tmp_path):
        with pytest.raises(CannotRecord, match="holds a recording already"):
            RecordingsFolder(path)


def test_a_file_in_the_way_is_told(tmp_path: Path):
    """It is left alone."""
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CannotRecord, match="a file is in the way"):
            RecordingsFolder(path)


def test_a_zip_is_made_at_the_end(tmp_path: Path):
    """Until then the recordings are in a folder."""
    folder = RecordingsFolder(tmp_path / "out.zip")
    take(folder.path / "connection-1", SAID)
    assert folder.finish() == tmp_path / "out.zip"
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]
    assert len(read(tmp_path / "out.zip")[0].frames) == 3
