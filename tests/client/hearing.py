"""What was heard of a conversation, and when: the recording of a loudspeaker beside the journal of the server."""

import os
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tests.sound_card import RATE_HZ, Listening, SoundCard
from vlmock import MockServer
from vlmock.server.journal_entry import Entry

__all__ = [
    "Chronicle",
    "Stretch",
    "babble",
    "processes_on",
    "sent_audio",
    "stretches",
    "wait_for_stretches",
]

SILENCE_MS = 250
"""So much silence ends a stretch. A computer that stands still for a moment makes shorter holes."""


_APPEND = "input_audio_buffer.append"


class Chronicle:
    """When each event went by, on the clock of the recordings. To be given to ``serve`` as its ``log``."""

    def __init__(self) -> None:
        self._noted: list[tuple[float, Entry]] = []

    def __call__(self, entry: Entry) -> None:
        self._noted.append((time.monotonic(), entry))

    def instants(self, type: str) -> list[float]:
        """When the server sent or received the events of that type."""
        return [instant for instant, entry in self._noted if entry.type == type]

    def instants_at_client(self, type: str, log: Path) -> list[float]:
        """When the client received the events of that type, by its own log; right to within 2 ms.

        The log counts from its own beginning. That is found through what the client appended: each event arrived here
        a moment after it had been logged, and the shortest moment of them all is none worth counting.
        """
        lines = [line.split() for line in log.read_text(encoding="utf-8").splitlines()]
        appended = [float(words[0]) for words in lines if words[1:3] == ["→", _APPEND]]
        began = min(arrived - sent for sent, arrived in zip(appended, self.instants(_APPEND), strict=False))
        return [began + float(words[0]) for words in lines if words[1:3] == ["←", type]]


class Stretch(NamedTuple):
    """Sound between two silences."""

    samples: NDArray[np.int16]
    """Without those that are silent: holes, where the sound itself never is."""
    ended_at: float
    """When the sound server had played the last of it (``time.monotonic()``). It plays blocks of up to 20 ms at once,
    so a loudspeaker of air would have ended up to 20 ms later."""

    @property
    def heard_ms(self) -> float:
        return len(self.samples) * 1000 / RATE_HZ


def stretches(listening: Listening) -> list[Stretch]:
    """All that was heard, in order."""
    samples = listening.samples
    loud = np.flatnonzero(samples)
    borders = np.flatnonzero(np.diff(loud) > SILENCE_MS * RATE_HZ // 1000) + 1
    return [
        Stretch(samples[places], listening.instant_of(int(places[-1]) + 1))
        for places in np.split(loud, borders)
        if len(places)
    ]


def wait_for_stretches(listening: Listening, count: int, *, timeout: float = 20.0) -> list[Stretch]:
    """So many, or more, as soon as the last one is over."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        listening.wait_for_more(50)
        tail = listening.samples[-2 * SILENCE_MS * RATE_HZ // 1000 :]
        if not tail.any() and len(found := stretches(listening)) >= count:
            return found
    heard = ", ".join(f"{stretch.heard_ms:.0f} ms" for stretch in stretches(listening))
    raise TimeoutError(f"waited {timeout:g} s for {count} stretches of sound; heard {heard or 'nothing'}")


def sent_audio(server: MockServer) -> list[NDArray[np.int16]]:
    """What the server sent of each spoken item, all its deltas joined."""
    items: dict[str, bytearray] = {}
    for event in server.journal.server_events("response.audio.delta"):
        pcm = event.delta
        if isinstance(pcm, msgspec.Raw):  # prepared for the wire
            pcm = msgspec.json.decode(pcm, type=bytes)
        items.setdefault(event.item_id, bytearray()).extend(pcm)
    return [np.frombuffer(bytes(pcm), "<i2") for pcm in items.values()]


def babble(seconds: float, *, seed: int = 7) -> NDArray[np.int16]:
    """Noise that is never silent and nowhere like itself: any piece of it says where it belongs."""
    return np.random.default_rng(seed).integers(1, 9000, int(seconds * RATE_HZ)).astype("<i2")


def processes_on(card: SoundCard) -> set[int]:
    """All processes of this computer that were started to use this card."""
    mark = f"PULSE_SERVER={card.variables['PULSE_SERVER']}".encode()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it has just ended, or belongs to somebody else
            continue
        if mark in environment:
            found.add(int(folder.name))
    return found - {os.getpid()}
