"""The built-in voice: how long, how loud, how high, and always the same."""

import hashlib
import os
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from vlmock.scenario.builtin_voice import speak
from vlmock.scenario.pronunciation import CONSONANTS, VOWELS, WORD_GAP, phrases

LINE = "What is the weather in Beijing?"
RATES_HZ = (8000, 16000, 22050, 24000, 44100, 48000)


def seconds(text: str, **options) -> float:
    return len(speak(text, 24000, **options)) / 24000


def level_db(samples: np.ndarray) -> float:
    return 20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32768 + 1e-9)


def longest_gap_ms(samples: np.ndarray, rate_hz: int) -> int:
    """The longest stretch more than 45 dB below full scale between the first and the last 10 ms above it."""
    frame = rate_hz // 100
    loud = [level_db(samples[at : at + frame]) > -45 for at in range(0, len(samples) - frame, frame)]
    inside = "".join("x" if it else "." for it in loud).strip(".")
    return max(map(len, inside.split("x"))) * 10


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    """Where the sound is most like itself a period earlier, 70 to 210 Hz."""
    sound = samples.astype(float)
    likeness = np.fft.irfft(np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2)
    shortest, longest = rate_hz // 210, rate_hz // 70
    return rate_hz / (shortest + int(np.argmax(likeness[shortest:longest])))


# ---- the same every time


def test_the_bytes_are_the_same_on_every_machine():
    """The sound of a text is part of what we promise: a change here changes every user's recorded audio."""
    digests = [
        hashlib.sha256(
            speak("Hello, it is 25 degrees. 你好！", rate_hz, voice="alloy").astype("<i2").tobytes()
        ).hexdigest()
        for rate_hz in (8000, 24000)
    ]
    assert [digest[:16] for digest in digests] == ["418da5b0ee5e2483", "9e4d69d1760ac3a9"]


def test_another_process_with_another_hash_seed_says_the_same():
    """Nothing of the interpreter's own chance gets into the sound."""
    program = (
        "import hashlib; from vlmock.scenario.builtin_voice import speak; "
        f"print(hashlib.sha256(speak({LINE!r}, 16000, voice='verse').tobytes()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "4242")
    }
    here = hashlib.sha256(speak(LINE, 16000, voice="verse").tobytes()).hexdigest()
    assert said == {here + "\n"}


# ---- how long


def test_an_ordinary_text_takes_as_long_as_a_person_takes():
    """About 160 words a minute, between 140 and 180."""
    text = (
        "It is sunny in Beijing, with twenty four degrees and a light breeze from the north. "
        "Tomorrow will be a little cooler. Shall I look up the rest of the week for you as well?"
    )
    assert 140 < len(text.split()) / seconds(text) * 60 < 180


def test_each_further_word_takes_longer():
    """Duration grows with every word, however short."""
    text = "I am a bit of an old fox and so is he to be or not to go "
    durations = [seconds(text[: place.start()]) for place in re.finditer(" ", text)]
    assert len(durations) == 18
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(durations))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_lasts_as_long_at_every_rate(rate_hz):
    """All output formats of a line have one duration, to the millisecond."""
    assert len(speak(LINE, rate_hz)) / rate_hz == pytest.approx(seconds(LINE), abs=0.001)


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 1.5])
def test_the_rate_makes_it_faster_or_slower(tempo):
    """Twice the rate, half the time; the short silence at the end and the 25 ms grid aside."""
    text = LINE * 10
    assert seconds(text, tempo=tempo) * tempo == pytest.approx(seconds(text), rel=0.01)


@pytest.mark.parametrize(
    ("text", "at_least", "at_most"),
    [
        ("你好，今天天气怎么样？", 1.5, 3.0),
        ("こんにちは", 0.7, 1.3),
        ("안녕하세요", 0.7, 1.3),
        ("Привет, как дела?", 0.9, 2.0),
        ("Καλημέρα κόσμε", 0.9, 2.0),
        ("مرحبا بالعالم", 0.7, 2.0),
        ("नमस्ते दुनिया", 0.5, 2.0),
        ("👍", 0.6, 1.5),
        ("👍" * 50, 0.6, 1.5),
        ("3.14", 1.0, 2.2),
        ("tsk brrr", 1.0, 2.2),
        ("naïve Łódź café", 0.8, 2.0),
    ],
)
def test_other_scripts_digits_and_emoji_take_a_sensible_time(text, at_least, at_most):
    """Nothing that a person would say aloud is passed over, and nothing lasts for ever."""
    assert at_least <= seconds(text) <= at_most


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "—", "\n\t", "\u200b\ufe0f", "\ud800", "\x00"])
def test_a_text_without_words_is_a_tenth_of_a_second_of_silence(text):
    """There is always some sound to send."""
    samples = speak(text, 24000)
    assert len(samples) == 2400
    assert not samples.any()


def test_the_whole_is_a_multiple_of_25_ms():
    """Observed {FON}: the remainder of a reply is a multiple of 12.5 ms."""
    assert {len(speak("so " * count, 24000)) % 600 for count in range(1, 30)} == {0}


# ---- how it sounds


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_it_is_as_loud_as_speech_and_free_of_direct_current(rate_hz):
    """About 20 dB below full scale, never at full scale, no constant offset."""
    samples = speak(LINE, rate_hz)
    assert -22 < level_db(samples) < -18
    assert np.abs(samples.astype(int)).max() < 25000
    assert abs(samples.mean()) < 10


@pytest.mark.parametrize(
    "text", [LINE, "Well, yes, of course, if you like.", "Strengths, sixths and twelfths", "Fish stock; kept", "s" * 40]
)
def test_no_silence_inside_a_sentence_is_long_enough_to_end_a_turn(text):
    """A detector that listens to it hears one stretch of speech for one sentence."""
    assert longest_gap_ms(speak(text, 16000), 16000) <= 150


def test_a_pause_separates_sentences():
    """Between two sentences there is more than a breath."""
    assert 200 <= longest_gap_ms(speak("It is sunny. It is warm.", 16000), 16000) <= 400


def test_it_begins_and_ends_in_silence():
    """No click: faded in and out, then 50 ms and more of nothing."""
    samples = speak(LINE, 24000)
    assert not samples[0]
    assert np.abs(samples[:48].astype(int)).max() < 500
    assert not samples[-1200:].any()
    assert samples[-3000:].any()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_pitch_is_the_same_at_every_rate(rate_hz):
    """A line is no higher at 8 kHz than at 48."""
    text = "mama mono alone aroma"
    assert pitch_hz(speak(text, rate_hz), rate_hz) == pytest.approx(pitch_hz(speak(text, 24000), 24000), rel=0.03)


def test_voices_differ_in_pitch_and_in_nothing_else():
    """Two named voices are told apart; neither is a child or a giant; both take as long."""
    said = [speak("mama mono alone aroma", 24000, voice=name) for name in ("en-US-AvaNeural", "alloy", "verse", "ash")]
    pitches = [pitch_hz(samples, 24000) for samples in said]
    assert len({round(pitch) for pitch in pitches}) == 4
    assert all(85 < pitch < 200 for pitch in pitches)
    assert len({len(samples) for samples in said}) == 1


def test_a_question_ends_higher_than_a_statement():
    """The melody says which it is."""
    asked, stated = (speak(text, 24000, voice="alloy") for text in ("all along no more?", "all along no more."))
    last = slice(-6600, -2400)
    assert pitch_hz(asked[last], 24000) > 1.3 * pitch_hz(stated[last], 24000)


# ---- the spelling behind it


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("the weather", "Te weaTer"),
        ("city cat", "siti kat"),
        ("like she", "lik Se"),
        ("yes, happy", "jes|hapi"),
        ("don't", "dont"),
        ("TV", "tivi"),
        ("25", "two fiv"),
        ("3.5", "Tree point fiv"),
        ("50%", "fiv zero persent"),
        ("Hello.World", "helo world"),
        ("é Привет", "e privet"),
        ("Hm?! So...", "himi|so"),
    ],
)
def test_words_are_spelled_as_sounds(text, sounds):
    """Not right, but as long as the word and with vowels where it has them."""
    assert "|".join(phrase.sounds for phrase in phrases(text)) == sounds


def test_the_strongest_of_several_marks_ends_the_phrase():
    """ "?!" asks, "..." ends, and a full-width mark needs no space after it."""
    assert [phrase.ending for phrase in phrases("What?! Oh... well, no。是吗？好")] == ["?", ".", ",", ".", "?", "."]


def test_a_text_without_end_is_cut_into_breaths():
    """What is rendered at once stays small, whatever a client has us say."""
    for text in ("word " * 2000, "a" * 5000):
        breaths = phrases(text)
        assert len(breaths) > 20
        assert max(len(phrase.sounds) for phrase in breaths) <= 160


def test_every_sound_that_is_spelled_can_be_made():
    """Any character of the basic plane gives sounds that the voice has."""
    known = set(VOWELS + CONSONANTS + WORD_GAP)
    everything = " ".join(map(chr, range(0x3000))) + "".join(map(chr, range(0xFE00, 0x10000))) + "🎉🧑‍🚀𝒳"
    found = phrases(everything)
    assert set("".join(phrase.sounds for phrase in found)) == known
    assert all(phrase.sounds.strip(WORD_GAP) for phrase in found)
