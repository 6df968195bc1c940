"""What a client does otherwise than in the recording, told as expected, got, where."""

from typing import Any, Final, Literal, TypeAlias

import msgspec

from vlmock.protocol.shown import on_one_line, shown

__all__ = ["Deviation", "Kind", "in_words"]

Kind: TypeAlias = Literal["different", "extra", "missing", "order", "early", "speech", "unsent"]

_LONGEST: Final = 200
"""Of a value in a sentence, in characters."""


class Deviation(msgspec.Struct, frozen=True):
    """One of them. ``str()`` reads ``rec/events.jsonl:13: response.create: expected …, got …``."""

    kind: Kind
    where: str
    """File and line (or recording and frame), type of the event and member: as much of it as there is."""
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, got {self.got}"


def in_words(value: Any) -> str:
    """A JSON value for a sentence: on one line, not too long, without secrets and base64."""
    told = shown({"it": value}, longest_text=_LONGEST)["it"]
    text = on_one_line(msgspec.json.encode(told).decode())
    return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST]}… (+{len(text) - 2 * _LONGEST} characters)"
