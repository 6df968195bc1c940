"""Which of several connections are sessions: a service refuses some, and writes nothing on them but why."""

from collections.abc import Callable, Sequence

from vlmock.errors import RecordingError
from vlmock.recording.model import Recording

__all__ = ["only_opened", "refusal"]


def refusal(recording: Recording) -> str:
    """What became of a connection that was not opened, in words; "" where it was."""
    status = recording.head.status
    return "" if status == 101 else f"{recording.name}: the service refused this connection with HTTP {status}"


def only_opened(recordings: Sequence[Recording], tell: Callable[[str], object]) -> list[Recording]:
    """The sessions among them; of each of the others, ``tell`` is given a line.

    Raises RecordingError where there is no session at all.
    """
    refused = [told for each in recordings if (told := refusal(each))]
    if refused and len(refused) == len(recordings):
        others = f", and {len(refused) - 1} more besides" if len(refused) > 1 else ""
        raise RecordingError(f"{refused[0]}{others}, so there is no session in it; record one that was opened")
    for told in refused:
        tell(f"{told}: it is left out")
    return [each for each in recordings if not refusal(each)]
