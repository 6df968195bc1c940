"""A slow disk keeps nobody waiting, up to a bound; beyond it nothing is lost, but whoever speaks waits."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.recording.taking import HEAD, append
from vlmock.errors import RecordingError
from vlmock.protocol.recording.folder import RecordingFolder
from vlmock.recording.reading import read
from vlmock.server import recording_thread
from vlmock.server.recording_thread import RecordingThread, iso_time


class SlowDisk:
    """Lets nothing through until it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.reached = threading.Event(), threading.Event()
        write = RecordingFolder.write

        def slowly(folder, pieces):
            self.reached.set()
            assert self.go.wait(30)
            write(folder, pieces)

        monkeypatch.setattr(RecordingFolder, "write", slowly)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    return SlowDisk(monkeypatch)


def failing(error: Exception) -> None:
    raise AssertionError(error)


def words(number: int) -> str:
    return json.dumps(append(number.to_bytes(2, "little")))


def test_a_slow_disk_keeps_nobody_waiting_and_loses_nothing(tmp_path: Path, slow: SlowDisk):
    """While the disk stands still, everything is taken at once; stopping waits until it is written, in order."""
    thread = RecordingThread(tmp_path / "out", failed=failing)
    recordings = [thread.begin(HEAD, number) for number in (1, 2)]
    for number in range(500):
        for recording in recordings:
            recording.said("client", words(number), number / 50)
    for recording in recordings:
        recording.closed("client", 1000, "", 10.0)
    assert slow.reached.wait(30)
    assert thread.has_room
    slow.go.set()
    assert thread.stop() == thread.stop() == tmp_path / "out"
    for recording in read(tmp_path / "out"):
        assert [json.dumps(recording.whole(frame)) for frame in recording.frames] == [words(n) for n in range(500)]
        assert recording.end is not None


def test_nothing_is_written_in_the_moment_in_which_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An answer may follow at once, and would have to wait for it; what is said meanwhile is written together."""
    pause, go, written = threading.Event(), threading.Event(), []
    write = RecordingFolder.write

    def sleep(seconds: float) -> None:
        pause.set()
        assert go.wait(30)

    monkeypatch.setattr(recording_thread, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(RecordingFolder, "write", lambda folder, pieces: written.append(write(folder, pieces)))
    thread = RecordingThread(tmp_path / "out", failed=failing)
    recording = thread.begin(HEAD, 1)
    recording.said("client", words(1), 0.0)
    assert pause.wait(30)
    assert written == []
    recording.said("server", words(2), 0.1)
    go.set()
    thread.stop()
    assert len(written) == 1
    assert len(read(tmp_path / "out")[0].frames) == 2


def test_beyond_the_bound_whoever_speaks_waits(tmp_path: Path, slow: SlowDisk):
    """Threads and loops are told when there is room again."""
    thread = RecordingThread(tmp_path / "out", failed=failing, max_bytes=10_000)
    recording = thread.begin(HEAD, 1)
    while thread.has_room:
        recording.said("client", words(7), 0.0)
    waiting = threading.Thread(target=thread.wait_for_room)
    waiting.start()

    async def wait() -> None:
        room = asyncio.ensure_future(thread.until_room())
        await asyncio.sleep(0)
        assert not room.done()
        assert waiting.is_alive()
        slow.go.set()
        await room
        assert thread.has_room
        await thread.until_room()

    asyncio.run(wait())
    waiting.join(30)
    assert not waiting.is_alive()
    thread.stop()
    assert read(tmp_path / "out")[0].end is None


def test_what_cannot_be_written_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The other connections go on being recorded."""
    told: list[Exception] = []
    thread = RecordingThread(tmp_path / "out", failed=told.append)
    (tmp_path / "out" / "connection-1").write_text("in the way")
    broken, fine = thread.begin(HEAD, 1), thread.begin(HEAD, 2)
    for number in range(40):
        broken.said("client", words(number), 0.0)
        fine.said("client", words(number), 0.0)
    thread.stop()
    assert [type(error) for error in told] == [RecordingError]
    assert "a file is in the way" in str(told[0])
    (recording,) = read(tmp_path / "out")
    assert len(recording.frames) == 40


def test_where_nothing_can_be_written_is_told_at_once(tmp_path: Path):
    """Before anybody is listened to."""
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="a file is in the way; name a folder"):
        RecordingThread(tmp_path / "file", failed=failing)


def test_a_killed_program_leaves_what_was_written(tmp_path: Path):
    """SIGKILL in the middle: every line that is there is whole, and so is its sound."""
    program = f"""
import itertools, json, sys
from tests.recording.test_recording_thread import HEAD, words
from vlmock.server.recording_thread import RecordingThread
thread = RecordingThread({str(tmp_path / "out")!r}, failed=print, max_bytes=100_000)
recording = thread.begin(HEAD, 1)
for number in itertools.count():
    thread.wait_for_room()
    recording.said("client", words(number % 60000), number / 50)
    if number == 5000:
        print("go on", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "go on\n"
        os.kill(running.pid, signal.SIGKILL)
    (recording,) = read(tmp_path / "out")
    assert recording.end is None
    assert len(recording.frames) > 4000
    for number, frame in enumerate(recording.frames):
        assert json.dumps(recording.whole(frame)) == words(number % 60000)


def test_the_time_is_written_as_in_iso_8601():
    """In UTC, with milliseconds."""
    assert iso_time(1_795_428_161.5) == "2026-11-23T10:02:41.500Z"
