"""So much within any minute, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmock.session.allowance import Allowance


@pytest.mark.parametrize(
    ("taken", "now", "wait_s"),
    [
        ([], 0.0, 0.0),
        ([(0.0, 1)], 0.0, 0.0),
        ([(0.0, 1), (10.0, 1), (20.0, 1)], 20.0, 40.0),
        ([(0.0, 1), (10.0, 1), (20.0, 1)], 59.9, 0.1),
        ([(0.0, 1), (10.0, 1), (20.0, 1)], 60.0, 0.0),
        ([(0.0, 1), (10.0, 9)], 10.0, 60.0),
        ([(0.0, 9), (10.0, 1)], 10.0, 50.0),
        ([(0.0, 3), (10.0, 3)], 10.0, 60.0),
    ],
)
def test_what_is_taken_comes_back_after_a_minute(taken: list[tuple[float, int]], now: float, wait_s: float) -> None:
    """Three in a minute; what was taken beyond that has to come back first."""
    allowance = Allowance(3)
    for at, amount in taken:
        allowance.take(at, amount)
    assert allowance.wait_s(now) == pytest.approx(wait_s)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 5)), max_size=20), st.integers(1, 9))
def test_after_the_wait_and_not_before_it_there_is_something_left(steps: list[tuple[float, int]], most: int) -> None:
    """Whatever was taken, and when."""
    allowance, now = Allowance(most), 0.0
    for pause, amount in steps:
        now += pause
        allowance.take(now, amount)
    wait = allowance.wait_s(now)
    if wait > 0.001:
        assert allowance.wait_s(now + wait - 0.001) > 0
    assert allowance.wait_s(now + wait + 1e-6) == 0
