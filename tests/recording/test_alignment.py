"""Two sequences side by side, at the least cost; and what is out of order, as little as can be said."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from vlmock.recording.differences.alignment import aligned, out_of_order

texts = st.text("abc", max_size=8)


def unlike(one: str, other: str) -> float | None:
    return 0.0 if one == other else None


def longest_common(one: str, other: str) -> int:
    """By trying."""
    parts = {"".join(part) for size in range(len(other) + 1) for part in combinations(other, size)}
    return max(len(part) for size in range(len(one) + 1) for part in combinations(one, size) if "".join(part) in parts)


@given(one=texts, other=texts)
def test_as_much_as_possible_stands_side_by_side(one: str, other: str) -> None:
    """Each side is all there, in order, and no alignment has more pairs."""
    pairs = aligned(one, other, unlike)
    assert "".join(left for left, _ in pairs if left is not None) == one
    assert "".join(right for _, right in pairs if right is not None) == other
    together = [left for left, right in pairs if left is not None and right is not None]
    assert all(left == right for left, right in pairs if left is not None and right is not None)
    assert len(together) == longest_common(one, other)


def test_the_cheaper_pair_is_taken() -> None:
    """Two that are less alike stand together only where that costs less than to leave both out."""

    def nearness(one: int, other: int) -> float:
        return min(1.9, abs(one - other) / 10)

    assert aligned([10, 20], [20], nearness) == [(10, None), (20, 20)]
    assert aligned([10], [28], nearness) == [(10, 28)]


@given(places=st.lists(st.integers(0, 50), max_size=9, unique=True))
def test_as_little_as_possible_is_out_of_order(places: list[int]) -> None:
    """Without what has moved the rest rises, and nothing less would do."""
    moved = out_of_order(places)
    rest = [place for index, place in enumerate(places) if index not in moved]
    assert rest == sorted(rest)
    longest = max(
        (size for size in range(len(places) + 1) for part in combinations(places, size) if rises(part)), default=0
    )
    assert len(rest) == longest


def rises(part: tuple[int, ...]) -> bool:
    return all(one < other for one, other in pairwise(part))
