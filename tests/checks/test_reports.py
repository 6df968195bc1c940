"""What came of checks, as text, JSON, JUnit and pages."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from tests.checks.conftest import checked
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check, Cost
from vlclient.checks.pacing import Pace
from vlclient.checks.report import text
from vlclient.checks.report.files import Files
from vlclient.checks.report.junit import junit
from vlclient.checks.report.pages import pages
from vlclient.checks.report.record import Record, read_record, record_of
from vlclient.checks.verdicts import Finding, Outcome, Verdict
from vlclient.checks.wire import Seen
from vlclient.errors import ConfigurationError

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
FINDING = Finding("a <greeting>", 'nothing & "more" \x00', 2)
FRAMES = (
    Seen(1, 0.0, "note", "GET ws://127.0.0.1/?model=gpt-4o"),
    Seen(1, 0.25, "server", {"type": "session.created", "text": "<script>alert(1)</script>"}),
    Seen(1, 0.5, "client", {"type": "session.update"}),
)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """One of each kind, in two sections."""
    checks = [check for check in all_checks() if check.number.startswith(("1.", "4."))]
    return [
        Outcome(checks[0], Verdict.PASSED, seconds=0.5, frames=FRAMES),
        Outcome(checks[1], Verdict.LOOSELY, (FINDING,), seconds=0.25, frames=FRAMES),
        Outcome(checks[2], Verdict.FAILED, (FINDING, Finding("a b", "c")), frames=FRAMES),
        Outcome(checks[3], Verdict.NOT_OFFERED, reason="not in this region"),
        Outcome(checks[4], Verdict.INCONCLUSIVE, reason="the model said <nothing>"),
        Outcome(checks[-1], Verdict.SKIPPED, reason="it is slow: --slow tries it"),
    ]


@pytest.fixture(scope="module")
def record(outcomes: list[Outcome]) -> Record:
    return record_of(outcomes, checked("http://127.0.0.1:8765"), at=AT, answered_as="gpt-4o-2024-11-20")


# ---- for machines


def test_a_file_is_read_as_it_was_written(record: Record, tmp_path: Path) -> None:
    """JSON, which says what it is, who was checked, and when."""
    Files(json=tmp_path / "checks.json").write(record, [])
    assert read_record(tmp_path / "checks.json") == record
    plain = json.loads((tmp_path / "checks.json").read_text(encoding="utf-8"))
    assert plain["asked"]["host"] == "127.0.0.1:8765"
    assert datetime.fromisoformat(plain["at"]) == AT
    assert plain["summary"] == {
        "passed": 1,
        "passed loosely": 1,
        "failed": 1,
        "not offered": 1,
        "inconclusive": 1,
        "skipped": 1,
    }
    assert plain["checks"][2]["findings"][1] == {"expected": "a b", "got": "c", "frame": None}


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"format": "vlclient check 1"}', b"\xff"])
def test_a_file_of_another_kind_is_told(content: bytes | None, tmp_path: Path) -> None:
    """With its name."""
    path = tmp_path / "checks.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"checks\.json"):
        read_record(path)


def test_a_file_of_another_version_is_told(record: Record, tmp_path: Path) -> None:
    """And not guessed at."""
    path = tmp_path / "checks.json"
    path.write_bytes(msgspec.structs.replace(record, format="vlclient check 2").encoded())
    with pytest.raises(ConfigurationError, match="another version"):
        read_record(path)


def test_junit_has_a_suite_for_each_section_and_a_case_for_each_check(record: Record, outcomes: list[Outcome]) -> None:
    """Only what failed is a failure; its message is the first finding."""
    root = ElementTree.fromstring(junit(record))
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == list(dict.fromkeys(outcome.check.section for outcome in outcomes))
    assert [(suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in suites] == [
        ("5", "1", "2"),
        ("1", "0", "1"),
    ]
    cases = root.findall(".//testcase")
    assert [[child.tag for child in case] for case in cases] == [
        [],
        ["system-out"],
        ["failure"],
        ["skipped"],
        ["skipped"],
        ["skipped"],
    ]
    assert cases[0].get("name") == f"{outcomes[0].check.number} {outcomes[0].check.name}"
    failure = cases[2].find("failure")
    assert failure is not None
    assert failure.get("message") == 'expected a <greeting>, got nothing & "more" � (frame 2)'
    assert failure.text is not None
    assert outcomes[2].check.source in failure.text


# ---- for people


class _Page(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.ids |= {value or "" for name, value in attrs if name == "id"}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_each_check_has_a_page_that_the_list_leads_to(record: Record, outcomes: list[Outcome]) -> None:
    """And every link leads somewhere."""
    made = dict(pages(record, outcomes))
    assert list(made) == ["index.html", *(f"{outcome.check.number}.html" for outcome in outcomes)]
    for name, page in made.items():
        parsed = _Page(page)
        for link in parsed.links:
            file, _, place = link.partition("#")
            assert (file or name) in made
            assert not place or place in parsed.ids


def test_a_page_says_all_about_its_check(record: Record, outcomes: list[Outcome]) -> None:
    """Requirement, source, verdict, findings and every frame with its time; what a server says is text and no
    markup."""
    check = outcomes[2].check
    parsed = _Page(dict(pages(record, outcomes))[f"{check.number}.html"])
    for words in (check.requirement, check.falsified_by, check.source, "failed", "a <greeting>", "0.250", "←", "→"):
        assert words in parsed.words
    assert "<script>alert(1)</script>" in parsed.words
    assert "script" not in parsed.tags


def test_a_page_stays_readable_however_much_was_said(record: Record, outcomes: list[Outcome]) -> None:
    """What is in the middle is left out, and said so."""
    findings = (Finding("a", "b", 3000), Finding("c", "d", 6000))
    long = msgspec.structs.replace(outcomes[0], frames=FRAMES * 2000, findings=findings)
    page = dict(pages(record, [long]))[f"{long.check.number}.html"]
    assert "4000 frames are left out here" in page
    assert page.count("<tr id=") == 2000
    assert _Page(page).links == ["index.html", "#6000"]


def test_a_page_shows_the_beginning_of_a_frame_that_is_too_long(record: Record, outcomes: list[Outcome]) -> None:
    """And says how much more there was."""
    frame = msgspec.structs.replace(FRAMES[0], body="x" * 20_017)
    outcome = msgspec.structs.replace(outcomes[0], frames=(frame,))
    page = dict(pages(record, [outcome]))[f"{outcome.check.number}.html"]
    assert "xxx… (+17 characters)</pre>" in page


@pytest.mark.parametrize("option", ["json", "junit"])
def test_what_cannot_be_written_is_said_before_anything_is_tried(option: str, tmp_path: Path) -> None:
    """A folder that is not there, or a file in the place of a folder."""
    with pytest.raises(ConfigurationError, match="there is no folder"):
        Files(**{option: tmp_path / "nowhere" / "file"}).check()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be made"):
        Files(pages=tmp_path / "file").check()
    Files(json=tmp_path / "new", junit=tmp_path / "file", pages=tmp_path / "a" / "b").check()


# ---- on a terminal


def costing(**cost: object) -> Check:
    return msgspec.structs.replace(all_checks()[0], cost=msgspec.convert(cost, Cost))


def test_the_plan_adds_up_what_is_asked_of_a_server() -> None:
    """And how long the connections take where there is a limit of them."""
    checks = [costing(connections=20, audio_s=2.5, responses=1), costing(connections=10, audio_s=4.0)]
    said = "2 checks, about 30 connections, 6 seconds of audio, 1 response"
    assert text.plan(checks) == said
    assert text.plan(checks, Pace()) == said
    assert text.plan(checks, Pace(27)) == f"{said}; at 27 connections a minute at least 1 min"


def test_an_outcome_is_told_with_what_was_found(outcomes: list[Outcome]) -> None:
    """On one line each, whatever a server has said; the source where it failed; the reason where there is none."""
    failed = list(text.outcome_lines(outcomes[2]))
    assert failed[0].split()[:2] == [outcomes[2].check.number, "FAILED"]
    assert "\x00" not in "".join(failed)
    assert failed[-1].strip() == f"source: {outcomes[2].check.source}"
    assert list(text.outcome_lines(outcomes[3]))[-1].strip() == "not in this region"


def test_what_was_only_assumed_is_not_called_wrong_without_saying_so(outcomes: list[Outcome]) -> None:
    """In every report that says that it failed; those that were seen or documented stand for themselves."""
    check = msgspec.structs.replace(outcomes[2].check, source="Assumed, behaviour 1.2.")
    outcome = msgspec.structs.replace(outcomes[2], check=check)
    record = record_of([outcome], checked("http://127.0.0.1:9"), at=AT)
    said = [*text.outcome_lines(outcome), junit(record).decode(), *(page for _, page in pages(record, [outcome]))]
    assert sum("the assumption may be wrong" in report for report in said) == 3
    assert not any("the assumption" in line for line in text.outcome_lines(outcomes[2]))


def test_colours_are_for_terminals(outcomes: list[Outcome]) -> None:
    """And change nothing else."""
    for outcome in outcomes:
        plain, coloured = (list(text.outcome_lines(outcome, colours=colours)) for colours in (False, True))
        assert "\x1b[" not in "".join(plain)
        assert "\x1b[" in coloured[0]
        assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in coloured] == plain


def test_the_list_says_what_costs_more_than_a_connection_and_what_is_left_out() -> None:
    """In brackets behind the requirement."""
    check = costing(connections=2, audio_s=1.5, responses=1, slow=True)
    (_, line) = text.listing([check], {check.number: "it is slow"})
    assert line.endswith("[2 connections, 1.5 s of audio, 1 response, slow; skipped, it is slow]")
    (_, line) = text.listing([costing()], {})
    assert line.endswith(check.requirement)
