"""All checks, and the choice among them."""

import pkgutil
from collections.abc import Collection, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import import_module

import msgspec

import vlclient.checks.sections
from vlclient.checks.check import Check, registered
from vlclient.errors import ConfigurationError

__all__ = ["Choice", "all_checks", "chosen", "why_left_out"]


@cache
def all_checks() -> tuple[Check, ...]:
    """By number: those of every module in ``vlclient.checks.sections``."""
    package = vlclient.checks.sections
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        import_module(found.name)
    return tuple(registered())


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which checks are wanted."""

    only: tuple[str, ...] = ()
    """Numbers (``3.04``), sections (``3``) and names; empty for all."""
    without: tuple[str, ...] = ()
    slow: bool = True
    """Also those that wait for long."""
    expensive: bool = True
    """Also those that cost much: see ``Cost.is_high``."""
    most_responses: int | None = None
    """Leave out those for which a model generates more than so many responses, and say no more of their cost."""


def chosen(choice: Choice) -> list[Check]:
    """Those that are asked for, by number, whatever they cost. Raises ConfigurationError for a number that none has."""
    checks = all_checks()
    _check_numbers(checks, [*choice.only, *choice.without])
    return [
        check
        for check in checks
        if (not choice.only or _is_named(check, choice.only)) and not _is_named(check, choice.without)
    ]


def why_left_out(check: Check, choice: Choice) -> str:
    """Why it costs too much; "" where it does not, and where it was asked for by its own number."""
    cost = check.cost
    if check.number in choice.only or check.name in choice.only:
        return ""
    if cost.slow and not choice.slow:
        return "it is slow: --slow tries it"
    if choice.most_responses is not None and cost.responses > choice.most_responses:
        return f"it takes {cost.responses} responses, more than --most-responses"
    if choice.most_responses is None and cost.is_high and not choice.expensive:
        return "it costs much: --expensive tries it"
    return ""


def _is_named(check: Check, numbers: Collection[str]) -> bool:
    return any(name in numbers for name in _names(check))


def _names(check: Check) -> tuple[str, ...]:
    return check.number, check.number.split(".")[0], check.name


def _check_numbers(checks: Sequence[Check], numbers: Sequence[str]) -> None:
    known = {name for check in checks for name in _names(check)}
    for number in numbers:
        if number not in known:
            raise ConfigurationError(
                f"there is no check and no section {number!r}{_meant(number, known)}; --dry-run lists them"
            )


def _meant(number: str, known: Collection[str]) -> str:
    """``3.4`` is what one types for 3.04."""
    section, _, place = number.partition(".")
    near = [
        f"{section.lstrip('0')}.{place:0>2}",
        *get_close_matches(number, [name for name in known if "_" in name], n=1),
    ]
    meant = next((name for name in near if name in known), "")
    return f" (did you mean {meant!r}?)" if meant else ""
