"""Refusals: avatars."""

from tests.session.avatar.offers import EXHAUSTED, FILMED, LISA, connect
from tests.session.conftest import MS_PER_CHARACTER, Dialogue
from tests.session.exchanges import update
from tests.session.refusal_cases.case import ANSWER, Case
from vlmock.session.script import Say


def six_minutes(talk: Dialogue) -> None:
    talk.wait(360)


def eleven_minutes_of_speech(talk: Dialogue) -> None:
    talk.script.replies.extend([Say("x" * (60_000 // MS_PER_CHARACTER))] for _ in range(11))
    talk.client(*[ANSWER] * 11).wait(601)


CASES = (
    Case(
        "avatar_not_found",
        (update(avatar={"character": "leo", "style": "old"}),),
        "Avatar with character [leo] and style [old] not found.",
        "avatar_verification_failed",
        "session.avatar",
    ),
    Case(
        "photo_avatar_has_no_style",
        (update(avatar={"type": "photo-avatar", "character": "zoe", "style": "casual"}),),
        "Style is not supported for photo avatars.",
        "avatar_verification_failed",
        "session.avatar.style",
    ),
    Case(
        "avatar_not_configured",
        (connect(),),
        "Avatar is not configured. Send session.update with avatar first.",
    ),
    Case(
        "avatar_not_over_webrtc",
        (update(avatar=FILMED), connect()),
        "session.avatar.connect is only supported when output_protocol is 'webrtc'.",
    ),
    Case(
        "invalid_client_sdp",
        (update(avatar=LISA), connect("v=0")),
        'Invalid \'client_sdp\': it has no m=video. Expected base64 of the JSON {{"type": "offer", "sdp": …}}.',
        "invalid_value",
        "client_sdp",
    ),
    Case(
        "avatar_already_connected",
        (update(avatar=LISA), connect(), connect()),
        "WebRTC connection is in connected state",
    ),
    Case(
        "avatar_rate_limited",
        (*[update(avatar=LISA), connect(), update(avatar=None)] * 2, update(avatar=LISA), connect()),
        "Avatar request was rate-limited. Retry after 60.0s.",
        "rate_limit_exceeded",
    ),
    Case(
        "avatar_resource_exhausted",
        (update(avatar=FILMED),),
        EXHAUSTED,
        "avatar_service_resource_exhausted",
        how={"avatar_trouble": "resource_exhausted"},
    ),
    Case(
        "avatar_capacity_exceeded",
        (update(avatar=FILMED),),
        "Avatar capacity exceeded. Please try again later.",
        "avatar_capacity_exceeded",
        how={"avatar_trouble": "capacity_exceeded"},
    ),
    Case(
        "avatar_idle_too_long",
        (update(avatar=LISA), connect(), six_minutes),
        "Avatar connection was closed: it was idle for the maximum of 5 minutes.",
        "avatar_idle_timeout",
    ),
    Case(
        "avatar_spoke_too_long",
        (update(avatar=LISA), connect(), eleven_minutes_of_speech),
        "Avatar connection was closed: it was speaking for the maximum of 10 minutes.",
        "avatar_speaking_timeout",
    ),
    Case(
        "no_output_audio_buffer",
        ({"type": "output_audio_buffer.clear"},),
        "output_audio_buffer.clear is only supported when avatar is configured.",
    ),
)
