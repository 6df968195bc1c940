"""What all tests share."""

import signal
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is nobody's mistake
hypothesis.settings.load_profile("patient")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it to what it starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # or no program that a test starts could be interrupted

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live", action="store_true", help="run tests/live on the endpoint that the environment or a .env file names"
    )


@pytest.fixture(scope="session")
def shared() -> Path:
    """Recordings of the real service and real human speech, kept beside the project; a user's clone has none."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the recordings and speech beside the project ({folder.name}/ next to the checkout)")
    return folder
