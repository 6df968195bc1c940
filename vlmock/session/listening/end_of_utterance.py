"""Has the user finished, or only paused? Judged by how the transcript ends. Source: schema D6.

Documented {DOC}: after the silence window a model says how likely the sentence is complete; below a threshold the
service waits for more, up to ``timeout_ms``. ``low`` is more easily satisfied than ``high``, ``default`` is ``medium``.

Assumed: the figures, and how a sentence is judged. There is no model here, only the end of a text:

=====================================  ======  ===========================
what it ends with                      figure  waited for at
=====================================  ======  ===========================
"and", "because", "the", "umm", …      0.001   low, medium, high
, ; :                                  0.03    medium, high
a word, without a mark                 0.3     high
. ! ?                                  0.99
=====================================  ======  ===========================

Also Assumed: ``smart_end_of_turn_detection``, which listens to the sound, comes to the same conclusions.
"""

import re
from collections.abc import Mapping
from typing import Final

from vlmock.protocol.turn_detection import EndOfUtteranceDetection
from vlmock.protocol.wire import given
from vlmock.session.listening.filler_words import is_filler

__all__ = ["completeness", "is_finished", "wait_ms"]

_THRESHOLDS: Final = {"low": 0.01, "medium": 0.1, "high": 0.5}
_TIMEOUT_MS = 1_000
"""Documented {DOC}. In 2025-05-01-preview it was two seconds, which the session's settings then say."""

_GOES_ON, _PAUSES, _OPEN, _ENDS = 0.001, 0.03, 0.3, 0.99

_LEADS_ON: Final[Mapping[str, str]] = {
    "en": "and or but so because if when while that which who than then as a an the my your his her our their this to "
    "of in on at by for from with without about into is are was were am be has have will would can could should may "
    "might must not very i you we they it's i'm i'd",
    "es": "y o pero porque que si cuando como el la los las un una de del a al en con sin para por mi su es son muy",
    "fr": "et ou mais parce car que si quand comme le la les un une des de du à au en avec sans pour par mon ma est",
    "it": "e o ma perché che se quando come il lo la gli le un una di del a al in con senza per da mio mia è sono",
    "de": "und oder aber weil dass wenn als wie der die das den dem ein eine einen mein meine mit ohne für von zu in "
    "im an am auf bei ist sind nicht sehr ich",
    "pt": "e ou mas porque que se quando como o a os as um uma de do da em no na com sem para por meu minha é são",
    "hi": "और या लेकिन क्योंकि कि अगर जब तो का की के में से पर को",
    "ko": "그리고 또는 하지만 그런데 그래서 왜냐하면",
}
"""Words after which a sentence goes on, by language."""

_LEADS_ON_UNSPACED: Final = ("和", "但是", "因为", "所以", "如果", "的", "けど", "ので", "と", "の", "が", "を", "に")
"""The same for languages that put no spaces between words."""


def is_finished(text: str, detection: EndOfUtteranceDetection) -> bool:
    """Whether the model of that setting would take the text for a whole utterance."""
    languages = _LEADS_ON if detection.model.endswith(("_multilingual", "_turn_detection")) else ("en",)
    return completeness(text, languages=languages) >= _threshold(detection)


def wait_ms(detection: EndOfUtteranceDetection) -> int:
    """Documented {DOC}: ``timeout_ms``, or the preview's ``timeout`` in seconds."""
    seconds = given(detection.timeout, _TIMEOUT_MS / 1000)
    return given(detection.timeout_ms, round(seconds * 1000))


def completeness(text: str, *, languages: Mapping[str, str] | tuple[str, ...] = ("en",)) -> float:
    """How likely it is that nothing follows, 0 to 1. A text without words says nothing and is complete."""
    text = text.strip().strip("\"'“”«»)")
    words = re.findall(r"[\w'’]+", text.lower())
    if not words:
        return 1.0
    if text.endswith(("...", "…", "-", "–", "—")):
        return _GOES_ON
    if text.endswith((".", "!", "?", "。", "！", "？", "।")):
        return _ENDS
    if _leads_on(words[-1].replace("’", "'"), languages) or is_filler(words[-1]):
        return _GOES_ON
    return _PAUSES if text.endswith((",", ";", ":", "，", "、", "；", "：")) else _OPEN


def _leads_on(word: str, languages: Mapping[str, str] | tuple[str, ...]) -> bool:
    if any(word in _LEADS_ON[language].split() for language in languages):
        return True
    return len(languages) > 1 and word.endswith(_LEADS_ON_UNSPACED)


def _threshold(detection: EndOfUtteranceDetection) -> float:
    """Documented {DOC}: a level, or in 2025-05-01-preview a figure; the level goes first where both are given."""
    level = given(detection.threshold_level, "")
    if not level and isinstance(detection.threshold, int | float):
        return detection.threshold
    return _THRESHOLDS.get(level, _THRESHOLDS["medium"])
