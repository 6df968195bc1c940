"""A double of the module sounddevice, whose devices do what a test says and nothing else."""

import threading
import types
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["FakeSoundDevice", "FakeStream", "Times"]


class PortAudioError(Exception):
    """As PortAudio raises it."""


class Times(msgspec.Struct):
    """What PortAudio tells a callback, in seconds of its own clock."""

    currentTime: float = 100.0
    inputBufferAdcTime: float = 100.0
    outputBufferDacTime: float = 100.0


class Flags(msgspec.Struct):
    """What went wrong since the last callback."""

    output_underflow: bool = False
    input_overflow: bool = False


class FakeStream:
    """A stream of either direction. ``fill`` and ``capture`` are the device's work, done when the test says so."""

    def __init__(self, sound_device: "FakeSoundDevice", **settings: Any) -> None:
        if (settings["channels"], settings["samplerate"]) not in sound_device.accepted:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        self.settings = settings
        self.latency = settings["latency"] + 0.02
        self.active = False
        self.calls: list[str] = []
        self.started = threading.Event()
        """Set when it has been started again."""
        self.pulled_at_start: list[bytes] | None = None
        """A device fills its buffer as soon as it starts; a list is given what it gets."""
        self._sound_device = sound_device
        sound_device.streams.append(self)

    def start(self) -> None:
        self.calls.append("start")
        if self._sound_device.does_not_start:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        self.active = True
        if self.pulled_at_start is not None:
            self.pulled_at_start.append(self.fill(480))
        self.started.set()

    def abort(self) -> None:
        self.calls.append("abort")
        self.started.clear()
        self._finish()

    def close(self) -> None:
        assert "close" not in self.calls, "closing twice frees memory twice"
        self.calls.append("close")
        self._finish()

    def vanish(self) -> None:
        """The device is pulled out."""
        self._finish()

    def _finish(self) -> None:
        if self.active:
            self.active = False
            self.settings["finished_callback"]()

    def fill(self, frames: int, *, ahead: float = 0.0, dac_time: float | None = None, underflow: bool = False) -> bytes:
        """The device asks for sound that will be heard ``ahead`` seconds from now; returns what it got."""
        out = bytearray(frames * 2 * self.settings["channels"])
        times = Times(outputBufferDacTime=100.0 + ahead if dac_time is None else dac_time)
        self.settings["callback"](memoryview(out), frames, times, Flags(output_underflow=underflow))
        return bytes(out)

    def capture(self, pcm: bytes, *, adc_time: float = 0.0, overflow: bool = False) -> None:
        """The device has heard something."""
        frames = len(pcm) // 2 // self.settings["channels"]
        self.settings["callback"](memoryview(pcm), frames, Times(inputBufferAdcTime=adc_time), Flags(False, overflow))


class FakeSoundDevice(types.ModuleType):
    """Goes into ``sys.modules`` under the name of the real one."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.accepted = {(1, 24000)}
        """Channels and rates with which a stream can be opened."""
        self.does_not_start = False
        self.streams: list[FakeStream] = []
        self.apis = ["ALSA"]
        self.devices = [device("Speakerphone", channels=(2, 2))]
        self.default = types.SimpleNamespace(device=[0, 0])
        self.RawInputStream: Callable[..., FakeStream] = lambda **settings: FakeStream(self, **settings)
        self.RawOutputStream = self.RawInputStream

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": name} for name in self.apis]


def device(name: str, *, channels: tuple[int, int] = (1, 1), api: int = 0, rate_hz: float = 48000.0) -> dict[str, Any]:
    """As ``query_devices`` tells of one; ``channels`` in and out."""
    return {
        "name": name,
        "hostapi": api,
        "max_input_channels": channels[0],
        "max_output_channels": channels[1],
        "default_samplerate": rate_hz,
    }
