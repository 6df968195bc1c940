"""Two runs of deltas as two things: what all deltas of one have in common, what they add up to, how many there are."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from vlmock.protocol.recording.lines import AUDIO_KEY
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import APPENDS, Beat
from vlmock.recording.differences.endings import CUT_OFF, WHOLE, Short, may_fall_short
from vlmock.recording.differences.finding import Difference, Grade
from vlmock.recording.differences.sound import Sound, audio_of, heard
from vlmock.recording.differences.values import Values, id_shape, number_differs, texts_differ
from vlmock.recording.model import Recording

__all__ = ["constant", "run_differences"]

_VARYING: Final = frozenset(
    {"audio", "audio_duration_ms", "audio_offset_ms", "delta", "event_id", "frame_index", "frames", "text", "viseme_id"}
)
_SOUND: Final = {"response.audio.delta": "delta", **dict.fromkeys(APPENDS, "audio")}
"""Where the sound is."""


def constant(run: Beat) -> JsonObject:
    """One event for all: the members that most of them have in common, and the first id."""
    return _usual(run)[0]


def run_differences(
    values: Values, their: Beat, our: Beat, recordings: tuple[Recording, Recording], *, short: Short
) -> Iterator[Difference]:
    """Between two runs of a type; ``short``: which of them may have come less far."""
    yield from _frames(values, their, our)
    compared = _sounds(their, our, recordings, short) if their.type in _SOUND else _texts(their, our, short)
    content = list(compared)
    yield from content
    if not content:
        yield from _amount(their.type, "deltas", len(their.events), len(our.events), short)


def _amount(kind: str, path: str, theirs: float, ours: float, short: Short) -> Iterator[Difference]:
    for difference in number_differs(kind, path, theirs, ours):
        excused = difference.grade is Grade.DIFFERENT and may_fall_short(short, theirs, ours)
        yield replace(difference, grade=Grade.LOOSER, reason=CUT_OFF) if excused else difference


# ---- what is the same in all of them


def _frames(values: Values, their: Beat, our: Beat) -> Iterator[Difference]:
    (usual, their_others), (ours, our_others) = _usual(their), _usual(our)
    yield from values.differences(their.type, usual, ours)
    for name in _VARYING - {"event_id"}:
        there, here = (sum(name in event.body for event in run.events) for run in (their, our))
        if bool(there) != bool(here):
            grade = Grade.MISSING if there else Grade.EXTRA
            yield Difference(name, grade, "member", reason=f"in {max(there, here)} deltas")
    for place, other in our_others:
        for difference in values.differences(their.type, usual, other):
            yield replace(difference, reason=_which(difference, place, our, values.names[1]))
    for place, other in their_others:
        for difference in values.differences(their.type, other, ours):
            yield replace(difference, reason=_which(difference, place, their, values.names[0]))


def _which(difference: Difference, place: int, run: Beat, name: str) -> str:
    told = f"{name}'s delta {place + 1} of {len(run.events)}"
    return f"{difference.reason}, {told}" if difference.reason else told


def _usual(run: Beat) -> tuple[JsonObject, list[tuple[int, JsonObject]]]:
    """What most of them have in common, and those that are otherwise, with their places."""
    frames = [_frame(event.body) for event in run.events]
    keys = [_key(frame) for frame in frames]
    most = Counter(keys).most_common(1)[0][0]
    return frames[keys.index(most)], [
        (place, frame) for place, (key, frame) in enumerate(zip(keys, frames, strict=True)) if key != most
    ]


def _frame(body: JsonObject) -> JsonObject:
    return {name: value for name, value in body.items() if name not in _VARYING or name == "event_id"}


def _key(frame: JsonObject) -> bytes:
    event_id = frame.get("event_id")
    shape = id_shape(event_id) if isinstance(event_id, str) else event_id
    return msgspec.json.encode({**frame, "event_id": shape}, order="deterministic")


# ---- what they add up to


def _sounds(their: Beat, our: Beat, recordings: tuple[Recording, Recording], short: Short) -> Iterator[Difference]:
    name = _SOUND[their.type]
    values = [[event.body.get(name) for event in run.events] for run in (their, our)]
    for side, other in (values, values[::-1]):
        for place, value in enumerate(side):
            if not isinstance(value, dict | str) and any(isinstance(each, dict | str) for each in other):
                yield Difference(name, Grade.DIFFERENT, "sound", reason=f"delta {place + 1} of {len(side)} is no sound")
                return
    sounds = [audio_of(recording, side) for recording, side in zip(recordings, values, strict=True)]
    if None in sounds:
        reason = "whoever recorded it kept only the beginning of each piece of sound: it is not compared"
        yield Difference(name, Grade.LOOSER, "sound", reason=reason)
        return
    yield from _sound(their.type, *sounds, short=short)


def _sound(kind: str, their: Sound | None, our: Sound | None, *, short: Short) -> Iterator[Difference]:
    if their is None or our is None or their == our:
        return
    if their.format != our.format:
        yield Difference("format", Grade.DIFFERENT, "sound", _named(their), _named(our))
    yield from _amount(kind, "sound_ms", their.ms, our.ms, short)
    if short == WHOLE:
        yield from _heard(kind, their, our)
    elif not all(short) and their.format == our.format:
        size = min(len(their.data), len(our.data))
        yield from _heard(kind, *(each._replace(data=each.data[:size]) for each in (their, our)))


def _heard(kind: str, their: Sound, our: Sound) -> Iterator[Difference]:
    one, other = heard(their), heard(our)
    if one is None or other is None:
        if one is not other:
            silent, loud = ("silence", "speech") if one is None else ("speech", "silence")
            yield Difference("speech_ms", Grade.DIFFERENT, "sound", silent, loud)
        return
    yield from number_differs(kind, "speech_ms", one[0], other[0])
    yield from number_differs(kind, "loudness_db", one[1], other[1])


def _named(sound: Sound) -> str:
    return f"{sound.format.encoding} at {sound.format.rate_hz} Hz"


def _texts(their: Beat, our: Beat, short: Short) -> Iterator[Difference]:
    """Words joined, numbers one by one where there are as many."""
    for name in ("delta", "text"):
        values = [[event.body[name] for event in run.events if name in event.body] for run in (their, our)]
        if any(isinstance(value, dict) and AUDIO_KEY in value for side in values for value in side):
            continue
        wordless = [any(not isinstance(value, str) for value in side) for side in values]
        if wordless[0] != wordless[1]:
            yield Difference(name, Grade.DIFFERENT, "type", *("no text" if without else "text" for without in wordless))
        elif all(values) and not any(wordless):
            yield from texts_differ(name, *map("".join, values), short=short)
    if len(their.events) != len(our.events):
        return
    for name in sorted(_VARYING - {"delta", "text", "event_id"}):
        for one, other in zip(their.events, our.events, strict=True):
            numbers: list[Any] = [one.body.get(name), other.body.get(name)]
            if all(isinstance(number, int | float) for number in numbers) and numbers[0] != numbers[1]:
                yield from number_differs(their.type, name, *numbers)
                break
