"""What the service does itself, seen by the SDK: MCP servers as its own sample handles them, searches, annotations."""

import asyncio
from typing import Any

import pytest
from azure.ai.voicelive import models
from azure.ai.voicelive.models import ItemType, ServerEventType

import vlmock
from tests.sdk.dialogue import Dialogue, talking, transcript

DOCS = {"server_label": "docs", "server_url": "https://docs.example/mcp"}
MCP_VERSION = "2026-04-10"
"""What the sample connects with."""


class SampleClient:
    """Does about each event what the SDK's MCP sample does, with its habit of dropping what it does not wait for."""

    def __init__(self, dialogue: Dialogue, *, approves: bool = True) -> None:
        self.dialogue = dialogue
        self.approves = approves
        self.outputs: list[Any] = []
        self.failed: list[str] = []

    async def run_until_it_says(self, words: str) -> None:
        async with asyncio.timeout(30):
            while True:
                event = await self.dialogue.receive()
                await self._handle(event)
                if event.type == ServerEventType.RESPONSE_DONE and words in transcript(event.response):
                    return

    async def _wait_for(self, wanted: ServerEventType) -> Any:
        while (event := await self.dialogue.receive()).type != wanted:
            pass
        return event

    async def _handle(self, event: Any) -> None:
        if event.type == ServerEventType.CONVERSATION_ITEM_CREATED:
            if event.item.type == ItemType.MCP_CALL:
                arguments = await self._wait_for(ServerEventType.RESPONSE_MCP_CALL_ARGUMENTS_DONE)
                assert arguments.item_id == event.item.id
                await self._wait_for(ServerEventType.RESPONSE_DONE)
            elif event.item.type == ItemType.MCP_APPROVAL_REQUEST:
                answer = models.MCPApprovalResponseRequestItem(approval_request_id=event.item.id, approve=self.approves)
                await self.dialogue.connection.conversation.item.create(item=answer)
        elif event.type == ServerEventType.RESPONSE_MCP_CALL_COMPLETED:
            done = await self._wait_for(ServerEventType.RESPONSE_OUTPUT_ITEM_DONE)
            assert isinstance(done.item, models.ResponseMCPCallItem)
            assert done.item.id == event.item_id
            self.outputs.append(done.item.output)
            await self.dialogue.connection.response.create()
        elif event.type == ServerEventType.RESPONSE_MCP_CALL_FAILED:
            self.failed.append(event.item_id)
            await self.dialogue.connection.response.create()


def looked_up(**step: Any) -> vlmock.Scenario:
    """A question, a call to ``docs/search``, and what is said of its outcome."""
    call = {"mcp": "docs/search", "arguments": {"query": "warranty"}, **(step or {"output": {"years": 3}})}
    return vlmock.Scenario.from_mapping(
        {
            "turns": [
                {"user": "How long?", "reply": [call]},
                {"mcp": "docs/search", "output": {"years": 3}, "optional": True, "reply": "It is {{ output.years }}."},
                {"mcp": "docs/search", "optional": True, "reply": "Sorry, {{ output.error }}"},
            ]
        }
    )


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
@pytest.mark.parametrize("require_approval", ["never", "always", None, {"never": ["search"]}])
async def test_the_sample_gets_its_output(require_approval: Any, model: str):
    """With and without approval: nothing that it waits for comes while it drops events."""
    server = models.MCPServer(**DOCS, **({} if require_approval is None else {"require_approval": require_approval}))
    with vlmock.serve(looked_up()) as voicelive:
        async with talking(voicelive.url, model=model, api_version=MCP_VERSION) as dialogue:
            await dialogue.configure(tools=[server], turn_detection=None)
            await dialogue.until("mcp_list_tools.completed")
            await dialogue.type("How long?")
            await dialogue.connection.response.create()
            client = SampleClient(dialogue)
            await client.run_until_it_says("It is 3.")
        assert voicelive.problems() == []
    assert client.outputs == ['{"years":3}']


async def test_the_sample_may_refuse():
    """Assumed: the call fails, and the next response knows why."""
    with vlmock.serve(looked_up()) as voicelive:
        async with talking(voicelive.url, api_version=MCP_VERSION) as dialogue:
            await dialogue.configure(tools=[models.MCPServer(**DOCS)], turn_detection=None)
            await dialogue.type("How long?")
            await dialogue.connection.response.create()
            client = SampleClient(dialogue, approves=False)
            await client.run_until_it_says("Sorry, The call was not approved.")
        assert voicelive.problems() == []
    assert (len(client.failed), client.outputs) == (1, [])


async def test_a_client_that_forgot_its_server_is_found_out():
    """The response fails, and the test that plays the scenario with it."""
    with vlmock.serve(looked_up()) as voicelive:
        async with talking(voicelive.url) as dialogue:
            await dialogue.configure(turn_detection=None)
            response = await dialogue.ask("How long?")
        problems = voicelive.problems()
    assert response.status == "failed"
    assert any("the client offers no MCP server 'docs'" in problem for problem in problems)


@pytest.mark.parametrize("unreachable", [False, True])
async def test_the_tools_of_a_server_are_the_sdks_own(unreachable: bool):
    """In the retrieved item, with their schemas; an unreachable server leaves a session that works."""
    tool = {"name": "search", "description": "Search.", "input_schema": {"type": "object", "required": ["query"]}}
    servers = {"docs": {"unreachable": True} if unreachable else {"tools": [tool, "fetch"]}}
    scenario = vlmock.Scenario.from_mapping({"mcp_servers": servers, "otherwise": {"reply": "Hello."}})
    with vlmock.serve(scenario) as voicelive:
        async with talking(voicelive.url) as dialogue:
            session = await dialogue.configure(tools=[models.MCPServer(**DOCS, allowed_tools=["search"])])
            assert isinstance(session.tools[0], models.MCPServer)
            ended = await dialogue.until(f"mcp_list_tools.{'failed' if unreachable else 'completed'}")
            await dialogue.connection.conversation.item.retrieve(item_id=ended.item_id)
            item = (await dialogue.until("conversation.item.retrieved")).item
            assert transcript(await dialogue.ask("Hi")) == "Hello."
    assert isinstance(item, models.ResponseMCPListToolItem)
    assert [(listed.name, listed.input_schema) for listed in item.tools] == (
        [] if unreachable else [("search", tool["input_schema"])]
    )


async def test_searches_and_their_sources_are_the_sdks_own():
    """Each stage in the SDK's class; results and annotations with their members."""
    with vlmock.serve("search") as voicelive:
        async with talking(voicelive.url) as dialogue:
            await dialogue.configure(include=["file_search_call.results"], turn_detection=None)
            found = await dialogue.ask("When is the museum open?")
            await dialogue.ask("Is there anything special on?")
        assert voicelive.problems() == []
    search, message = found.output
    assert isinstance(search, models.ResponseFileSearchCallItem)
    assert (search.queries, search.results[0].filename) == (["opening hours", "museum"], "visitors.md")
    annotations = dialogue.of("response.audio_transcript.annotation.added")
    assert [event.annotation["type"] for event in annotations] == ["file_citation", "url_citation"]
    assert annotations[0].item_id == message.id
    assert [event.sequence_number for event in dialogue.events if hasattr(event, "sequence_number")] == [0, 1, 2] * 2


async def test_a_hosted_agent_speaks_its_mind():
    """Raw payloads, and what the client handed over decides what is answered."""
    scenario = vlmock.Scenario.from_mapping(
        {
            "turns": [
                {
                    "invoke_input": {"topic": "maps"},
                    "reply": [{"invocation": {"type": "thinking", "of": "{{ invoke_input.topic }}"}}, "Old maps."],
                }
            ]
        }
    )
    with vlmock.serve(scenario) as voicelive:
        async with talking(voicelive.url, api_version="2026-07-15") as dialogue:
            response = await dialogue.ask(invoke_input={"topic": "maps"})
        assert voicelive.problems() == []
    assert transcript(response) == "Old maps."
    assert dialogue.of("response.invocation.delta")[0].delta == {"type": "thinking", "of": "maps"}


async def test_what_the_sdk_does_not_know_does_it_no_harm():
    """Behind readings: other agents and rate limits."""
    reply = [{"foundry_agent": "travel", "output": "At nine."}, "At nine."]
    scenario = vlmock.Scenario.from_mapping(
        {"readings": {"foundry_agent": True, "rate_limits": True}, "otherwise": {"reply": reply}}
    )
    agent_events = {
        f"response.foundry_agent_call{name}"
        for name in ("_arguments.delta", "_arguments.done", ".in_progress", ".completed")
    }
    raw: list[str] = []
    with vlmock.serve(scenario) as voicelive:
        async with talking(voicelive.url) as dialogue, asyncio.timeout(30):
            await dialogue.connection.response.create()
            while raw[-2:] != ["response.done", "rate_limits.updated"]:
                raw.append((await dialogue.connection.recv())["type"])
    assert agent_events <= set(raw)
    assert raw[:2] == ["response.created", "rate_limits.updated"]
