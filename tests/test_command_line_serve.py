"""``vlmock serve``, as a person or another language's test runner uses it."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.exceptions import InvalidStatus

from tests.command_line import ROOT, VLMOCK, WRONG, Served, ask, environment, run, serving
from vlmock.recording.reading import read
from vlmock.scenario.shipped import names


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly(number: signal.Signals) -> None:
    """Ctrl-C and a terminate alike: exit code 0, no traceback, with somebody connected or not, from the start."""
    with serving(until="listens on") as served:
        served.ends(number)
    with serving() as served, served.connect() as socket:
        socket.recv()
        served.ends(number)


def test_serve_answers_anybody_sensibly_without_a_scenario() -> None:
    """And every shipped scenario is at its own address."""
    with serving("--timing", "instant") as served:
        with served.connect() as socket:
            assert "Hi there" in ask(socket, "Hi there")
        with served.connect("/greeting") as socket:
            assert ask(socket, None) == "Welcome to the city library. How can I help you?"


def test_serve_plays_the_first_scenario_and_offers_all(tmp_path: Path) -> None:
    """Names and paths; each at its address, which is printed; the first for whoever asks for none."""
    (tmp_path / "mine.yaml").write_text("turns:\n  - user: Hi\n    reply: From my file.\n", encoding="utf-8")
    with serving("./mine.yaml", "greeting", "--timing", "instant", cwd=tmp_path) as served:
        for path in ("", "/mine"):
            with served.connect(path) as socket:
                assert ask(socket, "Hi") == "From my file."
        with served.connect("/greeting") as socket:
            assert ask(socket, None).startswith("Welcome")
        printed = "\n".join(served.greeting)
        assert f"{served.url}/mine" in printed
        assert f"{served.url}/greeting" in printed


def test_serve_refuses_two_scenarios_of_one_name(tmp_path: Path) -> None:
    """Only one of them could be asked for. The same one twice is no harm."""
    mine = "turns:\n  - user: Hi\n    reply: From my file.\n"
    for file in ("one/greeting.yaml", "two/greeting.yaml"):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text(mine, encoding="utf-8")
    for pair in (("one/greeting.yaml", "two/greeting.yaml"), ("greeting", "one/greeting.yaml")):
        done = run("serve", "--port", "0", *pair, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{pair[0]} and {pair[1]} are both called 'greeting'" in done.stderr
    with serving("one/greeting.yaml", "./one/greeting.yaml", cwd=tmp_path) as served:
        assert len([line for line in served.greeting if "/greeting" in line]) == 1


def test_an_address_that_serve_prints_can_be_copied(tmp_path: Path) -> None:
    """Whatever the file is called."""
    (tmp_path / "mein Grüße.yaml").write_text("turns:\n  - user: Hi\n    reply: Servus.\n", encoding="utf-8")
    with serving("mein Grüße.yaml", "--timing", "instant", cwd=tmp_path) as served:
        (address,) = [line.strip() for line in served.greeting if "mein" in line]
        with served.connect(address.removeprefix(served.url)) as socket:
            assert address.isascii()
            assert " " not in address
            assert ask(socket, "Hi") == "Servus."


def test_serve_has_the_timing_of_the_pipeline_unless_told_otherwise() -> None:
    """A short answer takes its time then, by the journal's clock. The second one: its words have been spoken before."""
    took = {}
    for timing in ((), ("--timing", "instant")):
        with serving(*timing) as served, served.connect() as socket:
            for _ in range(2):
                ask(socket, "Hi")
            with urlopen(f"{served.url}/journal", timeout=30) as page:
                (connection,) = json.load(page)["connections"]
        at = {entry["type"]: entry["at"] for entry in connection["journal"]}
        took[timing] = at["response.done"] - at["response.created"]
    assert took[()] > 0.3 > took[("--timing", "instant")]


def test_serve_demands_the_key_that_it_is_told() -> None:
    """Any other is 401, which is said here as well: few clients show it."""
    with serving("--api-key", "secret") as served:
        with pytest.raises(InvalidStatus, match="401"), served.connect(key="any"):
            pass
        with served.connect(key="secret") as socket:
            assert json.loads(socket.recv())["type"] == "session.created"
        said = served.ends(signal.SIGTERM, warned="refused with 401: The credential is not the one")
        assert "secret" not in said + "".join(served.greeting)


LENIENT_UPDATE = {"type": "session.update", "session": {"modality": ["text"]}}


@pytest.mark.parametrize(
    ("lenient", "answer", "shows"),
    [
        ([], "error", """! (hint) message="did you mean 'session.modalities'?\""""),
        (["--lenient"], "session.updated", """! (overlooked) message="'session.modality' unexpected"""),
    ],
)
def test_serve_is_strict_with_hints_or_lenient_with_remarks(lenient: list[str], answer: str, shows: str) -> None:
    """Either way ``--verbose`` says what was wrong."""
    with serving("--verbose", *lenient) as served:
        with served.connect() as socket:
            assert json.loads(socket.recv())["type"] == "session.created"
            socket.send(json.dumps(LENIENT_UPDATE))
            assert json.loads(socket.recv())["type"] == answer
        assert shows in served.ends(signal.SIGTERM)


KEYLESS_CLIENT = """
import asyncio, sys
from azure.ai.voicelive.aio import connect

async def main():
    if sys.argv[2] == "sync":
        from azure.identity import DefaultAzureCredential
    else:
        from azure.identity.aio import DefaultAzureCredential
    async with connect(endpoint=sys.argv[1], credential=DefaultAzureCredential(), model="gpt-4.1") as connection:
        print((await connection.recv()).type)

asyncio.run(main())
"""


def exports(served: Served) -> dict[str, str]:
    """What it tells a person to export."""
    lines = [line.split(maxsplit=1)[1] for line in served.greeting if line.strip().startswith("export ")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--entra"], ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]),
        (["--tls"], ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]),
        ([], []),
    ],
    ids=["entra", "tls", "neither"],
)
def test_serve_prints_what_to_export(options: list[str], names: list[str]) -> None:
    """Only that; and nothing is said of it where nothing is needed."""
    with serving(*options) as served:
        assert list(exports(served)) == names
        assert ("environment" in "".join(served.greeting)) is bool(names)
        served.ends(signal.SIGINT)


@pytest.mark.parametrize("half", ["sync", "async"])
def test_a_keyless_client_needs_only_what_serve_prints(half: str) -> None:
    """Another process, the real azure-identity, the vendor SDK, over TLS: the whole way a user goes."""
    with serving("--entra", "--tls") as served:
        variables = exports(served)
        assert served.url.startswith("https://127.0.0.1:")
        assert variables["IDENTITY_ENDPOINT"] == f"{served.url}/identity"
        done = subprocess.run(
            [sys.executable, "-c", KEYLESS_CLIENT, served.url, half],
            env={**environment(), **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert (done.stdout, done.returncode) == ("session.created\n", 0), done.stderr
        served.ends(signal.SIGTERM)
        assert not Path(variables["SSL_CERT_FILE"]).exists()


def test_serve_without_trustme_says_what_to_install(tmp_path: Path) -> None:
    """One sentence, exit code 2."""
    (tmp_path / "trustme.py").write_text("raise ImportError", encoding="utf-8")
    done = subprocess.run(
        [*VLMOCK, "serve", "--port", "0", "--tls"],
        env={**environment(), "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "vlmock: TLS needs the package trustme; install it with: pip install 'vlmock[tls]'"


def test_serve_logs_one_line_for_each_event() -> None:
    """With ``--verbose``: arrows, types, and neither key nor audio."""
    with serving("greeting", "--verbose", "--timing", "instant") as served:
        with served.connect(key="very-secret") as socket:
            ask(socket, None)
        log = served.ends(signal.SIGINT)
    assert "→ response.create" in log
    assert "← response.done" in log
    assert "very-secret" not in log
    deltas = [line for line in log.splitlines() if "response.audio.delta" in line]
    assert deltas
    assert all("bytes>" in line and len(line) < 400 for line in deltas)


def test_serve_prints_nothing_of_what_it_may_not_record(tmp_path: Path) -> None:
    """Events and findings: a terminal is read by others, too."""
    options = ["-v", "--lint", "--record", "out", "--redact", r"\d{16}", "--redact", "creat\\b"]
    with serving(*options, cwd=tmp_path) as served:
        with served.connect() as socket:
            ask(socket, "My card is 4111111111111111.")
            socket.send('{"type":"response.creat"}')
            while json.loads(socket.recv(timeout=5))["type"] != "error":
                pass
        out = served.ends(signal.SIGINT)
    assert "My card is ***." in out
    assert "response.***" in out
    assert not re.search(r"\d{16}|creat\b", out)
    assert out.endswith("stopped; what was said is in out\n")
    assert read(tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "told"),
    [("out", "out"), ("out.zip", "out.zip, at the end; until then to the folder out")],
)
def test_serve_says_where_it_records(tmp_path: Path, name: str, told: str) -> None:
    """Before anybody has come; of a zip file, where to look when there is none, because something died."""
    with serving("--record", name, cwd=tmp_path) as served:
        assert served.greeting[1] == f"  what is said is written to {told}"


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_serve_leaves_nothing_where_nobody_was_recorded(tmp_path: Path, name: str) -> None:
    """And says so; an empty zip file would be in the way of the next try."""
    with serving("--record", name, cwd=tmp_path) as served:
        assert served.ends(signal.SIGINT) == "stopped; nobody was recorded, and nothing is left behind\n"
    assert list(tmp_path.iterdir()) == []


def test_serve_on_a_busy_port_says_so() -> None:
    """One sentence, exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(port) in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_serve_on_an_address_that_is_not_there_says_so(host: str) -> None:
    """One sentence, exit code 2."""
    done = run("serve", "--host", host, "--port", "0")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert host in done.stderr


def test_serve_refuses_a_wrong_file_before_it_starts(tmp_path: Path) -> None:
    """One line with file, line and remedy; nothing is served, also when another scenario comes first."""
    (tmp_path / "weather.yaml").write_text(WRONG, encoding="utf-8")
    for scenarios in (["weather.yaml"], ["greeting", "./weather.yaml"]):
        done = run("serve", "--port", "0", *scenarios, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.strip().splitlines()
        assert line.endswith("weather.yaml:4: unknown key 'replies' (did you mean 'reply'?)")


def test_serve_lists_the_scenarios_when_it_knows_no_such_name() -> None:
    """With the one that was probably meant."""
    done = run("serve", "--port", "0", "wether")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no scenario 'wether' (did you mean 'weather'?)" in done.stderr
    assert all(name in done.stderr for name in names())
