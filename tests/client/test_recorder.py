"""``connect(record=…)``: what went over the wire is on the disk, without the key, and the conversation goes on."""

import json
import threading
from pathlib import Path

import pytest

import vlmock
from tests.client.chat_program import KEY as CHAT_KEY
from tests.client.chat_program import chat, spoken
from tests.client.plain_answers import KEY, QUERY, SECRET
from vlclient import ConfigurationError, NotAllowed, Reconnect, Reconnected, Recorder, Session, connect
from vlclient.dialling import dial
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.recording.folder import CannotRecord, RecordingFolder
from vlmock.recording.model import Recording
from vlmock.recording.reading import read

pytestmark = pytest.mark.usefixtures("nothing_of_the_machine")
API_KEY = "sesame-sesame-sesame"


def types(recording: Recording, source: str) -> list[str]:
    return [frame.event["type"] for frame in recording.frames if frame.source == source and frame.event]


def files_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def answered(session: Session) -> None:
    await session.say("Hello")
    async for event in session:
        if event.type == "response.done":
            return


async def test_a_session_is_recorded_as_the_server_saw_it(tmp_path: Path):
    """Both sides record the same messages, to the letter; sound goes into WAV files."""
    async with (
        vlmock.serve(record=tmp_path / "theirs") as server,
        connect(server.url, model="gpt-4.1", api_key=API_KEY, record=tmp_path / "ours") as session,
    ):
        await session.update(instructions="Be brief.")
        await session.send(InputAudioBufferAppend(audio=b"\1\2" * 480))
        await answered(session)
    (ours,), (theirs,) = read(tmp_path / "ours"), read(tmp_path / "theirs")
    for source in ("client", "server"):
        one, other = (
            [json.dumps(each.whole(frame)) for frame in each.frames if frame.source == source]
            for each in (ours, theirs)
        )
        assert one == other
        assert len(one) >= 3
    assert ours.voices["client.wav"].read(0, 9999) == b"\1\2" * 480
    assert len(ours.voices["server.wav"]) > 10_000
    assert (ours.end, ours.ended_by) == (theirs.end, "client")
    assert dict(ours.head.request_headers)["api-key"] == "***"
    assert ours.head.url.startswith(server.ws_url)
    assert ours.head.status == 101
    assert ours.head.response_headers
    assert API_KEY.encode() not in files_in(tmp_path)


async def test_a_refusal_is_recorded(tmp_path: Path):
    """With its status and the server's words, and nothing of the wrong key."""
    with vlmock.serve(api_key="another") as server, pytest.raises(NotAllowed):
        async with connect(server.url, model="gpt-4.1", api_key=API_KEY, record=tmp_path / "out"):
            pass
    (recording,) = read(tmp_path / "out")
    assert recording.head.status == 401
    assert "error" in json.loads(recording.head.body)
    assert not recording.frames
    assert API_KEY.encode() not in files_in(tmp_path)


async def test_a_connection_that_is_dialled_again_has_a_folder_of_its_own(tmp_path: Path):
    """The lost one ends with what the client saw of its end."""
    recorder = Recorder(tmp_path / "out.zip", redact=["Hello"])
    patience = Reconnect(first_delay_s=0.01)
    async with (
        vlmock.serve() as server,
        connect(server.url, model="gpt-4.1", api_key=API_KEY, record=recorder, reconnect=patience) as session,
    ):
        await answered(session)
        server._listener.do(lambda: [each.drop() for each in tuple(server._reception._connections)])
        async for event in session:
            if isinstance(event, Reconnected):
                break
    recorder.close()
    recorder.close()
    first, second = read(tmp_path / "out.zip")
    assert first.end is not None
    assert (first.end.code, first.ended_by) == (1006, "server")
    assert second.end is not None
    assert second.end.code == 1000
    assert "conversation.item.create" in types(second, "client"), "the history is told again"
    assert "Hello" not in str(first.frames) + str(second.frames)


async def test_a_dropped_connection_has_an_end_as_well(tmp_path: Path):
    """Ours, without a word."""
    recorder = Recorder(tmp_path / "out")
    with vlmock.serve() as server:
        socket = await dial(server.ws_url + QUERY, headers=KEY, recorder=recorder)
        await socket.receive()
        socket.abort()
    recorder.close()
    (recording,) = read(tmp_path / "out")
    assert recording.end is not None
    assert (recording.end.code, recording.ended_by) == (1006, "client")
    assert SECRET.encode() not in files_in(tmp_path)


@pytest.mark.parametrize("redact", [[], ["("]])
def test_what_cannot_be_recorded_is_told_before_dialling(tmp_path: Path, redact: list[str]):
    """A file in the way, or a pattern that is none."""
    path = tmp_path / ("file" if not redact else "new")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"cannot record: .*(a file is in the way|no regular expression)"):
        Recorder(path, redact=redact)


async def test_a_full_disk_ends_the_recording_and_not_the_conversation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """One warning says so."""
    monkeypatch.setattr(RecordingFolder, "write", full)
    async with (
        vlmock.serve() as server,
        connect(server.url, model="gpt-4.1", api_key=API_KEY, record=tmp_path / "out") as session,
    ):
        await answered(session)
    assert [record.message for record in caplog.records if record.name == "vlclient.recorder"] == [
        "the recording ends here: the disk is full; the conversation goes on"
    ]


def full(*_: object) -> None:
    raise CannotRecord("the disk is full")


@pytest.mark.parametrize("room", [True, False])
def test_what_a_full_disk_took_becomes_the_zip_file_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, room: bool
):
    """Or, where there is no room for that, it stays in the folder, and the last warning says so."""
    recorder = Recorder(tmp_path / "out.zip")
    connection = recorder.dialled("ws://x", [], [])
    write = RecordingFolder.write

    def until_full(folder, pieces):
        (write if folder.lines < 3 else full)(folder, pieces)

    monkeypatch.setattr(RecordingFolder, "write", until_full)
    if not room:
        monkeypatch.setattr("vlmock.protocol.recording.folder.pack", full)
    for number in range(5):
        connection.said("client", b'{"type":"response.create","event_id":"%d"}' % number)
    recorder._thread.join(30)
    recorder.close()
    recorder.close()
    (recording,) = read(tmp_path / ("out.zip" if room else "out"))
    assert len(recording.frames) == 2
    assert recording.end is None
    assert (tmp_path / "out").exists() is not room
    assert caplog.messages == [
        "the recording ends here: the disk is full; the conversation goes on",
        *([] if room else [f"the disk is full; what was recorded is in {tmp_path / 'out'}"]),
    ]


def test_a_disk_that_stands_still_ends_the_recording_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Memory has a bound; whoever speaks is never kept waiting."""
    go, write = threading.Event(), RecordingFolder.write

    def slowly(folder, pieces):
        assert go.wait(30)
        write(folder, pieces)

    monkeypatch.setattr(RecordingFolder, "write", slowly)
    recorder = Recorder(tmp_path / "out")
    connection = recorder.dialled("ws://x", [], [])
    for _ in range(40):
        connection.said("client", b" " * 2_000_000)
    go.set()
    recorder._thread.join(30)
    recorder.close()
    assert "the disk is too far behind" in caplog.text
    (recording,) = read(tmp_path / "out")
    assert recording.end is None
    assert 30 <= len(recording.frames) < 40


def test_chat_records(tmp_path: Path):
    """``vlclient chat --record``, with patterns; a second chat does not write over it."""
    with vlmock.serve("weather") as server:
        options = [*spoken(server.url, tmp_path), "--record", tmp_path / "out", "--redact", "Beijing", "--redact-audio"]
        options += ["--log", tmp_path / "log"]
        done = chat(tmp_path, *options)
        log = (tmp_path / "log").read_text(encoding="utf-8")
        again = chat(tmp_path, *options)
        alone = chat(tmp_path, *spoken(server.url, tmp_path), "--redact-audio")
    assert (done.code, done.err) == (0, "")
    (recording,) = read(tmp_path / "out")
    assert recording.end is not None
    assert recording.head.audio_redacted
    assert len(recording.voices["client.wav"]) > 100_000
    assert "***" in str(recording.frames)
    assert '\\"location\\":\\"***' in log
    for text in (CHAT_KEY, "Beijing"):
        assert text.encode() not in files_in(tmp_path / "out")
        assert text not in log
    assert again.code == 2
    assert again.err == (
        f"vlclient: cannot record: {tmp_path / 'out'} holds a recording already; remove it, or name another folder\n"
    )
    assert (tmp_path / "log").read_text(encoding="utf-8") == log
    assert (alone.code, "give --record as well" in alone.err) == (2, True)


def test_chat_leaves_nothing_where_it_cannot_begin(tmp_path: Path):
    """Neither a folder nor a zip file that is in the way of the next try: of a log that cannot be written, an endpoint
    where nobody is."""
    with vlmock.serve() as server:
        url = server.url
    for name in ("out", "out.zip"):
        nowhere = chat(tmp_path, *spoken(url, tmp_path), "--record", tmp_path / name)
        wrong = ["--log", tmp_path / "missing" / "log", "--redact", "."]
        no_log = chat(tmp_path, *spoken(url, tmp_path), "--record", tmp_path / name, *wrong)
        assert (nowhere.code, no_log.code) == (3, 2)
        assert "vlclient: warning: the pattern '.' matches 'type', " in no_log.err
        assert not list(tmp_path.glob("out*"))
