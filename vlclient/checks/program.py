"""``vlclient check``: from what was chosen to what is shown and written down."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.checks.catalogue import Choice, chosen, why_left_out
from vlclient.checks.check import Check
from vlclient.checks.comparing import Compared, compare
from vlclient.checks.emulator import emulator_like
from vlclient.checks.probe import Server
from vlclient.checks.reaching import reach
from vlclient.checks.report import text
from vlclient.checks.report.files import Files
from vlclient.checks.report.record import record_of
from vlclient.checks.running import run, why_skipped
from vlclient.checks.server import imagined, server_of
from vlclient.checks.verdicts import Outcome, Verdict
from vlclient.endpoint import shown
from vlclient.stopping import end_when_told_to

__all__ = ["INTERRUPTED", "list_checks", "run_checks"]

INTERRUPTED: Final = 130
"""What a shell calls a program that Ctrl-C has ended."""
_AT_ONCE_HERE: Final = 8
"""So many checks at once are tried on an emulator of our own."""

Say = Callable[[str], object]


def list_checks(who: Mapping[str, Any], choice: Choice, say: Say) -> int:
    """Say what would be tried, and what it would take; nobody is asked. Raises ConfigurationError."""
    checks = chosen(choice)
    server = imagined(**who)
    reasons = _reasons(checks, server, choice)
    for line in text.listing(checks, reasons):
        say(line)
    wanted = [check for check in checks if check.number not in reasons]
    say(text.plan(wanted, server.pace if server is not None else None))
    return 0


def run_checks(
    who: Mapping[str, Any], choice: Choice, *, jobs: int, compared: bool, files: Files, colours: bool, say: Say
) -> int:
    """Try them, say how each came out, write the reports, and give the exit code.

    ``compared``: try them on an emulator as well. Raises VoiceLiveError where there is nobody to try them on.
    """
    prepare_azure_identity()
    checks = chosen(choice)
    server = server_of(**who)
    files.check()
    asking = _Asking(server, checks, choice, say=say, colours=colours)
    with suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(asking.run(jobs=jobs, compared=compared))
    return asking.told(files)


class _Asking:
    """One run, which may end at any time."""

    def __init__(self, server: Server, checks: Sequence[Check], choice: Choice, *, say: Say, colours: bool) -> None:
        self._server, self._checks, self._say, self._colours = server, checks, say, colours
        reasons = _reasons(checks, server, choice)
        self._wanted = [check for check in checks if check.number not in reasons]
        self._outcomes = {
            check.number: Outcome(check, Verdict.SKIPPED, reason=reasons[check.number])
            for check in checks
            if check.number in reasons
        }
        self._began = datetime.now(UTC)
        self._answered_as = ""
        self._compared: list[Compared] = []
        self._over = False

    async def run(self, *, jobs: int, compared: bool) -> None:
        end_when_told_to()
        server, say = self._server, self._say
        say(f"{shown(server.target.endpoint)}, {server.model or 'an agent'}, {server.pipeline}, {server.api_version}")
        say(text.plan(self._wanted, server.pace))
        try:
            self._answered_as = (await reach(server)).model
            outcomes = await run(self._wanted, server, jobs=jobs, told=self._tell)
        finally:
            await server.credential.close()
        if compared:
            say("the same with the emulator …")
            async with emulator_like(server) as emulator:
                self._compared = compare(outcomes, await run(self._wanted, emulator, jobs=_AT_ONCE_HERE))
        self._over = True

    def told(self, files: Files) -> int:
        """Say and write down what there is; the exit code."""
        outcomes = [self._outcomes[check.number] for check in self._checks if check.number in self._outcomes]
        if self._compared:
            for line in text.table(self._compared):
                self._say(line)
        record = record_of(
            outcomes,
            self._server,
            at=self._began,
            answered_as=self._answered_as,
            stopped=not self._over,
            compared={one.check.number: (one.emulator, one.who) for one in self._compared},
        )
        try:
            files.write(record, outcomes)
        finally:
            for line in text.summary(outcomes):
                self._say(line)
        if not self._over:
            missing = len(self._checks) - len(outcomes)
            self._say(f"stopped: {text.counted(missing, 'check')} not tried" if missing else "stopped: not compared")
            return INTERRUPTED
        verdicts = [outcome.verdict for outcome in outcomes] + [one.emulator for one in self._compared]
        return 1 if Verdict.FAILED in verdicts else 0

    def _tell(self, outcome: Outcome) -> None:
        self._outcomes[outcome.check.number] = outcome
        for line in text.outcome_lines(outcome, colours=self._colours):
            self._say(line)


def _reasons(checks: Sequence[Check], server: Server | None, choice: Choice) -> dict[str, str]:
    """Why which are not tried, by number. What is slow or costs much has to be asked for, unless it is this machine
    that pays."""
    if server is not None and not server.live:
        choice = msgspec.structs.replace(choice, slow=True, expensive=True)
    reasons = {
        check.number: (why_skipped(check, server) if server is not None else "") or why_left_out(check, choice)
        for check in checks
    }
    return {number: reason for number, reason in reasons.items() if reason}
