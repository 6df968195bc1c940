"""What makes the service refuse, for each refusal there is: what the client sends, and what it is told.

A row is named after its function in ``vlmock.session.refusals``, and stands in the module of the same name as that
function's. Whoever adds a refusal adds a row.
"""

from tests.session.refusal_cases import (
    avatar,
    configuration,
    connection,
    events,
    input_audio,
    input_turns,
    items,
    responses,
    session,
)
from tests.session.refusal_cases.case import Case

__all__ = ["CASES", "Case"]

CASES: tuple[Case, ...] = (
    *events.CASES,
    *connection.CASES,
    *configuration.CASES,
    *session.CASES,
    *input_audio.CASES,
    *input_turns.CASES,
    *items.CASES,
    *avatar.CASES,
    *responses.CASES,
)
