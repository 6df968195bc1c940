"""What a person can choose for a conversation, and the session's settings that follow from it.

The defaults are those of the service's quickstart: azure_semantic_vad with end-of-utterance detection, deep noise
suppression, echo cancellation by the service, the voice ``en-US-Ava:DragonHDLatestNeural``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from vlclient.endpoint import Agent, Target, uses_agent
from vlclient.environment import Settings
from vlclient.errors import ConfigurationError
from vlmock.protocol.input_audio import EchoCancellation, InputAudioTranscription, NoiseReduction
from vlmock.protocol.items import RequestMessage, TextPart
from vlmock.protocol.turn_detection import (
    AzureSemanticVad,
    AzureSemanticVadEn,
    AzureSemanticVadMultilingual,
    EndOfUtteranceDetection,
    SemanticVad,
    ServerVad,
    VadSettings,
)
from vlmock.protocol.voices import (
    AZURE_REALTIME_NATIVE_VOICES,
    OPENAI_VOICES,
    AzureRealtimeNativeVoice,
    AzureStandardVoice,
)
from vlmock.protocol.wire import UNSET

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_VOICE",
    "TURN_DETECTIONS",
    "ChatOptions",
    "Counterpart",
    "greeting",
    "session_settings",
]

DEFAULT_MODEL: Final = "gpt-4o"
DEFAULT_VOICE: Final = "en-US-Ava:DragonHDLatestNeural"

TURN_DETECTIONS: Final[Mapping[str, tuple[type[VadSettings] | None, str | None]]] = {
    "azure_semantic_vad": (AzureSemanticVad, "semantic_detection_v1"),
    "azure_semantic_vad_en": (AzureSemanticVadEn, "semantic_detection_v1_en"),
    "azure_semantic_vad_multilingual": (AzureSemanticVadMultilingual, "semantic_detection_v1_multilingual"),
    "server_vad": (ServerVad, None),
    "semantic_vad": (SemanticVad, None),
    "none": (None, None),
}
"""Each detector, and the end-of-utterance model that goes with it; with none the user says when a turn is over. Of the
model nothing but its name is said: its members were called otherwise before 2025-10-01, and the service has defaults
for them (schema D6)."""


class ChatOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen. None: not said. Raises ConfigurationError where two choices exclude each other."""

    endpoint: str | None = None
    api_key: str | None = None
    model: str | None = None
    api_version: str | None = None
    profile: str | None = None
    agent_name: str | None = None
    project_name: str | None = None
    agent_version: str | None = None
    conversation_id: str | None = None
    voice: str | None = None
    rate: float | None = None
    """How fast the voice speaks, 0.5 to 1.5 times as fast as usual."""
    instructions: str | None = None
    turn_detection: str = "azure_semantic_vad"
    """One of ``TURN_DETECTIONS``."""
    noise_suppression: bool = True
    echo_cancellation: bool = True
    input_device: str | None = None
    output_device: str | None = None
    input: Path | None = None
    """A WAV file in place of the microphone."""
    output: Path | None = None
    fast: bool = False
    """Files are not read and written in real time."""
    tools: Path | None = None
    greet: str | None = None
    reconnect: bool = False
    log: Path | None = None
    record: str | Path | None = None
    redact: Sequence[str] = ()
    """Regular expressions: what they match is neither recorded nor in the log."""
    redact_audio: bool = False
    plain: bool = False
    """Plain lines on a terminal too."""

    def __post_init__(self) -> None:
        for wrong, sentence in (
            (self.agent_name and self.model, "--model and --agent-name exclude each other: an agent has its own model"),
            (self.agent_name and self.instructions, "an agent has its own instructions: leave out --instructions"),
            (self.input and self.input_device, "--input and --input-device exclude each other"),
            (self.output and self.output_device, "--output and --output-device exclude each other"),
            (self.input and self.output and _are_one(self.input, self.output), "--input and --output are one file"),
            (
                self.redact and not (self.record or self.log),
                "--redact is about recordings and logs: give --record or --log as well",
            ),
            (
                self.redact_audio and not self.record,
                "--redact-audio is about recordings: give --record as well",
            ),
            (self.fast and not self.input, "--fast is for a file: give one with --input"),
            (
                self.rate and self.voice in _WITHOUT_RATE,
                f"the voice {self.voice!r} has no speaking rate: leave out --rate",
            ),
        ):
            if wrong:
                raise ConfigurationError(sentence)

    def __repr__(self) -> str:
        return "ChatOptions(…)"  # it may hold a key

    def __rich_repr__(self) -> Any:
        return iter(())


_WITHOUT_RATE = (*OPENAI_VOICES, *AZURE_REALTIME_NATIVE_VOICES)


def _are_one(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


# ---- who answers


class Counterpart(msgspec.Struct, frozen=True):
    """A model or an agent."""

    model: str | None
    """None where an agent, the environment or the endpoint's query says it."""
    agent: Agent | None
    is_agent: bool

    @classmethod
    def of(cls, options: ChatOptions, settings: Settings) -> "Counterpart":
        """What was chosen, else what the environment or the endpoint's query names, else ``DEFAULT_MODEL``."""
        model = options.model
        agent = None
        if options.agent_name is not None:
            agent = Agent(
                name=options.agent_name,
                project_name=options.project_name,
                version=options.agent_version,
                conversation_id=options.conversation_id,
            )
        endpoint = options.endpoint or settings.endpoint or ""
        in_query = {name for name, _ in parse_qsl(endpoint.partition("?")[2])} & {"model", "agent-name"}
        if not (model or agent or settings.model or settings.agent or in_query):
            model = DEFAULT_MODEL
        by_environment = settings.agent if not (model or agent or settings.model) else None
        target = Target(endpoint=endpoint, agent=agent or by_environment)
        return cls(model, agent, bool(endpoint) and uses_agent(target))


# ---- the session


def session_settings(options: ChatOptions, *, model: str, is_agent: bool) -> dict[str, Any]:
    """The members of ``session.update``. ``model``: as the service names it.

    A model that hears by itself takes no end-of-utterance detection that reads text (Observed {IVW, EVAL}, behaviour
    2.3), and transcribes the user only where it is asked to (behaviour 0, fact 1).
    """
    hears = not is_agent and "realtime" in f"{model} {options.profile or ''}"
    detector, end_of_utterance = TURN_DETECTIONS[options.turn_detection]
    opinion = UNSET if hears or end_of_utterance is None else EndOfUtteranceDetection(model=end_of_utterance)
    settings: dict[str, Any] = {
        "turn_detection": None if detector is None else detector(end_of_utterance_detection=opinion),
        "voice": _voice(options, model),
    }
    if hears:
        settings["input_audio_transcription"] = InputAudioTranscription(model=_transcription(options, model))
    if options.instructions:
        settings["instructions"] = options.instructions
    if options.noise_suppression:
        settings["input_audio_noise_reduction"] = NoiseReduction(type="azure_deep_noise_suppression")
    if options.echo_cancellation:
        settings["input_audio_echo_cancellation"] = EchoCancellation(type="server_echo_cancellation")
    return settings


def greeting(text: str, voice: Any) -> dict[str, Any]:
    """What ``Session.greet`` takes to have a text spoken. Observed {ILA}: word for word with Azure's voices only, an
    OpenAI voice would not speak it; behaviour 4.7."""
    if isinstance(voice, AzureStandardVoice):
        message = RequestMessage(role="assistant", content=[TextPart(text=text)])
        return {"pre_generated_assistant_message": message}
    return {"instructions": f"Begin the conversation by saying: {text}"}


def _transcription(options: ChatOptions, model: str) -> str:
    """Observed {FON}, behaviour 2.3: beside a realtime model azure-speech wants one of these detectors. Documented:
    schema A6, beside Phi there is nothing else."""
    semantic = options.turn_detection in ("azure_semantic_vad", "azure_semantic_vad_multilingual")
    return "azure-speech" if semantic or model.startswith("phi") else "whisper-1"


def _voice(options: ChatOptions, model: str) -> Any:
    """Observed {S09}: azure-realtime has voices of its own, and no others."""
    name = options.voice or ("ava" if model.startswith("azure-realtime") else DEFAULT_VOICE)
    if name in OPENAI_VOICES:
        return name
    if name in AZURE_REALTIME_NATIVE_VOICES:
        return AzureRealtimeNativeVoice(name=name)
    return AzureStandardVoice(name=name, rate=UNSET if options.rate is None else f"{options.rate:g}")
