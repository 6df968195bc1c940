"""``LiveConduct``: what ``vlmock serve --lint`` drives."""

import vlmock
from tests.conduct.test_server import THINKS, asks_twice, dial
from tests.conduct.test_sockets import dialled
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
