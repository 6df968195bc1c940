"""VL5xx: calls."""

from tests.conduct.playing import DETECTED, Client, Row, World
from vlmock.session.script import Call, McpCall, Say

OFFERED = [{"type": "function", "name": name} for name in ("get_weather", "get_traffic")]
CALLS = [Call("get_weather", "{}"), Call("get_traffic", "{}")]


def called(world: World, *calls: Call) -> Client:
    client = world.client(DETECTED | {"tools": OFFERED}, replies=[calls or CALLS[:1], [Say("It is sunny.")]])
    return client.type("What is the weather?").ask().pause(1)


def returns(count: int, *, of: int = 1, asks: bool = True, leaves_after_s: float = 2.0):
    def part(world: World) -> None:
        client = called(world, *CALLS[:of])
        for call_id in client.calls[:count]:
            client.return_output(call_id)
        if asks:
            client.ask()
        if leaves_after_s:
            client.pause(leaves_after_s).leave()

    return part


def returns_twice(world: World) -> None:
    client = called(world)
    client.return_output(client.calls[0]).return_output(client.calls[0]).ask().pause(1).leave()


def returns_under(name: str):
    def part(world: World) -> None:
        client = called(world)
        item = client.last("conversation.item.created").item
        client.return_output(getattr(item, name))
        if name != "call_id":
            client.return_output(item.call_id)
        client.ask().pause(1).leave()

    return part


def approves(*ids: str | None, leaves_after_s: float = 2.0):
    """None: the one that was asked for."""

    def part(world: World) -> None:
        tool = {"type": "mcp", "server_label": "docs", "server_url": "https://docs.example"}
        client = world.client(DETECTED | {"tools": [tool]}, replies=[[McpCall("docs", "search")]])
        client.type().ask().pause(1)
        asked = client.last("conversation.item.created").item
        assert asked.type == "mcp_approval_request"
        for id in ids:
            item = {"type": "mcp_approval_response", "approval_request_id": id or asked.id, "approve": True}
            client.send("conversation.item.create", item=item).pause(1)
        client.pause(leaves_after_s).leave()

    return part


ROWS = [
    Row("VL501", returns(0, asks=False), returns(1)),
    Row("VL502", returns_twice, returns(1)),
    Row("VL503", returns_under("id"), returns_under("call_id")),
    Row("VL504", returns(1, of=2, leaves_after_s=0.0), returns(2, of=2)),
    Row("VL505", returns(1, asks=False), returns(1)),
    Row("VL506", approves(None, "other"), approves(None)),
    Row("VL506", approves(None, None), approves(None)),
    Row("VL507", approves(), approves(None)),
]
