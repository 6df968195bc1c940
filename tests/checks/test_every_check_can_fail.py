"""Every check fails on a server that is wrong in its point, and in no other."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.checks.conftest import checked
from tests.checks.table import BY_SILENCE, LIES
from tests.checks.wrong_server import wrong
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check
from vlclient.checks.running import try_check
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(240)

_AT_ONCE = 12
_PATIENCE_S = 60.0
"""A finding is what a server says, and not that a busy machine is late,"""
_SHORT_PATIENCE_S = 2.0
"""but for those who say nothing."""


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, emulator: MockServer, lifelike: MockServer) -> Mapping[str, Outcome]:
    """Of all the checks that are asked for, each told its lie."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = [check for item in items if (check := item.callspec.params["check"]).number in LIES]

    async def tried(check: Check, room: asyncio.Semaphore) -> Outcome:
        """A server that answers as fast as the service does where something is done meanwhile."""
        honest = lifelike if check.cost.responses else emulator
        patience_s = _SHORT_PATIENCE_S if check.number in BY_SILENCE else _PATIENCE_S
        async with room, wrong(LIES[check.number], honest.url) as url:
            return await try_check(check, checked(url, check.pipelines[0], patience_s=patience_s))

    async def all_tried() -> dict[str, Outcome]:
        room = asyncio.Semaphore(_AT_ONCE)
        outcomes = await asyncio.gather(*(tried(check, room) for check in asked))
        for place, outcome in enumerate(outcomes):
            if outcome.verdict is Verdict.INCONCLUSIVE:  # too late to interrupt somebody: once more, and alone
                outcomes[place] = await tried(outcome.check, room)
        return {outcome.check.number: outcome for outcome in outcomes}

    return asyncio.run(all_tried())


def test_there_is_a_lie_for_every_check() -> None:
    """A check that nobody has seen fail may be one that cannot."""
    assert sorted(LIES) == sorted(check.number for check in all_checks())


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.number)
def test_a_check_finds_the_lie(check: Check, outcomes: Mapping[str, Outcome]) -> None:
    """With a finding that says what was expected; none of a shape that the check did not expect, or of waiting."""
    outcome = outcomes[check.number]
    told = "\n".join([str(outcome.verdict), outcome.reason, *map(str, outcome.findings), *map(str, outcome.frames)])
    assert outcome.verdict is Verdict.FAILED, told
    assert all("known shape" not in finding.expected for finding in outcome.findings), told
    waited = any(finding.expected.endswith(" s") and " within " in finding.expected for finding in outcome.findings)
    assert waited == (check.number in BY_SILENCE), told
