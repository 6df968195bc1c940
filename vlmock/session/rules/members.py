"""What each member of a session may be, looked at by itself. Members of ``response.create`` follow the same rules.

A rule is a function of the value, of where it stands and of the brain; the table at the end says whose it is.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from vlmock.protocol.input_audio import (
    ECHO_CANCELLATION_TYPES,
    ECHO_REFERENCE_SOURCES,
    INPUT_AUDIO_FORMATS,
    INPUT_AUDIO_SAMPLING_RATES,
    NOISE_REDUCTION_TYPES,
    TRANSCRIPTION_MODELS,
    EchoCancellation,
    InputAudioTranscription,
    NoiseReduction,
)
from vlmock.protocol.output import ANIMATION_OUTPUT_TYPES, AUDIO_TIMESTAMP_TYPES, OUTPUT_AUDIO_FORMATS, Animation
from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.session import (
    INTERIM_RESPONSE_TRIGGERS,
    MODALITIES,
    REASONING_EFFORTS,
    SESSION_INCLUDES,
    InterimResponse,
    LlmInterimResponse,
    RequestSession,
)
from vlmock.protocol.wire import UNSET, given
from vlmock.session import refusals
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.leniency import STRICT, Leniency
from vlmock.session.models import Family
from vlmock.session.rules.avatar import check_avatar
from vlmock.session.rules.tools import check_tools
from vlmock.session.rules.turn_detection import check_turn_detection
from vlmock.session.rules.values import check_choice, check_choices, check_not_empty, check_range
from vlmock.session.rules.versions import check_versions
from vlmock.session.rules.voices import check_voice

__all__ = ["check_members"]

Members = TypeVar("Members", RequestSession, ResponseCreateParams)

_MOST_LANGUAGES = 10
_MOST_METADATA_PAIRS, _LONGEST_METADATA_KEY, _LONGEST_METADATA_VALUE = 16, 64, 512
_MOST_OUTPUT_TOKENS = 4096


def check_members(members: Members, brain: Brain, *, at: str, leniency: Leniency = STRICT) -> Members:
    """Raise Refused at the first member that is wrong by itself. ``at`` is ``session`` or ``response``.

    Returns the members; lenient, without those that are wrong.
    """
    wrong = [
        name
        for name in members.__struct_fields__
        if (value := getattr(members, name)) is not UNSET and value is not None
        if not leniency.passes(_check_member, name, value, at, brain)
    ]
    return msgspec.structs.replace(members, **dict.fromkeys(wrong, UNSET)) if wrong else members


def _check_member(name: str, value: Any, at: str, brain: Brain) -> None:
    path = f"{at}.{name}"
    check_versions(value, path, brain)
    if name in _RULES:
        _RULES[name](value, path, brain)


# ---- what is heard


def _check_sampling_rate(rate_hz: int, path: str, _: Brain) -> None:
    """Observed {SDKT}: these rates come back. Assumed: no other does."""
    if rate_hz not in INPUT_AUDIO_SAMPLING_RATES:
        *most, last = map(str, INPUT_AUDIO_SAMPLING_RATES)
        raise refusals.out_of_range(path, f"{', '.join(most)} or {last}", rate_hz)


_TAKES_PHRASES = ("azure-mrs", "mai-transcribe-1.5", "azure-fast-transcription", "mai-transcribe", "azure-speech")


def _check_transcription(transcription: InputAudioTranscription, path: str, brain: Brain) -> None:
    """Documented: schema A6, D7. Observed {FON}: whisper does not take "" for a language. Observed (schema D7): the
    words about phrase lists."""
    model = transcription.model
    check_choice(model, TRANSCRIPTION_MODELS, f"{path}.model")
    check_choice(model, _transcription_models(brain), f"{path}.model")
    if model == "whisper-1":
        check_not_empty(transcription.language, f"{path}.language")
    if len(given(transcription.language, "").split(",")) > _MOST_LANGUAGES:
        raise refusals.malformed(f"{path}.language", f"at most {_MOST_LANGUAGES} languages are supported")
    if given(transcription.phrase_list, []) and not model.startswith(_TAKES_PHRASES):
        raise refusals.malformed(path, f"phrase_list is only supported for {', '.join(_TAKES_PHRASES)}")
    if custom := given(transcription.custom_speech, {}):
        if model != "azure-speech":
            raise refusals.malformed(path, "custom_speech is only supported for azure-speech")
        if len(custom) > _MOST_LANGUAGES:
            raise refusals.malformed(f"{path}.custom_speech", f"at most {_MOST_LANGUAGES} languages are supported")


def _transcription_models(brain: Brain) -> tuple[str, ...]:
    """Documented: schema A6. Azure's own where a text model reads them, azure-speech alone beside Phi."""
    match brain.family:
        case Family.PHI:
            return ("azure-speech",)
        case Family.CASCADED:
            return tuple(name for name in TRANSCRIPTION_MODELS if name.startswith(("azure-", "mai-")))
        case _:
            return TRANSCRIPTION_MODELS


def _check_noise_reduction(reduction: NoiseReduction, path: str, brain: Brain) -> None:
    """Documented: schema D3. OpenAI's two are for realtime models."""
    check_choice(reduction.type, NOISE_REDUCTION_TYPES, f"{path}.type")
    if reduction.type != "azure_deep_noise_suppression" and brain.family is not Family.REALTIME:
        raise refusals.not_supported(path, f"{reduction.type} is only supported for realtime models")


def _check_echo_cancellation(cancellation: EchoCancellation, path: str, _: Brain) -> None:
    """Documented: schema D4, B2. One channel for the server's reference, two for the client's."""
    check_choice(cancellation.type, ECHO_CANCELLATION_TYPES, f"{path}.type")
    check_choice(cancellation.reference_source, ECHO_REFERENCE_SOURCES, f"{path}.reference_source")
    check_range(cancellation.channels, 1, 2, f"{path}.channels")
    match given(cancellation.reference_source, "server"), given(cancellation.channels, 1):
        case "server", 2:
            raise refusals.ec_channels_require_client()
        case "client", 1:
            raise refusals.ec_reference_channels()


# ---- what is answered


def _check_modalities(modalities: list[str], path: str, brain: Brain) -> None:
    """Documented: schema D1, no audio without its text. Observed {PAI}: a realtime brain does it, and by default."""
    check_choices(modalities, MODALITIES, path)
    if not modalities:
        raise refusals.malformed(path, "modalities must not be empty")
    if set(modalities) == {"audio"} and brain.family in (Family.CASCADED, Family.PHI):
        raise refusals.not_supported(path, "modalities ['audio'] is not supported in cascaded pipeline")


def _check_output_tokens(limit: int | str, path: str, _: Brain) -> None:
    """Documented: schema D1."""
    if isinstance(limit, str):
        check_choice(limit, ("inf",), path)
    else:
        check_range(limit, 1, _MOST_OUTPUT_TOKENS, path)


def _check_interim_response(interim: InterimResponse, path: str, brain: Brain) -> None:
    """Documented: schema A6, D12. Fills the pauses of a text model, whose voice is always one of Azure's."""
    if brain.family is not Family.CASCADED:
        raise refusals.not_supported(path, "interim_response is only supported in cascaded pipeline")
    check_choices(interim.triggers, INTERIM_RESPONSE_TRIGGERS, f"{path}.triggers")
    check_range(interim.latency_threshold_ms, 0, None, f"{path}.latency_threshold_ms")
    if isinstance(interim, LlmInterimResponse):
        check_range(interim.max_completion_tokens, 1, None, f"{path}.max_completion_tokens")


def _check_animation(animation: Animation, path: str, _: Brain) -> None:
    check_choices(animation.outputs, ANIMATION_OUTPUT_TYPES, f"{path}.outputs")


# ---- the rest


def _check_metadata(metadata: dict[str, str], path: str, _: Brain) -> None:
    """Documented: schema A7."""
    if len(metadata) > _MOST_METADATA_PAIRS:
        raise refusals.malformed(path, f"metadata may have at most {_MOST_METADATA_PAIRS} pairs")
    for key, value in metadata.items():
        if len(key) > _LONGEST_METADATA_KEY:
            raise refusals.malformed(path, f"a metadata key may have at most {_LONGEST_METADATA_KEY} characters")
        if len(value) > _LONGEST_METADATA_VALUE:
            raise refusals.malformed(path, f"a metadata value may have at most {_LONGEST_METADATA_VALUE} characters")


_Rule = Callable[[Any, str, Brain], None]


def _one_of(*allowed: str) -> _Rule:
    return lambda value, path, _: check_choice(value, allowed, path)


def _some_of(*allowed: str) -> _Rule:
    return lambda values, path, _: check_choices(values, allowed, path)


def _between(low: float, high: float) -> _Rule:
    return lambda value, path, _: check_range(value, low, high, path)


_RULES: Final[Mapping[str, _Rule]] = {
    "modalities": _check_modalities,
    "voice": check_voice,
    "input_audio_format": _one_of(*INPUT_AUDIO_FORMATS),
    "output_audio_format": _one_of(*OUTPUT_AUDIO_FORMATS),
    "input_audio_sampling_rate": _check_sampling_rate,
    "input_audio_transcription": _check_transcription,
    "input_audio_noise_reduction": _check_noise_reduction,
    "input_audio_echo_cancellation": _check_echo_cancellation,
    "turn_detection": check_turn_detection,
    "tools": check_tools,
    "temperature": _between(0, 1.2),
    "max_response_output_tokens": _check_output_tokens,
    "max_output_tokens": _check_output_tokens,
    "reasoning_effort": _one_of(*REASONING_EFFORTS),
    "interim_response": _check_interim_response,
    "animation": _check_animation,
    "avatar": check_avatar,
    "output_audio_timestamp_types": _some_of(*AUDIO_TIMESTAMP_TYPES),
    "include": _some_of(*SESSION_INCLUDES),
    "metadata": _check_metadata,
    "conversation": _one_of("auto", "none"),
}
"""Temperature, Documented: schema I, the widest of the ranges that the sources give."""
