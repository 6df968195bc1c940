"""So much within any stretch of time, and no more: connections, tokens, avatars."""

from collections import deque

__all__ = ["Allowance"]

PER_MINUTE_S = 60.0


class Allowance:
    """What was taken in the last ``per_s`` seconds may not exceed ``most``. Knows the time only from who asks."""

    def __init__(self, most: int, *, per_s: float = PER_MINUTE_S) -> None:
        self.most = most
        self._per_s = per_s
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def take(self, now: float, amount: int = 1) -> None:
        """Something is taken, whether or not there is so much left."""
        self._forget(now)
        self._taken.append((now, amount))
        self._sum += amount

    def wait_s(self, now: float) -> float:
        """Seconds until something more may be taken; 0.0 when it may be taken now."""
        self._forget(now)
        wait, left_over = 0.0, self._sum
        for taken_at, amount in self._taken:
            if left_over < self.most:
                break
            left_over -= amount
            wait = taken_at + self._per_s - now
        return wait

    def left(self, now: float) -> int:
        """How much more may be taken now."""
        self._forget(now)
        return max(0, self.most - self._sum)

    def full_again_s(self, now: float) -> float:
        """Seconds until nothing is missing."""
        self._forget(now)
        return max((taken_at + self._per_s - now for taken_at, amount in self._taken if amount), default=0.0)

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][0] + self._per_s <= now:
            self._sum -= self._taken.popleft()[1]
