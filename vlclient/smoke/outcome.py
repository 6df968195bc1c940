"""What came of a smoke test: its steps, what was measured, and the exit code that follows."""

from enum import Enum
from typing import Final

import msgspec

__all__ = ["BUDGETS", "KINDS", "TOO_SLOW", "WRONG_ANSWER", "Outcome", "Step", "Verdict", "Wrong"]

WRONG_ANSWER: Final = 9
TOO_SLOW: Final = 10
INTERRUPTED: Final = 130

KINDS: Final = {
    0: "good",
    1: "our fault",
    2: "wrong usage",
    3: "could not reach",
    4: "not allowed",
    5: "refused",
    6: "connection closed",
    WRONG_ANSWER: "wrong answer",
    TOO_SLOW: "too slow",
    INTERRUPTED: "stopped",
}
"""What the exit codes mean. Up to 9 they are those of ``vlclient chat``, whose 9 is an answer that never came or is
none of this protocol; 10 is ours alone."""

BUDGETS: Final = {
    "connect": 10.0,
    "update": 5.0,
    "transcript": 8.0,
    "first_text": 8.0,
    "first_audio": 8.0,
    "tool_answer": 15.0,
    "cancelled": 5.0,
    "close": 5.0,
    "total": 60.0,
}
"""In seconds, unless told otherwise: some two or three times the slowest that was observed (behaviour 7), so that only
what a user would complain about is too slow."""


class Verdict(Enum):
    """Of one step."""

    OK = "ok"
    SLOW = "too slow"
    WRONG = "FAILED"
    SKIPPED = "skipped"


class Wrong(Exception):
    """The service answered otherwise than it should, and there is nothing more to look at."""


class Step(msgspec.Struct, kw_only=True):
    """One thing that was tried."""

    name: str
    verdict: Verdict = Verdict.OK
    seconds: float = 0.0
    seen: str = ""
    """In one line."""
    findings: tuple[str, ...] = ()
    """What was wrong."""


class Outcome(msgspec.Struct, kw_only=True):
    """All of it; also what is written as JSON."""

    at: str
    """When it began: ISO 8601, in UTC."""
    endpoint: str
    model: str = ""
    """As the service calls itself."""
    session_id: str = ""
    exit_code: int = 0
    kind: str = KINDS[0]
    sentence: str = ""
    """What ended it early, and what to do; "" where nothing did."""
    steps: list[Step] = msgspec.field(default_factory=list)
    measured: dict[str, float] = msgspec.field(default_factory=dict)
    """In seconds, by the names of ``BUDGETS``; what did not happen is not there."""
    budgets: dict[str, float] = msgspec.field(default_factory=lambda: dict(BUDGETS))

    def ended(self, code: int, sentence: str = "") -> None:
        """It has come to this end."""
        self.exit_code, self.kind, self.sentence = code, KINDS.get(code, KINDS[1]), sentence
