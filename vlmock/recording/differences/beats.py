"""A recording as it is compared: events put into lanes, lanes into blocks, runs of deltas into one beat each.

What goes on beside something else has a lane of its own, told by what an event is and not by the ids in it: the
user's input, the answers, the transcripts of what the user said (they come when they come), and the rest. In a lane, a
block is what has one response, or one item, in common; a beat is an event, or all deltas of one kind that belong
together. An id that is mentioned nowhere else names nothing: such an event belongs where its neighbours do, so that one
wrong id is one wrong id and not a missing response.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import msgspec

from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording

__all__ = [
    "APPENDS",
    "TRANSCRIPTION",
    "Beat",
    "Block",
    "Event",
    "Lane",
    "blocks_of",
    "client_blocks_of",
    "events_of",
    "ids_in",
    "is_id",
]

APPENDS: Final = ("input_audio_buffer.append", "input_audio.turn.append")
"""Events that carry the client's voice."""
ID_NAMES: Final = frozenset(
    {
        "approval_request_id",
        "call_id",
        "conversation_id",
        "event_id",
        "id",
        "item_id",
        "previous_item_id",
        "response_id",
        "session_id",
        "thread_id",
    }
)
_NOT_OURS: Final = frozenset({"arguments", "metadata", "parameters", "tools", "voice"})
"""Members whose own members the service does not name."""
TRANSCRIPTION: Final = "conversation.item.input_audio_transcription."


class Lane(StrEnum):
    """What goes on beside the rest."""

    SESSION = "session"
    INPUT = "input"
    TRANSCRIPTION = "transcript"
    RESPONSE = "response"
    CLIENT = "client"


class Event(msgspec.Struct, frozen=True, gc=False):
    """A frame that one side said."""

    frame: int
    """Its place among the recording's frames."""
    at: float
    type: str
    body: JsonObject


class Beat:
    """An event, or a run of deltas."""

    def __init__(self, kind: str, events: list[Event]) -> None:
        self.type = kind
        self.events = events

    @cached_property
    def leaves(self) -> dict[str, Any]:
        """The values in it, ids and what a run is made of left out, by their paths."""
        return {} if self.is_run else dict(_leaves(self.events[0].body, ""))

    @property
    def is_run(self) -> bool:
        return _runs(self.type)

    @property
    def first(self) -> int:
        return self.events[0].frame

    @property
    def last(self) -> int:
        return self.events[-1].frame


class Block(msgspec.Struct, gc=False):
    """What has one response or one item in common."""

    lane: Lane
    beats: list[Beat]
    words: frozenset[str]
    """What is said in it, so that a block is known again among its like."""
    types: frozenset[str]
    first: int
    last: int
    place: int
    """Where most of it stands, whatever stands astray."""

    @property
    def cut_off(self) -> bool:
        """Whether its response was not completed: how far it came is then a matter of time."""
        ends = [beat.events[0].body for beat in self.beats if beat.type == "response.done"]
        return any(_member(end, "response", "status") in ("cancelled", "incomplete") for end in ends)


def events_of(recording: Recording, source: str) -> list[Event]:
    """All frames of one side, in order. One that is no event has the type ``(text)`` or ``(binary)``."""
    return [
        _event(index, frame.at, frame.event, frame.text)
        for index, frame in enumerate(recording.frames)
        if frame.source == source
    ]


def _event(index: int, at: float, event: JsonObject | None, text: str | None) -> Event:
    if event is not None:
        return Event(index, at, str(event.get("type", "")), event)
    kind, body = ("(text)", {"text": text}) if text is not None else ("(binary)", {})
    return Event(index, at, kind, body)


def is_id(path: Sequence[str]) -> bool:
    """Whether the member at this path is an id of the service's."""
    return path[-1] in ID_NAMES and not _NOT_OURS & set(path[:-1])


def ids_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each id in an event, with the names of the members that lead to it; places in lists are not among them."""
    if isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, str):
                if is_id((*path, name)):
                    yield (*path, name), member
            elif member and name not in _NOT_OURS:
                yield from ids_in(member, (*path, name))
    elif isinstance(value, list):
        for entry in value:
            yield from ids_in(entry, path)


# ---- lanes and blocks


class _Entry(msgspec.Struct, gc=False):
    """An event on its way into a block."""

    event: Event
    key: str
    known: bool
    """Whether its key is mentioned elsewhere, too."""


def blocks_of(events: Sequence[Event]) -> list[Block]:
    """All blocks, each lane's in the order in which they begin."""
    mentions = Counter(each for event in events for _, each in ids_in(event.body) if each)
    lanes: dict[Lane, list[_Entry]] = {lane: [] for lane in Lane}
    responses = _responses_of_items(events, mentions)
    before: Event | None = None
    for event in events:
        lane, key = _placed(event, responses, before)
        lanes[lane].append(_Entry(event, key, mentions[key] > 1))
        if lane is not Lane.TRANSCRIPTION:
            before = event
    return [block for lane, entries in lanes.items() for block in _blocks(lane, entries, mentions)]


def client_blocks_of(events: Sequence[Event]) -> list[Block]:
    """What a client said is one block: its sound is one run, the rest comes in order."""
    return list(_blocks(Lane.CLIENT, [_Entry(event, "", True) for event in events], Counter()))


def _responses_of_items(events: Sequence[Event], mentions: Counter[str]) -> dict[str, str]:
    """Which response made an item, by what all events say."""
    responses: dict[str, str] = {}
    for event in events:
        if not event.type.startswith("response."):
            continue
        response_id = _response_id(event.body)
        if mentions[response_id] > 1:
            output = _member(event.body, "response", "output")
            items = [event.body.get("item"), *(output if isinstance(output, list) else ())]
            ids = [event.body.get("item_id"), *(item.get("id") for item in items if isinstance(item, dict))]
            for item_id in ids:
                if isinstance(item_id, str):
                    responses.setdefault(item_id, response_id)
    return responses


def _placed(event: Event, responses: dict[str, str], before: Event | None) -> tuple[Lane, str]:
    """Its lane, and the id of what it belongs to there."""
    kind, body = event.type, event.body
    if kind.startswith("response."):
        return Lane.RESPONSE, _response_id(body)
    item_id = _text(body.get("item_id")) or _text(_member(body, "item", "id"))
    if kind.startswith(TRANSCRIPTION):
        return Lane.TRANSCRIPTION, item_id
    if kind in ("conversation.item.created", "conversation.item.added", "conversation.item.done"):
        if item_id in responses:
            return Lane.RESPONSE, responses[item_id]
        if before is not None and before.type.startswith("response.output_item."):
            kinds = [[_member(each.body, "item", name) for name in ("type", "role")] for each in (before, event)]
            if kinds[0] == kinds[1] and _text(_member(before.body, "item", "id")) != item_id:
                return Lane.RESPONSE, ""  # its id is wrong: it follows its like
        return Lane.INPUT, item_id
    if kind in _IN_INPUT:
        return Lane.INPUT, item_id
    return Lane.SESSION, ""


_IN_INPUT: Final = (
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "mcp_list_tools.in_progress",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
)
_ORDER: Final = {
    **{kind: place for place, kind in enumerate(_IN_INPUT[:3])},
    "conversation.item.created": 3,
    "conversation.item.added": 3,
    "conversation.item.done": 4,
    **dict.fromkeys(_IN_INPUT[3:], 5),
    f"{TRANSCRIPTION}delta": 0,
    f"{TRANSCRIPTION}completed": 1,
    f"{TRANSCRIPTION}failed": 1,
}
"""In which order the events of one item come."""


def _blocks(lane: Lane, entries: list[_Entry], mentions: Counter[str]) -> Iterator[Block]:
    if lane is Lane.RESPONSE:
        _place_in_responses(entries)
    elif lane in (Lane.INPUT, Lane.TRANSCRIPTION):
        _place_among_items(entries)
    grouped: dict[str, list[Event]] = {}
    for entry in entries:
        grouped.setdefault(entry.key, []).append(entry.event)
    for events in grouped.values():
        beats = _beats(events, mentions)
        types = frozenset(event.type for event in events)
        middle = beats[len(beats) // 2].first
        yield Block(lane, beats, _words(events), types, beats[0].first, max(beat.last for beat in beats), middle)


def _place_in_responses(entries: list[_Entry]) -> None:
    """Responses come one after the other, so whoever names none, or none that is known, is in that of its neighbours;
    only a ``response.created`` begins one."""
    seen: set[str] = set()
    current = ""
    for index, entry in enumerate(entries):
        if not entry.known:
            follower = next((other.key for other in entries[index + 1 :] if other.known), "")
            if entry.event.type == "response.created":
                entry.key = follower if follower not in seen and follower else entry.key
            else:
                entry.key = current or follower or entry.key
        current = entry.key
        seen.add(current)


def _place_among_items(entries: list[_Entry]) -> None:
    """An event whose item nobody else knows belongs to the item next to it that lacks one of its kind."""
    types: dict[str, set[str]] = {}
    for entry in entries:
        types.setdefault(entry.key, set()).add(entry.event.type)
    for index, entry in enumerate(entries):
        if entry.known or not _belongs_to_speech(entry.event):
            continue
        for step in (-1, 1):
            if 0 <= index + step < len(entries):
                other, rank = entries[index + step], _ORDER.get(entry.event.type, 0)
                fits = (_ORDER.get(other.event.type, 0) - rank) * step > 0
                if fits and entry.event.type not in types[other.key] and _belongs_to_speech(other.event):
                    entry.key = other.key
                    types[other.key].add(entry.event.type)
                    break


def _belongs_to_speech(event: Event) -> bool:
    """Whether other events of its item are to be expected: what is typed comes as one."""
    if event.type != "conversation.item.created":
        return True
    content = _member(event.body, "item", "content")
    return isinstance(content, list) and any(_member(part, "type") == "input_audio" for part in content)


# ---- beats


def _runs(kind: str) -> bool:
    return kind.endswith(".delta") or kind in APPENDS


def _beats(events: Sequence[Event], mentions: Counter[str]) -> list[Beat]:
    """Runs stand where they begin. Those that begin side by side are sorted: words and sound alternate as they like."""
    beats: list[Beat] = []
    runs: dict[tuple[str, str], Beat] = {}
    latest: dict[str, Beat] = {}
    for event in events:
        if not _runs(event.type):
            beats.append(Beat(event.type, [event]))
            continue
        item_id = _text(event.body.get("item_id"))
        run = runs.get((event.type, item_id))
        if run is None and mentions[item_id] <= 1:
            run = latest.get(event.type)
        if run is None:
            run = Beat(event.type, [])
            beats.append(run)
            runs[event.type, item_id] = run
        latest[event.type] = run
        run.events.append(event)
    return list(_sorted_runs(beats))


def _sorted_runs(beats: list[Beat]) -> Iterator[Beat]:
    side_by_side: list[Beat] = []
    for beat in beats:
        if beat.is_run:
            side_by_side.append(beat)
        else:
            yield from sorted(side_by_side, key=lambda run: run.type)
            side_by_side = []
            yield beat
    yield from sorted(side_by_side, key=lambda run: run.type)


def _words(events: Sequence[Event]) -> frozenset[str]:
    return frozenset(word for event in events if not _runs(event.type) for word in _said(event.body))


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name in ("text", "transcript", "name", "output", "arguments") and isinstance(member, str):
                yield member
            else:
                yield from _said(member)
    elif isinstance(value, list):
        for entry in value:
            yield from _said(entry)


# ---- members


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, member in value.items():
            if name not in ID_NAMES:
                yield from _leaves(member, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for place, entry in enumerate(value):
            yield from _leaves(entry, f"{path}[{place}]")
    else:
        yield path, value


def _response_id(body: JsonObject) -> str:
    return _text(body.get("response_id")) or _text(_member(body, "response", "id"))


def _member(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
