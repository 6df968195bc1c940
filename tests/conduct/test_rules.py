"""Every rule, proved by a client that breaks it and by the same client as the remedy has it."""

import re

import pytest

from tests.conduct.cases import ROWS
from tests.conduct.playing import Row, World
from vlmock.conduct.rule import Rule
from vlmock.conduct.rules import FAMILIES, RULES

rows = pytest.mark.parametrize("row", ROWS, ids=[f"{row.rule}-{place}" for place, row in enumerate(ROWS)])
rules = pytest.mark.parametrize("rule", RULES, ids=str)


@rows
def test_a_bad_client_breaks_its_rule_and_no_other(row: Row):
    """Besides those that cannot but be broken with it."""
    world = World()
    row.bad(world)
    broken = {finding.rule.id for finding in world.findings}
    assert broken == {row.rule} | row.also, world.findings


@rows
def test_the_remedy_silences_the_judge(row: Row):
    """The rule is not broken any more, and nor is another."""
    world = World()
    row.good(world)
    assert {finding.rule.id for finding in world.findings} <= row.also - {row.rule}, world.findings


def test_every_rule_has_a_bad_client():
    """And every bad client a rule."""
    assert {row.rule for row in ROWS} == {rule.id for rule in RULES}


def test_rules_have_numbers_and_names_of_their_own():
    """An id never names two; the families stand in the order of their hundreds."""
    assert len({rule.id for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"VL\d{3}", rule.id) for rule in RULES)
    for family in FAMILIES:
        ids = [rule.id for rule in family.RULES]
        assert ids == sorted(ids)


@rules
def test_a_rule_says_what_it_wants_and_where_that_comes_from(rule: Rule):
    """One sentence each, a remedy in the imperative, and a label of evidence."""
    assert rule.requirement[0].isupper()
    assert rule.requirement.endswith(".")
    assert rule.explanation.endswith(".")
    assert rule.remedy[0].islower()
    assert not rule.remedy.endswith(".")
    assert rule.source.startswith(("Documented", "Observed", "Assumed"))


@rows
def test_a_finding_is_one_line_with_place_and_remedy(row: Row):
    """It can be read in a failing test without anything else."""
    world = World()
    row.bad(world)
    for finding in world.findings:
        told = repr(finding)
        assert "\n" not in told
        assert all(part in told for part in (finding.rule.id, finding.rule.name, finding.seen, finding.rule.remedy))


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule.startswith("VL90")], ids=lambda row: row.rule)
def test_what_may_be_another_client_of_the_same_program_is_not_told_as_certain(row: Row):
    """Neither address nor user agent tells two apart that run on one machine. Ids do: whoever names one knows it."""
    world = World()
    row.bad(world)
    for finding in world.findings:
        assert "look alike" in finding.seen or finding.rule.id == "VL902", finding
