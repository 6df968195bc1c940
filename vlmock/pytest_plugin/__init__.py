"""The pytest plugin: a ``voicelive`` fixture for each test that asks for it, ``--voicelive-record``, and
``--block-network``.

Loaded in every pytest run through its entry point, so nothing but pytest is imported before something of it is used.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from vlmock.museum.visit import Visit
    from vlmock.pytest_plugin.endpoint import RecordedEndpoint
    from vlmock.pytest_plugin.network import Wall
    from vlmock.server.mock_server import MockServer

    Endpoint: TypeAlias = MockServer | RecordedEndpoint | Visit

__all__ = ["exhibit", "voicelive", "voicelive_options", "voicelive_recording_path"]

MARKER = "voicelive_recording"
MODES = ("none", "once", "new", "all")

ENDPOINT: pytest.StashKey["Endpoint"] = pytest.StashKey()
"""What ``voicelive`` is in a test."""
ANEW: pytest.StashKey[str] = pytest.StashKey()
"""Of a test that is recorded anew because it did otherwise than recorded: what."""
_PASSED: pytest.StashKey[bool] = pytest.StashKey()
_WALL: pytest.StashKey["Wall"] = pytest.StashKey()
_AROUND: pytest.StashKey[ExitStack] = pytest.StashKey()

_RECORD = "--voicelive-record"
_RECORD_INI = "voicelive_record"
_EXPIRES_INI = "voicelive_record_expires"
_FOLDER_INI = "voicelive_recordings_dir"
_BLOCK = "--block-network"
_ALLOWED = "--allowed-hosts"
_BLOCK_INI = "voicelive_block_network"
_ALLOWED_INI = "voicelive_allowed_hosts"
_IN_VAIN = (
    f"@pytest.mark.{MARKER} does nothing in a test that does not ask for the fixture voicelive: ask for it, or leave "
    "out the marker"
)
_PYTEST_RECORDING = ("recording", "pytest_recording.plugin")
"""What it is called where pytest finds it by itself, and where it is named with -p."""
_HERE = (r"127\.0\.0\.1\Z", r"::1\Z", r"localhost\Z")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("voicelive", "Voice Live").addoption(
        _RECORD,
        choices=MODES,
        help=f"Tests with @pytest.mark.{MARKER} are played from recordings and never dial the live service (none, the "
        "default); dial it where there is no recording, or it has expired, and record it (once); also where the "
        "test does otherwise than recorded (new); or always (all). The service is AZURE_VOICE_LIVE_ENDPOINT, with "
        "AZURE_VOICE_LIVE_API_KEY or as signed in.",
    )
    parser.addini(_RECORD_INI, f"As {_RECORD}, where that is not given.", default="none")
    parser.addini(_EXPIRES_INI, "How old recordings may become: 90d, 12h, 4w; never, the default.", default="never")
    parser.addini(
        _FOLDER_INI, "Where recordings lie, from the ini file's folder on; else in 'recordings' beside each test file."
    )
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
        f"{MARKER}(*, name, expires, on_unexpected, trailing, timing, redact, redact_audio): play this test from a "
        f"recording of the live service, which {_RECORD} makes.",
        "block_network(allowed_hosts=[…]): refuse every address that is not this machine, as --block-network does.",
        "allowed_hosts([…]): hosts that may be reached all the same, as regular expressions.",
    ):
        config.addinivalue_line("markers", marker)
    if _mode(config) == "new":
        from vlmock.pytest_plugin.again import Again

        config.pluginmanager.register(Again(), "voicelive-again")


def pytest_report_header(config: pytest.Config) -> str | None:
    if (mode := _mode(config)) == "none":
        return None
    from os import environ

    from vlmock.pytest_plugin.live import endpoint_in

    return f"voicelive: recording mode {mode}, live at {endpoint_in(environ) or 'nothing: no endpoint is set'}"


def _mode(config: pytest.Config) -> Any:
    mode = config.getoption(_RECORD, None) or config.getini(_RECORD_INI)
    if mode not in MODES:
        raise pytest.UsageError(f"{_RECORD_INI} in the ini file is one of {', '.join(MODES)}, not {mode!r}")
    return mode


@pytest.fixture
def voicelive_options() -> Mapping[str, Any]:
    """How this test's server is started: any keyword of ``vlmock.serve``. Override it in a conftest or a module."""
    return {}


@pytest.fixture
def voicelive_recording_path(request: pytest.FixtureRequest) -> Path:
    """Where the recording of this test lies: ``recordings/MODULE/TEST`` beside its file. Override it in a conftest or a
    module; a test's own name for it is the marker's ``name``."""
    from vlmock.pytest_plugin.naming import folder_beside, folder_in, full_name

    item, config = request.node, request.config
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    named = [marker.kwargs["name"] for marker in item.iter_markers(MARKER) if marker.kwargs.get("name")]
    name = str(named[0]) if named else full_name(classes, item.name)
    if folder := config.getini(_FOLDER_INI):
        start = config.inipath.parent if config.inipath else config.rootpath
        return folder_in(start / folder, item.path, config.rootpath, name)
    return folder_beside(item.path, name)


@pytest.fixture
def voicelive(request: pytest.FixtureRequest, voicelive_options: Mapping[str, Any]) -> Iterator["Endpoint"]:
    """An emulated Voice Live endpoint for this test, in a thread and an event loop of its own.

    Point the agent at ``voicelive.url`` with any key, or call ``voicelive.entra()`` and let azure-identity sign it in;
    what that needs of the environment is set for this test. The test fails, after it has run, when a required turn of
    the scenario was not played, an expectation was not met, a turn of the client matched nothing, or the emulator
    crashed.

    In a test with ``@pytest.mark.voicelive_recording`` it is a recording that answers, or, while it is made, the live
    service (``vlmock.pytest_plugin.endpoint.RecordedEndpoint``): ``url`` and ``journal`` are there, ``play`` is not.
    The test fails when the agent does otherwise than recorded.
    """
    item = request.node
    if item.get_closest_marker(MARKER) is not None:
        from vlmock.pytest_plugin.recorded import recorded

        item.stash[_PASSED] = False
        started: Any = recorded(
            item,
            Path(request.getfixturevalue("voicelive_recording_path")),
            voicelive_options,
            mode=_mode(item.config),
            expires=item.config.getini(_EXPIRES_INI),
            wall=item.stash.get(_WALL, None),
            anew=ANEW in item.stash,
            passed=lambda: item.stash[_PASSED],
        )
    else:
        from vlmock.server.mock_server import serve

        started = serve(**voicelive_options)
        started.problems_were_asked = True  # they are told with the test
    with started as endpoint:
        item.stash[ENDPOINT] = endpoint
        yield endpoint


@pytest.fixture
def exhibit(request: pytest.FixtureRequest, voicelive: Any) -> Iterator["Visit"]:
    """An exhibit of the museum, a bug that a real client had, in a test with ``@vlmock.museum.exhibits()``.

    The agent dials ``exhibit.url`` and is told what ``exhibit.says``; the test fails, with the question and the link,
    when it does not survive it."""
    from vlmock.museum.visit import Visit

    item = request.node
    if not hasattr(request, "param"):
        pytest.fail("put @vlmock.museum.exhibits() on a test that asks for an exhibit", pytrace=False)
    if item.get_closest_marker(MARKER) is not None:
        pytest.fail(f"an exhibit is not played from a recording: leave out @pytest.mark.{MARKER}", pytrace=False)
    shown, limit_s = request.param
    visit = item.stash[ENDPOINT] = Visit(shown, voicelive, limit_s=limit_s)
    yield visit
    visit.end()


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
    others = any(map(item.config.pluginmanager.has_plugin, _PYTEST_RECORDING))
    if others and "voicelive" in getattr(item, "fixturenames", ()):
        # pytest-recording, asked by the same words, keeps tests from this machine, too; and from the live service,
        # whose addresses nobody knows yet.
        live = item.get_closest_marker(MARKER) is not None and _mode(item.config) != "none"
        item.add_marker(pytest.mark.block_network(allowed_hosts=[".*"] if live else [*allowed, *_HERE]), append=False)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let the test itself fail, not its teardown: so it is counted, reported and marked xfail as any other failure.

    Where it fails by itself, what the emulator has to say stands in the report: it is often the reason. So does what
    was refused: the agent may have made something else of that.
    """
    try:
        result = yield
    except BaseException as error:
        _explain(item, error)
        raise
    if problems := _problems(item):
        _explain(item, None)
        pytest.fail(problems, pytrace=False)
    item.stash[_PASSED] = True
    if _is_marked_in_vain(item):
        item.warn(pytest.PytestWarning(_IN_VAIN))
    return result


def _is_marked_in_vain(item: pytest.Item) -> bool:
    """The markers of a class or a module may be for its other tests."""
    marked = any(marker.name == MARKER for marker in item.own_markers)
    return marked and ENDPOINT not in item.stash and "voicelive" not in getattr(item, "fixturenames", ())


def _problems(item: pytest.Item) -> str:
    endpoint = item.stash.get(ENDPOINT, None)
    return "\n\n".join(endpoint.problems()) if endpoint is not None else ""


def _explain(item: pytest.Item, error: BaseException | None) -> None:
    """Put beside a test's failure what else is known of it. ``error``: its own; None where the problems are it."""
    if error is not None and (problems := _problems(item)):
        item.add_report_section("call", "vlmock", problems)
    if conduct := _conduct(item):
        item.add_report_section("call", "vlmock, conduct", conduct)
    wall = item.stash.get(_WALL, None)
    if refused := [str(refusal) for refusal in (wall.refused if wall else ()) if refusal is not error]:
        item.add_report_section("call", "vlmock, refused", "\n".join(refused))
    endpoint: Any = item.stash.get(ENDPOINT, None)
    if error is not None and (shown := getattr(endpoint, "exhibit", None)) is not None:
        item.add_report_section("call", "vlmock, museum", str(shown))
    if getattr(endpoint, "metrics_were_asked", False):
        item.add_report_section("call", "vlmock, metrics", str(endpoint.metrics))
    if getattr(endpoint, "live", False):
        from vlmock.pytest_plugin.recorded import story

        if told := story(item, endpoint, item.stash.get(ANEW, "")):
            item.add_report_section("call", "vlmock, recording", told)


def _conduct(item: pytest.Item) -> str:
    """Where the test asked for it: pytest shows a long list in part only."""
    endpoint: Any = item.stash.get(ENDPOINT, None)
    return str(endpoint.conduct) if getattr(endpoint, "conduct_was_asked", False) else ""


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
