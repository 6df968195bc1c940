"""Which event of one recording is which of the other: blocks first, then the beats in them, then the order of all.

What is only in one of them but has its like among what is only in the other has moved; it is one finding, not two.
Which of several equals is put with which, and which of two that changed places is said to have moved, may not depend on
which recording is named first: both are decided from the shorter one's side, and then told from the first's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeVar

import msgspec

from vlmock.recording.differences.alignment import A_HAIR, aligned, out_of_order
from vlmock.recording.differences.beats import APPENDS, Beat, Block, Lane

__all__ = ["Move", "Pair", "moves_in", "pairs_of"]

T = TypeVar("T")

_COUNTED: Final = (Lane.INPUT, Lane.TRANSCRIPTION, Lane.RESPONSE)
_OTHER_BLOCK: Final = 1.9
"""What it costs to put two blocks together that have next to nothing in common: less than to leave both out, but far
more for two pairs than to say that one block has moved."""
_OTHER_MEMBERS: Final = 0.4
"""The same for two events of one type."""


class Pair(NamedTuple):
    """A beat of the one and of the other; None where there is none."""

    their: Beat | None
    our: Beat | None
    their_block: Block | None
    our_block: Block | None
    about: str
    """Which part of the conversation they are of: ``response 2``."""

    @property
    def beat(self) -> Beat:
        beat = self.their or self.our
        assert beat is not None
        return beat

    @property
    def block(self) -> Block:
        block = self.their_block or self.our_block
        assert block is not None
        return block

    def turned(self) -> "Pair":
        """As it is seen from the other side."""
        return Pair(self.our, self.their, self.our_block, self.their_block, self.about)


class Move(NamedTuple):
    """A pair stands at different places."""

    pair: Pair
    past: Pair
    """What it has passed on the way; the nearest to where it stands in ours."""
    later: bool
    """Whether ours comes after that, and theirs before."""
    meanwhile: bool
    """Whether the two go on at the same time."""

    def turned(self) -> "Move":
        """As it is seen from the other side."""
        return Move(self.pair.turned(), self.past.turned(), not self.later, self.meanwhile)


def pairs_of(theirs: Sequence[Block], ours: Sequence[Block]) -> list[Pair]:
    """All beats of both sides, in the order of theirs; what is only ours stands behind what came before it."""
    their, our = (sorted(chain.from_iterable(block.beats for block in side), key=_place) for side in (theirs, ours))
    if _to_be_turned(their, our):
        return _in_order([pair.turned() for pair in _pairs(ours, theirs)])
    return _in_order(_pairs(theirs, ours))


def _place(beat: Beat) -> int:
    return beat.first


def _to_be_turned(theirs: Sequence[Beat], ours: Sequence[Beat]) -> bool:
    """Whether ours is to be looked from: it is shorter; or, of two that are equally long, it has what sorts first."""
    lengths = [sum(len(beat.events) for beat in side) for side in (theirs, ours)]
    if lengths[0] != lengths[1]:
        return lengths[0] > lengths[1]
    for spelled in (_type, _spelled):
        for one, other in zip(map(spelled, theirs), map(spelled, ours), strict=False):
            if one != other:
                return one > other
    return len(theirs) > len(ours)


def _type(beat: Beat) -> bytes:
    return beat.type.encode()


def _spelled(beat: Beat) -> bytes:
    return msgspec.json.encode([event.body for event in beat.events])


def _pairs(theirs: Sequence[Block], ours: Sequence[Block]) -> list[Pair]:
    pairs: list[Pair] = []
    for lane in Lane:
        their, our = (sorted((x for x in side if x.lane is lane), key=lambda x: x.place) for side in (theirs, ours))
        blocks = aligned(their, our, _unlike_blocks)
        blocks = _joined(blocks, _same_block)
        for number, (one, other) in enumerate(blocks, 1):
            about = f"{lane} {number}" if lane in _COUNTED else ""
            beats = aligned(_beats(one), _beats(other), _unlike_beats)
            pairs += [Pair(*together, one, other, about) for together in _joined(beats, _same_type)]
    return pairs


def _beats(block: Block | None) -> list[Beat]:
    return block.beats if block is not None else []


def _unlike_blocks(one: Block, other: Block) -> float | None:
    common = one.types & other.types
    if not common:
        return None
    alike = len(common) / len(one.types | other.types)
    if one.words != other.words:
        alike *= len(one.words & other.words) / max(len(one.words), len(other.words))
    return _OTHER_BLOCK * (1 - alike) + _away(one.place, other.place)


def _unlike_beats(one: Beat, other: Beat) -> float | None:
    if one.type != other.type:
        return None
    away = _away(one.first, other.first)
    mine, yours = one.leaves, other.leaves
    if mine == yours:
        return away
    unlike = sum(mine.get(path) != yours.get(path) for path in mine.keys() | yours.keys())
    return float(_OTHER_MEMBERS * unlike / len(mine.keys() | yours.keys())) + away


def _away(there: int, here: int) -> float:
    """Between equals the nearer one, and of two that are equally near the later: what is inserted pushes it on."""
    return A_HAIR * (abs(there - here) + (0.5 if here < there else 0.0))


def _joined(
    pairs: Sequence[tuple[T | None, T | None]], same: Callable[[T, T], bool]
) -> list[tuple[T | None, T | None]]:
    """What is left over on both sides and is the same stands together, where theirs stood."""
    left = [other for one, other in pairs if one is None and other is not None]
    joined = []
    for one, other in pairs:
        if one is not None and other is None:
            found = next((place for place, each in enumerate(left) if same(one, each)), None)
            other = None if found is None else left.pop(found)
        joined.append((one, other))
    alone = {id(each) for each in left}
    return [(one, other) for one, other in joined if one is not None or id(other) in alone]


def _same_type(one: Beat, other: Beat) -> bool:
    return one.type == other.type


def _same_block(one: Block, other: Block) -> bool:
    return one.types == other.types and one.words == other.words


def _in_order(pairs: list[Pair]) -> list[Pair]:
    places: list[tuple[int, int, Pair]] = []
    latest = -1
    for pair in sorted((pair for pair in pairs if pair.our), key=lambda pair: pair.our.first if pair.our else 0):
        if pair.their:
            latest = pair.their.first
        else:
            places.append((latest, pair.beat.first, pair))
    places += [(pair.their.first, -1, pair) for pair in pairs if pair.their]
    return [pair for *_, pair in sorted(places, key=lambda place: place[:2])]


# ---- order


class _Mark(NamedTuple):
    """Where a pair begins, or a stretch of runs ends."""

    theirs: int
    ours: int
    pair: Pair


def moves_in(pairs: Sequence[Pair]) -> list[Move]:
    """What stands elsewhere, as little as can be said. Transcripts of the user's words come when they come, so only
    their own order counts."""
    sides = (sorted(filter(None, side), key=_place) for side in zip(*[pair[:2] for pair in pairs], strict=True))
    if pairs and _to_be_turned(*sides):
        return [move.turned() for move in _moves_in(_in_order([pair.turned() for pair in pairs]))]
    return _moves_in(pairs)


def _moves_in(pairs: Sequence[Pair]) -> list[Move]:
    both = [pair for pair in pairs if pair.their and pair.our]
    main = [pair for pair in both if pair.block.lane is not Lane.TRANSCRIPTION]
    beside: dict[str, list[Pair]] = defaultdict(list)
    for pair in both:
        if pair.block.lane is Lane.TRANSCRIPTION:
            beside[pair.about].append(pair)
    return [move for part in (main, *beside.values()) for move in _moves(part)]


def _moves(pairs: Sequence[Pair]) -> Iterator[Move]:
    marks = sorted(_marks(pairs), key=lambda mark: mark.theirs)
    moved = out_of_order([mark.ours for mark in marks])
    told: set[int] = set()
    for index in sorted(moved):
        mark = marks[index]
        passed = [
            other
            for place, other in enumerate(marks)
            if place not in moved and (other.theirs < mark.theirs) != (other.ours < mark.ours)
        ]
        if not passed or id(mark.pair.beat) in told or _goes_with(marks, index, moved):
            continue
        told.add(id(mark.pair.beat))
        nearest = min(passed, key=lambda other: abs(other.ours - mark.ours))
        meanwhile = all(_meanwhile(mark, other) for other in passed)
        yield Move(mark.pair, nearest.pair, nearest.ours < mark.ours, meanwhile)


def _goes_with(marks: Sequence[_Mark], index: int, moved: set[int]) -> bool:
    """A block that moved as a whole is told of once: with its first beat."""
    if index - 1 not in moved:
        return False
    before, here = marks[index - 1], marks[index]
    return before.pair.block is here.pair.block and before.ours < here.ours


def _meanwhile(one: _Mark, other: _Mark) -> bool:
    """Whether, in one of the recordings, one of the two stands in the midst of what the other is a part of."""
    return one.pair.block is not other.pair.block and any(
        _amidst(mark.theirs, another.pair.their_block) or _amidst(mark.ours, another.pair.our_block)
        for mark, another in ((one, other), (other, one))
    )


def _amidst(place: int, block: Block | None) -> bool:
    return block is not None and block.first < place < block.last


def _marks(pairs: Sequence[Pair]) -> Iterator[_Mark]:
    """Runs that begin side by side are one stretch, with a beginning and an end: words and sound alternate in it."""
    stretches = _stretches(pairs)
    for pair in pairs:
        assert pair.their is not None
        assert pair.our is not None
        if not pair.their.is_run:
            yield _Mark(pair.their.first, pair.our.first, pair)
    for stretch in stretches:
        their = [pair.their for pair in stretch if pair.their]
        our = [pair.our for pair in stretch if pair.our]
        first = min(stretch, key=lambda pair: pair.our.first if pair.our else 0)
        yield _Mark(min(run.first for run in their), min(run.first for run in our), first)
        if their[0].type not in APPENDS:
            last = max(stretch, key=lambda pair: pair.our.last if pair.our else 0)
            yield _Mark(max(run.last for run in their), max(run.last for run in our), last)


def _stretches(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Runs that stand side by side in one of the recordings at least."""
    by_beat = {id(beat): pair for pair in pairs for beat in (pair.their, pair.our) if beat is not None and beat.is_run}
    stretch_of: dict[int, list[Pair]] = {}
    for pair in by_beat.values():
        stretch_of.setdefault(id(pair.beat), [pair])
    for block in {id(each): each for pair in pairs for each in (pair.their_block, pair.our_block) if each}.values():
        for one, other in zip(block.beats, block.beats[1:], strict=False):
            if id(one) in by_beat and id(other) in by_beat:
                first, second = (stretch_of[id(by_beat[id(beat)].beat)] for beat in (one, other))
                if first is not second:
                    first += second
                    stretch_of.update({id(each.beat): first for each in second})
    return list({id(stretch): stretch for stretch in stretch_of.values()}.values())
