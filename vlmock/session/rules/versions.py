"""Settings that came with a later api-version than the session's. Source: schema A5, D, E1, F, "since".

How strict the service is about them is a reading, ``later_settings``. Documented: the contract of each version.
Observed {SDKT}: the vendor's live tests send transcription models and formats of later versions to 2025-05-01-preview
and 2025-10-01, and they work; {FON}: ``session.created`` of 2025-10-01 shows ``include`` and ``expires_at``, which came
later.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from vlmock.protocol.input_audio import TRANSCRIPTION_MODELS
from vlmock.protocol.items import CONTENT_PART_TYPES
from vlmock.protocol.output import OUTPUT_AUDIO_FORMATS
from vlmock.protocol.tools import TOOL_TYPES
from vlmock.protocol.voices import AZURE_REALTIME_NATIVE_VOICES, OPENAI_VOICES, PERSONAL_VOICE_MODELS, VOICE_TYPES
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain

__all__ = ["check_versions"]

_TOP_LEVEL: Final[Mapping[str, str]] = {
    "session.reasoning_effort": "2026-01-01-preview",
    "session.interim_response": "2026-01-01-preview",
    "session.include": "2026-04-10",
    "session.metadata": "2026-04-10",
    "session.parallel_tool_calls": "2026-06-01-preview",
    "response.pre_generated_assistant_message": "2026-01-01-preview",
    "response.reasoning_effort": "2026-01-01-preview",
    "response.metadata": "2026-01-01-preview",
    "response.interim_response": "2026-01-01-preview",
    "response.invoke_input": "2026-06-01-preview",
}
"""Documented: schema D1 and B1."""

_MEMBERS: Final[Mapping[str, str]] = {
    "turn_detection.end_of_utterance_detection.threshold_level": "2025-10-01",
    "turn_detection.end_of_utterance_detection.timeout_ms": "2025-10-01",
    "turn_detection.appended_text_after_truncation": "2026-01-01-preview",
    "avatar.type": "2026-01-01-preview",
    "avatar.model": "2026-01-01-preview",
    "avatar.scene": "2026-01-01-preview",
    "avatar.output_protocol": "2026-01-01-preview",
    "avatar.output_audit_audio": "2026-01-01-preview",
    "input_audio_echo_cancellation.reference_source": "2026-06-01-preview",
    "input_audio_echo_cancellation.channels": "2026-06-01-preview",
    "content[].image_url": "2026-06-01-preview",
}
"""Documented: schema A5, D4, D6, D8, E1. Members of objects."""

_RENAMED: Final[Mapping[str, str]] = {"content[].url": "2026-06-01-preview"}
"""Documented: schema A5, the version since which a member has another name."""

_VALUES: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]] = {
    "voice": (OPENAI_VOICES, {"marin": "2026-01-01-preview", "cedar": "2026-01-01-preview"}),
    "voice.name": (
        (*OPENAI_VOICES, *AZURE_REALTIME_NATIVE_VOICES),
        {"marin": "2026-01-01-preview", "cedar": "2026-01-01-preview", "diya": "2026-07-15"},
    ),
    "voice.type": (VOICE_TYPES, {"avatar-voice-sync": "2026-04-10", "azure-realtime-native": "2026-06-01-preview"}),
    "voice.model": (PERSONAL_VOICE_MODELS, {"DragonHDOmniLatestNeural": "2026-04-10", "MAI-Voice-1": "2026-04-10"}),
    "input_audio_transcription.model": (
        TRANSCRIPTION_MODELS,
        {"gpt-4o-transcribe-diarize": "2026-04-10", "mai-transcribe-1": "2026-04-10"},
    ),
    "output_audio_format": (
        OUTPUT_AUDIO_FORMATS,
        {"pcm16_8000hz": "2026-01-01-preview", "pcm16_16000hz": "2026-01-01-preview"},
    ),
    "tools[].type": ((*TOOL_TYPES, "foundry_agent"), {"foundry_agent": "2026-01-01-preview"}),
    "content[].type": (CONTENT_PART_TYPES, {"input_image": "2026-01-01-preview"}),
}
"""Documented: schema A5, D2, D7, D10, E1, F. All values, and those that came later. MCP has a reading of its own."""


def check_versions(value: object, path: str, brain: Brain) -> None:
    """Raise Refused when the brain's version does not have this member, ``session.voice`` or an ``item``, or something
    in it. Assumed: the words, as for whatever else nobody knows."""
    if brain.later_settings == "taken":
        return
    if not brain.reached(_TOP_LEVEL.get(path, "")):
        raise refusals.unexpected_member(path)
    if brain.later_settings == "refused":
        for inner_path, inner in _within(msgspec.to_builtins(value), path):
            _check_member(inner_path, inner, brain)


def _check_member(path: str, value: Any, brain: Brain) -> None:
    place = re.sub(r"\[\d+\]", "[]", path).partition(".")[2]
    place = place[place.rfind("content[]") :] if "content[]" in place else place
    if not brain.reached(_MEMBERS.get(place, "")):
        raise refusals.unexpected_member(path)
    if place in _RENAMED and brain.reached(_RENAMED[place]):
        raise refusals.unexpected_member(path)
    values, since = _VALUES.get(place, ((), {}))
    if isinstance(value, str) and not brain.reached(since.get(value, "")):
        raise refusals.wrong_enum(path, [each for each in values if brain.reached(since.get(each, ""))], value)


def _within(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The value and everything in it, with its path."""
    yield path, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _within(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _within(entry, f"{path}[{index}]")
