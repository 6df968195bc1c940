"""How turns may be detected. Source: schema D5, D6; behaviour 2.3, the matrix of detectors and brains."""

from typing import Final

from vlmock.protocol.turn_detection import (
    EAGERNESS_LEVELS,
    END_OF_UTTERANCE_MODELS,
    EOU_THRESHOLD_LEVELS,
    TURN_DETECTION_TYPES,
    AzureSemanticVadEn,
    EndOfUtteranceDetection,
    NoTurnDetection,
    SemanticVad,
    TurnDetection,
    VadSettings,
)
from vlmock.protocol.wire import UNSET
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.models import Family
from vlmock.session.rules.values import check_choice, check_range

__all__ = ["check_turn_detection"]

_SHARES: Final = ("threshold", "neg_threshold", "neg_threshold_assistant_speaking")
_DURATIONS: Final = (
    "prefix_padding_ms",
    "silence_duration_ms",
    "speech_duration_ms",
    "speech_duration_assistant_speaking_ms",
)
_SEMANTIC_VAD_MEMBERS: Final = ("create_response", "interrupt_response", "auto_truncate", "eagerness")
_AUDIO_EOU = "smart_end_of_turn_detection"
_AUDIO_EOU_VERSIONS = ("2026-06-01-preview", "2026-07-31-preview")


def check_turn_detection(detection: TurnDetection, path: str, brain: Brain) -> None:
    """Observed {FON}: the matrix. Assumed: ``none`` is only an object's type in 2025-05-01-preview."""
    if isinstance(detection, NoTurnDetection):
        if brain.reached("2025-10-01"):
            raise refusals.wrong_enum(f"{path}.type", TURN_DETECTION_TYPES, "none")
        return
    _check_numbers(detection, path)
    hears = brain.family in (Family.REALTIME, Family.AZURE_REALTIME)
    if isinstance(detection, SemanticVad):
        check_choice(detection.eagerness, EAGERNESS_LEVELS, f"{path}.eagerness")
        if not hears:
            raise refusals.semantic_vad_in_cascade()
        _check_openai_members(detection, path)
    if isinstance(detection, AzureSemanticVadEn) and hears:
        raise refusals.not_supported(path, "azure_semantic_vad_en is only supported in cascaded pipeline")
    if isinstance(detection.end_of_utterance_detection, EndOfUtteranceDetection):
        _check_end_of_utterance(detection.end_of_utterance_detection, f"{path}.end_of_utterance_detection", brain)


def _check_openai_members(detection: SemanticVad, path: str) -> None:
    """Documented: schema D5. Assumed: what its table does not give this detector is an unknown member."""
    for name in SemanticVad.__struct_fields__:
        if name not in _SEMANTIC_VAD_MEMBERS and getattr(detection, name) not in (UNSET, None):
            raise refusals.unexpected_member(f"{path}.{name}")


def _check_numbers(detection: VadSettings, path: str) -> None:
    for name in _SHARES:
        check_range(getattr(detection, name), 0, 1, f"{path}.{name}")
    check_range(detection.idle_timeout_ms, 1, None, f"{path}.idle_timeout_ms")
    for name in _DURATIONS:
        check_range(getattr(detection, name), 0, None, f"{path}.{name}")


def _check_end_of_utterance(detection: EndOfUtteranceDetection, path: str, brain: Brain) -> None:
    """Observed {IVW, EVAL, schema B2}: the models that read text need a transcript, hence a cascade.

    Documented: schema D6, the model that hears came with 2026-06-01-preview and is in no GA version. Assumed: it is in
    the preview after it.
    """
    allowed = [m for m in END_OF_UTTERANCE_MODELS if m != _AUDIO_EOU or brain.api_version in _AUDIO_EOU_VERSIONS]
    check_choice(detection.model, allowed, f"{path}.model")
    check_choice(detection.threshold_level, EOU_THRESHOLD_LEVELS, f"{path}.threshold_level")
    check_range(detection.threshold, 0, 1, f"{path}.threshold")
    check_range(detection.timeout_ms, 0, None, f"{path}.timeout_ms")
    check_range(detection.timeout, 0, None, f"{path}.timeout")
    if detection.model != _AUDIO_EOU and brain.family in (Family.REALTIME, Family.AZURE_REALTIME):
        raise refusals.eou_needs_cascade()
