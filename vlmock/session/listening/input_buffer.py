"""The sound that a client has sent: kept until it is committed, and listened to."""

from collections.abc import Iterator

from vlmock.protocol.audio_format import AudioFormat, decode_samples, first_channel
from vlmock.session import refusals
from vlmock.session.listening.hearing import Hearing
from vlmock.session.listening.held_audio import HeldAudio
from vlmock.session.listening.turn_detector import Detector, DetectorFactory, Signal, TurnDetector

__all__ = ["SMALLEST_COMMIT_MS", "InputBuffer"]

_BOUND_BYTES = 256 * 2**20
"""What one buffer may hold: over an hour and a half at 24 kHz. Beyond it appends are refused. Assumed."""
SMALLEST_COMMIT_MS = 100
"""Observed {STTX}."""
MOST_BYTES_IN_ONE_APPEND = 15 * 2**20
"""Documented {DOC}."""


class InputBuffer:
    """Audio time counts the milliseconds appended in this session, whatever became of them. Observed {FON, PAI}."""

    def __init__(self, hearing: Hearing, detector: DetectorFactory = TurnDetector) -> None:
        self._hearing = hearing
        self._format = hearing.audio_format
        self._sample_bytes = hearing.bytes_per_sample
        self._new_detector = detector
        self._audio = HeldAudio()
        self._from_ms = 0.0
        self._unheard: list[bytes] = []
        self._unheard_bytes = 0
        self._signals: Iterator[Signal] = iter(())
        self._next_signal: Signal | None = None
        self._detector: Detector | None = None
        self._over_assistant = False

    @property
    def hearing(self) -> Hearing:
        """How it listens."""
        return self._hearing

    @property
    def audio_format(self) -> AudioFormat:
        """Of what is taken: one channel, the microphone's."""
        return self._format

    @property
    def held_ms(self) -> float:
        """How much audio is held since the last commit or clear."""
        return self._format.duration_ms(len(self._audio) + self._unheard_bytes // self._hearing.channels)

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
            raise refusals.not_whole_samples(size, self._hearing.channels)
        if len(self._audio) + self._unheard_bytes + size > _BOUND_BYTES:
            raise refusals.invalid_audio("the input audio buffer is full; commit or clear it")
        self._unheard.append(audio)
        self._unheard_bytes += size

    def next_signal(self, *, over_assistant: bool = False) -> Signal | None:
        """Where speech began or ended next in what has come; the same until ``heard`` is called. None: nowhere yet.

        What is done about one signal holds for the sound after it, for that is not listened to before.
        ``over_assistant``: the assistant speaks meanwhile, which may make the detector harder to convince.
        """
        self._over_assistant = over_assistant
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
        hearing = self._hearing
        if hearing.detection is None:
            return
        if self._detector is None:
            self._detector = self._new_detector(hearing.detection, rate_hz=self._format.rate_hz, start_ms=begin_ms)
        detector = self._detector
        self._follow_assistant(detector)
        for signal in detector.hear(decode_samples(block, self._format)):
            yield signal
            self._follow_assistant(detector)
        if not detector.speaking:
            self._forget_before(self.audio_ms - hearing.kept_in_silence_ms)

    def _follow_assistant(self, detector: Detector) -> None:
        """Who speaks over the assistant is heard with settings of its own, where the session has some."""
        hearing = self._hearing
        if hearing.over_assistant is not None and hearing.detection is not None:
            detector.configure(hearing.over_assistant if self._over_assistant else hearing.detection)

    def configure(self, hearing: Hearing) -> bool:
        """Follow the session's settings; True when speech in progress is forgotten.

        Assumed: it is where nobody listens any more, or where its sound came in another format. What is held in another
        format is dropped; its time still counts.
        """
        before = self._hearing
        other_format = (hearing.audio_format, hearing.channels) != (before.audio_format, before.channels)
        forgets = other_format or hearing.detection is None
        if forgets:
            self.forget_speech()
            self._close_detector()
        if other_format:
            self._from_ms = self.audio_ms
            self._audio = HeldAudio()
            self._format = hearing.audio_format
            self._sample_bytes = hearing.bytes_per_sample
        self._hearing = hearing
        if self._detector is not None and hearing.detection is not None:
            self._detector.configure(hearing.detection)
        return forgets

    def close(self) -> None:
        """The conversation is over: nothing is heard any more."""
        self._signals = iter(())
        self._unheard.clear()
        self._close_detector()

    def _close_detector(self) -> None:
        detector, self._detector = self._detector, None
        if detector is not None:
            detector.close()

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
        taken = self._audio.part(first, last)
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
        if self._hearing.channels > 1:
            block = first_channel(block, self._hearing.channels)
        self._audio.append(block)
        return block

    def _forget_before(self, instant_ms: float) -> None:
        count = min(self._format.bytes_for_ms(max(0.0, instant_ms - self._from_ms)), len(self._audio))
        if count:
            self._audio.forget(count)
            self._from_ms += self._format.duration_ms(count)
