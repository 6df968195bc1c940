"""How a recorded connection ends, and who ended it."""

import json
import socket
import ssl
import struct
import threading

import pytest
from websockets.frames import Close, Frame, Opcode

import vlmock
from tests.recorder.conftest import stopped, the_only
from tests.recorder.raw_service import RawService, Visit
from tests.recorder.test_bytes import Line, visited
from tests.sdk.dialogue import talking
from tests.server.fakes import PATH, RawClient, upgrade_request
from vlmock.errors import RecordingError, ServerError

HELLO = Frame(Opcode.TEXT, b'{"type":"hello"}')


def goodbye(code: int, reason: str, *, masked: bool) -> bytes:
    return Frame(Opcode.CLOSE, Close(code, reason).serialize()).serialize(mask=masked)


@pytest.fixture
def line(recording):
    with visited() as service:
        yield Line(recording(service.url), service)


@pytest.mark.parametrize(("by", "code", "reason"), [("client", 1000, "bye"), ("server", 1001, "it is late")])
def test_who_says_goodbye_first_has_ended_it(line: Line, by, code, reason):
    """With its code and its words; the other's are the echo. What is said in between is recorded."""
    with line.opened() as (client, visit):
        talkers = [(client.send, True), (visit.socket.sendall, False)]
        (first, masked), (second, other_masked) = talkers if by == "client" else talkers[::-1]
        first(goodbye(code, reason, masked=masked))
        if by == "client":
            visit.read(8)
        else:
            client.read(8)
        second(HELLO.serialize(mask=other_masked) + goodbye(1000, "", masked=other_masked))
        visit.socket.shutdown(socket.SHUT_WR)
        while not client.is_at_end():
            pass
        client.socket.close()
        visit.read_to_end()
    recorded = the_only(line.recorder)
    assert recorded.end is not None
    assert (recorded.end.code, recorded.end.reason, recorded.ended_by) == (code, reason, by)
    assert [frame.event for frame in recorded.frames] == [{"type": "hello"}]
    assert recorded.ended_at >= recorded.frames[-1].at


def reset(connection: socket.socket) -> None:
    """End it as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["ended", "reset"])
@pytest.mark.parametrize("by", ["client", "server"])
def test_who_vanishes_has_ended_it_with_1006(line: Line, by, end):
    """The other is let go at once."""
    with line.opened() as (client, visit):
        if by == "client":
            end(client.socket)
            visit.read_to_end()
            visit.socket.close()
        else:
            end(visit.socket)
            assert client.is_at_end()
            client.socket.close()
        recorded = ended(line)
    assert recorded.end is not None
    assert (recorded.end.code, recorded.ended_by) == (1006, by)


def ended(line: Line):
    """The recording, once the connection is over, and not because the recorder stops."""
    while not all(connection.over for connection in line.recorder.connections):
        pass
    return the_only(line.recorder)


def test_what_cannot_be_read_is_passed_on_and_remarked_on(line: Line):
    """What came before is recorded, and so is all that the other says."""
    with line.opened() as (client, visit):
        client.send(HELLO.serialize(mask=True) + b"\xff\xff\xff\xff")
        assert visit.read(HELLO_BYTES + 4)[-4:] == b"\xff\xff\xff\xff"
        visit.socket.sendall(HELLO.serialize(mask=False))
        client.read(len(HELLO.serialize(mask=False)))
    hello, remark, answer = the_only(line.recorder).frames
    assert (hello.event, answer.event) == ({"type": "hello"}, {"type": "hello"})
    assert remark.source == "vlmock"
    assert remark.event is not None
    assert remark.event["type"] == "(unreadable)"
    assert "what the client sends from here on cannot be read" in remark.event["message"]


HELLO_BYTES = len(HELLO.serialize(mask=True))


# ---- the recorder goes first


async def test_a_recorder_that_stops_says_goodbye_to_both(recording):
    """With 1001, as a server does; the recording breaks off, and its sound is whole."""
    with vlmock.serve() as service:
        recorder = recording(service.url)
        async with talking(recorder.url) as dialogue:
            response = await dialogue.ask("Hello")
            recorder.stop()
            with pytest.raises(Exception, match="1001"):
                await dialogue.until("what never comes")
        ended = service.journal.wait_for_close()
        assert (ended.code, ended.reason, ended.by) == (1001, "the recorder is stopping", "client")
    recorded = the_only(recorder)
    assert (recorded.end, recorded.ended_by) == (None, "")
    voice = recorded.voices["server.wav"]
    assert voice.read(0, len(voice)) == dialogue.audio(response.id)
    header = (recorder.folder / "connection-1" / "server.wav").read_bytes()[:44]
    assert int.from_bytes(header[40:44], "little") == len(voice)
    (fact,) = recorder.connections
    assert (fact.over, fact.ended_by, fact.code) == (True, "", None)


def test_no_goodbye_is_put_into_the_middle_of_a_frame(line: Line):
    """Who is in the middle of something gets the end of the stream; whoever is not, a close frame."""
    with line.opened() as (client, visit):
        half = HELLO.serialize(mask=False)[:5]
        visit.socket.sendall(half)
        assert client.read(5) == half
        line.recorder.stop()
        assert client.is_at_end()
        opcode, length = visit.read_to_end()[:2]
    assert (opcode, length) == (0x88, 0x80 | len(Close(1001, "the recorder is stopping").serialize()))


@pytest.mark.parametrize("half", ["client", "service"])
def test_a_recorder_that_stops_behind_an_end_has_nothing_to_add(line: Line, half):
    """One side has finished, and the recorder has told the other; what comes then is only the end."""
    with line.opened() as (client, visit):
        first, second = (client.socket, visit.socket) if half == "client" else (visit.socket, client.socket)
        first.shutdown(socket.SHUT_WR)
        assert second.recv(1) == b""
        line.recorder.stop()
    assert the_only(line.recorder).end is None


def test_one_who_waits_for_the_service_is_told(recording):
    """503, when the recorder stops meanwhile."""
    asked = threading.Event()

    def serve(visit: Visit) -> None:
        asked.set()
        visit.read_to_end()

    with RawService(serve) as service:
        recorder = recording(service.url)
        with RawClient(recorder.port) as client:
            client.send(upgrade_request(PATH))
            assert asked.wait(10)
            recorder.stop()
            status, _, body = client.answer()
        assert status == 503
        assert "stopping" in json.loads(body)["error"]["message"]
    assert recorder.connections == []


def test_one_who_has_asked_nothing_is_let_go(recording):
    """A connection that is only open."""
    recorder = recording("http://127.0.0.1:1")
    with RawClient(recorder.port) as client:
        client.send(b"GET ")
        recorder.stop()
        assert client.is_at_end()


# ---- where it is written


def test_a_folder_that_holds_recordings_is_refused(recording, out):
    """Nothing is ever mixed or overwritten."""
    with visited() as service:
        line = Line(recording(service.url), service)
        with line.opened():
            pass
        assert len(stopped(line.recorder)) == 1
    with pytest.raises(RecordingError, match="holds a recording already"):
        vlmock.record(service.url, out)


def test_a_zip_file_is_made_at_the_end(recording, tmp_path):
    """And the folder is gone."""
    with visited() as service:
        line = Line(recording(service.url, folder=tmp_path / "out.zip"), service)
        with line.opened():
            pass
        recorded = the_only(line.recorder)
    assert line.recorder.folder == tmp_path / "out.zip"
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]
    assert recorded.head.status == 101


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"upstream": "http://127.0.0.1:1", "redact": ["("]}, "is no regular expression"),
        ({"upstream": "http://127.0.0.1:1", "api_key": ""}, "the API key is empty"),
        ({"upstream": "http://127.0.0.1:1", "api_key": "k", "entra": True}, "leave out one"),
        ({"upstream": "https://127.0.0.1:1", "cacert": "no-such-file"}, "cannot be used as a file of CAs"),
        ({"upstream": "http://127.0.0.1:1", "port": 99999}, "port 99999 does not exist"),
    ],
)
def test_a_mistake_is_told_at_once(out, options, says):
    """Before anybody can connect; nothing is left behind that runs."""
    with pytest.raises(ServerError, match=says):
        vlmock.record(folder=out, **options)


def test_a_recorder_does_not_record_itself(out):
    """It would call itself until nothing is left."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ServerError, match="would record itself"):
        vlmock.record(f"http://localhost:{port}", out, port=port)


@pytest.mark.parametrize("where", ["service", "recorder", "both"])
def test_over_tls_who_vanishes_is_noticed_as_well(recording, where):
    """There are no half connections in TLS: the other is let go at once."""
    with vlmock.serve(tls=where != "recorder") as service:
        trusted = service.ca_file
        recorder = recording(service.url, tls=where != "service", cacert=trusted)
        with RawClient(recorder.port) as client:
            if recorder.ca_file is not None:
                context = ssl.create_default_context(cafile=recorder.ca_file)
                client.socket = context.wrap_socket(client.socket, server_hostname="127.0.0.1")
            assert client.upgrade() == 101
            assert client.frame()[0] == Opcode.TEXT
            client.socket.close()
            assert service.journal.wait_for_close().code == 1006
        while not recorder.connections[0].over:
            pass
        recorded = the_only(recorder)
    assert recorded.end is not None
    assert (recorded.end.code, recorded.ended_by) == (1006, "client")
