"""The command line, as a person or another language's test runner uses it: in a process of its own."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tomllib
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

import vlmock
from vlmock.cli import main
from vlmock.scenario.library import library_folder, names

ROOT = Path(__file__).resolve().parents[1]
WRONG = "description: Wrong.\nturns:\n  - user: Hi\n    replies: Hello.\n"
VLMOCK = [sys.executable, "-m", "vlmock"]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command, over within ten seconds; a traceback is never an answer."""
    done = subprocess.run(
        [*VLMOCK, *arguments], capture_output=True, text=True, timeout=10, cwd=cwd, env=environment(), check=False
    )
    assert "Traceback" not in done.stderr
    return done


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


class Served:
    """A ``vlmock serve`` that is up."""

    def __init__(self, process: subprocess.Popen[str], greeting: list[str]) -> None:
        self.process, self.greeting = process, greeting
        self.url = re.findall(r"https?://\S+", greeting[0])[0]

    def connect(self, path: str = "", key: str = "any", model: str = "gpt-4.1") -> ClientConnection:
        address = f"{self.url}{path}/voice-live/realtime?api-version=2026-04-10&model={model}"
        return connect(address.replace("http", "ws", 1), additional_headers={"api-key": key})

    def ends(self, number: signal.Signals, *, warned: str = "") -> str:
        """All that it says when it is told to stop. ``warned``: how its only warning begins."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=5)
        assert (self.process.returncode, err[: len(warned)], err.count("\n")) == (0, warned, bool(warned))
        return out


@contextmanager
def serving(*arguments: str, cwd: Path = ROOT, until: str = "Ctrl-C") -> Iterator[Served]:
    """``until``: a word of the line with which it counts as being up."""
    command = [*VLMOCK, "serve", "--port", "0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=environment()
    )
    try:
        assert process.stdout is not None
        greeting = []
        while not greeting or until not in greeting[-1]:
            line = process.stdout.readline()
            assert line, f"it ended: {process.communicate()}"
            greeting.append(line.rstrip())
        yield Served(process, greeting)
    finally:
        process.kill()
        process.communicate()


def ask(socket: ClientConnection, text: str | None) -> str:
    """Have something typed, or nothing, answered."""

    def send(**event: Any) -> None:
        socket.send(json.dumps(event))

    if text is not None:
        part = {"type": "input_text", "text": text}
        send(type="conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
    send(type="response.create")
    words = ""
    while (event := json.loads(socket.recv(timeout=10)))["type"] != "response.done":
        if event["type"] == "response.audio_transcript.done":
            words = event["transcript"]
    return words


# ---- serve


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


def test_serve_has_the_timing_of_the_pipeline_unless_told_otherwise() -> None:
    """A short answer takes its time then, by the journal's clock. The second one: its words have been spoken before."""
    took = {}
    for timing in ((), ("--timing", "instant")):
        with serving(*timing) as served, served.connect() as socket:
            for _ in range(2):
                ask(socket, "Hi")
            with urlopen(f"{served.url}/journal", timeout=5) as page:
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
        timeout=10,
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


MISTAKES: dict[str, tuple[Sequence[str], str]] = {
    "timing": (["serve", "--timing", "casade"], "casade"),
    "option": (["serve", "--scenaro"], "--scenaro"),
    "port": (["serve", "--port", "99999"], "99999"),
    "port that is no number": (["serve", "--port", "http"], "http"),
    "speech": (["serve", "--port", "0", "--speech", "festival"], "festival"),
    "recognition": (["serve", "--port", "0", "--recognition", "sphinx"], "did you mean 'pocketsphinx'"),
    "command": (["sreve"], "sreve"),
    "demo's timing": (["demo", "--timing", "casade"], "casade"),
    "demo's scenario": (["demo", "wether"], "did you mean 'weather'"),
    "demo's journal": (["demo", "--timing", "instant", "--journal", "no/such/folder/j.jsonl"], "no/such/folder"),
    "nothing to validate": (["validate"], "FILE"),
}


@pytest.mark.parametrize(("arguments", "named"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_sentence(arguments: Sequence[str], named: str) -> None:
    """Exit code 2, the thing by its name, no traceback."""
    done = run(*arguments)
    assert done.returncode == 2
    assert named in done.stderr


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
    shipped = [str(path) for path in sorted(library_folder().glob("*.yaml"))]
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
    for path in library_folder().glob("*.yaml"):
        judge(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert not judge(schema).is_valid(yaml.safe_load(WRONG))


# ---- demo


DEMO = ("demo", "--timing", "instant")


def saved(printed: str) -> tuple[Path, Path]:
    """Where the demo says that it has saved the journal and what was heard."""
    paths = re.findall(r"^(?:The journal is saved|What the client heard is) in (.*)$", printed, re.M)
    journal, heard = map(Path, paths)
    return journal, heard


def lines_of(printed: str, who: str) -> list[str]:
    """What the client said of somebody, with times."""
    return re.findall(rf"^ +\d+\.\d\d  {who} +(.*)$", printed, re.M)


def test_demo_shows_both_sides_and_keeps_what_was_said(tmp_path: Path) -> None:
    """Words, call, output and answer, with times and how long the answer took; the files that it names are there."""
    done = run(*DEMO, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "What is the weather in Beijing?" in lines_of(done.stdout, "you")
    assert lines_of(done.stdout, "assistant") == ["I will look that up.", "It is sunny and 21 degrees in Beijing."]
    call, output = lines_of(done.stdout, "tool")
    assert call.startswith('get_weather({"location":"Beijing"')
    assert '"weather":"sunny"' in output
    assert any(re.match(r"first sound \d+\.\d\d s after", line) for line in lines_of(done.stdout, "-"))
    journal, heard = saved(done.stdout)
    types = [json.loads(line).get("type") for line in journal.read_text(encoding="utf-8").splitlines()]
    assert "input_audio_buffer.append" in types
    assert "response.done" in types
    with wave.open(str(heard)) as file:
        assert any(file.readframes(file.getnframes()))
    assert not any(tmp_path.iterdir())


def test_the_command_that_demo_prints_can_be_copied() -> None:
    """Into a shell, with another endpoint: it is the same conversation."""
    printed = re.search(r"^  (\S+ -m vlclient .*(?:\n      .*)*)", run(*DEMO).stdout, re.M)
    assert printed is not None
    with serving("weather", "--timing", "instant") as served:
        command = re.sub(r"http://[\w.:]+", served.url, printed[1])
        done = subprocess.run(
            command, shell=True, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=20, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert lines_of(done.stdout, "assistant")[-1] == "It is sunny and 21 degrees in Beijing."


def test_demo_needs_the_base_install_only(tmp_path: Path) -> None:
    """Neither sound devices nor Entra ID, .env files or a live display."""
    for name in ("sounddevice", "azure", "dotenv", "rich"):
        (tmp_path / f"{name}.py").write_text("raise ImportError", encoding="utf-8")
    variables = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [*VLMOCK, *DEMO], env=environment() | variables, capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "It is sunny and 21 degrees in Beijing." in lines_of(done.stdout, "assistant")


def test_demo_does_not_dial_the_real_service() -> None:
    """Whatever the environment says of it."""
    variables = {
        "AZURE_VOICE_LIVE_ENDPOINT": "https://mine.services.ai.azure.com",
        "AZURE_VOICE_LIVE_API_KEY": "mine",
        "AZURE_VOICE_LIVE_API_VERSION": "v1",
        "AGENT_NAME": "mine",
        "AGENT_PROJECT_NAME": "mine",
        "VOICE_LIVE_MODEL": "mine",
        "FOUNDRY_RESOURCE_OVERRIDE": "mine",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    done = subprocess.run(
        [*VLMOCK, *DEMO], env=environment() | variables, capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "It is sunny and 21 degrees in Beijing." in lines_of(done.stdout, "assistant")
    assert "mine" not in done.stdout


def test_demo_puts_the_journal_where_it_is_told(tmp_path: Path) -> None:
    """``--journal``."""
    done = run(*DEMO, "--journal", "here.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert saved(done.stdout)[0] == Path("here.jsonl")
    assert (tmp_path / "here.jsonl").stat().st_size > 1000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's file that is always full")
def test_demo_tells_of_a_full_disk_in_a_sentence() -> None:
    """Also when it is full only once there is something to be saved."""
    done = run(*DEMO, "--journal", "/dev/full")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert line == (
        "vlmock: the journal cannot be saved in /dev/full (No space left on device): name another file with --journal"
    )


@pytest.mark.parametrize("name", ["greeting", "rate_limited", "parallel_tools", "unknown_events"])
def test_demo_comes_to_an_end_with_other_scenarios(name: str) -> None:
    """Also with those that the demo's words and tool do not fit, that fail, or that the assistant begins."""
    done = run(*DEMO, name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Whatever is spoken counts as the words of its own caller" in done.stdout
    assert saved(done.stdout)[0].is_file()


def test_demo_expects_that_a_scenario_hangs_up() -> None:
    """The client does not, and says so; the demo has then shown what it was to show."""
    done = run(*DEMO, "goodbye")
    assert done.returncode == 0
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("vlclient: the connection was closed with code 1001")
    assert "The scenario hung up with code 1001" in done.stdout


@contextmanager
def demonstrating(*arguments: str, until: str, cwd: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """A demo whose client has said this word. Who reads its output to the end knows that the client has ended, too,
    because that writes to the same pipe."""
    process = subprocess.Popen(
        [*VLMOCK, "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        while until not in (line := process.stdout.readline()):
            assert line, f"it ended: {process.communicate()}"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_ends_cleanly_when_it_is_told_to(number: signal.Signals) -> None:
    """In the middle of the conversation: the client says goodbye, what was said so far is kept, exit code 0. A terminal
    tells all of its programs at once."""
    with demonstrating(until="(speaking)") as process:
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    lines = saved(out)[0].read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0])["ended"]["by"] == "client"
    assert "assistant" not in out


def stand_in(folder: Path, program: str) -> Path:
    """A folder in which ``python -m vlclient`` is this program."""
    (folder / "vlclient").mkdir()
    (folder / "vlclient" / "__init__.py").touch()
    (folder / "vlclient" / "__main__.py").write_text(program, encoding="utf-8")
    return folder


FAILING = {
    "with a sentence": ("import sys\nprint('vlclient: no', file=sys.stderr)\nsys.exit(3)", 3, "vlclient: no"),
    "without one": ("import os\nos.kill(os.getpid(), 9)", 1, "vlmock: the client was killed by signal 9"),
}


@pytest.mark.parametrize(("program", "code", "sentence"), FAILING.values(), ids=FAILING)
def test_demo_fails_as_its_client_does(tmp_path: Path, program: str, code: int, sentence: str) -> None:
    """One sentence and its exit code; there is a journal all the same."""
    done = run(*DEMO, cwd=stand_in(tmp_path, program))
    assert (done.returncode, done.stderr.strip()) == (code, sentence)
    assert "The journal is saved in" in done.stdout
    assert "heard" not in done.stdout.splitlines()[-1]


def test_a_client_that_does_not_listen_is_ended_when_demo_is_told_again(tmp_path: Path) -> None:
    """The first time it is asked, the second time it is not."""
    deaf = (
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "print('deaf', flush=True)\nwhile True: signal.pause()"
    )
    with demonstrating(until="deaf", cwd=stand_in(tmp_path, deaf)) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "asked"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "The journal is saved in" in out


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
