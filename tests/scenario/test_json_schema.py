"""The JSON Schema that editors use says the same as the loader."""

from typing import Any

import jsonschema
import pytest
import yaml
from wrong_files import WRONG

from vlmock.scenario import shipped
from vlmock.scenario.json_schema import scenario_schema
from vlmock.scenario.keys import EXPECTED, OTHERWISE, RULE, SCENARIO, TURN
from vlmock.scenario.kinds import Record
from vlmock.scenario.model import STEP_KINDS


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(scenario_schema())


@pytest.mark.parametrize("name", shipped.names())
def test_every_shipped_scenario_fits_the_schema(name: str) -> None:
    document = yaml.safe_load((shipped.shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(document, scenario_schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("record", [SCENARIO, TURN, RULE, OTHERWISE, EXPECTED], ids=lambda record: record.name)
def test_every_key_that_the_loader_knows_is_in_the_schema_with_a_description(record: Record) -> None:
    schema = scenario_schema()
    part: dict[str, Any] = schema if record is SCENARIO else schema["$defs"][record.name]
    assert list(part["properties"]) == list(record.keys)
    assert all(len(member["description"]) > 5 for member in part["properties"].values())


def test_every_step_is_in_the_schema() -> None:
    definitions = scenario_schema()["$defs"]
    assert [f"step_{kind}" for kind in STEP_KINDS] == [name for name in definitions if name.startswith("step_")]


def test_every_reference_leads_somewhere() -> None:
    schema = scenario_schema()

    def references(part: Any) -> set[str]:
        if isinstance(part, dict):
            own = {part["$ref"]} if "$ref" in part else set()
            return own.union(*map(references, part.values()))
        return set().union(*map(references, part)) if isinstance(part, list) else set()

    assert {reference.removeprefix("#/$defs/") for reference in references(schema)} == set(schema["$defs"])


STRUCTURAL = [
    "unknown key",
    "unknown key at the top",
    "unknown key that resembles nothing",
    "optional on a rule",
    "answers nothing",
    "no turns",
    "turns without dashes",
    "number for text",
    "boolean for text",
    "nothing for text",
    "fraction for a count",
    "zero times",
    "otherwise without reply",
    "empty reply",
    "reply without dashes",
    "bad text mapping",
    "tools_offered with a number",
    "unknown step",
    "two steps in one",
    "arguments without call",
    "argument for arguments",
    "arguments that are a list",
    "a step that is a number",
    "wait that is no duration",
    "wait in milliseconds",
    "error without message",
    "unknown profile",
    "unknown segment",
    "unknown engine",
]
"""What a schema can see: the shape, not the meaning."""


@pytest.mark.parametrize("case", STRUCTURAL)
def test_an_editor_sees_what_the_loader_would_refuse(case: str) -> None:
    document = yaml.safe_load(WRONG[case][0])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, scenario_schema(), jsonschema.Draft202012Validator)
