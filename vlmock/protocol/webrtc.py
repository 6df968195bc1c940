"""Calls over WebRTC (``…/voice-live/realtime/calls``). In 2026-06-01-preview only. Source: schema A8."""

from vlmock.protocol.session import RequestSession
from vlmock.protocol.wire import UNSET, ClientEvent, ServerEvent, UnsetType, WireObject

__all__ = [
    "OutputAudioBufferStarted",
    "OutputAudioBufferStopped",
    "RtcCallError",
    "RtcCallErrorDetails",
    "RtcCallSdpCreate",
    "RtcCallSdpCreated",
]


class RtcCallSdpCreate(ClientEvent, tag="rtc.call.sdp.create", kw_only=True):
    """Open a call."""

    sdp_offer: str
    session: RequestSession | UnsetType | None = UNSET
    """Applied before the call starts."""


class RtcCallSdpCreated(ServerEvent, tag="rtc.call.sdp.created", kw_only=True):
    """The call can be connected."""

    rtc_call_id: str
    sdp_answer: str


class RtcCallErrorDetails(WireObject, kw_only=True):
    """What is wrong with a call."""

    type: str
    """``invalid_request_error`` or ``server_error``."""
    code: str | UnsetType | None = UNSET
    message: str


class RtcCallError(ServerEvent, tag="rtc.call.error", kw_only=True):
    """The call cannot be connected, or has trouble."""

    operation: str | UnsetType | None = UNSET
    rtc_call_id: str | UnsetType | None = UNSET
    error: RtcCallErrorDetails


class OutputAudioBufferStarted(ServerEvent, tag="output_audio_buffer.started", kw_only=True):
    """The call begins to play a response."""

    response_id: str | UnsetType | None = UNSET


class OutputAudioBufferStopped(ServerEvent, tag="output_audio_buffer.stopped", kw_only=True):
    """The call has played a response."""

    response_id: str | UnsetType | None = UNSET
