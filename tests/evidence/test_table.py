"""The table of evidence is complete, and says the truth."""

import re

import pytest

from tests.evidence.table import TABLE, claims, recorded
from vlmock.emulated import Subject, markdown, subjects
from vlmock.emulated.sources import SOURCES


@pytest.fixture(scope="module")
def table() -> str:
    return TABLE.read_text(encoding="utf-8")


def row_of(subject: Subject) -> str:
    return f"| `{subject.name}` | {subject.what} | {subject.evidence} |"


def test_every_event_field_and_rule_is_there_with_its_evidence(table: str) -> None:
    """As the code has them. To mend it: ``python -m tests.evidence.table``."""
    missing = [subject.key for subject in subjects() if row_of(subject) not in table]
    assert missing == []


def test_what_the_service_sets_by_itself_is_not_said_to_be_echoed() -> None:
    """A client may send it, and gets the service's own value back."""
    become = {subject.name: subject.what for subject in subjects() if subject.kind == "field"}
    assert become["session.expires_at"] == "ignored"
    echoed, _, ignored = markdown().rpartition("\n\n")
    assert "`session.expires_at`" in ignored
    assert "`session.expires_at`" not in echoed


def test_everything_has_its_evidence() -> None:
    """Documented, Observed or Assumed."""
    assert [subject.key for subject in subjects() if not subject.evidence] == []


def test_every_tag_has_its_source() -> None:
    """Nobody has to guess whom a label names."""
    tags = {
        tag
        for subject in subjects()
        for braces in re.findall(r"{([^}]+)}", subject.evidence)
        for tag in braces.split(", ")
    }
    assert tags - SOURCES.keys() == set()


def test_everything_is_proved_by_a_test(table: str) -> None:
    """Nothing is said to be emulated that no test looks at."""
    proved = dict(claims(table))
    assert [subject.key for subject in subjects() if subject.key not in proved] == []


@pytest.mark.timeout(300)
def test_each_test_meets_what_it_is_said_to_prove(table: str) -> None:
    """Run again, and watched."""
    claimed = dict(claims(table))
    met = recorded(sorted(set(claimed.values())))
    assert [(subject, test) for subject, test in claimed.items() if subject not in met.get(test, ())] == []
