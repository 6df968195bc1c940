"""Who an avatar may be, and how it may look. Source: schema D8; behaviour 2.3."""

import math
import re
from typing import Final

from vlmock.protocol.avatar import (
    AVATAR_OUTPUT_PROTOCOLS,
    AVATAR_TYPES,
    PHOTO_AVATAR_MODELS,
    AvatarConfig,
    AvatarScene,
    AvatarVideo,
    VideoCrop,
    VideoResolution,
)
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import refusals
from vlmock.session.avatar.characters import is_known
from vlmock.session.configuration.brain import Brain
from vlmock.session.rules.values import check_choice, check_not_empty, check_range

__all__ = ["check_avatar"]

_LONGEST_GROUP: Final = 2000
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{8}")
_SCENE_RANGES: Final = {
    "position_x": (-1.0, 1.0),
    "position_y": (-1.0, 1.0),
    "rotation_x": (-math.pi, math.pi),
    "rotation_y": (-math.pi, math.pi),
    "rotation_z": (-math.pi, math.pi),
}


def check_avatar(avatar: AvatarConfig, path: str, _: Brain) -> None:
    """Documented: schema D8. Assumed: a photo avatar's ``model`` may be left out, though the SDK calls it required."""
    check_choice(avatar.type, AVATAR_TYPES, f"{path}.type")
    check_choice(avatar.model, PHOTO_AVATAR_MODELS, f"{path}.model")
    check_choice(avatar.output_protocol, AVATAR_OUTPUT_PROTOCOLS, f"{path}.output_protocol")
    check_not_empty(avatar.character, f"{path}.character")
    style = given(avatar.style, None) or ""
    if style and given(avatar.type, "video-avatar") == "photo-avatar":
        raise refusals.photo_avatar_has_no_style()
    if not is_known(avatar):
        raise refusals.avatar_not_found(avatar.character, style)
    if isinstance(avatar.video, AvatarVideo):
        _check_video(avatar.video, f"{path}.video")
    if isinstance(avatar.scene, AvatarScene):
        _check_scene(avatar.scene, f"{path}.scene")


def _check_video(video: AvatarVideo, path: str) -> None:
    check_choice(video.codec, ("h264",), f"{path}.codec")
    check_range(video.bitrate, 1, None, f"{path}.bitrate")
    check_range(video.gop_size, 1, _LONGEST_GROUP, f"{path}.gop_size")
    if isinstance(video.crop, VideoCrop):
        _check_crop(video.crop, f"{path}.crop")
    if isinstance(video.resolution, VideoResolution):
        check_range(video.resolution.width, 1, None, f"{path}.resolution.width")
        check_range(video.resolution.height, 1, None, f"{path}.resolution.height")
    if background := given(video.background, None):
        color, image = given(background.color, None), given(background.image_url, None)
        if color is not None and image is not None:
            raise refusals.malformed(f"{path}.background", "color and image_url exclude each other")
        if color is not None and not _COLOR.fullmatch(color):
            raise refusals.malformed(f"{path}.background.color", "color must be #RRGGBBAA")


def _check_crop(crop: VideoCrop, path: str) -> None:
    """Documented: two numbers each, none below 0. Assumed: a corner is not beyond the other one."""
    for name in ("top_left", "bottom_right"):
        corner = getattr(crop, name)
        if len(corner) != 2:
            raise refusals.malformed(f"{path}.{name}", f"{name} must be [x, y]")
        for place, number in enumerate(corner):
            check_range(number, 0, None, f"{path}.{name}[{place}]")
    if any(first >= second for first, second in zip(crop.top_left, crop.bottom_right, strict=True)):
        raise refusals.malformed(path, "bottom_right must lie right of and below top_left")


def _check_scene(scene: AvatarScene, path: str) -> None:
    """Documented: zoom and amplitude are above 0, though the specification's default for both is 0."""
    for name, (low, high) in _SCENE_RANGES.items():
        check_range(getattr(scene, name), low, high, f"{path}.{name}")
    _check_positive(scene.zoom, f"{path}.zoom")
    _check_positive(scene.amplitude, f"{path}.amplitude")
    check_range(scene.amplitude, 0, 1, f"{path}.amplitude")


def _check_positive(value: float | UnsetType | None, path: str) -> None:
    if isinstance(value, int | float) and not value > 0:
        raise refusals.out_of_range(path, "above 0", value)
