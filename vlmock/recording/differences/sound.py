"""How much sound there is, how much of it is speech, and how loud: what can be compared of two voices."""

import math
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from vlmock.protocol.audio_format import AudioFormat, decode_samples, first_channel
from vlmock.protocol.recording.lines import AUDIO_KEY, Clip
from vlmock.recording.model import Recording, Voice

__all__ = ["Sound", "audio_of", "heard"]

_BLOCK_MS: Final = 20
_QUIET_DB: Final = -50.0
"""Below full scale; no speech is so soft."""
_BELOW_LOUDEST_DB: Final = 30.0


class Sound(NamedTuple):
    """All the sound of a run."""

    data: bytes
    format: AudioFormat
    channels: int = 1

    @property
    def ms(self) -> float:
        return round(self.format.duration_ms(len(self.data)) / self.channels, 1)


def audio_of(recording: Recording, values: Iterable[Any]) -> Sound | None:
    """The sound that members of events point to; None where there is none, or a recorder has not kept all of it."""
    parts: list[bytes] = []
    voice: Voice | None = None
    for value in values:
        if not isinstance(value, dict) or AUDIO_KEY not in value:
            return None
        clip = msgspec.convert(value, Clip)
        voice = recording.voices[clip.file]
        parts.append(recording.sound(clip))
    return None if voice is None else Sound(b"".join(parts), voice.format, voice.channels)


def heard(sound: Sound) -> tuple[float, float] | None:
    """How many milliseconds of it are speech, and how loud those are in dB of full scale; None: it is all silence, or
    no whole samples."""
    import numpy as np

    per_block = sound.format.rate_hz * _BLOCK_MS // 1000
    mono = first_channel(sound.data, sound.channels) if sound.channels > 1 else sound.data
    whole = len(mono) // (per_block * sound.format.bytes_per_sample)
    if not whole:
        return None
    data = mono[: whole * per_block * sound.format.bytes_per_sample]
    blocks = decode_samples(data, sound.format).astype(np.float32).reshape(whole, per_block)
    power = np.maximum((blocks**2).mean(axis=1), 1e-9)
    loud = 10 * np.log10(power) - 20 * math.log10(32768)
    speech = loud > max(_QUIET_DB, float(loud.max()) - _BELOW_LOUDEST_DB)
    if not speech.any():
        return None
    level = 10 * math.log10(float(power[speech].mean())) - 20 * math.log10(32768)
    return float(speech.sum() * _BLOCK_MS), round(level, 1)
