"""What was fixed when the connection was made."""

import msgspec

from vlmock.protocol.versions import MCP_SINCE, events_of, reached
from vlmock.session import models
from vlmock.session.conversation.agents import Agent
from vlmock.session.models import Family

__all__ = ["Brain"]


class Brain(msgspec.Struct, frozen=True):
    """Who answers, and in which version of the protocol. Nothing in a session changes it."""

    model: str
    """As the URL names it; ``""`` for an agent, which brings its own."""
    api_version: str
    profile: str | None = None
    """One of ``models.PROFILES``, where the model is a deployment of the caller's own."""
    any_deployment: bool = False
    """Nobody looks at what the deployment is called: it was dialled at an address of OpenAI's."""
    agent: Agent | None = None
    """Who answers in place of a model."""
    by_key: bool = False
    """Whether the client showed a key, not a token."""
    by_legacy_token: bool = False
    """Whether its token is for Cognitive Services, which was the audience before there were agents."""
    mcp_since: str = MCP_SINCE
    """Which version brought MCP and warnings: ``Readings.mcp_since``."""
    later_settings: str = "members_refused"
    """What becomes of settings that its version does not have: ``Readings.later_settings``."""

    @property
    def family(self) -> Family:
        """What it listens with; an agent reads transcripts. Documented: schema A6."""
        return Family.CASCADED if self.agent else models.family(self.model, self.profile)

    @property
    def events(self) -> frozenset[str]:
        """The wire types of the events that its version has."""
        return events_of(self.api_version, mcp_since=self.mcp_since)

    def reached(self, since: str) -> bool:
        """Whether its version has what came with another one."""
        return reached(self.api_version, since)
