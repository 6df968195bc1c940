import itertools
import json
from typing import Any, TypeAlias, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.wire_values import FRAMES, JSON, structs_of
from vlmock.protocol.catalogue import CLIENT_EVENTS, AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, decode_client, to_json_object
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.wire import ClientEvent

Path: TypeAlias = tuple[str | int, ...]


def refusal(frame: bytes | str) -> InvalidEvent:
    event = decode_client(frame)
    assert isinstance(event, InvalidEvent)
    return event


ALL_TYPES = tuple(CLIENT_EVENTS)
REFUSALS = [
    # frame, kind, path, expected, got
    ("", "invalid_json", "", "JSON", None),
    ("{", "invalid_json", "", "JSON", None),
    ('{"type":"response.create"} {}', "invalid_json", "", "JSON", None),
    ('{"type":"\\ud800"}', "invalid_json", "", "JSON", None),
    ("\ud800", "invalid_json", "", "JSON", None),
    (b"\xff\xfe", "invalid_json", "", "JSON", None),
    (b'"\xff"', "invalid_json", "", "JSON", None),
    ("[" * 100_000, "invalid_json", "", "JSON", None),
    ("9" * 5000, "invalid_json", "", "JSON", None),
    ("[]", "not_an_object", "", "an object", "an array"),
    ('"x"', "not_an_object", "", "an object", "a string"),
    ("null", "not_an_object", "", "an object", "null"),
    ("1", "not_an_object", "", "an object", "an integer"),
    ("{}", "missing_type", "type", None, "nothing"),
    ('{"type":7}', "wrong_type", "type", "a string", "an integer"),
    ('{"type":null}', "wrong_type", "type", "a string", "null"),
    ('{"type":"session.updatee"}', "unknown_type", "type", None, "'session.updatee'"),
    ('{"type":"session.created","session":{}}', "unknown_type", "type", None, "'session.created'"),
    ('{"type":"session.update"}', "missing_member", "session", "a value", "nothing"),
    ('{"type":"input_audio_buffer.append"}', "missing_member", "audio", "a value", "nothing"),
    ('{"type":"input_audio_buffer.append","audio":null}', "wrong_type", "audio", "a base64 string", "null"),
    ('{"type":"input_audio_buffer.append","audio":"AAA"}', "invalid_base64", "audio", "base64", None),
    ('{"type":"input_audio_buffer.append","audio":"AA-_"}', "invalid_base64", "audio", "base64", None),
    ('{"type":"input_audio_buffer.append","audio":"","rate":8}', "unknown_member", "rate", "nothing", "8"),
    ('{"type":"input_audio_buffer.commit","x":[]}', "unknown_member", "x", "nothing", "an array"),
    (
        '{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":1.5}',
        "wrong_type",
        "audio_end_ms",
        "an integer",
        "a number",
    ),
    (
        '{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":2147483648}',
        "invalid_value",
        "audio_end_ms",
        "at most 2147483647",
        "2147483648",
    ),
    (
        '{"type":"conversation.item.truncate","item_id":"i","content_index":-2147483649,"audio_end_ms":0}',
        "invalid_value",
        "content_index",
        "at least -2147483648",
        "-2147483649",
    ),
]
SESSION_REFUSALS = [
    # session, kind, path, expected, got
    ([], "wrong_type", "session", "an object", "an array"),
    ({"foo": 1}, "unknown_member", "session.foo", "nothing", "1"),
    ({"type": "realtime"}, "unknown_member", "session.type", "nothing", "'realtime'"),
    ({"voice": 5}, "wrong_type", "session.voice", "a string, an object or null", "an integer"),
    ({"voice": {"name": "x"}}, "missing_member", "session.voice.type", None, "nothing"),
    ({"voice": {"type": "azure-standard"}}, "missing_member", "session.voice.name", "a value", "nothing"),
    ({"voice": {"type": "klingon"}}, "invalid_value", "session.voice.type", None, "'klingon'"),
    (
        {"voice": {"type": "openai", "name": "echo", "rate": "1"}},
        "unknown_member",
        "session.voice.rate",
        "nothing",
        "'1'",
    ),
    (
        {"turn_detection": {"type": "server_vad", "eagerness": "low"}},
        "unknown_member",
        "session.turn_detection.eagerness",
        "nothing",
        "'low'",
    ),
    (
        {"turn_detection": {"type": "server_vad", "end_of_utterance_detection": {"model": "m", "x": None}}},
        "unknown_member",
        "session.turn_detection.end_of_utterance_detection.x",
        "nothing",
        "null",
    ),
    (
        {"input_audio_noise_reduction": {}},
        "missing_member",
        "session.input_audio_noise_reduction.type",
        None,
        "nothing",
    ),
    ({"temperature": "hot"}, "wrong_type", "session.temperature", "a number or null", "a string"),
    ({"metadata": {"a": "b", "c": 1}}, "wrong_type", "session.metadata.c", "a string", "an integer"),
    ({"tools": [{"type": "function", "name": "f"}, 3]}, "wrong_type", "session.tools[1]", "an object", "an integer"),
    (
        {"tools": [{"type": "function", "name": "f"}] * 2 + [{"type": "function", "name": "f", "x": 1.5}]},
        "unknown_member",
        "session.tools[2].x",
        "nothing",
        "1.5",
    ),
    (
        {"tools": [{"type": "function", "name": "f", "strict": True}]},
        "unknown_member",
        "session.tools[0].strict",
        None,
        "true",
    ),
    (
        {"tools": [{"type": "mcp", "server_label": "l", "server_url": "u", "require_approval": {"never": [1]}}]},
        "wrong_type",
        "session.tools[0].require_approval.never[0]",
        "a string",
        "an integer",
    ),
    (
        {"interim_response": {"type": "static-interim-response"}},
        "invalid_value",
        "session.interim_response.type",
        "'static_interim_response' or 'llm_interim_response'",
        "'static-interim-response'",
    ),
    ({"instructions": 10**30}, "wrong_type", "session.instructions", "a string or null", "an integer"),
    ({"x" * 3: "y" * 100}, "unknown_member", "session.xxx", "nothing", "'" + "y" * 59 + "…"),
]


@pytest.mark.parametrize(
    ("frame", "kind", "path", "expected", "got"),
    REFUSALS
    + [(json.dumps({"type": "session.update", "session": session}), *rest) for session, *rest in SESSION_REFUSALS],
)
def test_a_refusal_says_what_where_and_instead_of_what(frame, kind, path, expected, got):
    """Every kind of mistake, with the member at fault and words to complete "should be …, got …"."""
    invalid = refusal(frame)
    assert (invalid.kind, invalid.path) == (kind, path)
    assert expected is None or invalid.expected == expected
    assert got is None or invalid.got == got


def test_a_refusal_repeats_the_clients_event_id_and_type():
    """Wherever the frame is an object, however wrong it is."""
    for broken in ('"type":"nope"', '"type":"session.update"', '"type":"input_audio_buffer.append","audio":"A"'):
        invalid = refusal(f'{{"event_id":"mine",{broken}}}')
        assert (invalid.event_id, invalid.event_type) == ("mine", broken.split('"')[3])
    assert refusal('{"event_id":7,"type":"nope"}').event_id is None


def test_a_refusal_lists_what_would_do():
    """The event types, or the types of the thing that stands there."""
    assert refusal('{"type":"nope"}').allowed == ALL_TYPES
    assert refusal("{}").allowed == ALL_TYPES
    create = '{"type":"conversation.item.create","item":{"type":"message","role":"user","content":[{"type":"video"}]}}'
    invalid = refusal(create)
    assert invalid.path == "item.content[0].type"
    assert invalid.allowed == ("input_text", "input_audio", "input_image", "text", "output_text")
    assert invalid.expected == "'input_text', 'input_audio', 'input_image', 'text' or 'output_text'"


def test_members_that_are_not_ours_to_name_are_not_looked_into():
    """A tool's parameters are any JSON schema, what is passed to an agent is any object."""
    parameters = {"type": "object", "properties": {"x": {"whatever": [1]}}, "foo": None}
    tool = {"type": "function", "name": "f", "parameters": parameters}
    event = decode_client(json.dumps({"type": "session.update", "session": {"tools": [tool]}}))
    assert event.session.tools[0].parameters == parameters
    event = decode_client(json.dumps({"type": "response.create", "response": {"invoke_input": parameters}}))
    assert event.response.invoke_input == parameters


def test_open_enums_take_any_string():
    """The types say what may be there; which values are refused is the session's to decide."""
    session = {"input_audio_format": "mp3", "modalities": ["smell"], "turn_detection": {"type": "none"}}
    event = decode_client(json.dumps({"type": "session.update", "session": session}))
    assert isinstance(event, SessionUpdate)
    assert event.session.input_audio_format == "mp3"


@settings(max_examples=300)
@given(FRAMES)
def test_any_frame_is_an_event_or_a_refusal(frame: bytes | str):
    """Whatever comes, ``decode_client`` does not raise, and what it tells can be told on."""
    event = decode_client(frame)
    assert isinstance(event, ClientEvent | InvalidEvent)
    msgspec.json.encode(event)


def places(value: Any, path: Path = ()) -> list[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *itertools.chain.from_iterable(places(entry, (*path, key)) for key, entry in inner)]


def put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=400)
@given(data=st.data())
def test_a_mutated_event_is_an_event_or_a_refusal_that_names_the_place(data: st.DataObject):
    """One value anywhere in a good event becomes another: it is still good, or the refusal points there."""
    event = data.draw(st.one_of([structs_of(event_class) for event_class in get_args(AnyClientEvent)]))
    raw = to_json_object(event)
    place = data.draw(st.sampled_from(places(raw)))
    result = decode_client(json.dumps(put(raw, place, data.draw(JSON))))
    assert isinstance(result, ClientEvent | InvalidEvent)
    msgspec.json.encode(result)
    if isinstance(result, InvalidEvent):
        assert result.path.startswith(dotted(place[:-1]))


@settings(max_examples=300)
@given(data=st.data())
def test_a_member_that_a_type_lacks_is_found_wherever_it_is(data: st.DataObject):
    """An unknown member, put into any object of an event that has a type of ours, is named with its whole path."""
    event = data.draw(st.one_of([structs_of(event_class) for event_class in get_args(AnyClientEvent)]))
    path = data.draw(st.sampled_from(objects_of_ours(event)))
    raw = to_json_object(event)
    holder: Any = raw
    for step in path:
        holder = holder[step]
    invalid = refusal(json.dumps(put(raw, path, holder | {"no_such_member": 1})))
    assert (invalid.kind, invalid.path) == ("unknown_member", dotted((*path, "no_such_member")))


def objects_of_ours(value: Any, path: Path = ()) -> list[Path]:
    if isinstance(value, list):
        return list(itertools.chain.from_iterable(objects_of_ours(each, (*path, i)) for i, each in enumerate(value)))
    if not isinstance(value, msgspec.Struct):
        return []
    inner = ((name, getattr(value, name)) for name in value.__struct_fields__)
    return [path, *itertools.chain.from_iterable(objects_of_ours(each, (*path, name)) for name, each in inner)]


def dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


@pytest.mark.parametrize("inner", [True, False], ids=["in the session", "in an event of a closed type"])
def test_of_many_unknown_members_the_first_hundred_are_told(inner):
    """A frame has room for a million, and a server more to do than to spell them."""
    members = {f"k{number}": number for number in range(150)}
    raw = {"type": "session.update", "session": members} if inner else {"type": "response.cancel", **members}
    event = decode_client(msgspec.json.encode(raw))
    assert event.kind == "unknown_member"
    assert (event.path.removeprefix("session."), len(event.more)) == ("k0", 99)
    assert event.otherwise is not None
