"""``vlclient check`` in impatient hands: what is asked for is done, or said not to be."""

import re
from pathlib import Path

import pytest

from tests.checks.conftest import MODELS
from tests.checks.test_check_command import A_KEY, check
from vlclient.checks.catalogue import Choice, all_checks, chosen
from vlclient.checks.report import text
from vlclient.checks.report.files import Files
from vlclient.checks.running import try_check, why_skipped
from vlclient.checks.server import server_of
from vlclient.checks.verdicts import Outcome, Verdict
from vlclient.errors import ConfigurationError
from vlmock.server.mock_server import MockServer

HERE = {"endpoint": "http://127.0.0.1:1", "api_key": "k"}


async def test_behind_a_profile_an_unknown_model_is_looked_for_without_it(emulator: MockServer) -> None:
    """There any name may be a deployment, so that nobody could be told that his is none."""
    (told_of,) = chosen(Choice(only=("1.09",)))
    server = server_of(endpoint=emulator.url, api_key="k", model="mine", profile="byom-azure-openai-realtime")
    outcome = await try_check(told_of, server)
    assert outcome.verdict is Verdict.PASSED, outcome.findings


# ---- a dry run


@pytest.mark.parametrize("arguments", [["--model", MODELS["native"]], ["--pipeline", "native"]])
def test_a_dry_run_counts_for_the_model_that_is_chosen(arguments: list[str], tmp_path: Path) -> None:
    """Nobody to ask need be known for that."""
    said = check("--dry-run", "--only", "2", *arguments, cwd=tmp_path).stdout
    native = server_of(**HERE, model=MODELS["native"])
    about = [one for one in chosen(Choice(only=("2",))) if not why_skipped(one, native)]
    assert 0 < len(about) < len(chosen(Choice(only=("2",))))
    assert f"\n{len(about)} checks, " in said
    assert "skipped, it is about cascade, and this is native" in said


def test_a_dry_run_of_what_cannot_be_says_so(tmp_path: Path) -> None:
    """As the run itself would."""
    assert "no api-version" in check("--dry-run", "--api-version", "2025-1-1", cwd=tmp_path, code=2).stderr


@pytest.mark.parametrize("option", ["--json", "--junit", "--pages"])
def test_a_dry_run_has_nothing_to_write_down(option: str, tmp_path: Path) -> None:
    """Whoever waits for a file is told; to add --dry-run to a whole command is no mistake."""
    done = check("--dry-run", option, "out", cwd=tmp_path)
    assert done.stdout.endswith("nothing is tried, so nothing is written to out\n")
    assert not (tmp_path / "out").exists()


# ---- numbers


@pytest.mark.parametrize(
    ("said", "meant"), [("3.4", "3.04"), ("03.05", "3.05"), ("a_ping_is_answere", "a_ping_is_answered")]
)
def test_a_number_that_is_nearly_right_is_put_right(said: str, meant: str) -> None:
    """3.4 is what one types for 3.04."""
    with pytest.raises(ConfigurationError, match=re.escape(f"(did you mean {meant!r}?)")):
        chosen(Choice(only=(said,)))


# ---- reports


def test_one_file_cannot_hold_two_reports(tmp_path: Path) -> None:
    """Neither by the same name nor by two names of one option."""
    with pytest.raises(ConfigurationError, match="two reports"):
        Files(json=tmp_path / "out", junit=tmp_path / "a" / ".." / "out").check()
    done = check("--json", "a", "--save", "b", cwd=tmp_path, code=2)
    assert "--json and --save are one option" in done.stderr


def test_what_cannot_be_written_in_the_end_keeps_nothing_else_back(tmp_path: Path, emulator: MockServer) -> None:
    """The other reports, the summary, and then the sentence, with the name of the file."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no file that is always full")
    done = check(
        *("--endpoint", emulator.url, "--api-key", A_KEY, "--only", "1.01"),
        *("--json", "/dev/full", "--junit", "out.xml"),
        cwd=tmp_path,
        code=2,
    )
    assert done.stdout.endswith("1 passed\n")
    assert done.stderr.startswith("vlclient: /dev/full cannot be written (")
    assert (tmp_path / "out.xml").exists()


def test_what_is_skipped_is_told_with_the_reasons() -> None:
    """Each once, with how many there are of it."""
    skipped = [Outcome(one, Verdict.SKIPPED, reason=f"reason {at % 2}") for at, one in enumerate(all_checks()[:5])]
    passed = Outcome(all_checks()[5], Verdict.PASSED)
    assert list(text.summary([*skipped, passed])) == [
        "  3 skipped: reason 0",
        "  2 skipped: reason 1",
        "1 passed, 5 skipped",
    ]
