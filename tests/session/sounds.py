"""Sound for tests, made here: nothing that needs a file."""

import numpy as np

RATE_HZ = 24_000


def voice(duration_ms: int, *, level_dbfs: float = -20.0, rate_hz: int = RATE_HZ) -> bytes:
    """Something like a vowel: harmonics of 140 Hz that swell and fade four times a second. Mono PCM16."""
    time_s = np.arange(rate_hz * duration_ms // 1000) / rate_hz
    wave = sum(np.sin(2 * np.pi * 140 * n * time_s) / n for n in range(1, 12))
    wave = wave * (0.7 + 0.3 * np.sin(2 * np.pi * 4 * time_s))
    wave *= 10 ** (level_dbfs / 20) / np.sqrt(np.mean(wave**2))
    return (np.clip(wave, -1, 1) * 32767).astype("<i2").tobytes()


def silence(duration_ms: int, *, rate_hz: int = RATE_HZ) -> bytes:
    return bytes(rate_hz * duration_ms // 1000 * 2)


def utterance(duration_ms: int = 900, *, before_ms: int = 500, after_ms: int = 900) -> bytes:
    """A turn as a microphone hears it: silence, voice, silence."""
    return silence(before_ms) + voice(duration_ms) + silence(after_ms)
