"""``pytest --live``: skipped with a reason, passed on the emulator in another process, treated as the service."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import ROOT, environment, serving
from tests.test_command_line_serve import exports

CHECKS = "smoke or talk or 1.0 or 3.01 or 6.01 or 12.01 or 13.01"
"""One or more of each kind; each check is tried on the emulator elsewhere."""


def live_tests(*arguments: str, variables: dict[str, str], cwd: Path = ROOT) -> tuple[int, str]:
    """The exit code, and what it says in the end."""
    own = {
        name: value
        for name, value in environment().items()
        if "VOICE" not in name and not name.startswith(("AZURE_", "AGENT_", "IDENTITY_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests/live", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=170, cwd=cwd, env={**own, **variables}, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [([], "it asks a live endpoint: --live"), (["--live"], "set AZURE_VOICE_LIVE_ENDPOINT")],
    ids=["unasked", "no endpoint"],
)
def test_live_tests_are_skipped_with_the_reason(arguments: list[str], reason: str) -> None:
    """All of them, and nobody is dialled."""
    if Path(ROOT, ".env").exists() and arguments:
        pytest.skip("there is a .env file, which may name an endpoint")
    code, said = live_tests(*arguments, variables={})
    assert (code, reason in said) == (0, True), said
    assert re.search(r"^\d+ skipped in ", said, re.MULTILINE), said


@pytest.mark.timeout(180)
def test_live_tests_pass_on_a_service_that_wants_tokens_over_tls() -> None:
    """No key: azure-identity gets a token as it does in Azure, and the certificate is trusted as it was told."""
    with serving("--tls", "--entra", "--timing", "instant") as served:
        named = {"AZURE_VOICE_LIVE_ENDPOINT": served.url, **exports(served)}
        code, said = live_tests("--live", "-k", CHECKS, variables=named)
    assert code == 0, said
    summary = re.search(r"(\d+) passed", said)
    assert summary, said
    assert int(summary[1]) > 10, said
    assert os.environ.get("AZURE_VOICE_LIVE_ENDPOINT") != served.url


def test_live_tests_fail_where_the_service_lets_nobody_in() -> None:
    """A wrong key is one sentence, and not a skip."""
    with serving("--api-key", "the-right-one") as served:
        named = {"AZURE_VOICE_LIVE_ENDPOINT": served.url, "AZURE_VOICE_LIVE_API_KEY": "a-wrong-one-of-all"}
        code, said = live_tests("--live", "-k", "smoke", variables=named)
    assert code == 1, said
    assert "not allowed: " in said
    assert "a-wrong-one-of-all" not in said
