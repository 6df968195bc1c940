"""Who may speak, and how. Source: schema D2, F."""

import re
from typing import Final

from vlmock.protocol.voices import (
    AZURE_REALTIME_NATIVE_VOICES,
    OPENAI_VOICES,
    PERSONAL_VOICE_MODELS,
    AvatarVoiceSync,
    AzureCustomVoice,
    AzurePersonalVoice,
    AzureRealtimeNativeVoice,
    AzureSpeechVoice,
    AzureStandardVoice,
    OpenAIVoice,
    VoiceSetting,
)
from vlmock.protocol.wire import UnsetType
from vlmock.session import refusals
from vlmock.session.brain import Brain
from vlmock.session.models import Family
from vlmock.session.rules.values import check_choice, check_not_empty, check_range

__all__ = ["check_voice"]

_AZURE_VOICES = ("azure-standard", "azure-platform", "azure-custom", "custom", "azure-personal", "avatar-voice-sync")

_ALLOWED: Final = {
    Family.REALTIME: ("openai", *_AZURE_VOICES),
    Family.AZURE_REALTIME: ("azure-realtime-native",),
    Family.PHI: _AZURE_VOICES,
    Family.CASCADED: _AZURE_VOICES,
}
"""Observed {S09}: the two realtime families. Assumed for the others: the documentation ties the OpenAI voices to the
realtime models, and whether the service insists on it is not known."""

_SLOWEST_RATE, _FASTEST_RATE = 0.5, 1.5
_MULTIPLIER = re.compile(r"\d+(\.\d+)?")
_PERCENTAGE = re.compile(r"([+-]?\d+(\.\d+)?)%")


def check_voice(voice: VoiceSetting, path: str, brain: Brain) -> None:
    """Observed {IVW}: a bare name is an OpenAI voice's."""
    if isinstance(voice, str):
        check_choice(voice, OPENAI_VOICES, path)
    voice_type = "openai" if isinstance(voice, str) else voice.type
    allowed = _ALLOWED[brain.family]
    if voice_type not in allowed:
        raise refusals.invalid_voice_type(path, voice_type, brain.model, allowed)
    match voice:
        case OpenAIVoice():
            check_choice(voice.name, OPENAI_VOICES, f"{path}.name")
        case AzureRealtimeNativeVoice():
            check_choice(voice.name, AZURE_REALTIME_NATIVE_VOICES, f"{path}.name")
        case AzureSpeechVoice():
            _check_azure_voice(voice, path)


def _check_azure_voice(voice: AzureSpeechVoice, path: str) -> None:
    """Documented: schema D2. Observed {S09}: a temperature or a rate out of its range."""
    if isinstance(voice, AzureStandardVoice | AzureCustomVoice | AzurePersonalVoice):
        check_not_empty(voice.name, f"{path}.name")
    if isinstance(voice, AzureCustomVoice):
        check_not_empty(voice.endpoint_id, f"{path}.endpoint_id")
    if isinstance(voice, AzurePersonalVoice | AvatarVoiceSync):
        check_choice(voice.model, PERSONAL_VOICE_MODELS, f"{path}.model")
    check_range(voice.temperature, 0, 1, f"{path}.temperature")
    check_range(_speaking_rate(voice.rate), _SLOWEST_RATE, _FASTEST_RATE, f"{path}.rate")


def _speaking_rate(rate: str | UnsetType | None) -> float | None:
    """The rate as a multiplier, from SSML prosody: ``1.2`` or ``+20%``. None for a level such as ``fast``."""
    if not isinstance(rate, str):
        return None
    if _MULTIPLIER.fullmatch(rate):
        return float(rate)
    percentage = _PERCENTAGE.fullmatch(rate)
    return 1 + float(percentage[1]) / 100 if percentage else None
