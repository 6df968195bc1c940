"""The session: how it is set up, by whom, and what its settings are. Source: schema A5, B 1, C 3, 4, D1, D12, D13."""

from typing import Any, TypeAlias

from vlmock.protocol.avatar import AvatarConfig
from vlmock.protocol.input_audio import EchoCancellation, InputAudioTranscription, NoiseReduction
from vlmock.protocol.output import Animation
from vlmock.protocol.tools import Tool, ToolChoice
from vlmock.protocol.turn_detection import TurnDetection
from vlmock.protocol.voices import Voice, VoiceSetting
from vlmock.protocol.wire import UNSET, ClientEvent, Int32, JsonObject, ServerEvent, TaggedObject, UnsetType, WireObject

__all__ = [
    "API_VERSIONS",
    "INTERIM_RESPONSE_TRIGGERS",
    "INTERIM_RESPONSE_TYPES",
    "MODALITIES",
    "REASONING_EFFORTS",
    "SESSION_INCLUDES",
    "AgentConfig",
    "ByomCredentialUpdate",
    "ByomCredentialUpdated",
    "InterimResponse",
    "LlmInterimResponse",
    "RequestSession",
    "ResponseSession",
    "SessionCreated",
    "SessionUpdate",
    "SessionUpdated",
    "StaticInterimResponse",
    "TokenLimit",
    "TranscriptionSessionUpdate",
]

API_VERSIONS = (
    "2025-05-01-preview",
    "2025-10-01",
    "2026-01-01-preview",
    "2026-04-10",
    "2026-06-01-preview",
    "2026-07-15",
    "2026-07-31-preview",
    "v1",
)
"""Oldest first; ``v1`` stays current and speaks another dialect."""
MODALITIES = ("text", "audio", "animation", "avatar")
REASONING_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
INTERIM_RESPONSE_TYPES = ("static_interim_response", "llm_interim_response")
INTERIM_RESPONSE_TRIGGERS = ("latency", "tool")
SESSION_INCLUDES = (
    "item.input_audio_transcription.logprobs",
    "item.input_audio_transcription.phrases",
    "file_search_call.results",
)

TokenLimit: TypeAlias = Int32 | str
"""1 to 4096, or ``inf``."""


# ---- what to say while the answer is not ready: since 2026-01-01-preview


class InterimResponseSettings(TaggedObject, kw_only=True):
    """When to fill the silence."""

    triggers: list[str] | UnsetType | None = UNSET
    """Of ``INTERIM_RESPONSE_TRIGGERS``, any of which will do; latency where not sent."""
    latency_threshold_ms: Int32 | UnsetType | None = UNSET
    """2000 where not sent."""


class StaticInterimResponse(InterimResponseSettings, tag="static_interim_response", kw_only=True):
    """One of these texts, picked at random."""

    texts: list[str] | UnsetType | None = UNSET


class LlmInterimResponse(InterimResponseSettings, tag="llm_interim_response", kw_only=True):
    """Whatever a small model makes up."""

    model: str | UnsetType | None = UNSET
    """``gpt-4.1-mini`` where not sent."""
    instructions: str | UnsetType | None = UNSET
    max_completion_tokens: Int32 | UnsetType | None = UNSET
    """50 where not sent."""


InterimResponse: TypeAlias = StaticInterimResponse | LlmInterimResponse


# ---- settings


class RequestSession(WireObject, kw_only=True):
    """The settings that a client sends: what is not sent stays as it is, null switches off."""

    model: str | UnsetType | None = UNSET
    """Fixed by the URL."""
    modalities: list[str] | UnsetType | None = UNSET
    """Of ``MODALITIES``, in any order."""
    instructions: str | UnsetType | None = UNSET
    voice: VoiceSetting | UnsetType | None = UNSET
    input_audio_format: str | UnsetType | None = UNSET
    output_audio_format: str | UnsetType | None = UNSET
    input_audio_sampling_rate: Int32 | UnsetType | None = UNSET
    """In Hz."""
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    input_audio_echo_cancellation: EchoCancellation | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType | None = UNSET
    tool_choice: ToolChoice | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET
    """Since 2026-06-01-preview."""
    temperature: float | UnsetType | None = UNSET
    max_response_output_tokens: TokenLimit | UnsetType | None = UNSET
    reasoning_effort: str | UnsetType | None = UNSET
    """One of ``REASONING_EFFORTS``. Since 2026-01-01-preview."""
    interim_response: InterimResponse | UnsetType | None = UNSET
    animation: Animation | UnsetType | None = UNSET
    avatar: AvatarConfig | UnsetType | None = UNSET
    output_audio_timestamp_types: list[str] | UnsetType | None = UNSET
    include: list[str] | UnsetType | None = UNSET
    """Of ``SESSION_INCLUDES``. Since 2026-04-10."""
    metadata: dict[str, str] | UnsetType | None = UNSET
    """At most 16 pairs, keys up to 64 and values up to 512 characters. Since 2026-04-10."""
    truncation_strategy: Any = UNSET
    """Observed {PAI}: echoed as null, like the two below; Assumed: a client may send it."""
    greeting: Any = UNSET
    handoff: Any = UNSET
    expires_at: Int32 | UnsetType | None = UNSET
    """Ignored: the service sets it."""


class AgentConfig(TaggedObject, tag="agent", kw_only=True):
    """The agent that answers."""

    name: str
    agent_id: str
    thread_id: str
    description: str | UnsetType | None = UNSET


class ResponseSession(WireObject, kw_only=True):
    """The settings in force. Observed {PAI}: members in this order, null where switched off."""

    id: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    """As resolved: ``gpt-4.1-mini-2025-04-14`` for ``gpt-4.1-mini``."""
    modalities: list[str] | UnsetType | None = UNSET
    instructions: str | UnsetType | None = UNSET
    voice: Voice | UnsetType | None = UNSET
    """Observed {IVW}: an object even where a bare name was sent."""
    input_audio_format: str | UnsetType | None = UNSET
    output_audio_format: str | UnsetType | None = UNSET
    input_audio_transcription: InputAudioTranscription | UnsetType | None = UNSET
    input_audio_noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET
    tools: list[Tool] | UnsetType | None = UNSET
    tool_choice: ToolChoice | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    """Observed {PAI, FON}: absent from native pipelines."""
    max_response_output_tokens: TokenLimit | UnsetType | None = UNSET
    reasoning_effort: str | UnsetType | None = UNSET
    interim_response: InterimResponse | UnsetType | None = UNSET
    expires_at: int | UnsetType | None = UNSET
    """When the session ends, in Unix seconds."""
    object: str | UnsetType = UNSET
    """``realtime.session``."""
    input_audio_sampling_rate: int | UnsetType | None = UNSET
    """In Hz."""
    animation: Animation | UnsetType | None = UNSET
    input_audio_echo_cancellation: EchoCancellation | UnsetType | None = UNSET
    avatar: AvatarConfig | UnsetType | None = UNSET
    output_audio_timestamp_types: list[str] | UnsetType | None = UNSET
    truncation_strategy: Any = UNSET
    include: list[str] | UnsetType | None = UNSET
    metadata: dict[str, str] | UnsetType | None = UNSET
    greeting: Any = UNSET
    """Observed {FON}: null, and so is ``handoff``; in builds since August 2026."""
    handoff: Any = UNSET
    agent: AgentConfig | UnsetType | None = UNSET
    """Null or absent without one. Observed {SEED}: the last member."""


# ---- events


class SessionUpdate(ClientEvent, tag="session.update", kw_only=True):
    """Change settings. Refused as a whole when one of them is wrong."""

    session: RequestSession


class SessionCreated(ServerEvent, tag="session.created", kw_only=True):
    """The first event of all: the session's defaults."""

    session: ResponseSession


class SessionUpdated(ServerEvent, tag="session.updated", kw_only=True):
    """All settings, after a change."""

    session: ResponseSession


# ---- outside the enum of the dated versions


class TranscriptionSessionUpdate(ClientEvent, tag="transcription_session.update", kw_only=True):
    """What the vendor SDK has a helper for, and no specification knows."""

    session: JsonObject


class ByomCredentialUpdate(ClientEvent, tag="byom_credential.update", kw_only=True):
    """New credentials for one's own model. In ``v1`` only."""

    authorization_headers: dict[str, str]


class ByomCredentialUpdated(ServerEvent, tag="byom_credential.updated", kw_only=True):
    """They are in use. In ``v1`` only."""

    authorization_headers: dict[str, str]
    """With the values blotted out."""
