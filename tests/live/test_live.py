"""The live endpoint: whether it works, whether it does what is known of it, and whether one can talk to it."""

import asyncio
from collections.abc import Mapping

import pytest

import vlclient
from vlclient.chat.options import ChatOptions
from vlclient.checks.catalogue import Choice, all_checks, why_left_out
from vlclient.checks.check import Check
from vlclient.checks.probe import Server
from vlclient.checks.reaching import reach
from vlclient.checks.report.text import outcome_lines
from vlclient.checks.running import run, why_skipped
from vlclient.checks.verdicts import Outcome, Verdict
from vlclient.smoke.program import Smoke, converse

_JOBS = 4
_SAYS_NOTHING = (Verdict.SKIPPED, Verdict.NOT_OFFERED, Verdict.INCONCLUSIVE)


async def test_the_smoke_test_passes(live: Server) -> None:
    """``vlclient smoke``, with what the environment says."""
    options = ChatOptions(turn_detection="server_vad", noise_suppression=False, echo_cancellation=False)
    outcome = await converse(Smoke(options=options, patience_s=live.patience_s))
    assert outcome.exit_code == 0, f"{outcome.kind}: {outcome.sentence}"


async def test_one_can_talk_to_it(live: Server) -> None:
    """A conversation as in the README: what is said is answered, and both are in the transcripts."""
    agent = {"agent": live.target.agent} if live.agent else {"model": live.model}
    async with vlclient.connect(live.target.endpoint, **agent, raise_errors=True) as session:
        await session.update(turn_detection=vlclient.ServerVad())
        for question in ("Hello!", "How are you today?"):
            await session.say(question)
            async for event in session:
                if event.type == "response.done" and session.is_idle:
                    break
    roles = [line.role for line in session.transcripts if line.text]
    assert roles == ["user", "assistant"] * 2


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, live: Server) -> Mapping[str, Outcome]:
    """Of all the checks that are asked for and cost no more than a person would give without being asked."""
    asked = [
        item.callspec.params["check"]
        for item in request.session.items
        if "[" in item.name and item.path == request.path
    ]  # type: ignore[attr-defined]
    choice = Choice(slow=not live.live, expensive=not live.live)
    left_out = {check.number: why_skipped(check, live) or why_left_out(check, choice) for check in asked}

    async def tried() -> list[Outcome]:
        try:
            await reach(live)
            return await run([check for check in asked if not left_out[check.number]], live, jobs=_JOBS)
        finally:
            await live.credential.close()

    skipped = [Outcome(check, Verdict.SKIPPED, reason=reason) for check in asked if (reason := left_out[check.number])]
    return {outcome.check.number: outcome for outcome in [*skipped, *asyncio.run(tried())]}


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: f"{check.number}-{check.name}")
def test_a_check_does_not_fail(check: Check, outcomes: Mapping[str, Outcome]) -> None:
    """Passed loosely is passed; what says nothing of the service is skipped, with its reason."""
    outcome = outcomes[check.number]
    if outcome.verdict in _SAYS_NOTHING:
        pytest.skip(f"{outcome.verdict.value}: {outcome.reason}")
    assert outcome.verdict is not Verdict.FAILED, "\n".join(outcome_lines(outcome))
