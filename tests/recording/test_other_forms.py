"""Recordings of other programs are read as what they are, and say what they are not."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tests.protocol.test_recordings import NAMES
from vlmock.cli import main
from vlmock.errors import RecordingError
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.recording.lines import Close
from vlmock.recording.formats import json_lines
from vlmock.recording.model import Recording
from vlmock.recording.reading import read

PCM = bytes(range(200)) * 2
BASE64 = base64.b64encode(PCM).decode()
CREATED = {"type": "session.created", "event_id": "e1", "session": {"input_audio_format": "pcm16"}}
APPEND = {"type": "input_audio_buffer.append", "audio": BASE64}
DELTA = {"type": "response.audio.delta", "response_id": "r", "item_id": "i", "delta": BASE64}
SESSION = [("server", CREATED), ("client", APPEND), ("server", DELTA)]


def written(path: Path, *lines: Any) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def the_one(path: Path, **how: Any) -> Recording:
    (recording,) = read(path, **how)
    return recording


def told(recording: Recording) -> list[tuple[str, Any]]:
    return [(frame.source, recording.whole(frame)) for frame in recording.frames if frame.event is not None]


def times(recording: Recording) -> list[float]:
    return [frame.at for frame in recording.frames]


# ---- any of them


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "no recording that can be read"),
        ("Hello.", "no recording that can be read"),
        ('{"type": "session.created"}', "no recording that can be read"),
        ("version: 1\ninteractions: 7\n", ":1: 'interactions' is not a list"),
        ("version: 2\ninteractions: []\n", ":1: version 2 of these sessions is not known"),
        ("version: 1\ninteractions:\n- direction: sent\n  data: 5\n", ":3: an interaction is"),
        ("version: 1\ninteractions:\n- direction: [\n", ":4: not valid YAML"),
        ('{"log": {"entries": 5}}', "it has no log.entries"),
        ('{"log": {\n"entries": [}}', ":2: not valid JSON"),
        ('{"log": {"entries": [{}, {}]}}', "none of the 2 requests in it is a WebSocket with messages"),
        ('{"ev": {"type": "a"}}\n{', ":2: not valid JSON"),
        ('{"ev": {"type": "a"}}\n\n[]', ":3: a line is a JSON object"),
        ('{"ev": {"type": "a"}, "t": "soon"}', ":1: t: neither a number nor a date"),
        ('{"event": {"type": "a"}, "direction": "sideways"}', ":1: direction 'sideways' is unknown"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, content: str, complaint: str):
    """File and line first; a file of no form that is known is told which there are."""
    path = written(tmp_path / "session.log", content)
    with pytest.raises(RecordingError) as wrong:
        read(path)
    assert str(wrong.value).startswith(str(path))
    assert complaint in str(wrong.value)


def test_a_file_of_no_form_is_told_which_there_are(tmp_path: Path):
    """All three of them."""
    with pytest.raises(RecordingError, match=r"_webSocketMessages.*pydantic-ai.*JSON Lines"):
        read(written(tmp_path / "notes.txt", "Nothing."))


# ---- YAML of pydantic-ai


def interactions(*each: dict[str, Any]) -> str:
    return yaml.safe_dump({"version": 1, "interactions": list(each)}, sort_keys=False)


def said(source: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "message", "direction": {"client": "sent", "server": "received"}[source], "data": event}


@pytest.mark.parametrize("name", NAMES)
def test_a_published_session_is_read_to_the_letter(shared: Path, name: str):
    """Both directions in order, without times, and without a voice: that was cut off."""
    path = shared / "recordings" / f"{name}.yaml"
    sides = {"sent": "client", "received": "server"}
    there = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    recording = the_one(path)
    assert told(recording) == [(sides[each["direction"]], each["data"]) for each in there]
    assert not recording.head.timed
    assert recording.voices == {}
    assert recording.head.audio_cut == ("audio" in name and "returns" not in name)


def test_whole_audio_becomes_a_voice(tmp_path: Path):
    """Only what has exactly the length that the recorder leaves is taken for cut."""
    recording = the_one(written(tmp_path / "s.yaml", interactions(*(said(*each) for each in SESSION))))
    assert told(recording) == SESSION
    assert recording.voices["client.wav"].read(0, 1000) == PCM
    assert recording.voices["server.wav"].read(0, 1000) == PCM
    assert not recording.head.audio_cut


@pytest.mark.parametrize(("sound", "cut"), [(bytes(33), True), (bytes(32), False), (bytes(34), False)])
def test_audio_is_cut_where_it_has_44_characters_and_no_padding(tmp_path: Path, sound: bytes, cut: bool):
    """33 bytes: no recorder keeps them of its own will, for they end in the middle of a sample."""
    event = {"type": "input_audio_buffer.append", "audio": base64.b64encode(sound).decode()}
    recording = the_one(written(tmp_path / "s.yaml", interactions(said("server", CREATED), said("client", event))))
    assert recording.head.audio_cut == cut
    assert ("client.wav" in recording.voices) != cut
    assert told(recording)[1] == ("client", event)


def test_a_recorded_close_ends_the_recording(tmp_path: Path):
    """Who closed first was not written down."""
    close = {"kind": "close", "code": 1001, "reason": "bye", "ok": False}
    recording = the_one(written(tmp_path / "s.yaml", interactions(said("server", CREATED), close)))
    assert (recording.end, recording.ended_by, len(recording.frames)) == (Close(1001, "bye"), "", 1)


def test_the_clients_voice_can_be_put_back(shared: Path):
    """Its pieces are found by how they begin, and are what was really sent."""
    folder = shared / "recordings"
    sound = folder / "marcelo_24khz.pcm"
    recording = the_one(folder / "test_audio_in_server_vad_turn.yaml", client_audio=sound)
    pieces = [base64.b64decode(event["audio"]) for source, event in told(recording) if "audio" in event]
    assert [len(piece) for piece in pieces] == [4800] * 54 + [4224]
    assert b"".join(pieces) == sound.read_bytes()
    assert recording.head.audio_cut  # the service's voice is


def test_another_voice_is_found_out(shared: Path, tmp_path: Path):
    """Nothing is filled in that was not sent."""
    folder = shared / "recordings"
    other = tmp_path / "other.pcm"
    other.write_bytes((folder / "marcelo_24khz.pcm").read_bytes()[2:])
    with pytest.raises(RecordingError, match=r"other.pcm: is not what the client of .* sent"):
        read(folder / "test_audio_in_server_vad_turn.yaml", client_audio=other)
    with pytest.raises(RecordingError, match="nothing to fill in"):
        read(folder / "test_tool_call_round.yaml", client_audio=other)


# ---- HAR


def har(*sockets: dict[str, Any]) -> dict[str, Any]:
    plain = {"request": {"url": "https://portal.example/"}, "response": {"status": 200}}
    return {"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": [plain, *sockets]}}


def socket(*messages: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-23T10:00:00.000Z",
        "request": {"url": "wss://r.services.ai.azure.com/voice-live/realtime?model=gpt-4.1", "headers": [], **request},
        "response": {"status": 101, "headers": [{"name": "x-ms-region", "value": "swedencentral"}]},
        "_resourceType": "websocket",
        "_webSocketMessages": list(messages),
    }


def frame(source: str, time: float, data: Any, opcode: int = 1) -> dict[str, Any]:
    text = data if isinstance(data, str) else json.dumps(data)
    return {"type": {"client": "send", "server": "receive"}[source], "time": time, "opcode": opcode, "data": text}


def test_a_har_has_one_recording_for_each_websocket_of_ours(tmp_path: Path):
    """Times count from its first message; what speaks another protocol is left alone."""
    ours = socket(*(frame(source, 1784668573.5 + n / 4, event) for n, (source, event) in enumerate(SESSION)))
    foreign = socket(frame("client", 1.0, {"jsonrpc": "2.0"}), url="wss://chat.example/live")
    recording = the_one(written(tmp_path / "page.har", har(foreign, ours)))
    assert told(recording) == SESSION
    assert times(recording) == [0.0, 0.25, 0.5]
    assert recording.head.made_by == "WebInspector"
    assert recording.head.response_headers == [("x-ms-region", "swedencentral")]
    assert len(read(written(tmp_path / "two.har", har(ours, ours)))) == 2


def test_no_secret_of_a_har_is_kept(tmp_path: Path):
    """Neither in headers, nor in the address, nor in what was said."""
    key, token = "0123456789abcdef0123", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln"
    url = f"wss://r.example/voice-live/realtime?api-key={key}&authorization=Bearer%20{token}"
    headers = [{"name": "Authorization", "value": f"Bearer {token}"}, {"name": "Cookie", "value": key}]
    event = {"type": "session.update", "session": {"instructions": f"The key is {key}.", "api_key": key}}
    entry = socket(frame("client", 1.0, event), url=url, headers=headers)
    recording = the_one(written(tmp_path / "page.har", har(entry)))
    everything = repr(recording.head) + repr(recording.frames)
    assert key not in everything
    assert token not in everything


def test_binary_and_control_frames_of_a_har(tmp_path: Path):
    """Binary data is base64 there; pings are no messages; what the browser could not read is a remark."""
    entry = socket(
        frame("server", 1.0, CREATED),
        frame("client", 2.0, base64.b64encode(json.dumps(APPEND).encode()).decode(), 2),
        frame("client", 2.5, "", 9),
        {"type": "error", "time": 3.0, "opcode": -1, "data": "Invalid frame header"},
    )
    recording = the_one(written(tmp_path / "page.har", har(entry)))
    assert told(recording) == SESSION[:2]
    assert recording.frames[1].in_binary
    assert [each.source for each in recording.frames] == ["server", "client"]


@pytest.mark.parametrize(
    "message",
    [5, {"type": "wave", "data": "x"}, {"type": "send"}, {"type": "send", "data": "no base64!", "opcode": 2}],
)
def test_an_odd_message_of_a_har_is_said_with_its_place(tmp_path: Path, message: Any):
    """Entry and message are counted as in the file."""
    entry = socket(frame("server", 1.0, CREATED))
    entry["_webSocketMessages"].append(message)
    with pytest.raises(RecordingError, match=r"page.har: log.entries\[1\]._webSocketMessages\[1\]: "):
        read(written(tmp_path / "page.har", har(entry)))


# ---- JSON Lines


def test_no_event_has_both_directions():
    """So its type tells who said it."""
    assert not {*CLIENT_EVENTS, *OTHER_CLIENT_EVENTS} & {*SERVER_EVENTS, *OTHER_SERVER_EVENTS}


def test_lines_of_time_and_event_need_no_direction(tmp_path: Path):
    """As a benchmark's logger writes them; other members do not matter."""
    lines = [{"t": 1785627196.5 + n, "clip": "a", "ev": event} for n, (_, event) in enumerate(SESSION)]
    recording = the_one(written(tmp_path / "log.jsonl", *lines, ""))
    assert told(recording) == SESSION
    assert times(recording) == [0.0, 1.0, 2.0]
    assert recording.head.started == "2026-08-01T23:33:16.500000Z"


def test_audio_that_is_told_in_words_is_cut(tmp_path: Path):
    """Observed in the benchmark's logs: its length stands in its place."""
    event = {**DELTA, "delta": "<25600 b64 chars redacted>"}
    recording = the_one(written(tmp_path / "log.jsonl", {"t": 1.5, "ev": event}))
    assert told(recording) == [("server", event)]
    assert recording.head.audio_cut
    assert recording.voices == {}


UNKNOWN = {"type": "session.mood", "mood": "fine"}


@pytest.mark.parametrize(
    ("sent", "received"),
    [("sent", "received"), ("send", "receive"), ("out", "in"), ("client", "server"), ("->", "<-"), ("TX", "RX")],
)
@pytest.mark.parametrize("name", ["direction", "dir", "from"])
def test_a_direction_may_be_spelled_in_many_ways(tmp_path: Path, name: str, sent: str, received: str):
    """It counts for events of types that nobody knows."""
    lines = [
        {name: received, "event": CREATED},
        {name: sent, "event": json.dumps(UNKNOWN)},
        {name: received, "event": UNKNOWN},
    ]
    recording = the_one(written(tmp_path / "log.jsonl", *lines))
    assert told(recording) == [("server", CREATED), ("client", UNKNOWN), ("server", UNKNOWN)]
    assert not recording.head.timed


def test_a_recorder_on_the_servers_side_means_the_opposite(tmp_path: Path):
    """What is known shows it: there "in" is what the client says."""
    lines = [{"direction": "out", "event": CREATED}, {"direction": "in", "event": UNKNOWN}, {"event": UNKNOWN}]
    recording = the_one(written(tmp_path / "log.jsonl", *lines))
    assert [source for source, _ in told(recording)] == ["server", "client", "server"]


@pytest.mark.parametrize(
    ("name", "moments", "seconds"),
    [
        ("t", [1785627196.25, 1785627197.0], [0.0, 0.75]),
        ("time", [1785627196250, 1785627197000], [0.0, 0.75]),
        ("ts", [1785627196250000000, 1785627197000000000], [0.0, 0.75]),
        ("timestamp", ["2026-08-01T10:00:00.250Z", "2026-08-01T12:00:01+02:00"], [0.0, 0.75]),
        ("timestamp", ["2026-08-01 10:00:00.250", "2026-08-01 10:00:01"], [0.0, 0.75]),
        ("t", [0.25, 1.0], [0.0, 0.75]),
        ("t", [250, 1000], [0.0, 0.75]),
        ("t_ms", [250.5, 1000.5], [0.0, 0.75]),
        ("t", [250.5, 10000.5], [0.0, 9.75]),
        ("at", ["0.25", "1.0"], [0.0, 0.75]),
        ("t", [2.5, 1.5], [0.0, 0.0]),
        ("t", [1.5, None], [0.0, 0.0]),
    ],
)
def test_a_time_may_be_in_many_units(tmp_path: Path, name: str, moments: list[Any], seconds: list[float]):
    """Since 1970 or since some moment, as the module says; it never runs backwards."""
    recording = the_one(written(tmp_path / "log.jsonl", *({name: each, "ev": UNKNOWN} for each in moments)))
    assert times(recording) == seconds
    assert recording.head.timed


def test_a_line_about_something_else_is_kept_as_a_remark(tmp_path: Path):
    """It was never on the wire, and is not lost."""
    recording = the_one(written(tmp_path / "log.jsonl", {"ev": CREATED}, {"note": "the caller coughs"}))
    assert told(recording)[0] == ("server", CREATED)
    assert recording.frames[1].source == "vlmock"
    assert "coughs" in repr(recording.frames[1])


def test_our_own_lines_are_not_taken_for_somebody_elses(tmp_path: Path):
    """A recording that was copied without its name would lose its voices."""
    line = b'{"recording":1,"made_by":"x"}\n{"at":0.1,"from":"client","event":{"type":"response.create"}}\n'
    path = tmp_path / "copy.jsonl"
    path.write_bytes(line)
    assert not json_lines.claims(path, line)
    with pytest.raises(RecordingError, match="name the folder that it comes from"):
        read(path)


# ---- the command


def test_import_writes_our_own_form(tmp_path: Path):
    """What is read from there is the same; it is not written over."""
    source = written(tmp_path / "page.har", har(socket(*(frame(*each) for each in _timed(SESSION)))))
    out = tmp_path / "out"
    done = CliRunner().invoke(main, ["import", str(source), str(out)])
    assert (done.exit_code, done.output) == (0, f"{out}: 3 messages\n")
    assert told(the_one(out)) == SESSION
    assert times(the_one(out)) == times(the_one(source))
    again = CliRunner().invoke(main, ["import", str(source), str(out)])
    assert again.exit_code == 2
    assert "holds a recording already" in again.output


def _timed(session: list[Any]) -> list[Any]:
    return [(source, 5.0 + n, event) for n, (source, event) in enumerate(session)]


def test_import_of_several_connections_is_several_folders(tmp_path: Path):
    """Or one zip file with them."""
    source = written(tmp_path / "page.har", har(*[socket(*(frame(*each) for each in _timed(SESSION)))] * 2))
    for out in (tmp_path / "out", tmp_path / "packed.zip"):
        done = CliRunner().invoke(main, ["import", str(source), str(out)])
        assert done.output == f"{out}: 6 messages, 2 connections\n"
        assert [told(each) for each in read(out)] == [SESSION, SESSION]


def test_import_keeps_what_is_cut_and_says_so(tmp_path: Path, shared: Path):
    """A cut piece of audio never becomes a voice, however often it is written."""
    source = shared / "recordings" / "test_audio_in_server_vad_turn.yaml"
    done = CliRunner().invoke(main, ["import", str(source), str(tmp_path / "out")])
    assert "cut short" in done.output
    back = the_one(tmp_path / "out")
    assert told(back) == told(the_one(source))
    assert (back.voices, back.head.audio_cut) == ({}, True)
    filled = the_one(tmp_path / "out", client_audio=shared / "recordings" / "marcelo_24khz.pcm")
    assert list(filled.voices) == ["client.wav"]
