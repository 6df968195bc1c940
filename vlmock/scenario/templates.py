"""Text with gaps: ``It is {{ output.weather }}.``, filled in when a turn is answered.

Jinja2 in its sandbox: a template reaches the values it is given and nothing behind them. The sandbox keeps a template
from escaping, not from being slow. Jinja2 is imported when the first text with a gap is met.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from vlmock.errors import ScenarioError, did_you_mean
from vlmock.scenario.places import Place

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["VARIABLES", "Template", "compile_template", "compile_tree", "fill_in"]

VARIABLES = {
    "text": "what the user said or typed in this turn",
    "turn": "the number of this response, 1 for the first",
    "output": "what the tool returned: its JSON, or its text where it is none",
    "outputs": "the same by the tool's name, when several returned something",
    "arguments": "what that tool was called with",
    "session": "the session's settings",
    "match": "what a pattern found: match[0] is all of it, match[1] the first group, match.name a named one",
    "tools": "the names of the tools that the client offers",
    "invoke_input": "what the client hands to a hosted agent in response.create",
}
"""Everything a template may ask for."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with gaps, ready to be filled in."""

    source: str
    place: Place
    render: Any = field(compare=False, repr=False)
    """From the variables to text, or to a value where the whole text is one gap and a value is welcome."""


def compile_template(source: str, place: Place, *, native: bool = False) -> str | Template:
    """The template in ``source``, or ``source`` itself where there is no gap in it.

    With ``native`` a text that is one gap and nothing else keeps the type of its value: ``"{{ output.temp_c }}"`` is
    a number. Raises ``Complaints`` on a wrong template and on a variable that does not exist.
    """
    if not any(mark in source for mark in ("{{", "{%", "{#")):
        return source
    from jinja2 import TemplateSyntaxError, meta

    environment = _environment()
    try:
        parsed = environment.parse(source)
        expression = _only_expression(environment, source) if native else None
        if expression is None:
            render: Any = environment.from_string(source).render
        else:
            render = _value_of(environment, expression)
    except TemplateSyntaxError as error:
        raise place.complaint(f"template {_short(source)}: {error.message}") from None
    except RecursionError:
        raise place.complaint(f"template {_short(source)}: nested too deep") from None
    for name in sorted(meta.find_undeclared_variables(parsed) - set(environment.globals)):
        if name not in VARIABLES:
            hint = did_you_mean(name, VARIABLES) or f"; there are {', '.join(VARIABLES)}"
            raise place.complaint(f"template {_short(source)}: unknown variable {name!r}{hint}")
    return Template(source, place, render)


def compile_tree(tree: object, place: Place) -> object:
    """The same JSON with templates for its texts. Raises ``Complaints``."""
    match tree:
        case str():
            return compile_template(tree, place, native=True)
        case dict():
            return {key: compile_tree(value, place) for key, value in tree.items()}
        case list():
            return [compile_tree(value, place) for value in tree]
    return tree


def fill_in(tree: object, variables: Mapping[str, object]) -> Any:
    """The same JSON with every template's result in its place.

    Raises ``ScenarioError`` with the template's place when one asks for what is not there.
    """
    match tree:
        case Template():
            return _render(tree, variables)
        case dict():
            return {key: fill_in(value, variables) for key, value in tree.items()}
        case list() | tuple():
            return [fill_in(value, variables) for value in tree]
    return tree


def _render(template: Template, variables: Mapping[str, object]) -> Any:
    from jinja2 import Undefined
    from jinja2.exceptions import TemplateError

    try:
        value = template.render(**variables)
        if isinstance(value, Undefined):
            str(value)  # raises: strict
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        has = ""
        if isinstance(output := variables.get("output"), Mapping) and "output" in template.source:
            has = f" (output has {', '.join(map(str, output)) or 'nothing in it'})"
        raise _error(template, f"{error}{has}") from None
    if not isinstance(value, str | int | float | bool | list | dict | tuple | None):
        raise _error(template, f"a {type(value).__name__} is no text, number, list or mapping")
    return value


def _error(template: Template, message: str) -> ScenarioError:
    return template.place.error(f"template {_short(template.source)}: {message}")


def _short(source: str) -> str:
    line = " ".join(source.split())
    return repr(line if len(line) <= 80 else line[:79] + "…")


def _only_expression(environment: "Environment", source: str) -> str | None:
    """The inside of ``{{ … }}`` where that is the whole text."""
    text = source.strip()
    tokens = [kind for _, kind, _ in environment.lex(text)]
    whole = tokens[0] == "variable_begin" and tokens[-1] == "variable_end" and tokens.count("variable_begin") == 1
    return re.sub(r"^\{\{[-+]?|-?\}\}$", "", text) if whole else None


def _value_of(environment: "Environment", expression: str) -> Any:
    return environment.compile_expression(expression, undefined_to_none=False)


@cache
def _environment() -> "Environment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            """``output.items`` is the member of that name where there is one, not the method of Python's dict."""
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    return Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
