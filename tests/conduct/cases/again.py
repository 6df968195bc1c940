"""VL90x: coming back."""

from tests.conduct.playing import DETECTED, Client, Row, World
from vlmock.session.script import Call

TOOLS = [{"type": "function", "name": "get_weather"}]
GREETING = {"instructions": "Greet the caller."}


def lost(world: World, *, code: int = 1006, by: str = "network", waits_s: float = 5.0, **how) -> Client:
    """A conversation that was greeted, had a turn, and broke off."""
    client = world.client(**how).ask(**GREETING).pause(5).type("My name is Ann.").ask().pause(5)
    client.leave(code, by=by)
    world.unix_time += waits_s
    return client


def remembers(client: Client) -> Client:
    text = [{"type": "input_text", "text": "My name is Ann."}]
    spoken = [{"type": "text", "text": "Hello Ann."}]
    client.send("conversation.item.create", item={"type": "message", "role": "user", "content": text})
    return client.send("conversation.item.create", item={"type": "message", "role": "assistant", "content": spoken})


def greets_again(world: World) -> None:
    lost(world, by="server", code=1001)
    world.client().ask(**GREETING).pause(5).leave()


def comes_back(world: World) -> None:
    lost(world, by="server", code=1001)
    remembers(world.client()).type("Who am I?").ask().pause(5).leave()


def names_old_items(world: World) -> None:
    before = lost(world, by="server", code=1001)
    item_id = before.last("conversation.item.created").item.id
    remembers(world.client()).send("conversation.item.delete", item_id=item_id)


def answers_an_old_call(world: World) -> None:
    settings = DETECTED | {"tools": TOOLS}
    before = world.client(settings, replies=[[Call("get_weather", "{}")]]).type().ask().pause(5)
    before.leave(1001, by="server")
    remembers(world.client(settings)).return_output(before.calls[0])


def forgets(world: World) -> None:
    lost(world, by="server", code=1001)
    world.client().type("Who am I?").ask().pause(5).leave()


def dials_again(code: int):
    def part(world: World) -> None:
        lost(world, code=code, by="server")
        remembers(world.client())

    return part


def turned_away(*waits_s: float, status: int = 429, same_credential: bool = False):
    def part(world: World) -> None:
        for wait_s in waits_s:
            world.turned_away(status, same_credential=same_credential)
            world.unix_time += wait_s

    return part


def configures(settings: dict | None):
    def part(world: World) -> None:
        lost(world, by="server", code=1001, settings=DETECTED | {"tools": TOOLS})
        remembers(world.client(settings)).type("Who am I?").ask().pause(5)

    return part


ROWS = [
    Row("VL901", greets_again, comes_back, frozenset({"VL903"})),
    Row("VL902", names_old_items, comes_back),
    Row("VL902", answers_an_old_call, comes_back),
    Row("VL903", forgets, comes_back),
    Row("VL904", dials_again(1008), dials_again(1001)),
    Row("VL905", turned_away(1, status=401, same_credential=True), turned_away(1, status=401)),
    Row("VL906", turned_away(0.01, 0.01, 0.01), turned_away(0.5, 1.0, 2.0)),
    Row("VL907", configures(DETECTED), configures(DETECTED | {"tools": TOOLS})),
    Row("VL907", configures(None), configures(DETECTED | {"tools": TOOLS})),
]
