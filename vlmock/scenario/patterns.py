"""How a scenario compares: words, regular expressions, and parts of JSON.

Text is compared as people hear it: "what is the weather in beijing" equals "What is the weather in Beijing?".
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

__all__ = ["Contains", "Difference", "Regex", "TextPattern", "Words", "differences", "in_words", "normalised", "shown"]

Groups: TypeAlias = dict[int | str, str | None]
"""What a regular expression found: 0 is all of it, 1 the first group, and named groups by name."""


class Difference(msgspec.Struct, frozen=True):
    """One reason why something does not match."""

    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, got {self.got}"


# ---- text


_APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}]")
_BESIDE_IDEOGRAPHS = r"(?<=[\u3040-\u30ff\u3400-\u9fff]) | (?=[\u3040-\u30ff\u3400-\u9fff])"
"""Chinese and Japanese do not separate words; a space there only stands where punctuation was."""


def normalised(text: str) -> str:
    """The words alone: small letters, no punctuation, one space between them. Apostrophes join (``I'd`` is ``id``)."""
    folded = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in folded)
    return re.sub(_BESIDE_IDEOGRAPHS, "", " ".join(kept.split()))


class Words(msgspec.Struct, frozen=True):
    """Exactly these words."""

    text: str

    def match(self, text: str) -> Groups | None:
        wanted = normalised(self.text)
        return {0: text} if normalised(text) == wanted and (wanted or text.strip() == self.text.strip()) else None

    def example(self) -> str | None:
        return self.text

    def __str__(self) -> str:
        return repr(self.text)


class Contains(msgspec.Struct, frozen=True):
    """These words, with anything before and after them."""

    text: str

    def match(self, text: str) -> Groups | None:
        return {0: self.text} if f" {normalised(self.text)} " in f" {normalised(text)} " else None

    def example(self) -> str | None:
        return self.text

    def __str__(self) -> str:
        return f"text with {self.text!r} in it"


class Regex(msgspec.Struct, frozen=True):
    """A regular expression, found anywhere in the text as it was written."""

    pattern: re.Pattern[str]

    def match(self, text: str) -> Groups | None:
        found = self.pattern.search(text)
        if found is None:
            return None
        groups: Groups = {0: found[0]}
        groups.update(enumerate(found.groups(), 1))
        groups.update(found.groupdict())
        return groups

    def example(self) -> str | None:
        """The expression itself, where it is nothing but words."""
        source = self.pattern.pattern
        return source if re.fullmatch(r"[\w ,]+", source) else None

    def __str__(self) -> str:
        return f"a match of /{self.pattern.pattern}/"


class TextPattern(msgspec.Struct, frozen=True):
    """One of several ways to say it."""

    options: tuple[Words | Contains | Regex, ...]

    def match(self, text: str) -> Groups | None:
        """What was found, or None."""
        for option in self.options:
            if (groups := option.match(text)) is not None:
                return groups
        return None

    def example(self) -> str | None:
        """A text that matches, where one is plain to see."""
        return next(iter(self.examples()), None)

    def examples(self) -> list[str]:
        """A text for each of its ways to say it, where one is plain to see."""
        return [example for option in self.options if (example := option.example()) is not None]

    def __str__(self) -> str:
        return " or ".join(map(str, self.options))


# ---- JSON


def differences(expected: object, got: object, field: str) -> list[Difference]:
    """Where ``got`` is not what ``expected`` asks for.

    A mapping asks only for the members it names, a list for as many items in that order, a ``TextPattern`` for text
    (or a number, as it is written), everything else for the equal value.
    """
    match expected:
        case Mapping():
            return _mapping_differences(expected, got, field)
        case list() | tuple():
            if not isinstance(got, Sequence) or isinstance(got, str):
                return [Difference(field, f"a list of {len(expected)}", shown(got))]
            if len(got) != len(expected):
                return [Difference(field, f"a list of {len(expected)}", f"a list of {len(got)}")]
            pairs = enumerate(zip(expected, got, strict=True))
            return [found for n, (want, have) in pairs for found in differences(want, have, f"{field}[{n}]")]
        case TextPattern():
            text = shown(got) if isinstance(got, int | float) else got
            fits = isinstance(text, str) and expected.match(text) is not None
        case _:
            fits = isinstance(expected, bool) == isinstance(got, bool) and expected == got
    return [] if fits else [Difference(field, shown(expected), shown(got))]


def _mapping_differences(expected: Mapping[str, object], got: object, field: str) -> list[Difference]:
    if not isinstance(got, Mapping):
        return [Difference(field, f"a mapping with {', '.join(expected)}", shown(got))]
    found = []
    for key, want in expected.items():
        inner = f"{field}.{key}" if field else key
        if key in got:
            found += differences(want, got[key], inner)
        elif want is not None:
            found.append(Difference(inner, shown(want), "nothing"))
    return found


def shown(value: object) -> str:
    """A value as JSON would have it, short enough for a line."""
    if isinstance(value, TextPattern):
        return str(value)
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "…"


def in_words(shape: Mapping[str, object]) -> str:
    """Members of JSON to compare with, for people: ``status is "failed", error is {code is /x/}``."""
    return ", ".join(
        f"{key} is {'{' + in_words(value) + '}' if isinstance(value, Mapping) else shown(value)}"
        for key, value in shape.items()
    )
