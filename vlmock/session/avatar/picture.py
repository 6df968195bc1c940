"""What an avatar of ours looks like: one drawn face, its mouth closed or open, as H.264.

The bytes were encoded once: pictures of 512 by 512, one with the mouth closed and one with it open, each followed by
up to four that repeat it. Whoever was asked for, and however, this is who comes.
"""

from base64 import b64decode
from typing import Final

__all__ = ["FRAMES_IN_A_ROW", "HEIGHT", "PARAMETER_SETS", "WIDTH", "frames"]

WIDTH: Final = 512
HEIGHT: Final = 512
"""Observed {AI4IA}: what a photo avatar is sent in."""
PARAMETER_SETS: Final = (
    bytes.fromhex("6764001eacb40400834d4040405000000300100000030328f162ea"),
    bytes.fromhex("68ce32c8b0"),
)
"""Sequence and picture: High profile, level 3.0, 25 pictures in a second, as observed {AI4IA}."""

_REPEATED: Final = tuple(
    bytes.fromhex(slice_) for slice_ in ("419a2033c00803", "419a403fc00803", "419a6010f00200c0", "419a8012f00200c0")
)
FRAMES_IN_A_ROW: Final = 1 + len(_REPEATED)
"""A picture of its own and those that repeat it; then comes the next."""

_CLOSED = (
    "ZYiEBLxGKAALSEcAAQJ44AAgG333333333333333333333333333333311111111111111111111111111111111111111111111111111111111"
    "1111111111111111111111111111111111111111111111111111zSCgADMfHAAY4AAgyWi2tra2tra09ddddddddddddddddddddc0goAAzHxwA"
    "GOAAIMlotddddddddra09dddddddddddddddddc0goAAzHxwAGOAAIMlS111111111112tPXXXXXXXXXXXXXXXXNIKAAMx8cABjgACDJUtdddddd"
    "dddddddrT11111111111111109dc2KAAMvkcAAQc44AAg5Wtra2tra2tra09ddPXXXXXXXXXXXXXXXT1zYoAAy+RwABBzjgACDlXXXXXXXXXXa08"
    "0woAAw9RwAxwABBbqeuuuuuuuuuuuuuuunmxQABl8jgACDnHAAEHKuuuuuuuuuuuu1p666666666666666653FAAEi2OAAIOccAAQcq666666666"
    "66667Wnrrrrrrrrrrrrrrrp6665sUAAaQY4AAhsRwABDztaeuuuubFAAGkGOAAIbEcAAQ87Wnrrp6666666666666666euuunrp66666eunrrp66"
    "6666666666665sUAASLY4AAhGxwABEmrrrrtbWuuuuu1ta667Wnrrrrrrrrrrrrrp66666665oUFAAEF+OY5tBWnrrrrrrrp66666666666667Wn"
    "rrrrrrp66euuuuuubFAAEiyOAAIRkcAARJ6666666666666666euuuuuu1ta6666666euuuuuuuuuuuuuuu1p66666666666665sUAASLI4AAhGR"
    "wABEnrrrrrrrrrrrrrrrrrp665sUAAWy44AAgZRwABDYtbW1tbW1taeuunrrrrrrrrrrrrrrrrrtaeu1tbW1tbW1ta65sUAASLI4AAhGRwABEnrr"
    "rrrrrrrrrrrrrrrrrp666666666666euuuuuuuuuuuuuuuuuuu1p6666666665sUAASLI4AAhGRwABEnrrrrrrrrrrrrrrrrrrrrrtaeuuuuuuub"
    "FAAEiyOAAIRkcAARJ666666666666666666666667WnrrrrrmxQABIsjgACEZHAAESeuuuuuuuuuuuuuuuuuuuuuuuuunrrrrrp6666666666666"
    "6666666665sUAAZ344AAjTRwABCNtbW1p6665sUAAXkY4AAksRwABHZtbW1p666666666666666665sUAAZ344AAjTRwABCNta6667WnrmxQABeR"
    "jgACSxHAAEdmuuuu1taeuuuuuuuuuuuuubFAAGd+OAAI00cAAQjbWuuuuuuu1ta6666667W1p66666666665sUAAZ344AAjTRwABCNrrrrrrrrrr"
    "rrrrrrrrrrtaeuuuuuuuubFAAGd+OAAI00cAAQja6666666666666666666667Wnrrrrrrrp666666666666666666666666euuv"
)
_OPEN = (
    "ZYiEBLxGKAALSEcAAQJ44AAgG333333333333333333333333333333311111111111111111111111111111111111111111111111111111111"
    "1111111111111111111111111111111111111111111111111111zSCgADMfHAAY4AAgyWi2tra2tra09ddddddddddddddddddddc0goAAzHxwA"
    "GOAAIMlotddddddddra09dddddddddddddddddc0goAAzHxwAGOAAIMlS111111111112tPXXXXXXXXXXXXXXXXNIKAAMx8cABjgACDJUtdddddd"
    "dddddddrT11111111111111109dc2KAAMvkcAAQc44AAg5Wtra2tra2tra09ddPXXXXXXXXXXXXXXXT1zYoAAy+RwABBzjgACDlXXXXXXXXXXa08"
    "0woAAw9RwAxwABBbqeuuuuuuuuuuuuuuunmxQABl8jgACDnHAAEHKuuuuuuuuuuuu1p666666666666666653FAAEi2OAAIOccAAQcq666666666"
    "66667Wnrrrrrrrrrrrrrrrp6665sUAAaQY4AAhsRwABDztaeuuuubFAAGkGOAAIbEcAAQ87Wnrrp6666666666666666euuunrp66666eunrrp66"
    "6666666666665sUAASLY4AAhGxwABEmrrrrtbWuuuuu1ta667Wnrrrrrrrrrrrrrp66666665oUFAAEF+OY5tBWnrrrrrrrp66666666666667Wn"
    "rrrrrrp66euuuuuubFAAEiyOAAIRkcAARJ6666666666666666euuuuuu1ta6666666euuuuuuuuuuuuuuu1p6665sUAAWy44AAgZRwABDYtbW1t"
    "bWnrrrmxQABIsjgACEZHAAESeuuuuuuuuuuuuuuuuunrrmxQABbLjgACBlHAAENiuuuuuu1p666euuuuuuuuuuuuuuuuu1p66euuuuuuunrmxQAB"
    "IsjgACEZHAAESeuuuuuuuuuuuuuuuuuuunrtaeuuuuubFAAFsqOAAIGccAAQ2a66euuuuuuuuuuuuuuuuuuu1p67W1tbW1ta65sUAASLI4AAhGRw"
    "ABEnrrrrrrrrrrrrrrrrrrrrrtaeuuuuuuubFAAEiyOAAIRkcAARJ666666666666666666666667WnrrrrrmxQABIsjgACEZHAAESeuuuuuuuuu"
    "uuuuuuuuuuuuuuuunrrrrrp66666666666666666666665sUAAZ344AAjTRwABCNtbW1p6665sUAAXkY4AAksRwABHZtbW1p6666666666666666"
    "65sUAAZ344AAjTRwABCNta6667WnrmxQABeRjgACSxHAAEdmuuuu1taeuuuuuuuuuuuuubFAAGd+OAAI00cAAQjbWuuuuuuu1ta6666667W1p666"
    "66666665sUAAZ344AAjTRwABCNrrrrrrrrrrrrrrrrrrrrtaeuuuuuuuubFAAGd+OAAI00cAAQja6666666666666666666667Wnrrrrrrrp6666"
    "66666666666666666666euuv"
)


def frames(*, mouth_open: bool) -> list[bytes]:
    """``FRAMES_IN_A_ROW`` frames, each as the sample of an MP4 track; the first is the key to the others."""
    key = b64decode(_OPEN if mouth_open else _CLOSED)
    return [len(slice_).to_bytes(4, "big") + slice_ for slice_ in (key, *_REPEATED)]
