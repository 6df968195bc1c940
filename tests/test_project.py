"""What holds for the project as a whole: sizes, layers that start light, what is shipped."""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for package in ("vlmock", "vlclient", "benchmarks") for path in (ROOT / package).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def short_enough(path: Path) -> str:
    """What the file says, in fewer lines than one sitting takes."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    assert lines < LONGEST_FILE, f"{named(path)} has {lines} lines: split it by subject, each part under {LONGEST_FILE}"
    return text


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_source_file_can_be_read_in_one_sitting(path: Path) -> None:
    """Under 400 lines, and no function over 40, its docstring not counted."""
    text = short_enough(path)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            described = ast.get_docstring(node) is not None
            first = node.body[1] if described and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or 0) - first.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_a_test_file_can_be_read_in_one_sitting(path: Path) -> None:
    """Under 400 lines as well. What several files need stands in their conftest, or in a module named after it."""
    short_enough(path)


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_source_file_says_what_it_is(path: Path) -> None:
    """Each module begins with a sentence."""
    assert (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")[-1:] in (".", ":", "`", "?", ")")


_OF_THE_PROGRAM = {"numpy", "sounddevice", "soxr", "azure", "dotenv", "rich", "click"}
FORBIDDEN = {
    "vlclient": _OF_THE_PROGRAM,
    "vlclient.assistant": _OF_THE_PROGRAM,
    "vlclient.audio.microphone": _OF_THE_PROGRAM,
    "vlclient.audio.loudspeaker": _OF_THE_PROGRAM,
    "vlclient.audio.wav": _OF_THE_PROGRAM,
    "vlmock": {"asyncio", "msgspec", "numpy", "websockets", "yaml", "jinja2", "click", "soxr"},
    "vlmock.session.machine": {"asyncio", "numpy", "websockets", "yaml", "jinja2", "click", "soxr"},
    "vlmock.server.mock_server": {
        "numpy",
        "websockets.asyncio",
        "yaml",
        "jinja2",
        "click",
        "soxr",
        "vlmock.recording.reading",
        "vlmock.recording.replay",
        "vlmock.recognition",
    },
    "vlmock.pytest_plugin": {"asyncio", "msgspec", "numpy", "websockets", "yaml", "jinja2", "click", "soxr"},
}


@pytest.mark.parametrize("module", FORBIDDEN)
def test_what_is_heavy_is_imported_late(module: str) -> None:
    """In an interpreter of its own: pytest itself counts as loaded already."""
    code = f"import sys, pytest\nbefore = set(sys.modules)\nimport {module}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert not FORBIDDEN[module] & set(done.stdout.split())


def test_the_core_has_no_clock_and_no_chance() -> None:
    """Time, ids and dice come in as arguments: no such import in protocol, session, or a scenario's matching."""
    pure = [*(ROOT / "vlmock/protocol").rglob("*.py"), *(ROOT / "vlmock/session").rglob("*.py")]
    pure += [ROOT / f"vlmock/scenario/{name}.py" for name in ("matching", "director", "model", "templates", "default")]
    pattern = re.compile(r"^\s*(?:import|from) (asyncio|socket|threading|time|random|datetime|secrets|uuid)\b", re.M)
    assert {named(path): found for path in pure if (found := pattern.findall(path.read_text(encoding="utf-8")))} == {}


def test_the_wheel_holds_what_the_package_needs(tmp_path: Path) -> None:
    """Scenarios, the demo's words, what the checks say and the type marker travel with it."""
    python = next(filter(_has_pip, (sys.executable, f"{sys.base_prefix}/bin/python3")), None)
    if python is None:
        pytest.skip("there is no pip to build a wheel with")
    pip = [python, "-m", "pip"]
    subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT],
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    scenarios = ROOT / "scenarios"
    shipped = {f"vlmock/scenarios/{path.relative_to(scenarios).as_posix()}" for path in scenarios.rglob("*.yaml")}
    shipped |= {"vlmock/py.typed", "vlclient/py.typed", "vlmock/demo/what_is_the_weather.wav"}
    assert shipped | {f"vlclient/checks/sound/{name}.wav" for name in ("weather", "london")} <= held


def _has_pip(python: str) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
