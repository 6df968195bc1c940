"""A picture that speaks: its settings, its connection, its states. Source: schema B 16, C 5 to 7, D8."""

from typing import Any

from vlmock.protocol.wire import UNSET, ClientEvent, Int32, ServerEvent, UnsetType, WireObject

__all__ = [
    "AVATAR_OUTPUT_PROTOCOLS",
    "AVATAR_TYPES",
    "PHOTO_AVATAR_MODELS",
    "AvatarConfig",
    "AvatarScene",
    "AvatarVideo",
    "IceServer",
    "SessionAvatarConnect",
    "SessionAvatarConnecting",
    "SessionAvatarSwitchToIdle",
    "SessionAvatarSwitchToSpeaking",
    "VideoBackground",
    "VideoCrop",
    "VideoResolution",
]

AVATAR_TYPES = ("video-avatar", "photo-avatar")
AVATAR_OUTPUT_PROTOCOLS = ("webrtc", "websocket")
PHOTO_AVATAR_MODELS = ("vasa-1",)


class IceServer(WireObject, kw_only=True):
    """A way through to the picture."""

    urls: list[str] | str
    username: str | UnsetType | None = UNSET
    credential: str | UnsetType | None = UNSET


class VideoCrop(WireObject, kw_only=True):
    """The part of the picture that is sent, in pixels, x before y."""

    top_left: list[Int32]
    bottom_right: list[Int32]


class VideoResolution(WireObject, kw_only=True):
    """In pixels."""

    width: Int32
    height: Int32


class VideoBackground(WireObject, kw_only=True):
    """Behind the avatar: a colour or a picture."""

    color: str | UnsetType | None = UNSET
    """``#RRGGBBAA``."""
    image_url: str | UnsetType | None = UNSET


class AvatarVideo(WireObject, kw_only=True):
    """How the picture is sent."""

    bitrate: Int32 | UnsetType | None = UNSET
    """In bits per second; 2000000 where not sent."""
    codec: str | UnsetType | None = UNSET
    """``h264``."""
    crop: VideoCrop | UnsetType | None = UNSET
    resolution: VideoResolution | UnsetType | None = UNSET
    background: VideoBackground | UnsetType | None = UNSET
    gop_size: Int32 | UnsetType | None = UNSET
    """In frames, 1 to 2000; 10 where not sent."""


class AvatarScene(WireObject, kw_only=True):
    """How a photo avatar stands and moves. Since 2026-01-01-preview."""

    zoom: float | UnsetType | None = UNSET
    """Above 0."""
    position_x: float | UnsetType | None = UNSET
    """-1 to 1."""
    position_y: float | UnsetType | None = UNSET
    """-1 to 1."""
    rotation_x: float | UnsetType | None = UNSET
    """In radians, -π to π, as the two below."""
    rotation_y: float | UnsetType | None = UNSET
    rotation_z: float | UnsetType | None = UNSET
    amplitude: float | UnsetType | None = UNSET
    """Above 0, up to 1."""


class AvatarConfig(WireObject, kw_only=True):
    """Who is shown, and how."""

    type: str | UnsetType | None = UNSET
    """One of ``AVATAR_TYPES``; video where not sent."""
    character: str
    style: str | UnsetType | None = UNSET
    """Video avatars only."""
    customized: bool | UnsetType | None = UNSET
    """Required by the specification, left out by a sample of the documentation: false where not sent."""
    model: str | UnsetType | None = UNSET
    """One of ``PHOTO_AVATAR_MODELS``; photo avatars only."""
    ice_servers: list[IceServer] | UnsetType | None = UNSET
    """The service puts its own into ``session.updated``."""
    video: AvatarVideo | UnsetType | None = UNSET
    scene: AvatarScene | UnsetType | None = UNSET
    output_protocol: str | UnsetType | None = UNSET
    """One of ``AVATAR_OUTPUT_PROTOCOLS``; WebRTC where not sent."""
    output_audit_audio: bool | UnsetType | None = UNSET


class SessionAvatarConnect(ClientEvent, tag="session.avatar.connect", kw_only=True):
    """Open the picture's connection."""

    client_sdp: str
    """Base64 of the JSON ``{"type": "offer", "sdp": …}``."""
    rtc_configuration: Any = UNSET
    """Observed {TAK, JOR}: some clients send it along."""


class SessionAvatarConnecting(ServerEvent, tag="session.avatar.connecting", kw_only=True):
    """The picture's connection is being made."""

    server_sdp: str
    """Base64 of the JSON ``{"type": "answer", "sdp": …}``."""


class SessionAvatarSwitchToSpeaking(ServerEvent, tag="session.avatar.switch_to_speaking", kw_only=True):
    """The avatar begins to speak. Since 2026-04-10."""

    turn_id: str | UnsetType | None = UNSET


class SessionAvatarSwitchToIdle(ServerEvent, tag="session.avatar.switch_to_idle", kw_only=True):
    """The avatar has stopped speaking. Since 2026-04-10."""

    turn_id: str | UnsetType | None = UNSET
