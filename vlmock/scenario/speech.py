"""Words become sound: by the built-in voice, by a program the user has, or from a WAV file."""

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vlmock.errors import SpeechError, did_you_mean
from vlmock.protocol.audio_format import decode_samples, encode_samples
from vlmock.scenario.model import SPEECH_ENGINES
from vlmock.session.effects import Speech, SpeechMarks, SpeechRequest
from vlmock.session.speaking.speaking_rate import FASTEST, SLOWEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vlmock.scenario.external_voices import ExternalVoice
    from vlmock.scenario.timed_speech import Phone
    from vlmock.scenario.wav_file import Sound

__all__ = ["LONGEST_TEXT", "SpeechStudio"]

LONGEST_TEXT = 10_000
"""Characters of a request that are spoken, ten minutes and more of English; the rest is not. Assumed: the service too
has an end, and a client that is repeated back to itself must not choose how much memory that takes."""


class SpeechStudio:
    """Speaks what is requested and keeps it, so that a line is made once for all sessions that say it.

    Equal requests get the same ``Speech`` object for as long as it is kept. Safe to use from several threads.
    """

    def __init__(self, *, engine: str = "builtin", cache_bytes: int = 64 * 2**20) -> None:
        """``cache_bytes`` bounds the audio that is kept; what was not asked for longest goes first.

        Raises SpeechError for an engine that is unknown or not installed, and says how to get it.
        """
        if engine not in SPEECH_ENGINES:
            hint = did_you_mean(engine, SPEECH_ENGINES)
            raise SpeechError(f"there is no speech engine {engine!r}{hint}; known: {', '.join(SPEECH_ENGINES)}")
        self._external = None if engine == "builtin" else _external_voice(engine)
        self._cache_bytes = cache_bytes
        self._kept: OrderedDict[SpeechRequest, Speech] = OrderedDict()
        self._kept_bytes = 0
        self._in_making: dict[SpeechRequest, Future[Speech]] = {}
        self._lock = Lock()  # never held while speech is made: the event loop comes here too

    def cached(self, request: SpeechRequest) -> Speech | None:
        """The speech if it is at hand, at once; None if it must be made."""
        with self._lock:
            return self._recall(request)

    def speak(self, request: SpeechRequest) -> Speech:
        """The speech, made if it is not at hand. Blocks; threads that ask for the same wait for one of them to make it.

        A WAV file is read when its line is first spoken. Raises SpeechError.
        """
        with self._lock:
            if speech := self._recall(request):
                return speech
            promise = self._in_making.get(request)
            if mine := promise is None:
                promise = self._in_making[request] = Future()
        if not mine:
            return promise.result()
        try:
            speech = self._make(request)
        except BaseException as error:
            with self._lock:
                del self._in_making[request]
            promise.set_exception(error)
            raise
        with self._lock:
            del self._in_making[request]
            self._keep(request, speech)
        promise.set_result(speech)
        return speech

    # ---- what is kept; called with the lock held

    def _recall(self, request: SpeechRequest) -> Speech | None:
        speech = self._kept.get(request)
        if speech is not None:
            self._kept.move_to_end(request)
        return speech

    def _keep(self, request: SpeechRequest, speech: Speech) -> None:
        if len(speech.audio) > self._cache_bytes or len(request.text) > LONGEST_TEXT:
            return
        self._kept[request] = speech
        self._kept_bytes += len(speech.audio)
        while self._kept_bytes > self._cache_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.audio)

    # ---- how it is made

    def _make(self, request: SpeechRequest) -> Speech:
        if request.marks:
            speech = self.speak(replace(request, marks=False))  # its sound, and the pieces of it, are shared
            return replace(speech, marks=self._marks(request, speech))
        audio = encode_samples(self._samples(request), request.format)
        return Speech(audio, request.format.duration_ms(len(audio)))

    def _marks(self, request: SpeechRequest, speech: Speech) -> SpeechMarks:
        """From the engine that spoke, where it tells; else the words are spread over what sounds."""
        from vlmock.scenario import builtin_voice
        from vlmock.scenario.timed_speech import marks_of, scaled

        text, tempo = _spoken(request)
        phones: Sequence[Phone] | None = None
        if request.audio is None and self._external is not None:
            phones = self._external.timed(text, tempo=tempo)
            if phones and phones[-1].ends_ms > speech.duration_ms:
                phones = scaled(phones, speech.duration_ms / phones[-1].ends_ms)
        elif request.audio is None:
            phones = list(builtin_voice.timed(text, tempo=tempo))
        if phones is None:
            from vlmock.scenario.sounding_parts import spread

            phones = spread(text, decode_samples(speech.audio, request.format), request.format.rate_hz)
        return marks_of(text, phones, speech.duration_ms)

    def _samples(self, request: SpeechRequest) -> "NDArray[np.int16]":
        rate_hz = request.format.rate_hz
        if request.audio is not None:
            from vlmock.scenario.wav_file import read_wav

            return _resampled(read_wav(Path(request.audio)), rate_hz)
        text, tempo = _spoken(request)
        if self._external is not None:
            sound = self._external.speak(text, tempo=tempo)
            if sound is not None:
                return _in_whole_blocks(sound, rate_hz)
            text = ""  # no words: the same short silence whatever the engine
        from vlmock.scenario import builtin_voice

        return builtin_voice.speak(text, rate_hz, voice=request.voice, tempo=tempo)


def _spoken(request: SpeechRequest) -> tuple[str, float]:
    """As much of the text as is spoken, and how fast: a rate beyond the limits is held at them."""
    return request.text[:LONGEST_TEXT], min(max(request.rate, SLOWEST), FASTEST)


def _external_voice(engine: str) -> "ExternalVoice":
    from vlmock.scenario.external_voices import VOICES

    voice = VOICES[engine]
    voice.require()
    return voice


def _resampled(sound: "Sound", rate_hz: int) -> "NDArray[np.int16]":
    """At another rate; at its own, 16-bit samples stay as they are."""
    import numpy as np

    samples = sound.samples
    if sound.rate_hz != rate_hz:
        import soxr  # type: ignore[import-untyped]  # has none

        samples = soxr.resample(samples, sound.rate_hz, rate_hz)
    return np.rint(samples).clip(-32768, 32767).astype(np.int16)


_BLOCKS_PER_SECOND = 40


def _in_whole_blocks(sound: "Sound", rate_hz: int) -> "NDArray[np.int16]":
    """At another rate, with silence up to a multiple of 25 ms, as the built-in voice lasts. Observed {FON}: what the
    service sends is a multiple of 12.5 ms."""
    import numpy as np

    blocks = -(-len(sound.samples) * _BLOCKS_PER_SECOND // sound.rate_hz)
    whole = np.zeros(blocks * rate_hz // _BLOCKS_PER_SECOND, np.int16)
    samples = _resampled(sound, rate_hz)[: len(whole)]  # which may be a sample longer
    whole[: len(samples)] = samples
    return whole
