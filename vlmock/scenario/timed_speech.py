"""From sounds with their times to what clients are told: words and visemes in whole milliseconds, strictly rising."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from unicodedata import category

from vlmock.scenario.pronunciation import PIECE
from vlmock.scenario.visemes import SILENCE
from vlmock.session.effects import SpeechMarks, TimedViseme, TimedWord

__all__ = ["NO_PIECE", "Phone", "marks_of", "scaled", "words_of"]

NO_PIECE = -1


class Phone(NamedTuple):
    """One sound of a speech, or a pause in it."""

    begins_ms: float
    ends_ms: float
    viseme: int
    piece: int = NO_PIECE
    """Which piece of the text (``PIECE``) it belongs to."""


def marks_of(text: str, phones: Sequence[Phone], duration_ms: float) -> SpeechMarks:
    """The marks of a speech that lasts so long, from its sounds in order of time.

    Where there are more of them than milliseconds, the last are left out.
    """
    return SpeechMarks(tuple(_words(text, phones, int(duration_ms))), tuple(_visemes(phones, int(duration_ms))))


def scaled(phones: Iterable[Phone], factor: float) -> list[Phone]:
    """The same, slower or faster."""
    return [phone._replace(begins_ms=phone.begins_ms * factor, ends_ms=phone.ends_ms * factor) for phone in phones]


# ---- visemes


def _visemes(phones: Iterable[Phone], end_ms: int) -> Iterator[TimedViseme]:
    """Observed {NETT}: each offset is above the one before, and the first above 0. Assumed: one for every sound, also
    where two look alike; a long silence is one."""
    offset_ms, viseme = 0, None
    for phone in phones:
        if phone.viseme == viseme == SILENCE:
            continue
        offset_ms, viseme = max(int(phone.begins_ms), offset_ms + 1), phone.viseme
        if offset_ms >= end_ms:
            return
        yield TimedViseme(offset_ms, viseme)


# ---- words


def _words(text: str, phones: Iterable[Phone], end_ms: int) -> Iterator[TimedWord]:
    pieces = [words_of(piece) for piece in PIECE.findall(text)]
    last_ms = -1
    for place, (begins_ms, ends_ms) in _spans(phones).items():
        words = pieces[place]
        said, letters = 0, sum(map(len, words))
        for word in words:
            starts, said = said, said + len(word)
            offset_ms = max(int(begins_ms + (ends_ms - begins_ms) * starts / letters), last_ms + 1)
            until_ms = max(int(begins_ms + (ends_ms - begins_ms) * said / letters), offset_ms + 1)
            if until_ms > end_ms:
                return
            last_ms = offset_ms
            yield TimedWord(word, offset_ms, until_ms - offset_ms)


def _spans(phones: Iterable[Phone]) -> dict[int, tuple[float, float]]:
    """From when to when each piece of the text sounds."""
    spans: dict[int, tuple[float, float]] = {}
    for phone in phones:
        if phone.piece != NO_PIECE:
            begins_ms, _ = spans.get(phone.piece, (phone.begins_ms, 0.0))
            spans[phone.piece] = begins_ms, phone.ends_ms
    return spans


_SYLLABIC = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PART = re.compile(rf"[{_SYLLABIC}]|[^{_SYLLABIC}–—…]+")
_SPOKEN_MARKS = "%&@#"


def words_of(piece: str) -> list[str]:
    """The words in a piece of text that has no space in it, without the punctuation around them.

    Documented {DOC}: a sample has ``end`` for the last word of a sentence. Assumed: where a script has no spaces, each
    character is a word.
    """
    return [word for part in _PART.findall(piece) if (word := _bare(part))]


def _bare(part: str) -> str:
    first, last = 0, len(part)
    while first < last and _is_punctuation(part[first]):
        first += 1
    while first < last and _is_punctuation(part[last - 1]):
        last -= 1
    return part[first:last]


def _is_punctuation(character: str) -> bool:
    return category(character)[0] in "PCZ" and character not in _SPOKEN_MARKS
