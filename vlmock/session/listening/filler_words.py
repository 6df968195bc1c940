"""Words that mean nothing, which Azure's semantic detectors ignore when asked to. Source: schema D5, behaviour 3.2."""

import re
from itertools import groupby
from typing import Final

from vlmock.protocol.turn_detection import AzureSemanticVadMultilingual, AzureSemanticVadSettings, VadSettings
from vlmock.protocol.wire import given

__all__ = ["FILLER_WORDS", "is_filler", "removes_fillers"]

FILLER_WORDS: Final = ("ah", "umm", "mm", "uh", "huh", "oh", "yeah", "hmm")
"""Documented {DOC}: those of English. Assumed: however long they are drawn out, and no others."""


def _short(word: str) -> str:
    """``Ummm`` is ``um``."""
    return "".join(letter for letter, _ in groupby(word.lower()))


_SHORT: Final = frozenset(map(_short, FILLER_WORDS))


def is_filler(text: str) -> bool:
    """Whether there is nothing in it but filler words, and at least one."""
    words = re.findall(r"[\w'’]+", text)
    return bool(words) and all(_short(word) in _SHORT for word in words)


def removes_fillers(detection: VadSettings) -> bool:
    """Documented {DOC}: only where asked for, by Azure's detectors, in English. The others look at ``languages`` or
    ignore it: only the multilingual one knows more than English."""
    if not isinstance(detection, AzureSemanticVadSettings) or detection.remove_filler_words is not True:
        return False
    if not isinstance(detection, AzureSemanticVadMultilingual):
        return True
    languages = given(detection.languages, []) or ["en"]
    return any(language.lower().partition("-")[0] == "en" for language in languages)
