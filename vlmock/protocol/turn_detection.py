"""When a spoken turn begins and ends: ``turn_detection`` and what stands inside it. Source: schema D5, D6.

``turn_detection: null`` means manual turns. The objects are told apart by ``type``. Observed {PAI, FON}: the echo fills
members that were not sent with the service's defaults or ``null``.
"""

from typing import TypeAlias

from vlmock.protocol.wire import UNSET, Int32, TaggedObject, UnsetType, WireObject

__all__ = [
    "EAGERNESS_LEVELS",
    "END_OF_UTTERANCE_MODELS",
    "EOU_THRESHOLD_LEVELS",
    "TURN_DETECTION_TYPES",
    "AzureMultilingualSemanticVad",
    "AzureSemanticVad",
    "AzureSemanticVadEn",
    "AzureSemanticVadMultilingual",
    "AzureSemanticVadSettings",
    "EndOfUtteranceDetection",
    "NoTurnDetection",
    "SemanticVad",
    "ServerVad",
    "TurnDetection",
    "VadSettings",
]

TURN_DETECTION_TYPES = (
    "server_vad",
    "semantic_vad",
    "azure_semantic_vad",
    "azure_semantic_vad_en",
    "azure_semantic_vad_multilingual",
)
"""``none`` is a leftover of 2025-05-01-preview and not among them; ``null`` says the same. Nor is a spelling of the
last that only the documentation's prose has."""

END_OF_UTTERANCE_MODELS = (
    "semantic_detection_v1",
    "semantic_detection_v1_en",
    "semantic_detection_v1_multilingual",
    "smart_end_of_turn_detection",
)
"""The last in 2026-06-01-preview only."""

EOU_THRESHOLD_LEVELS = ("low", "medium", "high", "default")
EAGERNESS_LEVELS = ("low", "medium", "high", "auto")


class EndOfUtteranceDetection(WireObject, kw_only=True):
    """A second opinion on whether the user has finished, asked after the silence window."""

    model: str
    """One of ``END_OF_UTTERANCE_MODELS``."""
    threshold_level: str | UnsetType | None = UNSET
    """One of ``EOU_THRESHOLD_LEVELS``; the default means medium."""
    timeout_ms: Int32 | UnsetType | None = UNSET
    """How much longer to wait when the user seems unfinished; 1000 where not sent."""
    threshold: float | UnsetType | None = UNSET
    """What ``threshold_level`` was in 2025-05-01-preview."""
    timeout: float | UnsetType | None = UNSET
    """What ``timeout_ms`` was in 2025-05-01-preview, in seconds."""


class VadSettings(TaggedObject, kw_only=True):
    """What every detector may be told. Members in the order of the service's echo."""

    threshold: float | UnsetType | None = UNSET
    """How sure it must be that this is speech, 0 to 1."""
    prefix_padding_ms: Int32 | UnsetType | None = UNSET
    """How much before the onset belongs to the turn."""
    silence_duration_ms: Int32 | UnsetType | None = UNSET
    """How long it must be silent for the turn to end."""
    create_response: bool | UnsetType | None = UNSET
    """Answer by itself at the end of a turn."""
    interrupt_response: bool | UnsetType | None = UNSET
    """Cancel the running response when speech begins."""
    idle_timeout_ms: Int32 | UnsetType | None = UNSET
    """Observed {PAI}: echoed. Assumed {OAI}: so long after an answer was played, if nobody spoke, comes another."""
    speech_duration_ms: Int32 | UnsetType | None = UNSET
    """How long speech must last to be a turn."""
    end_of_utterance_detection: EndOfUtteranceDetection | UnsetType | None = UNSET
    auto_truncate: bool | UnsetType | None = UNSET
    """On barge-in, cut the history down to what real-time playback would have reached."""
    appended_text_after_truncation: str | UnsetType | None = UNSET
    speech_duration_assistant_speaking_ms: Int32 | UnsetType | None = UNSET
    """Observed {SDKT}: accepted; ``speech_duration_ms`` while the assistant speaks."""
    neg_threshold: float | UnsetType | None = UNSET
    """Observed {FON}: echoed as null by the Azure detectors, as are those below. What a turn must not fall below."""
    neg_threshold_assistant_speaking: float | UnsetType | None = UNSET
    window_size: Int32 | UnsetType | None = UNSET
    window_size_assistant_speaking: Int32 | UnsetType | None = UNSET
    distinct_ci_phones: Int32 | UnsetType | None = UNSET
    distinct_ci_phones_assistant_speaking: Int32 | UnsetType | None = UNSET
    require_vowel: bool | UnsetType | None = UNSET
    require_vowel_assistant_speaking: bool | UnsetType | None = UNSET


class ServerVad(VadSettings, tag="server_vad"):
    """Turns end after silence."""


class SemanticVad(VadSettings, tag="semantic_vad", kw_only=True):
    """OpenAI's detector, for the realtime models only: turns end when the words sound finished."""

    eagerness: str | UnsetType | None = UNSET
    """One of ``EAGERNESS_LEVELS``; ``auto`` means medium."""


class AzureSemanticVadSettings(VadSettings, kw_only=True):
    """What Azure's semantic detectors may be told besides."""

    remove_filler_words: bool | UnsetType | None = UNSET
    """Take "umm" and its like for silence."""
    languages: list[str] | UnsetType | None = UNSET


class AzureSemanticVad(AzureSemanticVadSettings, tag="azure_semantic_vad"):
    """Tells meaningful speech from noise; English."""


class AzureSemanticVadEn(AzureSemanticVadSettings, tag="azure_semantic_vad_en"):
    """``azure_semantic_vad`` for English alone."""


class AzureSemanticVadMultilingual(AzureSemanticVadSettings, tag="azure_semantic_vad_multilingual"):
    """Tells meaningful speech from noise in the ``languages`` named: en, es, fr, it, de, ja, pt, zh, ko, hi."""


class AzureMultilingualSemanticVad(AzureSemanticVadSettings, tag="azure_multilingual_semantic_vad"):
    """The same, as prose of the documentation has it {DOC}; in no enum."""


class NoTurnDetection(TaggedObject, tag="none"):
    """Manual turns, as 2025-05-01-preview said it; later versions say ``null``."""


TurnDetection: TypeAlias = (
    ServerVad
    | SemanticVad
    | AzureSemanticVad
    | AzureSemanticVadEn
    | AzureSemanticVadMultilingual
    | AzureMultilingualSemanticVad
    | NoTurnDetection
)
