"""A loudspeaker: plays what it is given, is silent at once when told so, and knows what was heard."""

import asyncio
import threading
import time
from contextlib import suppress
from typing import Any

from vlclient.audio.devices import find, open_stream
from vlclient.audio.playback_buffer import PlaybackBuffer
from vlclient.audio.playback_watch import PlaybackWatch
from vlclient.audio.ports import FirstHeard, Heard, Part
from vlclient.audio.resampling import Resampler
from vlclient.errors import AudioUnavailable, DeviceLost

__all__ = ["Loudspeaker"]


class Loudspeaker:
    """An ``AudioSink`` on a device of this computer.

    Its stream always runs and plays silence when there is nothing else: a device that sleeps between replies swallows
    their first words. Only ``stop`` ends it, because what the device has already pulled (160 ms under PulseAudio)
    would be heard otherwise; it is started again on another thread, as that takes some devices a while.
    """

    def __init__(
        self,
        device: int | str | None = None,
        *,
        rate_hz: int = 24000,
        block_ms: int = 20,
        latency_s: float = 0.1,
        bound_s: float = 600.0,
        on_first_heard: FirstHeard | None = None,
    ) -> None:
        """Open and start it. To be called in the event loop that will use it.

        ``device``: index, part of a name, or None for the default one. ``rate_hz``: of the audio given to ``play``;
        a device that cannot do it is given its own rate. ``latency_s``: asked of the device; less means earlier sound
        and more gaps on a busy computer. ``bound_s``: most that waits to be played, what comes later is dropped and
        counted. Raises AudioUnavailable.
        """
        self._loop = asyncio.get_running_loop()
        self.device = find(device, "output")
        opened = open_stream(
            self.device,
            "output",
            rate_hz=rate_hz,
            block_ms=block_ms,
            latency_s=latency_s,
            callback=self._fill,
            on_finished=self._finished,
        )
        self._stream = opened.stream
        self._latency_s = opened.latency_s
        self._channels = opened.channels
        self._rates = rate_hz, opened.rate_hz
        self._resampler = Resampler(*self._rates)
        self._part: Part | None = None
        self._buffer = PlaybackBuffer(
            opened.rate_hz, frame_bytes=2 * opened.channels, bound_s=bound_s, on_change=self._look_soon
        )
        self._watch = PlaybackWatch(self._buffer, on_first_heard)
        self.underflows = 0
        """How often the device was not served in time."""
        self._stream_lock = threading.Lock()
        """Held while the stream is started or stopped."""
        self._meant_to_run = False
        self._closed = False
        try:
            self._start()
        except Exception as error:  # whatever a driver may say, the device cannot be used
            self.close()
            raise AudioUnavailable(
                f"the loudspeaker {self.device} does not start: {error}; close what else uses it, or choose another"
            ) from error

    # ---- the port

    def play(self, part: Part, audio: bytes) -> None:
        """Append to what is to be played. After ``close`` it does nothing. Raises DeviceLost."""
        if self._closed:
            return
        if self._watch.lost is not None:
            raise self._watch.lost
        if part != self._part:  # the millisecond that the filter still holds of the part before is let go
            self._part, self._resampler = part, Resampler(*self._rates)
        audio = self._resampler.feed(audio)
        self._buffer.put(part, audio if self._channels == 1 else _for_both_ears(audio))

    def stop(self) -> Heard | None:
        """Silent within a millisecond or two of the call. What had been heard of the part that was playing."""
        now = self._loop.time()
        ends_at = self._buffer.ends_at
        sounds = ends_at is None or ends_at > now
        aborts = sounds and not self._closed and self._watch.lost is None
        if aborts:
            with self._stream_lock:
                self._meant_to_run = False
                self._stream.abort()
        heard = self._buffer.flush(now)
        self._part = None
        self._watch.stopped(now)
        if aborts:  # only now, for it fills itself when it starts
            threading.Thread(target=self._restart, name="loudspeaker restart", daemon=True).start()
        return heard

    async def drained(self) -> None:
        """Returns once everything has been heard, or was stopped. Raises DeviceLost."""
        await self._watch.drained(lambda: self._gone("takes no more sound"))

    def close(self) -> None:
        """Give the device back, at once. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        with self._stream_lock:
            self._meant_to_run = False
            self._stream.close()
        self.stop()

    @property
    def on_first_heard(self) -> FirstHeard | None:
        """Told in the event loop when the first sound of a part leaves the loudspeaker."""
        return self._watch.on_first_heard

    @on_first_heard.setter
    def on_first_heard(self, told: FirstHeard | None) -> None:
        self._watch.on_first_heard = told

    @property
    def underruns(self) -> int:
        """How often a part had to wait for its own rest, because the network was slow."""
        return self._buffer.underruns

    @property
    def dropped_ms(self) -> float:
        """How much was never played because too much was waiting."""
        return self._buffer.dropped_ms

    # ---- the device; _fill and _finished run on PortAudio's thread

    def _start(self) -> None:
        with self._stream_lock:
            if not self._closed:
                self._meant_to_run = True
                self._stream.start()

    def _restart(self) -> None:
        try:
            self._start()
        except Exception as error:  # whatever a driver may say, the device cannot be used
            self._lose(f"does not start again: {error}")

    def _fill(self, out: Any, frames: int, times: Any, status: Any) -> None:
        if status and status.output_underflow:
            self.underflows += 1
        ahead = times.outputBufferDacTime - times.currentTime
        if times.outputBufferDacTime <= 0 or not 0 <= ahead < 2:  # some drivers do not tell
            ahead = self._latency_s
        out[:] = self._buffer.pull(frames, heard_at=time.monotonic() + ahead)

    def _finished(self) -> None:
        if self._meant_to_run:
            self._lose("has gone")

    def _lose(self, what: str) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody plays any more
            self._loop.call_soon_threadsafe(self._watch.lose, self._gone(what))

    def _look_soon(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._watch.look)

    def _gone(self, what: str) -> DeviceLost:
        return DeviceLost(f"the loudspeaker {self.device} {what}; check that it is connected, or choose another")


def _for_both_ears(mono: bytes) -> bytes:
    """For a device that cannot do mono: each sample twice."""
    import numpy as np

    return np.frombuffer(mono, "<i2").repeat(2).tobytes()
