"""The sound that a client has sent: kept until it is committed, and listened to."""

from collections.abc import Iterator
from typing import TypeAlias

from vlmock.protocol.audio_format import AudioFormat, decode_samples
from vlmock.session import refusals
from vlmock.session.turn_detector import DetectorSettings, SpeechStarted, SpeechStopped, TurnDetector

__all__ = ["SMALLEST_COMMIT_MS", "InputBuffer", "Signal"]

_KEPT_IN_SILENCE_MS = 3_000
"""With detection on and nobody speaking, only this much of the past is kept: more than any prefix padding in use."""
_BOUND_BYTES = 256 * 2**20
"""What one buffer may hold: over an hour and a half at 24 kHz. Beyond it appends are refused. Assumed."""
SMALLEST_COMMIT_MS = 100
"""Observed {STTX}."""
MOST_BYTES_IN_ONE_APPEND = 15 * 2**20
"""Documented {DOC}."""

Signal: TypeAlias = SpeechStarted | SpeechStopped


class InputBuffer:
    """Audio time counts the milliseconds appended in this session, whatever became of them. Observed {FON, PAI}."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self._format = audio_format
        self._sample_bytes = audio_format.bytes_per_sample
        self._audio = bytearray()
        self._from_ms = 0.0
        self._unheard: list[bytes] = []
        self._unheard_bytes = 0
        self._signals: Iterator[Signal] = iter(())
        self._next_signal: Signal | None = None
        self._detector: TurnDetector | None = None
        self._detection: DetectorSettings | None = None

    @property
    def audio_format(self) -> AudioFormat:
        return self._format

    @property
    def held_ms(self) -> float:
        """How much audio is held since the last commit or clear."""
        return self._format.duration_ms(len(self._audio) + self._unheard_bytes)

    @property
    def audio_ms(self) -> float:
        """The audio time: how much was appended in this session."""
        return self._from_ms + self.held_ms

    def append(self, audio: bytes) -> None:
        """Take a block. It is only stored: ``next_signal`` hears all that has come since, at once.

        Raises Refused when the block is empty, odd, too large, or when the buffer is full.
        """
        size = len(audio)
        if not size:
            raise refusals.invalid_audio("it is empty")
        if size > MOST_BYTES_IN_ONE_APPEND:
            raise refusals.append_too_large(size, MOST_BYTES_IN_ONE_APPEND)
        if size % self._sample_bytes:
            raise refusals.invalid_audio(f"{size} bytes are not a whole number of 16-bit samples")
        if len(self._audio) + self._unheard_bytes + size > _BOUND_BYTES:
            raise refusals.invalid_audio("the input audio buffer is full; commit or clear it")
        self._unheard.append(audio)
        self._unheard_bytes += size

    def next_signal(self) -> Signal | None:
        """Where speech began or ended next in what has come; the same until ``heard`` is called. None: nowhere yet.

        What is done about one signal holds for the sound after it, for that is not listened to before.
        """
        while self._next_signal is None:
            self._next_signal = next(self._signals, None)
            if self._next_signal is None:
                if not self._unheard:
                    return None
                self._signals = self._listen()
        return self._next_signal

    def heard(self) -> None:
        """The next signal is taken care of."""
        self._next_signal = None

    def _listen(self) -> Iterator[Signal]:
        """Hear all that has come, in one block."""
        begin_ms = self._from_ms + self._format.duration_ms(len(self._audio))
        block = self._take_unheard()
        if self._detection is None:
            return
        if self._detector is None:
            self._detector = TurnDetector(self._detection, rate_hz=self._format.rate_hz, start_ms=begin_ms)
        detector = self._detector
        yield from detector.hear(decode_samples(block, self._format))
        if not detector.speaking:
            self._forget_before(self.audio_ms - _KEPT_IN_SILENCE_MS)

    def configure(self, audio_format: AudioFormat, detection: DetectorSettings | None) -> None:
        """Follow the session's settings. What is held in another format is dropped, its time still counts. Assumed."""
        if audio_format != self._format or detection is None:
            self.forget_speech()
            self._detector = None
        if audio_format != self._format:
            self._from_ms = self.audio_ms
            self._audio.clear()
            self._format = audio_format
            self._sample_bytes = audio_format.bytes_per_sample
        if self._detector is not None and detection is not None:
            self._detector.configure(detection)
        self._detection = detection

    def wait_longer(self, milliseconds: int) -> None:
        """The turn that is being spoken is not finished yet: it takes this much more silence to end it."""
        if self._detector is not None:
            self._detector.extra_silence_ms = milliseconds

    def take(self, start_ms: float | None = None, end_ms: float | None = None) -> bytes:
        """Commit: what is held between two instants of audio time, all of it by default. Earlier sound is dropped."""
        start_ms = self._from_ms if start_ms is None else max(start_ms, self._from_ms)
        end_ms = self.audio_ms if end_ms is None else min(end_ms, self.audio_ms)
        first = self._format.bytes_for_ms(start_ms - self._from_ms)
        last = self._format.bytes_for_ms(end_ms - self._from_ms)
        taken = bytes(self._audio[first:last])
        self._forget_before(end_ms)
        return taken

    def clear(self) -> None:
        """Drop what is held; a turn that is being spoken is forgotten with it."""
        self.forget_speech()
        self._forget_before(self.audio_ms)

    def forget_speech(self) -> None:
        """Whatever was or is being said is no turn any more; audio time goes on."""
        while self.next_signal() is not None:
            self.heard()
        if self._detector is not None:
            self._detector.reset()

    def _take_unheard(self) -> bytes:
        block = self._unheard[0] if len(self._unheard) == 1 else b"".join(self._unheard)
        self._unheard.clear()
        self._unheard_bytes = 0
        self._audio += block
        return block

    def _forget_before(self, instant_ms: float) -> None:
        count = min(self._format.bytes_for_ms(max(0.0, instant_ms - self._from_ms)), len(self._audio))
        if count:
            del self._audio[:count]
            self._from_ms += self._format.duration_ms(count)
