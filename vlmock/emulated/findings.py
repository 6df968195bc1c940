"""What checks of a server have found, and what that says about the evidence of what is emulated.

``vlclient check --save FILE`` writes such files: who was checked when, and for each check its verdict and what a server
that passes has proved. What was assumed until then is *Observed on* that date.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec

from vlmock.emulated.subjects import Subject
from vlmock.errors import FindingsError

__all__ = ["Findings", "read_findings", "with_findings"]

_FORMAT = "vlclient check 1"
_PREFIXES = {"refusal": "refusals.", "reading": "readings."}
_OBSERVED = {"passed": "Observed on", "passed loosely": "Observed but for details on"}


class _Asked(msgspec.Struct, frozen=True):
    host: str
    live: bool
    model: str
    pipeline: str
    api_version: str


class _Check(msgspec.Struct, frozen=True):
    number: str
    verdict: str
    proves: tuple[str, ...] = ()


class Findings(msgspec.Struct, frozen=True):
    """One run of checks: the members that matter here."""

    format: str
    at: datetime
    asked: _Asked
    summary: dict[str, int]
    checks: tuple[_Check, ...]

    def is_stale(self, today: date, stale_after_days: int) -> bool:
        """Whether it is longer ago than that."""
        return (today - self.at.date()).days > stale_after_days

    def line(self, today: date, stale_after_days: int) -> str:
        """For people: who was checked when, and what came of it."""
        asked = self.asked
        counts = ", ".join(f"{count} {verdict}" for verdict, count in self.summary.items())
        who = ", ".join(filter(None, (asked.host, asked.model or "an agent", asked.pipeline, asked.api_version)))
        stale = " (stale)" if self.is_stale(today, stale_after_days) else ""
        return f"Checked on {self.at.date()}{stale}: {who}: {counts}."


def read_findings(path: Path, *, also_local: bool = False) -> Findings:
    """Raises FindingsError where the file is something else, or is about a server on this machine and not
    ``also_local``: an emulator cannot be its own evidence."""
    try:
        findings = msgspec.json.decode(path.read_bytes(), type=Findings)
    except OSError as error:
        raise FindingsError(f"{path} cannot be read ({error.strerror or error})") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FindingsError(f"{path} was not written by 'vlclient check --save' ({error})") from error
    if findings.format != _FORMAT:
        raise FindingsError(f"{path} is of another version: {findings.format!r} and not {_FORMAT!r}")
    if not findings.asked.live and not also_local:
        raise FindingsError(
            f"{path} is about a server on this machine ({findings.asked.host}), and an emulator is no evidence; "
            "--also-local takes it all the same, for a proxy to the service"
        )
    return findings


def with_findings(subject: Subject, several: Sequence[Findings], *, today: date, stale_after_days: int) -> Subject:
    """The subject with what is known of it now. Of several findings the latest counts that says anything."""
    name = _PREFIXES.get(subject.kind, "") + subject.name
    for findings in sorted(several, key=lambda each: each.at, reverse=True):
        verdicts = [check.verdict for check in findings.checks if name in check.proves]
        stale = ", stale" if findings.is_stale(today, stale_after_days) else ""
        when = f"{findings.at.date()}{stale}"
        if "failed" in verdicts:
            return msgspec.structs.replace(subject, evidence=f"{subject.evidence}; contradicted on {when}")
        told = [word for verdict, word in _OBSERVED.items() if verdict in verdicts]
        if told and subject.kind == "reading":  # about its answers sources disagree, whatever was assumed
            return msgspec.structs.replace(subject, evidence=f"{subject.evidence}; the default {told[-1]} {when}")
        if told:
            evidence = re.sub(r"\bAssumed\b(?: \{[^}]+\})?", f"{told[-1]} {when}", subject.evidence)
            return msgspec.structs.replace(subject, evidence=evidence)
    return subject
