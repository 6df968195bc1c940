"""The real service as the judge: five published recordings, with all that the recorded client sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from vlclient.commands import Command, Play, RunTool, Send, Show, StopPlayback
from vlclient.turns import Turns
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import InvalidEvent, UnknownServerEvent, decode_client, decode_server
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.wire import ClientEvent

NAMES = [
    "test_audio_in_server_vad_turn",
    "test_message_history_seeding",
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_tool_call_round",
]


def interactions(shared: Path, name: str) -> list[dict[str, Any]]:
    text = (shared / "recordings" / f"{name}.yaml").read_text(encoding="utf-8")
    recorded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["interactions"]
    assert isinstance(recorded, list)
    return recorded


def said(shared: Path, name: str) -> list[tuple[str, str]]:
    """Read off the raw events: messages in the order of their announcement, words as their own event reports them."""
    words, messages = {}, []
    for event in (each["data"] for each in interactions(shared, name) if each["direction"] == "received"):
        if event["type"] == "conversation.item.created" and event["item"]["type"] == "message":
            item = event["item"]
            messages.append((item["role"], item["id"]))
            words[item["id"]] = "".join(part.get("text") or "" for part in item["content"])
        elif event["type"].endswith(("input_audio_transcription.completed", "audio_transcript.done", "text.done")):
            words[event["item_id"]] = event.get("transcript") or event["text"]
    assert all(words.values())
    return [(role, words[item_id]) for role, item_id in messages]


def recorded(shared: Path, name: str) -> Iterator[ClientEvent | AnyServerEvent | UnknownServerEvent]:
    for each in interactions(shared, name):
        frame = json.dumps(each["data"])
        if each["direction"] == "received":
            yield decode_server(frame)
        else:
            event = decode_client(frame)
            assert not isinstance(event, InvalidEvent)
            yield event


@pytest.mark.parametrize("name", NAMES)
def test_what_was_said_is_known(shared: Path, name: str):
    """Every event is shown, all sound is played, nothing is added to what the client did, and the end is idle."""
    turns, commands, received = Turns(), list[Command](), []
    for now, event in enumerate(recorded(shared, name)):
        if isinstance(event, ClientEvent):
            turns.sent(event, now / 100)
        else:
            received.append(event)
            commands += turns.receive(event, now / 100)
    assert [each.event for each in commands if isinstance(each, Show)] == received
    sounds = [each.delta for each in received if isinstance(each, ResponseAudioDelta)]
    assert [each.audio for each in commands if isinstance(each, Play)] == sounds
    assert not [each for each in commands if isinstance(each, Send)]
    assert [(each.role, each.text) for each in turns.transcripts] == said(shared, name)
    assert all(each.final and not each.cut and not each.failed for each in turns.transcripts)
    assert turns.ready
    assert turns.is_idle
    assert turns.lost_answers == 0


def test_speech_is_noticed(shared: Path):
    """The one recording with a microphone: silence once, when the user begins to speak."""
    turns = Turns()
    events = [
        event for event in recorded(shared, "test_audio_in_server_vad_turn") if not isinstance(event, ClientEvent)
    ]
    stops = [event.type for event in events if StopPlayback() in turns.receive(event, 0.0)]
    assert stops == ["input_audio_buffer.speech_started"]


def test_the_recorded_call_is_run_and_gone_on_with(shared: Path):
    """Here we are the client: the call is run when it is complete, and the next response asked for after the first."""
    turns, done = Turns(), []
    for event in recorded(shared, "test_tool_call_round"):
        if isinstance(event, ClientEvent):
            continue
        for command in turns.receive(event, 0.0):
            if isinstance(command, RunTool):
                done.append((event.type, command.name, json.loads(command.arguments)))
                done += [
                    (each.event.type,)
                    for each in turns.tool_answered(command.call_id, "It is foggy.", 0.0)
                    if isinstance(each, Send)
                ]
            elif isinstance(command, Send):
                done.append((event.type, command.event.type))
    assert done == [
        ("response.output_item.done", "get_weather", {"city": "London"}),
        ("conversation.item.create",),
        ("response.done", "response.create"),
    ]
