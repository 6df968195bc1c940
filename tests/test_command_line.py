"""The command line as a whole, and its small commands: scenarios, validate, schema."""

import json
import tomllib
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from click.testing import CliRunner

import vlmock
from tests.command_line import ROOT, WRONG, run
from vlclient.cli import main as vlclient
from vlmock.cli import main
from vlmock.scenario.shipped import names, shipped_folder

# ---- mistakes


MISTAKES: dict[str, tuple[Sequence[str], str]] = {
    "timing": (["serve", "--timing", "casade"], "casade"),
    "recording in no place": (["serve", "--port", "0", "--record", ""], "name a folder, or a .zip file"),
    "recorder in no place": (["record", "--upstream", "http://localhost:1", ""], "name a folder, or a .zip file"),
    "journal in no place": (["demo", "--journal", ""], "name a folder, or a .zip file"),
    "recording": (["serve", "--port", "0", "--record", __file__], __file__),
    "pattern": (["serve", "--port", "0", "--record", "x", "--redact", "("], "'(' is no regular expression"),
    "pattern for everything": (["serve", "--port", "0", "--redact", "."], "warning: the pattern '.' matches 'type'"),
    "redaction of nothing": (["serve", "--port", "0", "--redact", "x"], "--record"),
    "option": (["serve", "--scenaro"], "--scenaro"),
    "port": (["serve", "--port", "99999"], "99999"),
    "port that is no number": (["serve", "--port", "http"], "http"),
    "speech": (["serve", "--port", "0", "--speech", "festival"], "festival"),
    "recognition": (["serve", "--port", "0", "--recognition", "sphinx"], "did you mean 'pocketsphinx'"),
    "empty key": (["serve", "--port", "0", "--api-key", ""], "the key that is demanded is empty"),
    "command": (["sreve"], "sreve"),
    "demo's timing": (["demo", "--timing", "casade"], "casade"),
    "demo's scenario": (["demo", "wether"], "did you mean 'weather'"),
    "demo's journal": (["demo", "--timing", "instant", "--journal", __file__], __file__),
    "nothing to validate": (["validate"], "FILE"),
}


@pytest.mark.parametrize(("arguments", "named"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(arguments: Sequence[str], named: str) -> None:
    """Exit code 2, the thing by its name, no traceback."""
    done = run(*arguments)
    assert done.returncode == 2
    assert named in done.stderr


@pytest.mark.parametrize("module", ["click", "msgspec", "vlmock.cli"])
def test_ctrl_c_while_the_program_starts_shows_no_traceback(tmp_path: Path, module: str) -> None:
    """Whatever is being imported just then: a word and exit code 1, as later."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Impatient:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Impatient())\n",
        encoding="utf-8",
    )
    done = run("scenarios", extra_path=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", "Aborted!")


# ---- the small ones


def test_scenarios_are_listed_one_line_each() -> None:
    """Name and description."""
    done = run("scenarios")
    listed = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (0, "")
    assert list(listed) == names()
    assert listed["weather"] == "The caller asks for the weather; the assistant looks it up and reports."


def test_validate_tells_good_from_bad(tmp_path: Path) -> None:
    """All that ship are good. A wrong one is told with its line, a missing one by its name; each with exit code 1."""
    shipped = [str(path) for path in sorted(shipped_folder().glob("*.yaml"))]
    assert run("validate", *shipped).returncode == 0
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(WRONG, encoding="utf-8")
    done = run("validate", "wrong.yaml", shipped[0], cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.strip() == "wrong.yaml:4: unknown key 'replies' (did you mean 'reply'?)"
    assert shipped[0] in done.stdout
    done = run("validate", "missing.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "missing.yaml" in done.stderr


NOT_SCENARIOS = {
    "YAML that is none": b"turns: [",
    "a list": b"- user: Hi\n",
    "nothing": b"",
    "not text": b"\xff\xfe\x00\x01",
    "a bomb": b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 120)),
    "an object": b"turns: !!python/object/apply:os.system ['true']\n",
}


@pytest.mark.parametrize("content", NOT_SCENARIOS.values(), ids=NOT_SCENARIOS)
def test_validate_survives_any_file(tmp_path: Path, content: bytes) -> None:
    """Whatever it is, it is told with the file's name."""
    (tmp_path / "odd.yaml").write_bytes(content)
    done = run("validate", "odd.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("odd.yaml")
    assert len(done.stderr) < 1000


def test_schema_is_a_json_schema_that_tells_good_from_bad() -> None:
    """Every shipped file fits it, and a misspelt key does not."""
    done = run("schema")
    schema = json.loads(done.stdout)
    judge = jsonschema.validators.validator_for(schema)
    assert "$schema" in schema
    judge.check_schema(schema)
    for path in shipped_folder().glob("*.yaml"):
        judge(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert not judge(schema).is_valid(yaml.safe_load(WRONG))


# ---- all of them


def test_the_version_is_the_packages() -> None:
    """In three places the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert vlmock.__version__ == project["version"]
    assert run("--version").stdout.strip().endswith(project["version"])


def test_the_installed_command_is_the_same() -> None:
    """What pyproject.toml names as ``vlmock`` can be called."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    point = EntryPoint("vlmock", project["scripts"]["vlmock"], "console_scripts")
    assert callable(point.load())


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(option: str) -> None:
    """In its own words."""
    for command in ("serve", "demo", "scenarios", "validate", "schema"):
        shown = CliRunner().invoke(main, [command, option])
        assert (shown.exit_code, shown.output.startswith("Usage: ")) == (0, True), command


@pytest.mark.parametrize("program", [main, vlclient])
def test_the_list_of_commands_breaks_no_sentence_off(program: click.Command) -> None:
    """On a terminal of 80 columns."""
    listed = CliRunner().invoke(program, ["--help"], terminal_width=80).output.partition("Commands:\n")[2].splitlines()
    assert listed
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []
