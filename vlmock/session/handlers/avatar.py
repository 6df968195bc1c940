"""session.avatar.connect and output_audio_buffer.clear. Source: behaviour.md 3.5, 4.12."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from vlmock.protocol.avatar import SessionAvatarConnect, SessionAvatarConnecting
from vlmock.protocol.output import OutputAudioBufferClear, OutputAudioBufferCleared
from vlmock.protocol.wire import given
from vlmock.session import refusals
from vlmock.session.answering import responses
from vlmock.session.avatar import appearance
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.transitions import ResponsePhase

if TYPE_CHECKING:
    from vlmock.session.avatar.sdp import Offer

__all__ = ["on_avatar_connect", "on_output_audio_buffer_clear"]


class _Description(msgspec.Struct):
    """What a browser calls an RTCSessionDescription."""

    type: str
    sdp: str


def on_avatar_connect(state: SessionState, event: SessionAvatarConnect) -> Iterator[Told]:
    """Observed {S03, TAK}: one offer for a session, one answer. Observed {VIBE}: a second while the first connection
    lives is refused, a third within a minute too. Assumed: the connection is there with the answer, and stays."""
    presence = state.avatar
    config = given(state.settings.avatar, None)
    if presence is None or config is None:
        raise refusals.avatar_not_configured()
    if given(config.output_protocol, "webrtc") == "websocket":
        raise refusals.avatar_not_over_webrtc()
    if presence.seat is not None:
        raise refusals.avatar_already_connected()
    offer = _offer(event.client_sdp)
    presence.seat = appearance.seat(state)
    appearance.appear(state)
    presence.stories.append(state.timeline.begin(_answered(state, offer)))
    yield from ()


def on_output_audio_buffer_clear(state: SessionState, event: OutputAudioBufferClear) -> Iterator[Told]:
    """Documented {DOC}: with an avatar only. Observed {AI4IA}: the avatar falls silent and the response ends, as if it
    had been cancelled."""
    if state.avatar is None:
        raise refusals.no_output_audio_buffer()
    active = state.response
    if active is not None and active.phase is ResponsePhase.IN_PROGRESS:
        responses.interrupt(state, active, reason="client_cancelled")
    yield OutputAudioBufferCleared()
    yield from appearance.hush(state)


def _offer(client_sdp: str) -> "Offer":
    """Observed {S03, TAK}: base64 of what a browser's ``localDescription`` is as JSON."""
    from vlmock.session.avatar.sdp import OfferError, parse_offer

    try:
        description = msgspec.json.decode(b64decode(client_sdp, validate=True), type=_Description)
    except (ValueError, RecursionError):
        raise refusals.invalid_client_sdp("it is not base64 of JSON") from None
    if description.type != "offer":
        raise refusals.invalid_client_sdp("its type is not offer")
    try:
        return parse_offer(description.sdp)
    except OfferError as error:
        raise refusals.invalid_client_sdp(str(error)) from None


def _answered(state: SessionState, offer: "Offer") -> Plot:
    """Observed {S03}: base64 again, as it came."""
    from vlmock.session.avatar.sdp import answer

    description = _Description("answer", answer(offer, seed=state.ids.make("avatar_")))
    yield At(state.now + state.seconds("avatar_answer"))
    yield SessionAvatarConnecting(server_sdp=b64encode(msgspec.json.encode(description)).decode())
