"""The bytes between two moving ends are those that one long array would hold."""

import random

from hypothesis import given
from hypothesis import strategies as st

from vlmock.session.listening.held_audio import HeldAudio

SIZES = st.one_of(st.integers(0, 40), st.integers(500, 3000))
STEPS = st.lists(st.tuples(st.sampled_from(["append", "forget", "part"]), SIZES, SIZES), max_size=60)


@given(STEPS, st.randoms(use_true_random=False))
def test_it_holds_what_an_array_would(steps: list[tuple[str, int, int]], dice: random.Random) -> None:
    held, array = HeldAudio(), bytearray()
    for step, size, other in steps:
        if step == "append":
            block = dice.randbytes(size)
            held.append(block)
            array += block
        elif step == "forget":
            held.forget(size)
            del array[:size]
        else:
            first, last = sorted((size, other))
            assert held.part(first, last) == array[first:last]
        assert len(held) == len(array)
    assert held.part(0, len(held)) == array


def test_a_block_is_not_kept_for_its_end() -> None:
    held = HeldAudio()
    held.append(b"x" * 100_000)
    held.forget(99_000)
    assert [len(block) for block in held._blocks] == [1_000]


def test_small_blocks_become_few() -> None:
    held = HeldAudio()
    for _ in range(10_000):
        held.append(b"ab")
    assert len(held._blocks) < 50
    assert held.part(0, 20_000) == b"ab" * 10_000
