"""VL8xx: the connection. The sockets themselves: tests/conduct/test_sockets.py."""

from tests.conduct.playing import Row, World
from vlmock.conduct.codes import BINARY_MESSAGE, PING_UNANSWERED, SENT_AFTER_CLOSE, STALLED

IN_THE_QUERY = {"secrets_in_query": ("api-key",)}


def connects(*, agent: bool = False, **facts):
    return lambda world: world.client(agent=agent, facts=facts)


def noted(*codes: str):
    def part(world: World) -> None:
        client = world.client()
        for code in codes:
            client.noted(code, "as the socket's side has it")

    return part


def binary(world: World) -> None:
    world.client().noted(BINARY_MESSAGE, "a binary message of 960 bytes").message(b"\xff" * 960)


def ends(code: int = 1000, by: str = "client", **ending):
    return lambda world: world.client().type().pause(10).leave(code, by=by, **ending)


ROWS = [
    Row("VL801", connects(**IN_THE_QUERY), connects()),
    Row("VL802", connects(encrypted=True, **IN_THE_QUERY), connects(encrypted=True)),
    Row("VL803", connects(agent=True, credential="key"), connects(agent=True, credential="token")),
    Row("VL804", noted(PING_UNANSWERED), noted()),
    Row("VL805", ends(1001, "server", unanswered=True), ends(1001, "server")),
    Row("VL806", noted(SENT_AFTER_CLOSE), noted()),
    Row("VL807", ends(1006, "network"), ends()),
    Row("VL808", binary, noted()),
    Row("VL809", ends(1006, "server", reason=f"{STALLED} for 60 s"), ends()),
    Row("VL810", lambda world: world.turned_away(404, "There is nothing here."), lambda world: world.turned_away(503)),
]
