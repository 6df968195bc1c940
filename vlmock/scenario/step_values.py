"""What the values of steps are made of."""

from typing import Any

from vlmock.scenario.kinds import Either, Json, Key, Record, Schema, Text
from vlmock.scenario.nodes import Node
from vlmock.scenario.templates import compile_tree

__all__ = ["ARGUMENTS", "ERROR", "JSON", "TEMPLATED", "WORDS", "As", "words"]

WORDS = Text(template=True)
"""Text that may have gaps."""
JSON = Json(lambda tree, node: compile_tree(tree, node.place))
"""Any JSON whose texts may have gaps."""
TEMPLATED = Json(lambda tree, node: compile_tree(tree, node.place), mapping=True)
ARGUMENTS = Either("a mapping, or JSON as text", text=WORDS, mapping=TEMPLATED)
"""What is called with; text goes out as it stands, so that a client can be tested with broken JSON."""
ERROR = Either("why it fails, or a mapping", text=WORDS, mapping=TEMPLATED)


def words(about: str, required: bool = False) -> Key:
    """Text that may have gaps, as a key."""
    return Key(WORDS, about, required)


class As:
    """A single value, read as the member of that name."""

    def __init__(self, member: str, kind: Any, record: Record | None = None) -> None:
        self._member, self._kind, self._record = member, kind, record

    def read(self, node: Node, name: str) -> dict[str, Any]:
        values = {self._member: self._kind.read(node, name)}
        return self._record.build(values, node) if self._record else values

    def schema(self, defs: Schema) -> Schema:
        found: Schema = self._kind.schema(defs)
        return found
