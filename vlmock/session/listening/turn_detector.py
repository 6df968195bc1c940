"""Who is speaking: finds the beginnings and ends of speech in samples, in audio time.

This is a level detector, not a model of speech. *Assumed* throughout, and calibrated on the one voice for which we know
both the samples and what the service reported ({PAI}, ``server_vad`` and ``azure_semantic_vad_multilingual``):

1. Each 32 ms frame has a level (:mod:`vlmock.session.listening.speech_level`). It is *active* at or above ``threshold``
   (-48 dBFS at 0.5, two dB for each 0.1) and at least 13 dB above the noise floor, the quietest moments of the last
   four seconds; once active, ``neg_threshold`` will do, three dB less unless it is given.
2. Frames *open* a turn when enough of them are active: one more than fill ``speech_duration_ms``, and seven frames
   (224 ms) heard at least. Openings of which two thirds are silence are forgotten: a click, the header of a WAV file
   and a step of DC fill one or two frames.
3. The onset is the first opening frame within 10 dB of the loudest, or the fifth: an unvoiced or soft first sound does
   not count for 128 ms. ``audio_start_ms`` is the onset less ``prefix_padding_ms``, in steps of 16, never below 0 and
   never inside a turn that has ended before.
4. The turn ends with the frame in which silence has lasted ``silence_duration_ms`` and 64 ms more (96 for semantic
   detection); ``audio_end_ms`` is the end of that frame.

Where it fails: with noise less than about 10 dB below the voice it misses speech or does not hear its end (at 5 dB it
is useless); steady noise above the threshold counts as speech for the four seconds that it takes to become the floor;
music is speech; whispering and a final ``s`` have next to nothing in the band that is measured.
The same samples give the same events however they are cut, always.

Points 2 and 4 hold for other detectors, too: they are subclasses that go by another figure than the level. What a
session needs of any of them is ``Detector``.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FRAME_MS",
    "Detector",
    "DetectorFactory",
    "DetectorSettings",
    "Figures",
    "Signal",
    "SpeechStarted",
    "SpeechStopped",
    "TurnDetector",
]

FRAME_MS = 32
"""Observed {FON, PAI}: the service counts audio in steps of 32 ms."""

STEP_MS = 16
"""Observed {FON, PAI}: every reported time divides by 16."""


def power_of(decibels: float) -> float:
    """The mean square of a level in dBFS, where 0 dBFS is a mean square of 1; the ratio of a difference in dB."""
    return float(10 ** (decibels / 10))


OPENING_FRAMES = 7
"""Assumed: speech is announced 224 ms after it began at the earliest; 200 ms is the documented duration."""

ONSET_BELOW_LOUDEST = power_of(-10)
LAST_ONSET = 4
"""Assumed: of the opening frames, numbered from 0. The voice that we know begins with a soft sound that lasts longer;
without a limit its onset would depend on how the words fall into frames."""
SEMANTIC_START_LAG_MS = 128
"""Observed {PAI}, one voice: semantic detection puts the onset 132 ms later than ``server_vad``."""

LEAST_SPEECH_MS = 80
"""Documented {DOC}: a shorter ``speech_duration_ms`` counts as this."""

LEAST_DBFS, DBFS_PER_THRESHOLD = -58, 20
"""Assumed: the level that threshold 0 stands for, and how much more 1 demands."""
RELEASE_BELOW = 0.15
"""Assumed: ``neg_threshold`` is so much below ``threshold``, as in the detector that this name comes from."""
ABOVE_FLOOR = power_of(13)
FLOOR_BLOCK_FRAMES, FLOOR_BLOCKS = 16, 8
"""The floor comes from the quietest frames of the last eight half-seconds: their second least, as one may be chance."""


class DetectorSettings(msgspec.Struct, frozen=True):
    """What a session's ``turn_detection`` says about hearing, with the defaults of a new connection."""

    threshold: float = 0.5
    """0 hears a voice above -58 dBFS, 1 only one above -38."""
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 200
    speech_duration_ms: int | None = None
    """Speech shorter than this is ignored. Documented: None is 200, with semantic detection 80."""
    semantic: bool = False
    """One of the ``azure_semantic_vad`` family."""
    neg_threshold: float | None = None
    """What speech that has begun must not fall below; None: 0.15 less than ``threshold``."""


class SpeechStarted(msgspec.Struct, frozen=True):
    """Somebody began to speak."""

    audio_start_ms: int
    """Where the turn begins, prefix padding included."""
    decided_at_ms: float
    """The audio time at which it became known."""


class SpeechStopped(msgspec.Struct, frozen=True):
    """Somebody has finished."""

    audio_end_ms: int
    """Where the turn ends, trailing silence included."""
    decided_at_ms: float
    """The audio time at which it became known."""


Signal: TypeAlias = SpeechStarted | SpeechStopped


class Detector(Protocol):
    """What a session needs to hear one stream of mono samples. The same samples give the same signals in any pieces."""

    extra_silence_ms: int
    """Silence that the running turn (or else the next) needs beyond the settings' own; back to 0 at its end."""

    @property
    def speaking(self) -> bool:
        """Whether a turn has begun and not ended."""

    def configure(self, settings: DetectorSettings) -> None:
        """Go on with other settings; speech in progress and audio time go on too."""

    def reset(self) -> None:
        """Forget speech in progress; audio time goes on."""

    def hear(self, samples: "NDArray[np.int16]") -> Iterator[Signal]:
        """What these samples make known, one signal at a time; what is set between two holds after the first."""

    def close(self) -> None:
        """The stream is over. Nothing is heard after it."""


class DetectorFactory(Protocol):
    """Makes a detector for a stream at ``rate_hz`` whose first sample has the audio time ``start_ms``."""

    def __call__(self, settings: DetectorSettings, *, rate_hz: int, start_ms: float = 0.0) -> Detector: ...


class Figures(Protocol):
    """Measures a stream, frame by frame: the more, the more likely it is speech."""

    @property
    def heard_samples(self) -> int:
        """All samples fed so far."""

    def feed(self, samples: "NDArray[np.int16]") -> Sequence[float]:
        """A figure for each frame of ``FRAME_MS`` that these samples finish."""


class TurnDetector:
    """Hears one stream of mono samples at ``rate_hz``, by its level. A ``Detector``.

    ``start_ms`` is the audio time of its first sample: a session whose input format changes goes on counting.
    """

    TAIL_MS: ClassVar[Mapping[bool, int]] = {False: 64, True: 96}
    """Observed {PAI}, one voice: silence beyond ``silence_duration_ms``, for ``server_vad`` and semantic detection."""
    START_LAG_MS: ClassVar[int] = 0
    """How much later than its first frame a turn begins."""

    def __init__(
        self, settings: DetectorSettings, *, rate_hz: int, start_ms: float = 0.0, figures: Figures | None = None
    ) -> None:
        from vlmock.session.listening.speech_level import (
            SpeechLevel,  # numpy is not imported before there is something to hear
        )

        self.speaking = False
        self.extra_silence_ms = 0
        self._rate_hz = rate_hz
        self._start_ms = start_ms
        self._level = figures or SpeechLevel(rate_hz, frame_ms=FRAME_MS)
        self._frames = 0
        self._quietest = 1.0  # of the running half-second
        self._quietest_before = deque([0.0] * FLOOR_BLOCKS, maxlen=FLOOR_BLOCKS)  # a stream begins in a quiet room
        self._floor_due = FLOOR_BLOCK_FRAMES
        self._earliest_ms = start_ms
        self._quiet_ms = FRAME_MS  # since the last active frame
        self._forget_opening()
        self.configure(settings)

    @property
    def audio_ms(self) -> float:
        """Audio time: the milliseconds heard so far."""
        return self._start_ms + self._level.heard_samples * 1000 / self._rate_hz

    def configure(self, settings: DetectorSettings) -> None:
        """Go on with other settings; speech in progress and audio time go on too."""
        self._settings = settings
        documented_ms = 80 if settings.semantic else 200
        speech_ms = documented_ms if settings.speech_duration_ms is None else settings.speech_duration_ms
        self._speech_ms = max(speech_ms, LEAST_SPEECH_MS)
        self._silence_ms = settings.silence_duration_ms + self.TAIL_MS[settings.semantic]
        self._set_limits()

    def reset(self) -> None:
        """Forget speech in progress, because the buffer was cleared or committed by hand; audio time goes on."""
        self._forget_speech()
        self._earliest_ms = self.audio_ms

    def close(self) -> None:
        """There is nothing to give back."""

    def feed(self, samples: "NDArray[np.int16]") -> list[Signal]:
        """What these samples make known, in order; shape (samples,), mono, any number of them."""
        return list(self.hear(samples))

    def hear(self, samples: "NDArray[np.int16]") -> Iterator[Signal]:
        """The same, one event at a time: what is set between two events holds for the samples after the first.

        So ``extra_silence_ms`` can follow each turn even when several arrive in one block. Exhaust it.
        """
        for begin in range(0, len(samples), self._rate_hz):  # a second at a time: memory has a bound
            for power in self._level.feed(samples[begin : begin + self._rate_hz]):
                self._frames += 1
                if power >= (self._attack if self._quiet_ms else self._release):
                    self._quiet_ms = 0
                else:
                    self._quiet_ms += FRAME_MS
                if power < self._quietest:
                    self._quietest = power
                if self._frames == self._floor_due:
                    self._move_floor()
                if self.speaking:
                    if self._quiet_ms >= self._silence_ms + self.extra_silence_ms:
                        yield self._stop()
                elif (not self._quiet_ms or self._opening) and self._open(power):
                    yield self._start()

    # ---- what a frame can bring about

    def _move_floor(self) -> None:
        """Half a second is over: its quietest frame counts now, that of four seconds ago no longer."""
        self._floor_due += FLOOR_BLOCK_FRAMES
        self._quietest_before.append(self._quietest)
        self._quietest = 1.0
        self._set_limits()

    def _set_limits(self) -> None:
        """``_attack`` and ``_release``: the figures that make a frame active, after silence and after speech."""
        settings = self._settings
        threshold = power_of(LEAST_DBFS + DBFS_PER_THRESHOLD * settings.threshold)
        below = RELEASE_BELOW if settings.neg_threshold is None else max(0, settings.threshold - settings.neg_threshold)
        self._attack = max(threshold, ABOVE_FLOOR * sorted(self._quietest_before)[1])
        self._release = self._attack * power_of(-DBFS_PER_THRESHOLD * below)

    def _onset(self, opening: Sequence[float]) -> int:
        """Which of the first frames of a turn the speech began in."""
        audible = max(opening) * ONSET_BELOW_LOUDEST
        return min(LAST_ONSET, next(i for i, power in enumerate(opening) if power >= audible))

    def _open(self, power: float) -> bool:
        """One more frame since the first that may be speech; True when it is. Mostly silence is forgotten."""
        if len(self._opening) < OPENING_FRAMES:
            self._opening.append(power)
        self._open_frames += 1
        self._active_frames += not self._quiet_ms
        if (self._active_frames - 1) * FRAME_MS >= self._speech_ms:  # sound of that length touches one frame more
            return len(self._opening) == OPENING_FRAMES
        if 3 * self._active_frames <= self._open_frames:
            self._forget_opening()
        return False

    def _start(self) -> SpeechStarted:
        frame = self._frames - self._open_frames + self._onset(self._opening)
        lag_ms = self.START_LAG_MS + (SEMANTIC_START_LAG_MS if self._settings.semantic else 0)
        onset_ms = self._start_ms + frame * FRAME_MS + lag_ms
        decided_at_ms = self._decided_at_ms
        padded_ms = min(onset_ms - self._settings.prefix_padding_ms, decided_at_ms)
        self.speaking = True
        self._forget_opening()
        return SpeechStarted(_in_steps(max(padded_ms, self._earliest_ms, 0)), decided_at_ms)

    def _stop(self) -> SpeechStopped:
        decided_at_ms = self._decided_at_ms
        self._forget_speech()
        self._earliest_ms = decided_at_ms
        return SpeechStopped(_in_steps(decided_at_ms), decided_at_ms)

    @property
    def _decided_at_ms(self) -> float:
        return self._start_ms + self._frames * FRAME_MS

    def _forget_opening(self) -> None:
        self._opening: list[float] = []
        self._open_frames = self._active_frames = 0

    def _forget_speech(self) -> None:
        self._forget_opening()
        self.speaking = False
        self.extra_silence_ms = 0
        self._quiet_ms = FRAME_MS


def _in_steps(ms: float) -> int:
    """The nearest multiple of the service's step."""
    return int(ms / STEP_MS + 0.5) * STEP_MS
