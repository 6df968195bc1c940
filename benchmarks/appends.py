"""What one ``input_audio_buffer.append`` of 20 ms costs, when they come as fast as they can."""

import base64
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks.client import Client, masked
from benchmarks.floors import END
from benchmarks.processes import Process, emulator, floor, started
from benchmarks.results import Row

__all__ = ["measure"]

_APPEND_BYTES: Final = 960
_QUIET: Final = 30
"""Of 32767: noise that nobody takes for speech. The detector has the same work with all sound."""
_DIFFERENT: Final = 500
_FILLING: Final = 350
"""So many floods are more than the journal keeps: 256 MiB."""
_TARGET_US: Final = 6.0
_FLOOR_THEN_US: Final = {"websockets, dropped": 5.8, "websockets, msgspec": 7.9}
"""What the floors took on the machine for which the target was set."""

_TYPE_FIRST: Final = '{{"type":"input_audio_buffer.append","audio":"{}"}}'
_AUDIO_FIRST: Final = '{{"audio": "{}", "type": "input_audio_buffer.append"}}'
"""As the vendor's SDK sends it."""
_NOWHERE: Final = {"type": "conversation.item.retrieve", "item_id": "nowhere"}
"""Answered with an error, after all that was sent before has been handled."""
_DEAF: Final = {"type": "session.update", "session": {"turn_detection": None}}


def measure(*, quick: bool) -> Iterator[Row]:
    """Decoded with the detector on, as a session is by default; with it off; and when the journal, which keeps
    everything, is full and has to drop something for each append."""
    rounds, repeats = (2, 4) if quick else (15, 10)
    type_first, audio_first = _flood(_TYPE_FIRST), _flood(_AUDIO_FIRST)
    runs: dict[str, tuple[list[str], Callable[[Process], float]]] = {
        "audio first": (emulator(), lambda server: _emulated(server, audio_first, repeats)),
        "type first": (emulator(), lambda server: _emulated(server, type_first, repeats)),
        "deaf": (emulator(), lambda server: _emulated(server, audio_first, repeats, deaf=True)),
        "full": (emulator(), lambda server: _emulated(server, audio_first, repeats)),
        "drop": (floor("drop"), lambda server: _bare(server, audio_first, repeats)),
        "decode": (floor("decode"), lambda server: _bare(server, audio_first, repeats)),
    }
    samples: dict[str, list[float]] = {name: [] for name in runs}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(started(command)) for name, (command, _) in runs.items()}
        _emulated(servers["full"], audio_first, _FILLING)
        for number in range(rounds + 1):
            for name, (_, run) in runs.items():
                figure = run(servers[name])
                if number:  # the first warms up: numpy is imported, and what is made once is made
                    samples[name].append(figure)
    yield _row("append, detector on, audio first", samples["audio first"], "websockets, dropped", samples["drop"])
    yield _row("append, detector on, type first", samples["type first"], "websockets, msgspec", samples["decode"])
    yield _row("append, detector off, audio first", samples["deaf"], "websockets, msgspec", samples["decode"])
    full = "append, detector on, journal full"
    yield _row(full, samples["full"], "websockets, dropped", samples["drop"], target=None)


def _row(
    what: str,
    samples: Sequence[float],
    floor_name: str,
    floor_samples: Sequence[float],
    *,
    target: float | None = _TARGET_US,
) -> Row:
    return Row(
        what,
        "µs",
        samples,
        target=target,
        floor=floor_name,
        floor_samples=floor_samples,
        floor_then=_FLOOR_THEN_US[floor_name],
    )


def _flood(template: str) -> bytes:
    dice = random.Random(1)
    frames = []
    for _ in range(_DIFFERENT):
        noise = (dice.randint(-_QUIET, _QUIET) for _ in range(_APPEND_BYTES // 2))
        audio = b"".join(sample.to_bytes(2, "little", signed=True) for sample in noise)
        frames.append(masked(template.format(base64.b64encode(audio).decode())))
    return b"".join(frames)


def _emulated(server: Process, flood: bytes, repeats: int, *, deaf: bool = False) -> float:
    client = Client(server.port)
    if deaf:
        client.send(_DEAF)
        client.messages_until("session.updated")
    figure = _flooded(server, client, flood, repeats, json.dumps(_NOWHERE), "error")
    client.close()
    return figure


def _bare(server: Process, flood: bytes, repeats: int) -> float:
    client = Client(server.port)
    figure = _flooded(server, client, flood, repeats, END, "end")
    client.close()
    return figure


def _flooded(server: Process, client: Client, flood: bytes, repeats: int, last: str, answer: str) -> float:
    """Microseconds of the server's CPU for each append."""
    before = server.cpu_seconds()
    for _ in range(repeats):
        client.write(flood)
    client.write(masked(last))
    client.messages_until(answer)
    return (server.cpu_seconds() - before) * 1e6 / (repeats * _DIFFERENT)
