"""The metrics of recordings: the same as of the journal that was recorded."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from vlmock.conduct.leniency import server_event
from vlmock.metrics.measuring import Measuring
from vlmock.metrics.metrics import Metrics
from vlmock.metrics.turn import Turn
from vlmock.protocol.codec import InvalidEvent, from_json_object
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioTurnAppend
from vlmock.protocol.openai_beta import decode_beta
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.recording.lines import AUDIO_KEY, Frame
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.session.effects import Remark

__all__ = ["measured"]

_AUDIO_IN: Final = {
    str(kind.__struct_config__.tag): member
    for kind, member in (
        (InputAudioBufferAppend, "audio"),
        (InputAudioTurnAppend, "audio"),
        (ResponseAudioDelta, "delta"),
    )
}


def measured(recordings: Recording | Iterable[Recording]) -> Metrics:
    """The metrics of recordings, one connection for each, counted from 1."""
    every = [recordings] if isinstance(recordings, Recording) else list(recordings)
    return Metrics(lambda: _measured(every))


def _measured(recordings: list[Recording]) -> tuple[list[Turn], list[str]]:
    turns: list[Turn] = []
    notes: list[str] = []
    for number, recording in enumerate(recordings, 1):
        measuring = Measuring(number, timed=recording.head.timed)
        if recording.head.audio_cut:
            measuring.lose()
            notes.append(f"{recording.name}: its recorder kept only the beginning of each piece of audio")
        for frame in recording.frames:
            _hear(measuring, frame)
        turns += measuring.turns
    return turns, notes


def _hear(measuring: Measuring, frame: Frame) -> None:
    if frame.event is None:
        return
    event, sound_bytes = _without_sound(frame.event)
    if frame.source == "vlmock":
        if event.get("type") == "(lost)":
            measuring.lose()
        elif event.get("type") == "(noted)":
            measuring.hear(Remark("noted", str(event.get("message", "")), code=event.get("code")), frame.at)
    else:
        read = _READ[frame.source]
        measuring.hear(read(event), frame.at, sound_bytes)


def _client_event(event: JsonObject) -> Any:
    """Also where it has members that we do not know, or is worded in the beta dialect."""
    read = from_json_object(event)
    if isinstance(read, InvalidEvent):
        return read.otherwise or decode_beta(msgspec.json.encode(event))
    return read


_READ: Final[dict[str, Callable[[JsonObject], Any]]] = {"client": _client_event, "server": server_event}


def _without_sound(event: JsonObject) -> tuple[JsonObject, int]:
    """The event with nothing in the place of its audio, and how many bytes that was."""
    member = _AUDIO_IN.get(str(event.get("type")))
    audio = event.get(member) if member is not None else None
    if member is None or audio is None:
        return event, 0
    size = 0
    if isinstance(audio, dict) and isinstance(audio.get("bytes"), int) and AUDIO_KEY in audio:
        size = audio["bytes"]
    elif isinstance(audio, str):
        size = len(audio) // 4 * 3 - audio[-2:].count("=")
    return {**event, member: ""}, size
