"""The tables: what may happen when."""

from enum import Enum

import pytest

from vlmock.session.transitions import RESPONSE, SESSION, SPOKEN_TURN, IllegalMove, ResponsePhase, moved

TABLES = [SESSION, SPOKEN_TURN, RESPONSE]


@pytest.mark.parametrize("table", TABLES)
def test_a_move_that_the_table_lacks_is_an_error(table: dict[tuple[Enum, str], Enum]) -> None:
    """Walk every phase with every trigger: the table decides, nothing else."""
    phases = {phase for phase, _ in table} | set(table.values())
    triggers = {trigger for _, trigger in table}
    for phase in phases:
        for trigger in triggers:
            if (phase, trigger) in table:
                assert moved(table, phase, trigger) is table[phase, trigger]
            else:
                with pytest.raises(IllegalMove, match=trigger):
                    moved(table, phase, trigger)


@pytest.mark.parametrize("table", TABLES)
def test_every_phase_can_be_reached(table: dict[tuple[Enum, str], Enum]) -> None:
    """No dead rows: every phase is the first or follows from one that can be reached."""
    kind = type(next(iter(table))[0])
    reached = {next(iter(kind))}
    while new := {after for (before, _), after in table.items() if before in reached} - reached:
        reached |= new
    assert reached == set(kind)


def test_an_ended_response_stays_ended() -> None:
    """No trigger moves it any more."""
    ended = set(ResponsePhase) - {ResponsePhase.IN_PROGRESS, ResponsePhase.CANCELLING}
    assert not [move for move in RESPONSE if move[0] in ended]
