"""A recording is known again by its sound, and nothing else is taken for it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tests.recognition.speaking import VOICES, needs_flite, said
from vlmock.protocol.audio_format import AudioFormat, decode_samples, encode_samples
from vlmock.protocol.wav import Sound, parse_wav
from vlmock.recognition.clips import Clips
from vlmock.scenario import builtin_voice

Samples = NDArray[np.int16]
RATE_HZ = 24_000
SENTENCES = [
    "What is the weather in Beijing?",
    "What is the weather in Berlin?",
    "What is the weather?",
    "I would like a pizza.",
    "I would like a pasta.",
    "I would like to pay.",
    "Yes, please.",
    "No, thank you.",
    "Thank you.",
    "Tell me about the history of bread, and of everything that is eaten with it.",
]
SPOKEN = {text: builtin_voice.speak(text, RATE_HZ) for text in SENTENCES}
CLIPS = Clips({text: Sound(samples.astype(np.float32), RATE_HZ) for text, samples in SPOKEN.items()})


def found(samples: Samples, rate_hz: int = RATE_HZ, clips: Clips = CLIPS) -> str | None:
    """The recording that this is; None when it is none of them."""
    likeness = clips.likest(samples, rate_hz)
    return likeness.name if likeness is not None and likeness.confidence >= 0.5 else None


# ---- what may have happened to a recording


def whole(wave: NDArray[np.float64]) -> Samples:
    return np.rint(wave).clip(-32768, 32767).astype(np.int16)


def in_silence(samples: Samples, rate_hz: int, before_ms: float = 307, after_ms: float = 520) -> Samples:
    return np.pad(samples, (round(before_ms * rate_hz / 1000), round(after_ms * rate_hz / 1000)))


def sounding(samples: Samples) -> slice:
    loud = np.flatnonzero(np.abs(samples.astype(int)) > np.abs(samples).max() * 0.02)
    return slice(loud[0], loud[-1])


def at(other_hz: int) -> Callable[[Samples, int], tuple[Samples, int]]:
    def resampled(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
        wave = soxr.resample(in_silence(samples, rate_hz).astype(np.float64), rate_hz, other_hz)
        return whole(wave), other_hz

    return resampled


def louder(decibels: float) -> Callable[[Samples, int], tuple[Samples, int]]:
    return lambda samples, rate_hz: (whole(in_silence(samples, rate_hz) * 10 ** (decibels / 20)), rate_hz)


def by_telephone(encoding: str, decibels: float = 0) -> Callable[[Samples, int], tuple[Samples, int]]:
    def heard(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
        narrow, _ = at(8000)(whole(samples * 10 ** (decibels / 20)), rate_hz)
        line = AudioFormat(encoding, 8000)
        return decode_samples(encode_samples(narrow, line), line), 8000

    return heard


def in_noise(ratio_db: float, *, trimmed: bool = False) -> Callable[[Samples, int], tuple[Samples, int]]:
    def heard(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
        wave = (samples[sounding(samples)] if trimmed else in_silence(samples, rate_hz)).astype(np.float64)
        level = np.sqrt(np.mean(wave**2)) * 10 ** (-ratio_db / 20)
        return whole(wave + np.random.default_rng(1).normal(0, level, len(wave))), rate_hz

    return heard


def trimmed(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
    return samples[sounding(samples)], rate_hz


def without_its_beginning(samples: Samples, rate_hz: int) -> tuple[Samples, int]:
    begin = sounding(samples).start + rate_hz // 10
    return in_silence(samples[begin:], rate_hz, before_ms=0), rate_hz


FATES = {
    "as it was": lambda samples, rate_hz: (samples, rate_hz),
    "in silence": lambda samples, rate_hz: (in_silence(samples, rate_hz, 11, 2000), rate_hz),
    "20 dB quieter": louder(-20),
    "8 kHz": at(8000),
    "16 kHz": at(16_000),
    "44.1 kHz": at(44_100),
    "µ-law": by_telephone("g711_ulaw"),
    "A-law, 20 dB quieter": by_telephone("g711_alaw", -20),
    "trimmed": trimmed,
    "in noise 20 dB below": in_noise(20),
    "in noise 10 dB below": in_noise(10),
    "trimmed, in noise 20 dB below": in_noise(20, trimmed=True),
}


HARD_FATES = ("44.1 kHz", "A-law, 20 dB quieter", "trimmed", "in noise 20 dB below")


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("text", SENTENCES)
def test_a_recording_is_known_whatever_happened_to_it(text: str, fate: str) -> None:
    """Among others of the same voice, some of which begin alike."""
    assert found(*FATES[fate](SPOKEN[text], RATE_HZ)) == text


@pytest.mark.parametrize("text", [text for text in SENTENCES if len(text) > 15])
def test_its_first_tenth_of_a_second_may_be_missing(text: str) -> None:
    """A client may begin to send too late. Of a shorter recording that is too much."""
    assert found(*without_its_beginning(SPOKEN[text], RATE_HZ)) == text


def test_a_louder_one_is_known_too() -> None:
    """20 dB, where there is room for them."""
    quiet = {text: Sound(samples.astype(np.float32) / 10, RATE_HZ) for text, samples in SPOKEN.items()}
    for text, samples in SPOKEN.items():
        assert found(samples, clips=Clips(quiet)) == text


@pytest.mark.parametrize("text", SENTENCES)
def test_no_other_sentence_is_taken_for_it(text: str) -> None:
    """Rather none than a wrong one, clean and by telephone."""
    others = Clips({other: Sound(SPOKEN[other].astype(np.float32), RATE_HZ) for other in SENTENCES if other != text})
    for fate in FATES.values():
        assert found(*fate(SPOKEN[text], RATE_HZ), clips=others) is None


@needs_flite
@pytest.mark.parametrize("voice", VOICES)
def test_a_speaking_voice_is_told_from_itself(voice: str) -> None:
    """Short words and long beginnings in common: the recording is known, every other is none."""
    words = [*SENTENCES, "Hi.", "Goodbye.", "It is red.", "It is green.", "No."]
    spoken = {text: said(text, voice=voice) for text in words}
    sounds = {text: Sound(samples.astype(np.float32), RATE_HZ) for text, samples in spoken.items()}
    everything = Clips(sounds)
    for text, samples in spoken.items():
        others = Clips({other: sound for other, sound in sounds.items() if other != text})
        for fate in (louder(-20), by_telephone("g711_ulaw")):
            assert found(*fate(samples, RATE_HZ), clips=everything) == text
            assert found(*fate(samples, RATE_HZ), clips=others) is None


@pytest.mark.parametrize("second", ["Thank you.", "I would like to pay."])
def test_what_goes_on_is_not_what_it_began_with(second: str) -> None:
    """And what comes after something else is not it, either."""
    first = "What is the weather?"
    both = np.concatenate([SPOKEN[first], SPOKEN[second]])
    assert found(both) is None


def test_another_voice_with_the_same_words_is_another_sound() -> None:
    """Words are for those who know words."""
    assert found(builtin_voice.speak("What is the weather?", RATE_HZ, voice="another", tempo=0.9)) is None


@pytest.mark.parametrize("samples", [np.zeros(48_000, np.int16), np.zeros(0, np.int16), np.ones(100, np.int16)])
def test_silence_is_no_recording(samples: Samples) -> None:
    """And is compared with none."""
    assert CLIPS.likest(samples, RATE_HZ) is None


def test_noise_is_no_recording() -> None:
    """Twenty kinds of it."""
    for seed in range(20):
        dice = np.random.default_rng(seed)
        noise = dice.normal(0, dice.uniform(100, 5000), RATE_HZ * 2)
        assert found(whole(noise * np.repeat(dice.uniform(0, 1, 10), len(noise) // 10))) is None


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(24_000, np.float32), "nothing is to be heard in it"),
        (SPOKEN["Yes, please."][:3000].astype(np.float32), "only .* ms of it are sound, too short to know it by"),
    ],
)
def test_what_cannot_be_known_is_refused(samples: NDArray[np.float32], reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=reason):
        Clips({"x": Sound(samples, RATE_HZ)})


def test_people_are_told_from_each_other_and_from_themselves(shared: Path) -> None:
    """Recordings of people, each through everything, and each without itself among the others."""
    sounds = {path.stem: parse_wav(path.read_bytes()) for path in sorted((shared / "speech").glob("*.wav"))}
    everything = Clips(sounds)
    for name, sound in sounds.items():
        others = Clips({other: sounds[other] for other in sounds if other != name})
        for fate in (*(FATES[name] for name in HARD_FATES), without_its_beginning):
            heard = fate(whole(sound.samples), sound.rate_hz)
            assert found(*heard, clips=everything) == name
            assert found(*heard, clips=others) is None
