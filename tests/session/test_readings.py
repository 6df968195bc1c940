"""Where sources disagree, users choose whom to follow."""

import re

import pytest

from tests.session.conftest import Dialogue
from vlmock.errors import ScenarioError
from vlmock.scenario.model import Scenario
from vlmock.session.readings import FOLLOWED, Readings, parse_readings


def update(**session: object) -> dict[str, object]:
    return {"type": "session.update", "session": session}


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
        ({"update": "both"}, "reading: Invalid enum value 'both' - at `$.update`"),
    ],
)
def test_an_unknown_reading_is_refused_with_a_remedy(chosen: dict[str, str], says: str) -> None:
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
