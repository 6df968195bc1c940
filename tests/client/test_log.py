"""The log of the wire: one line per event, at once, and never in the way."""

import io
import logging
from pathlib import Path

import pytest

from vlclient.errors import ConfigurationError, ConnectionClosed
from vlclient.log import WireLog
from vlclient.reconnect import Reconnected, Reconnecting
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferSpeechStarted
from vlmock.protocol.items import InputTextPart, RequestMessage

STARTED = InputAudioBufferSpeechStarted(event_id="event_1", audio_start_ms=512, item_id="item_1")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def typed(text: str) -> ConversationItemCreate:
    return ConversationItemCreate(event_id="mine", item=RequestMessage(role="user", content=[InputTextPart(text=text)]))


def test_a_conversation_reads_like_one(clock, tmp_path):
    """Direction, seconds since the log was opened, type, and what is in it; a file is readable while it is written."""
    log = WireLog(tmp_path / "wire.log", clock=clock)
    clock.now += 0.5123
    log.sent(InputAudioBufferAppend(audio=bytes(960)))
    clock.now += 1
    log.received(STARTED)
    log.received(UnknownServerEvent("new.thing", "event_2", {"type": "new.thing", "event_id": "event_2"}))
    log.sent(typed("zwölf\nLinien"))
    clock.now += 60
    log.happened(Reconnecting(attempt=1, delay_s=0.5, cause=ConnectionClosed(1006, "")))
    log.happened(Reconnected(attempt=1, replayed_items=3))
    assert (tmp_path / "wire.log").read_text(encoding="utf-8").splitlines() == [
        "   0.512 → input_audio_buffer.append audio=<960 bytes>",
        '   1.512 ← input_audio_buffer.speech_started audio_start_ms=512 item_id="item_1"',
        "   1.512 ← new.thing",
        '   1.512 → conversation.item.create event_id="mine" '
        r'item={"type":"message","role":"user","content":[{"type":"input_text","text":"zwölf\nLinien"}]}',
        '  61.512 · Reconnecting attempt=1 delay_s=0.5 cause="the connection was closed with code 1006 '
        '(no reason given)"',
        "  61.512 · Reconnected attempt=1 replayed_items=3 lost=[]",
    ]
    log.close()


def test_what_the_user_names_is_not_in_it(clock, tmp_path):
    """Patterns, in texts and types; and the connection's own credentials, wherever they turn up again."""
    with WireLog(tmp_path / "wire.log", redact=[r"\d{4}"], clock=clock) as log:
        log.dialling("wss://host/?api-key=sesame-in-query", {"api-key": "sesame-in-header"})
        log.sent(typed("the codes are 4711, sesame-in-header and sesame-in-query"))
        log.received(UnknownServerEvent("new.4711", "event_2", {"type": "new.4711", "text": "4711"}))
        log.happened(Reconnecting(attempt=1, delay_s=0.5, cause=ConnectionClosed(1006, "4711")))
    written = (tmp_path / "wire.log").read_text(encoding="utf-8")
    assert [secret for secret in ("4711", "sesame") if secret in written] == []
    assert "the codes are ***, *** and ***" in written
    with pytest.raises(ConfigurationError, match=r"'\(' is no regular expression"):
        WireLog(tmp_path / "wire.log", redact=["("])


def test_a_type_from_outside_cannot_forge_a_line():
    """An unknown event's type is text of somebody else."""
    stream = io.StringIO()
    WireLog(stream, clock=Clock()).received(UnknownServerEvent("x\n   9.999 → forged", None, {}))
    assert stream.getvalue() == "   0.000 ← x\\u000a   9.999 → forged\n"


def test_a_stream_stays_open_and_gets_what_it_can_write():
    """It belongs to somebody else; one that lacks letters gets their codes."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    with WireLog(stream, clock=Clock()) as log:
        log.sent(typed("zwölf"))
    assert not stream.closed
    assert raw.getvalue().startswith(rb"   0.000 \u2192 conversation.item.create")
    assert rb"zw\xf6lf" in raw.getvalue()
    log.sent(typed("after the end"))
    assert b"after the end" not in raw.getvalue()


class FullDisk(io.StringIO):
    name = "wire.log"

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    ("stream", "reason"), [(FullDisk(), "No space left on device"), (closed(), "I/O operation on closed file")]
)
def test_a_log_that_breaks_is_said_once_and_the_conversation_goes_on(stream, reason, caplog):
    """Whatever happens to the log, it is only the log."""
    log = WireLog(stream, clock=Clock())
    with caplog.at_level(logging.WARNING, "vlclient.log"):
        for _ in range(3):
            log.received(STARTED)
        log.close()
    (record,) = caplog.records
    assert reason in record.message
    assert "the conversation goes on" in record.message


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_file_on_a_full_disk_is_let_go(caplog):
    """The same with a real file, which is closed without another word."""
    with WireLog("/dev/full", clock=Clock()) as log:
        for _ in range(3):
            log.received(STARTED)
    assert [record.message for record in caplog.records] == [
        "the log /dev/full can no longer be written ([Errno 28] No space left on device); the conversation goes on"
    ]


def test_a_file_that_cannot_be_written_is_said_before_anything_is_dialled(tmp_path):
    """A wrong path is a mistake of the caller."""
    with pytest.raises(ConfigurationError, match=r"cannot be written \(No such file or directory\): name another"):
        WireLog(tmp_path / "missing" / "wire.log")
