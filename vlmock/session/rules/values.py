"""The simplest rules, of which the others are made."""

from collections.abc import Iterable

from vlmock.protocol.wire import UnsetType
from vlmock.session import refusals

__all__ = ["check_choice", "check_choices", "check_not_empty", "check_range"]


def check_choice(value: str | UnsetType | None, allowed: Iterable[str], path: str) -> None:
    """A value out of a list, if there is one. Observed {IVW}: the words of the refusal."""
    if isinstance(value, str) and value not in (allowed := tuple(allowed)):
        raise refusals.wrong_enum(path, allowed, value)


def check_choices(values: Iterable[str] | UnsetType | None, allowed: Iterable[str], path: str) -> None:
    """Several values out of a list, if there are any."""
    if not isinstance(values, UnsetType | None):
        for value in values:
            check_choice(value, allowed, path)


def check_range(value: float | UnsetType | None, low: float, high: float | None, path: str) -> None:
    """A number between two others, both allowed, if there is one; ``high`` None is no bound."""
    if isinstance(value, int | float) and not (low <= value and (high is None or value <= high)):
        expected = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
        raise refusals.out_of_range(path, expected, value)


def check_not_empty(value: str | UnsetType | None, path: str) -> None:
    """Some text, if the member is there."""
    if value == "":
        raise refusals.malformed(path, f"{path.rpartition('.')[2]} must not be empty")
