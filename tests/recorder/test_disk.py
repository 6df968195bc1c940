"""Disks that are slow, and disks that are full."""

import json
import select
import threading
from collections.abc import Iterable

import pytest
from websockets.frames import Frame, Opcode

import vlmock
from tests.recorder.conftest import stopped, the_only
from tests.recorder.test_bytes import Line, offered, read, visited
from tests.recording.taking import delta
from tests.sdk.dialogue import talking
from vlmock.protocol.recording.encoder import Piece
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder

SAID = delta(bytes(range(256)) * 150)
WAITING = 1024 * 1024
HELLO = Frame(Opcode.TEXT, b"hello").serialize(mask=True)


@pytest.fixture
def disk(monkeypatch):
    """Writes only while it is set; a test that ends lets it go on."""
    turns = threading.Event()
    write = RecordingFolder.write

    def slow(self: RecordingFolder, pieces: Iterable[Piece]) -> None:
        assert turns.wait(30)
        write(self, pieces)

    monkeypatch.setattr(RecordingFolder, "write", slow)
    yield turns
    turns.set()


def test_a_disk_that_stands_still_stops_the_talk_and_loses_nothing(recording, disk):
    """Beyond a bound nothing more is taken from anybody; once the disk goes on, everything arrives, and is written."""
    told: list[str] = []
    sent = Frame(Opcode.TEXT, json.dumps(SAID).encode()).serialize(mask=False) * 600
    with visited() as service:
        line = Line(recording(service.url, waiting_bytes=WAITING, log=told.append), service)
        with line.opened() as (client, visit), line.opened() as (other, other_visit):
            arrived: list[bytes] = []
            reader = threading.Thread(target=read, args=(client.socket, len(sent), arrived))
            reader.start()
            taken = offered(visit.socket, sent)
            assert taken < len(sent) / 2
            other.send(HELLO)
            assert not select.select([other_visit.socket], [], [], 0.2)[0]
            disk.set()
            visit.socket.settimeout(30)  # for all of it
            visit.socket.sendall(sent[taken:])
            reader.join()
            assert arrived == [sent]
            assert other_visit.read(len(HELLO)) == HELLO
    recorded, beside = stopped(line.recorder)
    assert [recorded.whole(frame) for frame in recorded.frames] == [SAID] * 600
    assert [frame.text for frame in beside.frames] == ["hello"]
    assert sum("slower than the talk" in line for line in told) == 1


async def test_a_slow_disk_delays_nobody_before_that(recording, disk):
    """A whole conversation, while nothing can be written."""
    with vlmock.serve() as service:
        recorder = recording(service.url)
        async with talking(recorder.url) as dialogue:
            await dialogue.ask("Hello")
        ended = service.journal.wait_for_close()
        disk.set()
        recorded = the_only(recorder)
        assert recorded.end is not None
        assert recorded.end.code == ended.code == 1000
        assert len(recorded.frames) == len(service.journal.entries())


async def test_a_full_disk_ends_the_recording_and_not_the_talk(recording, monkeypatch):
    """It is said, and what was written stays readable."""
    write, turns = RecordingFolder.write, iter(range(100))

    def full(self: RecordingFolder, pieces: Iterable[Piece]) -> None:
        if next(turns) > 1:
            raise CannotRecord("out/connection-1 cannot be written (No space left on device); name another folder")
        write(self, pieces)

    monkeypatch.setattr(RecordingFolder, "write", full)
    with vlmock.serve() as service:
        recorder = recording(service.url, complaints=1)
        async with talking(recorder.url) as dialogue:
            for _ in range(5):
                await dialogue.ask("Hello")
        assert service.problems() == []
    assert the_only(recorder).end is None
    (lost,) = recorder.lost
    assert "No space left" in lost
    assert "the talk goes on" in recorder.complaints[0]
