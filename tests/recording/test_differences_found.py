"""One thing is changed in a conversation: exactly that is found, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.recording.conversations import a_long_one
from vlmock.protocol.recording.lines import Frame
from vlmock.recording.differences.beats import TRANSCRIPTION
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Finding, Grade
from vlmock.recording.model import Recording

MODELS = ("gpt-realtime", "gpt-4.1")
WHOLE = {model: a_long_one(model) for model in MODELS}


def with_server(recording: Recording, events: Sequence[Frame]) -> Recording:
    return Recording(name="changed", head=recording.head, frames=list(events), voices=recording.voices)


def server_frames(recording: Recording) -> list[Frame]:
    return [frame for frame in recording.frames if frame.source == "server"]


def compared(recording: Recording, changed: Sequence[Frame]) -> Comparison:
    """As the service said it, and as it is changed."""
    return compare(with_server(recording, server_frames(recording)), with_server(recording, changed), clients=False)


def kind(frame: Frame) -> str:
    assert frame.event is not None
    return str(frame.event["type"])


def is_run(frame: Frame) -> bool:
    return kind(frame).endswith(".delta")


def told(findings: Sequence[Finding]) -> str:
    return "\n".join(
        f"{each.grade} {each.about} {each.path} {each.difference.what} {each.difference.reason}" for each in findings
    )


models = st.sampled_from(MODELS)
places = st.integers(0, 10_000)


@pytest.mark.parametrize("model", MODELS)
def test_a_conversation_is_the_same_as_itself(model: str) -> None:
    """All of it is the same, and all kinds of events are in it."""
    comparison = compared(WHOLE[model], server_frames(WHOLE[model]))
    assert comparison.grade is Grade.SAME
    assert len({judged.event for judged in comparison.judged}) > 20


@given(model=models, place=places)
def test_a_dropped_event_is_missing(model: str, place: int) -> None:
    """Of a run, its words or its sound fall short instead."""
    events = server_frames(WHOLE[model])
    place %= len(events)
    findings = compared(WHOLE[model], events[:place] + events[place + 1 :]).findings
    if is_run(events[place]) and sum(kind(each) == kind(events[place]) for each in events) > 1:
        assert {each.event for each in findings} == {kind(events[place])}, told(findings)
    else:
        assert [(each.grade, each.event) for each in findings] == [(Grade.MISSING, kind(events[place]))], told(findings)
        assert findings[0].their_place is not None
        assert findings[0].their_place.frame == place


@given(model=models, copied=places, place=places)
def test_an_inserted_event_is_extra(model: str, copied: int, place: int) -> None:
    """A copy of any other, anywhere; of a delta, its run has more words or sound, and may begin or end elsewhere."""
    events = server_frames(WHOLE[model])
    copy = events[copied % len(events)]
    place %= len(events) + 1
    findings = compared(WHOLE[model], [*events[:place], copy, *events[place:]]).findings
    if is_run(copy):
        assert {each.event for each in findings if each.difference.what != "order"} == {kind(copy)}, told(findings)
        assert sum(each.difference.what == "order" for each in findings) <= 2, told(findings)
    else:
        assert [(each.grade, each.event) for each in findings] == [(Grade.EXTRA, kind(copy))], told(findings)


@given(model=models, place=places)
def test_two_events_that_change_places_are_out_of_order(model: str, place: int) -> None:
    """One of the two is told of. Transcripts of the user's words come when they come; words and sound alternate as they
    please; where sound is cut does not matter."""
    events = server_frames(WHOLE[model])
    place %= len(events) - 1
    one, other = events[place], events[place + 1]
    findings = compared(WHOLE[model], [*events[:place], other, one, *events[place + 2 :]]).findings
    if is_run(one) and is_run(other):
        assert all(each.event == kind(one) == kind(other) for each in findings), told(findings)
    elif kind(one).startswith(TRANSCRIPTION) != kind(other).startswith(TRANSCRIPTION):
        assert not findings, told(findings)
    else:
        assert [each.difference.what for each in findings] == ["order"], told(findings)
        assert findings[0].event in (kind(one), kind(other))
        assert findings[0].grade in (Grade.DIFFERENT, Grade.LOOSER)


Leaf = tuple[tuple[str | int, ...], Any]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[Leaf]:
    if isinstance(value, dict) and "$audio" not in value:
        return [leaf for name, member in value.items() for leaf in leaves(member, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, entry in enumerate(value) for leaf in leaves(entry, (*path, place))]
    return [(path, value)]


def with_leaf(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy with another value in one place; ``...`` is none at all."""
    if not path:
        return new
    name, rest = path[0], path[1:]
    if isinstance(value, list):
        return [with_leaf(entry, rest, new) if place == name else entry for place, entry in enumerate(value)]
    if not rest and new is ...:
        return {member: entry for member, entry in value.items() if member != name}
    return {member: with_leaf(entry, rest, new) if member == name else entry for member, entry in value.items()}


def other_than(value: Any) -> Any:
    match value:
        case None:
            return "something"
        case bool():
            return not value
        case int() | float():
            return value + 1_000_000
        case str():
            return f"changed_{value}"
        case _:
            return None


@given(model=models, place=places, leaf=places, how=st.sampled_from(["other", "null", "gone", "new"]))
def test_a_changed_member_is_found_where_it_is(model: str, place: int, leaf: int, how: str) -> None:
    """Another value, null, absent, or one that was not there: one finding, with the path of the member."""
    events = server_frames(WHOLE[model])
    place %= len(events)
    event = events[place].event
    assert event is not None
    changeable = [(path, value) for path, value in leaves(event) if path != ("type",) and isinstance(path[-1], str)]
    path, value = changeable[leaf % len(changeable)]
    if how == "new":
        new, path = 1, (*path[:-1], "brand_new")
        changed = with_leaf(event, path[:-1], {**inside(event, path[:-1]), "brand_new": 1})
    else:
        new = {"other": other_than(value), "null": None, "gone": ...}[how]
        changed = with_leaf(event, path, new)
    assume(new is not value)
    frame = Frame(at=events[place].at, source="server", event=changed)
    findings = compared(WHOLE[model], [*events[:place], frame, *events[place + 1 :]]).findings
    assert {each.event for each in findings} == {kind(events[place])}, told(findings)
    if not is_run(events[place]):
        assert len(findings) == 1, told(findings)
        assert findings[0].difference.path == written(path)
        assert findings[0].their_place is not None
        assert findings[0].their_place.frame == place


def inside(value: Any, path: tuple[str | int, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def written(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in path).removeprefix(".")
