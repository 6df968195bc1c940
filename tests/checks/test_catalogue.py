"""The list of all checks: numbers for ever, sentences, and what each proves; the choice among them."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vlclient.checks.catalogue import Choice, all_checks, chosen, why_left_out
from vlclient.checks.check import PIPELINES, Check, Cost, Section
from vlclient.errors import ConfigurationError
from vlmock.emulated import subjects
from vlmock.emulated.sources import SOURCES
from vlmock.protocol.session import API_VERSIONS

NUMBERS = Path(__file__).with_name("numbers.txt")


@pytest.fixture(scope="module")
def checks() -> tuple[Check, ...]:
    return all_checks()


def test_numbers_are_never_given_to_another_check(checks: tuple[Check, ...]) -> None:
    """What is written down in numbers.txt stays true. A new check is added there; one that was dropped stays there,
    with a minus in front, and its number is used no more."""
    listed = [line.split(maxsplit=1) for line in NUMBERS.read_text(encoding="utf-8").splitlines()]
    assert len({number.lstrip("-") for number, _ in listed}) == len(listed)
    assert {check.number: check.name for check in checks} == {
        number: name for number, name in listed if not number.startswith("-")
    }


def test_a_name_is_that_of_one_check(checks: tuple[Check, ...]) -> None:
    """Reports are read by names, too."""
    assert len({check.name for check in checks}) == len(checks)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.number)
def test_a_check_is_told_in_whole_sentences(check: Check) -> None:
    """Requirement, falsification and source end as sentences do, and name sources that are known."""
    assert check.requirement.endswith(".")
    assert check.falsified_by.endswith(".")
    assert check.source.endswith((".", ")"))
    tags = [tag for braces in re.findall(r"\{([^}]+)\}", check.source) for tag in braces.split(", ")]
    assert set(tags) <= set(SOURCES), f"{check.number} names sources that nobody knows"
    assert check.label in ("Documented", "Observed", "Assumed")


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.number)
def test_a_check_says_whom_it_is_about(check: Check) -> None:
    """Pipelines in their usual order, an api-version that exists."""
    assert check.pipelines == tuple(pipeline for pipeline in PIPELINES if pipeline in check.pipelines) != ()
    assert check.since in ("", *API_VERSIONS)
    assert check.cost.connections >= 1


def test_what_a_check_proves_is_something_that_is_emulated(checks: tuple[Check, ...]) -> None:
    """An event, a field, ``refusals.…`` or ``readings.…``, as ``vlmock emulated`` lists them."""
    prefixes = {"refusal": "refusals.", "reading": "readings."}
    known = {prefixes.get(subject.kind, "") + subject.name for subject in subjects()}
    assert {check.number: unknown for check in checks if (unknown := set(check.proves) - known)} == {}


# ---- the choice


def test_without_a_wish_all_are_chosen(checks: tuple[Check, ...]) -> None:
    """By number, as people count."""
    assert tuple(chosen(Choice())) == checks
    numbers = [tuple(map(int, check.number.split("."))) for check in checks]
    assert numbers == sorted(numbers)


def test_checks_are_chosen_by_number_section_and_name() -> None:
    """And left out in the same ways."""
    wanted = chosen(Choice(only=("1.03", "2", "an_unknown_setting_is_refused"), without=("2.01",)))
    numbers = [check.number for check in wanted]
    assert {"1.03", "2.02", "4.01"} <= set(numbers)
    assert not {"1.01", "2.01", "4.02"} & set(numbers)


@pytest.mark.parametrize("wrong", ["99.99", "99", "nothing_of_that_name", ""])
def test_a_number_that_none_has_is_told(wrong: str) -> None:
    """With the way to find out."""
    with pytest.raises(ConfigurationError, match="--dry-run"):
        chosen(Choice(only=(wrong,)))
    with pytest.raises(ConfigurationError, match="--dry-run"):
        chosen(Choice(without=(wrong,)))


async def _nothing(probe: object) -> None:
    """All is well.

    False when: something is not.
    Source: Assumed, for a test.
    """


def made(**cost: Any) -> Check:
    """A check that costs this much, and is in no list."""
    return msgspec.structs.replace(all_checks()[0], cost=Cost(**cost))


CHEAP = Choice(slow=False, expensive=False)


@pytest.mark.parametrize(
    ("cost", "choice", "words"),
    [
        ({}, CHEAP, ""),
        ({"slow": True}, CHEAP, "--slow"),
        ({"slow": True}, Choice(), ""),
        ({"responses": 1}, CHEAP, ""),
        ({"responses": 2}, CHEAP, "--expensive"),
        ({"responses": 3}, Choice(), ""),
        ({"audio_s": 10.5}, CHEAP, "--expensive"),
        ({"responses": 1}, Choice(most_responses=0), "--most-responses"),
        ({"responses": 3}, Choice(expensive=False, most_responses=3), ""),
    ],
)
def test_what_costs_much_is_left_out_with_a_reason(cost: dict[str, Any], choice: Choice, words: str) -> None:
    """Slow, expensive, or more than was allowed."""
    reason = why_left_out(made(**cost), choice)
    assert words in reason
    assert bool(words) == bool(reason)


def test_whoever_names_a_check_gets_it_whatever_it_costs() -> None:
    """By its own number, that is, and not by its section's."""
    check = made(slow=True)
    assert why_left_out(check, Choice(only=(check.number,), slow=False)) == ""
    assert why_left_out(check, Choice(only=(check.number.split(".")[0],), slow=False)) != ""


# ---- registering


@pytest.mark.parametrize(
    ("doc", "number"),
    [
        ("All is well.", "77.01"),
        ("All is well.\n\nFalse when: not.\nSource: somebody said so.", "77.01"),
        ("All is well.\n\nSource: Assumed, here.", "77.01"),
        (_nothing.__doc__, "78.01"),
        (_nothing.__doc__, "77.1"),
    ],
    ids=["no parts", "no label", "no falsification", "another section", "no number"],
)
def test_a_check_that_does_not_say_what_it_is_cannot_be_registered(doc: str, number: str) -> None:
    """Docstring and number are looked at when the module is imported."""

    async def body(probe: object) -> None: ...

    body.__doc__ = doc
    with pytest.raises(ValueError, match=r"docstring|number"):
        Section(77, "Nowhere").check(number)(body)


def test_a_number_is_given_once() -> None:
    """Whoever comes second is told."""
    with pytest.raises(ValueError, match="no free number"):
        Section(1, "Handshake and credentials").check("1.01")(_nothing)
