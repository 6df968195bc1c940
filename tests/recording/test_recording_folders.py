"""Where recordings are written: what is made, what is left, and what is said about what others have left there."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import vlmock
from tests.recording.taking import HEAD, append, take
from vlmock.errors import RecordingError, ServerError
from vlmock.protocol.recording import folder as folder_module
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder, RecordingsFolder
from vlmock.recording.reading import read
from vlmock.recording.writing import write
from vlmock.server.recording_thread import RecordingThread

NAMES = pytest.mark.parametrize("name", ["out", "out.zip", "deep/down/out", "deep/down/out.zip"])


def everything_in(path: Path) -> list[Path]:
    return sorted(path.rglob("*"))


# ---- nothing is left behind by what recorded nothing


@NAMES
def test_what_recorded_nothing_leaves_nothing(tmp_path: Path, name: str):
    """Neither a zip file without recordings, nor the folders that were made for it."""
    recordings = RecordingsFolder(tmp_path / name)
    assert everything_in(tmp_path)
    assert recordings.finish() == tmp_path / name
    assert everything_in(tmp_path) == []


@NAMES
def test_who_cannot_listen_leaves_nothing(tmp_path: Path, name: str):
    """A busy port is told, and the next try with the same name is not in anybody's way."""
    with vlmock.serve() as taken:
        with pytest.raises(ServerError, match="in use"):
            vlmock.serve(record=tmp_path / name, port=taken.port)
        with pytest.raises(ServerError, match="in use"):
            vlmock.record(taken.url, tmp_path / name, port=taken.port)
    assert everything_in(tmp_path) == []


@NAMES
def test_a_recorder_of_an_address_where_nobody_is_leaves_nothing(tmp_path: Path, name: str):
    """Its clients were told; there was nothing to be written."""
    with vlmock.record("http://127.0.0.1:1", tmp_path / name) as recorder:
        assert recorder.connections == []
    assert everything_in(tmp_path) == []


def test_a_folder_that_was_there_stays(tmp_path: Path):
    """It is somebody's, also when it is empty."""
    (tmp_path / "out").mkdir()
    RecordingsFolder(tmp_path / "out").finish()
    assert everything_in(tmp_path) == [tmp_path / "out"]


@NAMES
def test_a_journal_of_nobody_is_not_saved(tmp_path: Path, name: str):
    """That would be a recording that nothing can read."""
    with vlmock.serve() as server, pytest.raises(RecordingError, match="nobody has connected"):
        server.journal.save(tmp_path / name)
    assert everything_in(tmp_path) == []


@NAMES
@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EACCES, "name a folder that you may write to"),
        (errno.EROFS, "name a folder that you may write to"),
        (errno.ENOSPC, "make room on that disk, or name a folder on another"),
        (errno.EIO, "name another folder"),
    ],
)
def test_folders_that_cannot_be_written_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int, remedy: str
):
    """And nothing of them is left."""
    monkeypatch.setattr(Path, "touch", lambda path: failing(number))
    with pytest.raises(CannotRecord, match=rf"cannot be written \({os.strerror(number)}\); {remedy}$"):
        RecordingsFolder(tmp_path / name)
    assert everything_in(tmp_path) == []


# ---- what a zip file is made of


def test_what_others_have_put_there_is_never_packed_and_removed(tmp_path: Path):
    """A zip file is made of a folder of its name, which is removed then: it must not be somebody's."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    with pytest.raises(
        CannotRecord, match=r"out is not empty, and it is where .* become .*out\.zip; name another file"
    ):
        RecordingsFolder(tmp_path / "out.zip")
    assert (tmp_path / "out" / "thesis.txt").exists()


def test_what_a_killed_recorder_left_is_told_to_the_next(tmp_path: Path):
    """And that it is as good as the zip file."""
    take(tmp_path / "out" / "connection-1", [("client", append(b"AB"))], closed=False)
    with pytest.raises(CannotRecord) as told:
        RecordingsFolder(tmp_path / "out.zip")
    assert "perhaps those of a recorder that was killed, or still runs" in str(told.value)
    assert f"`vlmock diff {tmp_path / 'out'}`" in str(told.value)
    assert read(tmp_path / "out")


def test_nobody_is_said_to_be_dead_who_only_saved_a_folder_first(tmp_path: Path):
    """A whole recording of that name is in the way of a zip file just as well, and is there to be read."""
    take(tmp_path / "out" / "connection-1", [("client", append(b"AB"))])
    for refused in (lambda: RecordingsFolder(tmp_path / "out.zip"), lambda: read(tmp_path / "out.zip")):
        with pytest.raises((CannotRecord, RecordingError), match=r"out (holds|has) recordings, perhaps those of"):
            refused()


# ---- where nobody said


@pytest.mark.parametrize(
    "record",
    [
        RecordingsFolder,
        RecordingFolder,
        lambda path: vlmock.serve(record=path),
        lambda path: vlmock.record("http://127.0.0.1:1", path),
        lambda path: write([], path),
    ],
)
def test_an_empty_path_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Callable[[str], object]):
    """Nor is it the working directory: it was a variable that nobody set."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises((CannotRecord, RecordingError), match=r"path .* is empty; name a folder, or a \.zip file"):
        record("")
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize("name", ["out.zip", "OUT.ZIP"])
def test_who_asks_for_the_zip_file_is_told_where_the_recording_is(tmp_path: Path, name: str):
    """Every command reads through here."""
    take(tmp_path / Path(name).stem / "connection-1", [("client", append(b"AB"))], closed=False)
    with pytest.raises(RecordingError) as told:
        read(tmp_path / name)
    assert str(told.value).endswith(f": name {tmp_path / Path(name).stem}")
    with pytest.raises(RecordingError, match="no such folder or file"):
        read(tmp_path / "other.zip")


def test_who_asks_for_the_folder_is_told_of_the_zip_file(tmp_path: Path):
    """It was there until the recorder stopped, and its lines name it."""
    recordings = RecordingsFolder(tmp_path / "out.zip")
    take(recordings.path / "connection-1", [("client", append(b"AB"))])
    recordings.finish()
    for name in ("out", "out/"):
        with pytest.raises(RecordingError) as told:
            read(f"{tmp_path}/{name}")
        assert (
            str(told.value)
            == f"{tmp_path / 'out'}: there is no such folder or file; did you mean {tmp_path / 'out.zip'}?"
        )


def test_a_zip_file_that_cannot_be_made_leaves_the_folder_and_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was recorded is still there."""
    recordings = RecordingsFolder(tmp_path / "out.zip")
    take(recordings.path / "connection-1", [("client", append(b"AB"))])
    monkeypatch.setattr(folder_module.zipfile.ZipFile, "write", full)
    with pytest.raises(CannotRecord, match="make room on that disk"):
        recordings.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def failing(number: int) -> None:
    raise OSError(number, os.strerror(number))


def full(*_: object) -> None:
    failing(errno.ENOSPC)


# ---- full disks


class Disk:
    """Takes so many bytes of events, and half of what comes then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self._room, self._really = room, folder_module._write
        monkeypatch.setattr(folder_module, "_write", self.write)

    def write(self, file, data: bytes) -> None:
        taken = data[: self._room]
        self._room -= len(taken)
        self._really(file, taken)
        if len(taken) < len(data):
            full()


@pytest.mark.parametrize("room", [0, 50, 400, 1500, 3000])
def test_frames_that_a_full_disk_did_not_take_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int):
    """Those that are there and those that are lost are all that were said; and it is told what to do."""
    Disk(monkeypatch, room)
    thread = RecordingThread(tmp_path / "out", failed=lambda error: None)
    recording = thread.begin(HEAD, 1)
    for number in range(60):
        recording.said("client", f'{{"type":"x","number":{number}}}', 0.1)
    recording.closed("client", 1000, "", 1.0)
    thread.stop()
    kept = len(read(tmp_path / "out")[0].frames) if room >= 400 else 0
    assert (kept > 0) == (room >= 400)
    assert thread.lost_frames == 60 - kept
    assert ["make room on that disk, or name a folder on another" in each for each in thread.lost] == [True]


def test_where_all_is_written_nothing_is_lost(tmp_path: Path):
    """Also while it is."""
    thread = RecordingThread(tmp_path / "out")
    recording = thread.begin(HEAD, 1)
    for _ in range(60):
        recording.said("client", '{"type":"x"}', 0.1)
        assert thread.lost_frames == 0
    thread.stop()
    assert (thread.lost_frames, thread.lost) == (0, [])


def test_lines_are_counted_when_they_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The half of one that a full disk took is none."""
    Disk(monkeypatch, 25)
    folder = RecordingFolder(tmp_path / "out")
    with pytest.raises(CannotRecord):
        folder.write([("events.jsonl", b"ten bytes\n" * 4, None)])
    folder.close()
    assert folder.lines == 2
