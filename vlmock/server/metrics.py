"""What was measured on the connections of a running server, from its journal, when a test asks."""

from collections.abc import Callable, Sequence
from typing import Any

from vlmock.conduct.codes import PLAYING, SILENT
from vlmock.conduct.leniency import server_event
from vlmock.metrics.measuring import Measuring
from vlmock.metrics.metrics import Metrics
from vlmock.metrics.turn import Turn
from vlmock.protocol.codec import InvalidEvent, audio_size
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioTurnAppend
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.server.journal import ConnectionJournal, Journal
from vlmock.server.journal_entry import Entry
from vlmock.session.effects import Remark

__all__ = ["ServerMetrics", "metrics_of"]


class ServerMetrics(Metrics):
    """What was measured until it was asked for. The hooks tell what only the test can know."""

    def __init__(
        self, journal: Journal, *, remark: Callable[[Remark, int | None], None], notes: Sequence[str] = ()
    ) -> None:
        super().__init__(lambda: _measured(journal, notes))
        self._remark = remark

    def heard(self, *, connection: int | None = None) -> None:
        """Say that the client's loudspeaker begins to sound: the same as ``conduct.client_is_playing(True)``. None: the
        latest connection.

        Raises ServerError when that connection is not open.
        """
        self._remark(Remark("noted", "the client plays", code=PLAYING), connection)

    def silent(self, *, connection: int | None = None) -> None:
        """Say that it has fallen silent: the same as ``conduct.client_is_playing(False)``. None: the latest connection.

        Raises ServerError when that connection is not open.
        """
        self._remark(Remark("noted", "the client is silent", code=SILENT), connection)


def metrics_of(journal: Journal) -> Metrics:
    """The metrics of any journal."""
    return Metrics(lambda: _measured(journal, ()))


def _measured(journal: Journal, notes: Sequence[str]) -> tuple[list[Turn], list[str]]:
    turns: list[Turn] = []
    told = list(notes)
    for part in journal.parts:
        turns += _turns_of(part)
        if part.lost_events:
            told.append(f"connection {part.number}: the journal has lost its first {part.lost_events} events")
    if journal.lost.connections:
        told.append(f"{journal.lost.connections} connections are not measured: the journal has forgotten them")
    return turns, told


def _turns_of(part: ConnectionJournal) -> list[Turn]:
    measuring = Measuring(part.number)
    if part.lost_events:
        measuring.lose()
    for entry in part.entries:
        event = _event(entry)
        measuring.hear(event, entry.at, _sound_bytes(event) + entry.lost_bytes)
    return measuring.turns


def _event(entry: Entry) -> Any:
    event = entry.event
    if isinstance(event, dict):
        return server_event(event)
    if isinstance(event, InvalidEvent):
        return event.otherwise
    return event


def _sound_bytes(event: Any) -> int:
    if isinstance(event, InputAudioBufferAppend | InputAudioTurnAppend):
        return len(event.audio)
    return audio_size(event.delta) if isinstance(event, ResponseAudioDelta) else 0
