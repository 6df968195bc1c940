"""Who speaks: the ``voice`` of a session or of one response. Source: schema D2, F.

A voice is a bare string (an OpenAI voice's name) or an object told apart by ``type``. Observed {IVW, SKILL}: both are
accepted, the echo is always an object. Observed {FON}: the echo fills every member that was not sent with ``null``.
"""

from typing import TypeAlias

from vlmock.protocol.wire import UNSET, TaggedObject, UnsetType

__all__ = [
    "AZURE_REALTIME_NATIVE_VOICES",
    "OPENAI_VOICES",
    "PERSONAL_VOICE_MODELS",
    "VOICE_TYPES",
    "AvatarVoiceSync",
    "AzureCustomVoice",
    "AzurePersonalVoice",
    "AzurePlatformVoice",
    "AzureRealtimeNativeVoice",
    "AzureSpeechVoice",
    "AzureStandardVoice",
    "CustomVoice",
    "OpenAIVoice",
    "Voice",
    "VoiceSetting",
]

OPENAI_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
"""``marin`` and ``cedar`` since 2026-01-01-preview."""

AZURE_REALTIME_NATIVE_VOICES = (
    "aarti",
    "andrew",
    "ava",
    "denise",
    "diya",
    "elsa",
    "florian",
    "francisca",
    "meera",
    "xiaoxiao",
    "yunxi",
    "ximena",
)
"""``diya`` since 2026-07-15, the others since 2026-06-01-preview."""

PERSONAL_VOICE_MODELS = (
    "DragonLatestNeural",
    "PhoenixLatestNeural",
    "PhoenixV2Neural",
    "DragonHDOmniLatestNeural",
    "MAI-Voice-1",
)


class OpenAIVoice(TaggedObject, tag="openai", kw_only=True):
    """A voice of the OpenAI models, one of ``OPENAI_VOICES``."""

    name: str


class AzureSpeechVoice(TaggedObject, kw_only=True):
    """What every voice of Azure text to speech may be given."""

    temperature: float | UnsetType | None = UNSET
    """0 to 1; HD voices only."""
    custom_lexicon_url: str | UnsetType | None = UNSET
    custom_text_normalization_url: str | UnsetType | None = UNSET
    prefer_locales: list[str] | UnsetType | None = UNSET
    """The accent for each language."""
    locale: str | UnsetType | None = UNSET
    """Forces one locale; text that it cannot speak is silence."""
    style: str | UnsetType | None = UNSET
    pitch: str | UnsetType | None = UNSET
    """As in SSML prosody: a level, ±%, ±Hz, ±st or Hz."""
    rate: str | UnsetType | None = UNSET
    """As in SSML prosody: a level, ±% or a multiplier from 0.5 to 1.5."""
    volume: str | UnsetType | None = UNSET
    """As in SSML prosody: a level, 0 to 100, ±n or ±dB."""


class AzureStandardVoice(AzureSpeechVoice, tag="azure-standard", kw_only=True):
    """A ready-made voice: ``en-US-AvaNeural``, or HD ``en-US-Ava:DragonHDLatestNeural``."""

    name: str
    """Documented: not empty. Assumed: any other name is taken; no source says what becomes of no voice's name."""


class AzureCustomVoice(AzureSpeechVoice, tag="azure-custom", kw_only=True):
    """A voice that was trained for the customer and deployed at an endpoint of theirs."""

    name: str
    endpoint_id: str


class AzurePersonalVoice(AzureSpeechVoice, tag="azure-personal", kw_only=True):
    """A voice cloned from one person; ``model`` is one of ``PERSONAL_VOICE_MODELS``."""

    name: str
    model: str


class AvatarVoiceSync(AzureSpeechVoice, tag="avatar-voice-sync", kw_only=True):
    """The voice that belongs to the avatar; it has no name. Since 2026-04-10."""

    model: str


class AzureRealtimeNativeVoice(TaggedObject, tag="azure-realtime-native", kw_only=True):
    """A voice of the model ``azure-realtime`` and of no other. Since 2026-06-01-preview."""

    name: str


class AzurePlatformVoice(AzureSpeechVoice, tag="azure-platform", kw_only=True):
    """Observed {S09}: what ``azure-standard`` was called in 2025-05-01-preview; the service still names it."""

    name: str


class CustomVoice(AzureSpeechVoice, tag="custom", kw_only=True):
    """Observed {S09}: named by the service among the types that gpt-realtime may have.

    Assumed: it is what ``azure-custom`` was called, with the same members.
    """

    name: str
    endpoint_id: str | UnsetType | None = UNSET


Voice: TypeAlias = (
    OpenAIVoice
    | AzureStandardVoice
    | AzureCustomVoice
    | AzurePersonalVoice
    | AvatarVoiceSync
    | AzureRealtimeNativeVoice
    | AzurePlatformVoice
    | CustomVoice
)
VoiceSetting: TypeAlias = str | Voice

VOICE_TYPES = (
    "openai",
    "azure-standard",
    "azure-custom",
    "azure-personal",
    "avatar-voice-sync",
    "azure-realtime-native",
    "azure-platform",
    "custom",
)
