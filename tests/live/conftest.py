"""Who is asked, and whether at all: ``pytest --live``, and an endpoint in the environment or in a ``.env`` file."""

import os
from pathlib import Path

import pytest

from vlclient.chat.sign_in import prepare_azure_identity
from vlclient.checks.probe import Server
from vlclient.checks.server import server_of
from vlclient.environment import NAMES, read_settings
from vlclient.errors import ConfigurationError, CredentialError

LONGEST_S = 900
"""For all the checks together: a live service takes no more than 27 connections in a minute."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With the reason that a person needs."""
    here = Path(__file__).parent
    reason = _why_not(config)
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(LONGEST_S))
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def _why_not(config: pytest.Config) -> str:
    if not config.getoption("--live"):
        return "it asks a live endpoint: --live"
    if not read_settings(os.environ, folder=Path.cwd()).endpoint:
        return f"--live needs an endpoint: set {NAMES['endpoint'][0]}, in the environment or in a .env file"
    return ""


@pytest.fixture(scope="session")
def live() -> Server:
    """The server that the environment names, with its credential. What is wrong with either fails every test, in one
    sentence."""
    prepare_azure_identity()
    try:
        return server_of()
    except (ConfigurationError, CredentialError) as error:
        pytest.fail(str(error), pytrace=False)
