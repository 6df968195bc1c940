"""How much a resource may be used: new connections and tokens by the minute. No limit unless asked for."""

from math import ceil

from vlmock.server.handshake import Refused
from vlmock.session.allowance import Allowance

__all__ = ["Quota"]


class Quota:
    """What all clients of one server share. Documented {DOC}, for an S0 resource: 30 connections, 120,000 tokens."""

    def __init__(self, *, connections_per_minute: int | None = None, tokens_per_minute: int | None = None) -> None:
        """None: no limit. Raises ValueError for one that nothing fits into."""
        for name, most in (("connections", connections_per_minute), ("tokens", tokens_per_minute)):
            if most is not None and most < 1:
                raise ValueError(f"{name}_per_minute is a whole number from 1, or None for no limit, not {most}")
        self._connections = None if connections_per_minute is None else Allowance(connections_per_minute)
        self.tokens = None if tokens_per_minute is None else Allowance(tokens_per_minute)
        """What the responses of all sessions spend."""

    def admit(self, now: float) -> Refused | None:
        """Count one more connection, or say why there can be none.

        Assumed {OAI}: HTTP 429, seen on a sister service; ``Retry-After`` in seconds.
        """
        for what, allowance in (("connections", self._connections), ("tokens", self.tokens)):
            wait_s = allowance.wait_s(now) if allowance is not None else 0.0
            if wait_s > 0 and allowance is not None:
                seconds = max(1, ceil(wait_s))
                message = (
                    f"The resource has used its {allowance.most} {what} per minute. "
                    f"Retry after {seconds} second{'' if seconds == 1 else 's'}."
                )
                return Refused(429, message, (("Retry-After", str(seconds)),))
        if self._connections is not None:
            self._connections.take(now)
        return None
