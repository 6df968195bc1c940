"""Functions as tools of an open session: told with its settings, called, and answered. Source: behaviour 8.1, 5."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

import vlmock
from tests.client import service_says as says
from tests.client.fake_service import answering, serving
from tests.client.open_session import connected, event_of, overlaps
from vlclient import ServerVad, Tool
from vlclient.errors import ConfigurationError, ServiceError
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.items import RequestFunctionCallOutput
from vlmock.protocol.response import ResponseDone
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.tools import FunctionTool, McpTool
from vlmock.session.script import Call

pytestmark = pytest.mark.usefixtures("alone")


# ---- tools in the settings


def plus(a: int, b: int) -> int:
    """Add."""
    return a + b


def minus(a: int, b: int) -> int:
    """Subtract."""
    return a - b


def names(event: SessionUpdate) -> list[str] | None:
    tools = event.session.tools
    return None if isinstance(tools, msgspec.UnsetType) else [getattr(tool, "name", tool.type) for tool in tools]


DECLARED = FunctionTool(name="theirs")
MCP = McpTool(server_label="x", server_url="https://x.example")


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([{}], [["plus"]]),
        ([{}, {"instructions": "x"}], [["plus"], None]),
        ([{"tools": [minus]}], [["plus", "minus"]]),
        ([{"tools": [plus]}], [["plus"]]),
        ([{"tools": [DECLARED, MCP]}], [["theirs", "mcp", "plus"]]),
        ([{"tools": [{"type": "function", "name": "theirs"}]}], [["theirs", "plus"]]),
        ([{"tools": [DECLARED]}, {"tools": [minus]}], [["theirs", "plus"], ["plus", "minus"]]),
        ([{"tools": [DECLARED]}, {"instructions": "x"}], [["theirs", "plus"], None]),
        ([{"tools": [Tool.of(minus, name="less")]}], [["plus", "less"]]),
        ([{"tools": [FunctionTool(name="plus")]}], [["plus"]]),
        ([{"tools": []}], [["plus"]]),
    ],
)
async def test_registered_functions_and_declared_tools_are_told_together(calls, told):
    """The service replaces ``tools`` as a whole: every update that names any names all; others name none twice."""
    async with serving(answering) as service, connected(service) as session:
        session.tool(plus)
        for members in calls:
            await session.update(**members)
        heard = [names(event) for event in service.callers[0].heard]
    assert heard == told


async def test_a_function_registered_later_is_told_with_the_next_update():
    """And takes nothing away that was declared."""
    async with serving(answering) as service, connected(service) as session:
        await session.update(tools=[DECLARED])

        @session.tool(name="add", description="Adds.")
        def plus(a: int) -> int:
            return a

        await session.update(instructions="x")
        assert names(service.callers[0].heard[-1]) == ["theirs", "add"]
        assert service.callers[0].heard[-1].session.tools[1].description == "Adds."


async def test_tools_of_a_refused_update_are_told_again():
    """Nothing of it was in force."""

    async def talk(caller):
        await caller.greet()
        event = await caller.hear("session.update")
        await caller.say(says.error("wrong", event_id=event.event_id))
        await caller.update()
        await caller.listen()

    async with serving(talk) as service, connected(service) as session:
        session.tool(plus)
        with pytest.raises(ServiceError):
            await session.update(instructions="wrong")
        await session.update(instructions="right")
        assert names(service.callers[0].heard[-1]) == ["plus"]


async def test_two_functions_of_one_name_are_a_mistake():
    """One of them would never be called."""
    async with serving(answering) as service, connected(service) as session:
        session.tool(plus)
        with pytest.raises(ConfigurationError, match="there is a tool 'plus' already"):
            session.tool(minus, name="plus")
        with pytest.raises(ConfigurationError, match="there is a tool 'plus' already"):
            await session.update(tools=[Tool.of(minus, name="plus")])
        with pytest.raises(ConfigurationError, match="tools is a list, not a function"):
            await session.update(tools=minus)


# ---- tools


async def test_a_tool_is_called_and_its_output_answered():
    """From annotations and docstring to the words that are made of it."""
    with vlmock.serve("weather") as server:
        async with connected(server) as session:

            @session.tool
            def get_weather(location: str) -> dict[str, Any]:
                """Look up the weather."""
                return {"weather": f"sunny in {location}", "temp_c": 21}

            await session.update(turn_detection=ServerVad())
            await session.say("What is the weather in Beijing?")
            await event_of(session, ResponseDone, count=2)
            said = [each.text for each in session.transcripts]
        assert said[-1] == "It is sunny in Beijing and 21 degrees in Beijing."
        assert server.problems() == []


async def test_all_calls_of_a_response_are_answered_before_the_next():
    """Behaviour 8.1, 5: whichever is ready first, failing or unknown; an error becomes an output."""
    calls = ["at_once", "slowly", "in_a_thread", "failing", "falling", "unknown", "too_slow"]
    outputs: list[dict[str, str]] = []

    def reply(turn):
        if turn.tool_outputs:
            outputs.append({output.name: output.output for output in turn.tool_outputs})
            return "Done."
        return [Call(name, "{}") for name in calls]

    others = asyncio.Event()
    thread: list[threading.Thread] = []

    with vlmock.serve(reply) as server:
        async with connected(server) as session:

            @session.tool
            async def at_once() -> str:
                others.set()
                return "one"

            @session.tool
            async def slowly() -> list[int]:
                await others.wait()
                return [2]

            @session.tool
            def in_a_thread() -> int:
                thread.append(threading.current_thread())
                return 3

            @session.tool
            async def failing() -> None:
                raise ValueError("no such place")

            @session.tool
            def falling() -> None:
                raise KeyError("x")

            @session.tool(timeout_s=0.01)
            async def too_slow() -> None:
                await asyncio.Event().wait()

            await session.update()
            await session.say("Hello")
            await event_of(session, ResponseDone, count=2)
        sent = [event.type for event in server.journal.client_events()]
        assert overlaps(server.journal.entries()) == 0
    [told] = outputs
    assert told == {
        "at_once": "one",
        "slowly": "[2]",
        "in_a_thread": "3",
        "failing": '{"error":"ValueError: no such place"}',
        "falling": '{"error":"KeyError: \'x\'"}',
        "unknown": told["unknown"],
        "too_slow": '{"error":"no result within 0.01 s"}',
    }
    assert "there is no tool 'unknown'; known: at_once" in told["unknown"]
    assert thread[0] is not threading.main_thread()
    assert sent.count("response.create") == 2
    assert sent[-1] == "response.create"
    assert server.crashes == []


async def test_a_tool_that_the_application_declared_is_the_applications_to_answer():
    """It has no function here; until it has answered, the conversation is not idle."""
    with vlmock.serve(lambda turn: "Fine." if turn.tool_outputs else Call("theirs", "{}", "c9")) as server:
        async with connected(server) as session:
            await session.update(tools=[DECLARED])
            await session.say("Hello")
            await event_of(session, ResponseDone)
            assert not session.is_idle
            assert len(server.journal.client_events(ConversationItemCreate)) == 1
            await session.send(ConversationItemCreate(item=RequestFunctionCallOutput(call_id="c9", output="ours")))
            await session.respond()
            await event_of(session, ResponseDone)
            assert session.is_idle
        items = [event.item for event in server.journal.client_events(ConversationItemCreate)]
        assert [item.output for item in items[1:]] == ["ours"]


async def test_a_tool_may_end_the_conversation():
    """ "Goodbye" is something that a model says with a tool."""
    with vlmock.serve(lambda turn: Call("hang_up", "{}")) as server:
        async with connected(server) as session:

            @session.tool
            async def hang_up() -> None:
                await session.close()

            await session.update()
            await session.say("Goodbye")
            async with asyncio.timeout(30):
                async for _ in session:
                    pass
        assert server.journal.wait_for_close().code == 1000
