"""The server's frames of a recording, made once and sent to whoever comes."""

from typing import Any, Final

import msgspec

from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import audio_json, to_json_object
from vlmock.protocol.recording.lines import AUDIO_KEY, Clip
from vlmock.protocol.wire import JsonObject, ServerEvent
from vlmock.recording.model import Recording

__all__ = ["Prepared", "PreparedFrames", "prepared", "sampled_at"]

_USUAL_RATE_HZ: Final = 24_000
"""Of a session that names none."""
_KEPT_BYTES: Final = 32 * 1024 * 1024
"""Of messages of one recording; their events take as much again. What does not fit is made each time it is sent."""
_CLASSES: Final = SERVER_EVENTS | OTHER_SERVER_EVENTS


class Prepared(msgspec.Struct, frozen=True):
    """A frame as it goes out, and the event that it is."""

    event: ServerEvent | JsonObject
    """A JSON object where our own class would lose something."""
    message: bytes


class PreparedFrames:
    """Those of one recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._kept: dict[int, Prepared] = {}
        self._kept_bytes = 0

    def __getitem__(self, place: int) -> Prepared:
        """The frame as it was recorded. Raises ValueError for one that is no event."""
        known = self._kept.get(place)
        if known is not None:
            return known
        event = self._recording.frames[place].event
        if event is None:
            raise ValueError("the frame is no event")
        made = prepared(self._sounding(event))
        if self._kept_bytes + len(made.message) <= _KEPT_BYTES:
            self._kept[place] = made
            self._kept_bytes += len(made.message)
        return made

    def _sounding(self, value: Any) -> Any:
        """With its sound, as the JSON text that it becomes."""
        if isinstance(value, dict):
            if AUDIO_KEY in value:
                return audio_json(self._recording.sound(msgspec.convert(value, Clip)))
            return {name: self._sounding(member) for name, member in value.items()}
        return [self._sounding(entry) for entry in value] if isinstance(value, list) else value


def prepared(event: JsonObject) -> Prepared:
    """An event, ready to be sent, its members in the order that they have."""
    message = msgspec.json.encode(event)
    whole: JsonObject = msgspec.json.decode(message)
    kind = _CLASSES.get(str(whole.get("type")))
    if kind is not None:
        try:
            typed = msgspec.convert(whole, kind)
        except msgspec.ValidationError:
            return Prepared(whole, message)
        if isinstance(typed, ServerEvent) and to_json_object(typed) == whole:
            return Prepared(typed, message)
    return Prepared(whole, message)


def sampled_at(rate_hz: int | None, made: Prepared) -> Prepared:
    """What is told of a session, with the rate of the client's own sound: that is its own affair, and not that of the
    recorded one. None: its format knows only one rate."""
    event = msgspec.json.decode(made.message)
    session = event.get("session")
    if not isinstance(session, dict):
        return made
    if rate_hz in (None, session.get("input_audio_sampling_rate") or _USUAL_RATE_HZ):
        return made
    session["input_audio_sampling_rate"] = rate_hz
    return prepared(event)
