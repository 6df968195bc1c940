"""Service, emulator and documentation side by side: who is wrong where they differ."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from vlclient.checks.check import Check, Label
from vlclient.checks.verdicts import Outcome, Verdict

__all__ = ["Compared", "compare"]

_GOOD: Final = (Verdict.PASSED, Verdict.LOOSELY)

_SERVICE_ALONE_DIFFERS: Final[Mapping[Label, str]] = {
    "Documented": "the service has changed, or the documentation is wrong; the emulator follows the documentation",
    "Observed": "the service has changed since it was observed; the emulator does as it did then",
    "Assumed": "the assumption is wrong, and the emulator with it",
}
_BOTH_DIFFER: Final[Mapping[Label, str]] = {
    "Documented": "the documentation is wrong, or this check: service and emulator both do otherwise",
    "Observed": "the observation is out of date, or this check wrong: service and emulator both do otherwise",
    "Assumed": "the assumption is wrong, or this check: service and emulator both do otherwise",
}


class Compared(msgspec.Struct, frozen=True):
    """One check, tried on both."""

    check: Check
    service: Verdict
    emulator: Verdict
    who: str
    """Who is wrong; "" where nobody is, or nobody can say."""


def compare(service: Sequence[Outcome], emulator: Sequence[Outcome]) -> list[Compared]:
    """Those that were tried on the service, in their order."""
    theirs = {outcome.check.number: outcome for outcome in service}
    ours = {outcome.check.number: outcome for outcome in emulator}
    return [
        Compared(outcome.check, outcome.verdict, ours[number].verdict, _who(outcome, ours[number]))
        for number, outcome in theirs.items()
        if number in ours
    ]


def _who(service: Outcome, emulator: Outcome) -> str:
    label = service.check.label
    match service.verdict, emulator.verdict:
        case ((Verdict.PASSED | Verdict.LOOSELY), Verdict.FAILED):
            return "the emulator is wrong"
        case Verdict.FAILED, (Verdict.PASSED | Verdict.LOOSELY):
            return _SERVICE_ALONE_DIFFERS[label]
        case Verdict.FAILED, Verdict.FAILED:
            return _BOTH_DIFFER[label]
        case Verdict.LOOSELY, Verdict.PASSED:
            return "nobody is; the service differs in what no client minds"
        case Verdict.PASSED, Verdict.LOOSELY:
            return "the emulator differs from the service in what no client minds"
        case Verdict.NOT_OFFERED, (Verdict.PASSED | Verdict.LOOSELY):
            return "the emulator offers what this service does not"
        case ((Verdict.PASSED | Verdict.LOOSELY), Verdict.NOT_OFFERED):
            return "the emulator lacks what the service offers"
        case Verdict.FAILED, _:
            return f"nobody can say who: the emulator was {emulator.verdict.value}"
    return ""
