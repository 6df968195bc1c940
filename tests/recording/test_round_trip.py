"""What was said comes back as it was: every event, every byte of sound, every number."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.test_recordings import NAMES
from tests.recording.taking import append, delta, session, take
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.recording.lines import Close
from vlmock.recording.reading import read


def whole(folder: Path) -> list[tuple[str, Any]]:
    (recording,) = read(folder)
    told: list[tuple[str, Any]] = []
    for frame in recording.frames:
        if frame.event is not None:
            told.append((frame.source, recording.whole(frame)))
        else:
            told.append((frame.source, frame.binary if frame.text is None else frame.text))
    return told


@pytest.mark.parametrize("name", NAMES)
def test_a_session_of_the_real_service_comes_back_as_it_was(shared: Path, tmp_path: Path, name: str):
    """Member for member in the same order, and nothing in it is taken for a secret."""
    text = (shared / "recordings" / f"{name}.yaml").read_text(encoding="utf-8")
    sides = {"sent": "client", "received": "server"}
    said = [(sides[each["direction"]], each["data"]) for each in yaml.safe_load(text)["interactions"]]
    back = whole(take(tmp_path / "rec", said))
    assert json.dumps(back) == json.dumps(said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SOUND = st.binary(max_size=7).map(lambda data: base64.b64encode(data).decode())
EVENTS = st.one_of(
    SOUND.map(lambda audio: {"type": "input_audio_buffer.append", "audio": audio}),
    SOUND.map(lambda audio: {"type": "response.audio.delta", "delta": audio}),
    SOUND.map(lambda audio: {"type": "response.video.delta", "codec": "h264", "delta": audio}),
    SOUND.map(lambda audio: {"type": "x", "item": {"content": [{"type": "input_audio", "audio": audio}]}}),
    st.sampled_from(["AA", "AB==", "A A=", "not base64", None, 5, "====", "QUI\n"]).map(
        lambda odd: {"type": "input_audio_buffer.append", "audio": odd}
    ),
    st.sampled_from(["g711_ulaw", "g711_alaw", "pcm16", "unheard_of", None, 7]).map(
        lambda name: session(input_audio_format=name, output_audio_format=name)
    ),
    st.dictionaries(st.text(), JSON, max_size=4).map(lambda members: {"type": "any", **members}),
)


@given(said=st.lists(st.tuples(st.sampled_from(["client", "server"]), EVENTS), max_size=8))
def test_any_event_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, Any]]):
    """Whatever is sound and whatever only looks like it, whichever formats are in force."""
    back = whole(take(tmp_path_factory.mktemp("rec") / "rec", said))
    assert json.dumps(back) == json.dumps(said)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[1, 2]",
        '{"type": "x", "huge": 1e400}',
        '{"type": "x", "half": "\\ud800"}',
        '{"type":"x","$audio":"client.wav"}',
        '{"type":"x","a":[{"\\u0024audio":1}]}',
        "[" * 3000 + "]" * 3000,
    ],
)
def test_what_is_no_event_stays_text(tmp_path: Path, message: str):
    """As it was, to the letter; also what could be mistaken for a pointer to sound."""
    assert whole(take(tmp_path / "rec", [("server", message)])) == [("server", message)]


@pytest.mark.parametrize("odd", ["AB==", "QUI", "A A=", "QUJD\n", "QUI_", "QUJD====", ""])
def test_base64_that_is_not_canonical_stays_as_it_was(tmp_path: Path, odd: str):
    """It could not be told from its sound again."""
    event = {"type": "input_audio_buffer.append", "audio": odd}
    assert whole(take(tmp_path / "rec", [("client", event)])) == [("client", event)]
    assert not (tmp_path / "rec" / "client.wav").exists()


@pytest.mark.parametrize(("depth", "is_event"), [(98, True), (99, False), (400, False), (900, False)])
def test_what_nobody_can_look_through_is_kept_as_text(tmp_path: Path, depth: int, is_event: bool):
    """Python ends at some depth, and a reader's may be less than the writer's."""
    deep = f'{{"type":"x","a":{{"type":"input_audio","audio":"QUJD"}},"b":{"[" * (depth + 1)}{"]" * (depth + 1)}}}'
    said = [("client", append(b"12")), ("client", deep), ("client", append(b"34"))]
    expected = json.loads(deep) if is_event else deep
    assert whole(take(tmp_path / "rec", said)) == [said[0], ("client", expected), said[2]]


def test_numbers_stay_as_long_as_they_were(tmp_path: Path):
    """Integers of any size, 1.0 beside 1, every digit of a float."""
    event = '{"type":"x","a":1.0,"b":1,"c":123456789012345678901234567890,"d":0.30000000000000004}'
    take(tmp_path / "rec", [("server", event)])
    assert event in (tmp_path / "rec" / "events.jsonl").read_text()


def test_a_binary_message_is_known_for_one(tmp_path: Path):
    """JSON in it can be read like any other; what is no text is kept in base64."""
    take(tmp_path / "rec", [("server", b"\xff\x00\x80")])
    assert whole(tmp_path / "rec") == [("server", b"\xff\x00\x80")]


def test_an_odd_number_of_bytes_is_kept(tmp_path: Path):
    """Half a sample is a mistake of the client, and a replay repeats it."""
    said = [("client", append(b"abc")), ("client", append(b"d")), ("client", append(b"efg"))]
    assert whole(take(tmp_path / "rec", said)) == said
    assert len((tmp_path / "rec" / "client.wav").read_bytes()) == 44 + 7 + 1, "a WAV file is padded"


def test_the_end_is_told_apart_from_what_was_said(tmp_path: Path):
    """Who closed, with what, when."""
    (recording,) = read(take(tmp_path / "rec", [("server", session())]))
    assert (recording.end, recording.ended_by, recording.ended_at) == (Close(1000, "bye"), "client", 0.1)
    assert [frame.at for frame in recording.frames] == [0.0]


def test_another_format_begins_another_file(tmp_path: Path):
    """The format that the server confirmed counts, and each file has one."""
    said = [
        ("client", append(b"\1\0" * 10)),
        ("server", session(input_audio_sampling_rate=16000, input_audio_format="pcm16")),
        ("client", append(b"\2\0" * 10)),
        ("server", session(input_audio_format="g711_ulaw", output_audio_format="pcm16_16000hz")),
        ("client", append(b"\3" * 10)),
        ("server", delta(b"\4\0" * 10)),
        ("server", {"type": "response.created", "response": {"id": "r2", "output_audio_format": "g711_alaw"}}),
        ("server", delta(b"\5" * 10, "r2")),
    ]
    (recording,) = read(take(tmp_path / "rec", said))
    assert {name: (voice.format, voice.channels, len(voice)) for name, voice in recording.voices.items()} == {
        "client.wav": (AudioFormat("pcm16", 24000), 1, 20),
        "client-2.wav": (AudioFormat("pcm16", 16000), 1, 20),
        "client-3.wav": (AudioFormat("g711_ulaw", 8000), 1, 10),
        "server.wav": (AudioFormat("pcm16", 16000), 1, 20),
        "server-2.wav": (AudioFormat("g711_alaw", 8000), 1, 10),
    }
    assert recording.voices["client-3.wav"].read(0, 100) == b"\3" * 10
    assert recording.voices["client-3.wav"].read(8, 1) == b"\3"


def test_an_echo_reference_is_a_second_channel(tmp_path: Path):
    """Microphone left, reference right, as players show it."""
    settings = session(input_audio_echo_cancellation={"type": "server_echo_cancellation", "channels": 2})
    (recording,) = read(take(tmp_path / "rec", [("server", settings), ("client", append(b"\1\0\2\0"))]))
    assert recording.voices["client.wav"].channels == 2


def test_the_sound_of_items_lies_beside_the_voices(tmp_path: Path):
    """The user's items go where the user's voice is; what the server repeats must not be heard twice."""
    part = {"type": "input_audio", "audio": base64.b64encode(b"\1\0" * 4).decode()}
    item = {"type": "message", "role": "user", "content": [part]}
    said = [
        ("client", {"type": "conversation.item.create", "item": item}),
        ("server", {"type": "conversation.item.retrieved", "item": item}),
    ]
    (recording,) = read(take(tmp_path / "rec", said))
    assert {name: len(voice) for name, voice in recording.voices.items()} == {"client.wav": 8, "items.wav": 8}
    assert whole(tmp_path / "rec") == said


def test_the_film_is_a_file_of_its_own(tmp_path: Path):
    """In pieces it came, as a whole it plays."""
    pieces = [b"ftyp", b"moof"]
    said = [("server", {"type": "response.video.delta", "delta": base64.b64encode(each).decode()}) for each in pieces]
    assert whole(take(tmp_path / "rec", said)) == said
    assert (tmp_path / "rec" / "film.mp4").read_bytes() == b"ftypmoof"
