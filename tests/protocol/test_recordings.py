"""The real service as the judge of our types: five published recordings, both directions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.codec import InvalidEvent, UnknownServerEvent, decode_client, decode_server, to_json_object

NAMES = [
    "test_audio_in_server_vad_turn",
    "test_message_history_seeding",
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_tool_call_round",
]


def events(folder: Path, name: str, direction: str) -> Iterator[dict[str, Any]]:
    text = (folder / "recordings" / f"{name}.yaml").read_text(encoding="utf-8")
    recording = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return (each["data"] for each in recording["interactions"] if each["direction"] == direction)


def test_every_recording_is_judged(shared: Path):
    """None of them is forgotten."""
    assert sorted(path.stem for path in (shared / "recordings").glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_the_service_sent_is_decoded_without_loss(shared: Path, name: str):
    """Every event has a type of ours, and encodes to what it was, nulls and absences included.

    The recorder cut long audio to 44 characters of base64, which is base64 still.
    """
    received = list(events(shared, name, "received"))
    assert len(received) > 10
    for body in received:
        event = decode_server(json.dumps(body))
        assert not isinstance(event, UnknownServerEvent), body
        assert to_json_object(event) == body


@pytest.mark.parametrize("name", NAMES)
def test_what_a_client_sent_to_the_service_is_accepted(shared: Path, name: str):
    """The service took these events, so we take them, without loss."""
    sent = list(events(shared, name, "sent"))
    assert sent
    for body in sent:
        event = decode_client(json.dumps(body))
        assert not isinstance(event, InvalidEvent), event
        assert type(event) is CLIENT_EVENTS[body["type"]]
        assert to_json_object(event) == body


def test_the_session_is_written_in_the_services_order(shared: Path):
    """People compare our ``session.created`` with the real one: the members stand in the same order."""
    for name in NAMES:
        for body in events(shared, name, "received"):
            if body["type"] in ("session.created", "session.updated"):
                assert list(to_json_object(decode_server(json.dumps(body)))["session"]) == list(body["session"])
