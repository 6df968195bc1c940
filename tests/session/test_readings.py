"""Where sources disagree, users choose whom to follow."""

import re
from typing import Any

import pytest

from tests.session.conftest import Dialogue
from tests.session.exchanges import update
from vlmock.errors import ScenarioError
from vlmock.scenario.model import Scenario
from vlmock.session.readings import FOLLOWED, Readings, parse_readings, questions


@pytest.mark.parametrize(("reading", "temperature"), [("merge", 0.6), ("replace", 0.8)])
def test_an_update_merges_or_replaces(reading: str, temperature: float) -> None:
    """Documented {DOC, OAI}: what was not sent stays. Observed {FON}: it is set back to what it was at connect."""
    talk = Dialogue(model="gpt-4.1-mini", readings=parse_readings({"update": reading}))
    talk.client(update(temperature=0.6)).client(update(instructions="Be brief."))
    assert talk.events[-1].session.temperature == temperature


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"updat": "merge"}, "unknown reading 'updat' (did you mean 'update'?); known: "),
        ({"update": "replaced"}, "the reading 'update' is merge or replace, not 'replaced' (did you mean 'replace'?)"),
        ({"turn_end": True}, "the reading 'turn_end' is commits or responds, not True"),
        ({"rate_limits": "yes"}, "the reading 'rate_limits' is true or false, not 'yes'"),
        ("update=replace", "readings are a mapping, like {'update': 'replace'}, not 'update=replace'"),
    ],
)
def test_an_unknown_reading_is_refused_with_a_remedy(chosen: Any, says: str) -> None:
    """Before anything starts."""
    with pytest.raises(ValueError, match="^" + re.escape(says)):
        parse_readings(chosen)


def test_a_scenario_chooses_its_readings() -> None:
    """With the same names, and refused in the same way."""
    assert Scenario.build(otherwise={"reply": "Hi."}, readings={"update": "replace"}).readings == {"update": "replace"}
    with pytest.raises(ScenarioError, match="'updat' \\(did you mean 'update'\\?\\)"):
        Scenario.build(otherwise={"reply": "Hi."}, readings={"updat": "replace"})


def test_unless_chosen_the_recommended_ones_are_followed() -> None:
    """Schema I."""
    assert parse_readings({}) == Readings() == FOLLOWED


def test_what_users_read_about_readings_stands_by_itself() -> None:
    """It names no document that they do not have, each answer that they may give, and which it is unless they do."""
    for name, answers, about in questions():
        assert not re.search(r"\bschema\b|\bbehaviour\b", about), name
        assert all(answer in about for answer in answers if isinstance(answer, str)), name
        assert about.endswith(f"Default: {str(getattr(FOLLOWED, name)).lower()}."), name
