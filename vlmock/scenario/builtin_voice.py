"""The voice that needs nothing installed: deterministic, voice-like, as long as the words.

Glottal pulses excite three moving formants, hiss makes the consonants, the pitch falls at the end of a sentence and
rises at the end of a question. Nobody will understand it; a speech detector, an echo test and a stopwatch do.

The same bytes on every machine: time, pitch, formants and levels are integers throughout. The one table that needs
sines and exponentials is rounded to 12 bits, so that the last bit of some machine's sine makes no difference, and
each rate is synthesised as such instead of being resampled. A test holds the digest.
"""

from collections.abc import Iterator
from functools import cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from vlmock.scenario import visemes
from vlmock.scenario.pronunciation import VOWELS, WORD_GAP, Phrase, phrases
from vlmock.scenario.timed_speech import Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["speak", "timed"]

_TICKS_PER_SECOND = 200
_TICK_MS = 1000 // _TICKS_PER_SECOND
"""Pitch, formants and levels change in ticks of 5 ms."""
_PAUSE_TICKS = {",": 18, ".": 54, "?": 54}
_TRAILING_TICKS = 12
_BLOCK_TICKS = 5
"""The whole lasts a multiple of 25 ms. Observed {FON}: what the service sends is a multiple of 12.5 ms."""
_SILENCE_TICKS = 20
"""What is heard of a text without words."""
_FADE_MS = 30


def speak(text: str, rate_hz: int, *, voice: str = "", tempo: float = 1.0) -> "NDArray[np.int16]":
    """The text as sound at ``rate_hz``: shape (samples,), mono, about 20 dB below full scale.

    100 ms of silence if it has no words. About 160 words a minute at ``tempo`` 1, twice as many at 2. Voices of
    another name have another pitch, 100 to 180 Hz. It lasts as long at every rate, to the sample.
    """
    import numpy as np

    pitch_chz = 10000 + crc32(voice.encode(errors="replace")) % 81 * 100
    at_tick = list(_scores(text, tempo))
    end = at_tick[-1][0] + at_tick[-1][1].ticks + _TRAILING_TICKS if at_tick else _SILENCE_TICKS
    end += -end % _BLOCK_TICKS

    samples = np.zeros(end * rate_hz // _TICKS_PER_SECOND, np.int16)
    for tick, score, _ in at_tick:
        start = tick * rate_hz // _TICKS_PER_SECOND
        said = _render(score, rate_hz, pitch_chz)
        samples[start : start + len(said)] = said
    return samples


def timed(text: str, *, tempo: float = 1.0) -> Iterator[Phone]:
    """Each sound of what ``speak`` says, as it is sounded; a pause after each phrase."""
    for tick, score, phrase in _scores(text, tempo):
        lengths, pieces = iter(score.lengths), iter(phrase.words)
        piece = next(pieces)
        for letter in phrase.sounds:
            begins, tick = tick, tick + sum(islice(lengths, len(_SOUNDS[letter])))
            if letter == WORD_GAP:
                piece = next(pieces)
            else:
                yield Phone(begins * _TICK_MS, tick * _TICK_MS, visemes.BUILTIN[letter], piece)
        yield Phone(tick * _TICK_MS, tick * _TICK_MS, visemes.SILENCE)


# ---- what is to be sounded, when


def _scores(text: str, tempo: float) -> "Iterator[tuple[int, _Score, Phrase]]":
    """Each phrase, and the tick at which it begins."""
    permille, tick = round(tempo * 1000), 0
    for phrase in phrases(text):
        score = _score(phrase, permille)
        yield tick, score, phrase
        tick += score.ticks + _PAUSE_TICKS[phrase.ending] * 1000 // permille


class _Sound(NamedTuple):
    """Where the mouth stands and for how long. Levels are of 64."""

    ms: int
    formants: tuple[int, int, int] = (500, 1500, 2500)
    """Hz, 200 to 3200."""
    voicing: int = 0
    hiss: int = 0
    sharp: bool = False
    """The hiss is that of s, not that of f."""


_VOWEL_MS = 132
_DIPHTHONG_PART_MS = 85
"""Each vowel of a row of vowels."""
_FINAL_VOWEL_MS = 175
_SOUNDS: dict[str, tuple[_Sound, ...]] = {
    "a": (_Sound(_VOWEL_MS, (700, 1200, 2500), 64),),
    "e": (_Sound(_VOWEL_MS, (550, 1850, 2550), 64),),
    "i": (_Sound(_VOWEL_MS, (325, 2250, 2950), 58),),
    "o": (_Sound(_VOWEL_MS, (500, 950, 2450), 64),),
    "u": (_Sound(_VOWEL_MS, (350, 900, 2300), 58),),
    "b": (_Sound(60, (200, 900, 2200), 14), _Sound(10, (300, 900, 2200), 30, 6)),
    "d": (_Sound(60, (200, 1700, 2600), 14), _Sound(10, (300, 1700, 2600), 30, 8, True)),
    "g": (_Sound(60, (200, 2000, 2400), 14), _Sound(10, (300, 2000, 2400), 30, 8)),
    "p": (_Sound(50, (300, 900, 2200)), _Sound(25, (400, 900, 2200), 0, 16)),
    "t": (_Sound(45, (300, 1700, 2600)), _Sound(30, (400, 1700, 2600), 0, 18, True)),
    "k": (_Sound(50, (300, 2000, 2400)), _Sound(30, (400, 2000, 2400), 0, 18)),
    "m": (_Sound(75, (250, 1000, 2200), 34),),
    "n": (_Sound(70, (250, 1500, 2500), 34),),
    "N": (_Sound(75, (250, 2000, 2700), 34),),
    "l": (_Sound(70, (375, 1150, 2750), 44),),
    "r": (_Sound(70, (425, 1250, 1650), 44),),
    "w": (_Sound(65, (300, 700, 2200), 40),),
    "j": (_Sound(60, (275, 2200, 2900), 40),),
    "f": (_Sound(85, (400, 1100, 2300), 0, 12),),
    "v": (_Sound(65, (300, 1100, 2300), 24, 6),),
    "T": (_Sound(70, (350, 1500, 2600), 10, 10),),
    "s": (_Sound(95, (350, 1700, 2600), 0, 16, True),),
    "z": (_Sound(75, (300, 1700, 2600), 22, 12, True),),
    "S": (_Sound(95, (350, 1900, 2500), 0, 18),),
    "Z": (_Sound(70, (300, 1900, 2500), 22, 14),),
    "h": (_Sound(60, (500, 1500, 2500), 6, 12),),
    WORD_GAP: (_Sound(25, voicing=4),),
}


class _Score(NamedTuple):
    """One phrase in ticks: element i says how it is during tick i."""

    ticks: int
    sounds: list[_Sound]
    lengths: list[int]
    """Ticks that each sound lasts."""
    stressed: list[int]
    """1 for the first vowel of a word."""
    question: bool
    final: bool
    """The sentence ends with it."""


def _score(phrase: Phrase, permille: int) -> _Score:
    """The phrase at a tempo in thousandths. Ends are rounded, not lengths, so that the tempo is exact."""
    sounds: list[_Sound] = []
    stressed: list[int] = []
    last_vowel = max(map(phrase.sounds.rfind, VOWELS))
    fresh = True
    for place, letter in enumerate(phrase.sounds):
        made = _SOUNDS[letter]
        if letter in VOWELS:
            neighbours = phrase.sounds[max(place - 1, 0) : place] + phrase.sounds[place + 1 : place + 2]
            row = any(neighbour in VOWELS for neighbour in neighbours)
            ms = _DIPHTHONG_PART_MS if row else _FINAL_VOWEL_MS if place == last_vowel else _VOWEL_MS
            made = (made[0]._replace(ms=ms),)
        sounds.extend(made)
        stressed.extend(int(fresh and letter in VOWELS) for _ in made)
        fresh = letter == WORD_GAP or (fresh and letter not in VOWELS)
    ends = [ms * _TICKS_PER_SECOND // permille for ms in accumulate(sound.ms for sound in sounds)]
    lengths = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return _Score(ends[-1], sounds, lengths, stressed, phrase.ending == "?", phrase.ending != ",")


# ---- how it sounds

_ACCENT_PERMILLE = 90
_DECLINE_PERMILLE = 160
"""How much lower the end of a phrase lies than its beginning."""
_FINAL_TICKS = 60
_FALL_PERMILLE, _RISE_PERMILLE = 200, 450
_GLIDE_TICKS = 9
"""A formant takes about 45 ms from one sound to the next."""
_LEVEL_TICKS = 4
_FORMANT_LEVELS = (7, -4, 1)
"""Of the first, second and third; neighbours in opposite phase, as in a throat."""


def _render(score: _Score, rate_hz: int, pitch_chz: int) -> "NDArray[np.int16]":
    """The sound of a phrase, faded in and out."""
    import numpy as np

    track = np.array([(*s.formants, s.voicing, s.hiss, s.sharp) for s in score.sounds], np.int64)
    track = np.repeat(track, score.lengths, axis=0)
    formants = [_running_mean(track[:, column], _GLIDE_TICKS) for column in range(3)]
    voicing = _running_mean(track[:, 3] * 16, _LEVEL_TICKS)
    hiss = _running_mean(track[:, 4] * 16, _LEVEL_TICKS)

    count = score.ticks * rate_hz // _TICKS_PER_SECOND
    tick_of = np.arange(count, dtype=np.int64) * _TICKS_PER_SECOND // rate_hz
    sound = _voice(_pitch(score, pitch_chz), formants, voicing, tick_of, rate_hz)
    level = _running_mean(hiss[tick_of], rate_hz // _TICKS_PER_SECOND)
    flat, sharp = (np.resize(noise, count) for noise in _noises())
    sound += np.where(track[:, 5][tick_of] == 1, sharp, flat) * level >> 10

    fade = min(_FADE_MS * rate_hz // 1000, count // 2)
    ramp = np.arange(fade, dtype=np.int64)
    sound[:fade] = sound[:fade] * ramp // fade
    sound[count - fade :] = sound[count - fade :] * ramp[::-1] // fade
    return sound.clip(-32767, 32767).astype(np.int16)


def _pitch(score: _Score, pitch_chz: int) -> "NDArray[np.int64]":
    """Hundredths of a hertz during each tick."""
    import numpy as np

    tick = np.arange(score.ticks, dtype=np.int64)
    permille = 1000 + _DECLINE_PERMILLE // 2 - tick * _DECLINE_PERMILLE // score.ticks
    accents = np.repeat(np.array(score.stressed, np.int64) * _ACCENT_PERMILLE, score.lengths)
    permille += _running_mean(accents, _GLIDE_TICKS)
    if score.final:
        height = _RISE_PERMILLE if score.question else -_FALL_PERMILLE
        permille += np.maximum(tick - score.ticks + _FINAL_TICKS, 0) * height // _FINAL_TICKS
    return pitch_chz * permille // 1000


def _voice(
    pitch_chz: "NDArray[np.int64]",
    formants: "list[NDArray[np.int64]]",
    voicing: "NDArray[np.int64]",
    tick_of: "NDArray[np.int64]",
    rate_hz: int,
) -> "NDArray[np.int64]":
    """What the throat makes of each pulse of the glottis, added up; all but ``tick_of`` by tick."""
    import numpy as np

    cycle = 100 * rate_hz
    step = pitch_chz[tick_of]
    phase = np.cumsum(step)
    pulses = np.flatnonzero(np.diff(phase // cycle, prepend=0))
    tick = tick_of[pulses]
    rings = _rings(rate_hz)
    heard = np.zeros((len(pulses), rings.shape[1]), np.int32)
    for track, level in zip(formants, _FORMANT_LEVELS, strict=True):
        heard += rings[(track[tick] - _LOWEST_HZ) // _GRID_HZ] * level
    # A pulse falls between two samples: without this a low rate would make the pitch rough.
    late = (phase[pulses] % cycle * 16 // step[pulses])[:, np.newaxis].astype(np.int32)
    heard = heard[:, :-1] * (16 - late) + heard[:, 1:] * late
    heard = (heard >> 4) * voicing[tick][:, np.newaxis].astype(np.int32) >> 10

    length = heard.shape[1]
    sound = np.zeros(len(tick_of) + length, np.int64)
    for start, ring in zip(pulses.tolist(), heard, strict=True):
        sound[start : start + length] += ring
    return sound[: len(tick_of)]


def _running_mean(track: "NDArray[np.int64]", width: int) -> "NDArray[np.int64]":
    """Each element as the mean of the ``width`` around it; the ends go on for ever."""
    import numpy as np

    before = width // 2
    padded = np.pad(track, (before + 1, width - before - 1), mode="edge")
    total = np.cumsum(padded)
    mean: NDArray[np.int64] = (total[width:] - total[:-width]) // width
    return mean


_LOWEST_HZ, _HIGHEST_HZ, _GRID_HZ = 200, 3200, 25
_RING_MS = 16


@cache
def _rings(rate_hz: int) -> "NDArray[np.int32]":
    """How a formant rings after one pulse: shape (frequencies, samples), ±2048, the frequencies a 25 Hz grid."""
    import numpy as np

    hz = np.arange(_LOWEST_HZ, _HIGHEST_HZ + _GRID_HZ, _GRID_HZ)[:, np.newaxis]
    seconds = np.arange(_RING_MS * rate_hz // 1000 + 1) / rate_hz
    bandwidth_hz = 50 + hz / 20
    window = np.minimum(1, seconds * 1000) * np.clip((_RING_MS / 1000 - seconds) * 250, 0, 1)
    rings = np.exp(-np.pi * bandwidth_hz * seconds) * np.sin(2 * np.pi * hz * seconds) * window
    rings -= window * (rings.sum(axis=1, keepdims=True) / window.sum())  # no mean: a mouth makes no wind
    table: NDArray[np.int32] = np.rint(rings * 2048).astype(np.int32)
    return table


@cache
def _noises() -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Two colours of noise, flat and sharp, ±32768: a second and a bit, repeated as needed."""
    import numpy as np

    bits = np.arange(24_593, dtype=np.uint32)
    for factor in (0x9E3779B1, 0x2C1B3C6D, 0x297A2D39):
        bits = bits * np.uint32(factor)
        bits ^= bits >> np.uint32(15)
    white = (bits >> np.uint32(16)).astype(np.int64) - 32768
    flat = np.convolve(white, np.array([1, 1, -1, -1], np.int64)) >> 2
    sharp = np.convolve(white, np.array([1, -1, -1, 1], np.int64)) >> 2
    return flat, sharp
