"""Events for people: every event on one line, no base64, no secrets."""

import base64
import unicodedata
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.wire_values import structs_of
from vlmock.protocol.catalogue import AnyClientEvent, AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent, audio_json
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.items import InputAudioPart, RequestFunctionCallOutput, RequestMessage
from vlmock.protocol.output import ResponseAnimationBlendshapesDelta, ResponseAudioDelta
from vlmock.protocol.session import ByomCredentialUpdate, RequestSession, SessionUpdate
from vlmock.protocol.shown import facts, shown
from vlmock.protocol.tools import McpTool

PCM = bytes(range(240)) * 4
PLACE = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
SPOKEN = RequestMessage(role="user", content=[InputAudioPart(audio=PCM)])
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLWl0"


@given(event=st.one_of([structs_of(cls) for cls in (*get_args(AnyClientEvent), *get_args(AnyServerEvent))]))
def test_every_event_is_one_line(event):
    """Whatever is in it: nothing raises, nothing breaks the line or reaches the terminal as a command."""
    line = facts(event)
    assert line.splitlines() in ([line], [])
    assert not {character for character in line if unicodedata.category(character) in ("Cc", "Zl", "Zp")}
    msgspec.json.encode(shown(event))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (InputAudioBufferAppend(audio=PCM), "audio=<960 bytes>"),
        (InputAudioBufferAppend(audio=b"", event_id="e1"), 'event_id="e1" audio=<0 bytes>'),
        (ResponseAudioDelta(**PLACE, delta=audio_json(PCM[:959])), "delta=<959 bytes>"),
        (ResponseAudioDelta(**PLACE, delta=PCM), "delta=<960 bytes>"),
        (ConversationItemCreate(item=SPOKEN), '"audio":"<960 bytes>"'),
        (UnknownServerEvent("new.delta", None, {"type": "new.delta", "n": None}), "n=null"),
        ({"type": "by.hand", "text": "a\nb\u2028c\x1b[2J\u202ed\x85"}, r'text="a\nb\u2028c\u001b[2J\u202ed\u0085"'),
        (ResponseAnimationBlendshapesDelta(**PLACE, frames=[[0.5] * 55] * 60, frame_index=0), '"<60 entries>"'),
        (ResponseAnimationBlendshapesDelta(**PLACE, frames=[[0.5, 1.0]], frame_index=0), "frames=[[0.5,1.0]]"),
    ],
)
def test_audio_is_its_length(event, expected):
    """And the rest is there, as JSON would have it."""
    assert expected in facts(event)


@pytest.mark.parametrize(
    "event",
    [
        UnknownServerEvent("new.delta", None, {"delta": base64.b64encode(PCM).decode()}),
        UnknownServerEvent("new.delta", None, {"delta": {"deep": [base64.urlsafe_b64encode(PCM).decode()]}}),
        {"image_url": "data:image/png;base64," + base64.b64encode(PCM).decode()},
        ConversationItemCreate(
            item=RequestFunctionCallOutput(call_id="c", output='{"png":"' + base64.b64encode(PCM).decode() + '"}')
        ),
    ],
)
def test_base64_is_not_shown_wherever_it_stands(event):
    """Also where no type of ours says that it is any."""
    assert "characters of base64>" in facts(event)
    assert base64.b64encode(PCM).decode()[100:140] not in facts(event)


def with_tool(**members):
    tool = McpTool(server_label="files", **{"server_url": "https://mcp.example", **members})
    return SessionUpdate(session=RequestSession(tools=[tool]))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (with_tool(authorization="hunter2"), '"authorization":"***"'),
        (with_tool(headers={"X-Key": "hunter2"}), '"headers":{"X-Key":"***"}'),
        (with_tool(authorization=None), '"authorization":null'),
        (with_tool(server_url="https://mcp.example/sse?api-key=hunter2&v=1"), "sse?api-key=***&v=1"),
        (with_tool(server_url="https://me:hunter2@mcp.example/"), "https://***@mcp.example/"),
        (ByomCredentialUpdate(authorization_headers={"api-key": "hunter2"}), '{"api-key":"***"}'),
        ({"api_key": "hunter2"}, 'api_key="***"'),
        ({"Authorization": {"scheme": "hunter2"}}, 'Authorization="***"'),
        ({"ice_servers": [{"urls": ["turn:x"], "username": "u", "credential": "hunter2"}]}, '"credential":"***"'),
        ({"error": {"message": f"the token {JWT} has expired"}}, '"the token *** has expired"'),
        ({"note": "Bearer hunter2hunter2hunter2hunter2"}, 'note="Bearer ***"'),
    ],
)
def test_secrets_are_blotted_out(event, expected):
    """Names stay, so that one sees what was there."""
    line = facts(event)
    assert expected in line
    assert "hunter2" not in line
    assert "eyJ" not in line


def test_a_tokens_text_is_no_secret():
    """Log probabilities have a ``token``, which is a piece of what was said."""
    assert "bearer" in facts({"logprobs": [{"token": "bearer", "logprob": -0.1}]})


def test_long_texts_say_how_much_is_missing():
    """Each text for itself: what stands behind long instructions is still there."""
    update = SessionUpdate(session=RequestSession(instructions="word " * 100, voice="en-US-AvaNeural"))
    short = 'session={"instructions":"word word wo… (+488 characters)","voice":"en-US-AvaNeu… (+3 characters)"}'
    assert facts(update, longest_text=12) == short
    assert "word " * 99 in facts(update)


def test_what_is_shown_leaves_the_event_as_it_was():
    """A recording of the same event must not suffer."""
    event = {"headers": {"a": "b"}, "audio": b"12"}
    shown(event)
    assert event == {"headers": {"a": "b"}, "audio": b"12"}
