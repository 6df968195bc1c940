"""Tries checks on a server, one after the other or several at once, and says what came of each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final

from vlclient.checks.check import Check
from vlclient.checks.probe import ENDS_A_CHECK, Probe, Server
from vlclient.checks.verdicts import Falsified, Finding, Inconclusive, NotOffered, Outcome, Verdict
from vlclient.errors import VoiceLiveError
from vlmock.protocol.versions import reached

__all__ = ["run", "try_check", "why_skipped"]

_LONGEST_S: Final = 120.0


async def run(
    checks: Sequence[Check], server: Server, *, jobs: int = 1, told: Callable[[Outcome], object] = lambda outcome: None
) -> list[Outcome]:
    """All of them, in the order given; ``jobs`` at a time. ``told`` hears of each as soon as it is over."""
    room = asyncio.Semaphore(jobs)

    async def one(check: Check) -> Outcome:
        async with room:
            outcome = await try_check(check, server)
        told(outcome)
        return outcome

    return list(await asyncio.gather(*map(one, checks)))


async def try_check(check: Check, server: Server) -> Outcome:
    """One of them."""
    if reason := why_skipped(check, server):
        return Outcome(check, Verdict.SKIPPED, reason=reason)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        probe = Probe(server, stack)
        verdict, reason = await _verdict(check, probe)
        findings = tuple(probe.findings or probe.loose)
    return Outcome(check, verdict, findings, reason, time.monotonic() - began, tuple(probe.frames))


def why_skipped(check: Check, server: Server) -> str:
    """Why it says nothing about this server; "" where it does."""
    if server.pipeline not in check.pipelines:
        return f"it is about {' and '.join(check.pipelines)}, and this is {server.pipeline}"
    if check.since and not reached(server.api_version, check.since):
        return f"it is about api-version {check.since} and later"
    return ""


async def _verdict(check: Check, probe: Probe) -> tuple[Verdict, str]:
    try:
        async with asyncio.timeout(_LONGEST_S):
            await check.body(probe)
    except NotOffered as missing:
        return Verdict.NOT_OFFERED, str(missing)
    except Inconclusive as unclear:
        return Verdict.INCONCLUSIVE, str(unclear)
    except ENDS_A_CHECK as falsified:
        own = falsified.finding if isinstance(falsified, Falsified) else Finding("it to go on", str(falsified))
        probe.findings.append(own)
    except VoiceLiveError as trouble:
        return Verdict.INCONCLUSIVE, str(trouble)
    except (TimeoutError, OSError) as trouble:
        return Verdict.INCONCLUSIVE, f"{type(trouble).__name__}: {trouble}"
    if probe.findings:
        return Verdict.FAILED, ""
    return (Verdict.LOOSELY if probe.loose else Verdict.PASSED), ""
