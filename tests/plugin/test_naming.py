"""Where recordings lie, and how old they may become: pure functions, in tables."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmock.pytest_plugin.age import in_words, lifetime, oldest
from vlmock.pytest_plugin.naming import folder_beside, folder_in, folder_name, full_name


def test_a_recording_lies_beside_its_test():
    """In a folder for the module."""
    assert folder_beside(Path("tests/test_agent.py"), "test_hello") == Path("tests/recordings/test_agent/test_hello")
    assert full_name(["TestOrders", "TestLate"], "test_refund[a]") == "TestOrders.TestLate.test_refund[a]"


def test_one_place_for_all_tells_modules_of_one_name_apart():
    """They keep their folders in it."""
    places = [
        folder_in(Path("/r"), Path(f"/p/{folder}/test_agent.py"), Path("/p"), "test_it")
        for folder in ("unit", "system")
    ]
    assert places == [Path("/r/unit/test_agent/test_it"), Path("/r/system/test_agent/test_it")]
    assert folder_in(Path("/r"), Path("/q/test_a.py"), Path("/p"), "test_it") == Path("/r/test_a/test_it")


@pytest.mark.parametrize(
    "name", ["test_hello", "TestOrders.test_refund", "test_it[one-2]", "test_it[gpt-4.1]", "test_it[a@b+c=d,e]"]
)
def test_a_good_name_is_kept(name: str):
    """So that people find it."""
    assert folder_name(name) == name


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("test_it[What is it?]", "test_it[What-is-it-]-"),
        ("test_it[a/b]", "test_it[a-b]-"),
        ("test_it[a\\b]", "test_it[a-b]-"),
        ("test_it[Beijing]", "test_it[Beijing]-"),
        ("test_größe", "test_gr-e-"),
        ("../../etc", "etc-"),
        ("..", ""),
        ("", ""),
        ("con", "con-"),
        ("NUL.txt", "NUL.txt-"),
        ("test_it.", "test_it-"),
        ("test_" + "x" * 300, "test_" + "x" * 95 + "-"),
    ],
)
def test_any_other_name_is_made_good_and_stays_unique(name: str, begins: str):
    """By a part of its digest."""
    assert re.fullmatch(re.escape(begins) + "[0-9a-f]{8}", folder_name(name))


@given(st.text(), st.text())
def test_two_tests_have_two_folders_on_every_file_system(one: str, other: str):
    """Also where capitals are small letters; none is too long, and none leads elsewhere."""
    names = [folder_name(f"test_it[{each}]") for each in (one, other)]
    assert (names[0].lower() == names[1].lower()) == (one == other)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_.,+=@()\[\]-]{1,110}", name)
        assert name.strip(".") == name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90d", timedelta(days=90)),
        (" 12H ", timedelta(hours=12)),
        ("4w", timedelta(weeks=4)),
        ("30 m", timedelta(minutes=30)),
        (timedelta(seconds=1), timedelta(seconds=1)),
        ("never", None),
        ("", None),
        (None, None),
    ],
)
def test_a_lifetime_is_read(written: str | timedelta | None, meant: timedelta | None):
    """Minutes, hours, days, weeks."""
    assert lifetime(written) == meant


@pytest.mark.parametrize("written", ["90", "d", "-1d", "0d", "1.5d", "3 months", "99999999999999w", 90])
def test_what_is_no_lifetime_is_told(written: str):
    """With what would be one."""
    with pytest.raises(ValueError, match="write 90d, 12h, 4w, or never"):
        lifetime(written)


def test_the_oldest_recording_counts():
    """As their heads say, in whatever zone. None where one does not say."""
    assert oldest(["2026-11-23T10:00:00Z", "2026-11-23T10:30:00+02:00"]) == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert oldest(["2026-11-23T10:00:00"]) == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert oldest(["2026-11-23T10:00:00Z", ""]) is None
    assert oldest([]) is None


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(days=91, hours=3), "91 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=5, minutes=59), "5 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=59), "less than a minute"),
    ],
)
def test_an_age_in_words(age: timedelta, words: str):
    """In the largest unit that fits."""
    assert in_words(age) == words
