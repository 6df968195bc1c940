"""When flite and espeak-ng say what, in their own words. Both are called again: they repeat themselves exactly."""

import json
import re
import subprocess
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, takewhile
from pathlib import Path
from typing import Final

from vlmock.scenario.pronunciation import PIECE
from vlmock.scenario.timed_speech import NO_PIECE, Phone
from vlmock.scenario.visemes import ARPABET, SILENCE, of_ipa

__all__ = ["espeak_times", "flite_times"]

_TIMEOUT_S: Final = 60.0
_ESPEAK_EVENTS: Final = Path(__file__).with_name("espeak_events.py")


def _told(*command: str) -> str | None:
    """The standard output of a command; None where it failed. What it is asked for can be done without."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


# ---- flite


def flite_times(folder: Path, text: str, legible: Callable[[str], str], options: Sequence[str]) -> list[Phone] | None:
    """``-psdur`` has the end of every segment. Which word it belongs to is not said, so the words are pronounced once
    more, each by itself, and what is heard is laid beside that.

    ``folder`` is to work in, ``legible`` makes of a text what flite can read, ``options`` say how it speaks. None where
    flite cannot be called.
    """
    line, words = folder / "line.txt", folder / "words.txt"
    pieces = [legible(piece) for piece in PIECE.findall(text)]
    line.write_text(legible(text), encoding="ascii")
    words.write_text("".join(f"{piece}\n\n" for piece in pieces if piece.strip()), encoding="ascii")
    spoken = _told("flite", *options, "-psdur", "-f", str(line), "-o", "none")
    alone = _told("flite", *options, "-ps", "-f", str(words), "-o", "none")
    if spoken is None or alone is None:
        return None
    segments = list(_segments(spoken))
    sounding = [name for name, _, _ in segments if name != "pau"]
    owners = iter(_owners(_expected(alone, pieces), sounding))
    return [
        Phone(begins, ends, ARPABET.get(name, 1), NO_PIECE if name == "pau" else next(owners))
        for name, begins, ends in segments
    ]


def _segments(spoken: str) -> Iterator[tuple[str, float, float]]:
    """Name, begin and end in milliseconds. A line is an utterance, whose times count from its beginning."""
    utterance_ms = 0.0
    for line in spoken.splitlines():
        ends_ms = utterance_ms
        for name, seconds in re.findall(r"(\S+?):([\d.]+)", line):
            begins_ms, ends_ms = ends_ms, utterance_ms + float(seconds) * 1000
            yield name, begins_ms, ends_ms
        utterance_ms = ends_ms


def _expected(alone: str, pieces: Sequence[str]) -> list[tuple[str, int]]:
    """The segments of each piece of the text, with its number. A paragraph is one utterance, so it has one line; where
    a piece made more of them, the lines after it are taken for the pieces after it."""
    numbers = [number for number, piece in enumerate(pieces) if piece.strip()]
    return [
        (name, number)
        for number, line in zip(numbers, alone.splitlines(), strict=False)
        for name in line.split()
        if name != "pau"
    ]


def _owners(expected: Sequence[tuple[str, int]], heard: Sequence[str]) -> list[int]:
    """For each segment that is heard the piece that it belongs to. Where the two differ, they agree again as soon as
    three segments in a row are the same."""
    names, owners = [name for name, _ in expected], [owner for _, owner in expected]
    found: list[int] = []
    place = 0
    while len(found) < len(heard) and owners:
        agreement = _agreement(names[place : place + _REACH + _IN_A_ROW], heard[len(found) :][: _REACH + _IN_A_ROW])
        ahead, odd = agreement or (1, 1)
        for number in range(odd):
            like = place + number * ahead // odd if ahead else place - 1
            found.append(owners[min(max(like, 0), len(owners) - 1)])
        place += ahead
        if agreement:
            found.append(owners[place])
            place += 1
    return found or [NO_PIECE] * len(heard)


_IN_A_ROW, _REACH = 3, 8


def _agreement(names: Sequence[str], heard: Sequence[str]) -> tuple[int, int] | None:
    """How many of each to leave out before both go on alike; as few as possible."""
    for left_out in range(2 * _REACH):
        for ahead in range(left_out + 1):
            row = names[ahead : ahead + _IN_A_ROW]
            if row and row == heard[left_out - ahead : left_out - ahead + _IN_A_ROW]:
                return ahead, left_out - ahead
    return None


# ---- espeak-ng


def espeak_times(folder: Path, text: str, legible: Callable[[str], str], words_per_minute: str) -> list[Phone] | None:
    """The events of its library. None where only the command is installed. ``legible`` keeps characters in place."""
    line = folder / "line.txt"
    line.write_text(legible(text), encoding="utf-8")
    told = _told(sys.executable, "-I", str(_ESPEAK_EVENTS), str(line), words_per_minute)
    if told is None:
        return None
    found = json.loads(told)
    pieces = list(PIECE.finditer(text))
    starts = [piece.start() for piece in pieces]
    ms = 1000 / found["rate_hz"]
    phones: list[Phone] = []
    piece = NO_PIECE
    for kind, what, sample in [*found["events"], ("phone", "", found["samples"])]:
        if kind == "word":
            piece = max(piece, bisect_right(starts, what) - 1)
            continue
        if phones:
            phones[-1] = phones[-1]._replace(ends_ms=sample * ms)
        viseme = of_ipa(what)
        phones.append(Phone(sample * ms, sample * ms, viseme, NO_PIECE if viseme == SILENCE else piece))
    _part_words_run_together(phones, [sum(map(str.isalnum, piece[0])) for piece in pieces])
    return phones


def _part_words_run_together(phones: list[Phone], letters: Sequence[int]) -> None:
    """*of the* and *that a* are one word to espeak-ng, named by the first: the sounds are shared out by letters."""
    spoken: dict[int, list[int]] = {}
    for place, phone in enumerate(phones):
        if phone.piece != NO_PIECE:
            spoken.setdefault(phone.piece, []).append(place)
    for piece, places in spoken.items():
        unspoken = takewhile(lambda number: number not in spoken, range(piece + 1, len(letters)))
        together = [piece, *(number for number in unspoken if letters[number])]
        ends = list(accumulate(max(letters[number], 1) for number in together))
        for number, place in enumerate(places):
            share = (number + 0.5) / len(places) * ends[-1]
            phones[place] = phones[place]._replace(piece=together[bisect_left(ends, share)])
