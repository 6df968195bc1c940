"""Where the voices of a conversation come from and go to: devices, or files in their place."""

import math
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from vlclient.audio.loudspeaker import Loudspeaker
from vlclient.audio.microphone import Microphone
from vlclient.audio.wav import WavSink, WavSource
from vlclient.chat.display import SILENCE_DB
from vlclient.chat.options import ChatOptions
from vlclient.errors import AudioUnavailable, ConfigurationError

__all__ = ["Ear", "Mouth", "level_db", "open_ear", "open_mouth"]

Ear: TypeAlias = Microphone | WavSource
Mouth: TypeAlias = Loudspeaker | WavSink
T = TypeVar("T")


def open_ear(options: ChatOptions) -> Ear:
    """What hears the user. Raises AudioUnavailable; ConfigurationError for a file that will not do."""
    path = options.input
    if path is None:
        return Microphone(options.input_device)
    # where no silence ends a turn, none is sent
    return _file(lambda: WavSource(path, paced=not options.fast, then_silence=options.turn_detection != "none"))


def open_mouth(options: ChatOptions) -> Mouth:
    """What speaks for the assistant; raises likewise."""
    path = options.output
    if path is None:
        return Loudspeaker(options.output_device)
    return _file(lambda: WavSink(path, paced=not options.fast))


def _file(opened: Callable[[], T]) -> T:
    """A file that will not do is a mistake of whoever named it, and no lack of sound."""
    try:
        return opened()
    except AudioUnavailable as error:
        raise ConfigurationError(str(error)) from error


def level_db(block: bytes) -> float:
    """How loud PCM16 is: 0 dB is a square wave as loud as can be."""
    import numpy as np

    samples = np.frombuffer(block, "<i2").astype(np.float32)
    power = float(samples @ samples) / max(1, len(samples)) / 32768**2
    return max(SILENCE_DB, 10 * math.log10(power)) if power else SILENCE_DB
