"""Who can have a session: asked after the upgrade. Sources: schema A1, A2, B2; behaviour 1.1, 1.2, 6."""

from vlmock.session import models, refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.conversation.agents import Agent

__all__ = ["check_connection"]

_PROFILES_SINCE = "2025-10-01"
_NO_CLASSIC_AGENTS_SINCE = "2026-04-10"


def check_connection(brain: Brain) -> None:
    """Raise Refused where the model, the deployment or the agent cannot be had.

    Observed {S14}: an unknown model or profile does not fail the upgrade, an ``error`` follows it.
    """
    if brain.agent is not None:
        _check_agent(brain.agent, brain)
    elif brain.profile:
        _check_profile(brain.profile, brain)
    elif not models.is_known(brain.model):
        raise refusals.invalid_model(brain.model, models.KNOWN)


def _check_agent(agent: Agent, brain: Brain) -> None:
    """Observed {VIBE}: credentials, project, age and name, each with words of its own. Assumed: in this order; the two
    in the middle were met in it."""
    if brain.by_legacy_token:
        raise refusals.agents_take_no_legacy_token()
    if brain.by_key:
        raise refusals.agents_take_no_key()
    if not agent.project:
        raise refusals.missing_agent_project()
    if agent.classic and brain.reached(_NO_CLASSIC_AGENTS_SINCE):
        raise refusals.classic_agents_not_supported()
    if agent.misspelt:
        raise refusals.agent_cannot_start(f"write agent-name, not {agent.misspelt}")
    if ":" in agent.name:
        raise refusals.agent_cannot_start("agent-name is the bare name, the version goes into agent-version")


def _check_profile(profile: str, brain: Brain) -> None:
    """Documented (schema A2): profiles came with 2025-10-01. Observed {S14}: a profile that there is not, and a text
    model's deployment behind the realtime profile; a name that nobody knows is not looked at."""
    known = models.PROFILES if brain.reached(_PROFILES_SINCE) else ()
    if profile not in known:
        raise refusals.invalid_profile(profile, known)
    by_name = profile == models.REALTIME_PROFILE and not brain.any_deployment
    if by_name and models.is_text_model(brain.model):
        raise refusals.byom_not_realtime()
