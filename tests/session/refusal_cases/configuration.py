"""Refusals: a session that is not configured in time."""

from tests.session.exchanges import update
from tests.session.refusal_cases.case import ANSWER, UPDATE, Case
from vlmock.session.readings import Readings

BAD = update(nonsense=1)

CASES = (
    Case(
        "update_first",
        (ANSWER,),
        "Expected 'session.update' as the first event, got 'response.create'.",
        UPDATE,
        "type",
        {"readings": Readings(first_update_required=True)},
    ),
    Case(
        "configuration_failed",
        (BAD, BAD, BAD, BAD, BAD),
        "Session configuration failed after 5 attempts.",
        "max_config_attempts_exceeded",
        "type",
    ),
)
