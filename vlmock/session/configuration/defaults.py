"""What a session is set to when nobody has said anything, and what fills an object that was sent in part."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import structs

from vlmock.protocol.input_audio import InputAudioTranscription
from vlmock.protocol.tools import FunctionTool, Tool
from vlmock.protocol.turn_detection import (
    AzureMultilingualSemanticVad,
    AzureSemanticVadMultilingual,
    AzureSemanticVadSettings,
    EndOfUtteranceDetection,
    NoTurnDetection,
    SemanticVad,
    ServerVad,
    TurnDetection,
    VadSettings,
)
from vlmock.protocol.voices import (
    AzureRealtimeNativeVoice,
    AzureSpeechVoice,
    AzureStandardVoice,
    OpenAIVoice,
    Voice,
    VoiceSetting,
)
from vlmock.protocol.wire import UNSET, WireObject
from vlmock.session.configuration.brain import Brain
from vlmock.session.models import Family
from vlmock.session.pipeline import CASCADE, Pipeline

__all__ = [
    "filled_tools",
    "filled_transcription",
    "filled_turn_detection",
    "filled_voice",
    "instructions",
    "transcription_at_connect",
    "turn_detection_at_connect",
    "voice_at_connect",
]

_Object = TypeVar("_Object", bound=WireObject)
_Vad = TypeVar("_Vad", bound=VadSettings)

_INSTRUCTIONS: Final = {
    True: "You are a friendly assistant on a voice line. Answer in plain sentences that sound right when read aloud.",
    False: "You are a friendly assistant who talks with people. Speak quickly, and keep a light and lively tone.",
}

_FIRST_REALTIME: Final = (
    "gpt-realtime",
    "gpt-realtime-datazone",
    "gpt-realtime-mini",
    "gpt-4o-realtime-preview",
    "gpt-4o-mini-realtime-preview",
)
"""Observed {PAI, FON}: ``gpt-realtime`` starts with alloy and 200 ms of silence, ``gpt-realtime-2`` with marin and
500 ms. Assumed for the others: each like the one of its age."""

_WIDER_PADDING_SINCE = "2026-04-10"


# ---- at connect


def instructions(pipeline: Pipeline) -> str:
    """What the model is told when the client says nothing. Observed {FON, PAI}: the service has a text for text models
    and one for speech models; these are our own words."""
    return _INSTRUCTIONS[pipeline is CASCADE]


def voice_at_connect(brain: Brain) -> Voice:
    """Observed {FON, PAI}: Ava for a cascade, an OpenAI voice for a realtime brain. Documented: schema A6 for
    ``azure-realtime``."""
    match brain.family:
        case Family.REALTIME:
            return OpenAIVoice(name="alloy" if brain.model in _FIRST_REALTIME else "marin")
        case Family.AZURE_REALTIME:
            return AzureRealtimeNativeVoice(name="ava")
        case _:
            return filled_voice(AzureStandardVoice(name="en-US-AvaNeural"))


def transcription_at_connect(pipeline: Pipeline) -> InputAudioTranscription | None:
    """Observed {FON, PAI}: a cascade lives on transcripts, the others have none until asked."""
    return filled_transcription(InputAudioTranscription(model="azure-speech")) if pipeline.transcribes_always else None


def turn_detection_at_connect(brain: Brain) -> ServerVad:
    """Observed {PAI, FON}: 300 ms and 200 ms even on 2026-04-10, where an update that leaves them out gets 400 and
    500."""
    patient = brain.family is Family.REALTIME and brain.model not in _FIRST_REALTIME
    return _filled(
        ServerVad(prefix_padding_ms=300, silence_duration_ms=500 if patient else 200), _server_vad_defaults(brain)
    )


# ---- what an update leaves out


def filled_voice(voice: VoiceSetting) -> Voice:
    """Observed {IVW, SKILL}: a bare name becomes an object. Observed {FON}: what an Azure voice leaves out is null."""
    if isinstance(voice, str):
        return OpenAIVoice(name=voice)
    return _with_nulls(voice) if isinstance(voice, AzureSpeechVoice) else voice


def filled_transcription(transcription: InputAudioTranscription) -> InputAudioTranscription:
    """Observed {PAI, FON}: all five members come back. Observed (schema D7): gpt-4o-transcribe drops the region."""
    filled = _with_nulls(transcription)
    if filled.model.startswith("gpt-4o-") and isinstance(filled.language, str):
        languages = (tag.strip().partition("-")[0] for tag in filled.language.split(","))
        return structs.replace(filled, language=",".join(languages))
    return filled


def filled_tools(tools: list[Tool]) -> list[Tool]:
    """Observed {PAI}: a function comes back with name, description, type and parameters. Assumed: null if left out."""
    return [_with_nulls(tool) if isinstance(tool, FunctionTool) else tool for tool in tools]


def filled_turn_detection(detection: TurnDetection, brain: Brain) -> TurnDetection | None:
    """Observed {PAI, FON}: the object is replaced, and what it leaves out comes from defaults of its own, neither from
    what was in force nor from those at connect. Assumed: 2025-05-01-preview's object "none" comes back as null, and the
    documentation's other spelling of the multilingual detector as the usual one."""
    match detection:
        case NoTurnDetection():
            return None
        case SemanticVad():
            return _filled(detection, _SEMANTIC_VAD_DEFAULTS)
        case AzureMultilingualSemanticVad():
            return filled_turn_detection(AzureSemanticVadMultilingual(**structs.asdict(detection)), brain)
        case AzureSemanticVadSettings():
            return _with_filled_eou(_filled(detection, _azure_semantic_vad_defaults(brain)), brain)
        case ServerVad():
            return _with_filled_eou(_filled(detection, _server_vad_defaults(brain)), brain)


def _with_filled_eou(detection: _Vad, brain: Brain) -> _Vad:
    eou = detection.end_of_utterance_detection
    if not isinstance(eou, EndOfUtteranceDetection):
        return detection
    return structs.replace(detection, end_of_utterance_detection=_filled_eou(eou, brain))


def _filled_eou(detection: EndOfUtteranceDetection, brain: Brain) -> EndOfUtteranceDetection:
    """Documented: schema D6; {DOC} for 2025-05-01-preview, whose two members stand for the two of today."""
    old = not brain.reached("2025-10-01")
    defaults: dict[str, Any] = {}
    if detection.threshold in (UNSET, None) and detection.threshold_level in (UNSET, None):
        defaults |= {"threshold": 0.01} if old else {"threshold_level": "default"}
    if detection.timeout in (UNSET, None) and detection.timeout_ms in (UNSET, None):
        defaults |= {"timeout": 2.0} if old else {"timeout_ms": 1000}
    return _filled(detection, defaults)


def _server_vad_defaults(brain: Brain) -> dict[str, Any]:
    """Observed {PAI}: these and no others come back. Documented {DOC}: 300 ms of padding before 2026-04-10."""
    return {
        "threshold": 0.5,
        "prefix_padding_ms": 400 if brain.reached(_WIDER_PADDING_SINCE) else 300,
        "silence_duration_ms": 500,
        "create_response": True,
        "interrupt_response": True,
        "idle_timeout_ms": None,
        "speech_duration_ms": None,
        "end_of_utterance_detection": None,
        "auto_truncate": False,
        "appended_text_after_truncation": None,
    }


def _azure_semantic_vad_defaults(brain: Brain) -> dict[str, Any]:
    """Observed {FON}: the nulls, and ``remove_filler_words``. Documented {DOC}: 420 ms of padding, 300 ms before
    2026-04-10."""
    return _server_vad_defaults(brain) | {
        "prefix_padding_ms": 420 if brain.reached(_WIDER_PADDING_SINCE) else 300,
        "neg_threshold": None,
        "neg_threshold_assistant_speaking": None,
        "window_size": None,
        "window_size_assistant_speaking": None,
        "distinct_ci_phones": None,
        "distinct_ci_phones_assistant_speaking": None,
        "require_vowel": None,
        "require_vowel_assistant_speaking": None,
        "remove_filler_words": False,
        "languages": None,
    }


_SEMANTIC_VAD_DEFAULTS: Final = {
    "create_response": True,
    "interrupt_response": True,
    "auto_truncate": False,
    "eagerness": "auto",
}
"""Documented: schema D5. Assumed: no other member comes back."""


def _filled(value: _Object, defaults: Mapping[str, Any]) -> _Object:
    """Assumed: null for a member that has a value by default means that value."""
    missing = {name: default for name, default in defaults.items() if getattr(value, name) in (UNSET, None)}
    return structs.replace(value, **missing)


def _with_nulls(value: _Object) -> _Object:
    return _filled(value, dict.fromkeys(value.__struct_fields__))
