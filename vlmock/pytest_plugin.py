"""The pytest plugin: a ``voicelive`` fixture for each test that asks for it.

Loaded in every pytest run through its entry point, so nothing but pytest is imported before the fixture is used.
"""

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vlmock.server.mock_server import MockServer

__all__ = ["voicelive", "voicelive_options"]

_SERVER: pytest.StashKey["MockServer"] = pytest.StashKey()


@pytest.fixture
def voicelive_options() -> Mapping[str, Any]:
    """How this test's server is started: any keyword of ``vlmock.serve``. Override it in a conftest or a module."""
    return {}


@pytest.fixture
def voicelive(request: pytest.FixtureRequest, voicelive_options: Mapping[str, Any]) -> Iterator["MockServer"]:
    """An emulated Voice Live endpoint for this test, in a thread and an event loop of its own.

    Point the agent at ``voicelive.url`` with any key, or call ``voicelive.entra()`` and let azure-identity sign it in;
    what that needs of the environment is set for this test. The test fails, after it has run, when a required turn of
    the scenario was not played, an expectation was not met, a turn of the client matched nothing, or the emulator
    crashed.
    """
    from vlmock.server.mock_server import serve

    with serve(**voicelive_options) as server:
        request.node.stash[_SERVER] = server
        yield server


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let the test itself fail, not its teardown: so it is counted, reported and marked xfail as any other failure.

    Where it fails by itself, what the emulator has to say stands in the report: it is often the reason.
    """
    try:
        result = yield
    except BaseException:
        if problems := _problems(item):
            item.add_report_section("call", "vlmock", problems)
        raise
    if problems := _problems(item):
        pytest.fail(problems, pytrace=False)
    return result


def _problems(item: pytest.Item) -> str:
    server = item.stash.get(_SERVER, None)
    return "\n\n".join(server.problems()) if server is not None else ""
