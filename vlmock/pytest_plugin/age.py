"""How old a recording is, and how old it may become: the service changes, and a recording does not."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["in_words", "lifetime", "oldest"]

_UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_WRITTEN: Final = re.compile(r"(\d+)\s*([mhdw])")
_NEVER: Final = ("", "never")


def lifetime(written: str | timedelta | None) -> timedelta | None:
    """``90d``, ``12h``, ``4w``, ``30m`` or a timedelta; None for ``never``. Raises ValueError for all else."""
    if written is None or isinstance(written, timedelta):
        return written
    if not isinstance(written, str):
        raise ValueError(f"{written!r} is no time: write 90d, 12h, 4w, or never")
    text = written.strip().lower()
    if text in _NEVER:
        return None
    found = _WRITTEN.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{written!r} is no time: write 90d, 12h, 4w, or never")
    try:
        return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise ValueError(f"{written!r} is longer than anybody will wait: write 90d, 12h, 4w, or never") from None


def oldest(started: Iterable[str]) -> datetime | None:
    """When the first of some recordings was made, from their heads; None when one of them does not say."""
    moments: list[datetime] = []
    for text in started:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        moments.append(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return min(moments, default=None)


def in_words(age: timedelta) -> str:
    """``91 days``, ``5 hours``, ``1 minute``: in the largest unit that fits."""
    for name, unit in (("day", _UNITS["d"]), ("hour", _UNITS["h"]), ("minute", _UNITS["m"])):
        if (number := age // unit) >= 1:
            return f"{number} {name}" if number == 1 else f"{number} {name}s"
    return "less than a minute"
