"""What a check waits for, and what it does not blame a server for."""

import asyncio
import json

import pytest

from tests.checks.conftest import CREATED, saying, verdict_of
from tests.client.fake_service import Caller, silent
from vlclient.checks.probe import Probe
from vlclient.checks.verdicts import NotOffered, Verdict


def refusal(**details: object) -> str:
    return json.dumps({"type": "error", "event_id": "event_1", "error": {"message": "Not now.", **details}})


@pytest.mark.parametrize("ends", [NotOffered("no such thing"), TimeoutError()])
async def test_what_was_found_is_not_forgotten_however_a_check_ends(ends: Exception) -> None:
    """A server that is wrong in one point and lacks another is wrong."""

    async def body(probe: Probe) -> None:
        probe.expect(False, "this", "that")
        raise ends

    outcome = await verdict_of(body, silent)
    assert (outcome.verdict, [finding.got for finding in outcome.findings]) == (Verdict.FAILED, ["that"])


async def test_patience_is_with_silence() -> None:
    """What takes long is waited for as long as something comes."""

    async def counting(caller: Caller) -> None:
        for _ in range(20):
            await asyncio.sleep(0.1)
            await caller.connection.send('{"type":"response.audio.delta"}')
        await caller.connection.send('{"type":"response.done"}')
        await caller.connection.wait_closed()

    async def body(probe: Probe) -> None:
        wire = await probe.connect()
        await wire.next("response.done")

    assert (await verdict_of(body, counting, patience_s=1.5)).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("said", "replaced", "verdict"),
    [
        (refusal(type="invalid_request_error", code="invalid_model"), {}, Verdict.FAILED),
        (refusal(type="invalid_request_error"), {"api-version": "2025-10-01"}, Verdict.INCONCLUSIVE),
        (refusal(type="server_error"), {}, Verdict.INCONCLUSIVE),
        (refusal(type="invalid_request_error", code="rate_limit_exceeded"), {}, Verdict.INCONCLUSIVE),
        (CREATED, {}, Verdict.PASSED),
    ],
)
async def test_why_there_is_no_session_is_said(said: str, replaced: dict[str, str], verdict: Verdict) -> None:
    """At once, in the server's words. What came with a later api-version, or is the server's trouble, is no failure."""

    async def body(probe: Probe) -> None:
        await probe.created(replaced=replaced)

    outcome = await verdict_of(body, saying(said))
    assert outcome.verdict is verdict
    assert verdict is Verdict.PASSED or "Not now." in f"{outcome.reason} {outcome.findings}"


async def test_a_space_in_the_query_is_written_as_the_documentation_has_it() -> None:
    """``%20``, which everybody reads; ``+`` is a space in forms only."""
    paths: list[str] = []

    async def asked(caller: Caller) -> None:
        paths.append(caller.request.path)

    async def body(probe: Probe) -> None:
        await probe.dial(replaced={"Authorization": "Bearer a-token"})

    await verdict_of(body, asked)
    assert "Authorization=Bearer%20a-token" in paths[0]


async def test_a_check_that_leaves_much_unread_says_goodbye_all_the_same() -> None:
    """At once: behind what nobody reads the answer to a goodbye would not be seen, and waited for in vain."""
    codes: list[int | None] = []

    async def talkative(caller: Caller) -> None:
        await caller.connection.send(CREATED)
        for _ in range(200):
            await caller.connection.send('{"type":"response.audio.delta","delta":"' + "A" * 4000 + '"}')
        await caller.connection.wait_closed()
        codes.append(caller.connection.close_code)

    async def greeted(probe: Probe) -> None:
        await probe.created()

    outcome = await verdict_of(greeted, talkative)
    assert outcome.verdict is Verdict.PASSED
    assert codes == [1000]
    assert outcome.seconds < 5.0
