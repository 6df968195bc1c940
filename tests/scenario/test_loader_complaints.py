"""A wrong file is refused before anything starts, with its place and what to do about it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wrong_files import WRONG

from vlmock.errors import ScenarioError
from vlmock.scenario.loader import load_text
from vlmock.scenario.model import Scenario
from vlmock.scenario.shipped import shipped_folder


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case.replace(" ", "-"))
def test_a_wrong_file_is_refused_with_its_place_and_a_remedy(case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(ScenarioError) as refused:
        load_text(text, file="f.yaml")
    assert str(refused.value) == message


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() -> None:
    text = "turns:\n  - user: Hi\n    reply:\n      - sya: Hello.\n      - wait: soon\n"
    text += "  - usr: Ho\n    reply: Ha.\nseed: -1\n"
    with pytest.raises(ScenarioError) as refused:
        load_text(text, file="f.yaml")
    assert [line.split(" ")[0] for line in str(refused.value).splitlines()] == [
        "f.yaml:4:",
        "f.yaml:5:",
        "f.yaml:6:",
        "f.yaml:8:",
    ]
    assert (refused.value.file, refused.value.line) == ("f.yaml", 4)


@pytest.mark.parametrize("text", ["a: {[[:", "a: 'b", "%YAML 9", "- a\nb: 1", "a: @b", "\ufffe", "a: !<", "&a", "*"])
def test_broken_yaml_is_a_scenario_error_and_nothing_else(text: str) -> None:
    with pytest.raises(ScenarioError):
        load_text(text, file="f.yaml")


SUPPORT_CALL = (shipped_folder() / "support_call.yaml").read_text(encoding="utf-8")
WORDS = [
    "user",
    "reply",
    "{{ output }}",
    "/a(/",
    "/a/",
    "null",
    "&a ",
    "*a",
    "!!int ",
    "- ",
    "\t",
    ": ",
    "[",
    "}",
    "'",
    "1e999",
]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(SUPPORT_CALL)), st.integers(0, 12), st.sampled_from(WORDS)), max_size=4))
def test_a_damaged_file_is_a_scenario_or_a_scenario_error(damages: list[tuple[int, int, str]]) -> None:
    """Whatever stands in it, nothing else is raised."""
    text = SUPPORT_CALL
    for at, length, word in damages:
        text = text[:at] + word + text[at + length :]
    with suppress(ScenarioError):
        load_text(text)


PARTS = st.sampled_from(
    ["turns", "rules", "otherwise", "expect", "timing", "user", "tool", "output", "reply", "say", "call"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.dictionaries(PARTS, JSON, max_size=5))
def test_any_python_data_is_a_scenario_or_a_scenario_error(data: dict[str, Any]) -> None:
    with suppress(ScenarioError):
        Scenario.from_mapping(data)
