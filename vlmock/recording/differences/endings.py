"""Where a recording ends in the midst of something: what the other says beyond that is no difference."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from vlmock.recording.differences.beats import TRANSCRIPTION, Block, Lane
from vlmock.recording.differences.matching import Pair
from vlmock.recording.model import Recording

__all__ = ["CUT_OFF", "WHOLE", "Endings", "Short", "may_fall_short"]

Short: TypeAlias = tuple[bool, bool]
"""Whether there may be less of something in theirs, and in ours, because it was cut off."""
WHOLE: Final = (False, False)
CUT_OFF: Final = "it was cut off: how far it had come is a matter of time"

_ON_THE_WAY_S: Final = 0.25
"""How long an answer may take that comes at once."""
_THINKING_S: Final = 2.0
"""How long what is heard, written down or answered may take. Observed {FON, NB04}: from the end of speech to its
answer it is up to that."""
_TRANSCRIBED: Final = frozenset({f"{TRANSCRIPTION}completed", f"{TRANSCRIPTION}failed"})


class Endings:
    """How far both recordings reach."""

    def __init__(self, pairs: Sequence[Pair], recordings: tuple[Recording, Recording], *, clients: bool) -> None:
        """``clients``: both had a client of their own; otherwise ours is all that a server says to theirs."""
        self._broke_off = tuple(each.broke_off for each in recordings)
        turned = [pair.turned() for pair in pairs]
        self._open = (
            set(_open_blocks(pairs, self._broke_off[0], hung_up=True)),
            set(_open_blocks(turned, self._broke_off[1], hung_up=clients)),
        )
        reach = (math.inf if clients else _left_at(recordings[0]), math.inf)
        self._beyond = [
            {id(pair.beat) for pair in _beyond(*side)}
            for side in zip((pairs, turned), self._open, self._broke_off, reach, strict=True)
        ]

    def beyond(self, pair: Pair) -> bool:
        """Whether what only one of them has lies where the other had ended, or its client was leaving."""
        return id(pair.beat) in self._beyond[0 if pair.their is None else 1]

    def short(self, pair: Pair) -> Short:
        """What was cut off on both sides came as far as it came; what a recording ends in cannot be less elsewhere."""
        blocks = (pair.their_block, pair.our_block)
        ends = [
            id(block) in opened or (broke_off and pair.block.lane is Lane.CLIENT)
            for block, opened, broke_off in zip(blocks, self._open, self._broke_off, strict=True)
        ]
        cut_off = [end or (block is not None and _never_done(block)) for block, end in zip(blocks, ends, strict=True)]
        return (True, True) if all(cut_off) else (ends[0], ends[1])


def _never_done(block: Block) -> bool:
    return block.lane is Lane.RESPONSE and (block.cut_off or "response.done" not in block.types)


def may_fall_short(short: Short, theirs: float, ours: float) -> bool:
    """Whether so much of the one and of the other is because one was cut off."""
    return (short[0] and theirs <= ours) or (short[1] and ours <= theirs)


def _open_blocks(pairs: Sequence[Pair], broke_off: bool, *, hung_up: bool) -> Iterator[int]:
    """The last response of theirs, if it never was done; of what broke off, transcripts that were being written too.
    Of what did not, ``hung_up`` allows for a client that had left: then nothing else may have come later."""
    blocks = {id(pair.their_block): pair.their_block for pair in pairs if pair.their_block is not None}
    responses = [block for block in blocks.values() if block.lane is Lane.RESPONSE]
    if responses:
        last = max(responses, key=lambda block: block.first)
        ends_it = last.last == max(block.last for block in blocks.values())
        if "response.done" not in last.types and (broke_off or (hung_up and ends_it)):
            yield id(last)
    if broke_off:
        for name, block in blocks.items():
            if block.lane is Lane.TRANSCRIPTION and not block.types & _TRANSCRIBED:
                yield name


def _left_at(recording: Recording) -> float:
    """When the client hung up; infinite where it did not, or nobody took the time."""
    return recording.ended_at if recording.ended_by == "client" and recording.head.timed else math.inf


def _heard(pair: Pair, left_at: float) -> bool:
    """Whether a service had the time to say what only ours has."""
    takes = _ON_THE_WAY_S if pair.block.lane is Lane.SESSION else _THINKING_S
    return pair.beat.events[0].at + takes < left_at


def _beyond(pairs: Sequence[Pair], opened: set[int], broke_off: bool, left_at: float) -> Iterator[Pair]:
    """Of what only ours has: the rest of what theirs ends in; where theirs broke off, or its client left before it
    could be said, whatever comes after the last that both have, and transcripts of the last turn, which come when they
    come."""
    both = [pair for pair in pairs if pair.their and pair.our]
    last = max((pair.our.first for pair in both if pair.our), default=-1)
    turns = [pair for pair in both if pair.beat.type == "input_audio_buffer.committed"]
    turn = max((pair.our_block.first for pair in turns if pair.our_block), default=last)
    for pair in pairs:
        if pair.our is None or pair.their is not None:
            continue
        after = turn if pair.block.lane is Lane.TRANSCRIPTION else last
        ended = broke_off or not _heard(pair, left_at)
        if id(pair.their_block) in opened or (ended and pair.our.first > after):
            yield pair
