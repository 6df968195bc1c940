"""``LiveConduct``: what ``vlmock serve --lint`` drives."""

import pytest

import vlmock
from tests.conduct.test_server import THINKS, asks_twice, dial
from tests.conduct.test_sockets import dialled
from vlmock.conduct.facts import Ending, Facts
from vlmock.conduct.judge import Judge
from vlmock.server.conduct import LiveConduct


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
