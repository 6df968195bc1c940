"""Two sequences side by side: which entry of the one is which of the other, at the least cost.

What is left out on one side costs 1; two entries that are put together cost what their unlikeness says, below 2, or
cannot be put together at all (None). So one missing entry makes no later one different.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import TypeVar

__all__ = ["A_HAIR", "aligned", "out_of_order"]

T = TypeVar("T")

A_HAIR = 1e-7
"""What a place more or less may weigh in unlikeness: between equals the nearer one wins."""


def aligned(
    theirs: Sequence[T], ours: Sequence[T], unlikeness: Callable[[T, T], float | None]
) -> list[tuple[T | None, T | None]]:
    """Pairs in order; None stands where one side has nothing. What is only theirs comes before what is only ours."""
    if len(theirs) == len(ours) and all(_near(theirs, ours, each, each, unlikeness) for each in range(len(ours))):
        return list(zip(theirs, ours, strict=True))
    begin, end = _alike_at_both_ends(theirs, ours, unlikeness)
    rows, columns = theirs[begin : len(theirs) - end], ours[begin : len(ours) - end]
    middle = _cheapest(rows, columns, unlikeness)
    head: list[tuple[T | None, T | None]] = list(zip(theirs[:begin], ours[:begin], strict=True))
    tail = zip(theirs[len(theirs) - end :], ours[len(ours) - end :], strict=True)
    return [*head, *middle, *tail]


def _alike_at_both_ends(
    theirs: Sequence[T], ours: Sequence[T], unlikeness: Callable[[T, T], float | None]
) -> tuple[int, int]:
    """How many entries cost nothing from the beginning on, and how many of the rest from the end on."""
    shorter = min(len(theirs), len(ours))

    def alike(one: int, other: int, step: int) -> bool:
        """Whether these two are alike, and their neighbours are not their likes as well: then it is not clear which."""
        return _near(theirs, ours, one, other, unlikeness) and not (
            _near(theirs, ours, one + step, other, unlikeness) or _near(theirs, ours, one, other + step, unlikeness)
        )

    begin = 0
    while begin < shorter and alike(begin, begin, 1):
        begin += 1
    end = 0
    while end < shorter - begin and alike(len(theirs) - 1 - end, len(ours) - 1 - end, -1):
        end += 1
    return begin, end


def _near(
    theirs: Sequence[T], ours: Sequence[T], one: int, other: int, unlikeness: Callable[[T, T], float | None]
) -> bool:
    if not (0 <= one < len(theirs) and 0 <= other < len(ours)):
        return False
    cost = unlikeness(theirs[one], ours[other])
    return cost is not None and cost < A_HAIR * 1e4


def _cheapest(
    theirs: Sequence[T], ours: Sequence[T], unlikeness: Callable[[T, T], float | None]
) -> list[tuple[T | None, T | None]]:
    """Needleman and Wunsch, from the end, so that the way back runs forward."""
    costs = [[float(len(ours) - column) for column in range(len(ours) + 1)]]
    for row in range(len(theirs) - 1, -1, -1):
        below = costs[-1]
        line = [0.0] * len(ours) + [below[-1] + 1]
        for column in range(len(ours) - 1, -1, -1):
            together = unlikeness(theirs[row], ours[column])
            best = min(below[column], line[column + 1]) + 1
            line[column] = best if together is None else min(best, together + below[column + 1])
        costs.append(line)
    costs.reverse()
    pairs: list[tuple[T | None, T | None]] = []
    row = column = 0
    while row < len(theirs) or column < len(ours):
        here = costs[row][column]
        if row < len(theirs) and column < len(ours):
            together = unlikeness(theirs[row], ours[column])
            if together is not None and here == together + costs[row + 1][column + 1]:
                pairs.append((theirs[row], ours[column]))
                row, column = row + 1, column + 1
                continue
        if row < len(theirs) and here == costs[row + 1][column] + 1:
            pairs.append((theirs[row], None))
            row += 1
        else:
            pairs.append((None, ours[column]))
            column += 1
    return pairs


def out_of_order(places: Sequence[int]) -> set[int]:
    """Which entries have to move, as few as can be, so that the numbers rise: those outside of a longest rising part.
    By their indices."""
    ends: list[int] = []
    """Of the best part of each length: the index of its last entry."""
    reached: list[int] = []
    """The same entries themselves."""
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(reached, place)
        before.append(ends[length - 1] if length else -1)
        ends[length : length + 1], reached[length : length + 1] = [index], [place]
    kept = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        kept.add(index)
        index = before[index]
    return set(range(len(places))) - kept
