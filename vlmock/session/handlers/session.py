"""session.update. Source: behaviour.md 2.2, 2.3."""

from collections.abc import Iterator

from vlmock.protocol.session import SessionUpdate, SessionUpdated
from vlmock.protocol.turn_detection import SemanticVad, ServerVad, VadSettings
from vlmock.protocol.wire import given
from vlmock.session import first_update, spoken_turns
from vlmock.session.mcp_tools import list_tools
from vlmock.session.pipeline import choose
from vlmock.session.settings import updated
from vlmock.session.state import SessionState, audio_format_of
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.turn_detector import DetectorSettings

__all__ = ["apply_audio_settings", "on_session_update"]

_EAGERNESS_SILENCE_MS = {"low": 1_000, "medium": 500, "high": 300, "auto": 500}
"""Assumed: a level detector can only be more or less patient."""


def on_session_update(state: SessionState, event: SessionUpdate) -> Iterator[Told]:
    """Observed {IVW, OAI}: a rejected update changes nothing, an accepted one is answered with all settings."""
    state.settings = updated(
        state.settings if state.readings.update == "merge" else state.at_connect,
        event.session,
        brain=state.brain,
        first_update=state.updates == 0,
        audio_was_produced=state.said_audio,
        leniency=state.leniency,
    )
    state.updates += 1
    first_update.configured(state)
    state.pipeline = choose(state.brain.model, state.settings.voice, profile=state.brain.profile)
    state.meter.pipeline = state.pipeline
    state.timeline.begin(_acknowledge(state), acknowledges=True)
    yield from apply_audio_settings(state)


def apply_audio_settings(state: SessionState) -> Iterator[Told]:
    """Let the input buffer follow the settings. What is being said is forgotten where nobody listens any more, or
    where its sound came in another format. Assumed."""
    detection, audio_format = state.detection, audio_format_of(state.settings)
    forgets = detection is None or audio_format != state.input.audio_format
    state.audio_turns.configure(audio_format)
    state.input.configure(audio_format, None if detection is None else _detector(detection))
    if forgets:
        yield from spoken_turns.drop(state)


def _acknowledge(state: SessionState) -> Plot:
    settings = state.settings
    yield At(state.now + state.seconds("updated"))
    yield SessionUpdated(session=settings)
    list_tools(state, given(settings.tools, []))


def _detector(detection: VadSettings) -> DetectorSettings:
    silence_ms = given(detection.silence_duration_ms, 500)
    if isinstance(detection, SemanticVad):
        silence_ms = _EAGERNESS_SILENCE_MS.get(given(detection.eagerness, "auto"), 500)
    return DetectorSettings(
        threshold=given(detection.threshold, 0.5),
        prefix_padding_ms=given(detection.prefix_padding_ms, 400),
        silence_duration_ms=silence_ms,
        speech_duration_ms=given(detection.speech_duration_ms, None),
        semantic=not isinstance(detection, ServerVad),
    )
