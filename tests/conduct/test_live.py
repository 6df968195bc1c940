"""``LiveConduct``: what ``vlmock serve --lint`` drives."""

import json
from collections import Counter
from pathlib import Path

import pytest

import vlmock
from tests.conduct.test_server import THINKS, asks_twice, dial
from tests.conduct.test_sockets import dialled
from vlmock.conduct.facts import Ending, Facts
from vlmock.conduct.judge import Judge
from vlmock.conduct_cli import Linting
from vlmock.server.conduct import MOST_OF_A_RULE, LiveConduct


def test_live_and_afterwards_the_same_is_found():
    """Each finding once, and nothing twice."""
    live = LiveConduct()
    with vlmock.serve(lambda turn: "Yes.", timing=THINKS, log=live.log) as server:
        for _ in range(3):
            asks_twice(server)
        for number in (1, 2, 3):
            server.journal.wait_for_close(connection=number)
        news = live.news(server.journal)
        assert [str(finding) for finding in news] == [str(finding) for finding in server.conduct.findings]
        assert live.news(server.journal) == []
    assert live.findings == news


def test_findings_come_while_a_connection_is_open():
    live = LiveConduct()
    with vlmock.serve(log=live.log) as server, dial(server) as socket:
        socket.send('{"type": "response.cancel"}')
        server.journal.wait_for("error")
        assert [finding.rule.id for finding in live.news(server.journal)] == ["VL308"]
        socket.send('{"type": "response.cancel"}')
        server.journal.wait_for("error", count=2)
        assert [finding.rule.id for finding in live.news(server.journal)] == ["VL308"]


def test_handshakes_that_are_refused_are_seen_at_once():
    """Each once, also when there were very many."""
    live = LiveConduct()
    with vlmock.serve(log=live.log) as server:
        for _ in range(2):
            assert dialled(server, "/nowhere/voice-live/realtimes", "api-key: any") == 404
            assert [finding.rule.id for finding in live.news(server.journal)] == ["VL810"]
        server.journal.turned_away.extend(list(server.journal.turned_away) * 600)
        assert dialled(server, "/nowhere/voice-live/realtimes", "api-key: any") == 404
        assert live.news(server.journal)
        assert live.news(server.journal) == []


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["as in a journal", "as they ended"])
def test_the_lost_connection_is_the_one_that_ended_last(order: tuple[int, int]):
    """Whichever was opened last, and in whatever order the judge hears of their ends."""
    judge = Judge()
    endings = {1: Ending(1008, "no", "server", at=100.0), 2: Ending(1000, "", "client", at=10.0)}
    for number, opened in ((1, 0.0), (2, 10.0)):
        judge.opened(number, Facts(opened=opened))
    for number in order:
        judge.ended(number, endings[number])
    assert [finding.rule.id for finding in judge.opened(3, Facts(opened=101.0))] == ["VL904"]


MORE_THAN_ARE_KEPT = MOST_OF_A_RULE + 50


@pytest.mark.parametrize("name", ["report.json", "report.xml"])
def test_of_a_server_that_finds_the_same_for_weeks_the_latest_is_kept(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
):
    """Of each rule, so that an error is not lost behind warnings; all are counted, and what is not kept is told."""
    linting = Linting(wanted=True, strict=True, ignored=(), report=tmp_path / name)
    with vlmock.serve(log=linting.listening(None)) as server, dial(server) as socket:
        socket.send('{"type": "session.delete"}')
        for _ in range(MORE_THAN_ARE_KEPT):
            socket.send('{"type": "response.cancel"}')
        server.journal.wait_for("error", count=MORE_THAN_ARE_KEPT + 1, timeout=30)
        assert linting.end(server) == 1
    out = capsys.readouterr().out
    assert f"conduct: 1 error, {MORE_THAN_ARE_KEPT} warnings, 0 advice\n" in out
    assert f"{MORE_THAN_ARE_KEPT} x VL308 cancel-what-runs ({MOST_OF_A_RULE} of them are kept)\n" in out
    report = (tmp_path / name).read_text(encoding="utf-8")
    assert report.count("response.cancel with no active") == MOST_OF_A_RULE
    if name.endswith(".json"):
        told = json.loads(report)
        assert (told["warnings"], told["dropped"]) == (MORE_THAN_ARE_KEPT, {"VL308": 50})
        entries = [finding["entry"] for finding in told["findings"]]
        assert entries == sorted(entries), "in the order in which they were made"
        assert Counter(finding["rule"] for finding in told["findings"]) == {"VL707": 1, "VL308": MOST_OF_A_RULE}
    else:
        assert "and 50 before these, which are not kept" in report


@pytest.mark.parametrize("name", ["report.json", "report.xml"])
def test_what_is_not_recorded_is_not_reported(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]):
    """The patterns of ``--redact`` hold for the lines and for the report of ``--lint``."""
    linting = Linting(wanted=True, strict=False, ignored=(), report=tmp_path / name)
    options = {"record": tmp_path / "out", "redact": [r"\d{4}"]}
    with vlmock.serve(log=linting.listening(None), **options) as server, dial(server) as socket:
        socket.send('{"type": "session.of.1234"}')
        server.journal.wait_for("error")
        linting.end(server)
    for told in (capsys.readouterr().out, (tmp_path / name).read_text(encoding="utf-8")):
        assert "session.of.***" in told
        assert "1234" not in told
