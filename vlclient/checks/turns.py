"""Speaking to the server under test, and what it makes known of it."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from vlclient.checks import speech
from vlclient.checks.answers import message
from vlclient.checks.probe import Probe
from vlclient.checks.speech import PCM24
from vlclient.checks.wire import Event, Wire
from vlmock.protocol.audio_format import AudioFormat

__all__ = [
    "BY_HAND",
    "SILENCE_MS",
    "TAIL_S",
    "Turn",
    "append",
    "commit",
    "detecting",
    "heard",
    "item_of",
    "request",
    "say",
    "types",
]

SILENCE_MS: Final = 500
PADDING_MS: Final = 300
BY_HAND: Final[Mapping[str, Any]] = {"turn_detection": None}
"""Nobody listens for turns."""
TAIL_S: Final = 1.5
"""Silence after a question: its turn ends within. Observed {FON}, behaviour 3.2: the window, and 190 ms more."""
_BLOCK_S: Final = 0.1


def detecting(**changes: Any) -> dict[str, Any]:
    """Settings with ``server_vad``, which every pipeline has; no response follows by itself unless asked for."""
    detector = {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": PADDING_MS,
        "silence_duration_ms": SILENCE_MS,
        "create_response": False,
        "interrupt_response": True,
    }
    return {"turn_detection": {**detector, **changes}}


async def append(wire: Wire, audio: bytes, *, block_s: float = _BLOCK_S, format: AudioFormat = PCM24) -> None:
    """Send sound, as fast as it is taken. Observed {SEED, SDKT}, behaviour 3.1: a service hears it as fast."""
    for block in speech.blocks(audio, block_s, format):
        await wire.send({"type": "input_audio_buffer.append", "audio": base64.b64encode(block).decode()})


async def say(wire: Wire, audio: bytes | None = None, *, format: AudioFormat = PCM24, lead_s: float = 0.0) -> None:
    """A question (None: about the weather), the silence that ends its turn, and some before it."""
    words = speech.weather(format) if audio is None else audio
    await append(wire, speech.silence(lead_s, format) + words + speech.silence(TAIL_S, format), format=format)


async def commit(wire: Wire) -> None:
    """End a turn by hand."""
    await wire.send({"type": "input_audio_buffer.commit"})


async def request(wire: Wire, text: str | None = None, response: Mapping[str, Any] | None = None) -> None:
    """Type something (None: nothing), and ask for a response without waiting for it."""
    if text is not None:
        await wire.send({"type": "conversation.item.create", "item": message(text)})
    await wire.send({"type": "response.create", **({"response": response} if response else {})})


class Turn(msgspec.Struct, frozen=True):
    """A turn that the server found, as far as its commit."""

    started: Event
    stopped: Event
    committed: Event
    events: list[Event]
    """All that came up to the commit."""

    @property
    def item_id(self) -> Any:
        return self.committed["item_id"]

    @property
    def start_ms(self) -> Any:
        return self.started["audio_start_ms"]

    @property
    def end_ms(self) -> Any:
        return self.stopped["audio_end_ms"]


async def heard(probe: Probe, wire: Wire) -> Turn:
    """The next turn that the server finds. A commit that comes before start or end of the speech falsifies."""
    events = await wire.until("input_audio_buffer.committed")
    found = {event["type"]: event for event in events}
    for kind in ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"):
        probe.require(kind in found, f"{kind} before the commit", ", ".join(types(events)))
    return Turn(
        started=found["input_audio_buffer.speech_started"],
        stopped=found["input_audio_buffer.speech_stopped"],
        committed=events[-1],
        events=events,
    )


async def item_of(wire: Wire, item_id: Any) -> list[Event]:
    """Everything up to the announcement of this item, which comes last."""
    return await wire.until("conversation.item.created", where=lambda event: event["item"].get("id") == item_id)


def types(events: Sequence[Event]) -> list[str]:
    """The kinds of events, for saying what came."""
    return [str(event.get("type")) for event in events]
