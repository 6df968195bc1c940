"""Finds the recorded event that a client's event stands for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vlmock.protocol.wire import JsonObject
from vlmock.recording.replay.causes import ROUND_ENDS
from vlmock.recording.replay.comparison import differences
from vlmock.recording.replay.identifiers import Names
from vlmock.recording.replay.plan import Action, Plan

__all__ = ["Matching"]

_ROUNDS: Final = 2
"""So far ahead an event may be: what lies between was left out, or comes later."""
_FAR: Final = 50
"""So many events ahead may be one that is exactly what the client says."""


class Matching:
    """What of a recording's client has not come yet."""

    def __init__(self, plan: Plan, names: Names, *, in_order: bool) -> None:
        """``in_order``: only the next event of the recording can be meant."""
        self._plan = plan
        self._names = names
        self._in_order = in_order
        self._waiting = dict.fromkeys(range(len(plan.actions)))
        self._latest = -1
        self._latest_round_end = -1

    @property
    def waiting(self) -> list[int]:
        """The actions that have not come, in the order of the recording."""
        return list(self._waiting)

    @property
    def next(self) -> Action | None:
        """What comes next in the recording."""
        return self._plan.actions[first] if (first := next(iter(self._waiting), None)) is not None else None

    @property
    def is_past_the_last(self) -> bool:
        """Whether the last one has come, whatever was left out before it."""
        return len(self._plan.actions) - 1 not in self._waiting

    def find(self, kind: str, event: JsonObject) -> int | None:
        """The action that the client's event stands for, and now has come; None: it is not in the recording, or not
        hereabouts."""
        found = self._found(kind, event)
        if found is not None:
            del self._waiting[found]
        return found

    def came_before(self, number: int) -> Action | None:
        """The action that should have come after this one and came before it, where their order matters."""
        actions = self._plan.actions
        ends_round = actions[number].type in ROUND_ENDS
        before = self._latest if ends_round else self._latest_round_end
        self._latest = max(self._latest, number)
        if ends_round:
            self._latest_round_end = max(self._latest_round_end, number)
        return actions[before] if before > number else None

    def _found(self, kind: str, event: JsonObject) -> int | None:
        if self._in_order:
            first = next(iter(self._waiting), None)
            return first if first is not None and self._may_be(first, kind, event) else None
        near = [number for number in self._near() if self._may_be(number, kind, event)]
        if near:
            return min(near, key=lambda number: (self._distance(number, event), number))
        if kind in ROUND_ENDS:
            return None
        far = (number for number, _ in zip(self._waiting, range(_FAR), strict=False))
        return next((n for n in far if self._may_be(n, kind, event) and not self._distance(n, event)), None)

    def _near(self) -> Iterator[int]:
        rounds = 0
        for number in self._waiting:
            yield number
            rounds += self._plan.actions[number].type in ROUND_ENDS
            if rounds == _ROUNDS:
                return

    def _may_be(self, number: int, kind: str, event: JsonObject) -> bool:
        """The same type; an item of the same kind."""
        action = self._plan.actions[number]
        return action.type == kind and _kind_of_item(action.event) == _kind_of_item(event)

    def _distance(self, number: int, event: JsonObject) -> int:
        """How many differences there are; that of a call's output to another call's is beyond all others."""
        action = self._plan.actions[number]
        found = list(differences(action, event, self._names, self._plan.theirs))
        return len(found) + 1000 * any(difference.path.endswith("call_id") for difference in found)


def _kind_of_item(event: Mapping[str, Any]) -> tuple[Any, ...]:
    item = event.get("item")
    return (item.get("type"), item.get("role")) if isinstance(item, dict) else ()
