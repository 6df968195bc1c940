"""What of a recording is left when a client has gone: what it did not do, and what it was therefore not told."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from vlmock.recording.replay.deviations import Deviation
from vlmock.recording.replay.plan import Action, Plan

__all__ = ["Progress", "described", "left_over"]

Root = tuple[str, int]
"""Why a step was not sent: ``action`` or ``mark`` and which, or ``time``."""
_TIME: Final[Root] = ("time", 0)


class Progress(msgspec.Struct, frozen=True):
    """How far one connection came."""

    sent: Sequence[bool]
    """Of each step."""
    undone: Sequence[int]
    """The actions that never came."""
    unheard: frozenset[int]
    """The marks that were not reached."""
    sound_ms: float
    """How much the client sent."""
    gone: bool
    """The connection has ended."""


def left_over(plan: Plan, progress: Progress, *, trailing: bool) -> list[Deviation]:
    """What did not come. ``trailing``: what came after the last complete answer counts as well; sound and the goodbye
    never do."""
    return list(_LeftOver(plan, progress, trailing).found())


def described(action: Action) -> str:
    """What the client did, for people: ``conversation.item.create (function_call_output)``."""
    item: Any = action.event.get("item")
    return f"{action.type} ({item.get('type')})" if isinstance(item, dict) else action.type


class _LeftOver:
    def __init__(self, plan: Plan, progress: Progress, trailing: bool) -> None:
        self._plan = plan
        self._progress = progress
        self._trailing = trailing
        self._waiting: dict[Root, list[int]] = {}
        """The steps that were not sent, by why not."""
        roots: dict[int, Root] = {}
        undone = set(progress.undone)
        for number, step in enumerate(plan.steps):
            if progress.sent[number]:
                continue
            before = next((roots[each] for each in step.after if each in roots), _TIME)
            if step.action in undone:
                before = ("action", step.action)
            elif before == _TIME and step.mark in progress.unheard:
                before = ("mark", step.mark)
            roots[number] = before
            self._waiting.setdefault(before, []).append(number)

    def found(self) -> Iterator[Deviation]:
        deviations = [*self._undone(), *self._unheard(), *self._unsent()]
        for _, deviation in sorted(deviations, key=lambda each: each[0]):
            yield deviation

    def _undone(self) -> Iterator[tuple[int, Deviation]]:
        for number in self._progress.undone:
            action = self._plan.actions[number]
            if action.trailing and not self._trailing:
                continue
            got = "nothing" + self._consequence(("action", number))
            yield action.frame, self._deviation("missing", action.frame, described(action), got)

    def _unheard(self) -> Iterator[tuple[int, Deviation]]:
        for root, steps in self._waiting.items():
            step = self._plan.steps[steps[0]]
            if root[0] != "mark" or step.trailing:
                continue
            mark = self._plan.marks[root[1]]
            speech = "the beginning of speech" if step.type.endswith("started") else "the end of speech"
            expected = f"{speech}, as after {mark.audio_ms / 1000:.1f} s of the recorded sound"
            got = f"{self._progress.sound_ms / 1000:.1f} s of sound without it{self._consequence(root)}"
            yield step.frame, self._deviation("speech", step.frame, expected, got)

    def _unsent(self) -> Iterator[tuple[int, Deviation]]:
        steps = [self._plan.steps[number] for number in self._waiting.get(_TIME, ())]
        steps = [each for each in steps if each.type != "(close)" and (self._trailing or not each.trailing)]
        if steps:
            more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
            got = "the end of the connection" if self._progress.gone else "nothing yet: its time has not come"
            expected = f"{steps[0].type}{more} to be sent"
            yield steps[0].frame, self._deviation("unsent", steps[0].frame, expected, got)

    def _consequence(self, root: Root) -> str:
        waiting = [self._plan.steps[number] for number in self._waiting.get(root, ())]
        waiting = [each for each in waiting if each.type != "(close)"]
        if not waiting:
            return ""
        if len(waiting) == 1:
            return f"; {waiting[0].type} waited for it"
        return f"; {len(waiting)} server events waited for it, from {waiting[0].type} to {waiting[-1].type}"

    def _deviation(self, kind: Any, frame: int, expected: str, got: str) -> Deviation:
        return Deviation(kind, self._plan.recording.place(frame), expected, got)
