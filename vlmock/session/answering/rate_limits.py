"""``rate_limits.updated``: how much of its allowance a session has left. Only with the reading ``rate_limits``."""

from collections.abc import Iterator
from typing import Final

from vlmock.protocol.response import RateLimit, RateLimitsUpdated
from vlmock.session.allowance import Allowance
from vlmock.session.state import SessionState

__all__ = ["rate_limits"]

_LIMITS: Final = {"requests": 1_000, "tokens": 120_000}
"""A minute. Documented (schema A7): tokens. Assumed {OAI}: that requests have a limit, and which."""


def rate_limits(state: SessionState, **taken: int) -> Iterator[RateLimitsUpdated]:
    """Something was taken, and so much is left. Documented {DOC}: name, limit, remaining, ``reset_seconds``.

    Assumed: ``reset_seconds`` is when all of it is back. Where sessions share their tokens, those are told of.
    """
    if not state.readings.rate_limits:
        return
    for name, most in _LIMITS.items():
        allowance = state.allowances.setdefault(name, Allowance(most))
        if taken.get(name):
            allowance.take(state.now, taken[name])
    shown = {**state.allowances, **({"tokens": state.tokens} if state.tokens is not None else {})}
    yield RateLimitsUpdated(rate_limits=[_shown(name, allowance, state.now) for name, allowance in shown.items()])


def _shown(name: str, allowance: Allowance, now: float) -> RateLimit:
    return RateLimit(
        name=name,
        limit=allowance.most,
        remaining=allowance.left(now),
        reset_seconds=round(allowance.full_again_s(now), 3),
    )
