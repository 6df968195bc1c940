"""What goes over the wire: both transports, judged byte by byte.

A rule of RFC 6455 is named by its section.
"""

import json
import socket
import struct

import pytest
from websockets.frames import Opcode

from tests.server.fakes import PATH, FakeSession, masked, text, upgrade_request
from vlmock.server.close_frames import cut_reason
from vlmock.session.effects import Close, SendRaw

CLEAR = '{"type":"input_audio_buffer.clear","event_id":"%s"}'


@pytest.fixture
def server(serving, light):
    return serving(light=light)


@pytest.fixture
def client(server, client_of):
    return client_of(server)


def heard(client):
    """The ``event_id`` of the next event that the double says it heard."""
    opcode, payload = client.frame()
    assert opcode == Opcode.TEXT, (opcode, payload)
    return json.loads(payload)["event_id"]


# ---- messages


def test_a_message_arrives_however_its_bytes_are_cut(client):
    """TCP promises bytes, not pieces: every frame may come in two parts, cut anywhere."""
    frame = text(CLEAR % "cut")
    for cut in range(1, len(frame)):
        client.send(frame[:cut])
        client.send(frame[cut:])
        assert heard(client) == "cut"


def test_many_messages_in_one_segment_keep_their_order(client):
    """What comes together is heard in order, none twice, none lost."""
    names = [f"e{number}" for number in range(500)]
    client.send(b"".join(text(CLEAR % name) for name in names))
    assert [heard(client) for _ in names] == names


def test_a_fragmented_message_is_one_message_with_pings_between(client):
    """5.4, 5.5: control frames may come in the middle of a fragmented message, and are answered at once."""
    message = (CLEAR % "whole").encode()
    client.send(text(message[:5], fin=False))
    client.send(masked(Opcode.PING, b"are you there"))
    assert client.frame() == (Opcode.PONG, b"are you there")
    client.send(masked(Opcode.CONT, message[5:20], fin=False) + masked(Opcode.CONT, message[20:]))
    assert heard(client) == "whole"
    client.send(text(CLEAR % "after"))
    assert heard(client) == "after"


def test_plain_frames_around_a_fragmented_message_keep_their_order(client):
    """A short cut for plain frames must not overtake what the library has."""
    message = (CLEAR % "middle").encode()
    client.send(
        text(CLEAR % "first") + text(message[:7], fin=False) + masked(Opcode.CONT, message[7:]) + text(CLEAR % "last")
    )
    assert [heard(client) for _ in range(3)] == ["first", "middle", "last"]


def test_four_megabytes_of_audio_arrive_in_one_piece(serving, light, client_of):
    """Documented {DOC}: one append may carry up to 15 MiB."""
    session = FakeSession()
    client = client_of(serving(session=lambda _: session, light=light))
    audio = "QUJD" * (1024 * 1024)
    client.send(text(f'{{"audio":"{audio}","type":"input_audio_buffer.append"}}') + text(CLEAR % "next"))
    assert heard(client) == "next"
    assert session.heard[0].audio == b"ABC" * (1024 * 1024)


def test_frames_that_come_with_the_request_are_heard(serving, light, client_of):
    """A client may not wait for the answer to its request; half a frame may come with it."""
    client = client_of(serving(light=light), upgraded=False)
    second = text(CLEAR % "two")
    assert client.upgrade(together_with=text(CLEAR % "one") + second[:9]) == 101
    client.send(second[9:] + text(CLEAR % "three"))
    assert client.frame()[1].startswith(b'{"type":"session.created"')
    assert [heard(client) for _ in range(3)] == ["one", "two", "three"]


@pytest.mark.parametrize("behind", [b"GET /journal HTTP/1.1\r\n\r\n", b"\xff" * 300, b"{}"])
def test_what_comes_behind_a_request_for_a_page_is_not_looked_at(serving, light, client_of, behind):
    """The answer says that the connection is closed after it; who sends more at once is answered all the same."""
    server = serving(light=light)
    client = client_of(server, upgraded=False)
    client.send(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n" + behind)
    status, headers, body = client.answer()
    assert (status, headers["connection"], json.loads(body)["status"]) == (200, "close", "ok")
    assert client.is_at_end()
    assert server.crashes == []


def test_a_mistake_that_comes_with_the_request_is_answered_after_it(serving, light, client_of):
    """First the upgrade, then the close."""
    server = serving(light=light)
    client = client_of(server, upgraded=False)
    assert client.upgrade(together_with=text(CLEAR % "heard") + b"\xff\xff") == 101
    assert client.close_code() == 1002
    assert server.journal.client_events("input_audio_buffer.clear")
    assert server.crashes == []


def test_a_request_that_comes_byte_by_byte_is_understood(serving, light, client_of):
    """Nothing may depend on how a request is cut."""
    client = client_of(serving(light=light), upgraded=False)
    for byte in upgrade_request(PATH, "api-key: any"):
        client.send(bytes([byte]))
    assert client.answer()[0] == 101
    client.send(text(CLEAR % "on"))
    assert client.frame()[1].startswith(b'{"type":"session.created"')
    assert heard(client) == "on"


def test_a_binary_message_is_read_like_text(client):
    """Assumed: JSON is JSON. What is not is an invalid event and no reason to hang up."""
    client.send(masked(Opcode.BINARY, CLEAR % "binary") + masked(Opcode.BINARY, b"\xff\x00"))
    assert heard(client) == "binary"
    assert json.loads(client.frame()[1])["of"] == "InvalidEvent"


@pytest.mark.parametrize("payload", [b"", b"{", b"1"])
def test_the_shortest_messages_are_delivered(client, payload):
    """A frame of six or seven bytes is complete, with nothing behind it."""
    client.send(text(payload))
    assert json.loads(client.frame()[1])["of"] == "InvalidEvent"


@pytest.mark.parametrize("length", [10, 200, 70_000])
def test_what_is_sent_has_the_right_length_field(serving, light, client_of, length):
    """5.2, the other way round."""
    reply = SendRaw({"x": "y" * length})
    session = FakeSession(handlers={"input_audio_buffer.clear": lambda *_: [reply, reply]})
    client = client_of(serving(session=lambda _: session, light=light))
    client.send(text(CLEAR % ""))
    assert [json.loads(client.frame()[1]) for _ in range(2)] == [reply.event, reply.event]


# ---- mistakes


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (text(b"\xff\xfe"), 1007),
        (b"\x81\x02{}", 1002),
        (struct.pack("!BBQ", 0x81, 0xFF, 2**62) + bytes(4), 1009),
    ],
    ids=["invalid UTF-8", "unmasked", "4 EiB"],
)
def test_a_mistake_ends_the_connection_with_its_code(client, frame, code):
    """7.1.7: each mistake has a close code, and what came before it was heard. All of them: ``rfc6455_cases.py``."""
    client.send(text(CLEAR % "before"))
    assert heard(client) == "before"
    client.send(frame)
    assert client.close_code() == code
    assert client.is_at_end()


def test_what_comes_after_a_mistake_is_not_heard(serving, light, client_of):
    """7.1.7: no data is processed after the connection has been failed."""
    session = FakeSession()
    client = client_of(serving(session=lambda _: session, light=light))
    client.send(text(CLEAR % "before") + text(b"\xff") + text(CLEAR % "after") * 100)
    assert client.close_code() == 1007
    assert [event.event_id for event in session.heard] == ["before"]


@pytest.mark.parametrize("fragments", [1, 3])
def test_a_message_beyond_the_limit_is_1009(serving, light, client_of, fragments):
    """The default limit is above the 20 MiB that 15 MiB of audio become; beyond it the connection ends."""
    client = client_of(serving(light=light, limits={"message_bytes": 30_000}))
    client.send(text(CLEAR % ("a" * 29_000)))
    assert len(heard(client)) == 29_000
    part = b"x" * (30_001 // fragments + 1)
    client.send(text(part, fin=fragments == 1))
    for number in range(1, fragments):
        client.send(masked(Opcode.CONT, part, fin=number == fragments - 1))
    assert client.close_code() == 1009


def test_the_default_limit_lets_15_mebibytes_of_audio_in(serving, light, client_of):
    """Documented {DOC}: 15 MiB of audio, 20 MiB of base64; 32 MiB are too much."""
    session = FakeSession()
    client = client_of(serving(session=lambda _: session, light=light))
    audio = b"AAAA" * (5 * 1024 * 1024)
    client.send(text(b'{"type":"input_audio_buffer.append","audio":"' + audio + b'"}') + text(CLEAR % "next"))
    assert heard(client) == "next"
    assert len(session.heard[0].audio) == 15 * 1024 * 1024
    client.send(struct.pack("!BBQ", 0x81, 0xFF, 32 * 1024 * 1024 + 1) + bytes(4))
    assert client.close_code() == 1009


@pytest.mark.parametrize(
    "request_bytes",
    [b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n", b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nbroken\r\n\r\n",
     b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"],
    ids=["TLS", "no request", "broken header", "POST with a body"],
)  # fmt: skip
def test_what_is_no_request_gets_400_and_the_end(serving, light, client_of, request_bytes):
    """Garbage is told that it is, and never makes a traceback."""
    server = serving(light=light)
    client = client_of(server, upgraded=False)
    client.send(request_bytes)
    status, _, body = client.answer()
    assert (status, json.loads(body)["error"]["code"]) == (400, "400")
    assert client.is_at_end()
    assert server.crashes == []


def test_a_client_that_speaks_tls_to_a_plain_server_is_told_apart(serving, light, client_of, caplog):
    """At once, though no line of it ever ends; and whoever looks at the log learns what to change."""
    client = client_of(serving(light=light), upgraded=False)
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64))
    assert client.answer()[0] == 400
    assert client.is_at_end()
    assert caplog.messages == [
        "a client speaks TLS to this server, which does not: dial http:// or ws://, or serve with tls=True "
        "(vlmock serve --tls)"
    ]


def test_who_asks_nothing_is_not_waited_for_for_ever(serving, light, client_of):
    """A connection without a request is dropped after ``open_seconds``."""
    client = client_of(serving(light=light, limits={"open_seconds": 0.05}), upgraded=False)
    client.send(b"GET /voice")
    assert client.is_at_end()


# ---- the end


@pytest.mark.parametrize(
    ("payload", "echo"), [(b"\x03\xe8bye", b"\x03\xe8bye"), (b"", b""), (b"\x0b\xb8", b"\x0b\xb8")]
)
def test_a_clients_close_is_echoed(server, client, payload, echo):
    """5.5.1; Observed {SEED}: 1000 comes back as 1000."""
    client.send(masked(Opcode.CLOSE, payload))
    assert client.frame() == (Opcode.CLOSE, echo)
    assert client.is_at_end()


def test_what_came_before_a_close_in_the_same_segment_is_heard(serving, light, client_of):
    """The close does not overtake messages."""
    session = FakeSession()
    client = client_of(serving(session=lambda _: session, light=light))
    client.send(text(CLEAR % "last words") + masked(Opcode.CLOSE, b"\x03\xe8"))
    assert client.close_code() == 1000
    assert [event.event_id for event in session.heard] == ["last words"]


def closing(code, reason):
    return FakeSession(
        handlers={"input_audio_buffer.clear": lambda *_: [SendRaw({"type": "x"}), Close(code, reason), SendRaw({})]}
    )


def test_a_close_by_the_session_comes_after_what_it_said(serving, light, client_of):
    """Effects are performed in order, and nothing is said after the close."""
    server = serving(session=lambda _: closing(1001, "maximum duration"), light=light)
    client = client_of(server)
    client.send(text(CLEAR % "") + text(CLEAR % "ignored"))
    assert client.frame() == (Opcode.TEXT, b'{"type":"x"}')
    assert client.frame() == (Opcode.CLOSE, b"\x03\xe9maximum duration")
    client.send(masked(Opcode.CLOSE, b"\x03\xe9"))
    assert client.is_at_end()


def test_a_peer_that_does_not_agree_to_a_close_is_dropped(serving, light, client_of):
    """7.1.1: nobody waits for ever."""
    server = serving(session=lambda _: closing(1001, ""), light=light, limits={"close_seconds": 0.05})
    client = client_of(server)
    client.send(text(CLEAR % ""))
    assert client.close_code() == 1001
    assert client.is_at_end()


def test_1006_ends_the_connection_without_a_close_frame(serving, light, client_of):
    """Observed {SKILL}: 1006 is what a client sees when the network fails; no frame may carry it."""
    client = client_of(serving(session=lambda _: closing(1006, ""), light=light))
    client.send(text(CLEAR % ""))
    assert all(opcode != Opcode.CLOSE for opcode, _ in frames_until_reset(client))


def frames_until_reset(client):
    """All frames until the stream ends, orderly or not."""
    try:
        return list(client.frames())
    except OSError:
        return []


def test_a_long_reason_is_cut_between_characters():
    """5.5: a control frame has 125 bytes, 123 of them for the reason."""
    assert cut_reason("ü" * 100) == "ü" * 61
    assert cut_reason("short") == "short"


def test_a_peer_that_only_stops_sending_is_gone(server, client):
    """Half a connection is none: after the client's end of stream the server ends too, and notes 1006."""
    client.socket.shutdown(socket.SHUT_WR)
    assert client.is_at_end()
    assert server.journal.wait_for_close().code == 1006


def test_small_events_are_not_held_back(server, client):
    """TCP_NODELAY: an answer must not wait for the acknowledgement of the one before."""
    [connection] = server._reception._connections
    raw = connection._transport._tcp.get_extra_info("socket")
    assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
