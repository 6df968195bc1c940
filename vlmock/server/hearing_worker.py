"""Who listens to the turns of a server's sessions: by the sound of known clips first, then by the words."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from vlmock.errors import RecognitionError, did_you_mean
from vlmock.protocol.audio_format import decode_samples
from vlmock.scenario.model import RECOGNITION, Scenario
from vlmock.scenario.wav_file import read_wav
from vlmock.server.speech_worker import Workers
from vlmock.session.effects import RecognitionRequest
from vlmock.session.script import Recognized

if TYPE_CHECKING:
    from vlmock.recognition.clips import Clips
    from vlmock.recognition.recognizer import Recognizer

__all__ = ["Ear", "Ears", "Understood"]

_KEPT: Final = 64
"""Scenarios whose clips and sentences are kept ready."""

_log = logging.getLogger("vlmock")

Understood: TypeAlias = Recognized | Exception
"""What was said, or why nobody knows."""


class Ear:
    """Listens for what one scenario expects."""

    def __init__(self, scenario: Scenario, recognizer: "Recognizer | None", workers: Workers) -> None:
        """``recognizer``: None compares with clips alone."""
        from vlmock.scenario.hearing import vocabulary_of

        self._paths = scenario.clips
        self._recognizer = recognizer
        self._vocabulary = vocabulary_of(scenario) if recognizer is not None else None
        self._workers = workers
        self._clips: Clips | None = None
        self._lock = Lock()
        self.hears = bool(self._paths or self._vocabulary)
        """Whether there is anything to listen for."""

    def warm_up(self) -> None:
        """Have everything ready, before it is needed. What goes wrong then goes wrong again when it is."""
        self._workers.do(self._prepare)

    def listen(self, request: RecognitionRequest, done: Callable[[Understood], None]) -> "Future[Recognized]":
        """Have a turn listened to; ``done`` is called in the loop with what it was, or with what went wrong."""
        return self._workers.deliver(lambda: self._recognized(request), done)

    # ---- in a thread

    def _prepare(self) -> None:
        self._known_clips()
        if self._recognizer is not None and self._vocabulary is not None:
            self._recognizer.prepare(self._vocabulary)

    def _recognized(self, request: RecognitionRequest) -> Recognized:
        samples, rate_hz = decode_samples(request.audio, request.format), request.format.rate_hz
        clip = self._known_clips().likest(samples, rate_hz)
        if clip is not None and clip.confidence >= 0.5:
            return Recognized(clip=clip.name, confidence=clip.confidence)
        if self._recognizer is None or self._vocabulary is None:
            return Recognized(only_clips=True)
        likely = self._recognizer.listen(samples, rate_hz, self._vocabulary)
        if likely is None:
            return Recognized()
        if likely.confidence < 0.5:
            return Recognized(nearest=likely.sentence, confidence=likely.confidence)
        return Recognized(likely.sentence, confidence=likely.confidence)

    def _known_clips(self) -> "Clips":
        from vlmock.recognition.clips import Clips

        with self._lock:
            if self._clips is None:
                self._clips = Clips({str(path): read_wav(path) for path in self._paths})
            return self._clips


class Ears:
    """Those of one server, one for each scenario that there is something to listen for in."""

    def __init__(self, recognition: str) -> None:
        """``recognition``: where the scenario does not say. Raises RecognitionError when it cannot be had."""
        if recognition not in RECOGNITION:
            hint = did_you_mean(recognition, RECOGNITION)
            raise RecognitionError(f"there is no recognition {recognition!r}{hint}; known: {', '.join(RECOGNITION)}")
        if recognition == "pocketsphinx":
            from vlmock.recognition.recognizer import require_pocketsphinx

            require_pocketsphinx()
        self._recognition = recognition
        self._workers = Workers("hearing")
        self._recognizer: Recognizer | None = None
        self._kept: OrderedDict[int, tuple[Scenario, Ear]] = OrderedDict()

    def for_scenario(self, scenario: Scenario) -> Ear | None:
        """Who listens; None where the script alone says what was said. In the loop."""
        by_words = (scenario.recognition or self._recognition) == "pocketsphinx"
        if not by_words and not scenario.clips:
            return None
        if id(scenario) not in self._kept:
            ear = Ear(scenario, self._recognizer_for(scenario) if by_words else None, self._workers)
            self._kept[id(scenario)] = (scenario, ear)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            if ear.hears:
                ear.warm_up()
        ear = self._kept[id(scenario)][1]
        return ear if ear.hears else None

    def stop(self, timeout_seconds: float) -> None:
        """End threads and processes."""
        if self._recognizer is not None:
            self._recognizer.close()
        self._workers.stop(timeout_seconds)

    def _recognizer_for(self, scenario: Scenario) -> "Recognizer":
        from vlmock.recognition.recognizer import Recognizer
        from vlmock.scenario.hearing import unheard_of

        for what in unheard_of(scenario):
            _log.warning("%s", what)
        self._recognizer = self._recognizer or Recognizer()
        return self._recognizer
