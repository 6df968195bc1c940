"""All checks, and the choice among them."""

from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module
from typing import Final

import msgspec

from vlclient.checks.check import Check, registered
from vlclient.errors import ConfigurationError

__all__ = ["SECTIONS", "Choice", "all_checks", "chosen"]

SECTIONS: Final = ("handshake", "session_defaults")
"""Modules of ``vlclient.checks.sections``, in the order of their numbers."""


@cache
def all_checks() -> tuple[Check, ...]:
    """By number."""
    for name in SECTIONS:
        import_module(f"vlclient.checks.sections.{name}")
    return tuple(registered())


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which checks are wanted."""

    only: tuple[str, ...] = ()
    """Numbers (``3.04``) and sections (``3``); empty for all."""
    without: tuple[str, ...] = ()
    most_responses: int | None = None
    """Leave out what has a model generate more than so many responses; None leaves nothing out."""
    slow: bool = True
    """Also those that wait for long."""


def chosen(choice: Choice) -> list[Check]:
    """Those that are wanted, by number. Raises ConfigurationError for a number that none has."""
    checks = all_checks()
    _check_numbers(checks, [*choice.only, *choice.without])
    return [
        check
        for check in checks
        if (not choice.only or _is_named(check, choice.only)) and not _is_named(check, choice.without)
        if choice.most_responses is None or check.cost.responses <= choice.most_responses
        if choice.slow or not check.cost.slow
    ]


def _is_named(check: Check, numbers: Collection[str]) -> bool:
    return check.number in numbers or check.number.split(".")[0] in numbers


def _check_numbers(checks: Sequence[Check], numbers: Sequence[str]) -> None:
    known = {check.number for check in checks} | {check.number.split(".")[0] for check in checks}
    for number in numbers:
        if number not in known:
            raise ConfigurationError(f"there is no check and no section {number!r}; --dry-run lists them")
