"""session.update. Source: behaviour.md 2.2, 2.3."""

from collections.abc import Iterator

from msgspec import structs

from vlmock.protocol.avatar import AvatarConfig
from vlmock.protocol.session import SessionUpdate, SessionUpdated
from vlmock.protocol.wire import UNSET, given
from vlmock.session.answering import idle_timeout
from vlmock.session.answering.mcp_tools import ask_again, list_tools
from vlmock.session.answering.responses import settle
from vlmock.session.avatar import appearance
from vlmock.session.configuration.settings import updated
from vlmock.session.listening.hearing import hearing_of
from vlmock.session.pipeline import choose
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.user_turns import first_update, spoken_turns

__all__ = ["apply_audio_settings", "on_session_update"]


def on_session_update(state: SessionState, event: SessionUpdate) -> Iterator[Told]:
    """Observed {IVW, OAI}: a rejected update changes nothing, an accepted one is answered with all settings."""
    after = updated(
        state.settings if state.readings.update == "merge" else state.at_connect,
        event.session,
        brain=state.brain,
        first_update=state.updates == 0,
        audio_was_produced=state.said_audio,
        leniency=state.leniency,
    )
    presence = appearance.configured(state, after, event.session)
    if presence is not state.avatar:
        yield from appearance.dismiss(state)
        state.avatar = presence
    state.settings = appearance.announced(state.settings, after, event.session)
    state.updates += 1
    first_update.configured(state)
    state.pipeline = choose(state.brain.model, state.settings.voice, profile=state.brain.profile)
    state.meter.pipeline = state.pipeline
    if event.session.tools is not UNSET:
        ask_again(state)
    introduces = presence is not None and isinstance(event.session.avatar, AvatarConfig)
    state.timeline.begin(_acknowledge(state, introduces=introduces), acknowledges=True)
    yield from apply_audio_settings(state)


def apply_audio_settings(state: SessionState) -> Iterator[Told]:
    """Let the input buffer follow the settings. What it forgets will never have been said."""
    hearing = hearing_of(state.settings)
    state.audio_turns.configure(hearing)
    if state.input.configure(hearing):
        yield from spoken_turns.drop(state)
    elif state.quiet_since is not None:
        idle_timeout.follow(state, settle)


def _acknowledge(state: SessionState, *, introduces: bool) -> Plot:
    """Observed {FON, PAI}: all settings, and the client's event id nowhere. Observed {VIBE}: one that ``introduces`` an
    avatar gets two answers, and the first has none yet."""
    settings = state.settings
    yield At(state.now + state.seconds("updated"))
    if introduces:
        yield SessionUpdated(session=structs.replace(settings, avatar=None))
    yield SessionUpdated(session=settings)
    list_tools(state, given(settings.tools, []))
    appearance.appear(state)
