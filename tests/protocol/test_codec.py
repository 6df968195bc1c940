import base64
import contextlib
import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.wire_values import FRAMES, JSON, structs_of
from vlmock.protocol.catalogue import AnyClientEvent, AnyServerEvent, OtherClientEvent
from vlmock.protocol.codec import (
    InvalidEvent,
    ProtocolError,
    UnknownServerEvent,
    audio_json,
    decode_client,
    decode_server,
    encode,
    encode_deltas,
    to_json_object,
)
from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.deltas import DeltaIds, Deltas
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferCommit
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.protocol.session import RequestSession, SessionUpdate
from vlmock.protocol.voices import AzureStandardVoice
from vlmock.protocol.wire import UNSET, ServerEvent

quick = settings(max_examples=25)
"""For tests that are repeated for each of ninety classes."""

PCM = bytes(range(240)) * 4
AUDIO = base64.b64encode(PCM).decode()


def refusal(frame: bytes | str) -> InvalidEvent:
    event = decode_client(frame)
    assert isinstance(event, InvalidEvent)
    return event


# ---- there and back


@pytest.mark.parametrize("event_class", get_args(AnyClientEvent))
@quick
@given(data=st.data())
def test_what_a_client_encodes_a_server_decodes(event_class: type, data: st.DataObject):
    """For every client event: decode(encode(e)) == e."""
    event = data.draw(structs_of(event_class))
    assert decode_client(encode(event)) == event


@pytest.mark.parametrize("event_class", get_args(AnyServerEvent))
@quick
@given(data=st.data())
def test_what_a_server_encodes_a_client_decodes(event_class: type, data: st.DataObject):
    """For every server event: decode(encode(e)) == e."""
    event = data.draw(structs_of(event_class))
    assert decode_server(encode(event)) == event


@pytest.mark.parametrize("event_class", get_args(OtherClientEvent))
@quick
@given(data=st.data())
def test_client_events_outside_the_enum_are_typed_but_not_understood(event_class: type, data: st.DataObject):
    """They can be written and read by their type; the server knows them not."""
    event = data.draw(structs_of(event_class))
    assert msgspec.json.decode(encode(event), type=event_class) == event
    assert refusal(encode(event)).kind == "unknown_type"


def test_absent_is_not_null():
    """What was not set is left out; None is null; and so they come back."""
    update = SessionUpdate(session=RequestSession(turn_detection=None))
    assert encode(update) == b'{"type":"session.update","session":{"turn_detection":null}}'
    decoded = decode_client(encode(update))
    assert decoded.session.turn_detection is None
    assert decoded.session.voice is UNSET


def test_prepared_audio_is_sent_as_audio():
    """``audio_json`` in the place of the bytes makes the very same frame."""
    place = {"event_id": "event_1", "response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
    plain = ResponseAudioDelta(**place, delta=PCM)
    prepared = ResponseAudioDelta(**place, delta=audio_json(PCM))
    assert encode(prepared) == encode(plain)
    assert decode_server(encode(prepared)) == plain
    assert to_json_object(prepared)["delta"] == AUDIO


def test_an_event_for_people_is_what_stands_on_the_wire():
    """Audio as base64, null as None, and nothing that was not set."""
    event = ErrorEvent(event_id="event_1", error=ErrorDetails(type="t", message="m", param=None))
    assert to_json_object(event) == {
        "type": "error",
        "event_id": "event_1",
        "error": {"type": "t", "message": "m", "param": None},
    }


# ---- append, the hot one


@given(
    event_id=st.sampled_from([None, "", "event_1", "x" * 200, "input_audio_buffer.append", 'ä\n"type":"x']),
    order=st.permutations(["type", "event_id", "audio"]),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n ", "\t:  ")]),
    size=st.sampled_from([0, 1, 2, 3, 10, 960, 4800]),
    carry=st.sampled_from([str, str.encode, lambda text: bytearray(text.encode()), lambda t: memoryview(t.encode())]),
)
def test_an_append_is_understood_however_it_is_written(event_id, order, separators, size, carry):
    """Key order, white space, the presence of an event id, and the kind of buffer never matter."""
    audio = (PCM * 5)[:size]
    members = {"type": "input_audio_buffer.append", "event_id": event_id, "audio": base64.b64encode(audio).decode()}
    text = json.dumps({name: members[name] for name in order}, separators=separators)
    assert decode_client(carry(text)) == InputAudioBufferAppend(event_id=event_id, audio=audio)


@pytest.mark.parametrize(
    "frame",
    [
        '{"audio":"AAAA","event_id":"input_audio_buffer.append"}',
        '{"event_id":"input_audio_buffer.append","event_id":"x","audio":"AAAA"}',
        '{"audio":"AAAA","event_id":"\\"type\\":\\"input_audio_buffer.append\\""}',
        '{"audio":"AAAA","input_audio_buffer.append":1}',
    ],
)
def test_naming_an_append_makes_none(frame: str):
    """Only the member ``type`` says what an event is, wherever else the word stands."""
    assert refusal(frame).kind == "missing_type"


def test_the_last_of_two_types_counts():
    """As in every JSON reader that keeps the last of two equal keys."""
    commit = '{"type":"input_audio_buffer.append","type":"input_audio_buffer.commit"}'
    assert decode_client(commit) == InputAudioBufferCommit()
    append = '{"type":"input_audio_buffer.commit","audio":"AAAA","type":"input_audio_buffer.append"}'
    assert decode_client(append) == InputAudioBufferAppend(audio=bytes(3))


# ---- a client reads what it is sent


def test_a_client_survives_an_unknown_event():
    """The service adds events between versions: they come as ``UnknownServerEvent``, with everything in them."""
    body = {"type": "response.telepathy.delta", "event_id": "event_1", "delta": [1, None]}
    event = decode_server(json.dumps(body))
    assert event == UnknownServerEvent("response.telepathy.delta", "event_1", body)
    assert json.loads(encode(event)) == body
    assert decode_server('{"type":"x","event_id":7}') == UnknownServerEvent("x", None, {"type": "x", "event_id": 7})


@pytest.mark.parametrize(
    "body",
    [
        {"type": "session.created", "event_id": "event_1"},
        {"type": "session.created", "event_id": "event_1", "session": {"voice": {"type": "telepathic"}}},
        {"type": "response.audio.delta", "event_id": "event_1", "delta": "?"},
    ],
)
def test_a_client_survives_a_known_event_in_an_unknown_shape(body: dict[str, Any]):
    """It comes as ``UnknownServerEvent`` too: nothing is lost, nothing raised."""
    assert decode_server(json.dumps(body)) == UnknownServerEvent(body["type"], "event_1", body)


def test_a_client_ignores_members_that_it_does_not_know():
    """The service adds members between versions."""
    item = {"id": "i", "type": "message", "role": "user", "status": "completed", "content": [], "mood": "good"}
    event = decode_server(json.dumps({"type": "conversation.item.created", "item": item, "weather": "fine"}))
    assert isinstance(event, ConversationItemCreated)
    assert event.item.role == "user"


@pytest.mark.parametrize("frame", ["", "{", b"\xff", "[]", "1", "null", "{}", '{"type":1}', "\ud800", "[" * 100_000])
def test_a_client_is_told_when_the_server_sends_nonsense(frame: bytes | str):
    """``ProtocolError`` and no other exception."""
    with pytest.raises(ProtocolError):
        decode_server(frame)


@settings(max_examples=300)
@given(FRAMES | st.dictionaries(st.sampled_from(["type", "event_id"]), JSON).map(json.dumps))
def test_any_frame_of_a_server_is_an_event_or_a_protocol_error(frame: bytes | str):
    """Whatever comes, ``decode_server`` raises nothing else."""
    with contextlib.suppress(ProtocolError):
        assert isinstance(decode_server(frame), ServerEvent | UnknownServerEvent)


def test_a_voice_is_echoed_with_its_nulls():
    """Observed {FON}: members of a voice that were not sent are null in the echo, and so they are read."""
    voice = {"type": "azure-standard", "name": "en-US-AvaNeural", "temperature": None, "style": None}
    event = decode_server(json.dumps({"type": "session.created", "session": {"voice": voice}}))
    assert event.session.voice == AzureStandardVoice(name="en-US-AvaNeural", temperature=None, style=None)
    assert to_json_object(event)["session"]["voice"] == voice


def test_a_run_of_deltas_goes_out_as_so_many_frames() -> None:
    """What is around ids and deltas is encoded once, prepared audio is not copied, and nobody can tell."""
    audio = [audio_json(pcm) for pcm in (b"", b"\x00\x01", bytes(24_000))]
    kinds = [ResponseAudioTranscriptDelta, *([ResponseAudioDelta] * len(audio)), ResponseTextDelta]
    ids = DeltaIds(b"event_", [str(number).encode() for number in range(len(kinds))])
    carried = ['a "quoted" wörd\n', *audio, '{"event_id":""}']
    deltas = Deltas("resp_1", 'an "odd" item', 3, kinds, carried, [0, 0, 2, 24_000, 0], ids)
    messages = encode_deltas(deltas)
    frames = [b"".join(pieces) for _, pieces in messages]
    assert [size for size, _ in messages] == [len(frame) for frame in frames]
    assert frames == [encode(event) for event in deltas.events()]
    assert [json.loads(frame)["event_id"] for frame in frames] == list(ids)


def test_a_run_of_deltas_can_be_parted_anywhere() -> None:
    """Because a client may stop reading in the middle of it."""
    deltas = Deltas("r", "i", 0, [ResponseTextDelta] * 3, ["a", "b", "c"], [0] * 3, DeltaIds(b"", [b"1", b"2", b"3"]))
    for place in range(4):
        first, rest = deltas.parted(place)
        assert [*first.events(), *rest.events()] == deltas.events()
        assert len(first.deltas) == place
