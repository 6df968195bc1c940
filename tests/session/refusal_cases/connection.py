"""Refusals: who cannot have a session, and a session that is over."""

from tests.session.conftest import Dialogue
from tests.session.refusal_cases.case import Case
from vlmock.session.configuration.brain import Brain
from vlmock.session.conversation.agents import Agent

HELPER = Agent("helper", "project")
BY_KEY = Brain("", "2026-07-15", agent=HELPER, by_key=True)
BY_LEGACY_TOKEN = Brain("", "2026-07-15", agent=HELPER, by_legacy_token=True)


def two_hours(talk: Dialogue) -> None:
    talk.wait(2 * 3600)


CASES = (
    Case("invalid_model", (), "Model gpt-9 is not supported in this region.", "invalid_model", how={"model": "gpt-9"}),
    Case(
        "invalid_profile",
        (),
        "Profile byom-x is not supported.",
        "invalid_profile",
        how={"brain": Brain("mine", "2026-07-15", profile="byom-x")},
    ),
    Case(
        "agents_take_no_key",
        (),
        "Key authentication is not supported in Agent mode",
        "agent_initialization_failed",
        how={"brain": BY_KEY},
    ),
    Case(
        "agents_take_no_legacy_token",
        (),
        "Authentication error to AI Agent service: Unauthorized",
        "agent_initialization_failed",
        how={"brain": BY_LEGACY_TOKEN},
    ),
    Case(
        "missing_agent_project",
        (),
        "Missing required agent project name",
        "agent_initialization_failed",
        how={"agent": Agent("helper", "")},
    ),
    Case(
        "classic_agents_not_supported",
        (),
        "Classic foundry agent is not supported in API version 2026-04-10 and above",
        "agent_initialization_failed",
        how={"agent": Agent("asst_1", "project", classic=True)},
    ),
    Case(
        "agent_cannot_start",
        (),
        "Failed to initialize the agent. Check its configuration and the identity permissions.",
        "agent_initialization_failed",
        how={"agent": Agent("helper:2", "project")},
    ),
    Case(
        "byom_not_realtime",
        (),
        "Connection error to BYOM Realtime service: status 400, message: Invalid response status",
        "byom_realtime_connection_error",
        how={"brain": Brain("gpt-5-mini", "2026-07-15", profile="byom-azure-openai-realtime")},
    ),
    Case("session_expired", (two_hours,), "Your session hit the maximum duration of 120 minutes.", "session_expired"),
)
