"""``vlmock.serve(record=…)``: every connection is written down as it goes, as it was."""

import contextlib
import json
import logging
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import vlmock
from tests.server.fakes import PATH
from vlmock.errors import RecordingError, ServerError
from vlmock.recording.reading import read

KEY = "sesame-sesame-sesame"


def quiet() -> logging.Logger:
    logger = logging.getLogger("quiet client")
    logger.setLevel("CRITICAL")
    return logger


async def talk(server: vlmock.MockServer, *messages: str, until: str, query: str = "", key: str = KEY) -> list[str]:
    """What the server said, up to the event of that type."""
    heard: list[str] = []
    headers = {"api-key": key}
    async with connect(f"{server.ws_url}{PATH}{query}", additional_headers=headers, logger=quiet()) as client:
        for message in messages:
            await client.send(message)
        while not heard or json.loads(heard[-1])["type"] != until:
            heard.append(str(await client.recv()))
    return heard


CREATE = "conversation.item.create"
ASK = (
    '{"type":"session.update", "session":{"modalities":["text","audio"]}}',
    '{"item":{"role":"user","type":"message","content":[{"type":"input_text","text":"Hi"}]},'
    '"type":"conversation.item.create"}',
    '{"type": "response.create"}',
    '{"type": "response.creat"}',
    "not even JSON",
)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_went_over_the_wire_is_recorded_as_it_was(tmp_path: Path):
    """Both sides, message by message, in the order and with the members that the client used."""
    async with vlmock.serve(record=tmp_path / "out") as server:
        heard = await talk(server, *ASK, until="response.done")
    (recording,) = read(tmp_path / "out")
    said = [
        (frame.source, frame.text or json.dumps(recording.whole(frame), separators=(",", ":")))
        for frame in recording.frames
        if frame.source != "vlmock"
    ]
    plain = [
        message if message.startswith("not") else json.dumps(json.loads(message), separators=(",", ":"))
        for message in ASK
    ]
    assert [message for who, message in said if who == "client"] == plain
    assert [json.loads(message) for who, message in said if who == "server"][: len(heard)] == list(
        map(json.loads, heard)
    )
    assert any(frame.source == "vlmock" and frame.event["type"] == "(hint)" for frame in recording.frames)
    assert len(recording.voices["server.wav"]) > 10_000
    assert recording.end is not None
    assert (recording.end.code, recording.ended_by) == (1000, "client")
    assert ("api-key", "***") in recording.head.request_headers
    assert recording.head.url.startswith(f"ws://127.0.0.1:{server.port}/voice-live/realtime?")
    assert KEY.encode() not in b"".join(map(Path.read_bytes, files_in(tmp_path)))


async def test_each_connection_has_its_own_folder(tmp_path: Path):
    """With the number that it has in the journal; all in one zip file where that is wanted."""
    async with vlmock.serve(record=tmp_path / "out.zip", redact=[r"H."], redact_audio=True) as server:
        for _ in range(2):
            await talk(server, *ASK, until="response.done")
    first, second = read(tmp_path / "out.zip")
    assert first.name.endswith("connection-1")
    assert second.head.audio_redacted
    (item,) = [frame.event for frame in second.frames if frame.event and frame.event["type"] == CREATE]
    assert item["item"]["content"][0]["text"] == "***"


async def test_what_is_not_recorded_is_not_shown_either(tmp_path: Path):
    """Patterns and the connection's own key: in the lines of the log, in the journal's page and its summary. A program
    has the events as they were."""
    lines: list[str] = []
    secret, told = "4111111111111111", f"My card is 4111111111111111, my key {KEY}."
    say = {
        "type": CREATE,
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": told}]},
    }
    options = {"record": tmp_path / "out", "redact": [r"\d{16}"]}
    async with vlmock.serve(**options, log=lambda entry: lines.append(entry.line())) as server:
        await talk(server, json.dumps(say), json.dumps({"type": secret}), query=f"&user={secret}", until="error")
        (entry,) = [entry for entry in server.journal.entries() if entry.type == CREATE]
        assert entry.event.item.content[0].text == told
        shown = [*lines, *(json.dumps(entry.shown(audio=True)) for entry in server.journal.entries())]
        shown.append(json.dumps(server.journal.as_json(last=100)))
    assert sum("My card is ***, my key ***." in each for each in shown) >= 4
    assert not [each for each in shown if secret in each or KEY in each]


async def test_spoken_words_that_are_not_recorded_are_not_shown_either(tmp_path: Path):
    """They come in runs of deltas, which become entries later."""
    async with vlmock.serve(lambda turn: "Oysters.", record=tmp_path / "out", redact=["Oysters"]) as server:
        await talk(server, *ASK, until="response.done")
        lines = [entry.line() for entry in server.journal.entries()]
    assert sum("***" in line for line in lines) >= 2
    assert not [line for line in lines if "Oysters" in line]


async def test_a_recording_has_what_the_journal_could_not_keep(tmp_path: Path):
    """The journal is bounded, the disk is not."""
    async with vlmock.serve(record=tmp_path / "out", journal_bytes=2000) as server:
        await talk(server, *ASK, until="response.done")
        assert server.journal.lost.audio_bytes
    (recording,) = read(tmp_path / "out")
    assert len(recording.voices["server.wav"]) > 10_000


async def test_refused_handshakes_are_recorded_in_their_place(tmp_path: Path):
    """With what the server answered; the connections have their numbers all the same."""
    async with vlmock.serve(record=tmp_path / "out", api_key=KEY) as server:
        for key in ("a-wrong-one", "another-wrong-one", KEY, "a-wrong-one", KEY):
            with contextlib.suppress(InvalidStatus):
                await talk(server, key=key, until="session.created")
    recordings = read(tmp_path / "out")
    assert [Path(recording.name).name for recording in recordings] == [
        "connection-0-refused-1",
        "connection-0-refused-2",
        "connection-1",
        "connection-1-refused-1",
        "connection-2",
    ]
    assert [recording.head.status for recording in recordings] == [401, 401, 101, 401, 101]
    refused = recordings[0]
    assert (refused.end, refused.frames) == (None, [])
    assert refused.head.url == recordings[2].head.url
    assert json.loads(refused.head.body)["error"]["code"] == "401"
    assert ("api-key", "***") in refused.head.request_headers
    assert dict(refused.head.response_headers)["Content-Type"] == "application/json"
    assert b"wrong-one" not in b"".join(map(Path.read_bytes, files_in(tmp_path)))


def test_pages_are_no_handshakes(tmp_path: Path):
    """Whoever looks at the journal is not recorded."""
    with vlmock.serve(record=tmp_path / "out") as server, urlopen(f"{server.url}/journal") as page:
        assert page.status == 200
    assert list(tmp_path.iterdir()) == []


async def test_the_address_is_the_one_that_was_dialled(tmp_path: Path):
    """``wss`` with TLS; also in a journal that is saved."""
    async with vlmock.serve(record=tmp_path / "out", tls=True) as server:
        await talk(server, until="session.created")
        server.journal.wait_for_close()
        saved = server.journal.save(tmp_path / "saved")
        address = f"{server.ws_url}{PATH}"
    assert address.startswith("wss://127.0.0.1:")
    assert [recording.head.url for path in (tmp_path / "out", saved) for recording in read(path)] == [address] * 2


async def test_a_recording_that_fails_is_a_problem_of_the_test(tmp_path: Path):
    """The conversation goes on, and in the end it is told."""
    async with vlmock.serve(record=tmp_path / "out") as server:
        (tmp_path / "out" / "connection-1").write_text("in the way")
        heard = await talk(server, *ASK, until="response.done")
    assert heard
    assert len(server.problems()) == 1
    assert "a file is in the way" in server.problems()[0]


def test_what_cannot_be_recorded_is_told_before_anybody_listens(tmp_path: Path):
    """And a server that cannot listen leaves nobody waiting to write."""
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="a file is in the way"):
        vlmock.serve(record=tmp_path / "file")
    with pytest.raises(ValueError, match="no regular expression"):
        vlmock.serve(record=tmp_path / "out", redact=["("])
    with vlmock.serve() as server, pytest.raises(ServerError):
        vlmock.serve(record=tmp_path / "out", port=server.port)
