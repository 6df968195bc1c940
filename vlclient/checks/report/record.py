"""Outcomes as a file for machines: who was checked when, and how each check came out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from vlclient.checks.probe import Server
from vlclient.checks.verdicts import Finding, Outcome, Verdict
from vlclient.endpoint import url
from vlclient.errors import ConfigurationError

__all__ = ["FORMAT", "Asked", "Record", "Result", "read_record", "record_of"]

FORMAT: Final = "vlclient check 1"
"""Files that say something else are not read."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Who was checked."""

    host: str
    """With its port, where there is one."""
    live: bool
    """It is not on this machine."""
    model: str
    """As asked for; "" for an agent."""
    answered_as: str
    """As it calls itself; "" where it does not."""
    pipeline: str
    api_version: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One check."""

    number: str
    name: str
    section: str
    requirement: str
    falsified_by: str
    source: str
    proves: tuple[str, ...]
    verdict: Verdict
    reason: str
    seconds: float
    findings: tuple[Finding, ...]
    emulator: Verdict | None = None
    """How the same check came out on the emulator, where both were tried."""
    blame: str = ""
    """Who is wrong, where they differ."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    format: str
    at: str
    """When it began: ISO 8601, in UTC."""
    asked: Asked
    stopped: bool
    """Before all were tried."""
    summary: dict[str, int]
    checks: list[Result]

    def encoded(self) -> bytes:
        """As it stands in a file: JSON in UTF-8, indented."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def record_of(
    outcomes: Sequence[Outcome],
    server: Server,
    *,
    at: datetime,
    answered_as: str = "",
    stopped: bool = False,
    compared: Mapping[str, tuple[Verdict, str]] | None = None,
) -> Record:
    """``compared``: by number, how it came out on the emulator, and who is wrong."""
    compared = compared or {}
    counts = Counter(outcome.verdict.value for outcome in outcomes)
    return Record(
        format=FORMAT,
        at=at.isoformat(timespec="seconds"),
        asked=Asked(
            host=urlsplit(url(server.target)).netloc,
            live=server.live,
            model=server.model,
            answered_as=answered_as,
            pipeline=server.pipeline,
            api_version=server.api_version,
        ),
        stopped=stopped,
        summary={verdict.value: counts[verdict.value] for verdict in Verdict if counts[verdict.value]},
        checks=[_result(outcome, *compared.get(outcome.check.number, (None, ""))) for outcome in outcomes],
    )


def _result(outcome: Outcome, emulator: Verdict | None, blame: str) -> Result:
    check = outcome.check
    return Result(
        number=check.number,
        name=check.name,
        section=check.section,
        requirement=check.requirement,
        falsified_by=check.falsified_by,
        source=check.source,
        proves=check.proves,
        verdict=outcome.verdict,
        reason=outcome.reason,
        seconds=round(outcome.seconds, 3),
        findings=outcome.findings,
        emulator=emulator,
        blame=blame,
    )


def read_record(path: Path) -> Record:
    """What ``Record.encoded`` has written. Raises ConfigurationError where that is something else."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror or error})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} was not written by 'vlclient check --json' ({error})") from error
    if record.format != FORMAT:
        raise ConfigurationError(f"{path} is of another version: {record.format!r} and not {FORMAT!r}")
    return record
