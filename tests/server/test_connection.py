"""The loop between a transport and a session: deadlines, effects, clients that do not behave."""

import json
import logging
import socket
import struct
import threading
from contextlib import contextmanager, suppress

import pytest
from websockets.frames import Opcode

from tests.server.fakes import FakeSession, masked, text
from vlmock.errors import SpeechError
from vlmock.protocol.audio_format import AudioFormat
from vlmock.server.connection import Connection
from vlmock.session.effects import SendRaw, Speech, SpeechRequest, Synthesize

CLEAR = '{"type":"input_audio_buffer.clear"}'
COMMIT = '{"type":"input_audio_buffer.commit"}'
CREATE = '{"type":"response.create"}'
APPEND = '{"audio":"' + "AAAA" * 320 + '","type":"input_audio_buffer.append"}'

BIG = SendRaw({"type": "big", "filling": "x" * 100_000})


def on(**handlers):
    """Handlers by event type: ``on(clear=…, commit=…, create=…)``."""
    names = {"clear": "input_audio_buffer.clear", "commit": "input_audio_buffer.commit", "create": "response.create"}
    return {names.get(name, name): do for name, do in handlers.items()}


@pytest.fixture
def speaking(serving, light):
    """Starts a server whose sessions have these handlers."""

    def start(limits=None, **handlers):
        return serving(session=lambda _: FakeSession(handlers=on(**handlers)), light=light, limits=limits)

    return start


def event(client):
    """The next event."""
    opcode, payload = client.frame()
    assert opcode == Opcode.TEXT, (opcode, payload)
    return json.loads(payload)


def answers(client):
    """Whether a client is answered."""
    client.send(text(CREATE))
    return event(client)["of"] == "response.create"


# ---- time


def test_a_deadline_is_kept_without_the_client(speaking, client_of):
    """The loop wakes up for what is due; what is due later waits."""

    def set_alarms(session, event, now):
        session.alarms = [now + 0.02, now + 0.04, now + 3600]
        return []

    client = client_of(speaking(clear=set_alarms))
    client.send(text(CLEAR))
    assert [event(client)["type"] for _ in range(2)] == ["rang", "rang"]
    assert answers(client)


def test_what_is_due_goes_out_in_one_write(speaking, client_of, monkeypatch):
    """One system call for a reply, not one for each event."""
    writes = []
    real = Connection._send_outgoing

    def counted(connection):
        if connection._outgoing:
            writes.append(len(connection._outgoing))
        real(connection)

    monkeypatch.setattr(Connection, "_send_outgoing", counted)
    client = client_of(speaking(clear=lambda *_: [SendRaw({"type": "small"})] * 50))
    client.send(text(CLEAR))
    assert [event(client)["type"] for _ in range(50)] == ["small"] * 50
    assert writes == [1, 50]


# ---- speech


REQUEST = SpeechRequest("Hello.", AudioFormat("pcm16", 24_000))
SPEECH = Speech(b"\0\0" * 240, 10.0)


class FakeStudio:
    """Speaks when it is told to, or says why not."""

    def __init__(self, result, *, at_hand=None):
        self.result, self.at_hand, self.asked, self.let_go = result, at_hand, [], threading.Event()

    def cached(self, request):
        return self.at_hand

    def speak(self, request):
        self.asked.append(request)
        assert self.let_go.wait(10)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def with_studio(speaking):
    """A server in which a clear has words spoken by this studio."""

    def start(studio):
        server = speaking(clear=lambda *_: [Synthesize(7, REQUEST)])
        [speaker] = server._reception._speakers.values()
        speaker.at_hand, speaker._studio = studio.cached, studio
        return server

    return start


def test_words_are_spoken_beside_the_loop(with_studio, client_of):
    """While they are, everybody else is served, and so is the client itself."""
    studio = FakeStudio(SPEECH)
    server = with_studio(studio)
    client, other = client_of(server), client_of(server)
    client.send(text(CLEAR))
    assert answers(client)
    assert answers(other)
    studio.let_go.set()
    assert event(client) == {"type": "supplied", "key": 7}
    assert studio.asked == [REQUEST]


def test_words_that_are_at_hand_take_no_thread(with_studio, client_of):
    """The answer is in the same turn."""
    studio = FakeStudio(None, at_hand=SPEECH)
    client = client_of(with_studio(studio))
    client.send(text(CLEAR) + text(CREATE))
    assert event(client) == {"type": "supplied", "key": 7}
    assert studio.asked == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(SpeechError("no such voice"), "no such voice"), (ZeroDivisionError("secret"), "internal error")],
)
def test_words_that_cannot_be_spoken_fail_in_the_session(with_studio, client_of, error, told):
    """The user's mistake is named, ours is not; the test's owner sees both."""
    studio = FakeStudio(error)
    studio.let_go.set()
    server = with_studio(studio)
    client = client_of(server)
    client.send(text(CLEAR))
    assert event(client) == {"type": "speech_failed", "message": told}
    assert server.crashes == [error]
    assert answers(client)


def test_words_for_one_who_has_gone_are_dropped(with_studio, client_of):
    """Nobody is told, nothing fails."""
    studio = FakeStudio(SPEECH)
    server = with_studio(studio)
    client, other = client_of(server), client_of(server)
    client.send(text(CLEAR) + masked(Opcode.CLOSE, b"\x03\xe8"))
    server.journal.wait_for_close(connection=1)
    studio.let_go.set()
    assert answers(other)
    assert server.crashes == []


# ---- trouble


def crash(*_):
    raise ZeroDivisionError("a secret of ours")


@pytest.mark.parametrize("where", ["clear", "open"])
def test_a_crash_is_1011_without_details_and_is_remembered(speaking, client_of, caplog, where):
    """We made a mistake: logged with traceback, close 1011, and the fixture fails."""
    caplog.set_level(logging.ERROR, "vlmock")
    server = speaking(**{where: crash})
    client = client_of(server, upgraded=where != "open")
    if where == "open":
        assert client.upgrade() == 101
    else:
        client.send(text(CLEAR) + text(CREATE))
    assert client.frame() == (Opcode.CLOSE, b"\x03\xf3internal error")
    assert [type(error) for error in server.crashes] == [ZeroDivisionError]
    assert server.problems() == ["the server failed: ZeroDivisionError: a secret of ours"]
    assert "Traceback" in caplog.text
    client.send(masked(Opcode.CLOSE, b"\x03\xf3"))
    assert server.journal.wait_for_close().code == 1011


def test_what_was_said_before_a_crash_is_sent(speaking, client_of):
    """The journal has it, so the client must."""
    server = speaking(clear=lambda *_: [SendRaw({"type": "said"}), Synthesize(1, None)])
    server._reception._speakers["builtin"].at_hand = crash
    client = client_of(server)
    client.send(text(CLEAR))
    assert event(client) == {"type": "said"}
    assert client.close_code() == 1011


def test_a_session_that_cannot_be_made_is_1011(serving, light, client_of):
    """A script that fails when it is made, say."""
    server = serving(session=crash, light=light)
    client = client_of(server, upgraded=False)
    assert client.upgrade() == 101
    assert client.close_code() == 1011
    assert server.journal.wait_for_close().code == 1011


def test_a_pushed_event_is_sent_and_journalled(speaking, client_of):
    """To the latest connection unless told otherwise; with an id where it had none."""
    server = speaking()
    first, second = client_of(server), client_of(server)
    server.journal.push({"type": "by.hand"})
    server.journal.push({"type": "by.hand", "event_id": "mine"}, connection=1)
    assert event(second)["event_id"].startswith("event_")
    assert event(first) == {"type": "by.hand", "event_id": "mine"}
    assert server.journal.wait_for("by.hand", connection=1) == {"type": "by.hand", "event_id": "mine"}


# ---- clients that do not behave


def test_one_who_does_not_read_stalls_only_itself(speaking, client_of):
    """While its buffers are full nothing more is performed for it; when it reads, nothing is missing."""
    count = 400
    many = [SendRaw({"type": "big", "number": number, "filling": "x" * 100_000}) for number in range(count)]

    def with_alarm(session, event, now):
        session.alarms = [now]
        return many

    server = speaking(limits={"unread_bytes": 64 * 1024}, clear=with_alarm)
    deaf, other = client_of(server, receive_buffer=4096), client_of(server)
    deaf.send(text(CLEAR) + text(CREATE))
    assert all(answers(other) for _ in range(20))
    performed = len(server.journal.server_events("big"))
    assert performed < count
    assert server.journal.client_events("response.create", connection=1) == []
    assert all(answers(other) for _ in range(20))
    assert len(server.journal.server_events("big")) == performed
    assert [event(deaf)["number"] for _ in range(count)] == list(range(count))
    assert [event(deaf)["type"] for _ in range(2)] == ["heard", "rang"]
    assert answers(deaf)


def test_the_deadlines_of_one_who_does_not_read_wake_nobody(speaking, client_of, monkeypatch):
    """What is due waits for the client; until then the loop has nothing to do for it."""
    woken = []
    monkeypatch.setattr(Connection, "_deadline_has_come", lambda connection: woken.append(connection))

    def with_alarm(session, event, now):
        session.alarms = [now]
        return [BIG] * 400

    server = speaking(limits={"unread_bytes": 64 * 1024}, clear=with_alarm)
    deaf, other = client_of(server, receive_buffer=4096), client_of(server)
    deaf.send(text(CLEAR))
    server.journal.wait_for("big")
    assert all(answers(other) for _ in range(20))
    assert woken == []


def test_one_who_never_reads_again_is_dropped(speaking, client_of):
    """After ``stall_seconds``, and the journal says why."""
    server = speaking(limits={"unread_bytes": 64 * 1024, "stall_seconds": 0.05}, clear=lambda *_: [BIG] * 400)
    client_of(server, receive_buffer=4096).send(text(CLEAR))
    ended = server.journal.wait_for_close()
    assert (ended.code, ended.by) == (1006, "server")
    assert "had not read for 0.05 s" in ended.reason


@contextmanager
def sending_for_ever(client, data):
    """For as long as the block lasts, whether it gets through or not."""

    def send():
        with suppress(OSError):
            while True:
                client.send(data)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        client.socket.shutdown(socket.SHUT_RDWR)
        sender.join()


def test_one_who_pings_and_does_not_read_is_not_read_either(speaking, client_of):
    """Pongs too are bounded: the flood ends up in the client's own buffers."""
    server = speaking(limits={"unread_bytes": 64 * 1024})
    deaf, other = client_of(server, receive_buffer=4096), client_of(server)
    pings = masked(Opcode.PING, b"x" * 125) * 500
    with sending_for_ever(deaf, pings):
        stalled = []
        while not stalled:
            assert answers(other)
            stalled = [one for one in tuple(server._reception._connections) if not one._transport.writable]
        assert answers(other)
        [connection] = stalled
        assert connection._transport._tcp.get_write_buffer_size() < 64 * 1024 + len(pings) * 10


def test_a_flood_does_not_keep_others_waiting(speaking, client_of):
    """Bounded work in each turn of the loop: others get theirs in between."""
    server = speaking()
    loud, other = client_of(server), client_of(server)
    stop = threading.Event()
    flood = text(APPEND) * 200

    def flooding():
        while not stop.is_set():
            loud.send(flood)

    flooder = threading.Thread(target=flooding)
    flooder.start()
    try:
        assert all(answers(other) for _ in range(50))
    finally:
        stop.set()
        flooder.join()
    assert len(server.journal.client_events("input_audio_buffer.append", connection=1)) > 200


def test_garbage_disturbs_nobody(speaking, client_of):
    """Whatever bytes come: the others are served, and nothing has crashed."""
    server = speaking()
    other = client_of(server)
    for seed in range(60):
        client = client_of(server)
        garbage = bytes((seed * 7919 + position * position * 31) % 256 for position in range(300))
        client.send(garbage)
        client.socket.close()
    for number in range(60):
        server.journal.wait_for_close(connection=number + 2)
    assert answers(other)
    assert server.crashes == []


def test_one_who_vanishes_is_forgotten(speaking, client_of):
    """A reset in the middle of a reply is no failure of ours."""
    server = speaking(clear=lambda *_: [BIG] * 50)
    client = client_of(server)
    client.send(text(CLEAR) * 3)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no goodbye
    client.socket.close()
    assert server.journal.wait_for_close().code == 1006
    assert server.crashes == []
