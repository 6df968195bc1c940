"""What can be played: a scenario by name, by path or as an object, a function, a script; and what a test fails with."""

import os
from collections.abc import Callable
from typing import TypeAlias

from vlmock.errors import ScenarioError
from vlmock.hearing.detectors import detector_named
from vlmock.scenario.default import DefaultScript
from vlmock.scenario.director import Director
from vlmock.scenario.functions import FunctionScript, ReplyFunction
from vlmock.scenario.model import Scenario
from vlmock.scenario.shipped import load
from vlmock.session.script import Script

__all__ = ["Playable", "problems_of", "script_from"]

Playable: TypeAlias = str | os.PathLike[str] | Scenario | ReplyFunction | type[Script] | None
"""What can be played; None is the default script."""


def script_from(thing: Playable, *, folder: str | os.PathLike[str] | None = None) -> Callable[[], Script]:
    """Makes a script for each connection, from a name, a path, a ``Scenario``, a function, or a ``Script`` class.

    Raises ``ScenarioError`` at once, before anything is played; ``SpeechError``, ``DetectorError`` and
    ``RecognitionError`` where a scenario wants what is not installed.
    """
    match thing:
        case None | "default":
            return DefaultScript
        case Scenario():
            return _directing(thing)
        case str() | os.PathLike():
            return _directing(load(thing, folder=folder))
        case type():
            return thing
    if callable(thing):
        FunctionScript(thing)  # complains now, not at the first connection
        return lambda: FunctionScript(thing)
    raise ScenarioError(
        f"nothing of type {type(thing).__name__} can be played: give a name, a path, a Scenario or a function"
    )


def _directing(scenario: Scenario) -> Callable[[], Script]:
    from vlmock.scenario.speech import SpeechStudio

    if scenario.recognition == "pocketsphinx":
        from vlmock.recognition.recognizer import require_pocketsphinx

        require_pocketsphinx()
    if scenario.detector is not None:
        detector_named(scenario.detector)
    if scenario.speech is not None:
        SpeechStudio(engine=scenario.speech)
    return lambda: Director(scenario)


def problems_of(script: Script) -> list[str]:
    """What a test should fail with, from a script that keeps account of it."""
    report = getattr(script, "problems", None)
    return list(report()) if callable(report) else []
