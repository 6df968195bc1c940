"""What a check found, and the exceptions by which it ends early."""

from enum import Enum

import msgspec

from vlclient.checks.check import Check
from vlclient.checks.wire import Seen

__all__ = ["Falsified", "Finding", "Inconclusive", "NotOffered", "Outcome", "Verdict"]


class Verdict(Enum):
    """From best to worst, then those that say nothing about the server."""

    PASSED = "passed"
    LOOSELY = "passed loosely"
    """Not to the letter, and no client would mind."""
    FAILED = "failed"
    NOT_OFFERED = "not offered"
    """The server says that it does not have this, in the way the service says so."""
    INCONCLUSIVE = "inconclusive"
    """It could not be tried: what had to come before did not come, or the model said something else."""
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """Something that was not as expected."""

    expected: str
    got: str
    frame: int | None = None
    """Which of the frames of the check shows it, counting from 1."""

    def __str__(self) -> str:
        where = f" (frame {self.frame})" if self.frame else ""
        return f"expected {self.expected}, got {self.got}{where}"


class Outcome(msgspec.Struct, frozen=True):
    """One check, tried."""

    check: Check
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """Why it was skipped, inconclusive, or not offered."""
    seconds: float = 0.0
    frames: tuple[Seen, ...] = ()
    """As reports may show them."""
    unanswered: bool = False
    """It was connected, and waited in vain."""


class Falsified(Exception):
    """The requirement is not met, and there is nothing more to look at."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(str(finding))


class NotOffered(Exception):
    """The server does not have what this check is about."""


class Inconclusive(Exception):
    """The check cannot say."""
