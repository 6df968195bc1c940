"""Python functions as tools: called with what the model wrote; whatever happens, there is an output."""

import asyncio
import contextvars
import enum
import json
import logging
import threading
from datetime import date
from typing import Any

import pytest

from tests.client.annotated import Place, Unit, taking
from vlclient.tools import Tool


async def outcome(tool: Tool, arguments: object) -> Any:
    return json.loads(await tool.run(json.dumps(arguments)))


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

    __repr__ = __str__


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
