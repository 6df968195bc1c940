"""A server that is wrong in a chosen way is found by the check of that requirement."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.checks import faults
from tests.checks.conftest import checked
from tests.checks.faults import FAULTS
from tests.checks.wrong_server import Fault, wrong
from vlclient.checks.catalogue import Choice, chosen
from vlclient.checks.report.text import outcome_lines
from vlclient.checks.running import run
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(180)

FOUND_BY: dict[type[Fault], tuple[str, ...]] = {
    faults.NoSessionCreated: ("1.01",),
    faults.SessionCreatedLate: ("1.01",),
    faults.SessionCreatedTwice: ("1.02",),
    faults.NoSessionUpdated: ("3.01",),
    faults.SessionUpdatedTwice: ("3.30",),
    faults.SessionUpdatedWithoutId: ("3.01",),
    faults.SettingsNotEchoed: ("3.03",),
    faults.SettingsOfAnotherSession: ("3.01", "3.03"),
    faults.OneEventId: ("2.02", "16.03"),
    faults.BinaryFrames: ("1.01",),
    faults.ErrorWithoutCode: ("1.09", "4.37"),
    faults.ErrorNamesAnotherEvent: ("16.01", "16.02"),
    faults.NoErrors: ("4.01", "16.04"),
    faults.RefusalsRedirect: ("1.03", "1.13", "1.14"),
    faults.NoCommitted: ("6.01",),
    faults.NoTranscripts: ("6.11", "7.03"),
    faults.StartedAfterStopped: ("6.01",),
    faults.StartsFall: ("6.07",),
    faults.ItemsTwice: ("12.10",),
    faults.NoResponseDone: ("12.01",),
    faults.DeltasAfterDone: ("12.02",),
    faults.DeltasOfAnotherResponse: ("12.03",),
    faults.TranscriptDiffers: ("12.06",),
    faults.OddBytes: ("12.08",),
    faults.TwiceAsLong: ("9.20", "9.21"),
    faults.UsageDoesNotAddUp: ("12.09",),
    faults.StatusInProgress: ("12.01",),
    faults.AnotherCallIdWhenDone: ("13.07",),
    faults.ArgumentsNoJson: ("13.06",),
    faults.CancelIgnored: ("14.01",),
    faults.CancelledIsCompleted: ("14.01",),
    faults.GoodbyeIs1011: ("17.01",),
    faults.NoTruncated: ("15.20",),
    faults.NoDeleted: ("15.14",),
}
"""The checks that are about what is wrong; others may fail, too."""


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, lifelike: MockServer) -> Mapping[tuple[type[Fault] | None, str], Outcome]:
    """Of all the faults that are asked for, and of none, at the same time: they wait most of the time."""
    asked: dict[type[Fault], tuple[str, ...]] = {
        Fault: tuple({number for numbers in FOUND_BY.values() for number in numbers})
    }
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked |= {kind: FOUND_BY[kind] for item in items if (kind := item.callspec.params["kind"])}

    async def tried(kind: type[Fault], numbers: tuple[str, ...]) -> list[tuple[type[Fault], Outcome]]:
        async with wrong(kind, lifelike.url) as url:
            found = await run(chosen(Choice(only=numbers)), checked(url), jobs=4)
        return [(kind, outcome) for outcome in found]

    async def all_tried() -> dict[tuple[type[Fault] | None, str], Outcome]:
        several = await asyncio.gather(*(tried(kind, numbers) for kind, numbers in asked.items()))
        return {(kind, outcome.check.number): outcome for outcomes in several for kind, outcome in outcomes}

    return asyncio.run(all_tried())


def test_for_every_fault_there_is_a_check() -> None:
    """At least one that is about it."""
    assert set(FOUND_BY) == set(FAULTS)
    assert all(FOUND_BY.values())


@pytest.mark.parametrize("kind", FOUND_BY, ids=lambda kind: kind.__name__)
def test_a_fault_is_found(kind: type[Fault], outcomes: Mapping[tuple[type[Fault] | None, str], Outcome]) -> None:
    """By each check that the table names: failed, and not merely inconclusive or loose."""
    for number in FOUND_BY[kind]:
        outcome = outcomes[kind, number]
        told = "\n".join([*outcome_lines(outcome), *map(str, outcome.frames)])
        assert outcome.verdict is Verdict.FAILED, told


def test_without_a_fault_nothing_is_found(outcomes: Mapping[tuple[type[Fault] | None, str], Outcome]) -> None:
    """The proxy itself does no harm."""
    failed = [
        number
        for (kind, number), outcome in outcomes.items()
        if kind is Fault and outcome.verdict is not Verdict.PASSED
    ]
    assert failed == []
