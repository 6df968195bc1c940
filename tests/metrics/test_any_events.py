"""Any events in any order, and any connections beside each other."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.timed import Timed
from vlmock.metrics.metrics import MEASURED, Metrics
from vlmock.metrics.turn import Turn


def seconds(most: int) -> st.SearchStrategy[float]:
    """Times that floats can add without rounding."""
    return st.integers(0, most * 64).map(lambda parts: parts / 64)


NAMES = st.sampled_from(["u1", "u2", "u3"])
RESPONSES = st.sampled_from(["r1", "r2", "r3"])
ANYTHING = st.one_of(
    st.tuples(st.sampled_from(["commits", "types", "asks", "plays", "silent", "still_plays"])),
    st.tuples(st.just("starts"), st.integers(0, 20_000), NAMES),
    st.tuples(st.just("stops"), st.integers(0, 20_000), NAMES),
    st.tuples(st.sampled_from(["committed", "transcript"]), NAMES),
    st.tuples(st.sampled_from(["answers", "says", "done"]), RESPONSES),
    st.tuples(st.just("sounds"), seconds(5), RESPONSES),
    st.tuples(st.just("truncates"), st.integers(0, 9000), RESPONSES),
    st.tuples(st.just("calls"), st.sampled_from(["a", "b"]), RESPONSES),
    st.tuples(st.just("returns"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("speaks"), st.floats(0.02, 3)),
)
TALKS = st.lists(st.tuples(seconds(30), ANYTHING), max_size=40)


def talk_of(steps: list[tuple[float, tuple[Any, ...]]], connection: int = 1) -> Timed:
    talk = Timed(connection=connection)
    for at, (what, *arguments) in steps:
        if what == "speaks":
            talk.speaks(*arguments, since=at)
        else:
            getattr(talk, what)(at, *arguments)
    return talk


def durations(turn: Turn) -> dict[str, float]:
    told = msgspec.structs.asdict(turn)
    if turn.barge_in is not None:
        told |= msgspec.structs.asdict(turn.barge_in)
    return {name: value for name, value in told.items() if name.endswith("_s") and value is not None}


@given(TALKS)
def test_no_duration_is_negative_and_what_follows_comes_later(steps):
    """Whatever a client or a service does, and the turns stand in the order in which they were told."""
    for turn in talk_of(steps).turns:
        assert all(value >= -1e-9 for value in durations(turn).values()), turn
        if turn.first_heard_s is not None:
            assert turn.first_audio_s is not None
        if turn.heard_by == "truncate":
            assert turn.first_heard_s >= turn.first_audio_s
        if turn.first_audio_s is not None:
            assert turn.response_created_s is not None
        assert (turn.overlap_s is None) or not (turn.overlap_s and turn.gap_s)


@given(TALKS, st.integers(0, 1000))
def test_when_it_began_makes_no_difference(steps, later):
    """The same conversation later has the same figures, but for the end of speech in the first block."""
    steps = [(at, step) for at, step in steps if step[0] != "speaks"]
    first = [durations(turn) for turn in talk_of(steps).turns]
    second = [durations(turn) for turn in talk_of([(at + later, step) for at, step in steps]).turns]
    assert [{name: round(value, 6) for name, value in each.items()} for each in first] == [
        {name: round(value, 6) for name, value in each.items()} for each in second
    ]


@given(st.lists(TALKS, max_size=3), st.randoms())
def test_connections_may_stand_in_any_order(talks, chance):
    """Each is measured by itself."""
    each = [talk_of(steps, number).turns for number, steps in enumerate(talks)]
    in_order = Metrics(lambda: ([turn for turns in each for turn in turns], []))
    chance.shuffle(each)
    shuffled = Metrics(lambda: ([turn for turns in each for turn in turns], []))
    for name in MEASURED:
        one, other = in_order.distribution(name), shuffled.distribution(name)
        assert sorted(one.values) == sorted(other.values)
        assert [one.figure(figure) for figure in ("min", "p50", "max")] == [
            other.figure(figure) for figure in ("min", "p50", "max")
        ]
    assert str(in_order).splitlines()[1:] == str(shuffled).splitlines()[1:]
