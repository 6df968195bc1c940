"""How many avatars there are for all sessions together: a server has one pool, as a resource of Azure has.

Documented (behaviour 1.4) and observed {VIBE}: so many new ones in any sixty seconds, by the time each was made, and
ending one gives nothing back; so many at once, and ending one does.
"""

from typing import Final

import msgspec

from vlmock.session import refusals
from vlmock.session.allowance import Allowance

__all__ = ["AVATAR_TROUBLES", "NEW_PER_MINUTE", "AvatarPool", "Seat"]

AVATAR_TROUBLES: Final = ("capacity_exceeded", "resource_exhausted")
"""Why there may be none to be had, whatever the pool says. Observed {JOR}: the service has two words for it."""
NEW_PER_MINUTE: Final = {"two": 2, "three": 3}
"""By ``Readings.avatar_rate``."""
_AT_ONCE: Final = 5
"""Observed {VIBE}: the sixth is refused, and there is room again as soon as one has ended."""


class Seat(msgspec.Struct, eq=False):
    """An avatar that is being shown."""


class AvatarPool:
    """The avatars of one server."""

    def __init__(self) -> None:
        self._made = {rate: Allowance(most) for rate, most in NEW_PER_MINUTE.items()}
        self._seats: set[Seat] = set()

    def take(self, now: float, *, rate: str) -> Seat:
        """One more, at a rate of ``NEW_PER_MINUTE``. Raises Refused when there are too many already.

        ``now``: a clock that all sessions share.
        """
        wait_s = self._made[rate].wait_s(now)
        if wait_s > 0:
            raise refusals.avatar_rate_limited(wait_s)
        if len(self._seats) >= _AT_ONCE:
            raise refusals.avatar_resource_exhausted()
        for made in self._made.values():
            made.take(now)
        seat = Seat()
        self._seats.add(seat)
        return seat

    def give_back(self, seat: Seat) -> None:
        """It is shown no longer. Safe to call again."""
        self._seats.discard(seat)
