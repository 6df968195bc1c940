"""Text spelled out as the sounds that the built-in voice makes, one letter a sound.

No dictionary and no claim to be right: it has to be about as long as the words, with vowels and consonants where the
words have them. Every script, digits, signs and emoji give something; the same text always gives the same sounds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from unicodedata import category, decomposition, digit, name, normalize

__all__ = ["CONSONANTS", "PIECE", "VOWELS", "WORD_GAP", "Phrase", "arpabet", "phrases"]

VOWELS = "aeiou"
CONSONANTS = "bdgptkmnNlrwjfvTszSZh"
"""As in X-SAMPA: N is the ng of *long*, T the th of *thin*, S the sh of *shoe*, Z the s of *measure*."""
WORD_GAP = " "

PIECE = re.compile(r"\S+")
"""What stands between spaces."""

_LONGEST_PHRASE = 160
"""Sounds before a breath is taken, so that what is rendered at once stays small."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said in one breath."""

    sounds: str
    """Letters of ``VOWELS`` and ``CONSONANTS``, and ``WORD_GAP`` between words."""
    words: tuple[int, ...]
    """Which piece of the text each word was made of: ``PIECE`` finds them."""
    ending: str
    """``,`` a short pause follows; ``.`` a sentence ends; ``?`` a question ends."""


def phrases(text: str) -> list[Phrase]:
    """The phrases of a text, none of them empty; no phrase at all when there is nothing to say."""
    found: list[Phrase] = []
    words: list[tuple[str, int]] = []
    for part, piece in _parts(text):
        if part in _STRENGTH:
            if words:
                found.extend(_breaths(words, part))
                words = []
            elif found and _STRENGTH[part] > _STRENGTH[found[-1].ending]:
                found[-1] = replace(found[-1], ending=part)  # "?!" and "...": the strongest mark counts
        else:
            words.append((_sounds(part), piece))
    if words:
        found.extend(_breaths(words, "."))
    return found


def _parts(text: str) -> Iterator[tuple[str, int]]:
    """Words of a to z and marks, each with the piece of the text that it comes from."""
    for number, piece in enumerate(PIECE.finditer(text)):
        with_space_around = text[max(piece.start() - 1, 0) : piece.end() + 1]
        for part in _PART.findall(_spelled(with_space_around)):
            yield part, number


def _breaths(words: list[tuple[str, int]], ending: str) -> Iterator[Phrase]:
    """The words as one phrase, or as several where they are too many."""
    sounds = WORD_GAP.join(said for said, _ in words)
    pieces = [piece for _, piece in words]
    while len(sounds) > _LONGEST_PHRASE:
        cut = sounds.rfind(WORD_GAP, 1, _LONGEST_PHRASE)
        cut = cut if cut > 0 else _LONGEST_PHRASE
        said, rest = sounds[:cut], sounds[cut:]
        whole = said.count(WORD_GAP) + rest.startswith(WORD_GAP)
        yield Phrase(said, tuple(pieces[: said.count(WORD_GAP) + 1]), ",")
        sounds, pieces = rest.lstrip(WORD_GAP), pieces[whole:]
    yield Phrase(sounds, tuple(pieces), ending)


# ---- text to the letters a to z and the marks , . ?

_PART = re.compile(r"[a-z]+|[,.?]")
_STRENGTH = {",": 0, ".": 1, "?": 2}

_WIDE_MARKS = str.maketrans(
    {"。": ". ", "．": ". ", "，": ", ", "、": ", ", "；": ", ", "：": ", ", "！": ". ", "？": "? "}
    | {"…": ", ", "—": ", ", "؟": "? ", "،": ", ", "।": ". "}
)
"""Marks that end a phrase without a space after them."""
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SIGNS = {"%": "percent", "$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "°": "degrees"} | {
    "&": "and", "@": "at", "+": "plus", "=": "equals"
}  # fmt: skip
_LETTERS = str.maketrans(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя" + "αβγδεζηθικλμνξοπρσςτυφχψω" + "æœøðþđłŋı",
    "abvgdeezziiklmnoprstufhccssiiieua" + "abgdezitiklmnxoprsstifhpo" + "eeodtdlni",
)
"""Cyrillic, Greek, and Latin letters that have no plainer one inside."""
_FIRST_SYLLABIC = 0x1100
"""From here on Unicode's other letters are syllables (Hangul, kana, ideographs), before they are sounds."""


def _spelled(text: str) -> str:
    text = normalize("NFKC", text.translate(_WIDE_MARKS)).casefold()
    text = re.sub(r"(?<=\d)\.(?=\d)", " point ", text)
    text = re.sub(r"(?<=\d)[,:](?=\d)|[.,:;?!]+(?=\w)", " ", text)  # 1,000 and vlmock.dev are no ends of phrases
    text = re.sub(r"\s-+\s", ", ", text).translate(_LETTERS)
    return "".join(_spelled_character(character, before) for before, character in zip(" " + text, text, strict=False))


def _spelled_character(character: str, before: str) -> str:
    if "a" <= character <= "z":
        return character
    if character in ".!?,;:":
        return {"!": ".", ";": ",", ":": ","}.get(character, character)
    if (value := digit(character, None)) is not None:
        return f" {_DIGITS[value]} "
    if character in _SIGNS:
        return f" {_SIGNS[character]} "
    kind = category(character)
    if kind[0] == "L":
        return _spelled_letter(character)
    if kind == "So":  # emoji and the like are called by their names; a row of them is called once
        return f" {name(character, '').lower()} " if character != before else ""
    joins = (kind[0] in "MC" and not character.isspace()) or character in "'’"
    return "" if joins else " "


def _spelled_letter(character: str) -> str:
    """An accented letter without its accent; a letter of another script as a sound or a syllable of its own."""
    base = decomposition(character).partition(" ")[0]
    if base.isalnum() and (plain := chr(int(base, 16)).translate(_LETTERS)).isascii():
        return plain
    code = ord(character)
    consonant, vowel = "bdgklmnprstvz"[code // 4 % 13], "aiou"[code % 4]
    if code >= _FIRST_SYLLABIC:
        return consonant + vowel
    return consonant if code % 2 else vowel


def arpabet(word: str) -> str:
    """A word of a to z in the phones of English dictionaries, as good as a guess."""
    return " ".join(_ARPABET[sound] for sound in _sounds(word.replace("'", "")))


# ---- letters to sounds

_GRAPHS = {letter: letter for letter in VOWELS + CONSONANTS if letter.islower()} | {
    "tch": "tS", "sch": "S", "th": "T", "sh": "S", "ch": "tS", "ph": "f", "wh": "w", "ck": "k", "ng": "N", "qu": "kw",
    "gh": "g", "c": "k", "q": "k", "x": "ks", "j": "dZ", "y": "i", "C": "s", "Y": "j",
}  # fmt: skip
_ARPABET = dict(zip("aeiou", ("AE", "EH", "IH", "OW", "AH"), strict=True)) | dict(
    zip(
        "bdgptkmnNlrwjfvTszSZh",
        ["B", "D", "G", "P", "T", "K", "M", "N", "NG", "L", "R", "W", "Y", "F", "V", "TH", "S", "Z", "SH", "ZH", "HH"],
        strict=True,
    )
)
_GRAPH = re.compile("|".join(sorted(_GRAPHS, key=len, reverse=True)))
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1+")
_SILENT_E = re.compile(r"(?<=[aeiouy][b-df-hj-np-tv-z])e$")


def _sounds(word: str) -> str:
    """The sounds of a word of a to z. Without any vowel it is read letter by letter: *tv*."""
    if not re.search("[aeiouy]", word):
        return "".join(_GRAPHS[letter] + "i" for letter in word)
    word = _SILENT_E.sub("", _DOUBLED.sub(r"\1", word))
    word = re.sub("c(?=[eiy])", "C", word)
    word = re.sub("y(?=[aeou])", "Y", word)
    return _GRAPH.sub(lambda match: _GRAPHS[match[0]], word)
