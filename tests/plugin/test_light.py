"""The plugin is loaded in every run of pytest, and costs next to nothing where it is not used."""

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint

import pytest

from tests.plugin.conftest import ROOT

HEAVY = ["asyncio", "numpy", "websockets", "msgspec", "yaml", "jinja2", "soxr", "click"]


def test_the_entry_point_names_the_plugin():
    """What pyproject.toml promises is there."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
    (point,) = [EntryPoint(name, value, "pytest11") for name, value in points.items()]
    assert hasattr(point.load(), "voicelive")


def test_a_run_that_does_not_use_it_imports_nothing_heavy(project: pytest.Pytester):
    """A whole run in a process of its own, other plugins left out: of vlmock only the plugin is loaded."""
    project.makepyfile(
        test_it=f"""
        import sys

        def test_it():
            assert "vlmock.pytest_plugin" in sys.modules
            own = [name for name in sys.modules if name.startswith("vlmock")]
            assert sorted(own) == ["vlmock", "vlmock.pytest_plugin"]
            assert [name for name in {HEAVY} if name in sys.modules] == []
        """
    )
    project.makeini("[pytest]\n")
    others = ["asyncio", "anyio", "timeout", "hypothesispytest", "aiohttp", "xdist", "cov"]
    result = project.runpytest_subprocess("-p", "no:cacheprovider", *(f"-pno:{name}" for name in others))
    result.assert_outcomes(passed=1)


def test_importing_the_plugin_imports_nothing_heavy():
    """As ``python -X importtime`` sees it."""
    command = [sys.executable, "-X", "importtime", "-c", "import pytest, sys; sys.stderr.write('@@'); "]
    command[-1] += "import vlmock.pytest_plugin"
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, cwd=ROOT)
    imported = [line.split("|")[-1].strip() for line in done.stderr.split("@@")[1].splitlines() if "|" in line]
    assert "vlmock.pytest_plugin" in imported
    assert [name for name in imported if name.split(".")[0] in HEAVY] == []
    assert [name for name in imported if name.startswith("vlmock")] == ["vlmock", "vlmock.pytest_plugin"]


def test_the_fixtures_are_described(project: pytest.Pytester):
    """``pytest --fixtures`` shows both, with a sentence each."""
    project.makepyfile("")
    result = project.runpytest_inprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        ["voicelive_options -- *", "*any keyword of*", "voicelive -- *", "*An emulated Voice Live*"]
    )
