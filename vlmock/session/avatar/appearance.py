"""What an avatar does: it comes, speaks, falls silent, is watched for too long, and goes. Source: behaviour.md 4.12."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import structs

from vlmock.protocol.audio_format import output_format
from vlmock.protocol.avatar import AvatarConfig, IceServer
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.output import ResponseVideoDelta
from vlmock.protocol.session import RequestSession, ResponseSession
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.avatar.pool import Seat
from vlmock.session.avatar.presence import AvatarPresence, Turn
from vlmock.session.speaking.active_response import ActiveResponse
from vlmock.session.speaking.runs import Run
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, Told

if TYPE_CHECKING:
    from vlmock.session.avatar.film import Film

__all__ = ["announced", "appear", "configured", "dismiss", "hush", "say", "seat", "vanish"]

_IDLE_LIMIT_S: Final = 300.0
_SPEAKING_LIMIT_S: Final = 600.0
"""Documented (behaviour 1.4): five minutes of silence, ten of speech; an older text has thirty."""
_CODEC: Final = "h264"
_FILMS_SINCE: Final = "2026-04-10"
"""Documented (schema C 47): ``response.video.delta``. Assumed: before it, ``websocket`` changes nothing."""


# ---- coming and going


def configured(state: SessionState, after: ResponseSession, update: RequestSession) -> AvatarPresence | None:
    """The avatar that these settings ask for, if any; the one that is there, where that will do.

    Raises Refused when another one cannot be had now. Assumed: over the WebSocket it counts as a new one from the
    update on, over WebRTC from ``session.avatar.connect`` on.
    """
    config = given(after.avatar, None)
    if config is None:
        return None
    over_webrtc = given(config.output_protocol, "webrtc") != "websocket"
    films = not over_webrtc and state.brain.reached(_FILMS_SINCE)
    sounds = films and state.readings.avatar_sound == "video"
    presence = state.avatar if state.avatar is not None and state.avatar.films == films else None
    sent = isinstance(update.avatar, AvatarConfig)
    taken = seat(state) if films and sent and (presence is None or presence.seat is None) else None
    presence = presence or AvatarPresence(films=films, takes_sound=False, sounds=False)
    if taken is not None:  # what is said before the first picture is filmed as well, so the film is there already
        presence.seat = taken
        presence.film = _new_film(output_format(given(after.output_audio_format, None) or "pcm16").rate_hz)
    presence.sounds = sounds
    presence.takes_sound = (over_webrtc or sounds) and given(config.output_audit_audio, False) is not True
    return presence


def announced(before: ResponseSession, after: ResponseSession, update: RequestSession) -> ResponseSession:
    """The settings as they are shown with an avatar.

    Observed {VIBE}: one TURN server, on UDP 3478, where the client brought none. Observed {AI4IA}: null over the
    WebSocket, and that ``modalities`` has ``avatar`` whether it was sent or not; Assumed: beside ``audio`` only, and
    it goes with the avatar, unless the same update says otherwise. The server that is named does not exist.
    """
    avatar, modalities = given(after.avatar, None), given(after.modalities, None) or []
    if avatar is None:
        if given(before.avatar, None) is None or given(update.modalities, None) is not None:
            return after
        return structs.replace(after, modalities=[each for each in modalities if each != "avatar"])
    if given(avatar.output_protocol, "webrtc") == "websocket":
        servers = None
    else:
        nobody = f"nobody-{given(after.id, '')[-8:]}"
        own = IceServer(urls=["turn:relay.invalid:3478"], username=nobody, credential="not-a-credential")
        servers = given(avatar.ice_servers, None) or [own]
    return structs.replace(
        after,
        avatar=structs.replace(avatar, ice_servers=servers),
        modalities=[*modalities, "avatar"] if "audio" in modalities and "avatar" not in modalities else modalities,
    )


def seat(state: SessionState) -> Seat:
    """One more avatar of the server's. Raises Refused when there is none to be had."""
    if state.avatar_trouble == "capacity_exceeded":
        raise refusals.avatar_capacity_exceeded()
    if state.avatar_trouble == "resource_exhausted":
        raise refusals.avatar_resource_exhausted()
    return state.avatars.take(state.now, rate=state.readings.avatar_rate)


def appear(state: SessionState) -> None:
    """From now on it is shown."""
    presence = state.avatar
    if presence is None or presence.seat is None or presence.stories:
        return
    presence.since = state.now
    presence.stories.append(state.timeline.begin(_watched(state, presence)))
    if presence.film is not None:
        presence.stories.append(state.timeline.begin(_filmed(state, presence, presence.film)))


def dismiss(state: SessionState) -> Iterator[Told]:
    """It is sent away, or its time is over."""
    presence = state.avatar
    if presence is not None:
        yield from hush(state)
        for story in presence.stories:
            state.timeline.abandon(story)
        presence.stories.clear()
        presence.film = None
        vanish(state)


def vanish(state: SessionState) -> None:
    """Nobody sees it any more."""
    presence = state.avatar
    if presence is not None and presence.seat is not None:
        state.avatars.give_back(presence.seat)
        presence.seat = None


# ---- speaking


def say(state: SessionState, response: ActiveResponse, said: Run) -> Iterator[Told]:
    """More words to speak, as soon as those before them have been spoken. Assumed: nobody hears one that is not there.

    Observed {AI4IA}: the picture goes its own pace, and ``response.done`` comes while the avatar still speaks.
    """
    presence = state.avatar
    if presence is None or presence.seat is None:
        return
    if not presence.turns or presence.turns[-1].id != response.id:
        free = presence.turns[-1].ends if presence.turns else state.now
        presence.turns.append(Turn(response.id, max(free, state.now)))
    turn = presence.turns[-1]
    if presence.film is not None:
        for audio in said.audio:
            samples = presence.film.samples(audio, response.audio_format)
            turn.samples += samples if presence.sounds else bytes(len(samples))
        return
    turn.ends = max(turn.ends, state.now) + said.duration_ms / 1000
    if presence.speech is None:
        yield from presence.switch(turn.id, state.now)
        presence.speech = state.timeline.begin(_spoken(state, presence))


def hush(state: SessionState) -> Iterator[Told]:
    """Say nothing more. Observed {AI4IA}: after a cancelled response it is idle within a fifth of a second. Assumed:
    at once, and likewise when the user interrupts what is still being spoken of a finished response."""
    presence = state.avatar
    if presence is None:
        return
    presence.turns.clear()
    if presence.speech is not None:
        state.timeline.abandon(presence.speech)
        presence.speech = None
    yield from presence.switch(None, state.now)


def _spoken(state: SessionState, presence: AvatarPresence) -> Plot:
    """WebRTC: where its sound went nobody knows; it plays as long as it lasts."""
    while presence.turns:
        turn = presence.turns[0]
        yield from presence.switch(turn.id, state.now)
        while turn.ends > state.now:
            yield At(turn.ends)
        presence.turns.popleft()
    presence.speech = None
    yield from presence.switch(None, state.now)


def _new_film(rate_hz: int) -> "Film":
    """Imported late, because hardly anybody watches."""
    from vlmock.session.avatar.film import Film

    return Film(rate_hz)


def _filmed(state: SessionState, presence: AvatarPresence, film: "Film") -> Plot:
    """WebSocket. Observed {AI4IA}: from ``session.updated`` on, in real time, spoken or not.

    When a test sets the clock forward nothing is left out, for a gap would stop a player; ``_watched`` is the bound.
    """
    begun, pieces = state.now, 0
    size = 2 * film.samples_in_a_piece
    while True:
        turn = presence.turns[0] if presence.turns else None
        yield from presence.switch(None if turn is None else turn.id, state.now)
        said = b""
        if turn is not None:
            said = bytes(turn.samples[:size])
            del turn.samples[:size]
            if not turn.samples:
                presence.turns.popleft()
        yield ResponseVideoDelta(output_index=0, codec=_CODEC, delta=film.piece(said))
        pieces += 1
        yield At(begun + pieces * film.piece_s)


def _watched(state: SessionState, presence: AvatarPresence) -> Plot:
    """Ends it when it has been silent, or has been speaking, for too long.

    Whatever it does next moves the end at least five minutes away, so it is enough to look so often.
    """
    while True:
        limit = _IDLE_LIMIT_S if presence.speaking is None else _SPEAKING_LIMIT_S
        ends = presence.since + limit
        if state.now >= ends:
            break
        yield At(min(ends, state.now + _IDLE_LIMIT_S))
    over = refusals.avatar_idle_too_long() if presence.speaking is None else refusals.avatar_spoke_too_long()
    yield from dismiss(state)
    yield ErrorEvent(error=over.details)
