"""Listens to a client's audio: in a recording and now, with the same ear, so that one can be held against the other.

What is compared is what was heard, never the bytes: where speech begins and ends, how much of it there is, how long the
sound is.
"""

from contextlib import suppress
from typing import Any, Final

import msgspec

from vlmock.protocol.audio_format import AudioFormat, decode_samples, input_format
from vlmock.protocol.session import ResponseSession
from vlmock.session.listening.hearing import Hearing, hearing_of
from vlmock.session.listening.input_buffer import MOST_BYTES_IN_ONE_APPEND, InputBuffer
from vlmock.session.listening.turn_detector import DetectorSettings, Signal, SpeechStarted, SpeechStopped, TurnDetector
from vlmock.session.refusals import Refused

__all__ = ["LENGTH_FACTOR", "LENGTH_SLACK_MS", "Ear", "Sound"]

LENGTH_FACTOR: Final = 2.0
"""Two takes of one sentence: neither is more than twice as long as the other."""
LENGTH_SLACK_MS: Final = 500.0
"""Whatever the factor says, so much more or less is no difference: a breath, a key pressed late."""

_SOME_SPEECH = DetectorSettings(prefix_padding_ms=0, silence_duration_ms=200)
_SILENCE_HEARD_MS = 264.0
"""What a turn has at its end when it is found with those."""


class Sound(msgspec.Struct, frozen=True):
    """One turn of a client, as far as another take of it should be like it."""

    duration_ms: float
    speech_ms: float
    """0: nobody speaks."""

    @classmethod
    def of(cls, audio: bytes, format: AudioFormat) -> "Sound":
        """What can be heard in some mono sound."""
        duration_ms = format.duration_ms(len(audio))
        whole = audio[: len(audio) - len(audio) % format.bytes_per_sample]
        detector = TurnDetector(_SOME_SPEECH, rate_hz=format.rate_hz)
        speech_ms, began_ms = 0.0, None
        for signal in detector.hear(decode_samples(whole, format)):
            if isinstance(signal, SpeechStarted):
                began_ms = signal.audio_start_ms
            elif began_ms is not None:
                speech_ms += max(0.0, signal.audio_end_ms - _SILENCE_HEARD_MS - began_ms)
                began_ms = None
        if began_ms is not None:
            speech_ms += duration_ms - began_ms
        return cls(duration_ms, speech_ms)

    def is_like(self, other: "Sound") -> bool:
        """Whether both may be takes of the same turn. Silence before and after speech does not count."""
        if bool(self.speech_ms) != bool(other.speech_ms):
            return False
        if self.speech_ms:
            return _near(self.speech_ms, other.speech_ms)
        return _near(self.duration_ms, other.duration_ms)

    def __str__(self) -> str:
        speech = f"{self.speech_ms / 1000:.1f} s of speech" if self.speech_ms else "no speech"
        return f"{self.duration_ms / 1000:.1f} s with {speech}"


def _near(one: float, other: float) -> bool:
    short, long = sorted((one, other))
    return long <= short * LENGTH_FACTOR or long - short <= LENGTH_SLACK_MS


class Ear:
    """Hears one client. Audio time counts the milliseconds appended so far, as the service's does."""

    def __init__(self, *, patience_ms: int = 0) -> None:
        """``patience_ms``: silence that ends no turn, beyond what the session's settings say."""
        self._patience_ms = patience_ms
        self._detection: DetectorSettings | None = None
        self._name, self._rate_hz, self._channels = "pcm16", 24_000, 1
        self._buffer = InputBuffer(self._hearing())
        self._unheard: list[Signal] = []
        self._odd = b""
        """The beginning of a sample."""

    @property
    def audio_ms(self) -> float:
        """How much has been appended."""
        return self._buffer.audio_ms

    @property
    def rate_hz(self) -> int | None:
        """Of the client's sound, as it asked for it; None: its format knows only one."""
        return self._buffer.audio_format.rate_hz if self._name == "pcm16" else None

    @property
    def detects(self) -> bool:
        """Whether anybody listens for speech; else the client commits its turns."""
        return self._detection is not None

    def asked_for(self, session: Any) -> None:
        """The client wants these settings: they say what it sends from now on. Observed {SDKT}: G.711 is 8 kHz."""
        if not isinstance(session, dict):
            return
        name, rate_hz = session.get("input_audio_format"), session.get("input_audio_sampling_rate")
        self._name = name if isinstance(name, str) else self._name
        self._rate_hz = rate_hz if isinstance(rate_hz, int) else self._rate_hz
        cancellation = session.get("input_audio_echo_cancellation")
        if isinstance(cancellation, dict):
            self._channels = 2 if cancellation.get("channels") == 2 else 1
        self._configure()

    def told(self, session: Any) -> None:
        """The service says that these settings hold: they say how speech is found."""
        try:
            settings = msgspec.convert(session, ResponseSession)
            detection = hearing_of(settings).detection
        except (msgspec.ValidationError, ValueError):
            return
        if detection is not None:
            silence_ms = detection.silence_duration_ms + self._patience_ms
            detection = msgspec.structs.replace(detection, silence_duration_ms=silence_ms)
        self._detection = detection
        self._configure()

    def append(self, audio: bytes) -> None:
        """Here is more. It is only stored; ``signals`` listens to it. A sample may be in two pieces. What no longer
        fits in is not heard."""
        if self._odd:
            audio, self._odd = self._odd + audio, b""
        if over := len(audio) % self._buffer.hearing.bytes_per_sample:
            audio, self._odd = audio[:-over], audio[-over:]
        for begin in range(0, len(audio), MOST_BYTES_IN_ONE_APPEND):
            with suppress(Refused):
                self._buffer.append(audio[begin : begin + MOST_BYTES_IN_ONE_APPEND])

    def signals(self) -> list[Signal]:
        """Where speech began and ended in what has come since."""
        found, self._unheard = self._unheard, []
        while (signal := self._buffer.next_signal()) is not None:
            self._buffer.heard()
            found.append(signal)
            if isinstance(signal, SpeechStopped):
                self._buffer.take(end_ms=signal.audio_end_ms)
        return found

    @property
    def bytes_per_ms(self) -> float:
        """How many bytes of the client's last a millisecond, all channels together."""
        return self._buffer.audio_format.bytes_per_second * self._channels / 1000

    def commit(self) -> Sound:
        """The client says that the turn is over: what it was. ``signals`` still has what was heard before."""
        self._unheard = self.signals()
        self._buffer.forget_speech()
        return Sound.of(self._buffer.take(), self._buffer.audio_format)

    def clear(self) -> None:
        """The client takes back what it said."""
        self._unheard = self.signals()
        self._buffer.clear()

    def close(self) -> None:
        """Nothing is heard any more."""
        self._buffer.close()

    def sound(self, audio: bytes) -> Sound:
        """What some audio in the client's format is, beside the buffer."""
        return Sound.of(audio, self._buffer.audio_format)

    def _configure(self) -> None:
        self._unheard = self.signals()
        self._odd = b""
        self._buffer.configure(self._hearing())

    def _hearing(self) -> Hearing:
        try:
            format = input_format(self._name, self._rate_hz)
        except ValueError:
            format = input_format("pcm16", 24_000)
        return Hearing(format, self._channels, self._detection)
