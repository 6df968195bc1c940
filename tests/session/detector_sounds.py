"""Sounds for a turn detector, made or recorded, and what it hears in them."""

import wave
from itertools import cycle
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from vlmock.protocol.audio_format import AudioFormat, decode_samples, encode_samples
from vlmock.session.listening.turn_detector import DetectorSettings, SpeechStarted, SpeechStopped, TurnDetector

RATE_HZ = 24000
SERVER_VAD = DetectorSettings(prefix_padding_ms=400, silence_duration_ms=500)
SEMANTIC = DetectorSettings(prefix_padding_ms=420, silence_duration_ms=500, speech_duration_ms=80, semantic=True)
AUSTEN = "sense_and_sensibility_01_austen_64kb-"
SPEECH_FILES = [
    *("cards_001", "cards_002", "cards_003", "cards_004", "cards_005", "ps_goforward", "ps_numbers", "ps_something"),
    *(AUSTEN + number for number in ("0870", "0880", "0890", "0920", "0930")),
]
Samples = NDArray[np.int16]


def silence(seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    return np.zeros(round(seconds * rate_hz), np.int16)


def voice(seconds: float, dbfs: float = -20) -> Samples:
    """A buzz like a vowel: the harmonics of 120 Hz, strongest near 500; RMS in dB of full scale."""
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    harmonics = [(120 * n, 1 / (1 + ((120 * n - 500) / 250) ** 2)) for n in range(1, 26)]
    buzz = sum(weight * np.sin(2 * np.pi * hz * time + hz * hz) for hz, weight in harmonics)
    rms = np.sqrt(sum(weight**2 for _, weight in harmonics) / 2)
    return np.rint(buzz / rms * 10 ** (dbfs / 20) * 32768).clip(-32768, 32767).astype(np.int16)


def tone(frequency_hz: float, dbfs: float, seconds: float) -> Samples:
    wave_ = np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)
    return np.rint(wave_ * np.sqrt(2) * 10 ** (dbfs / 20) * 32768).astype(np.int16)


def noise(dbfs: float, seconds: float, seed: int = 1) -> Samples:
    hiss = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), round(seconds * RATE_HZ))
    return np.rint(hiss).clip(-32768, 32767).astype(np.int16)


def join(*pieces: Samples) -> Samples:
    return np.concatenate(pieces)


def load(shared: Path, name: str) -> tuple[Samples, int]:
    with wave.open(str(shared / "speech" / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def everywhere(samples: Samples, rate_hz: int) -> dict[str, tuple[Samples, int]]:
    """The same sound at all rates and in all encodings."""
    sounds = {}
    for to_hz in (8000, 16000, 24000, 44100):
        floats = samples.astype(np.float64) if to_hz == rate_hz else soxr.resample(samples / 1.0, rate_hz, to_hz)
        sounds[str(to_hz)] = np.rint(floats).clip(-32768, 32767).astype(np.int16), to_hz
    for law in ("g711_ulaw", "g711_alaw"):
        format = AudioFormat(law, 8000)
        sounds[law] = decode_samples(encode_samples(sounds["8000"][0], format), format), 8000
    return sounds


def hear(
    samples: Samples,
    settings: DetectorSettings = SERVER_VAD,
    rate_hz: int = RATE_HZ,
    pieces: tuple[int, ...] = (10**9,),
) -> list[SpeechStarted | SpeechStopped]:
    """What a new detector hears, fed in pieces of these sizes over and over."""
    detector = TurnDetector(settings, rate_hz=rate_hz)
    events, begin = [], 0
    for size in cycle(pieces):
        events += detector.feed(samples[begin : begin + size])
        begin += size
        if begin >= len(samples):
            return events
    raise AssertionError("unreachable")


def times(events: list[SpeechStarted | SpeechStopped]) -> list[tuple[str, int]]:
    return [
        ("start", event.audio_start_ms) if isinstance(event, SpeechStarted) else ("end", event.audio_end_ms)
        for event in events
    ]


WAV_HEADER = np.frombuffer(
    b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\xc0\x5d\0\0\x80\xbb\0\0\2\0\x10\0data\xff\xff\xff\xff", "<i2"
)
MU_LAW_ZEROS = decode_samples(bytes(8000 * 5), AudioFormat("g711_ulaw", 8000))
CLICK = join(silence(1), np.full(3, 32767, np.int16), np.full(3, -32768, np.int16), silence(1))
NOT_SPEECH = {
    "digital silence": silence(10),
    "a WAV header before silence": join(WAV_HEADER, silence(3)),
    "a click": CLICK,
    "ten clicks": np.tile(CLICK, 10),
    "a knock of 10 ms": join(silence(1), noise(-6, 0.01), silence(1)),
    "DC of one": np.full(RATE_HZ * 5, 1, np.int16),
    "DC": np.full(RATE_HZ * 5, 2000, np.int16),
    "full-scale DC": np.full(RATE_HZ * 5, 32767, np.int16),
    "negative full-scale DC": np.full(RATE_HZ * 5, -32768, np.int16),
    "DC that comes and goes": np.tile(join(np.full(RATE_HZ, 20000, np.int16), silence(1)), 5),
    "zero bytes as mu-law": MU_LAW_ZEROS,
    "a faint 440 Hz tone": tone(440, -50, 10),
    "hum of the mains": tone(50, -30, 10),
    "an office": noise(-60, 10),
}
