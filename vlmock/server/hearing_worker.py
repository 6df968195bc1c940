"""Who listens to the turns of a server's sessions: by the sound of known clips first, then by the words."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from vlmock.errors import RecognitionError, did_you_mean
from vlmock.protocol.audio_format import decode_samples
from vlmock.recognition.recognizer import Recognizer, require_pocketsphinx
from vlmock.recognition.spelling import Vocabulary
from vlmock.scenario.hearing import RECOGNITION, clips_of, unheard_of, vocabulary_of
from vlmock.scenario.model import Scenario
from vlmock.scenario.wav_file import read_wav
from vlmock.server.speech_worker import Workers
from vlmock.session.effects import RecognitionRequest
from vlmock.session.script import Recognized

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vlmock.recognition.clips import Clips

__all__ = ["Ear", "Ears", "Understood"]

_KEPT: Final = 64
"""Scenarios whose clips and sentences are kept ready."""

_log = logging.getLogger("vlmock")

Understood: TypeAlias = Recognized | Exception
"""What was said, or why nobody knows."""


class Ear:
    """Listens for what one scenario expects."""

    def __init__(self, scenario: Scenario, recognizer: Recognizer | None, workers: Workers) -> None:
        self._paths = clips_of(scenario)
        self._recognizer = recognizer
        self._vocabulary = vocabulary_of(scenario) if recognizer is not None else Vocabulary({}, {})
        self._workers = workers
        self._clips: Clips | None = None
        self._lock = Lock()
        self.hears = bool(self._paths or self._vocabulary.sentences)
        """Whether there is anything to listen for."""

    def warm_up(self) -> None:
        """Have everything ready, before it is needed."""
        self._workers.do(self._prepare)

    def listen(self, request: RecognitionRequest, done: Callable[[Understood], None]) -> "Future[Recognized]":
        """Have a turn listened to; ``done`` is called in the loop with what it was, or with what went wrong."""
        return self._workers.deliver(lambda: self._recognized(request), done)

    # ---- in a thread

    def _prepare(self) -> None:
        self._known_clips()
        if self._recognizer is not None and self._vocabulary.sentences:
            self._recognizer.prepare(self._vocabulary)

    def _recognized(self, request: RecognitionRequest) -> Recognized:
        samples, rate_hz = decode_samples(request.audio, request.format), request.format.rate_hz
        clip = self._known_clips().likest(samples, rate_hz)
        if clip is not None and clip.confidence >= 0.5:
            return Recognized(clip=clip.name, confidence=clip.confidence)
        if self._recognizer is None or not self._vocabulary.sentences:
            return Recognized(only_clips=True)
        return self._by_words(self._recognizer, samples, rate_hz)

    def _by_words(self, recognizer: Recognizer, samples: "NDArray[np.int16]", rate_hz: int) -> Recognized:
        likely = recognizer.listen(samples, rate_hz, self._vocabulary)
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
            require_pocketsphinx()
        self._recognition = recognition
        self._workers = Workers("hearing")
        self._recognizer: Recognizer | None = None
        self._kept: OrderedDict[int, tuple[Scenario, Ear]] = OrderedDict()

    def for_scenario(self, scenario: Scenario) -> Ear | None:
        """Who listens; None where the script alone says what was said. In the loop."""
        if id(scenario) not in self._kept:
            self._kept[id(scenario)] = (scenario, self._new(scenario))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        ear = self._kept[id(scenario)][1]
        return ear if ear.hears else None

    def stop(self, timeout_seconds: float) -> None:
        """End threads and processes."""
        if self._recognizer is not None:
            self._recognizer.close()
        self._workers.stop(timeout_seconds)

    def _new(self, scenario: Scenario) -> Ear:
        ear = Ear(scenario, self._recognizer_for(scenario), self._workers)
        if ear.hears:
            ear.warm_up()
        return ear

    def _recognizer_for(self, scenario: Scenario) -> Recognizer | None:
        if (scenario.recognition or self._recognition) != "pocketsphinx":
            return None
        for what in unheard_of(scenario):
            _log.warning("%s", what)
        self._recognizer = self._recognizer or Recognizer()
        return self._recognizer
