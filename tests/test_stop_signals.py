"""Ctrl-C and SIGTERM reach a command that waits for them, at whatever moment they come."""

import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

from vlmock.stop_signals import StopSignals

MOMENTS = 40
"""More steps than looking for a signal takes."""


@pytest.fixture(autouse=True)
def handlers_are_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    trace = sys.gettrace()
    yield
    sys.settrace(trace)
    for number, handler in before.items():
        signal.signal(number, handler)


def raising(number: signal.Signals, moment: int) -> Any:
    """Has the signal come at that step of the Python code that runs next."""
    steps = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal steps
        steps += 1
        if steps == moment:
            signal.raise_signal(number)
        return trace

    return trace


@pytest.mark.timeout(10)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", range(1, MOMENTS))
def test_a_signal_may_come_at_any_moment_of_waiting(number: signal.Signals, moment: int) -> None:
    """In the middle of it as well: the handler runs in the thread that waits, and neither waits for the other."""
    stopped = StopSignals()
    sys.settrace(raising(number, moment))
    came = stopped.wait(0.001)
    sys.settrace(None)
    if not came:
        signal.raise_signal(number)  # it was over before that moment, or just then
        assert stopped.wait(1)


def test_waiting_ends_when_the_time_is_over() -> None:
    """Nobody has said anything."""
    assert not StopSignals().wait(0.001)
