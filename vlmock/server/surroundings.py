"""Variables of this process that a server changes while it runs."""

import os
from collections.abc import Mapping

__all__ = ["Surroundings"]


class Surroundings:
    """Changes ``os.environ``, and knows how it was."""

    def __init__(self) -> None:
        self._before: dict[str, str | None] = {}

    def change(self, variables: Mapping[str, str | None]) -> None:
        """Set each variable; None takes it away."""
        for name, value in variables.items():
            self._before.setdefault(name, os.environ.get(name))
            _put(name, value)

    def restore(self) -> None:
        """As it was before the first change. Safe to call again."""
        while self._before:
            _put(*self._before.popitem())


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
