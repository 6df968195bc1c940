"""Text as the words that somebody would say, in the letters of an English dictionary.

Numbers have several readings: *12* is twelve, or one two; *1999* is also nineteen ninety nine. Each is a way to say the
sentence. What is not written in Latin letters cannot be spelled.
"""

import re
from collections.abc import Mapping
from itertools import product
from math import prod
from unicodedata import category, normalize

import msgspec

__all__ = ["Vocabulary", "ways_to_say"]

_MOST_WAYS = 64
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_SIGNS = {"%": "percent", "&": "and", "@": "at", "+": "plus", "=": "equals", "°": "degrees"}
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"

_PART = re.compile(
    rf"(?P<money>[{''.join(_MONEY)}])?(?P<number>\d[\d,]*(?:\.\d+)?)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|(?P<sign>[{re.escape(''.join(_SIGNS))}])|(?P<word>[a-z]+(?:'[a-z]+)*)|(?P<foreign>\w)"
)

Way = tuple[str, ...]


class Vocabulary(msgspec.Struct, frozen=True):
    """What may be said."""

    sentences: Mapping[str, str]
    """The sentence that each way to say it stands for."""
    pronunciations: dict[str, str]
    """For words that the dictionary may lack, in its phones."""


def ways_to_say(text: str) -> list[str]:
    """Each way to say it, as small words with a space between them; none when it cannot be spelled, or has no words."""
    parts = []
    for found in _PART.finditer(_plain(text)):
        if found["foreign"]:
            return []
        if found["number"]:
            parts.append(_numbers(found["number"], found["money"] or "", ordinal=bool(found["ordinal"])))
        else:
            parts.append([(found["word"] or _SIGNS[found["sign"]],)])
    if prod(map(len, parts)) > _MOST_WAYS:
        parts = [part[:1] for part in parts]
    ways = (" ".join(word for part in way for word in part) for way in product(*parts))
    return list(dict.fromkeys(filter(None, ways)))


def _plain(text: str) -> str:
    """Small letters without accents."""
    decomposed = normalize("NFKD", text.replace(_APOSTROPHE, "'").casefold())
    return "".join(char for char in decomposed if category(char) != "Mn")


def _numbers(digits: str, money: str, *, ordinal: bool) -> list[Way]:
    whole, _, fraction = digits.replace(",", "").partition(".")
    number = int(whole)
    if number >= 10**12:
        readings = [_one_by_one(whole)]
    elif ordinal:
        return [_ordinal(_cardinal(number))]
    else:
        readings = [_cardinal(number), *_other_readings(whole)]
    ending = ("point", *_one_by_one(fraction)) if fraction else ()
    return [(*reading, *ending, *([_MONEY[money]] if money else [])) for reading in dict.fromkeys(readings)]


def _other_readings(whole: str) -> list[Way]:
    if len(whole) < 2:
        return []
    readings = [_one_by_one(whole)]
    readings.append(tuple("oh" if word == "zero" else word for word in readings[0]))
    if len(whole) == 4 and whole[0] != "0" and whole[2:] != "00":
        last = ("oh", _ONES[int(whole[3])]) if whole[2] == "0" else _cardinal(int(whole[2:]))
        readings.append((*_cardinal(int(whole[:2])), *last))
    return readings


def _one_by_one(digits: str) -> Way:
    return tuple(_ONES[int(digit)] for digit in digits)


def _cardinal(number: int) -> Way:
    if number < 20:
        return (_ONES[number],)
    if number < 100:
        tens, ones = divmod(number, 10)
        return (_TENS[tens], *([_ONES[ones]] if ones else []))
    size, name = next(scale for scale in _SCALES if number >= scale[0])
    many, rest = divmod(number, size)
    return (*_cardinal(many), name, *(_cardinal(rest) if rest else ()))


def _ordinal(cardinal: Way) -> Way:
    *before, last = cardinal
    regular = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return (*before, _ORDINALS.get(last, regular))
