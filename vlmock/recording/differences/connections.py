"""Several connections against several: each compared with its like, and what is left over told."""

from collections.abc import Sequence

from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Difference, Finding, Grade, Judged
from vlmock.recording.differences.rules import Allowance
from vlmock.recording.model import Recording

__all__ = ["compare_all"]


def compare_all(
    theirs: Sequence[Recording],
    ours: Sequence[Recording],
    *,
    names: tuple[str, str],
    allowances: Sequence[Allowance] = (),
    clients: bool = True,
) -> list[Comparison]:
    """The first connection of the one with the first of the other, and so on; see ``compare``."""
    compared = [
        compare(one, other, names=names, allowances=allowances, clients=clients)
        for one, other in zip(theirs, ours, strict=False)
    ]
    compared += [_alone(each, names, Grade.MISSING) for each in theirs[len(ours) :]]
    return compared + [_alone(each, names, Grade.EXTRA) for each in ours[len(theirs) :]]


def _alone(recording: Recording, names: tuple[str, str], grade: Grade) -> Comparison:
    reason = f"a connection of {len(recording.frames)} messages that only {names[grade is Grade.EXTRA]} has"
    finding = Finding("(connection)", "", "client", Difference("", grade, "connection", reason=reason))
    judged = Judged("(connection)", "", "client", 1, None, None, (finding,))
    return Comparison(recording.name, *names, judged=(judged,))
