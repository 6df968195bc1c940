"""Variables of this process that servers change while they run."""

import os
from collections.abc import Mapping
from threading import Lock

__all__ = ["Surroundings"]


class _Changes:
    """What running servers want of one variable: the youngest has it, and the last one to go leaves it as it was."""

    def __init__(self, before: str | None) -> None:
        self.before = before
        self.wanted: dict[Surroundings, str | None] = {}

    @property
    def value(self) -> str | None:
        return next(reversed(self.wanted.values()), self.before)


_changed: dict[str, _Changes] = {}
_lock = Lock()


class Surroundings:
    """One server's changes of ``os.environ``. Servers may stop in any order."""

    def change(self, variables: Mapping[str, str | None]) -> None:
        """Set each variable; None takes it away."""
        with _lock:
            for name, value in variables.items():
                changes = _changed.setdefault(name, _Changes(os.environ.get(name)))
                changes.wanted[self] = value
                _put(name, changes.value)

    def restore(self) -> None:
        """As it was before the first change, but for what others want. Safe to call again."""
        with _lock:
            for name, changes in list(_changed.items()):
                if self not in changes.wanted:
                    continue
                del changes.wanted[self]
                _put(name, changes.value)
                if not changes.wanted:
                    del _changed[name]


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
