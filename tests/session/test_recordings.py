"""The real service's own sessions, played again: the same order, the same keys. Differences are listed with reasons."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.codec import to_json_object
from vlmock.session.script import Call, Say, Step

RECORDINGS = [
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_message_history_seeding",
    "test_tool_call_round",
    "test_audio_in_server_vad_turn",
]
INTERLEAVED = {"response.audio.delta", "response.audio_transcript.delta"}
TRANSCRIPTION = "conversation.item.input_audio_transcription."
PCM_PIECE_BYTES = 4800

DIFFERENT_KEYS = {
    "session.created": {"greeting", "handoff"},
    "session.updated": {"greeting", "handoff"},
}
"""Observed {FON}: builds from August 2026 on have both; four of the five recordings are older."""

DIFFERENT_VALUES = {
    "output_audio_format": "null at connect in the build of July 2026, pcm16 in that of August {FON}",
    "instructions": "our own filler text, not Microsoft's",
    "modalities": "their order flips between sessions {FON}",
    "expires_at": "the time of day",
    "usage": "token counts are estimates",
    "arguments": "whitespace is the model's own",
    "delta": "cut elsewhere",
}
IDS = {"id", "event_id", "item_id", "response_id", "previous_item_id", "conversation_id", "call_id"}


def interactions(shared: Path, name: str) -> list[tuple[str, dict[str, Any]]]:
    document = yaml.safe_load((shared / "recordings" / f"{name}.yaml").read_text(encoding="utf-8"))
    return [(entry["direction"], entry["data"]) for entry in document["interactions"]]


def replies(received: list[dict[str, Any]]) -> Iterator[list[Step]]:
    """What the model said and called, from the ``response.done`` events."""
    for event in received:
        if event["type"] == "response.done":
            yield [step for item in event["response"]["output"] for step in steps(item)]


def steps(item: dict[str, Any]) -> Iterator[Step]:
    if item["type"] == "function_call":
        yield Call(item["name"], item["arguments"], item["call_id"])
    for part in item.get("content", []):
        yield Say(part.get("transcript") or part["text"])


def played(shared: Path, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the service sent, and what we send for the same input."""
    entries = interactions(shared, name)
    theirs = [data for direction, data in entries if direction == "received"]
    heard = [event["transcript"] for event in theirs if event["type"] == f"{TRANSCRIPTION}completed"]
    dialogue = Dialogue(model="gpt-realtime", script=PlannedScript(replies(theirs), heard))
    spoke = False
    for direction, data in entries:
        if direction == "sent" and data["type"] != "input_audio_buffer.append":
            dialogue.client(data)
        elif direction == "sent" and not spoke:  # the recorder cut the audio short; these are the bytes that were sent
            spoke = True
            pcm = (shared / "recordings" / "marcelo_24khz.pcm").read_bytes()
            dialogue.speak(pcm, piece_bytes=PCM_PIECE_BYTES)
    return theirs, [to_json_object(event) for event in dialogue.events]


def order(events: list[dict[str, Any]]) -> list[str]:
    """Types in order. Runs count once; natively, words and sound alternate as they please; transcripts come when they
    come and are looked at apart."""
    kinds = [event["type"] for event in events if not event["type"].startswith(TRANSCRIPTION)]
    return [kind for kind, _ in groupby("words and sound" if kind in INTERLEAVED else kind for kind in kinds)]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_order_of_events_is_the_services_own(shared: Path, name: str) -> None:
    """Observed {PAI}: five sessions with gpt-realtime, 2026-04-10."""
    theirs, ours = played(shared, name)
    assert order(ours) == order(theirs)


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_event_has_the_services_own_keys_and_values(shared: Path, name: str) -> None:
    """Observed {PAI}: key for key, null for null; values too, but for ids and what ``DIFFERENT_VALUES`` gives reasons
    for. The n-th event of a type is compared with the n-th."""
    theirs, ours = played(shared, name)
    for kind in {event["type"] for event in theirs}:
        pairs = zip(
            (event for event in theirs if event["type"] == kind),
            (event for event in ours if event["type"] == kind),
            strict=False,
        )
        for their, our in pairs:
            differences = list(compare(their, our, kind, DIFFERENT_KEYS.get(kind, set())))
            assert not differences, "\n".join(differences)


def compare(their: Any, our: Any, path: str, spare_keys: set[str]) -> Iterator[str]:
    """Where two JSON values differ in more than ids."""
    if isinstance(their, dict) and isinstance(our, dict):
        for key in (their.keys() ^ our.keys()) - spare_keys:
            yield f"{path}.{key}: only {'theirs' if key in their else 'ours'}"
        for key in their.keys() & our.keys():
            if key in IDS:
                if (their[key] is None) != (our[key] is None):
                    yield f"{path}.{key}: {their[key]!r} is theirs, {our[key]!r} ours"
            elif key not in DIFFERENT_VALUES:
                yield from compare(their[key], our[key], f"{path}.{key}", spare_keys)
    elif isinstance(their, list) and isinstance(our, list):
        if len(their) != len(our):
            yield f"{path}: {len(their)} entries are theirs, {len(our)} ours"
        for index, (one, other) in enumerate(zip(their, our, strict=False)):
            yield from compare(one, other, f"{path}[{index}]", spare_keys)
    elif their != our:
        yield f"{path}: {their!r} is theirs, {our!r} ours"


def test_one_real_voice_is_heard_where_the_service_heard_it(shared: Path) -> None:
    """Observed {PAI}: ``audio_start_ms`` 1456 and ``audio_end_ms`` 4512 for these very bytes."""
    theirs, ours = played(shared, "test_audio_in_server_vad_turn")
    for member in ("audio_start_ms", "audio_end_ms"):
        assert [e[member] for e in ours if member in e] == [e[member] for e in theirs if member in e]


def test_item_links_are_the_services_own(shared: Path) -> None:
    """Observed {PAI}: which item follows which, whatever they are called."""
    for name in RECORDINGS:
        theirs, ours = played(shared, name)
        assert links(ours) == links(theirs), name


def links(events: list[dict[str, Any]]) -> list[tuple[int, int | None]]:
    """Each ``conversation.item.created`` as (its place, the place of the item before it)."""
    places: dict[str, int] = {}
    found = []
    for event in events:
        if event["type"] == "conversation.item.created":
            places.setdefault(event["item"]["id"], len(places))
            before = event["previous_item_id"]
            found.append((places[event["item"]["id"]], None if before is None else places[before]))
    return found
