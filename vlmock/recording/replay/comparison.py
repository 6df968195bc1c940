"""Holds what a client says against what was recorded, member by member."""

from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from vlmock.protocol.recording.lines import AUDIO_KEY
from vlmock.protocol.wire import JsonObject
from vlmock.recording.replay.deviations import in_words
from vlmock.recording.replay.identifiers import MEMBERS, Names
from vlmock.recording.replay.plan import Action

__all__ = ["Difference", "differences", "learn_names"]

REDACTED: Final = "***"
"""Where this stands in a recording, anything may stand."""
_MEASURED: Final = {
    ("conversation.item.truncate", "audio_end_ms"),
    ("session.avatar.connect", "client_sdp"),
    ("rtc.call.sdp.create", "sdp_offer"),
    ("session.update", "session.input_audio_sampling_rate"),
}
"""What two runs need not have in common: how much was heard, what a browser offers, how the client's own sound is
sampled. Any value will do."""
_NULL_IS_ABSENT: Final = frozenset({"event_id", "previous_item_id", "response", "response_id", "content_index", "id"})
"""Members for which null, nothing and an empty object say the same. Observed {SEED, PAI}."""
_ANY_ORDER: Final = frozenset({"modalities", "include", "output_audio_timestamp_types"})
"""Lists that are sets. Observed {FON}: the service turns them round itself."""


class Difference(msgspec.Struct, frozen=True):
    """Where two events differ."""

    path: str
    """``item.content[0].text``."""
    expected: str
    got: str


def differences(action: Action, got: JsonObject, names: Names, theirs: frozenset[str]) -> Iterator[Difference]:
    """Where an event differs from the recorded one. Names that the client gives may be any; those of the service, and
    those that the client gave before, must be what they are now. ``got`` is whole: its audio is base64."""
    return _Comparison(action, names, theirs).of(action.event, got, "")


class _Comparison:
    def __init__(self, action: Action, names: Names, theirs: frozenset[str]) -> None:
        self._type = action.type
        self._names = names
        self._theirs = theirs

    def of(self, expected: Any, got: Any, path: str) -> Iterator[Difference]:
        """Where two values differ."""
        if isinstance(expected, dict) and AUDIO_KEY in expected:
            yield from _of_audio(expected, got, path)
        elif isinstance(expected, dict) and isinstance(got, dict):
            yield from self._of_objects(expected, got, path)
        elif isinstance(expected, list) and isinstance(got, list):
            yield from self._of_lists(expected, got, path)
        elif not _same(expected, got):
            yield Difference(path, in_words(expected), in_words(got))

    def _of_objects(self, expected: JsonObject, got: JsonObject, path: str) -> Iterator[Difference]:
        for name in {**expected, **got}:
            at = f"{path}.{name}" if path else name
            theirs, ours = expected.get(name, msgspec.UNSET), got.get(name, msgspec.UNSET)
            if at == "event_id" or (self._type, at) in _MEASURED:
                continue
            if not path.startswith("session"):  # there null means off, and no name is anybody's invention
                if name in _NULL_IS_ABSENT:
                    theirs, ours = theirs or msgspec.UNSET, ours or msgspec.UNSET
                if name in MEMBERS and self._may_be(theirs, ours):
                    continue
            if theirs is msgspec.UNSET or ours is msgspec.UNSET:
                if theirs is not ours:
                    yield Difference(at, _shown(theirs), _shown(ours))
            else:
                yield from self.of(theirs, ours, at)

    def _of_lists(self, expected: list[Any], got: list[Any], path: str) -> Iterator[Difference]:
        if path.rpartition(".")[2] in _ANY_ORDER:
            if sorted(map(str, expected)) != sorted(map(str, got)):
                yield Difference(path, in_words(expected), in_words(got))
            return
        if len(expected) != len(got):
            yield Difference(path, f"{len(expected)} entries: {in_words(expected)}", f"{len(got)}: {in_words(got)}")
            return
        for index, (theirs, ours) in enumerate(zip(expected, got, strict=True)):
            yield from self.of(theirs, ours, f"{path}[{index}]")

    def _may_be(self, recorded: Any, now: Any) -> bool:
        """Whether a name is the right one: what the thing is called now, or one that the client gives here."""
        if recorded is msgspec.UNSET or now is msgspec.UNSET:
            given = now if recorded is msgspec.UNSET else recorded
            return isinstance(given, str) and given not in self._theirs
        if not isinstance(recorded, str) or not isinstance(now, str):
            return False
        called = self._names.now(recorded)
        return called == now or (recorded not in self._theirs and called == recorded)


def learn_names(action: Action, got: JsonObject, names: Names, theirs: frozenset[str]) -> None:
    """Remember what the client calls things this time."""
    _learn(action.event, got, names, theirs)
    item = got.get("item")
    called = item.get("id") if isinstance(item, dict) else None
    if action.adds and isinstance(called, str) and called:
        names.learn(action.adds, called)


def _learn(recorded: Any, now: Any, names: Names, theirs: frozenset[str]) -> None:
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name, member in recorded.items():
            called = now.get(name)
            if name == "session":
                continue
            if name in MEMBERS and isinstance(member, str) and member and member not in theirs:
                if isinstance(called, str) and called:
                    names.learn(member, called)
                elif name == "event_id":
                    names.learn(member, None)
            else:
                _learn(member, called, names, theirs)
    elif isinstance(recorded, list) and isinstance(now, list):
        for one, other in zip(recorded, now, strict=False):
            _learn(one, other, names, theirs)


def _of_audio(expected: JsonObject, got: Any, path: str) -> Iterator[Difference]:
    """Sound inside an item, as part of a history: how long it is."""
    try:
        size = len(b64decode(got)) if isinstance(got, str) else 0
    except ValueError:
        size = 0
    wanted = int(expected["bytes"])
    if not (size and wanted / 2 <= size <= wanted * 2):
        yield Difference(path, f"about {wanted} bytes of audio", f"{size}")


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, str) and isinstance(got, str) and REDACTED in expected:
        return _fits(got, expected.split(REDACTED))
    return (type(expected) is type(got) and bool(expected == got)) or _same_number(expected, got)


def _same_number(expected: Any, got: Any) -> bool:
    numbers = (int, float)
    return type(expected) in numbers and type(got) in numbers and bool(expected == got)


def _fits(text: str, pieces: list[str]) -> bool:
    """Whether a text consists of these pieces, with anything between them."""
    if not (text.startswith(pieces[0]) and text.endswith(pieces[-1])):
        return False
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        at = text.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return at <= len(text) - len(pieces[-1])


def _shown(value: Any) -> str:
    return "nothing" if value is msgspec.UNSET else in_words(value)
