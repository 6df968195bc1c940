"""What a spoken reply of ten seconds costs at instant timing, as the first of a conversation and as the fiftieth."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.client import CASCADE, NATIVE, Client, masked
from benchmarks.floors import FRAME_END
from benchmarks.processes import Process, emulator, floor, started
from benchmarks.results import Row

__all__ = ["measure"]

_SCENARIO: Final = Path(__file__).with_name("ten_seconds.yaml")
_TARGET_US: Final = 500.0
_LATE: Final = 50

_TYPED: Final = (
    '{"type":"conversation.item.create","item":'
    '{"type":"message","role":"user","content":[{"type":"input_text","text":"Tell me more about the weather."}]}}'
)
_ASK: Final = '{"type":"response.create"}'


def measure(*, quick: bool) -> Iterator[Row]:
    """The question is typed and its cost not counted. The speech has been made before, for another conversation."""
    conversations = 2 if quick else 20
    with started(emulator(str(_SCENARIO))) as server:
        for name, model in (("cascade", CASCADE), ("native", NATIVE)):
            yield from _rows(server, name, model, conversations)


def _rows(server: Process, name: str, model: str, conversations: int) -> Iterator[Row]:
    figures: dict[int, list[float]] = {1: [], _LATE: []}
    bare: dict[int, list[float]] = {1: [], _LATE: []}
    with ExitStack() as stack:
        frames = _reply(server, Client(server.port, model=model))[1]
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "frames"
        path.write_bytes(FRAME_END.join(frames))
        floor_server = stack.enter_context(started(floor("replay", str(path))))
        for _ in range(conversations):
            client, floor_client = Client(server.port, model=model), Client(floor_server.port)
            for number in range(1, _LATE + 1):
                cost = _reply(server, client)[0]
                floor_cost = _replayed(floor_server, floor_client)
                if number in figures:
                    figures[number].append(cost)
                    bare[number].append(floor_cost)
            client.close()
            floor_client.close()
    contents = f"{len(frames)} events, {sum(map(len, frames)) // 1000} kB"
    for number, place in ((1, "1st"), (_LATE, f"{_LATE}th")):
        yield Row(
            f"reply of 10 s, {name}, {place} ({contents})",
            "µs",
            figures[number],
            target=_TARGET_US,
            floor="websockets, same frames ready",
            floor_samples=bare[number],
        )


def _reply(server: Process, client: Client) -> tuple[float, list[bytes]]:
    """Microseconds of the server's CPU for one reply, and its messages."""
    client.write(masked(_TYPED))
    client.messages_until("conversation.item.created")
    before = server.cpu_seconds()
    client.write(masked(_ASK))
    messages = client.messages_until("response.done")
    return (server.cpu_seconds() - before) * 1e6, messages


def _replayed(server: Process, client: Client) -> float:
    before = server.cpu_seconds()
    client.write(masked(_ASK))
    client.messages_until("response.done")
    return (server.cpu_seconds() - before) * 1e6
