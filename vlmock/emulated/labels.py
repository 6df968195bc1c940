"""Where a behaviour is known from: the words that a docstring begins with."""

import ast
import inspect
import re
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["evidence", "evidence_of_field", "makers", "names_read"]

_STRENGTH = ("Observed", "Documented", "Assumed")
_LABELS = re.compile(r"\b(Documented|Observed|Assumed)(?: (\{[^}]+\}))?")


def evidence(described: object) -> str:
    """``"Observed {FON, PAI}"``: where a docstring, or a text, says that its behaviour is known from; "" if nowhere."""
    text = described if isinstance(described, str) else described.__doc__ or ""
    tags: dict[str, dict[str, None]] = {}
    for label, braces in _LABELS.findall(text):
        tags.setdefault(label, {}).update(dict.fromkeys(braces.strip("{}").split(", ") if braces else ()))
    return ", ".join(_shown(label, list(tags[label])) for label in _STRENGTH if label in tags)


def _shown(label: str, tags: list[str]) -> str:
    return f"{label} {{{', '.join(tags)}}}" if tags else label


def evidence_of_field(owner: type, name: str) -> str:
    """That of a member of a wire type: from the docstring below it, or of its type. Without a label it is Documented:
    the specification and the vendor SDK agree about it (schema 0)."""
    for kind in owner.__mro__:
        if name in getattr(kind, "__annotations__", {}) and kind.__module__.startswith("vlmock."):
            return evidence(_docs_of_fields(kind).get(name, "")) or evidence(kind.__doc__ or "") or "Documented"
    return "Documented"


@cache
def _docs_of_fields(owner: type) -> dict[str, str]:
    """The strings that stand below a class's members."""
    body = ast.parse(inspect.getsource(owner)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs: dict[str, str] = {}
    for statement, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            docs[statement.target.id] = str(below.value.value)
    return docs


def makers(module: ModuleType) -> dict[type, set[str]]:
    """Which classes the functions of a module make or name, and the evidence of those functions, or of the module."""
    found: dict[type, set[str]] = {}
    for function in _functions(module):
        known = evidence(function) or evidence(module)
        for name in _names(function.__code__):
            made = vars(module).get(name)
            if isinstance(made, type):
                found.setdefault(made, set()).add(known)
    return found


def _functions(module: ModuleType) -> list[FunctionType]:
    owners: list[Any] = [module, *(m for m in vars(module).values() if inspect.isclass(m))]
    members = [_function(member) for owner in owners if _is_of(owner, module) for member in vars(owner).values()]
    return [member for member in members if inspect.isfunction(member) and _is_of(member, module)]


def _function(member: Any) -> Any:
    if isinstance(member, property):
        return member.fget
    return getattr(member, "__wrapped__", getattr(member, "__func__", member))


def _is_of(member: Any, module: ModuleType) -> bool:
    return member is module or getattr(member, "__module__", "") == module.__name__


def names_read(module: ModuleType) -> set[str]:
    """What the functions of a module look up by name: attributes, globals, and texts such as those of ``getattr``."""
    return set().union(*(_names(function.__code__) for function in _functions(module)))


def _names(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    texts = {constant for constant in code.co_consts if isinstance(constant, str)}
    return texts.union(code.co_names, *map(_names, inner))
