"""Which microphones and loudspeakers there are, which one is meant, and how one is opened.

Everything that is missing has a sentence of its own: the Python package, the PortAudio library, any device at all,
the device that was asked for.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from vlclient.errors import AudioUnavailable

__all__ = ["Device", "Direction", "OpenStream", "devices", "find", "open_stream"]

Direction: TypeAlias = Literal["input", "output"]

_WORDS: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}


class Device(msgspec.Struct, frozen=True):
    """A microphone, a loudspeaker, or both in one."""

    index: int
    name: str
    host_api: str
    """The system's sound interface: ALSA, Core Audio, Windows WASAPI."""
    input_channels: int
    output_channels: int
    default_rate_hz: int
    is_default_input: bool
    is_default_output: bool

    def channels(self, direction: Direction) -> int:
        return self.input_channels if direction == "input" else self.output_channels

    def is_default(self, direction: Direction) -> bool:
        return self.is_default_input if direction == "input" else self.is_default_output

    def __str__(self) -> str:
        return f"{self.index} '{self.name}' ({self.host_api})"


def devices() -> list[Device]:
    """All there are, in the order of their indices; empty when there is none.

    Raises AudioUnavailable without sounddevice or PortAudio.
    """
    sounddevice = _sounddevice()
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    default_input, default_output = sounddevice.default.device
    return [
        Device(
            index=index,
            name=device["name"],
            host_api=apis[device["hostapi"]],
            input_channels=device["max_input_channels"],
            output_channels=device["max_output_channels"],
            default_rate_hz=round(device["default_samplerate"]),
            is_default_input=index == default_input,
            is_default_output=index == default_output,
        )
        for index, device in enumerate(sounddevice.query_devices())
    ]


def find(wanted: int | str | None, direction: Direction) -> Device:
    """The device with this index or a name like this, or the default one for None.

    A part of the name is enough, upper or lower case, if it says which one is meant; words of the host API may follow
    the name. Of several the one with exactly this name is taken, then the only one of the default's host API (Windows
    shows each device once for every API). Raises AudioUnavailable, with the candidates.
    """
    word = _WORDS[direction]
    usable = [device for device in devices() if device.channels(direction)]
    if not usable:
        raise AudioUnavailable(f"this computer has no {word}; connect one, or use a WAV file in its place")
    default = next((device for device in usable if device.is_default(direction)), usable[0])
    if wanted is None:
        return default
    known = ", ".join(map(str, usable))
    if isinstance(wanted, int) or wanted.strip().isdecimal():
        for device in usable:
            if device.index == int(wanted):
                return device
        raise AudioUnavailable(f"there is no {word} with the index {int(wanted)}; there are: {known}")
    return _named(wanted, usable, default, word)


def _named(wanted: str, usable: list[Device], default: Device, word: str) -> Device:
    words = wanted.lower().split()
    matching = [device for device in usable if all(w in f"{device.name} {device.host_api}".lower() for w in words)]
    if not words or not matching:
        raise AudioUnavailable(f"there is no {word} called {wanted!r}; there are: {', '.join(map(str, usable))}")
    exact = [device for device in matching if device.name.lower() == wanted.strip().lower()] or matching
    of_default = [device for device in exact if device.host_api == default.host_api]
    for candidates in (exact, of_default):
        if len(candidates) == 1:
            return candidates[0]
    raise AudioUnavailable(
        f"several devices match the {word} {wanted!r}: {', '.join(map(str, exact))}; give an index or more of the name"
    )


class OpenStream(msgspec.Struct, frozen=True):
    """A stream of PortAudio that is open and not started, and what the device agreed to."""

    stream: Any
    """``sounddevice.RawInputStream`` or ``RawOutputStream``, int16."""
    rate_hz: int
    channels: int
    latency_s: float
    """What PortAudio says that lies between the callback and the air."""


def open_stream(
    device: Device,
    direction: Direction,
    *,
    rate_hz: int,
    block_ms: int,
    latency_s: float,
    callback: Callable[..., None],
    on_finished: Callable[[], None],
) -> OpenStream:
    """Open it as near to mono at ``rate_hz`` as it can: the device's own rate is second choice, two channels third.

    Raises AudioUnavailable with PortAudio's reason.
    """
    sounddevice = _sounddevice()
    stream_class = sounddevice.RawInputStream if direction == "input" else sounddevice.RawOutputStream
    reason: Exception | None = None
    for channels in range(1, min(device.channels(direction), 2) + 1):
        for rate in dict.fromkeys((rate_hz, device.default_rate_hz)):
            try:
                with _quiet_stderr():
                    stream = stream_class(
                        device=device.index,
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        blocksize=rate * block_ms // 1000,
                        latency=latency_s,
                        callback=callback,
                        finished_callback=on_finished,
                    )
            except (sounddevice.PortAudioError, ValueError) as error:  # ValueError: a device that is gone again
                reason = reason or error
            else:
                return OpenStream(stream, rate, channels, stream.latency)
    raise AudioUnavailable(
        f"the {_WORDS[direction]} {device} cannot be opened: {reason}; close what else uses it, or choose another"
    )


def _sounddevice() -> Any:
    """The module, which is loaded when a device is first needed: most uses of this library need none."""
    try:
        return import_module("sounddevice")
    except ImportError:
        raise AudioUnavailable(
            "microphone and loudspeaker need the package sounddevice: pip install 'vlmock[client]'"
        ) from None
    except OSError as error:
        remedy = "apt-get install libportaudio2" if sys.platform == "linux" else "install PortAudio from portaudio.com"
        raise AudioUnavailable(f"microphone and loudspeaker need the PortAudio library: {remedy} ({error})") from None
    except Exception as error:  # PortAudioError, which cannot be named while its module does not load
        raise AudioUnavailable(f"the sound system of this computer does not start: {error}") from None


@contextmanager
def _quiet_stderr() -> Iterator[None]:
    """ALSA and PortAudio write every refused rate to the process's standard error; the exception says enough."""
    try:
        saved = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    try:
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
