"""What a spoken reply of ten seconds costs at instant timing: as the first of a conversation, as the fiftieth, and when
the journal, which keeps everything, is full."""

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
_TARGET_US: Final = 500.0
_FLOOR_THEN_US: Final = 230.0
"""What the floor took on the machine for which the target was set."""
_LATE: Final = 50
_EARLIER: Final = 10
_FILLING: Final = 420
"""So many replies are more than the journal keeps: 256 MiB."""
_PLACES: Final = ("1st", f"{_LATE}th", "journal full")

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
    samples: dict[str, list[float]] = {place: [] for place in _PLACES}
    floor_samples: dict[str, list[float]] = {place: [] for place in _PLACES}
    for _ in range(rounds):
        with started(emulator(str(_SCENARIO))) as server, tempfile.TemporaryDirectory() as folder:
            frames = _earlier_replies(server, model, _EARLIER)
            path = Path(folder, "frames")
            path.write_bytes(FRAME_END.join(frames))
            with started(floor("replay", str(path))) as bare:
                for _ in range(_EARLIER):
                    _replies_us(bare, [Client(bare.port)])
                clients = [Client(server.port, model=model) for _ in range(conversations)]
                bare_clients = [Client(bare.port) for _ in range(conversations)]
                for place in _places(server, model):
                    for client in clients:
                        _type(client)
                    figures = _replies_us(server, clients), _replies_us(bare, bare_clients)
                    if place:
                        samples[place].append(figures[0])
                        floor_samples[place].append(figures[1])
    contents = f"{len(frames)} events, {sum(map(len, frames)) // 1000} kB"
    for place in _PLACES:
        yield Row(
            f"reply of 10 s, {name}, {place} ({contents})",
            "µs",
            samples[place],
            target=_TARGET_US,
            floor="websockets, ready frames in one write",
            floor_samples=floor_samples[place],
            floor_then=_FLOOR_THEN_US,
        )


def _places(server: Process, model: str) -> Iterator[str]:
    """What each next reply is called; nothing where it does not count."""
    for number in range(1, _LATE + 1):
        yield {1: _PLACES[0], _LATE: _PLACES[1]}.get(number, "")
    _earlier_replies(server, model, _FILLING)
    yield ""  # somebody has to wait until there is room again
    yield _PLACES[2]


def _earlier_replies(server: Process, model: str, count: int) -> list[bytes]:
    """The messages of one. They are another conversation's: the speech is made, and the process warms up."""
    client = Client(server.port, model=model)
    for _ in range(count):
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
