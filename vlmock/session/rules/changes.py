"""What an update may not change any more. Source: behaviour 2.3."""

from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.session import RequestSession, ResponseSession
from vlmock.protocol.turn_detection import TurnDetection
from vlmock.protocol.voices import AzureSpeechVoice
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import models, refusals
from vlmock.session.configuration.brain import Brain

__all__ = ["check_change"]


def check_change(
    before: ResponseSession,
    after: ResponseSession,
    update: RequestSession,
    *,
    brain: Brain,
    first_update: bool,
    audio_was_produced: bool,
) -> None:
    """Raise Refused when the update changes what is fixed. ``after`` is what it would lead to."""
    _check_model(update, brain)
    if brain.agent:
        _check_agent(update)
    _check_voice(before, after, update, first_update=first_update, audio_was_produced=audio_was_produced)
    if not first_update:
        _check_frozen(before, after)


def _check_model(update: RequestSession, brain: Brain) -> None:
    """Observed {PIPE}: refused. Assumed: to send the model that it is already does no harm."""
    own_names = ("", brain.model, models.resolved(brain.model, brain.profile))
    if not brain.agent and given(update.model, "") not in own_names:
        raise refusals.model_fixed()


def _check_agent(update: RequestSession) -> None:
    """Observed {JOR}: instructions. Documented: schema A6, model and tools as well."""
    if isinstance(update.instructions, str):
        raise refusals.instructions_in_agent_mode()
    if isinstance(update.model, str):
        raise refusals.fixed_by_agent("model")
    if isinstance(update.tools, list):
        raise refusals.fixed_by_agent("tools")


def _check_voice(
    before: ResponseSession,
    after: ResponseSession,
    update: RequestSession,
    *,
    first_update: bool,
    audio_was_produced: bool,
) -> None:
    """Assumed: to name the voice that speaks already is no change.

    Observed {PIPE}: a text-only session has no synthesizer, and a later update that names a voice is told so, even if
    it is the same voice. Assumed: only the Azure voices need one.
    """
    changed = before.voice != after.voice
    if changed and before.avatar is not None:
        raise refusals.voice_fixed_by_avatar()
    if changed and audio_was_produced:
        raise refusals.cannot_update_voice()
    silent = not any("audio" in given(session.modalities, []) for session in (before, after))
    if not first_update and silent and isinstance(update.voice, AzureSpeechVoice):
        raise refusals.no_synthesizer()


def _check_frozen(before: ResponseSession, after: ResponseSession) -> None:
    """Observed {IVW, FON, NETT}: the detector's type. Assumed: null is no type, so detection may be switched off and
    on, and comes on with any type. Documented {DOC}: sampling rate and echo reference."""
    types = _tag(before.turn_detection), _tag(after.turn_detection)
    if all(types) and types[0] != types[1]:
        raise refusals.turn_detection_type_changed(*types)
    rates = before.input_audio_sampling_rate, after.input_audio_sampling_rate
    if isinstance(rates[0], int) and isinstance(rates[1], int) and rates[0] != rates[1]:
        raise refusals.sampling_rate_changed(rates[0], rates[1])
    references = _reference(before.input_audio_echo_cancellation), _reference(after.input_audio_echo_cancellation)
    if all(references) and references[0] != references[1]:
        raise refusals.echo_reference_changed(*references)


def _tag(detection: TurnDetection | UnsetType | None) -> str:
    return "" if detection is None or isinstance(detection, UnsetType) else detection.type


def _reference(cancellation: EchoCancellation | UnsetType | None) -> str:
    return given(cancellation.reference_source, "server") if isinstance(cancellation, EchoCancellation) else ""
