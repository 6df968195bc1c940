"""VL6xx: items, and what else is refused."""

from tests.conduct.playing import DETECTED, Row, World


def types_as(*ids: str):
    def part(world: World) -> None:
        client = world.client()
        for id in ids:
            client.type(id=id)

    return part


def behind(previous: str):
    def part(world: World) -> None:
        client = world.client().type(id="first")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Second."}]}
        client.send("conversation.item.create", previous_item_id=previous, item=item)

    return part


def deletes(item_id: str):
    return lambda world: world.client().type(id="first").send("conversation.item.delete", item_id=item_id)


def sets(lenient: bool = False, **session):
    return lambda world: world.client(DETECTED | session, lenient=lenient)


ROWS = [
    Row("VL601", sets(modalities=["smell"]), sets(modalities=["text"])),
    Row("VL601", sets(modalities=["smell"], lenient=True), sets(modalities=["text"], lenient=True)),
    Row("VL602", deletes("other"), deletes("first")),
    Row("VL603", types_as("first", "first"), types_as("first", "second")),
    Row("VL604", behind("other"), behind("first")),
]
