"""When what is played is due: as soon as all that it waits for has happened, and as long after that as recorded."""

from collections.abc import Iterator
from heapq import heappop, heappush

from vlmock.recording.replay.plan import NOTHING, Plan

__all__ = ["Schedule"]


class Schedule:
    """Where one connection is in a plan. ``pace`` is how long a recorded second takes; 0 is at once."""

    def __init__(self, plan: Plan, *, pace: float) -> None:
        self._steps = plan.steps
        self._pace = pace
        self._missing = [len(step.after) + (step.action != NOTHING) + (step.mark != NOTHING) for step in plan.steps]
        self._since = [0.0] * len(plan.steps)
        """When the latest of what a step waits for happened."""
        self._following: list[list[int]] = [[] for _ in plan.steps]
        self._by_action: dict[int, list[int]] = {}
        self._by_mark: dict[int, list[int]] = {}
        for number, step in enumerate(plan.steps):
            for before in step.after:
                self._following[before].append(number)
            if step.action != NOTHING:
                self._by_action.setdefault(step.action, []).append(number)
            if step.mark != NOTHING:
                self._by_mark.setdefault(step.mark, []).append(number)
        self._due: list[tuple[float, int]] = []
        self.sent = [False] * len(plan.steps)

    def open(self, now: float) -> None:
        """The connection is open: what waits for nothing is due."""
        for number, missing in enumerate(self._missing):
            if not missing:
                self._ready(number, now)

    def did(self, action: int, now: float) -> None:
        """The client has done that."""
        for number in self._by_action.pop(action, ()):
            self._happened(number, now)

    def heard(self, mark: int, now: float) -> None:
        """So much of the client's sound has been heard."""
        for number in self._by_mark.pop(mark, ()):
            self._happened(number, now)

    def due(self, now: float) -> Iterator[int]:
        """The steps that are due by now, in the order in which they are to be sent. Taking one means sending it."""
        while self._due and self._due[0][0] <= now:
            instant, number = heappop(self._due)
            self.sent[number] = True
            yield number
            for follower in self._following[number]:
                self._happened(follower, instant)

    def next_deadline(self) -> float | None:
        """When the next step is due; None: only the client can bring that about."""
        return self._due[0][0] if self._due else None

    def has_left(self, kind: str) -> bool:
        """Whether a step of this type has not been sent."""
        return any(step.type == kind and not sent for step, sent in zip(self._steps, self.sent, strict=True))

    def _happened(self, number: int, instant: float) -> None:
        self._missing[number] -= 1
        self._since[number] = max(self._since[number], instant)
        if not self._missing[number]:
            self._ready(number, self._since[number])

    def _ready(self, number: int, instant: float) -> None:
        heappush(self._due, (instant + self._steps[number].delay * self._pace, number))
