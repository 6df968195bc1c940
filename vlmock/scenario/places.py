"""Where something in a scenario was written, and complaints that name the place."""

from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar

import msgspec

from vlmock.errors import ScenarioError

__all__ = ["Complaints", "Gathering", "Place", "one_error"]

P = ParamSpec("P")
T = TypeVar("T")


class Place(msgspec.Struct, frozen=True):
    """A line of a file, ``weather.yaml:7``; in Python data the way to the value, ``turns[0].reply[1]``."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def error(self, message: str) -> ScenarioError:
        return ScenarioError(message, file=self.file, line=self.line)

    def complaint(self, message: str) -> "Complaints":
        return Complaints([self.error(message)])


class Complaints(Exception):
    """Everything that is wrong with one part of a scenario. Never leaves this package: ``one_error`` closes it."""

    def __init__(self, errors: Sequence[ScenarioError]) -> None:
        super().__init__(errors)
        self.errors = list(errors)


class Gathering:
    """Reads the parts of something one by one, so that all their complaints come together."""

    def __init__(self) -> None:
        self.errors: list[ScenarioError] = []

    def attempt(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What ``read`` returns, or None when it complains."""
        try:
            return read(*args, **kwargs)
        except Complaints as complaints:
            self.errors += complaints.errors
            return None

    def add(self, place: Place, message: str) -> None:
        self.errors.append(place.error(message))

    def close(self) -> None:
        """Raises ``Complaints`` if there were any."""
        if self.errors:
            raise Complaints(self.errors)


def one_error(complaints: Complaints) -> ScenarioError:
    """One error for all: in the order of the file, each on a line of its own."""
    first, *others = sorted(complaints.errors, key=lambda error: error.line or 0)
    return ScenarioError("\n".join([first.message, *map(str, others)]), file=first.file, line=first.line)
