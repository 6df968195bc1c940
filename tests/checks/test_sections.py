"""Every check passes on the emulator, in every pipeline that it applies to."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.checks.conftest import MODELS, checked
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check
from vlclient.checks.running import run, try_check
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(240)

APPLICABLE = [
    pytest.param(check, pipeline, id=f"{check.number}-{pipeline}-{check.name}")
    for check in all_checks()
    for pipeline in MODELS
    if pipeline in check.pipelines
]
_AT_ONCE = 24


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, emulator: MockServer, lifelike: MockServer
) -> Mapping[tuple[str, str], Outcome]:
    """Of all the checks that are asked for, tried at the same time: most of them wait most of the time."""
    asked = [item.callspec.params for item in request.session.items if item.path == request.path]  # type: ignore[attr-defined]

    async def tried(pipeline: str) -> list[Outcome]:
        checks = [params["check"] for params in asked if params.get("pipeline") == pipeline]
        silent = [check for check in checks if not check.cost.responses]
        answered = [check for check in checks if check.cost.responses]
        return [
            *await run(silent, checked(emulator.url, pipeline), jobs=_AT_ONCE // len(MODELS)),
            *await run(answered, checked(lifelike.url, pipeline, patience_s=15.0), jobs=_AT_ONCE // len(MODELS)),
        ]

    async def all_tried() -> dict[tuple[str, str], Outcome]:
        several = await asyncio.gather(*map(tried, MODELS))
        found = {
            (pipeline, outcome.check.number): outcome
            for pipeline, outcomes in zip(MODELS, several, strict=True)
            for outcome in outcomes
        }
        for (pipeline, number), outcome in found.items():
            if outcome.verdict is Verdict.INCONCLUSIVE:  # too late to interrupt somebody: once more, and alone
                server = checked(lifelike.url, pipeline, patience_s=15.0)
                found[pipeline, number] = await try_check(outcome.check, server)
        return found

    return asyncio.run(all_tried())


@pytest.mark.parametrize(("check", "pipeline"), APPLICABLE)
def test_a_check_passes_on_the_emulator(
    check: Check, pipeline: str, outcomes: Mapping[tuple[str, str], Outcome]
) -> None:
    """Not loosely: what the emulator says, it says to the letter."""
    outcome = outcomes[pipeline, check.number]
    told = "\n".join([str(outcome.verdict), outcome.reason, *map(str, outcome.findings), *map(str, outcome.frames)])
    assert outcome.verdict is Verdict.PASSED, told
