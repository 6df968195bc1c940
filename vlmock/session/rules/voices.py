"""Who may speak, and how. Source: schema D2, F."""

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
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.models import Family
from vlmock.session.rules.values import check_choice, check_not_empty, check_range
from vlmock.session.speaking.speaking_rate import FASTEST, SLOWEST, multiplier

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
    if isinstance(voice.rate, str):
        check_range(multiplier(voice.rate), SLOWEST, FASTEST, f"{path}.rate")
