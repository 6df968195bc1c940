"""Without a scenario: any client is answered sensibly, the same each time."""

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_inputs import a_turn

from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import FunctionTool, ToolChoice, ToolChoiceFunction
from vlmock.scenario.arguments import arguments_for
from vlmock.scenario.default import DefaultScript
from vlmock.session.script import Call, Expectation, Say, Spoken, Turn

WEATHER = FunctionTool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {"location": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["location", "unit"],
    },
)
TIME = FunctionTool(name="get_time")


def said(turn: Turn) -> str:
    (step,) = DefaultScript().reply(turn).steps
    assert isinstance(step, Say)
    return step.text


def test_it_greets_when_nothing_was_said() -> None:
    assert said(a_turn()) == "Hello. How can I help you?"


def test_it_repeats_what_was_typed() -> None:
    assert said(a_turn("What time is it?", typed=True)) == "You said: What time is it?"


def test_it_says_how_much_it_heard_and_does_not_pretend_to_have_understood() -> None:
    script = DefaultScript()
    assert script.expects() == Expectation()
    heard = script.hear(Spoken("item_1", 1240.0, ResponseSession()))
    assert heard == "(1.2 seconds of unscripted speech)"
    assert said(a_turn(heard, audio_ms=1240.0)) == "I heard 1.2 seconds of speech."


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"temp_c": 18.5, "sunny": True, "wind": {"speed": 3}, "warnings": ["frost", "ice"], "none": None}, None),
        ("It rains.", "get weather returned: It rains."),
        ("", "get weather returned: nothing."),
        ("{broken", "get weather returned: {broken."),
        ("[" * 100_000, None),
        ([], "get weather returned: nothing."),
        (42, "get weather returned: 42."),
        ("word " * 1000, None),
    ],
)
def test_it_speaks_a_tool_output_back(output: Any, words: str | None) -> None:
    spoken = said(a_turn(outputs={"get_weather": output}))
    assert len(spoken) < 700
    if words is not None:
        assert spoken == words


def test_json_is_read_out_not_spelled() -> None:
    output = {"temp_c": 18.5, "sunny": True, "wind": {"speed": 3}, "warnings": ["frost", "ice"], "none": None}
    assert said(a_turn(outputs={"get_weather": output, "f": 1})) == (
        "get weather returned: temp c 18.5, sunny yes, wind: speed 3, warnings: frost, ice, none nothing. "
        "f returned: 1."
    )


@pytest.mark.parametrize(
    ("choice", "call"),
    [
        ("auto", None),
        ("none", None),
        ("required", Call("get_weather", '{"location":"location","unit":"celsius"}')),
        ("get_time", Call("get_time", "{}")),
        (ToolChoiceFunction(name="get_time"), Call("get_time", "{}")),
        (ToolChoiceFunction(name="unheard_of"), Call("unheard_of", "{}")),
        ("unheard_of", None),
    ],
)
def test_it_calls_a_function_when_tool_choice_demands_it(choice: ToolChoice, call: Call | None) -> None:
    (step,) = DefaultScript().reply(a_turn("Hi", tools=[WEATHER, TIME], tool_choice=choice)).steps
    assert (step if isinstance(step, Call) else None) == call


def test_required_without_a_function_says_something() -> None:
    assert said(a_turn("Hi", typed=True, tool_choice="required")) == "You said: Hi"


# ---- arguments


SCHEMAS: list[dict[str, Any]] = [
    {"type": "object"},
    {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b"]},
    {"properties": {"a": {"type": "integer", "minimum": 5}}, "required": ["a"]},
    {"properties": {"a": {"type": "integer", "maximum": -5}}, "required": ["a"]},
    {"properties": {"a": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}}, "required": ["a"]},
    {
        "properties": {"a": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "multipleOf": 0.25}},
        "required": ["a"],
    },
    {"properties": {"a": {"type": "integer", "exclusiveMinimum": 1, "multipleOf": 7}}, "required": ["a"]},
    {"properties": {"a": {"type": "integer", "exclusiveMaximum": 0}}, "required": ["a"]},
    {"properties": {"a": {"type": ["null", "boolean"]}}, "required": ["a"]},
    {"properties": {"a": {"type": "null"}}, "required": ["a"]},
    {"properties": {"a": {"type": "string", "minLength": 20}}, "required": ["a"]},
    {"properties": {"location": {"type": "string", "maxLength": 3}}, "required": ["location"]},
    {
        "properties": {"a": {"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}},
        "required": ["a"],
    },
    {
        "properties": {"a": {"type": "array", "items": {"enum": ["x", "y"]}, "minItems": 2, "uniqueItems": True}},
        "required": ["a"],
    },
    {"properties": {"a": {"type": "array", "prefixItems": [{"type": "string"}, {"const": 7}]}}, "required": ["a"]},
    {
        "properties": {"a": {"enum": ["x", "y"]}, "b": {"const": {"c": 1}}, "d": {"default": "e"}},
        "required": ["a", "b", "d"],
    },
    {
        "properties": {"a": {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"]}},
        "required": ["a"],
    },
    {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "required": ["a"]},
    {"properties": {"a": {"allOf": [{"type": "string"}, {"minLength": 9}]}}, "required": ["a"]},
    {
        "properties": {"a": {"$ref": "#/$defs/point"}},
        "required": ["a"],
        "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}},
    },
    {"type": "object", "minProperties": 2, "properties": {"a": {"type": "integer"}}},
    {"type": "object", "minProperties": 2, "additionalProperties": {"type": "boolean"}},
    *(
        {"properties": {"a": {"type": "string", "format": name}}, "required": ["a"]}
        for name in ("date", "date-time", "email", "ipv4", "ipv6", "uuid", "uri", "no-such-format")
    ),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_arguments_fit_their_schema(schema: dict[str, Any]) -> None:
    arguments = arguments_for(schema)
    jsonschema.validate(arguments, schema, format_checker=jsonschema.FormatChecker())
    assert arguments == arguments_for(schema)


def test_only_what_is_required_is_filled_in() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["b"]}
    assert arguments_for(schema) == {"b": "b"}


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {},
        {"type": "string"},
        {"required": "a"},
        {"properties": [], "required": ["a"]},
        {"properties": {"a": 3}, "required": ["a", 7]},
        {"$ref": "#"},
        {"properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"allOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"$ref": "http://example.com/schema"},
        {"properties": {"a": {"type": "array", "minItems": 10**9}}, "required": ["a"]},
        {"properties": {"a": {"type": "string", "minLength": 10**9}}, "required": ["a"]},
        {"properties": {"a": {"type": "integer", "minimum": 1e308}}, "required": ["a"]},
        {"minProperties": 10**9},
    ],
    ids=json.dumps,
)
def test_a_strange_schema_still_gives_arguments(schema: dict[str, Any] | None) -> None:
    assert len(json.dumps(arguments_for(schema))) < 100_000


@st.composite
def _number_schemas(draw: st.DrawFn) -> dict[str, Any]:
    low = draw(st.integers(-100, 100))
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = low + draw(st.integers(30, 60))
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 12))
    return schema


@settings(max_examples=200)
@given(_number_schemas())
def test_a_number_lies_between_its_bounds(schema: dict[str, Any]) -> None:
    jsonschema.validate(arguments_for({"properties": {"a": schema}, "required": ["a"]})["a"], schema)
