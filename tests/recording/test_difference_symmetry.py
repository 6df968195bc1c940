"""Who is named first makes no difference: what one comparison finds, the other finds the other way round."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.recording.clients import CLIENTS
from tests.recording.conversations import a_long_one
from tests.recording.line import Client
from tests.recording.test_replaying import SlowLine, recorded
from vlmock.protocol.recording.lines import Frame
from vlmock.recording.differences.beats import ID_NAMES
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.replay.conversation import Replay
from vlmock.recording.replay.manner import manner
from vlmock.recording.replay.planning import plan

WHOLE = {model: a_long_one(model) for model in ("gpt-realtime", "gpt-4.1")}
SWAPPED = {Grade.MISSING: Grade.EXTRA, Grade.EXTRA: Grade.MISSING}

edits = st.lists(
    st.tuples(
        st.sampled_from(["drop", "copy", "move", "change", "ids", "end"]),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
    ),
    max_size=6,
)


def edited(frames: list[Frame], changes: list[tuple[str, int, int]]) -> list[Frame]:
    for how, one, other in changes:
        here, there = one % len(frames), other % len(frames)
        frame = frames[here]
        match how:
            case "drop":
                del frames[here]
            case "end":
                del frames[max(here, 10) :]
            case "copy":
                frames.insert(there, frame)
            case "move":
                frames.insert(there, frames.pop(here))
            case "ids":
                others = {name: value for name, value in (frames[there].event or {}).items() if name in ID_NAMES}
                frames[here] = replace(frame, event={**(frame.event or {}), **others})
            case _:
                frames[here] = replace(frame, event={**(frame.event or {}), "brand_new": other})
    return frames


def findings(comparison: Comparison, *, turned: bool) -> Counter[tuple[str, str, str, Grade]]:
    return Counter(
        (each.source, each.path, each.difference.what, SWAPPED.get(each.grade, each.grade) if turned else each.grade)
        for each in comparison.findings
    )


def grades(comparison: Comparison, *, turned: bool) -> Counter[tuple[str, str, Grade]]:
    return Counter(
        (each.source, each.event, SWAPPED.get(each.grade, each.grade) if turned else each.grade)
        for each in comparison.judged
    )


@settings(max_examples=30)
@given(model=st.sampled_from(sorted(WHOLE)), one=edits, other=edits, broke_off=st.tuples(*[st.booleans()] * 2))
def test_the_second_against_the_first_finds_what_the_first_against_the_second_did(
    model: str, one: list[tuple[str, int, int]], other: list[tuple[str, int, int]], broke_off: tuple[bool, bool]
) -> None:
    """Whatever was dropped, copied, moved or changed in either, and whether it broke off: each event has the same grade
    both ways, and missing is extra."""
    whole = WHOLE[model]
    first, second = (
        replace(whole, frames=edited(list(whole.frames), each), end=None if broken else whole.end, broke_off=broken)
        for each, broken in zip((one, other), broke_off, strict=True)
    )
    forth, back = compare(first, second), compare(second, first)
    assert grades(forth, turned=False) == grades(back, turned=True), f"{as_text([forth])}\n{as_text([back])}"
    assert findings(forth, turned=False) == findings(back, turned=True), f"{as_text([forth])}\n{as_text([back])}"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_of_a_replay_agrees_with_what_was_replayed(client: Client) -> None:
    """Recorded, replayed at once to a client that takes its time, recorded again: nothing is different either way."""
    _, recording = recorded(client)
    line = SlowLine(Replay(plan(recording), manner("instant", "tolerant")), [1.0, 3.0])
    client(line)
    again = line.recording()
    for one, other in ((recording, again), (again, recording)):
        comparison = compare(one, other)
        assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])
