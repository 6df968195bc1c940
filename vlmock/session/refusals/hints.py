"""What may have been meant by an event that is refused, for the journal: the service has no words for it."""

from collections.abc import Mapping
from typing import Final

from vlmock.errors import did_you_mean
from vlmock.protocol.invalid_event import InvalidEvent

__all__ = ["GA_MEMBERS", "hint_about"]

_GA: Final = "this looks like the OpenAI GA dialect: "

GA_MEMBERS: Final[Mapping[str, str]] = {
    "session.type": "there is no session.type here; leave it out",
    "session.output_modalities": "session.output_modalities is session.modalities here",
    "session.audio": "session.audio.output.voice is session.voice here, session.audio.output.format is "
    "session.output_audio_format, and session.audio.input's format, transcription, noise_reduction and turn_detection "
    "are session.input_audio_format, session.input_audio_transcription, session.input_audio_noise_reduction and "
    "session.turn_detection",
    "session.max_output_tokens": "session.max_output_tokens is session.max_response_output_tokens here",
    "session.reasoning": "session.reasoning.effort is session.reasoning_effort here",
    "session.tracing": "there is no session.tracing here; leave it out",
    "session.truncation": "there is no session.truncation here; leave it out",
    "session.prompt": "there is no session.prompt here; use session.instructions",
    "response.output_modalities": "response.output_modalities is response.modalities here",
    "response.audio": "response.audio.output.voice is response.voice here, and response.audio.output.format is "
    "response.output_audio_format",
    "response.input": "response.input is response.input_items here",
    "response.reasoning": "response.reasoning.effort is response.reasoning_effort here",
    "response.prompt": "there is no response.prompt here; use response.instructions",
}
"""Members that only the GA dialect has, and what they are called here. Source: schema H2."""

_GA_EVENTS: Final[Mapping[str, str]] = {
    "response.output_audio": "response.audio",
    "response.output_audio_transcript": "response.audio_transcript",
    "response.output_text": "response.text",
    "conversation.item.added": "conversation.item.created",
    "conversation.item.done": "conversation.item.created",
}
"""How names of its server events begin, and what they are called here."""


def hint_about(invalid: InvalidEvent) -> str:
    """In a few words; "" when nothing comes to mind."""
    match invalid.kind:
        case "unknown_member":
            return _about_member(invalid)
        case "unknown_type":
            return _about_type(invalid)
        case "invalid_value":
            return did_you_mean(invalid.got.strip("'"), invalid.allowed).strip(" ()")
        case _:
            return ""


def _about_member(invalid: InvalidEvent) -> str:
    if invalid.path in GA_MEMBERS:
        return _GA + GA_MEMBERS[invalid.path]
    before, dot, name = invalid.path.rpartition(".")
    near = did_you_mean(name, [f"{known}" for known in invalid.allowed])
    return near.replace("'", f"'{before}{dot}", 1).strip(" ()") if near else ""


def _about_type(invalid: InvalidEvent) -> str:
    name = invalid.event_type or ""
    for theirs, ours in _GA_EVENTS.items():
        if name == theirs or name.startswith(f"{theirs}."):
            return f"{_GA}{name} is {name.replace(theirs, ours, 1)} here, and only the service sends it"
    return did_you_mean(name, invalid.allowed).strip(" ()")
