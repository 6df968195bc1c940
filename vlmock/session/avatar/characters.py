"""Who an avatar may be. Documented: the service's list of standard avatars, which names them in capitals; requests
have them in small letters, and only so {SKILL}."""

from typing import Final

from vlmock.protocol.avatar import AvatarConfig
from vlmock.protocol.wire import given

__all__ = ["is_known"]

_STYLES: Final = {
    "celine": (),
    "harry": ("business", "casual", "youthful"),
    "jeff": ("business", "formal"),
    "lisa": ("casual-sitting",),
    "lori": ("casual", "formal", "graceful"),
    "malik": (),
    "max": ("business", "casual", "formal"),
    "meg": ("business", "casual", "formal"),
    "nia": (),
    "rowan": (),
}
"""Video avatars. Documented: Lisa has four more styles, none of them in real time."""

_PHOTOS: Final = """
adrian amara amira anika bianca camila carlos clara darius diego elise farhan faris gabrielle hyejin imran isabella
layla ling liwei marcus matteo rahul rana ren riya sakura simone zayd zoe
"""


def is_known(avatar: AvatarConfig) -> bool:
    """Whether there is such an avatar. Whoever says ``customized`` has their own, and nobody else knows those."""
    if avatar.customized is True:
        return True
    if given(avatar.type, "video-avatar") == "photo-avatar":
        return avatar.character in _PHOTOS.split()
    style = given(avatar.style, "") or ""
    return avatar.character in _STYLES and (not style or style in _STYLES[avatar.character])
