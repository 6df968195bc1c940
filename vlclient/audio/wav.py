"""WAV files in the place of a microphone and a loudspeaker, in real time or as fast as they can be read and written."""

import asyncio
import math
from contextlib import suppress
from pathlib import Path

from vlclient.audio.playback_buffer import PlaybackBuffer
from vlclient.audio.playback_watch import PlaybackWatch
from vlclient.audio.ports import FirstHeard, Heard, Part
from vlclient.errors import AudioUnavailable, DeviceLost
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.wav import parse_wav, wav_header

__all__ = ["WavSink", "WavSource", "read_wav"]

"""The encoding of what is written, in the words of the format."""


class WavSource:
    """An ``AudioSource`` that speaks a file, then is silent like a microphone before which nobody speaks.

    The silence matters: the service sees the end of a turn by it. In real time it lasts for as long as it is read.
    Fast, the first ``tail_ms`` of it come at once and the rest in real time, so that the turn ends at once and nobody
    is flooded while waiting for the answer.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        rate_hz: int = 24000,
        block_ms: int = 20,
        paced: bool = True,
        then_silence: bool = True,
        tail_ms: int = 2000,
    ) -> None:
        """Read the whole file. Raises AudioUnavailable, which names the file and the reason."""
        self._audio = read_wav(path, rate_hz=rate_hz)
        self._block_s = block_ms / 1000
        self._block_bytes = rate_hz * block_ms // 1000 * 2
        self._paced = paced
        self._then_silence = then_silence
        self._tail = math.ceil(tail_ms / block_ms)
        """How many blocks of silence come without a pause, where blocks of sound do."""
        self._place = 0
        self._due: float | None = None
        self._closing = asyncio.Event()
        self.captured_until = float("-inf")
        """When the newest sample handed out was, or would have been, captured (``time.monotonic()``)."""

    @property
    def ended(self) -> bool:
        """Whether the whole file has been read; what comes now is silence."""
        return self._place >= len(self._audio)

    async def read(self) -> bytes:
        """The next block, when it would have been spoken. After the file silence, or ``b""`` without."""
        if self._closing.is_set() or (self.ended and not self._then_silence):
            return b""
        fast = not self._paced
        if fast and self.ended:
            fast, self._tail = self._tail > 0, self._tail - 1
        if fast:
            self.captured_until = asyncio.get_running_loop().time()
            await asyncio.sleep(0)  # or nobody else would get a turn
        else:
            await self._next_instant()
        if self._closing.is_set():
            return b""
        block = self._audio[self._place : self._place + self._block_bytes]
        self._place += len(block)
        return block.ljust(self._block_bytes, b"\0") if self._then_silence else block

    async def _next_instant(self) -> None:
        """Wait for the end of the block that is being spoken. Counted from the first, so lateness does not add up."""
        loop = asyncio.get_running_loop()
        self._due = (loop.time() if self._due is None else self._due) + self._block_s
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._due):
                await self._closing.wait()
        self.captured_until = self._due

    def close(self) -> None:
        """A ``read`` that waits ends with ``b""``. Safe to call twice."""
        self._closing.set()


class WavSink:
    """An ``AudioSink`` that writes what a loudspeaker without latency would have let hear.

    The file begins when the sink is made; between replies there is silence as long as it was in real time, and where
    ``stop`` cut a reply the file has only what was heard of it. Not ``paced``, everything given has been heard at once
    and replies follow each other without a pause. The header is right after every write.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        rate_hz: int = 24000,
        paced: bool = True,
        bound_s: float = 600.0,
        on_first_heard: FirstHeard | None = None,
    ) -> None:
        """Create the file, or empty it. To be called in the event loop that will use it. Raises AudioUnavailable."""
        self._path = path
        self._rate_hz = rate_hz
        self._written = 0
        self._paced = paced
        try:
            self._file = Path(path).open("wb")  # noqa: SIM115 - closed by close()
            self._write_header()
        except (OSError, ValueError) as error:
            raise AudioUnavailable(f"cannot write the sound file {path}: {_reason(error)}") from error
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._buffer = PlaybackBuffer(rate_hz, bound_s=bound_s, on_change=self._look)
        self._watch = PlaybackWatch(self._buffer, on_first_heard, clock=self._now)
        self._timer: asyncio.TimerHandle | None = None

    def play(self, part: Part, audio: bytes) -> None:
        """Append to what is to be played. After ``close`` it does nothing. Raises DeviceLost when the disk is full."""
        if self._file.closed:
            return
        self._catch_up()
        if self._watch.lost is not None:
            raise self._watch.lost
        self._buffer.put(part, audio)
        if not self._paced:
            self._catch_up()
        elif self._timer is None:
            self._tick()

    def stop(self) -> Heard | None:
        """Nothing more of what was given is written. What had been heard of the part that was playing."""
        self._catch_up()
        now = self._now()
        heard = self._buffer.flush(now)
        self._watch.stopped(now)
        return heard

    async def drained(self) -> None:
        """Returns once everything has been heard, or was stopped. Raises DeviceLost."""
        await self._watch.drained(lambda: DeviceLost(f"the sound file {self._path} takes no more sound"))

    def close(self) -> None:
        """End the file now. Safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
        self.stop()
        with suppress(OSError):  # a full disk, which was told
            self._file.close()

    @property
    def on_first_heard(self) -> FirstHeard | None:
        """Told in the event loop when the first sound of a part is heard."""
        return self._watch.on_first_heard

    @on_first_heard.setter
    def on_first_heard(self, told: FirstHeard | None) -> None:
        self._watch.on_first_heard = told

    @property
    def dropped_ms(self) -> float:
        """How much was never played because too much was waiting."""
        return self._buffer.dropped_ms

    def _now(self) -> float:
        """Up to when what was written has been heard: where nothing is paced, there is nothing to wait for."""
        return self._loop.time() if self._paced else math.inf

    def _look(self) -> None:
        self._watch.look()

    def _tick(self) -> None:
        self._catch_up()
        self._timer = None
        pending = self._buffer.pending_frames
        if pending and self._watch.lost is None:
            self._timer = self._loop.call_later(min(_TICK_S, pending / self._rate_hz), self._tick)

    def _catch_up(self) -> None:
        """Write what was heard since the last time, sound and silence."""
        if self._file.closed or self._watch.lost is not None:
            return
        if self._paced:
            missing = int((self._loop.time() - self._began) * self._rate_hz + 1e-3) - self._written
        else:
            missing = self._buffer.pending_frames
        try:
            while missing > 0:
                frames = min(missing, self._rate_hz)  # after a long silence, second by second
                heard_at = self._began + self._written / self._rate_hz if self._paced else self._loop.time()
                self._file.write(self._buffer.pull(frames, heard_at=heard_at))
                self._written += frames
                missing -= frames
                self._write_header()
        except OSError as error:
            self._watch.lose(DeviceLost(f"cannot write on in the sound file {self._path}: {_reason(error)}"))

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(AudioFormat("pcm16", self._rate_hz), 1, self._written * 2))
        self._file.seek(0, 2)
        self._file.flush()


_TICK_S = 0.02
"""How often a paced file is written."""


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


# ---- reading


def read_wav(path: str | Path, *, rate_hz: int) -> bytes:
    """The sound of a WAV file as mono PCM16 at ``rate_hz``, its channels mixed into one.

    Reads PCM of 8, 16, 24 and 32 bits and float of 32 and 64; 16-bit mono at this rate comes back to the bit. Raises
    AudioUnavailable, which names the file and the reason.
    """
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise AudioUnavailable(f"cannot read the sound file {path}: {_reason(error)}") from error
    try:
        samples, file_rate_hz = parse_wav(data)
    except ValueError as error:
        raise AudioUnavailable(f"cannot use the sound file {path}: {error}") from None
    import numpy as np

    if file_rate_hz != rate_hz:
        import soxr  # type: ignore[import-untyped]

        samples = soxr.resample(samples, file_rate_hz, rate_hz)
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
