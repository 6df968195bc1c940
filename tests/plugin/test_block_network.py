"""``--block-network`` as a user meets it: how it is asked for, what it lets through, what it says."""

import sys
import textwrap

import pytest

INI = "[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"

DIALLING = """
import socket

def test_it():
    socket.create_connection(("service.example.com", 443))
"""


def run(project: pytest.Pytester, *arguments: str, **outcomes: int) -> str:
    result = project.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "ini", "decoration", "because"),
    [
        (["--block-network"], "", "", "--block-network"),
        ([], "voicelive_block_network = true", "", "voicelive_block_network"),
        ([], "addopts = --block-network", "", "--block-network"),
        ([], "", "@pytest.mark.block_network", "@pytest.mark.block_network"),
    ],
)
def test_it_is_asked_for(project: pytest.Pytester, arguments: list[str], ini: str, decoration: str, because: str):
    """On the command line, in the ini file, by a marker; the test fails with the sentence."""
    project.makeini(f"{INI}{ini}\n")
    project.makepyfile(test_it=DIALLING.replace("def test_it", f"import pytest\n\n{decoration}\ndef test_it"))
    report = run(project, *arguments, failed=1)
    assert f"NetworkBlocked: test_it.py::test_it wanted to look up 'service.example.com', and {because} keeps" in report


def test_who_does_not_ask_is_not_held(project: pytest.Pytester):
    """The next test after one that asked, neither."""
    project.makepyfile(
        test_it="""
        import socket
        import pytest

        @pytest.mark.block_network
        def test_held():
            assert "connect" in vars(socket.socket)

        def test_free():
            assert "connect" not in vars(socket.socket)
        """
    )
    run(project, passed=2)


@pytest.mark.parametrize(
    ("arguments", "ini", "decoration"),
    [
        (["--allowed-hosts", r"a\.example,service\.example\.com"], "", ""),
        ([], "voicelive_allowed_hosts =\n    a.example\n    service.*", ""),
        ([], "", '@pytest.mark.allowed_hosts(["a", "service.example.com"])'),
        ([], "", '@pytest.mark.allowed_hosts("service.example.com")'),
        ([], "", '@pytest.mark.block_network(allowed_hosts=["service.example.com"])'),
    ],
)
def test_a_host_is_allowed(project: pytest.Pytester, arguments: list[str], ini: str, decoration: str):
    """In the same places, as pytest-recording writes it."""
    project.makeini(f"{INI}{ini}\n")
    project.makeconftest(
        """
        import socket

        def found(host, port, *args, **kwargs):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]

        socket.getaddrinfo, before = found, socket.getaddrinfo

        def pytest_unconfigure():
            socket.getaddrinfo = before
        """
    )
    test = DIALLING.replace(
        "    socket.create", "    with pytest.raises(ConnectionRefusedError):\n        socket.create"
    )
    test = test.replace("def test_it", f"import pytest\n\n{decoration}\ndef test_it")
    project.makepyfile(test_it=test)
    run(project, "--block-network", *arguments, passed=1)


@pytest.mark.parametrize("place", ["option", "marker"])
def test_what_is_no_pattern_is_told(project: pytest.Pytester, place: str):
    """As an error of the test, not of pytest."""
    decoration = '@pytest.mark.allowed_hosts(["*.example"])' if place == "marker" else ""
    project.makepyfile(test_it=f"import pytest\n\n{decoration}\ndef test_it(): pass\n")
    arguments = ["--allowed-hosts=*.example"] if place == "option" else []
    report = run(project, "--block-network", *arguments, errors=1)
    assert "'*.example' in the allowed hosts is no regular expression" in report
    assert "INTERNALERROR" not in report


def test_fixtures_are_held_too(project: pytest.Pytester):
    """Whatever their scope: it is the test that asks for them."""
    fixture = "@pytest.fixture(scope='session')\ndef far():\n    "
    fixture += "socket.create_connection(('service.example.com', 443))\n"
    project.makepyfile(test_it=f"import pytest, socket\n\n{fixture}\ndef test_it(far): pass\n")
    assert "wanted to look up 'service.example.com'" in run(project, "--block-network", errors=1)


def test_the_emulator_is_reached(project: pytest.Pytester):
    """By the SDK, by blocking clients, by other processes, and by the browser of whoever looks at it."""
    project.makepyfile(
        test_it="""
        import subprocess, sys, urllib.request
        import blocking_agent, my_agent

        async def test_async(voicelive):
            voicelive.play("weather")
            await my_agent.run(endpoint=voicelive.url, api_key="any")

        def test_sync(voicelive):
            voicelive.play("small_talk")
            assert blocking_agent.ask(voicelive.url, "Hello")
            command = [sys.executable, "blocking_agent.py", voicelive.url, "Hello"]
            subprocess.run(command, check=True, timeout=20)
            address = voicelive.url.replace("127.0.0.1", "localhost")
            assert urllib.request.urlopen(address + "/clock").status == 200
        """
    )
    run(project, "--block-network", passed=2)


def test_what_the_agent_swallowed_is_told_where_the_test_fails(project: pytest.Pytester):
    """It is often the reason. A test that passes all the same has not failed."""
    swallowing = "import socket\n\ndef test_it():\n    try:\n        socket.gethostbyname('service.example.com')\n"
    swallowing += "    except RuntimeError:\n        pass\n"
    project.makepyfile(test_it=swallowing + "    assert False, 'no answer'\n", test_other=swallowing)
    report = run(project, "--block-network", failed=1, passed=1)
    assert "AssertionError: no answer" in report
    assert report.count("test_it.py::test_it wanted to look up 'service.example.com'") == 1


def test_it_is_explained(project: pytest.Pytester):
    """``--help`` says what it cannot do; ``--markers`` has both."""
    shown = " ".join(project.runpytest_inprocess("--help").stdout.str().split())
    assert "Processes that a test starts are not held" in shown
    assert "--allowed-hosts" in shown
    markers = project.runpytest_inprocess("--markers").stdout.str()
    assert "@pytest.mark.block_network(allowed_hosts=[…]): refuse" in markers
    assert "@pytest.mark.allowed_hosts([…]): hosts" in markers


OTHERS = '''
"""What pytest-recording does about the network, in its words and its way."""

import re
import socket

import pytest

connect = socket.socket.connect


def pytest_addoption(parser):
    group = parser.getgroup("recording")
    group.addoption("--block-network", action="store_true", default=False)
    group.addoption("--allowed-hosts", default=None)


@pytest.fixture(autouse=True)
def block_network(request):
    marker = request.node.get_closest_marker("block_network")
    if not (marker or request.config.getoption("--block-network")):
        yield
        return
    allowed = getattr(marker, "kwargs", {}).get("allowed_hosts") or request.config.getoption("--allowed-hosts") or []
    allowed = allowed.split(",") if isinstance(allowed, str) else allowed

    def guard(self, address):
        if not any(re.match(pattern, address[0]) for pattern in allowed):
            raise RuntimeError(f"Network is disabled for host {address[0]!r}")
        return connect(self, address)

    socket.socket.connect = guard
    yield
    socket.socket.connect = connect
'''


@pytest.mark.parametrize("name", ["aa_first", "zz_last"])
def test_who_has_such_an_option_already_keeps_it(project: pytest.Pytester, name: str):
    """pytest-recording's own, be it found before or after ours: nobody stumbles, both hold, the emulator is reached."""
    project.makepyfile(**{name: textwrap.dedent(OTHERS)})
    info = project.mkdir(f"site/{name}-0.dist-info")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n")
    (info / "entry_points.txt").write_text(f"[pytest11]\nrecording = {name}\n")
    project.makepyfile(
        test_it="""
        import socket
        import blocking_agent
        import pytest

        def test_it(voicelive):
            assert blocking_agent.ask(voicelive.url, "Hello")

        def test_far():
            with pytest.raises(RuntimeError, match="service.example.com"):
                socket.create_connection(("service.example.com", 443))
            with socket.socket() as near, pytest.raises(RuntimeError, match="Network is disabled for host '127.0.0.1'"):
                near.connect(("127.0.0.1", 443))
        """
    )
    result = project.runpytest_subprocess("--block-network", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    assert name not in sys.modules
