"""VL95x: the picture."""

from tests.conduct.playing import DETECTED, Row, World
from tests.session.avatar.offers import LISA, RECEIVED, connect, offer

SHOWN = DETECTED | {"avatar": LISA}
CANDIDATE = "a=candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host\r\n"
WHOLE = connect(offer(*RECEIVED) + CANDIDATE)


def offers(*events, settings: dict = SHOWN, waits_s: float = 1.0):
    def part(world: World) -> None:
        client = world.client(settings)
        for event in events:
            client.send(**event).pause(waits_s)

    return part


def again_and_again(waits_s: float):
    """A new picture each time."""

    def part(world: World) -> None:
        client = world.client(SHOWN)
        for character in ("lisa", "lisa", "lisa"):
            client.configure(**DETECTED, avatar=LISA | {"character": character}).pause(waits_s)
            client.send(**WHOLE).pause(1)
            client.configure(**DETECTED, avatar=None).pause(1)

    return part


ROWS = [
    Row("VL951", offers(WHOLE, WHOLE), offers(WHOLE)),
    Row("VL952", again_and_again(1), again_and_again(61)),
    Row("VL953", offers(WHOLE, settings=DETECTED), offers(WHOLE)),
    Row("VL954", offers(connect(offer(*RECEIVED))), offers(WHOLE)),
]
