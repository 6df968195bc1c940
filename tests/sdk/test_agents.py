"""Agents and deployments of one's own, through the vendor SDK. Source: schema A1, A2; behaviour.md 1.1, 1.2."""

from typing import Any

import pytest
from azure.ai.voicelive import models
from azure.ai.voicelive.aio import connect
from azure.core.credentials import AzureKeyCredential

import vlmock
from tests.sdk.dialogue import FakeToken, talking, transcript
from vlmock.session.script import Turn

AGENT = {"agent_name": "helper", "project_name": "project"}


def remembering(turn: Turn) -> str:
    """Says how much it knows."""
    return f"I know {len(turn.history)} items."


async def test_a_conversation_goes_on_after_a_reconnect():
    """Documented {DOC}: ``session.agent.thread_id`` is the ``conversation_id`` to come back with."""
    how: dict[str, Any] = {"model": None, "credential": FakeToken(), **AGENT}
    with vlmock.serve(remembering) as server:
        async with talking(server.url, **how) as dialogue:
            session = await dialogue.configure(turn_detection=None)
            assert isinstance(session.agent, models.AgentConfig)
            assert (session.agent.name, session.agent.agent_id) == ("helper", "helper:1")
            first = await dialogue.ask("I am Ada.")
            assert transcript(first) == "I know 1 items."
            [item] = first.output
            retrieve = dialogue.connection.conversation.item.retrieve
            await retrieve(item_id=item.id)
            assert (await dialogue.until("conversation.item.retrieved")).item.content[0].get("audio")
        thread_id = session.agent.thread_id
        server.journal.wait_for_close()
        async with talking(server.url, **how, conversation_id=thread_id) as dialogue:
            assert dialogue.events[0].session.agent.thread_id == thread_id
            await dialogue.connection.conversation.item.retrieve(item_id=item.id)
            [part] = (await dialogue.until("conversation.item.retrieved")).item.content
            assert (part.transcript, part.get("audio")) == ("I know 1 items.", None)
            assert transcript(await dialogue.ask("Who am I?")) == "I know 3 items."
        other = how | {"agent_name": "somebody"}
        async with talking(server.url, **other, conversation_id=thread_id) as dialogue:
            assert dialogue.events[0].session.agent.thread_id != thread_id
            assert transcript(await dialogue.ask("Who am I?")) == "I know 1 items."


@pytest.mark.parametrize(
    ("query", "api_version", "says"),
    [
        ({"agent-name": "helper", "agent_project_name": "p"}, "2026-07-15", "Missing required agent project name"),
        ({"agent_name": "helper", "agent-project-name": "p"}, "2026-07-15", "Failed to initialize the agent."),
        ({"agent-name": "helper:2", "agent-project-name": "p"}, "2026-07-15", "Failed to initialize the agent."),
        ({"agent-id": "asst_1", "agent-project-name": "p"}, "2026-07-15", "Classic foundry agent is not supported"),
    ],
)
async def test_an_agent_that_cannot_be_had(query: dict[str, str], api_version: str, says: str):
    """Observed {VIBE, TROUB}: the socket opens, an error says why, and it is closed with 1008."""
    with vlmock.serve() as server:
        async with connect(
            endpoint=server.url, credential=FakeToken(), api_version=api_version, query=query
        ) as connection:
            event: Any = await connection.recv()
            assert (event["type"], event.error.code) == ("error", "agent_initialization_failed")
            assert says in event.error.message
            _ = [event async for event in connection]  # until it is closed
        assert server.journal.wait_for_close().code == 1008


async def test_a_classic_agent_on_a_version_of_its_time():
    """Documented (schema A1): its id, project and access token; the token is in no journal."""
    query = {"agent-id": "asst_1", "agent-project-name": "p", "agent-access-token": "sesame"}
    with vlmock.serve("greeting") as server:
        async with talking(
            server.url, model=None, credential=FakeToken(), api_version="2025-10-01", query=query
        ) as dialogue:
            agent = dialogue.events[0].session.agent
            assert agent.agent_id == "asst_1"
            assert agent.thread_id.startswith("thread_")
            assert (await dialogue.ask()).status == "completed"
        assert "sesame" not in str(server.journal.connections)


@pytest.mark.parametrize(
    ("profile", "model", "code"),
    [
        ("byom-azure-openai-chat-completion", "my-deployment", None),
        ("byom-azure-openai-realtime", "my-deployment", None),
        ("byom-azure-openai-realtime", "gpt-5-mini", "byom_realtime_connection_error"),
        ("byom-nothing", "my-deployment", "invalid_profile"),
    ],
)
async def test_a_deployment_of_ones_own(profile: str, model: str, code: str | None):
    """Observed {S14}: profile and protocol are looked at, after the upgrade; the name is not."""
    query = {"profile": profile, "foundry-resource-override": "elsewhere"}
    with vlmock.serve("greeting") as server:
        async with connect(
            endpoint=server.url, credential=AzureKeyCredential("any"), model=model, query=query
        ) as connection:
            event: Any = await connection.recv()
            assert event["type"] == ("session.created" if code is None else "error")
            if code is None:
                assert event.session.model == model
            else:
                assert event.error.code == code
