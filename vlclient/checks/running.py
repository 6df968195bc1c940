"""Tries checks on a server, one after the other or several at once, and says what came of each."""

import asyncio
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from vlclient.checks.check import Check
from vlclient.checks.probe import Probe, Server
from vlclient.checks.verdicts import Falsified, Finding, Inconclusive, NotOffered, Outcome, Verdict
from vlclient.checks.wire import Closed, Missing, Silence
from vlclient.errors import VoiceLiveError
from vlmock.protocol.versions import reached

__all__ = ["run", "try_check", "why_skipped"]

_LONGEST_S: Final = 120.0
_LONGEST_SLOW_S: Final = 600.0
_UNANSWERED: Final = 10
"""So many checks in a row in which nothing came, and the rest is not tried: each would cost its patience."""
_GREETING: Final = frozenset({"session.created"})
_LOST: Final = "a loss without a goodbye"
_ONCE_MORE: Final = "a connection was lost without a goodbye, and all was tried once more"
_NETWORK: Final = (
    "the network, or the server: a connection was lost without a goodbye, and once more elsewhere when all was tried "
    "again; nobody can tell whose fault that is"
)
_NO_ANSWERS: Final = f"the server has answered nothing in the last {_UNANSWERED} checks"


async def run(
    checks: Sequence[Check], server: Server, *, jobs: int = 1, told: Callable[[Outcome], object] = lambda outcome: None
) -> list[Outcome]:
    """All of them, in the order given; ``jobs`` at a time. ``told`` hears of each as soon as it is over."""
    room = asyncio.Semaphore(jobs)
    unanswered = 0

    async def one(check: Check) -> Outcome:
        nonlocal unanswered
        async with room:
            if unanswered >= _UNANSWERED:
                outcome = Outcome(check, Verdict.SKIPPED, reason=_NO_ANSWERS)
            else:
                outcome = await try_check(check, server)
            if outcome.verdict is not Verdict.SKIPPED:
                unanswered = unanswered + 1 if outcome.unanswered else 0
        told(outcome)
        return outcome

    return list(await asyncio.gather(*map(one, checks)))


async def try_check(check: Check, server: Server) -> Outcome:
    """One of them."""
    if reason := why_skipped(check, server):
        return Outcome(check, Verdict.SKIPPED, reason=reason)
    outcome, lost = await _tried(check, server)
    if not lost or outcome.verdict is Verdict.PASSED:
        return outcome
    again, lost_again = await _tried(check, server)
    again = replace(again, seconds=outcome.seconds + again.seconds)
    if not lost_again or again.verdict is Verdict.PASSED:
        return replace(again, reason="; ".join(filter(None, (again.reason, _ONCE_MORE))))
    if _sent(outcome) == _sent(again):
        return replace(again, findings=tuple(map(_twice, again.findings)))
    return replace(again, verdict=Verdict.INCONCLUSIVE, reason=_NETWORK, findings=())


async def _tried(check: Check, server: Server) -> tuple[Outcome, bool]:
    """What came of it, and whether a connection was lost."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        probe = Probe(server, stack)
        verdict, reason = await _verdict(check, probe)
        findings = tuple(probe.findings or probe.loose)
    seconds = time.monotonic() - began
    reason, frames = probe.veiled(reason), tuple(probe.frames)
    return Outcome(check, verdict, findings, reason, seconds, frames, unanswered=probe.unanswered), probe.has_lost


def _sent(outcome: Outcome) -> int:
    """How far the client came."""
    return sum(frame.source == "client" for frame in outcome.frames)


def _twice(finding: Finding) -> Finding:
    return replace(finding, got=f"{finding.got}, twice in the same place") if finding.got == _LOST else finding


def why_skipped(check: Check, server: Server) -> str:
    """Why it says nothing about this server; "" where it does."""
    if server.pipeline not in check.pipelines:
        return f"it is about {' and '.join(check.pipelines)}, and this is {server.pipeline}"
    if check.since and not reached(server.api_version, check.since):
        return f"it is about api-version {check.since} and later"
    if server.agent and not check.agents:
        return "it is about models, and here an agent answers"
    return ""


async def _verdict(check: Check, probe: Probe) -> tuple[Verdict, str]:
    longest_s = _LONGEST_SLOW_S if check.cost.slow else max(_LONGEST_S, 4 * probe.server.patience_s)
    limit = asyncio.timeout(longest_s)
    probe.limit = limit
    try:
        async with limit:
            await check.body(probe)
    except NotOffered as missing:
        ended = Verdict.NOT_OFFERED, str(missing)
    except (Inconclusive, VoiceLiveError) as unclear:
        ended = Verdict.INCONCLUSIVE, str(unclear)
    except TimeoutError:
        ended = Verdict.INCONCLUSIVE, f"it was not over after {longest_s:g} s"
    except Exception as error:  # whatever a server sends, the other checks are tried
        probe.unanswered = isinstance(error, Silence) and _GREETING.issuperset(error.came)
        probe.findings.append(_finding(error, len(probe.frames) or None))
    else:
        ended = (Verdict.LOOSELY if probe.loose else Verdict.PASSED), ""
    return (Verdict.FAILED, "") if probe.findings else ended


def _finding(error: Exception, frame: int | None) -> Finding:
    """What the server did that ended the check, wherever it happened."""
    match error:
        case Falsified():
            return error.finding
        case Missing():
            return Finding(f"a member {error.member!r}", f"only {', '.join(error.there) or 'an empty object'}", frame)
        case Closed():
            got = _LOST if error.lost else f"close {error.code} ({error.reason or 'no reason given'})"
            return Finding("an open connection", got, frame)
        case Silence():
            return Finding(f"{error.wanted} within {error.seconds:g} s", error.what_came, frame)
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return Finding("an answer of the known shape", f"{type(error).__name__} at {where}: {error}", frame)
