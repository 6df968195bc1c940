"""Agents of Foundry, and the conversations that they remember. Source: schema A1, A2; behaviour.md 1.1."""

from collections import OrderedDict
from typing import Final

import msgspec

from vlmock.protocol.session import AgentConfig
from vlmock.session.conversation.history import History

__all__ = ["Agent", "Conversations", "Thread"]

_REMEMBERED: Final = 1_000
_LATEST: Final = "1"
"""Assumed: the version of an agent that was asked for without one."""


class Agent(msgspec.Struct, frozen=True):
    """The agent that a client asked for. Whether there is one of that name is not known here."""

    name: str
    """Of a classic agent, its id."""
    project: str
    """The project that it belongs to, or for a classic one its connection string; "" where that is missing."""
    version: str = ""
    """"" is the latest."""
    conversation_id: str = ""
    """The conversation to go on with; "" begins a new one."""
    classic: bool = False
    """Documented (schema A1): of the service that there was before agents had names."""
    misspelt: str = ""
    """The query parameter that named it, where that is not the right one."""

    def described(self, thread_id: str) -> AgentConfig:
        """The ``agent`` of a session. Observed {VIBE}: a new agent's id is its name and version."""
        agent_id = self.name if self.classic else f"{self.name}:{self.version or _LATEST}"
        return AgentConfig(name=self.name, agent_id=agent_id, thread_id=thread_id)


class Thread(msgspec.Struct):
    """A conversation that outlives its session."""

    id: str
    agent: tuple[str, str]
    """Name and project of whose it is."""
    history: History
    sessions: int = 0
    """How many have it open."""

    def leave(self) -> None:
        """One session less has it open.

        Documented {DOC}: the threads of agents are text, so what is remembered of it are words, not sound. Assumed: as
        soon as no session has it open.
        """
        self.sessions -= 1
        if not self.sessions:
            self.history.forget_sound()


class Conversations:
    """What the agents of one server remember. Of very many conversations, those that were taken up last."""

    def __init__(self) -> None:
        self._threads: OrderedDict[str, Thread] = OrderedDict()

    def take_up(self, agent: Agent, new_id: str) -> Thread:
        """The conversation that the client wants to go on with, or a new one with this id.

        Documented {DOC}: ``session.agent.thread_id`` is the id to come back with; an id of another agent or project
        begins a new conversation. Assumed: so does one that nobody knows.
        """
        owner = (agent.name, agent.project)
        thread = self._threads.get(agent.conversation_id)
        if thread is None or thread.agent != owner:
            thread = self._threads[new_id] = Thread(new_id, owner, History())
        thread.sessions += 1
        self._threads.move_to_end(thread.id)
        if len(self._threads) > _REMEMBERED:
            self._threads.popitem(last=False)
        return thread
