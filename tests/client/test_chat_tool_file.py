"""A Python file with tools: what is taken from it, and what is said when it will not do."""

import sys

import pytest

from vlclient.chat.tool_file import tools_in
from vlclient.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _own_modules(monkeypatch):
    """What a file changes in the interpreter is put back."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("vlclient_tools", None)


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "tools.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


GOOD = '''\
from __future__ import annotations
from dataclasses import dataclass
from math import sqrt
from neighbour import helper

@dataclass
class Place:
    city: str

def weather(place: Place) -> str:
    """Look up the weather."""
    return helper(place.city)

async def time() -> str:
    """Tell the time."""
    return "noon"

def _hidden(anything): ...
'''


def test_public_functions_are_tools(file, tmp_path):
    """Those that the file itself defines; not its classes, imports, and what begins with an underscore."""
    (tmp_path / "neighbour.py").write_text("def helper(city): return city\n")
    assert [function.__name__ for function in tools_in(file(GOOD))] == ["weather", "time"]


def test_all_says_which(file):
    """``__all__``, where there is one: then they may come from elsewhere."""
    path = file(
        'from statistics import median_low\n__all__ = ["double"]\ndef double(n: int): ...\ndef other(n: int): ...'
    )
    assert [function.__name__ for function in tools_in(path)] == ["double"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def f(:\n", "tools.py:1: invalid syntax"),
        ("\n\nimport nothing_of_this_name\n", "tools.py:3: ModuleNotFoundError: No module named"),
        ("def f():\n    return 1 / 0\n\nf()\n", "tools.py:2: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "tools.py:2: SystemExit: 3"),
        ("open('/no/such/file')\n", "tools.py:1: No such file or directory"),
        ("import math\n_x = 1\n", "tools.py defines no function without an underscore"),
        ("__all__ = ['f']\n", "tools.py: __all__ names 'f', which is no function of it"),
        ("\ndef f(a: int, /): ...\n", "tools.py:2: tool 'f', parameter 'a'"),
        ("def f(a: 'Nothing'): ...\n", "tools.py:1: tool 'f'"),
    ],
)
def test_one_sentence_with_the_place(file, text, words):
    """File and line, and what is wrong there."""
    with pytest.raises(ConfigurationError) as caught:
        tools_in(file(text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"), [("none.py", "there is no file"), ("tools.txt", "its name must end with .py")]
)
def test_no_python_file(tmp_path, name, words):
    """One that is missing, one that is something else."""
    (tmp_path / "tools.txt").write_text("Buy milk.")
    with pytest.raises(ConfigurationError, match=words):
        tools_in(tmp_path / name)
