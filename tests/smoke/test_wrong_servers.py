"""A server that is wrong in a chosen way is found by the smoke test, in the step where a user would have met it."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.checks import faults
from tests.checks.faults import FAULTS
from tests.checks.wrong_server import Fault, wrong
from tests.smoke.conftest import smoked
from vlclient.smoke.outcome import Outcome
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(120)

FOUND: dict[type[Fault], str] = {
    faults.NoSessionCreated: "connect",
    faults.SessionCreatedLate: "connect",
    faults.SessionCreatedTwice: "set up",
    faults.NoSessionUpdated: "set up",
    faults.SessionUpdatedTwice: "set up",
    faults.SessionUpdatedWithoutId: "set up",
    faults.SettingsNotEchoed: "set up",
    faults.SettingsOfAnotherSession: "set up",
    faults.NoCommitted: "spoken turn",
    faults.NoTranscripts: "spoken turn",
    faults.StartedAfterStopped: "spoken turn",
    faults.ItemsTwice: "typed turn",
    faults.NoResponseDone: "typed turn",
    faults.DeltasAfterDone: "typed turn",
    faults.DeltasOfAnotherResponse: "typed turn",
    faults.TranscriptDiffers: "typed turn",
    faults.OddBytes: "typed turn",
    faults.UsageDoesNotAddUp: "typed turn",
    faults.StatusInProgress: "typed turn",
    faults.AnotherCallIdWhenDone: "tool",
    faults.ArgumentsNoJson: "tool",
    faults.CancelIgnored: "cancel",
    faults.CancelledIsCompleted: "cancel",
    faults.GoodbyeIs1011: "close",
}
"""The step in which a fault shows. All of them are wrong answers: exit code 9."""

UNSEEN: dict[type[Fault], str] = {
    faults.OneEventId: "no client reads the ids of the service's events",
    faults.BinaryFrames: "the client takes either kind of frame",
    faults.ErrorWithoutCode: "nothing is refused to a client that does nothing wrong",
    faults.ErrorNamesAnotherEvent: "the same",
    faults.NoErrors: "the same",
    faults.RefusalsRedirect: "the credential is good",
    faults.StartsFall: "one turn is spoken",
    faults.TwiceAsLong: "nobody knows how fast a voice speaks",
    faults.NoTruncated: "nothing is truncated where nobody plays it",
    faults.NoDeleted: "nothing is deleted",
}
"""Why a short conversation cannot know; ``vlclient check`` finds them."""


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, service: MockServer) -> Mapping[type[Fault], Outcome]:
    """Of all that are asked for, tried at the same time: they wait most of the time."""
    asked = [
        item.callspec.params
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]

    async def tried(kind: type[Fault]) -> Outcome:
        async with wrong(kind, service.url) as url:
            return await smoked(url)

    async def all_tried() -> dict[type[Fault], Outcome]:
        kinds = [params["kind"] for params in asked]
        return dict(zip(kinds, await asyncio.gather(*map(tried, kinds)), strict=True))

    return asyncio.run(all_tried())


def test_every_fault_is_listed() -> None:
    """As one that shows or as one that cannot."""
    assert set(FOUND) | set(UNSEEN) == set(FAULTS)
    assert not set(FOUND) & set(UNSEEN)


@pytest.mark.parametrize("kind", FOUND, ids=lambda kind: kind.__name__)
def test_a_fault_is_found_in_its_step(kind: type[Fault], outcomes: Mapping[type[Fault], Outcome]) -> None:
    """And is a wrong answer, said in one sentence."""
    outcome = outcomes[kind]
    wrong_steps = [step.name for step in outcome.steps if step.findings]
    assert (outcome.exit_code, outcome.kind, wrong_steps[:1]) == (9, "wrong answer", [FOUND[kind]]), outcome
    assert outcome.sentence
    assert "\n" not in outcome.sentence


@pytest.mark.parametrize("kind", [Fault, *UNSEEN], ids=lambda kind: kind.__name__)
def test_what_no_client_can_notice_is_no_finding(kind: type[Fault], outcomes: Mapping[type[Fault], Outcome]) -> None:
    """The proxy alone, without a fault, among them."""
    assert (outcomes[kind].exit_code, [step.findings for step in outcomes[kind].steps]) == (0, [()] * 7), outcomes[kind]
