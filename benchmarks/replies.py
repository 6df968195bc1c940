"""What a spoken reply of ten seconds costs at instant timing, as the first of a conversation and as the fiftieth."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.client import CASCADE, NATIVE, Client, masked
from benchmarks.floors import FRAME_END
from benchmarks.processes import Process, emulator, floor, started
from benchmarks.results import Row

__all__ = ["measure"]

_SCENARIO: Final = Path(__file__).with_name("ten_seconds.yaml")
_TARGET: Final = 500 / 230
"""At most 500 µs on a machine where the floor takes 230: what counts is the ratio, here as there."""
_LATE: Final = 50
_EARLIER: Final = 10

_TYPED: Final = (
    '{"type":"conversation.item.create","item":'
    '{"type":"message","role":"user","content":[{"type":"input_text","text":"Tell me more about the weather."}]}}'
)
_ASK: Final = '{"type":"response.create"}'


def measure(*, quick: bool) -> Iterator[Row]:
    """Some conversations side by side, so that the server works without pause: what waiting for the next client costs
    is not a reply's. The questions are typed beforehand. The speech was made before, for another conversation."""
    rounds, conversations = (1, 2) if quick else (7, 6)
    for name, model in (("cascade", CASCADE), ("native", NATIVE)):
        yield from _rows(name, model, rounds, conversations)


def _rows(name: str, model: str, rounds: int, conversations: int) -> Iterator[Row]:
    samples: dict[int, list[float]] = {1: [], _LATE: []}
    floor_samples: dict[int, list[float]] = {1: [], _LATE: []}
    for _ in range(rounds):
        with started(emulator(str(_SCENARIO))) as server, tempfile.TemporaryDirectory() as folder:
            frames = _earlier_replies(server, model)
            path = Path(folder, "frames")
            path.write_bytes(FRAME_END.join(frames))
            with started(floor("replay", str(path))) as bare:
                for _ in range(_EARLIER):
                    _replies_us(bare, [Client(bare.port)])
                clients = [Client(server.port, model=model) for _ in range(conversations)]
                bare_clients = [Client(bare.port) for _ in range(conversations)]
                for number in range(1, _LATE + 1):
                    for client in clients:
                        _type(client)
                    figures = _replies_us(server, clients), _replies_us(bare, bare_clients)
                    if number in samples:
                        samples[number].append(figures[0])
                        floor_samples[number].append(figures[1])
    contents = f"{len(frames)} events, {sum(map(len, frames)) // 1000} kB"
    for number, place in ((1, "1st"), (_LATE, f"{_LATE}th")):
        yield Row(
            f"reply of 10 s, {name}, {place} ({contents})",
            "µs",
            samples[number],
            target=_TARGET,
            target_is_ratio=True,
            floor="websockets, ready frames in one write",
            floor_samples=floor_samples[number],
        )


def _earlier_replies(server: Process, model: str) -> list[bytes]:
    """The messages of one. They are another conversation's: the speech is made, and the process warms up."""
    client = Client(server.port, model=model)
    for _ in range(_EARLIER):
        _type(client)
        client.write(masked(_ASK))
        messages = client.messages_until("response.done")
    client.close()
    return messages


def _type(client: Client) -> None:
    client.write(masked(_TYPED))
    client.messages_until("conversation.item.created")


def _replies_us(server: Process, clients: Sequence[Client]) -> float:
    """Microseconds of the server's CPU for one reply."""
    before = server.cpu_seconds()
    for client in clients:
        client.write(masked(_ASK))
        client.messages_until("response.done")
    return (server.cpu_seconds() - before) * 1e6 / len(clients)
