"""Sounds to visemes: which of 22 shapes a mouth takes for each sound of each speech engine.

Documented (Azure Speech, "Map phonemes to visemes"): 0 silence, 1 æ ə ʌ, 2 ɑ, 3 ɔ, 4 ɛ ʊ, 5 ɝ, 6 j i ɪ, 7 w u, 8 o,
9 aʊ, 10 ɔɪ, 11 aɪ, 12 h, 13 ɹ, 14 l, 15 s z, 16 ʃ tʃ dʒ ʒ, 17 ð, 18 f v, 19 d t n θ, 20 k g ŋ, 21 p b m.
"""  # noqa: RUF002

from typing import Final

__all__ = ["ARPABET", "BUILTIN", "SILENCE", "of_ipa"]

SILENCE: Final = 0
_NEUTRAL: Final = 1


def _by_sound(sounds: str) -> dict[str, int]:
    """From the sounds of viseme 0, comma, those of viseme 1, and so on."""
    return {sound: viseme for viseme, alike in enumerate(sounds.split(",")) for sound in alike.split()}


BUILTIN: Final = _by_sound(",, a,, e,, i j, u w, o,,,, h, r, l, s z, S Z,, f v, d t n T, k g N, p b m")
"""The sounds of ``pronunciation``."""

ARPABET: Final = _by_sound(
    "pau, ae ah ax, aa, ao, eh ey uh, er axr, y iy ih ix, w uw, ow, aw, oy, ay, hh hv, r, l el, s z, sh ch jh zh, dh, "
    "f v, d t n th dx nx en, k g ng, p b m em"
)
"""The segments of flite."""

_IPA: Final = _by_sound(
    ", æ ə ʌ ɐ a, ɑ ɒ, ɔ, ɛ ʊ e, ɝ ɜ ɚ, j i ɪ y ɨ ᵻ, w u ʉ, o ø əʊ oʊ, aʊ, ɔɪ, aɪ, h ɦ x ç, ɹ r ʁ, l ɫ ɭ, s z, "
    "ʃ ʒ tʃ dʒ, ð, f v, d t n θ ɾ ʔ ɲ, k g ɡ ŋ c, p b m"
)


def of_ipa(sound: str) -> int:
    """The viseme of a sound in the International Phonetic Alphabet, whatever marks follow; a neutral one for a sound
    that is not known, silence for none."""
    if not sound:
        return SILENCE
    return _IPA.get(sound[:2]) or _IPA.get(sound[0], _NEUTRAL)
