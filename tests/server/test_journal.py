"""The journal: what it tells, what it keeps to itself, and what it does when it is full."""

import asyncio
import json
import threading

import pytest

from vlmock.errors import JournalTimeout, RecordingError, ServerError
from vlmock.protocol.codec import audio_json, audio_size, decode_client
from vlmock.protocol.conversation import ConversationItemDelete
from vlmock.protocol.deltas import DeltaIds, Deltas
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferClear, InputAudioBufferCleared
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta
from vlmock.protocol.recording.lines import Close
from vlmock.recording.reading import read
from vlmock.server.journal import Facts, Journal
from vlmock.session.effects import Remark

CLEAR = InputAudioBufferClear(event_id="e1")


def facts(**changes):
    return Facts(
        **{"path": "/", "model": "m", "api_version": "v", "scenario": "s", "user_agent": "", "credential": "key",
           "opened": 0.0} | changes
    )  # fmt: skip


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def connection(journal):
    return journal.open_connection(facts(), started=100.0)


def append(audio):
    return InputAudioBufferAppend(audio=audio)


def delta(audio):
    return ResponseAudioDelta(response_id="r", item_id="i", output_index=0, content_index=0, delta=audio)


# ---- reading


def test_events_are_found_by_type_by_class_and_by_connection(journal, connection):
    """The objects themselves, no copies."""
    other = journal.open_connection(facts(), started=100.0)
    cleared = InputAudioBufferCleared(event_id="e2")
    connection.note("client", CLEAR, 100.5, 10)
    connection.note("server", cleared, 101.0, 10)
    other.note("client", ConversationItemDelete(item_id="i"), 102.0, 10)
    assert journal.client_events("input_audio_buffer.clear")[0] is CLEAR
    assert journal.client_events(InputAudioBufferClear) == [CLEAR]
    assert journal.server_events() == [cleared]
    assert len(journal.client_events()) == 2
    assert journal.client_events(connection=other.number) == [ConversationItemDelete(item_id="i")]
    assert journal.client_events(connection=77) == []


def test_entries_know_when_and_which_way(journal, connection):
    """Seconds since the connection was opened; the body is what was on the wire."""
    connection.note("client", CLEAR, 100.5, 10)
    connection.note("server", {"type": "by.hand", "x": 1}, 101.25, 10)
    first, second = journal.entries()
    assert (first.at, first.source, first.type) == (0.5, "client", "input_audio_buffer.clear")
    assert first.body() == {"type": "input_audio_buffer.clear", "event_id": "e1"}
    assert (second.at, second.type, second.body()) == (1.25, "by.hand", {"type": "by.hand", "x": 1})


def test_a_frame_that_is_no_event_is_an_entry_too(journal, connection):
    """Its type says so, and what is shown of it says why."""
    connection.note("client", decode_client(b"{"), 100.0, 1)
    [entry] = journal.entries()
    assert (entry.type, entry.body(), entry.shown()["kind"]) == ("(invalid)", {}, "invalid_json")
    assert journal.client_events("(invalid)") == [entry.event]


def test_a_remark_is_an_entry_that_nobody_sent(journal, connection, tmp_path):
    """Neither client nor server said it; it stands where it belongs, for people and for assertions."""
    remark = Remark("overlooked", "no such\nthing", param="session.x")
    connection.note("client", CLEAR, 100.0, 10)
    connection.note("vlmock", remark, 100.0, 10)
    assert journal.remarks() == [remark]
    assert journal.client_events() == [CLEAR]
    assert journal.server_events() == []
    entry = journal.entries()[-1]
    assert entry.line().endswith('! (overlooked) message="no such\\nthing" code=null param="session.x"')
    assert entry.body() == entry.shown(audio=True) == {
        "kind": "overlooked", "message": "no such\nthing", "code": None, "param": "session.x"
    }  # fmt: skip
    (frame,) = [frame for frame in saved(journal, tmp_path).frames if frame.source == "vlmock"]
    assert frame.event == {"type": "(overlooked)", "message": "no such\nthing", "param": "session.x"}


def test_an_event_with_unknown_members_is_shown_without_what_it_could_have_had(journal, connection):
    """In a line; the page has it."""
    connection.note("client", decode_client(b'{"type":"input_audio_buffer.clear","x":1}'), 100.0, 1)
    [entry] = journal.entries()
    assert 'path="x"' in entry.line()
    assert "allowed" not in entry.line()
    assert "otherwise" not in entry.line()
    assert entry.shown()["otherwise"] == {"type": "input_audio_buffer.clear"}


def test_audio_is_shown_as_its_length(connection, journal):
    """Received, sent, and sent as prepared base64."""
    for event in (append(bytes(960)), delta(bytes(960)), delta(audio_json(bytes(960)))):
        connection.note("client", event, 100.0, 1)
    for entry in journal.entries():
        assert "<960 bytes>" in entry.shown().values()
        assert "<960 bytes>" in entry.line()
        assert "AAAA" in json.dumps(entry.body())
        assert "AAAA" in json.dumps(entry.shown(audio=True))


def test_secrets_inside_events_are_not_shown(journal, connection, tmp_path):
    """What an MCP tool or a relay is to be called with. Documented: schema D6."""
    update = decode_client(
        json.dumps({"type": "session.update", "session": {"tools": [{
            "type": "mcp", "server_label": "s", "server_url": "https://x", "authorization": "sesame",
            "headers": {"x-key": "sesame"}}]}})
    )  # fmt: skip
    connection.note("client", update, 100.0, 1)
    [entry] = journal.entries()
    written = (journal.save(tmp_path / "out") / "connection-1" / "events.jsonl").read_text()
    assert entry.type == "session.update"
    for text in (entry.line(), json.dumps(entry.shown()), json.dumps(journal.as_json(last=10)), written):
        assert "sesame" not in text
        assert "server_url" in text


def test_audio_is_whole_where_it_is_asked_for(journal, connection):
    """Wherever it stands, and long lists of numbers, which lines only count; secrets beside them stay secrets."""
    spoken = {"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "QUJD" * 300}]}}  # fmt: skip
    by_hand = {"type": "x", "frames": [0.5] * 100, "api_key": "sesame", "url": "https://me:sesame@host/"}
    connection.note("client", decode_client(json.dumps(spoken)), 100.0, 1)
    connection.note("server", by_hand, 100.0, 1)
    connection.note("client", decode_client(b"{"), 100.0, 1)
    item, hand, invalid = journal.entries()
    assert item.shown()["item"]["content"][0]["audio"] == "<900 bytes>"
    assert item.shown(audio=True) == spoken
    assert hand.shown()["frames"] == "<100 entries>"
    assert hand.shown(audio=True) == by_hand | {"api_key": "***", "url": "https://***@host/"}
    assert invalid.shown(audio=True) == invalid.shown()


def test_a_line_is_one_line_whatever_is_in_it(journal, connection):
    """Nothing in it ends the line or commands a terminal, and each text is cut for itself."""
    connection.note("server", {"type": "odd\n\x1b[2J", "text": "a\nb " + "c " * 300, "last": 1}, 100.5, 10)
    [entry] = journal.entries()
    shown = f"a\\nb {'c ' * 48}… (+504 characters)"
    assert entry.line() == f'#1    0.500 ← odd\\u000a\\u001b[2J text="{shown}" last=1'


def saved(journal, tmp_path, **options):
    """The one connection, as it was saved."""
    (recording,) = read(journal.save(tmp_path / "out", **options))
    return recording


def test_what_is_saved_is_a_recording(journal, connection, tmp_path):
    """What was said with its times, the sound whole, frames that are no events to the letter, and the end."""
    connection.note("client", append(b"ABC"), 100.25, 1)
    connection.note("client", decode_client(b'{"type": "nonsense"}'), 100.5, 1, b'{"type": "nonsense"}')
    connection.note("client", decode_client(b"{"), 100.75, 1, b"{")
    connection.note("server", {"type": "by.hand"}, 101.0, 1)
    connection.note_end(1006, "", "network", 103.0)
    recording = saved(journal, tmp_path)
    said = [(frame.at, frame.source, frame.text or recording.whole(frame)) for frame in recording.frames]
    assert said == [
        (0.25, "client", {"type": "input_audio_buffer.append", "audio": "QUJD"}),
        (0.5, "client", {"type": "nonsense"}),
        (0.75, "client", "{"),
        (1.0, "server", {"type": "by.hand"}),
    ]
    assert (recording.end, recording.ended_by, recording.ended_at) == (Close(1006), "client", 3.0)
    assert recording.head.url == connection.facts.path


def test_what_is_saved_tells_what_is_lost(connection, tmp_path):
    """Sound first, then events: whoever reads it must not take silence for what was said."""
    journal = connection._journal
    for number in range(4):
        connection.note("client", append(bytes(900)), 100.0 + number, 1200)
    connection.shed(3000, journal.lost)
    recording = saved(journal, tmp_path)
    told = [frame.event["message"] for frame in recording.frames if frame.source == "vlmock"]
    assert told == ["900 bytes of sound are no longer kept in the event before this"] * 3
    while connection.lost_events == 0:
        connection.shed(10**6, journal.lost)
    recording = saved(journal, tmp_path / "later")
    assert recording.frames[0].event["message"] == f"the first {connection.lost_events} events are no longer kept"


def test_what_the_user_names_is_not_saved(journal, connection, tmp_path):
    """Patterns, and voices; and a wrong pattern is told."""
    connection.note("client", append(b"\1\2" * 500), 100.0, 1)
    connection.note("server", {"type": "x", "text": "call 0170"}, 100.0, 1)
    recording = saved(journal, tmp_path, redact=[r"0\d+"], redact_audio=True)
    assert recording.frames[1].event == {"type": "x", "text": "call ***"}
    assert recording.head.audio_redacted
    assert b"\1\2\1\2" not in recording.voices["client.wav"].read(0, 1000)
    with pytest.raises(RecordingError, match="no regular expression"):
        journal.save(tmp_path / "other", redact=["("])
    with pytest.raises(RecordingError, match="holds a recording already"):
        journal.save(tmp_path / "out")


def test_a_misspelt_type_is_not_taken_for_one_that_never_came(journal, connection):
    """Or ``assert not …`` would hold for ever. Names of the user's own are not in doubt."""
    connection.note("client", CLEAR, 100.0, 1)
    with pytest.raises(ValueError, match=r"no event is called 'response\.cancle' \(did you mean 'response\.cancel'"):
        journal.client_events("response.cancle")
    with pytest.raises(ValueError, match=r"'response\.dnoe'.*'response\.done'"):
        journal.server_events("response.dnoe")
    assert journal.client_events("response.cancel") == []
    assert journal.server_events("weather.of.my.own") == []


# ---- waiting


def test_waiting_for_what_has_come_takes_no_time(journal, connection):
    """What came before counts, so there is no race to lose."""
    connection.note("client", CLEAR, 100.0, 1)
    assert journal.wait_for("input_audio_buffer.clear", timeout=0) is CLEAR


def test_waiting_ends_when_another_thread_brings_the_event(journal, connection):
    """The second of its kind, here."""
    second = InputAudioBufferClear(event_id="e2")
    bringers = [threading.Thread(target=connection.note, args=("client", event, 101.0, 1)) for event in (CLEAR, second)]
    bringers[0].start()
    bringers[0].join()
    bringers[1].start()
    assert journal.wait_for(InputAudioBufferClear, source="client", count=2) is second
    bringers[1].join()


async def test_waiting_leaves_an_asyncio_loop_free(journal, connection):
    """The event may even be brought about by the loop that waits."""
    waiting = asyncio.ensure_future(journal.wait_for_async(InputAudioBufferClear))
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.note("client", CLEAR, 101.0, 1)
    assert await waiting is CLEAR


async def test_who_waits_in_vain_is_told_what_came_instead(journal, connection):
    """Both ways of waiting."""
    connection.note("client", CLEAR, 101.0, 1)
    connection.note("client", CLEAR, 101.0, 1)
    with pytest.raises(JournalTimeout, match=r"0\.01 s for response\.done.*→ input_audio_buffer\.clear \(2 times\)"):
        journal.wait_for("response.done", timeout=0.01)
    with pytest.raises(JournalTimeout, match="clear"):
        await journal.wait_for_async("input_audio_buffer.clear", source="server", timeout=0.01)
    with pytest.raises(JournalTimeout, match="end of the connection"):
        journal.wait_for_close(timeout=0.01)


def test_who_waits_for_a_misspelt_event_is_told(journal, connection):
    """What it may have been, of all events there are and of those that came; a name that is right is not doubted."""
    connection.note("server", {"type": "my.own_event"}, 101.0, 1)
    for misspelt, meant in {"response.cancle": "response.cancel", "my.own_evnt": "my.own_event"}.items():
        with pytest.raises(JournalTimeout, match=rf"for {misspelt} \(did you mean '{meant}'\?\);"):
            journal.wait_for(misspelt, timeout=0.01)
    with pytest.raises(JournalTimeout, match=r"for response\.done; what came"):
        journal.wait_for("response.done", timeout=0.01)


def test_a_journal_shows_what_it_has_seen(journal, connection):
    """That is what pytest prints below an assertion about it: what clients sent, the rest counted."""
    connection.note("client", CLEAR, 101.0, 1)
    connection.note("client", CLEAR, 101.0, 1)
    connection.note("server", {"type": "x"}, 101.0, 1)
    assert repr(journal) == "<Journal: 1 connection; → input_audio_buffer.clear (2 times); 1 event ←>"
    assert repr(Journal()) == "<Journal: nobody has connected>"


def test_nothing_is_pushed_where_nobody_is(journal, connection):
    """A mistake of the test, so an exception."""
    with pytest.raises(ServerError, match="no connection open"):
        journal.push({"type": "x"})
    with pytest.raises(ServerError, match="connection 7"):
        journal.push({"type": "x"}, connection=7)


# ---- full


def test_a_full_journal_loses_the_oldest_audio_first():
    """The events stay, and say that they had some."""
    journal = Journal(max_bytes=100_000)
    connection = journal.open_connection(facts(), started=0.0)
    for number in range(100):
        connection.note("client", append(bytes(3000)), float(number), 4000)
    entries = journal.entries()
    assert len(entries) == 100
    assert entries[0].shown()["audio"] == "<3000 bytes, no longer kept>"
    assert entries[0].line() == "#1    0.000 → input_audio_buffer.append audio=<3000 bytes, no longer kept>"
    assert entries[0].event.audio == b""
    assert len(entries[-1].event.audio) == 3000
    assert journal.lost.audio_bytes == sum(entry.lost_bytes for entry in entries) > 0
    assert sum(len(entry.event.audio) for entry in entries) < 100_000


def test_with_no_audio_left_a_full_journal_loses_the_oldest_events():
    """And counts them."""
    journal = Journal(max_bytes=100_000)
    connection = journal.open_connection(facts(), started=0.0)
    for number in range(1000):
        connection.note("client", InputAudioBufferClear(event_id=f"e{number}"), float(number), 400)
    kept = [event.event_id for event in journal.client_events()]
    assert kept == [f"e{number}" for number in range(1000 - len(kept), 1000)]
    assert journal.lost.events == 1000 - len(kept)
    assert 80 < len(kept) < 160


def test_deltas_that_went_out_together_lose_their_audio_as_single_ones_do():
    """Whether somebody read them before or not: bytes, weights, what is told and what is counted."""

    def a_full_journal(*, reads):
        journal = Journal(max_bytes=100_000)
        connection = journal.open_connection(facts(), started=0.0)
        for number in range(300):
            sizes = [1100 + number % 3, 170]
            ids = DeltaIds(b"event_", [b"%04d" % (2 * number), b"%04d" % (2 * number + 1)])
            spoken = audio_json(bytes(3 * (number % 200) + 1))
            kinds = [ResponseAudioDelta, ResponseAudioTranscriptDelta]
            run = Deltas("r", "i", 0, kinds, [spoken, "word"], [audio_size(spoken), 0], ids)
            connection.note_deltas(run, float(number), sizes)
            connection.note("client", append(bytes(30)), float(number), 90)
            if reads(number):
                journal.entries()
        return journal, connection

    told = []
    for reads in (lambda number: False, lambda number: True, lambda number: number % 7 == 0):
        journal, connection = a_full_journal(reads=reads)
        entries = journal.entries()
        weighed = sum(entry.weight for entry in entries)
        assert connection.weight == journal._weight == pytest.approx(weighed, abs=len(entries))  # thirds of bytes
        assert connection.weight <= 100_000
        told.append([journal.lost, connection.lost_events, [(entry.line(), entry.weight) for entry in entries]])
    assert told[0][0].events > 0
    assert told[0][0].audio_bytes > 10_000
    assert told[0] == told[1] == told[2]


def test_one_connection_that_floods_costs_another_nothing():
    """Whoever holds most loses first."""
    journal = Journal(max_bytes=100_000)
    quiet = journal.open_connection(facts(), started=0.0)
    loud = journal.open_connection(facts(), started=0.0)
    for number in range(10):
        quiet.note("client", append(bytes(300)), float(number), 400)
    for number in range(1000):
        loud.note("client", append(bytes(3000)), float(number), 4000)
    assert all(len(event.audio) == 300 for event in journal.client_events(connection=quiet.number))
    assert len(journal.client_events(connection=quiet.number)) == 10


def test_of_very_many_connections_those_that_closed_first_are_forgotten():
    """A server may run for weeks."""
    journal = Journal()
    open_one = journal.open_connection(facts(), started=0.0)
    for _ in range(1200):
        journal.open_connection(facts(), started=0.0).note_end(1000, "", "client", 1.0)
    assert len(journal.connections) == 1000
    assert journal.connections[0]["connection"] == open_one.number
    assert journal.lost.connections == 201
