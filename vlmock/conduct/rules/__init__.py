"""All rules. One file for each family; a family has its hundred."""

from typing import Final

from vlmock.conduct.rule import Rule
from vlmock.conduct.rules import (
    again,
    avatar,
    dialect,
    input_audio,
    items,
    responses,
    session,
    surprises,
    tools,
    transport,
    turns,
)

__all__ = ["FAMILIES", "RULES"]

FAMILIES: Final = (
    session,
    input_audio,
    turns,
    responses,
    tools,
    surprises,
    items,
    dialect,
    transport,
    again,
    avatar,
)
"""In the order in which they look: what explains an end looks before what only sees it."""

RULES: Final[tuple[Rule, ...]] = (*(rule for family in FAMILIES for rule in family.RULES), *items.LAST)
