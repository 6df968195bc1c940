"""Python functions as tools: what the model is told of them, and how they are called."""

import asyncio
import contextvars
import enum
import functools
import json
import logging
import threading
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, NotRequired, Optional, TypedDict, Union

import jsonschema
import msgspec
import pytest

from vlclient.errors import ConfigurationError
from vlclient.tools import Tool, Toolbox
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.wire import UNSET


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Place:
    city: str
    title: str = ""


class Window(TypedDict):
    begin: int
    end: NotRequired[int]


class Seat(msgspec.Struct, tag="seat"):
    """A place to sit."""

    row: int


class Table(msgspec.Struct, tag="table"):
    legs: list[Seat]


class Tree(msgspec.Struct):
    branches: "list[Tree]"


class Opaque:
    """Nothing that JSON could be made into."""


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


def taking(annotation: Any, **options: Any) -> Tool:
    """A tool with one parameter ``x`` of that type, which it returns as Python shows it."""

    def show(x):
        return repr(x)

    show.__annotations__ = {"x": annotation}
    return Tool.of(show, **options)


async def outcome(tool: Tool, arguments: object) -> Any:
    return json.loads(await tool.run(json.dumps(arguments)))


# ---- the schema


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


# ---- what can be a tool


class Oven:
    """An oven."""

    heat = 200

    def method(self, degrees: int) -> int:
        """Heat it."""
        return self.heat + degrees

    @classmethod
    def of_class(cls, degrees: int) -> int:
        """Heat it."""
        return cls.heat + degrees

    @staticmethod
    def static(degrees: int) -> int:
        """Heat it."""
        return 200 + degrees

    async def later(self, degrees: int) -> int:
        """Heat it."""
        return self.heat + degrees


class Callable_:
    def __call__(self, degrees: int) -> int:
        """Heat it."""
        return 200 + degrees


class AsyncCallable:
    """Heat it."""

    async def __call__(self, degrees: "int") -> int:
        return 200 + degrees


def logged(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


@logged
async def decorated(degrees: int) -> int:
    """Heat it."""
    return 200 + degrees


def heat(oven: Opaque, degrees: int, *, secret: str = "") -> int:
    """Heat it."""
    return 200 + degrees


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (Oven().method, "method"),
        (Oven.of_class, "of_class"),
        (Oven.static, "static"),
        (Oven().later, "later"),
        (Callable_(), "Callable_"),
        (AsyncCallable(), "AsyncCallable"),
        (decorated, "decorated"),
        (functools.partial(heat, Opaque(), secret="hunter2"), "heat"),
        (functools.partial(functools.partial(heat, Opaque()), secret="hunter2"), "heat"),
        (functools.partial(Oven().later), "later"),
    ],
)
async def test_whatever_can_be_called_can_be_a_tool(fn, name):
    """What is bound already is not the model's business, least of all a secret."""
    tool = Tool.of(fn)
    assert tool.definition == FunctionTool(
        name=name,
        description="Heat it.",
        parameters={
            "type": "object",
            "properties": {"degrees": {"type": "integer"}},
            "additionalProperties": False,
            "required": ["degrees"],
        },
    )
    assert await tool.run('{"degrees": "20"}') == "220"


def nothing_said(city): ...
def star(*cities: str): ...
def double_star(**cities: str): ...
def positional(city: str, /): ...
def opaque(place: Opaque): ...
def hidden_opaque(place: list[Opaque]): ...
def two_objects(place: Place | Window): ...
def recursive(place: Tree): ...
def unresolved(place: "Nowhere"): ...  # type: ignore[name-defined]  # noqa: F821
def deep_unresolved(place: list["Nowhere"]): ...  # type: ignore[name-defined]  # noqa: F821
def yields():
    yield 1


async def yields_later():
    yield 1


@pytest.mark.parametrize(
    ("fn", "words"),
    [
        (nothing_said, "tool 'nothing_said', parameter 'city' has no annotation"),
        (star, "tool 'star', parameter 'cities': it may hold anything"),
        (double_star, "tool 'double_star', parameter 'cities': it may hold anything"),
        (positional, "tool 'positional', parameter 'city' is positional only"),
        (opaque, "tool 'opaque', parameter 'place': a model cannot be told what its type is"),
        (hidden_opaque, "parameter 'place': a model cannot be told what its type is"),
        (two_objects, "parameter 'place': a model cannot be told what its type is"),
        (recursive, "parameter 'place': its type contains itself (Tree)"),
        (unresolved, "parameter 'place': its annotation cannot be resolved (name 'Nowhere' is not defined)"),
        (deep_unresolved, "parameter 'place': its annotation cannot be resolved (name 'Nowhere' is not defined)"),
        (yields, "'yields' cannot be a tool: it yields"),
        (yields_later, "'yields_later' cannot be a tool: it yields"),
        (Place, "cannot be a tool"),
        ("text", "cannot be a tool"),
        (lambda: 1, "'<lambda>' cannot be the name of a tool"),
    ],
)
def test_what_the_model_could_not_call_is_refused_at_once(fn, words):
    """When it is registered, and the message names the tool and the parameter."""
    with pytest.raises(ConfigurationError) as caught:
        Tool.of(fn)
    assert words in str(caught.value)


def test_an_annotation_of_the_result_does_not_matter():
    """It may well be there for type checkers only."""

    def fn(x: int) -> "Nowhere": ...  # type: ignore[name-defined]  # noqa: F821

    assert Tool.of(fn).name == "fn"


# ---- calling it


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ('{"x": "five"}', "argument 'x': Expected `int`, got `str`"),
        ('{"x": null}', "argument 'x': Expected `int`, got `null`"),
        ("{}", "missing argument 'x'"),
        ("", "missing argument 'x'"),
        ('{"x": 1, "y": 2}', "unknown argument 'y'; known: x"),
        ("[1]", "the arguments must be a JSON object"),
        ('{"x": 1', "the arguments are not valid JSON: Input data was truncated"),
        ("[" * 100_000, "the arguments are not valid JSON"),
        ('{"x": "\ud800"}', "the arguments are not valid JSON"),
    ],
)
async def test_wrong_arguments_become_words_that_the_model_can_mend(arguments, error):
    """The function is not called, and nothing is raised."""
    assert error in json.loads(await taking(int).run(arguments))["error"]


async def test_a_wrong_member_of_an_argument_is_named():
    """With its path."""
    assert await outcome(taking(list[Place]), {"x": [{"city": "Graz"}, {"city": 5}]}) == {
        "error": "argument 'x': Expected `str`, got `int` - at `$[1].city`"
    }


class Shy:
    def __str__(self) -> str:
        return "shy"


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        (None, "null"),
        ({"a": [1, 2.5, True]}, '{"a":[1,2.5,true]}'),
        (Place("Graz"), '{"city":"Graz","title":""}'),
        (Unit.CELSIUS, '"c"'),
        ({"when": date(2026, 8, 1)}, '{"when":"2026-08-01"}'),
        ({"a": Shy()}, '{"a":"shy"}'),
        ({(1, 2): 3}, '{"(1, 2)":3}'),
        (LOOP, "[[...]]"),
        ("half \ud800", "half ?"),
    ],
    ids=repr,
)
async def test_any_result_becomes_text(result, text):
    """Strings as they are, all else as JSON, and ``str()`` where JSON ends."""

    async def fn() -> Any:
        return result

    assert await Tool.of(fn).run("{}") == text


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("where", ["async", "thread"])
@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such city"), "ValueError: no such city"),
        (KeyError("x"), "KeyError: 'x'"),
        (LookupError(), "LookupError"),
        (TimeoutError("the database"), "TimeoutError: the database"),
        (asyncio.CancelledError(), "CancelledError"),
        (StopIteration(), "RuntimeError: "),
        (Mute(), "Mute"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
async def test_an_exception_becomes_an_output_and_is_logged(where, error, text, caplog):
    """Its text goes to the model, its traceback to the log; the session lives."""

    def sync_fn() -> None:
        raise error

    async def async_fn() -> None:
        raise error

    with caplog.at_level(logging.ERROR, "vlclient.tools"):
        output = json.loads(await Tool.of(sync_fn if where == "thread" else async_fn, timeout_s=None).run("{}"))
    assert output["error"].startswith(text)
    assert "Traceback" not in output["error"]
    (record,) = caplog.records
    assert record.exc_info


async def test_an_argument_that_fails_in_its_own_class_is_no_dead_session(caplog):
    """People write code that runs while arguments are converted."""

    class Moody(enum.Enum):
        A = "a"

        @classmethod
        def _missing_(cls, value: object) -> None:
            raise RuntimeError("not today")

    assert "error" in await taking(Moody).run('{"x": "b"}')


async def test_what_is_not_async_runs_beside_the_event_loop():
    """In a thread, with the context of the caller."""
    who = contextvars.ContextVar("who", default="nobody")
    who.set("caller")
    loops_thread = threading.get_ident()

    def fn() -> list[object]:
        return [who.get(), threading.get_ident() != loops_thread]

    assert await Tool.of(fn).run("{}") == '["caller",true]'


async def test_a_tool_that_takes_too_long_is_given_up(caplog):
    """The model hears of it; None waits for ever."""

    async def fn() -> None:
        await asyncio.Event().wait()

    assert json.loads(await Tool.of(fn, timeout_s=0.01).run("{}")) == {"error": "no result within 0.01 s"}
    assert [record.message for record in caplog.records] == ["tool fn took longer than 0.01 s and was given up"]
    assert Tool.of(fn).timeout_s == 30.0


async def test_a_cancelled_caller_cancels_the_tool():
    """The one thing that goes through."""
    begun = asyncio.Event()
    ended = asyncio.Event()

    async def fn() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(Tool.of(fn).run("{}"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


# ---- several of them


async def test_a_toolbox_answers_by_name(caplog):
    """And says which names there are."""
    toolbox = Toolbox([Tool.of(Oven().method)])
    added = toolbox.add(Tool.of(decorated))
    assert [definition.name for definition in toolbox.definitions()] == ["method", "decorated"]
    assert await toolbox.answer("decorated", '{"degrees": 1}') == "201"
    assert json.loads(await toolbox.answer("nowhere", "{}")) == {
        "error": "there is no tool 'nowhere'; known: method, decorated"
    }
    assert "nowhere" in caplog.text
    assert list(toolbox)[1] is added
    assert ("method" in toolbox, "nowhere" in toolbox, len(toolbox)) == (True, False, 2)
    assert "known: none" in await Toolbox().answer("x", "{}")


def test_two_tools_cannot_share_a_name():
    """The model could not tell them apart."""
    toolbox = Toolbox([Tool.of(decorated)])
    with pytest.raises(ConfigurationError, match="there is a tool 'decorated' already"):
        toolbox.add(Tool.of(decorated))
    toolbox.add(Tool.of(decorated, name="another"))
