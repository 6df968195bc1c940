"""Python functions as tools: which can be one, and several of them together."""

import functools
import json

import msgspec
import pytest

from tests.client.annotated import Opaque, Place, Window
from vlclient.errors import ConfigurationError
from vlclient.tools import Tool, Toolbox
from vlmock.protocol.tools import FunctionTool


class Tree(msgspec.Struct):
    branches: "list[Tree]"


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
