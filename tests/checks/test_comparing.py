"""Service, emulator and documentation: who is wrong, and what that says about what was assumed."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from tests.checks.conftest import checked
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check
from vlclient.checks.comparing import compare
from vlclient.checks.report import text
from vlclient.checks.report.files import Files
from vlclient.checks.report.record import record_of
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.emulated import Subject, details, subjects
from vlmock.emulated.findings import Findings, read_findings, with_findings
from vlmock.errors import FindingsError

P, L, F, N, I, S = Verdict  # noqa: E741 - as they stand there: passed, loosely, failed, not offered, inconclusive, skipped
TODAY = date(2026, 12, 1)


def known_from(label: str) -> Check:
    return next(check for check in all_checks() if check.label == label)


# ---- who is wrong


@pytest.mark.parametrize(
    ("service", "emulator", "label", "words"),
    [
        (P, P, "Documented", ""),
        (L, L, "Documented", ""),
        (F, P, "Documented", "the service has changed, or the documentation is wrong; the emulator follows"),
        (F, L, "Observed", "the service has changed since it was observed"),
        (F, P, "Assumed", "the assumption is wrong, and the emulator with it"),
        (P, F, "Documented", "the emulator is wrong"),
        (L, F, "Observed", "the emulator is wrong"),
        (F, F, "Documented", "the documentation is wrong"),
        (F, F, "Observed", "out of date"),
        (F, F, "Assumed", "the assumption is wrong, or this check"),
        (L, P, "Observed", "nobody is"),
        (P, L, "Observed", "the emulator differs"),
        (N, P, "Observed", "the emulator offers what this service does not"),
        (P, N, "Observed", "the emulator lacks what the service offers"),
        (F, I, "Observed", "nobody can say who: the emulator was inconclusive"),
        (I, P, "Observed", ""),
        (N, N, "Observed", ""),
        (S, S, "Observed", ""),
    ],
)
def test_three_sides_say_who_is_wrong(service: Verdict, emulator: Verdict, label: str, words: str) -> None:
    """Documentation (or whatever the check is known from), service, emulator."""
    check = known_from(label)
    (compared,) = compare([Outcome(check, service)], [Outcome(check, emulator)])
    assert compared.who.startswith(words) or words in compared.who
    assert bool(compared.who) == bool(words)


def test_the_table_has_a_line_for_each_check_that_was_tried_on_both() -> None:
    """With what it is known from, and in the end how many differ."""
    first, second, third = all_checks()[:3]
    compared = compare(
        [Outcome(first, P), Outcome(second, F), Outcome(third, P)], [Outcome(second, P), Outcome(first, P)]
    )
    header, *rows, last = text.table(compared)
    assert header.split("  ")[0] == "check"
    assert [row.split()[0] for row in rows] == [first.number, second.number]
    assert "Observed {PAI, FON, SEED}" in rows[0]
    assert re.search(r"FAILED +ok +the service has changed", rows[1])
    assert last == "1 check of 2 with a difference"


# ---- what was assumed


def found(verdicts: dict[str, Verdict], *, on: datetime, live: bool = True) -> Findings:
    """What a run has written down that tried these checks, by number."""
    outcomes = [Outcome(check, verdicts[check.number]) for check in all_checks() if check.number in verdicts]
    record = record_of(outcomes, checked("http://127.0.0.1:8765"), at=on)
    record = msgspec.structs.replace(record, asked=msgspec.structs.replace(record.asked, live=live, host="res.azure"))
    return msgspec.json.decode(record.encoded(), type=Findings)


ON = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
BEFORE = datetime(2026, 5, 2, 9, 30, tzinfo=UTC)


def evidence(key: str, *several: Findings, stale_after_days: int = 90) -> str:
    """Of one subject, with what these runs have found."""
    subject: Subject = next(subject for subject in subjects() if subject.key == key)
    return with_findings(subject, several, today=TODAY, stale_after_days=stale_after_days).evidence


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (P, "Observed on 2026-11-02"),
        (L, "Observed but for details on 2026-11-02"),
        (F, "Assumed {OAI}; contradicted on 2026-11-02"),
        (N, "Assumed {OAI}"),
        (I, "Assumed {OAI}"),
        (S, "Assumed {OAI}"),
    ],
)
def test_what_was_assumed_is_observed_once_a_check_has_passed(verdict: Verdict, expected: str) -> None:
    """And contradicted once it has failed; other verdicts say nothing."""
    assert evidence("refusal cannot_update_voice") == "Assumed {OAI}"
    assert evidence("refusal cannot_update_voice", found({"4.18": verdict}, on=ON)) == expected


def test_what_was_known_already_stays_known() -> None:
    """Only the word Assumed is replaced; of a reading the default is what was tried."""
    findings = found({"4.15": P, "3.05": P, "4.32": P}, on=ON)
    assert evidence("refusal model_fixed", findings) == "Observed {PIPE}, Observed on 2026-11-02"
    assert evidence("refusal azure_speech_needs_semantic_vad", findings).startswith("Observed {FON}")
    assert evidence("reading update", findings).endswith("; the default Observed on 2026-11-02")
    assert evidence("refusal wrong_type", findings) == evidence("refusal wrong_type")


def test_old_findings_are_stale() -> None:
    """After as many days as the user allows."""
    findings = found({"4.18": P}, on=ON)
    assert evidence("refusal cannot_update_voice", findings, stale_after_days=28) == "Observed on 2026-11-02, stale"
    assert evidence("refusal cannot_update_voice", findings, stale_after_days=29) == "Observed on 2026-11-02"
    assert "(stale)" in findings.line(TODAY, 28)
    assert "Checked on 2026-11-02: res.azure, gpt-4o, cascade, " in findings.line(TODAY, 29)


def test_the_latest_finding_counts() -> None:
    """In whatever order the files are given."""
    old, new = found({"4.18": F, "4.13": P}, on=BEFORE), found({"4.18": P}, on=ON)
    for several in ((old, new), (new, old)):
        assert evidence("refusal cannot_update_voice", *several) == "Observed on 2026-11-02"
        assert evidence("refusal wrong_type", *several).startswith("Observed on 2026-05-02, stale")


def test_an_emulator_is_no_evidence(tmp_path: Path) -> None:
    """What was found on this machine counts only for whoever says so."""
    file = tmp_path / "checks.json"
    record = record_of([], checked("http://127.0.0.1:8765"), at=ON)
    Files(json=file).write(record, [])
    with pytest.raises(FindingsError, match="--also-local"):
        read_findings(file)
    assert read_findings(file, also_local=True).at == ON


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b"\xff\xfe"])
def test_a_file_that_holds_no_findings_is_told(content: bytes | None, tmp_path: Path) -> None:
    """With its name and what writes such files."""
    file = tmp_path / "checks.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FindingsError, match=r"checks\.json"):
        read_findings(file)


def test_findings_of_another_version_are_told(tmp_path: Path) -> None:
    """And not guessed at."""
    file = tmp_path / "checks.json"
    record = record_of([], checked("http://127.0.0.1:8765"), at=ON)
    file.write_bytes(msgspec.structs.replace(record, format="vlclient check 9").encoded())
    with pytest.raises(FindingsError, match="another version"):
        read_findings(file, also_local=True)


def test_the_printed_table_says_what_was_found() -> None:
    """In the row of what was proved."""
    findings = found({"4.18": P}, on=ON)
    printed = details(lambda subject: with_findings(subject, [findings], today=TODAY, stale_after_days=90))
    assert "| `cannot_update_voice` | Observed on 2026-11-02 |" in printed
    assert "Observed on 2026-11-02" not in details()
