"""``vlmock lint`` and ``vlmock serve --lint``, as a person uses them."""

import json
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

import vlmock
from tests.command_line import Served, ask, run, serving
from tests.conduct.test_server import THINKS, asks_twice
from vlmock.conduct.rules import RULES


def misbehave(served: Served) -> None:
    """Cancels nothing, and knows an event that nobody knows."""
    with served.connect() as socket:
        socket.send('{"type": "response.cancel"}')
        socket.send('{"type": "session.delete"}')
        for _ in range(2):
            while json.loads(socket.recv(timeout=30))["type"] != "error":
                pass


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A recording of a client that asks twice at once."""
    with vlmock.serve(lambda turn: "Yes.", timing=THINKS) as server:
        asks_twice(server)
        return server.journal.save(tmp_path / "saved")


# ---- while serving


def test_serve_prints_findings_as_they_come_and_a_summary_at_the_end():
    """One line each; exit code 0, for it is the client that is bad."""
    with serving("--lint", "--timing", "instant") as served:
        misbehave(served)
        assert served.process.stdout is not None
        lines = [served.process.stdout.readline() for _ in range(2)]
        assert lines[0].startswith("VL308 cancel-what-runs (warning) #1 ")
        assert lines[1].startswith("VL707 no-unknown-events (error) #1 ")
        out = served.ends(signal.SIGINT)
    assert "conduct: 1 error, 1 warning, 0 advice\n" in out
    assert "     1 x VL308 cancel-what-runs\n" in out


def test_serve_has_nothing_to_say_of_good_clients():
    with serving("--lint", "--timing", "instant") as served:
        with served.connect() as socket:
            ask(socket, "Hi")
        assert "conduct: nothing to complain of\n" in served.ends(signal.SIGINT)


def test_serve_says_nothing_of_conduct_unless_asked():
    with serving("--timing", "instant") as served:
        misbehave(served)
        assert "VL" not in served.ends(signal.SIGINT)


@pytest.mark.parametrize(("options", "code"), [(("--lint",), 0), (("--lint-strict",), 1)])
def test_serve_strict_exits_with_1(options: tuple[str, ...], code: int):
    """When there were errors."""
    with serving(*options, "--timing", "instant") as served:
        misbehave(served)
        served.process.send_signal(signal.SIGTERM)
        out, _ = served.process.communicate(timeout=30)
    assert (served.process.returncode, "1 x VL707" in out) == (code, True)


def test_serve_strict_is_content_without_errors():
    """What is left out does not count."""
    with serving("--lint-strict", "--lint-ignore", "VL707", "--timing", "instant") as served:
        misbehave(served)
        out = served.ends(signal.SIGINT)
    assert "VL308" in out
    assert "VL707" not in out


@pytest.mark.parametrize("name", ["report.json", "report.xml"])
def test_serve_writes_a_report(tmp_path: Path, name: str):
    with serving("--lint-report", name, "--timing", "instant", cwd=tmp_path) as served:
        misbehave(served)
        assert f"report: {name}\n" in served.ends(signal.SIGINT)
    assert "VL707" in (tmp_path / name).read_text(encoding="utf-8")


def test_serve_lints_beside_its_log():
    """Both are printed."""
    with serving("--lint", "--verbose", "--timing", "instant") as served:
        misbehave(served)
        out = served.ends(signal.SIGINT)
    assert "→ response.cancel" in out
    assert "VL308" in out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--lint-ignore", "VL999"), "there is no rule 'VL999'"),
        (("--lint-report", "report.txt"), "report.txt: a report is .json or .xml"),
        (("--lint-report", "nowhere/report.xml"), "nowhere/report.xml: there is no folder nowhere"),
    ],
)
def test_a_wrong_option_of_serve_is_one_sentence(options: tuple[str, ...], complaint: str):
    done = run("serve", "--port", "0", *options)
    assert done.returncode == 2
    assert complaint in done.stderr


# ---- recordings


def lint(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run("lint", *map(str, arguments))


def test_lint_judges_a_recording(saved: Path):
    """Exit code 1 when there are errors."""
    done = lint(saved)
    assert done.returncode == 1
    assert "VL401 one-response-at-a-time (error) " in done.stdout
    assert f"{saved.name}/connection-1/events.jsonl:" in done.stdout
    assert "conduct: 1 error, 0 warnings, 0 advice" in done.stdout


def test_lint_leaves_out_what_it_is_told_to(saved: Path):
    done = lint(saved, "--ignore", "error")
    assert (done.returncode, done.stdout) == (0, "conduct: nothing to complain of\n")


def test_lint_writes_json(saved: Path, tmp_path: Path):
    """For programs."""
    lint(saved, "--report", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    (finding,) = report.pop("findings")
    assert report == {"version": 1, "errors": 1, "warnings": 0, "advice": 0, "unjudged": [], "dropped": {}}
    assert (finding["rule"], finding["severity"], finding["connection"]) == ("VL401", "error", 1)
    assert {"name", "place", "at", "entry", "seen", "requirement", "remedy", "source"} <= set(finding)


def test_lint_writes_junit(saved: Path, tmp_path: Path):
    """A test for each rule, of which one fails."""
    lint(saved, "--report", tmp_path / "report.xml")
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()[0]
    assert (suite.attrib["tests"], suite.attrib["failures"]) == (str(len(RULES)), "1")
    (failed,) = [case for case in suite if case.find("failure") is not None]
    assert failed.attrib["name"] == "VL401 one-response-at-a-time"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "name a recording, or give --list"),
        (("nowhere",), "nowhere: there is no such folder or file"),
        (("--list", "VL999"), "there is no rule 'VL999'"),
        (("--ignore", "one-response-at-the-time", "x"), "did you mean 'one-response-at-a-time'?"),
        (("nowhere", "--report", "report.txt"), "report.txt: a report is .json or .xml"),
        (("nowhere", "--report", "nowhere/report.xml"), "nowhere/report.xml: there is no folder nowhere"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], complaint: str):
    done = lint(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_a_report_that_cannot_be_written_is_one_sentence(saved: Path, tmp_path: Path):
    (tmp_path / "report.json").mkdir()
    done = lint(saved, "--report", tmp_path / "report.json")
    assert done.returncode == 2
    assert "report.json: cannot be written (Is a directory)" in done.stderr


# ---- the list


def test_the_list_has_every_rule_with_its_explanation():
    told = " ".join(lint("--list").stdout.split())
    for rule in RULES:
        assert str(rule) in told
        assert rule.remedy in told


def test_the_list_may_be_of_some():
    """By the same words with which rules are left out."""
    assert lint("--list", "VL401").stdout.startswith("VL401 one-response-at-a-time (error)\n    Ask for a response")
    family = lint("--list", "VL4").stdout
    assert [line[:5] for line in family.splitlines() if line.startswith("VL")] == ["VL401", "VL402", "VL403", "VL404"]
