"""Text with gaps: what it may reach, and how it complains."""

from typing import Any

import pytest

from vlmock.errors import ScenarioError
from vlmock.scenario.places import Complaints, Place
from vlmock.scenario.templates import VARIABLES, Template, compile_template, compile_tree, fill_in

HERE = Place("f.yaml", 3)


def filled(source: str, *, native: bool = False, **variables: Any) -> Any:
    return fill_in(compile_template(source, HERE, native=native), variables)


def test_text_without_gaps_needs_no_template() -> None:
    assert compile_template("50 % {of} it", HERE) == "50 % {of} it"


def test_a_text_that_is_one_gap_keeps_its_type_where_that_is_welcome() -> None:
    assert filled(" {{ output.n + 1 }} ", native=True, output={"n": 1}) == 2
    assert filled("{{ output }}", native=True, output=[1, None]) == [1, None]
    assert filled("{{ output.n }}", output={"n": 1}) == "1"
    assert filled("{{ text }}{{ turn }}", native=True, text="a", turn=1) == "a1"
    assert filled("{{- text -}}", native=True, text="a") == "a"


def test_a_member_comes_before_a_method_of_the_same_name() -> None:
    """Tools like to return ``items``, ``values`` and ``count``."""
    output = {"items": [1, 2], "count": 2}
    assert filled("{{ output.items[1] }} {{ output.count }}", output=output) == "2 2"
    assert filled("{{ output.keys() | list }}", output=output) == "['items', 'count']"


def test_templates_reach_into_lists_and_mappings() -> None:
    tree = compile_tree({"a": ["{{ turn }}", 1, None], "b": {"c": "x{{ turn }}"}}, HERE)
    assert fill_in(tree, {"turn": 2}) == {"a": [2, 1, None], "b": {"c": "x2"}}


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ output.__init__.__globals__ }}",
    "{{ output['__class__'].__base__ }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ '{0.__class__}'.format(output) }}",
    "{{ '{a.__class__}'.format_map({'a': output}) }}",
    "{{ session.update({'a': 1}) }}",
    "{{ tools.append('f') }}",
    "{{ text.__mod__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
]


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("native", [False, True])
def test_a_template_does_not_escape(source: str, native: bool) -> None:
    variables: dict[str, Any] = {"text": "a", "output": {}, "session": {}, "tools": []}
    with pytest.raises((ScenarioError, Complaints)):
        fill_in(compile_template(source, HERE, native=native), variables)
    assert variables == {"text": "a", "output": {}, "session": {}, "tools": []}


def test_words_of_the_user_are_words_and_no_template() -> None:
    assert filled("You said: {{ text }}", text="{{ session }} {% if %}") == "You said: {{ session }} {% if %}"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ output.a }}", "'dict object' has no attribute 'a' (output has b, c)"),
        ("{{ output.b.d }}", "'int object' has no attribute 'd' (output has b, c)"),
        ("{{ turn / 0 }}", "division by zero"),
        ("{{ turn + text }}", "unsupported operand type(s) for +: 'int' and 'str'"),
        ("{{ text | int(default='x') | round('y') }}", "method must be common, ceil or floor"),
    ],
)
def test_what_goes_wrong_while_filling_in_names_the_template(source: str, message: str) -> None:
    with pytest.raises(ScenarioError) as failed:
        filled(source, output={"b": 1, "c": 2}, turn=1, text="a")
    assert str(failed.value).startswith(f"f.yaml:3: template {source!r}: ")
    assert message in str(failed.value) or "round" in source


def test_a_missing_value_is_called_missing_also_where_any_value_is_welcome() -> None:
    with pytest.raises(ScenarioError, match="'output' is undefined"):
        filled("{{ output }}", native=True)


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(ScenarioError, match="a generator is no text, number, list or mapping"):
        filled("{{ tools | map('upper') }}", native=True, tools=["a"])


@pytest.mark.parametrize("name", VARIABLES)
def test_every_variable_is_known_when_the_scenario_is_read(name: str) -> None:
    assert isinstance(compile_template("{{ " + name + " }}", HERE), Template)


def test_an_unknown_variable_is_refused_when_the_scenario_is_read() -> None:
    with pytest.raises(Complaints) as refused:
        compile_template("{% for x in tols %}{{ x }}{{ range(3) }}{% endfor %}", HERE)
    (error,) = refused.value.errors
    assert error.message.endswith("unknown variable 'tols' (did you mean 'tools'?)")
