"""Who an avatar may be, and how a session comes by one."""

from typing import Any

import pytest

from tests.session.avatar.offers import FILMED, LISA, configure
from tests.session.conftest import Dialogue
from tests.session.updates import NEWEST, update
from vlmock.protocol.avatar import AvatarConfig
from vlmock.session.avatar.characters import is_known
from vlmock.session.refusals import Refused

ANY = "invalid_session_update_message"
UNVERIFIED = "avatar_verification_failed"
PHOTO = {"type": "photo-avatar", "model": "vasa-1", "character": "sakura", "customized": False}


def video(**members: Any) -> dict[str, Any]:
    return LISA | {"video": members}


def scene(**members: Any) -> dict[str, Any]:
    return PHOTO | {"scene": members}


@pytest.mark.parametrize(
    ("avatar", "message", "code", "param"),
    [
        (
            LISA | {"character": "leonard"},
            "Avatar with character [leonard] and style [casual-sitting] not found.",
            UNVERIFIED,
            "",
        ),
        ({"character": "Lisa"}, "Avatar with character [Lisa] and style [] not found.", UNVERIFIED, ""),
        (
            LISA | {"style": "graceful-sitting"},
            "Avatar with character [lisa] and style [graceful-sitting] not found.",
            UNVERIFIED,
            "",
        ),
        (PHOTO | {"character": "lisa"}, "Avatar with character [lisa] and style [] not found.", UNVERIFIED, ""),
        (PHOTO | {"style": "casual"}, "Style is not supported for photo avatars.", UNVERIFIED, ".style"),
        (LISA | {"character": ""}, "Value error, character must not be empty", ANY, ".character"),
        (
            LISA | {"type": "hologram"},
            "'session.avatar.type' should be 'video-avatar' or 'photo-avatar', got 'hologram'",
            ANY,
            ".type",
        ),
        (PHOTO | {"model": "vasa-2"}, "'session.avatar.model' should be 'vasa-1', got 'vasa-2'", ANY, ".model"),
        (
            LISA | {"output_protocol": "rtmp"},
            "'session.avatar.output_protocol' should be 'webrtc' or 'websocket', got 'rtmp'",
            ANY,
            ".output_protocol",
        ),
        (video(codec="vp9"), "'session.avatar.video.codec' should be 'h264', got 'vp9'", ANY, ".video.codec"),
        (video(bitrate=0), None, ANY, ".video.bitrate"),
        (video(gop_size=0), None, ANY, ".video.gop_size"),
        (video(gop_size=2001), None, ANY, ".video.gop_size"),
        (video(resolution={"width": 0, "height": 9}), None, ANY, ".video.resolution.width"),
        (video(resolution={"width": 9, "height": -1}), None, ANY, ".video.resolution.height"),
        (video(crop={"top_left": [0], "bottom_right": [9, 9]}), None, ANY, ".video.crop.top_left"),
        (video(crop={"top_left": [0, -1], "bottom_right": [9, 9]}), None, ANY, ".video.crop.top_left[1]"),
        (video(crop={"top_left": [9, 0], "bottom_right": [9, 9]}), None, ANY, ".video.crop"),
        (video(background={"color": "white"}), None, ANY, ".video.background.color"),
        (video(background={"color": "#FFFFFF"}), None, ANY, ".video.background.color"),
        (
            video(background={"color": "#FFFFFFFF", "image_url": "https://example.com/a.png"}),
            "Value error, color and image_url exclude each other",
            ANY,
            ".video.background",
        ),
        (scene(zoom=0), None, ANY, ".scene.zoom"),
        (scene(position_x=1.1), None, ANY, ".scene.position_x"),
        (scene(position_y=-1.1), None, ANY, ".scene.position_y"),
        (scene(rotation_x=3.15), None, ANY, ".scene.rotation_x"),
        (scene(rotation_z=-3.15), None, ANY, ".scene.rotation_z"),
        (scene(amplitude=0), None, ANY, ".scene.amplitude"),
        (scene(amplitude=1.01), None, ANY, ".scene.amplitude"),
    ],
)
def test_what_no_avatar_can_be(avatar: dict[str, Any], message: str | None, code: str, param: str) -> None:
    """Observed {SKILL, AI4IA}: an unknown one. Documented: schema D8, the rest."""
    with pytest.raises(Refused) as refused:
        update(NEWEST, {"avatar": avatar})
    details = refused.value.details
    assert (details.code, details.param) == (code, f"session.avatar{param}")
    assert message is None or details.message == message


@pytest.mark.parametrize(
    "avatar",
    [
        LISA,
        {"character": "lisa"},
        {"character": "rowan"},
        {"character": "meg", "style": "formal", "customized": False},
        {"character": "our own", "style": "any", "customized": True},
        PHOTO,
        {"type": "photo-avatar", "character": "our own", "customized": True},
        video(
            bitrate=2_000_000,
            codec="h264",
            gop_size=10,
            crop={"top_left": [560, 0], "bottom_right": [1360, 1080]},
            resolution={"width": 1920, "height": 1080},
            background={"color": "#FFFFFF00"},
        ),
        scene(zoom=1.2, position_x=-1, position_y=1, rotation_x=3.14, rotation_y=-3.14, rotation_z=0, amplitude=1),
    ],
)
@pytest.mark.parametrize("modalities", [["text", "audio", "avatar"], ["text", "audio"]])
def test_who_an_avatar_can_be(avatar: dict[str, Any], modalities: list[str]) -> None:
    """Documented {DOC}: ``modalities`` must have ``avatar``. Clients in the field leave it out, and it works."""
    assert update(NEWEST, {"avatar": avatar, "modalities": modalities}).avatar


def test_every_documented_style_is_known_and_no_other_characters() -> None:
    """Documented: six characters with styles, four without, thirty photos."""
    assert is_known(AvatarConfig(character="harry", style="youthful"))
    assert not is_known(AvatarConfig(character="harry", style="formal"))
    assert not is_known(AvatarConfig(character="rowan", style="formal"))
    assert is_known(AvatarConfig(type="photo-avatar", character="zoe"))
    assert not is_known(AvatarConfig(character="zoe"))


def test_an_avatar_is_announced_twice() -> None:
    """Observed {VIBE}: first without it, then with it and one TURN server on UDP 3478."""
    talk = Dialogue().skip()
    talk.client(configure(LISA))
    first, second = talk.all("session.updated")
    assert first.session.avatar is None
    (server,) = second.session.avatar.ice_servers
    assert server.urls == ["turn:relay.invalid:3478"]
    assert server.username
    assert server.credential
    assert second.session.avatar.character == "lisa"
    assert sorted(second.session.modalities) == ["audio", "avatar", "text"]
    talk.skip().client({"type": "session.update", "session": {"temperature": 0.7}}).server("session.updated")
    assert len(talk.all("session.updated")) == 3
    assert talk.events[-1].session.avatar == second.session.avatar


@pytest.mark.parametrize(
    ("update", "left"),
    [
        ({"avatar": None}, ["text", "audio"]),
        ({"avatar": None, "modalities": ["text"]}, ["text"]),
        ({"avatar": None, "modalities": ["text", "audio", "avatar"]}, ["text", "audio", "avatar"]),
    ],
)
def test_the_modality_goes_with_the_avatar(update: dict[str, Any], left: list[str]) -> None:
    """Assumed: as it came; what the same update says about modalities holds."""
    talk = Dialogue().client(configure(LISA))
    talk.client({"type": "session.update", "session": update})
    assert talk.last("session.updated").session.modalities == left
    talk.client({"type": "response.create"})
    assert talk.last("response.created").response.modalities == left


def test_a_client_may_bring_its_own_ice_servers() -> None:
    """Documented (schema D8): the service supplies one where there is none."""
    talk = Dialogue()
    talk.client(configure(LISA | {"ice_servers": [{"urls": ["stun:example.com"]}]}))
    assert talk.last("session.updated").session.avatar.ice_servers[0].urls == ["stun:example.com"]


def test_over_the_websocket_there_are_no_ice_servers() -> None:
    """Observed {AI4IA}: null."""
    talk = Dialogue()
    talk.client(configure(FILMED))
    assert talk.last("session.updated").session.avatar.ice_servers is None


def test_a_refused_avatar_leaves_everything_as_it_was() -> None:
    """Observed {AI4IA}: refused before any ``session.updated``."""
    talk = Dialogue().skip()
    talk.client(configure(LISA | {"character": "nobody"}, temperature=0.7)).server("error")
    talk.client({"type": "session.update", "session": {}}).server("session.updated")
    session = talk.last("session.updated").session
    assert (session.avatar, session.temperature) == (None, 0.8)
