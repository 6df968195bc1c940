"""The key ``museum``: what it takes, and what its author reads when it is wrong."""

import jsonschema
import pytest

from vlmock.errors import ScenarioError
from vlmock.scenario.json_schema import scenario_schema
from vlmock.scenario.loader import from_mapping
from vlmock.scenario.story import Act

GOOD = {
    "number": 1,
    "bug": "https://example.com/issues/1",
    "happened": "It fell.",
    "question": "Does yours stand?",
    "client": [{"says": "Hello."}, {"stops": True}],
}


def scenario(**museum):
    members = {key: value for key, value in {**GOOD, **museum}.items() if value is not None}
    return {"otherwise": {"reply": "Hello."}, "museum": members}


def test_a_story_is_read():
    """What may stand alone need not stand in a list."""
    mapping = scenario(silent="VL401", needs=["stop"], connections=2)
    jsonschema.validate(mapping, scenario_schema())
    story = from_mapping(mapping).museum
    assert story is not None
    assert (story.number, story.silent, story.needs, story.connections) == (1, ("VL401",), ("stop",), 2)
    assert story.client == (Act("says", "Hello."), Act("stops"))


def test_most_scenarios_tell_no_story():
    assert from_mapping({"otherwise": {"reply": "Hello."}}).museum is None


@pytest.mark.parametrize(
    ("wrong", "complaint", "structural"),
    [
        ({"bug": None}, "museum: missing key 'bug': Where the bug was reported or mended.", True),
        ({"bug": "example.com"}, "bug: expected a link that begins with https://, got the text 'example.com'", True),
        ({"client": []}, "client: the list is empty", True),
        ({"client": [{"sings": "la"}]}, "unknown key 'sings'", True),
        ({"client": [{"stops": False}]}, "stops: write true, or leave it out", False),
        ({"client": [{"says": "a", "stops": True}]}, "one thing at a time: give it one of greets, says,", False),
        ({"needs": ["wings"]}, "expected one of speech, tools,", True),
        ({"number": 0}, "number: expected a whole number from 1 up", True),
    ],
)
def test_what_is_wrong_is_said(wrong, complaint, structural):
    """By the loader, and by editors, where the JSON Schema can say it."""
    mapping = scenario(**wrong)
    with pytest.raises(ScenarioError) as error:
        from_mapping(mapping)
    assert complaint in str(error.value)
    if structural:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(mapping, scenario_schema())
