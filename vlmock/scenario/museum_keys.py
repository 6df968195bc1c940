"""The keys of ``museum``, with which a scenario says which bug of a real client it is about."""

from typing import Any

from vlmock.scenario.kinds import Choice, Count, Flag, Key, ListOf, Record, Schema, Text, wrong
from vlmock.scenario.nodes import Node
from vlmock.scenario.story import ACTS, NEEDS, Act, Story

__all__ = ["MUSEUM"]


def _act(values: dict[str, Any], node: Node) -> Act:
    if len(values) != 1:
        raise node.place.complaint(f"one thing at a time: give it one of {', '.join(ACTS)}")
    ((does, what),) = values.items()
    if what is False:
        raise node.keys[does].complaint(f"{does}: write true, or leave it out")
    return Act(does, "" if what is True else what)  # type: ignore[arg-type]


_WITHOUT_WORDS = ("greets", "stops")
_ACT = Record(
    "act",
    "Something that is done on the client's side.",
    {does: Key(Flag() if does in _WITHOUT_WORDS else Text(), about) for does, about in ACTS.items()},
    _act,
)


class _LinkKind:
    """An address."""

    def read(self, node: Node, name: str) -> str:
        text: str = Text().read(node, name)
        if not text.startswith("https://") or " " in text:
            raise wrong(node, name, "a link that begins with https://")
        return text

    def schema(self, defs: Schema) -> Schema:
        return {"type": "string", "pattern": "^https://[^ ]+$"}


def _story(values: dict[str, Any], node: Node) -> Story:
    return Story(**values)


MUSEUM = Record(
    "museum",
    "A bug of a real client, and the question whether another one has it.",
    {
        "number": Key(Count(1), "Of the exhibit.", required=True),
        "bug": Key(_LinkKind(), "Where the bug was reported or mended.", required=True),
        "happened": Key(Text(), "What went wrong.", required=True),
        "question": Key(Text(), "Asked of another client; yes is the good answer.", required=True),
        "client": Key(ListOf(_ACT), "What the client has to be made to do, in this order.", required=True),
        "tools": Key(ListOf(Text(), single=True), "The functions that it has to offer."),
        "needs": Key(ListOf(Choice(tuple(NEEDS)), single=True), "What not every client can do."),
        "silent": Key(ListOf(Text(), single=True), "Rules of vlmock lint that must find nothing: VL401."),
        "connections": Key(Count(1), "How often the client has to connect; once unless given."),
    },
    _story,
)
