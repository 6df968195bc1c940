"""Types such as people annotate their tools with, and what a tool that takes one makes of it."""

import enum
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypedDict  # noqa: F401 - a postponed annotation names it

from vlclient.tools import Tool


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclass
class Place:
    city: str
    title: str = ""


class Window(TypedDict):
    begin: int
    end: NotRequired[int]


class Opaque:
    """Nothing that JSON could be made into."""


def taking(annotation: Any, **options: Any) -> Tool:
    """A tool with one parameter ``x`` of that type, which it returns as Python shows it."""

    def show(x):
        return repr(x)

    show.__annotations__ = {"x": annotation}
    return Tool.of(show, **options)
