"""The pytest plugin: a ``voicelive`` fixture for each test that asks for it, and ``--block-network``.

Loaded in every pytest run through its entry point, so nothing but pytest is imported before something of it is used.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vlmock.pytest_plugin.network import Wall
    from vlmock.server.mock_server import MockServer

__all__ = ["voicelive", "voicelive_options"]

_SERVER: pytest.StashKey["MockServer"] = pytest.StashKey()
_WALL: pytest.StashKey["Wall"] = pytest.StashKey()
_AROUND: pytest.StashKey[ExitStack] = pytest.StashKey()

_BLOCK = "--block-network"
_ALLOWED = "--allowed-hosts"
_BLOCK_INI = "voicelive_block_network"
_ALLOWED_INI = "voicelive_allowed_hosts"
_HERE = (r"127\.0\.0\.1\Z", r"::1\Z", r"localhost\Z")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(_BLOCK_INI, f"As {_BLOCK}, in every run.", type="bool", default=False)
    parser.addini(_ALLOWED_INI, f"As {_ALLOWED}, in every run; one for each line.", type="linelist", default=[])


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    """Other plugins have options of these names, pytest-recording for one: where they are known by now, theirs are
    used. pytest has loaded its plugins and the first conftests before this, and reads the command line after it."""
    group = parser.getgroup("voicelive")
    absent = object()
    if early_config.getoption(_BLOCK, absent) is absent:
        group.addoption(
            _BLOCK,
            action="store_true",
            default=False,
            help="Refuse every address and every lookup that leaves this machine, in tests and their fixtures. "
            "Processes that a test starts are not held, nor is what brings sockets of its own (uvloop, gRPC, pycurl).",
        )
    if early_config.getoption(_ALLOWED, absent) is absent:
        group.addoption(
            _ALLOWED,
            metavar="REGEX,…",
            help="Hosts that may be reached all the same, as regular expressions with commas between them.",
        )


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "block_network(allowed_hosts=[…]): refuse every address that is not this machine, as --block-network does.",
        "allowed_hosts([…]): hosts that may be reached all the same, as regular expressions.",
    ):
        config.addinivalue_line("markers", marker)


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What stands around a test stands around its fixtures, too, and is gone whatever happens."""
    with ExitStack() as item.stash[_AROUND]:
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    because = _who_blocks(item)
    if because is None:
        return
    from vlmock.pytest_plugin.network import Wall, walled

    allowed = _allowed(item)
    try:
        wall = item.stash[_WALL] = Wall(item.nodeid, because, allowed)
    except ValueError as error:
        pytest.fail(str(error), pytrace=False)
    item.stash[_AROUND].enter_context(walled(wall))
    if item.config.pluginmanager.has_plugin("recording") and "voicelive" in getattr(item, "fixturenames", ()):
        # pytest-recording, asked by the same words, keeps tests from this machine, too.
        item.add_marker(pytest.mark.block_network(allowed_hosts=[*allowed, *_HERE]), append=False)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let the test itself fail, not its teardown: so it is counted, reported and marked xfail as any other failure.

    Where it fails by itself, what the emulator has to say stands in the report: it is often the reason. So does what
    was refused: the agent may have made something else of that.
    """
    try:
        result = yield
    except BaseException as error:
        if problems := _problems(item):
            item.add_report_section("call", "vlmock", problems)
        wall = item.stash.get(_WALL, None)
        if refused := [str(refusal) for refusal in (wall.refused if wall else ()) if refusal is not error]:
            item.add_report_section("call", "vlmock, refused", "\n".join(refused))
        raise
    if problems := _problems(item):
        pytest.fail(problems, pytrace=False)
    return result


def _problems(item: pytest.Item) -> str:
    server = item.stash.get(_SERVER, None)
    return "\n\n".join(server.problems()) if server is not None else ""


def _who_blocks(item: pytest.Item) -> str | None:
    if item.get_closest_marker("block_network") is not None:
        return "@pytest.mark.block_network"
    if item.config.getoption(_BLOCK, False):
        return _BLOCK
    return _BLOCK_INI if item.config.getini(_BLOCK_INI) else None


def _allowed(item: pytest.Item) -> list[str]:
    """What may be reached, from wherever it is said."""
    hosts = [*item.config.getini(_ALLOWED_INI), *_listed(item.config.getoption(_ALLOWED, None))]
    for marker in item.iter_markers("block_network"):
        hosts += _listed(marker.kwargs.get("allowed_hosts"))
    for marker in item.iter_markers("allowed_hosts"):
        for argument in marker.args:
            hosts += _listed(argument)
    return hosts


def _listed(hosts: Any) -> list[str]:
    return [host.strip() for host in hosts.split(",") if host.strip()] if isinstance(hosts, str) else list(hosts or ())
