"""Two events, member by member: which are there, of which type, null or not, and how far their values agree."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.recording.lines import AUDIO_KEY
from vlmock.protocol.secrets import VEIL
from vlmock.protocol.shown import shown
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.beats import is_id
from vlmock.recording.differences.endings import CUT_OFF, WHOLE, Short
from vlmock.recording.differences.finding import Difference, Grade
from vlmock.recording.differences.links import Links
from vlmock.recording.differences.rules import bound_for

__all__ = ["Values", "brief", "id_shape", "number_differs", "texts_differ"]

_TEXTS: Final = frozenset(
    {
        "delta",
        "description",
        "instructions",
        "message",
        "output",
        "queries",
        "text",
        "transcript",
        "sdp",
        "server_sdp",
    }
)
"""Written by a person or a model."""
_UNORDERED: Final = frozenset({"modalities"})
_WAS_VEILED: Final = "a secret was replaced before it was recorded"
_LONGEST: Final = 80
"""Of a text in a report."""
_SHAPE: Final = re.compile(r"(?P<prefix>[A-Za-z]+_)?(?P<rest>.*)", re.DOTALL)
_ALPHABETS: Final = (
    ("digits", re.compile(r"\d+")),
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("hexadecimal", re.compile(r"[0-9a-f]{16,}")),
    ("letters and digits", re.compile(r"[0-9A-Za-z]+")),
)
_ID_LENGTHS_APART: Final = 4
"""Observed {FON, PAI}: 20 to 22 characters, in ``call_`` 16 to 24; further apart is worth a word."""


class Values:
    """Compares events of two recordings."""

    def __init__(
        self,
        links: Links,
        *,
        starts: tuple[float | None, float | None] = (None, None),
        names: tuple[str, str] = ("first", "second"),
    ) -> None:
        """``links``: which id is which. ``starts``: when the two sessions began, in seconds since
        1970, None where nobody knows: times on the wire count from there. ``names``: of the two recordings."""
        self.names = names
        self._links = links
        self._starts = starts

    def differences(
        self, kind: str, their: JsonObject, our: JsonObject, *, short: Short = WHOLE
    ) -> Iterator[Difference]:
        """Between two events of a type; ``short``: whose texts may be shorter."""
        yield from self._members(_At(kind, (), "", short), their, our)

    def each_has(self, theirs: str, ours: str) -> str:
        """For a reason: which of the two has what."""
        return f"{self.names[0]} has {theirs}, {self.names[1]} {ours}"

    def _members(self, at: "_At", their: Mapping[str, Any], our: Mapping[str, Any]) -> Iterator[Difference]:
        for name, value in their.items():
            inside = at.member(name)
            if name not in our:
                yield Difference(inside.path, Grade.MISSING, "member", theirs=brief(value))
            else:
                yield from self._values(inside, value, our[name])
        for name, value in our.items():
            if name not in their:
                yield Difference(at.member(name).path, Grade.EXTRA, "member", ours=brief(value))

    def _values(self, at: "_At", their: Any, our: Any) -> Iterator[Difference]:
        if their == our and type(their) is type(our) and not isinstance(their, dict | list):
            return
        if their is None or our is None:
            if their is not our:
                yield _different(at, "null", their, our)
        elif VEIL in (their, our) and _json_type(their) != _json_type(our):
            yield Difference(at.path, Grade.LOOSER, "value", brief(their), brief(our), _WAS_VEILED)
        elif _json_type(their) != _json_type(our):
            reason = self.each_has(_json_type(their), _json_type(our))
            yield Difference(at.path, Grade.DIFFERENT, "type", brief(their), brief(our), reason)
        elif isinstance(their, dict):
            if AUDIO_KEY not in their:
                yield from self._members(at, their, our)
        elif isinstance(their, list):
            yield from self._lists(at, their, our)
        elif isinstance(their, str):
            yield from self._strings(at, their, our)
        elif isinstance(their, bool):
            yield _different(at, "value", their, our)
        else:
            yield from self._numbers(at, their, our)

    def _lists(self, at: "_At", their: list[Any], our: list[Any]) -> Iterator[Difference]:
        if at.name in _UNORDERED and their != our and sorted(map(str, their)) == sorted(map(str, our)):
            reason = "their order flips from session to session (Observed {FON})"
            yield Difference(at.path, Grade.LOOSER, "value", brief(their), brief(our), reason)
            return
        if len(their) != len(our):
            yield _different(at, "length", their, our, reason=self.each_has(_counted(their), _counted(our)))
        for place, (one, other) in enumerate(zip(their, our, strict=False)):
            yield from self._values(at.entry(place), one, other)

    def _numbers(self, at: "_At", their: float, our: float) -> Iterator[Difference]:
        one, other = their, our
        if at.name == "expires_at":
            if None in self._starts:
                reason = "a time of day, and nobody wrote down when the session began"
                yield Difference(at.path, Grade.LOOSER, "number", their, our, reason)
                return
            one, other = (value - (start or 0) for value, start in zip((one, other), self._starts, strict=True))
        yield from number_differs(at.kind, at.path, one, other, shown_as=(their, our))

    def _strings(self, at: "_At", their: str, our: str) -> Iterator[Difference]:
        if VEIL in their + our or at.name in _TEXTS or at.name == "arguments":
            yield from texts_differ(at.path, self._links.in_our_ids(their), our, short=at.short)
        elif is_id(at.names):
            yield from self._ids(at, their, our)
        else:
            yield _different(at, "value", their, our)

    def _ids(self, at: "_At", their: str, our: str) -> Iterator[Difference]:
        one, other = id_shape(their), id_shape(our)
        if one != other:
            reason = self.each_has(_described(one), _described(other))
            yield Difference(at.path, Grade.DIFFERENT, "id", their, our, reason)
        elif at.name != "event_id" and not self._links.agree(their, our):
            expected = self._links.ours.get(their)
            reason = f"elsewhere {their} is {expected}" if expected else f"elsewhere {our} is {self._links.theirs[our]}"
            yield Difference(at.path, Grade.DIFFERENT, "link", their, our, reason)
        elif abs(len(their) - len(our)) > _ID_LENGTHS_APART:
            reason = self.each_has(f"{len(their)} characters", f"{len(our)}")
            yield Difference(at.path, Grade.LOOSER, "id", their, our, reason)


class _At(msgspec.Struct, frozen=True):
    """Where in an event we are."""

    kind: str
    names: tuple[str, ...]
    path: str
    short: Short

    @property
    def name(self) -> str:
        """Of the nearest member."""
        return self.names[-1] if self.names else ""

    def member(self, name: str) -> "_At":
        return _At(self.kind, (*self.names, name), f"{self.path}.{name}" if self.path else name, self.short)

    def entry(self, place: int) -> "_At":
        return _At(self.kind, self.names, f"{self.path}[{place}]", self.short)


def number_differs(
    kind: str, path: str, their: float, our: float, *, shown_as: tuple[float, float] | None = None
) -> Iterator[Difference]:
    """Two numbers, within the bounds that ``rules.BOUNDS`` has for them."""
    if their == our:
        return
    bound = bound_for(f"{kind}.{path}")
    theirs, ours = shown_as or (their, our)
    if bound is not None and bound.holds(their, our):
        yield Difference(path, Grade.LOOSER, "number", theirs, ours, bound.reason)
    else:
        yield Difference(path, Grade.DIFFERENT, "number", theirs, ours, "" if bound is None else "out of bounds")


def texts_differ(path: str, their: str, our: str, *, short: Short = WHOLE) -> Iterator[Difference]:
    """Two texts that a person or a model wrote; ``short``: which of them may be the beginning of the other."""
    if their == our:
        return
    reason = ""
    if (one := _parsed(their)) is not None and one == _parsed(our):
        reason = "the same JSON: whitespace is the model's own"
    elif _plain(their) == _plain(our):
        reason = "the same but for case, punctuation and spaces"
    elif _fits_veiled(their, our):
        reason = _WAS_VEILED
    elif (short[0] and _begins(our, their)) or (short[1] and _begins(their, our)):
        reason = CUT_OFF
    begin = max(0, _first_difference(their, our) - 20) if max(len(their), len(our)) > _LONGEST else 0
    yield Difference(
        path, Grade.LOOSER if reason else Grade.DIFFERENT, "text", _excerpt(their, begin), _excerpt(our, begin), reason
    )


def brief(value: Any) -> Any:
    """A value for a report: sound as its length, secrets as ``***``, long texts cut."""
    if isinstance(value, dict | list):
        return shown({"value": value}, longest_text=_LONGEST)["value"]
    return _excerpt(value, 0) if isinstance(value, str) else value


def _begins(whole: str, part: str) -> bool:
    """Whether it begins with that, as far as that is known where secrets were replaced."""
    if VEIL in whole + part:
        return _fits(part + VEIL, whole) or _plain(part).startswith(_plain(whole.split(VEIL)[0]))
    return _plain(whole).startswith(_plain(part))


def _fits_veiled(their: str, our: str) -> bool:
    """Whether what was left of a text, where secrets were replaced in it, is in the other, in that order."""
    return any(VEIL in veiled and _fits(veiled, other) for veiled, other in ((their, our), (our, their)))


def _fits(veiled: str, other: str) -> bool:
    first, *between, last = map(_plain, veiled.split(VEIL))
    text = _plain(other)
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    place, end = len(first), len(text) - len(last)
    for part in between:
        if (found := text.find(part, place, end)) < 0:
            return False
        place = found + len(part)
    return True


def _different(at: _At, what: str, their: Any, our: Any, *, reason: str = "") -> Difference:
    return Difference(at.path, Grade.DIFFERENT, what, brief(their), brief(our), reason)


def _excerpt(text: str, begin: int) -> str:
    text = shown({"text": text})["text"]
    cut = text[begin : begin + _LONGEST]
    return f"{'…' if begin else ''}{cut}{'…' if begin + _LONGEST < len(text) else ''}"


def _first_difference(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _parsed(text: str) -> Any:
    """The JSON object or list that a text is; None where it is none."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _counted(entries: list[Any]) -> str:
    return "1 entry" if len(entries) == 1 else f"{len(entries)} entries"


def _described(shape: tuple[str, str]) -> str:
    return " and ".join(filter(None, shape)) or "nothing"


def _json_type(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def id_shape(value: str) -> tuple[str, str]:
    """Its prefix, and what it is made of behind that."""
    found = _SHAPE.fullmatch(value)
    assert found is not None
    rest = found["rest"]
    alphabet = next((name for name, pattern in _ALPHABETS if pattern.fullmatch(rest)), "other characters")
    return found["prefix"] or "", alphabet if rest else ""
