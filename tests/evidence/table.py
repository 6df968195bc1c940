"""The table: every event, field, refusal and reading, its evidence, and a test that proves it.

``python -m tests.evidence.table`` watches the tests of the session, of the SDK and of the server, picks for each
subject the test that speaks of it most plainly, and writes ``tests/evidence/README.md``.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from vlmock.emulated import Subject, sources, subjects

__all__ = ["TABLE", "claims", "recorded"]

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("README.md")
_WATCHED = ("tests/session", "tests/sdk", "tests/server")
_ABOUT_VERSIONS = "tests/session/test_api_versions.py"
"""Says when there is an event, not what it does."""
_TELLING = 8
"""A name that is longer means nothing else."""
_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \|.*\| `(?P<test>tests/[^`]+)` \|$")
_TITLE = re.compile(r"^## (?P<kind>.+)s$")
_INTRODUCTION = """# What is emulated, how well it is known, and which test proves it

Made from the code and by watching the tests: `python -m tests.evidence.table`. A test runs each of these tests again
and sees that it meets what it is said to prove. *Observed* on the live service, *Documented* by Microsoft or the vendor
SDK, or *Assumed*; the tags in braces name the source, and stand at the end.
"""


def recorded(tests: Sequence[str]) -> dict[str, set[str]]:
    """What each of these tests meets; those that fail meet nothing."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.evidence.recorder"]
        done = subprocess.run(
            [*command, *tests],
            cwd=ROOT,
            env={**os.environ, "VLMOCK_EVIDENCE": str(record)},
            capture_output=True,
            text=True,
        )
        if not record.exists():
            raise RuntimeError(f"pytest did not run:\n{done.stdout}\n{done.stderr}")
        return {test: set(met) for test, met in json.loads(record.read_text(encoding="utf-8")).items()}


def claims(table: str) -> Iterator[tuple[str, str]]:
    """Each subject's key, and the test that the table names."""
    kind = ""
    for line in table.splitlines():
        if title := _TITLE.match(line):
            kind = title["kind"].lower()
        elif row := _ROW.match(line):
            yield f"{kind} {row['name']}", row["test"]


# ---- choosing


def _proofs(met: Mapping[str, set[str]]) -> Iterator[tuple[Subject, str | None]]:
    for subject in subjects():
        candidates = [test for test, keys in met.items() if subject.key in keys]
        yield subject, min(candidates, key=lambda test: _rank(subject, test, met[test]), default=None)


def _rank(subject: Subject, test: str, met: set[str]) -> tuple[object, ...]:
    """Best is a test in which it goes well (but for refusals), whose own name or case names the subject, then one that
    names it in its text; of those the one that meets least besides, without a network."""
    refuses = subject.kind != "refusal" and any(key.startswith("refusal") for key in met)
    last = subject.name.rpartition(".")[2] if subject.kind == "field" else subject.name
    text = _source(test)
    named = subject.name in test or (len(last) > _TELLING and last in test)
    spoken = any(
        word in text for word in (subject.name, f'"{last}"', f"{last}=", f".{last}", _class_name(subject.name))
    )
    return (
        test.startswith(_ABOUT_VERSIONS),
        refuses,
        not named,
        not spoken,
        not test.startswith("tests/session"),
        len(met),
        len(test),
        test,
    )


def _class_name(wire_type: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[._]", wire_type))


def _source(test: str) -> str:
    path, _, name = test.partition("[")[0].partition("::")
    return _functions(path).get(name.rpartition("::")[2], "")


@cache
def _functions(path: str) -> dict[str, str]:
    source = (ROOT / path).read_text(encoding="utf-8")
    return {
        node.name: ast.get_source_segment(source, node) or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


# ---- writing


def _written(proofs: Iterable[tuple[Subject, str | None]]) -> Iterator[str]:
    yield _INTRODUCTION
    kind = ""
    for subject, test in proofs:
        if subject.kind != kind:
            kind = subject.kind
            yield f"\n## {kind.capitalize()}s\n"
            yield "| | what becomes of it | evidence | proved by |\n|---|---|---|---|"
        yield f"| `{subject.name}` | {subject.what} | {subject.evidence} | {f'`{test}`' if test else 'no test'} |"
    yield f"\n## Sources\n\n{sources()}"


def _main() -> None:
    met = recorded(_WATCHED)
    TABLE.write_text("\n".join(_written(_proofs(met))) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _main()
