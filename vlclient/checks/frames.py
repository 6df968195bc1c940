"""Frames as reports may show them: audio as its length, secrets as ``***``, long texts cut."""

import json
from binascii import Error, a2b_base64
from collections.abc import Callable
from typing import Any, Final

import msgspec

from vlclient.checks.wire import Seen
from vlmock.protocol.shown import shown

__all__ = ["shown_frame"]

_SOUND: Final = {
    "input_audio_buffer.append": "audio",
    "input_audio.turn.append": "audio",
    "response.audio.delta": "delta",
    "response.video.delta": "delta",
}
"""Which member of an event is base64."""
_LONGEST_TEXT: Final = 2000


def shown_frame(frame: Seen, without_own: Callable[[str], str]) -> Seen:
    """The frame for people. ``without_own`` takes out of a text what only this run knows to be a secret."""
    event = frame.body if isinstance(frame.body, dict) else {"": frame.body}
    text = without_own(json.dumps(shown(_sounding(event)), ensure_ascii=False))
    body = json.loads(text)
    if len(text) > _LONGEST_TEXT:  # only now: half a secret would not be known as one
        body = shown(body, longest_text=_LONGEST_TEXT)
    return msgspec.structs.replace(frame, body=body if isinstance(frame.body, dict) else body[""])


def _sounding(event: dict[str, Any]) -> dict[str, Any]:
    """The event with sound as the bytes that it is."""
    member = _SOUND.get(str(event.get("type")))
    if member is None or not isinstance(event.get(member), str):
        return event
    try:
        return {**event, member: a2b_base64(event[member], strict_mode=True)}
    except (Error, ValueError):  # somebody sent what is none, perhaps to see what happens
        return event
