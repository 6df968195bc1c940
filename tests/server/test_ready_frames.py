"""Runs that were sent before go out again with other ids, and nobody can tell."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import vlmock
from tests.server.fakes import RawClient, text
from vlmock.protocol.codec import audio_json, audio_size, encode_deltas
from vlmock.protocol.deltas import Delta, DeltaIds, Deltas
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.server.frame_head import frame_head
from vlmock.server.ready_frames import ReadyFrames, ReadyRuns

WORDS: list[Any] = ["a", 'quoted "wörd"\n', "b" * 200]
SOUND: list[Any] = [audio_json(bytes(size)) for size in (0, 2, 90, 24_000, 96_000)]
SPOKEN: list[type[Delta]] = [ResponseAudioTranscriptDelta] * len(WORDS) + [ResponseAudioDelta] * len(SOUND)
WRITTEN: list[type[Delta]] = [ResponseTextDelta] * len(WORDS) + [ResponseAudioDelta] * len(SOUND)
RUN = WORDS + SOUND
AUDIO_BYTES = [*map(audio_size, SOUND)]


def told(number: int, *, item: str = "item", index: int = 0, kinds: list[type[Delta]] = SPOKEN) -> Deltas:
    """The run, told for the so manieth time."""
    ids = DeltaIds(f"event_{number:04}".encode(), [f"{place:04}".encode() for place in range(len(RUN))])
    return Deltas(f"resp_{number:04}", f"{item}_{number:04}", index, kinds, RUN, [0] * len(WORDS) + AUDIO_BYTES, ids)


def frames(deltas: Deltas) -> bytes:
    return b"".join(frame_head(size) + b"".join(message) for size, message in encode_deltas(deltas))


def sent(ready: ReadyFrames | None) -> bytes | None:
    return None if ready is None else bytes(ready.view)


def test_a_run_is_ready_from_the_second_time_on_and_bears_its_own_ids() -> None:
    """One that is told once needs no memory."""
    runs = ReadyRuns()
    assert runs.frames(told(1)) is None
    for number in range(2, 6):
        assert sent(runs.frames(told(number))) == frames(told(number))


@pytest.mark.parametrize(
    "other",
    [
        lambda number: told(number, item="longer_item"),
        lambda number: told(number, item='"odd"'),
        lambda number: told(number, index=1),
        lambda number: told(number, index=10),
        lambda number: told(number, kinds=WRITTEN),
        lambda number: told(number * 10_000),
    ],
    ids=["longer id", "odd id", "second item", "eleventh item", "written", "longer everything"],
)
def test_tellings_that_differ_in_more_than_ids_do_not_share_their_frames(other: Callable[[int], Deltas]) -> None:
    """Whatever was sent in between."""
    runs = ReadyRuns()
    for number in range(1, 4):
        for deltas in (told(number), other(number)):
            ready = runs.frames(deltas)
            assert (ready is None) == (number == 1)
            assert sent(ready) in (None, frames(deltas))


def test_frames_that_wait_to_be_sent_are_left_alone() -> None:
    """Two lines of the same words in one write: the second goes the long way."""
    runs = ReadyRuns()
    runs.frames(told(1))
    waiting = runs.frames(told(2))
    assert waiting is not None
    waiting.waiting = True
    assert runs.frames(told(3)) is None
    assert sent(waiting) == frames(told(2))
    waiting.waiting = False
    assert sent(runs.frames(told(3))) == frames(told(3))


def test_what_was_not_sent_for_longest_is_forgotten_first() -> None:
    """The memory has a bound, counted in bytes of payload."""
    size = sum(size for size, _ in encode_deltas(told(1)))
    runs = ReadyRuns(most_bytes=2 * size)
    for index in (0, 1):
        for number in (1, 2):
            runs.frames(told(number, index=index))
    runs.frames(told(3, index=0))
    for number in (1, 2):
        runs.frames(told(number, index=2))
    assert runs.frames(told(4, index=0)) is not None
    assert runs.frames(told(4, index=2)) is not None
    assert runs.frames(told(4, index=1)) is None


def ask(client: RawClient) -> None:
    client.send(text('{"type":"response.create"}'))


def events_of_a_response(client: RawClient) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while not events or events[-1]["type"] != "response.done":
        events.append(json.loads(client.frame()[1]))
    return events


def test_the_same_words_again_and_again_reach_every_client_under_ids_of_their_own(
    client_of: Callable[..., RawClient],
) -> None:
    """Twice in one reply, in several replies, on several connections, of which one reads late."""
    words = "The same words again. " * 40
    seen: list[tuple[int, str]] = []
    with vlmock.serve(lambda turn: vlmock.Reply((vlmock.Say(words), vlmock.Say(words)))) as server:
        clients = [client_of(server) for _ in range(3)]
        for _ in range(4):
            for client in clients:
                ask(client)
            for number, client in enumerate(clients):
                events = events_of_a_response(client)
                assert {event["response_id"] for event in events if "response_id" in event} == {
                    events[-1]["response"]["id"]
                }
                spoken = [event["delta"] for event in events if event["type"] == "response.audio_transcript.delta"]
                assert "".join(spoken).split() == (words * 2).split()
                seen += [(number, event["event_id"]) for event in events]
    assert len(set(seen)) == len(seen)
