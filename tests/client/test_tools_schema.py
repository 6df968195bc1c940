"""What the model is told of a Python function: a schema from annotations, descriptions from the docstring."""

import enum
import functools
import json
from datetime import date
from typing import Annotated, Any, Literal, Optional, Union

import jsonschema
import msgspec
import pytest

from tests.client.annotated import Place, Unit, Window, taking
from vlclient.tools import Tool
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.wire import UNSET


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Seat(msgspec.Struct, tag="seat"):
    """A place to sit."""

    row: int


class Table(msgspec.Struct, tag="table"):
    legs: list[Seat]


PLACE = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "title": {"type": "string", "default": ""}},
    "required": ["city"],
}


SEAT = {
    "description": "A place to sit.",
    "type": "object",
    "properties": {"type": {"enum": ["seat"], "type": "string"}, "row": {"type": "integer"}},
    "required": ["type", "row"],
}


NULL = {"type": "null"}


@pytest.mark.parametrize(
    ("annotation", "schema", "value", "converted"),
    [
        (str, {"type": "string"}, "a", "'a'"),
        (int, {"type": "integer"}, 5, "5"),
        (int, {"type": "integer"}, "5", "5"),
        (int, {"type": "integer"}, 5.0, "5"),
        (float, {"type": "number"}, 2, "2.0"),
        (float, {"type": "number"}, "2.5", "2.5"),
        (bool, {"type": "boolean"}, "true", "True"),
        (None, NULL, None, "None"),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "5", "'5'"),
        (Optional[int], {"anyOf": [{"type": "integer"}, NULL]}, None, "None"),  # noqa: UP045
        (Union[int, None], {"anyOf": [{"type": "integer"}, NULL]}, 1, "1"),  # noqa: UP007
        (list, {"type": "array"}, [1, "a"], "[1, 'a']"),
        (list[int], {"type": "array", "items": {"type": "integer"}}, ["1", 2], "[1, 2]"),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}, ["a", "a"], "{'a'}"),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}, "{'a': 1}"),
        (Any, {}, {"a": [1]}, "{'a': [1]}"),
        (date, {"type": "string", "format": "date"}, "2026-08-01", "datetime.date(2026, 8, 1)"),
        (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}, "a", "'a'"),
        (Literal[1, "a"], {"enum": [1, "a"], "type": ["integer", "string"]}, 1, "1"),
        (Unit, {"enum": ["c", "f"], "type": "string"}, "c", "<Unit.CELSIUS: 'c'>"),
        (Level, {"enum": [1, 2], "type": "integer"}, 2, "<Level.HIGH: 2>"),
        (Unit | None, {"anyOf": [{"enum": ["c", "f"], "type": "string"}, NULL]}, None, "None"),
        (Place, PLACE, {"city": "Graz"}, "Place(city='Graz', title='')"),
        (list[Place], {"type": "array", "items": PLACE}, [], "[]"),
        (
            Window,
            {"type": "object", "properties": {"begin": {"type": "integer"}, "end": {"type": "integer"}}}
            | {"required": ["begin"]},
            {"begin": 1},
            "{'begin': 1}",
        ),
        (
            Seat | Table,
            {
                "anyOf": [
                    SEAT,
                    {
                        "type": "object",
                        "properties": {
                            "type": {"enum": ["table"], "type": "string"},
                            "legs": {"type": "array", "items": SEAT},
                        },
                        "required": ["type", "legs"],
                    },
                ]
            },
            {"type": "table", "legs": [{"type": "seat", "row": "3"}]},
            "Table(legs=[Seat(row=3)])",
        ),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}, 1, "1"),
        (Annotated[Place, "where to"], PLACE | {"description": "where to"}, {"city": "Graz", "title": "x"}, None),
        (
            Annotated[int, msgspec.Meta(ge=0, description="days")],
            {"description": "days", "type": "integer", "minimum": 0},
            0,
            "0",
        ),
        (
            "Annotated[list[Place], 'postponed']",
            {"type": "array", "items": PLACE, "description": "postponed"},
            [],
            "[]",
        ),
    ],
)
async def test_an_annotation_becomes_a_schema_and_values_become_what_it_says(annotation, schema, value, converted):
    """Both ways of one table: what the model is told, and what the function gets when the model does as told.

    Numbers and booleans may come as text, as models write them, but text never becomes a number where it may be text.
    No branch is without a type, which the service refuses (Observed {ILA}), and nothing refers to a definition.
    """
    tool = taking(annotation)
    parameters = tool.definition.parameters
    assert parameters == {
        "type": "object",
        "properties": {"x": schema},
        "additionalProperties": False,
        "required": ["x"],
    }
    jsonschema.Draft202012Validator.check_schema(parameters)
    result = await tool.run(json.dumps({"x": value}))
    assert result == converted if converted else "error" not in result


def test_tuples_say_what_stands_where():
    """A pair is a pair."""
    schema = taking(tuple[int, str]).definition.parameters["properties"]["x"]
    assert schema["prefixItems"] == [{"type": "integer"}, {"type": "string"}]


async def test_what_has_a_default_may_be_left_out():
    """And is shown, where JSON can show it. Models also send null for what they leave out."""

    def book(
        city: str,
        /,  # bound below
        nights: int = 2,
        *,
        unit: Unit = Unit.CELSIUS,
        floor: int = None,  # type: ignore[assignment]  # noqa: RUF013
        note: str | None = None,
        seen: set[str] = frozenset(),  # type: ignore[assignment]
    ) -> str:
        return f"{nights} {unit} {floor} {note} {set(seen)}"

    tool = Tool.of(functools.partial(book, "Graz"))
    shown = {name: schema.get("default", "none") for name, schema in tool.definition.parameters["properties"].items()}
    assert shown == {"nights": 2, "unit": "c", "floor": "none", "note": None, "seen": []}
    assert "required" not in tool.definition.parameters
    defaults = "2 Unit.CELSIUS None None set()"
    assert await tool.run("") == defaults
    assert await tool.run('{"nights": null, "unit": null, "floor": null, "note": null, "seen": null}') == defaults
    assert await tool.run('{"nights": 3, "unit": "f", "note": "x"}') == "3 Unit.FAHRENHEIT None x set()"


def google(city: str, days: int = 1, unit: str = "c", mood: Annotated[str, "how you feel"] = ""):
    """Say what the weather
    will be.

    It knows nothing of the sea.

    Args:
        city: The city, with its country
            where it is not clear: Paris, Texas.
        days (int, optional): How many.

        unit (Literal["c", "f"]): Celsius
        mood: is not asked here

    Returns:
        city: not this one
    """


def numpy_style(city: str, days: int = 1, unit: str = "c", mood: Annotated[str, "how you feel"] = ""):
    """
    Say what the weather
    will be.

    Parameters
    ----------
    city : str
        The city, with its country
        where it is not clear: Paris, Texas.
    days, unused : int, optional
        How many.
    unit
        Celsius

    Returns
    -------
    city : str
        not this one
    """


def sphinx(city: str, days: int = 1, unit: str = "c", mood: Annotated[str, "how you feel"] = ""):
    """Say what the weather
    will be.
    :param city: The city, with its country
        where it is not clear: Paris, Texas.
    :type city: str
    :param int days: How many.
    :param unit: Celsius
    :returns: city: not this one
    """


@pytest.mark.parametrize("fn", [google, numpy_style, sphinx])
def test_descriptions_come_from_the_docstring(fn):
    """The first paragraph for the tool, and what is said of each parameter; an annotation goes first."""
    definition = Tool.of(fn).definition
    assert definition.description == "Say what the weather will be."
    said = {name: schema.get("description") for name, schema in definition.parameters["properties"].items()}
    assert said == {
        "city": "The city, with its country where it is not clear: Paris, Texas.",
        "days": "How many.",
        "unit": "Celsius",
        "mood": "how you feel",
    }


def test_a_function_without_words_has_no_description():
    """An absent member, not an empty one. What is given by hand goes first."""

    def silent() -> None: ...

    assert Tool.of(silent).definition == FunctionTool(
        name="silent",
        description=UNSET,
        parameters={"type": "object", "properties": {}, "additionalProperties": False},
    )
    named = Tool.of(google, name="forecast", description="Another")
    assert (named.name, named.definition.description) == ("forecast", "Another")
