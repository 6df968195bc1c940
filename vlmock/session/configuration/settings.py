"""The settings in force: what they are at connect, and what an update makes of them.

Both functions are pure. An update is taken as a whole or refused as a whole: what the client did not send stays as it
is, an object that it sent replaces the one in force and is filled from the service's defaults.

Observed {PAI, FON}: the filling. Documented {DOC, OAI}: the top level is merged; the wires that were seen fit that.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import structs

from vlmock.protocol.avatar import AvatarConfig, AvatarVideo
from vlmock.protocol.session import AgentConfig, RequestSession, ResponseSession
from vlmock.protocol.wire import UNSET, UnsetType, given
from vlmock.session import models
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.defaults import (
    filled_tools,
    filled_transcription,
    filled_turn_detection,
    filled_voice,
    instructions,
    transcription_at_connect,
    turn_detection_at_connect,
    voice_at_connect,
)
from vlmock.session.configuration.leniency import STRICT, Leniency
from vlmock.session.pipeline import choose
from vlmock.session.rules.changes import check_change
from vlmock.session.rules.conflicts import check_conflicts
from vlmock.session.rules.members import check_members

__all__ = ["Brain", "initial", "updated"]

_PCM16_RATE_HZ = 24_000
_G711_RATE_HZ = 8_000


def initial(brain: Brain, *, session_id: str, expires_at: int | None, thread_id: str = "") -> ResponseSession:
    """What ``session.created`` shows, in every api-version. ``expires_at`` in Unix seconds, None for an agent's
    session {TAK}; Observed {FON, PAI} on 2025-10-01 and 2026-04-10, although the contract has it since 2026-07-15 only.
    ``thread_id`` of an agent's conversation.

    Observed {FON} for a cascade, {PAI} for native, both as of August 2026: earlier builds had neither ``greeting`` nor
    ``handoff``, and null for native's ``output_audio_format``. Observed {SEED}: 2025-05-01-preview ends with ``agent``.
    """
    voice = voice_at_connect(brain)
    pipeline = choose(brain.model, voice, profile=brain.profile)
    no_temperature = brain.agent is not None or pipeline.temperature_in_session is None
    return ResponseSession(
        id=session_id,
        model=models.resolved(brain.model, brain.profile) or UNSET,
        modalities=["text", "audio"] if pipeline.transcribes_always else ["audio"],
        instructions=instructions(pipeline),
        voice=voice,
        input_audio_format="pcm16",
        output_audio_format="pcm16",
        input_audio_transcription=transcription_at_connect(pipeline),
        input_audio_noise_reduction=None,
        turn_detection=turn_detection_at_connect(brain),
        tools=[],
        tool_choice="auto",
        temperature=UNSET if no_temperature else pipeline.temperature_in_session,
        max_response_output_tokens="inf",
        expires_at=expires_at,
        object="realtime.session",
        input_audio_sampling_rate=_PCM16_RATE_HZ,
        animation=None,
        input_audio_echo_cancellation=None,
        avatar=None,
        output_audio_timestamp_types=None,
        truncation_strategy=None,
        include=None,
        greeting=None,
        handoff=None,
        agent=_agent(brain, thread_id),
    )


def _agent(brain: Brain, thread_id: str) -> AgentConfig | UnsetType | None:
    """Documented {DOC}: ``session.updated`` has it. Assumed: so does ``session.created``."""
    if brain.agent is not None:
        return brain.agent.described(thread_id)
    return UNSET if brain.reached("2025-10-01") else None


def updated(
    current: ResponseSession,
    update: RequestSession,
    *,
    brain: Brain,
    first_update: bool,
    audio_was_produced: bool,
    leniency: Leniency = STRICT,
) -> ResponseSession:
    """The settings after an update. ``first_update``: none was accepted before.

    Raises Refused when any part of the update will not do; then nothing of it holds. Observed {IVW, OAI}. Lenient, all
    that is right by itself holds.
    """
    update = check_members(update, brain, at="session", leniency=leniency)
    after = _merged(current, update, brain)
    leniency.passes(
        check_change,
        current,
        after,
        update,
        brain=brain,
        first_update=first_update,
        audio_was_produced=audio_was_produced,
    )
    leniency.passes(check_conflicts, after, brain)
    return after


# ---- merging


_NOT_SETTINGS: Final = ("model", "expires_at")
"""Documented: schema D1, D13. The one is fixed by the URL, the other by the service."""

_NULL_SWITCHES_OFF: Final = (
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "input_audio_echo_cancellation",
    "turn_detection",
    "reasoning_effort",
    "interim_response",
    "animation",
    "avatar",
    "output_audio_timestamp_types",
    "truncation_strategy",
    "include",
    "metadata",
    "greeting",
    "handoff",
)
"""Documented: schema 0, for the first four. Assumed for the others: null is what they are without a setting. Null for
any other member leaves it as it is."""

_FILLED: Final[Mapping[str, Callable[[Any, Brain], Any]]] = {
    "voice": lambda voice, _: filled_voice(voice),
    "input_audio_transcription": lambda transcription, _: filled_transcription(transcription),
    "turn_detection": filled_turn_detection,
    "tools": lambda tools, _: filled_tools(tools),
}


def _merged(current: ResponseSession, update: RequestSession, brain: Brain) -> ResponseSession:
    changes: dict[str, Any] = {}
    for name in update.__struct_fields__:
        value = getattr(update, name)
        if value is UNSET or name in _NOT_SETTINGS:
            continue
        if value is not None:
            changes[name] = _FILLED[name](value, brain) if name in _FILLED else value
        elif name in _NULL_SWITCHES_OFF:
            changes[name] = None
    after = structs.replace(current, **changes)
    return structs.replace(
        after,
        instructions=after.instructions or instructions(choose(brain.model, after.voice, profile=brain.profile)),
        input_audio_sampling_rate=_sampling_rate(current, update, after),
        avatar=_with_fixed_bitrate(current.avatar, after.avatar),
    )


def _sampling_rate(current: ResponseSession, update: RequestSession, after: ResponseSession) -> int:
    """Observed {SDKT}: G.711 has 8000 Hz, whatever was sent. Assumed: going back to PCM16 brings the default back."""
    if after.input_audio_format != "pcm16":
        return _G711_RATE_HZ
    default = given(current.input_audio_sampling_rate, _PCM16_RATE_HZ)
    return given(update.input_audio_sampling_rate, default if current.input_audio_format == "pcm16" else _PCM16_RATE_HZ)


def _with_fixed_bitrate(current: Any, after: Any) -> Any:
    """Observed {VIBE}: a later change of the avatar's bitrate is ignored without a word."""
    match current, after:
        case AvatarConfig(video=AvatarVideo(bitrate=int(bitrate))), AvatarConfig(video=AvatarVideo() as video):
            return structs.replace(after, video=structs.replace(video, bitrate=bitrate))
        case _:
            return after
