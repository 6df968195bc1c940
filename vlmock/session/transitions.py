"""What may happen when, as tables. A move that its table lacks is an error and changes nothing.

The three machines are small on purpose; the rules that join them are functions of
``vlmock.session.answering.responses``: ``answer`` (a transcribed turn asks for a response), ``settle`` (a response
waits for what stands in its way) and ``interrupt`` (speech cancels a response).
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeVar

__all__ = ["RESPONSE", "SESSION", "SPOKEN_TURN", "IllegalMove", "ResponsePhase", "SessionPhase", "TurnPhase", "moved"]


class SessionPhase(Enum):
    NEW = auto()
    UNCONFIGURED = auto()
    """Nothing but an update is taken yet: the reading ``first_update_required``."""
    OPEN = auto()
    UNUSABLE = auto()
    """Observed {S14}: the socket is open, but the model is unknown and nothing works."""
    CLOSED = auto()


class TurnPhase(Enum):
    SPEAKING = auto()
    STOPPED = auto()
    COMMITTED = auto()
    TRANSCRIBED = auto()
    DROPPED = auto()


class ResponsePhase(Enum):
    IN_PROGRESS = auto()
    CANCELLING = auto()
    COMPLETED = auto()
    CANCELLED = auto()
    INCOMPLETE = auto()
    FAILED = auto()


Phase = TypeVar("Phase", bound=Enum)

SESSION: Mapping[tuple[SessionPhase, str], SessionPhase] = {
    (SessionPhase.NEW, "accepted"): SessionPhase.OPEN,
    (SessionPhase.NEW, "accepted unconfigured"): SessionPhase.UNCONFIGURED,
    (SessionPhase.NEW, "refused"): SessionPhase.UNUSABLE,
    (SessionPhase.UNCONFIGURED, "configured"): SessionPhase.OPEN,
    (SessionPhase.UNCONFIGURED, "closed"): SessionPhase.CLOSED,
    (SessionPhase.OPEN, "closed"): SessionPhase.CLOSED,
    (SessionPhase.UNUSABLE, "closed"): SessionPhase.CLOSED,
}

SPOKEN_TURN: Mapping[tuple[TurnPhase, str], TurnPhase] = {
    (TurnPhase.SPEAKING, "stopped"): TurnPhase.STOPPED,
    (TurnPhase.SPEAKING, "committed"): TurnPhase.COMMITTED,  # by the client, with detection on or off
    (TurnPhase.SPEAKING, "dropped"): TurnPhase.DROPPED,
    (TurnPhase.STOPPED, "committed"): TurnPhase.COMMITTED,
    (TurnPhase.COMMITTED, "transcribed"): TurnPhase.TRANSCRIBED,
}

RESPONSE: Mapping[tuple[ResponsePhase, str], ResponsePhase] = {
    (ResponsePhase.IN_PROGRESS, "completed"): ResponsePhase.COMPLETED,
    (ResponsePhase.IN_PROGRESS, "incomplete"): ResponsePhase.INCOMPLETE,
    (ResponsePhase.IN_PROGRESS, "failed"): ResponsePhase.FAILED,
    (ResponsePhase.IN_PROGRESS, "cancel"): ResponsePhase.CANCELLING,
    (ResponsePhase.CANCELLING, "cancelled"): ResponsePhase.CANCELLED,
}


class IllegalMove(Exception):
    """A mistake of ours: the table has no such move."""


def moved(table: Mapping[tuple[Phase, str], Phase], phase: Phase, trigger: str) -> Phase:
    """The phase after the trigger. Raises IllegalMove when the table lacks the move."""
    try:
        return table[phase, trigger]
    except KeyError:
        raise IllegalMove(f"{trigger!r} while {phase.name}") from None
