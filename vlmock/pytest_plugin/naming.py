"""Where a test's recording lies: beside the test file, under the test's own name."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "folder_beside", "folder_in", "folder_name", "full_name"]

FOLDER: Final = "recordings"

_NOT_EVERYWHERE: Final = re.compile(r"[^A-Za-z0-9_.,+=@()\[\]-]+")
"""What some file system, some shell or some archive has trouble with."""
_LONGEST: Final = 100
"""Characters. Windows counts the whole path, and stops at 260."""
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)
"""Of Windows: no file may have such a name, whatever its ending."""
_DIGITS: Final = 8


def folder_beside(test_file: Path, name: str) -> Path:
    """``tests/test_agent.py`` → ``tests/recordings/test_agent/NAME``."""
    return test_file.parent.joinpath(FOLDER, test_file.stem, folder_name(name))


def folder_in(root: Path, test_file: Path, tests_root: Path, name: str) -> Path:
    """The same in one place for all: ``tests/unit/test_agent.py`` → ``ROOT/tests/unit/test_agent/NAME``.

    ``tests_root``: what the test files' paths are taken from. Of one outside, only its own name is taken.
    """
    inside = test_file.is_relative_to(tests_root)
    module = test_file.relative_to(tests_root).with_suffix("") if inside else Path(test_file.stem)
    return root / module / folder_name(name)


def full_name(classes: Iterable[str], test: str) -> str:
    """``TestOrders.test_refund[late]``: a test with the classes that it stands in."""
    return ".".join([*classes, test])


def folder_name(name: str) -> str:
    """A name that is good on every file system, and that no other test of the module gets.

    It is the test's own wherever that is good. Otherwise, or where parameters differ from others perhaps in capitals
    only, which half of the world's file systems do not tell apart, a part of its digest stands behind it.
    """
    parameters = name.partition("[")[2]
    plain = _NOT_EVERYWHERE.sub("-", name)
    good = (
        plain == name
        and 0 < len(name) <= _LONGEST
        and parameters == parameters.lower()
        and name.strip(".") == name
        and name.lower().partition(".")[0] not in _DEVICES
    )
    if good:
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]
    return "-".join(filter(None, [plain[:_LONGEST].strip(".-"), digest]))
