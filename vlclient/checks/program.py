"""``vlclient check``: from what was chosen to what is shown."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.checks.catalogue import Choice, chosen, why_left_out
from vlclient.checks.check import Check
from vlclient.checks.probe import Server
from vlclient.checks.reaching import reach
from vlclient.checks.report import text
from vlclient.checks.running import run, why_skipped
from vlclient.checks.server import server_of
from vlclient.checks.verdicts import Outcome, Verdict
from vlclient.endpoint import shown
from vlclient.errors import VoiceLiveError

__all__ = ["INTERRUPTED", "list_checks", "run_checks"]

INTERRUPTED: Final = 130
"""What a shell calls a program that Ctrl-C has ended."""

Say = Callable[[str], object]


def list_checks(who: Mapping[str, Any], choice: Choice, say: Say) -> int:
    """Say what would be tried, and what it would take; nobody is asked."""
    checks = chosen(choice)
    try:
        server: Server | None = server_of(**who)
    except VoiceLiveError:  # nobody to ask needs to be known for that
        server = None
    live = server is None or server.live
    reasons = {check.number: _why_not(check, server, _limited(choice, live=live)) for check in checks}
    for line in text.listing(checks, reasons):
        say(line)
    say(text.plan([check for check in checks if not reasons[check.number]], server.pace if server else None))
    return 0


def run_checks(who: Mapping[str, Any], choice: Choice, *, jobs: int, colours: bool, say: Say) -> int:
    """Try them, say how each came out, and give the exit code. Raises VoiceLiveError where there is nobody to try them
    on."""
    prepare_azure_identity()
    checks = chosen(choice)
    server = server_of(**who)
    choice = _limited(choice, live=server.live)
    reasons = {check.number: _why_not(check, server, choice) for check in checks}
    wanted = [check for check in checks if not reasons[check.number]]
    outcomes = [
        Outcome(check, Verdict.SKIPPED, reason=reasons[check.number]) for check in checks if reasons[check.number]
    ]
    say(f"{shown(server.target.endpoint)}, {server.model or 'an agent'}, {server.pipeline}, {server.api_version}")
    say(text.plan(wanted, server.pace))

    def tell(outcome: Outcome) -> None:
        outcomes.append(outcome)
        for line in text.outcome_lines(outcome, colours=colours):
            say(line)

    stopped = False
    try:
        asyncio.run(_try(wanted, server, jobs=jobs, told=tell))
    except KeyboardInterrupt:
        stopped = True
    say(text.summary(outcomes))
    if stopped:
        say(f"stopped: {text.counted(len(checks) - len(outcomes), 'check')} not tried")
        return INTERRUPTED
    return 1 if any(outcome.verdict is Verdict.FAILED for outcome in outcomes) else 0


async def _try(checks: Sequence[Check], server: Server, *, jobs: int, told: Callable[[Outcome], object]) -> None:
    try:
        await reach(server)
        await run(checks, server, jobs=jobs, told=told)
    finally:
        await server.credential.close()


def _limited(choice: Choice, *, live: bool) -> Choice:
    """What is slow or costs much has to be asked for, unless it is this machine that pays."""
    return choice if live else msgspec.structs.replace(choice, slow=True, expensive=True)


def _why_not(check: Check, server: Server | None, choice: Choice) -> str:
    return (why_skipped(check, server) if server is not None else "") or why_left_out(check, choice)
