"""The agent that a query asks for."""

from collections.abc import Mapping
from typing import Final

from vlmock.session.conversation.agents import Agent

__all__ = ["agent_in"]

_CLASSIC: Final = ("agent-id", "agent_id")
_CLASSIC_PROJECTS: Final = (
    "agent-project-name",
    "agent_project_name",
    "project_id",
    "agent-connection-string",
    "agent_connection_string",
)


def agent_in(query: Mapping[str, str]) -> Agent | None:
    """None where the query asks for a model.

    Documented (schema A1): ``agent-name`` and ``agent-project-name``; a classic agent's id and its project or
    connection string, in either spelling. Observed {VIBE}: ``agent_name`` reaches the agents, too, and fails there.
    """
    project = query.get("agent-project-name", "")
    version, conversation_id = query.get("agent-version", ""), query.get("conversation-id", "")
    if name := query.get("agent-name"):
        return Agent(name, project, version, conversation_id)
    if name := _first(query, _CLASSIC):
        return Agent(name, _first(query, _CLASSIC_PROJECTS), "", conversation_id, classic=True)
    if name := query.get("agent_name"):
        return Agent(name, project, version, conversation_id, misspelt="agent_name")
    return None


def _first(query: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((query[name] for name in names if query.get(name)), "")
