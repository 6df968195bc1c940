"""Where scenarios are found: by name among those that ship or in a folder, by path, or in Python."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from msgspec.structs import replace

from vlmock.errors import ScenarioError, UnknownScenario
from vlmock.hearing.detectors import detector_named
from vlmock.scenario.default import DefaultScript
from vlmock.scenario.director import Director
from vlmock.scenario.functions import FunctionScript, ReplyFunction
from vlmock.scenario.model import Scenario
from vlmock.session.script import Script

__all__ = [
    "DEFAULT",
    "MUSEUM",
    "Playable",
    "library_folder",
    "listing",
    "load",
    "museum_folder",
    "names",
    "problems_of",
    "script_from",
    "shipped",
]

DEFAULT = "default"
"""The name of the script that needs no scenario."""
MUSEUM = "museum"
"""The folder of bugs that real clients had; ``museum/NAME`` is a name of each."""

Playable: TypeAlias = str | os.PathLike[str] | Scenario | ReplyFunction | type[Script] | None
"""What can be played; None is the default script."""

_SUFFIXES = (".yaml", ".yml")
_loaded: dict[Path, tuple[tuple[int, int], Scenario]] = {}
"""Scenarios by file, with the time and size that the file had."""


def library_folder() -> Path:
    """Where the shipped scenarios are: in the installed package, or at the root of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def museum_folder() -> Path:
    """Where the scenarios of the museum are."""
    return library_folder() / MUSEUM


def shipped(name: str) -> Path | None:
    """The file of the shipped scenario that is called so, ``weather`` or ``museum/NAME``; None when none is."""
    folder, slash, own = name.rpartition("/")
    if slash and folder != MUSEUM:
        return None
    return _files(museum_folder() if slash else library_folder()).get(own)


def names(folder: str | os.PathLike[str] | None = None) -> list[str]:
    """The scenarios in a folder, by default the shipped ones, in alphabetical order."""
    return sorted(_files(Path(folder) if folder is not None else library_folder()))


def listing(folder: str | os.PathLike[str] | None = None) -> list[tuple[str, str]]:
    """Each scenario's name and description on one line. Raises ``ScenarioError`` on a wrong file."""
    home = Path(folder) if folder is not None else library_folder()
    return [(name, " ".join(_load(path).description.split())) for name, path in sorted(_files(home).items())]


def load(name_or_path: str | os.PathLike[str], *, folder: str | os.PathLike[str] | None = None) -> Scenario:
    """The scenario of that name, in ``folder`` or among the shipped ones, or in that file.

    What contains a slash or ends in ``.yaml`` or ``.yml`` is a path, and so is what no scenario is called but something
    on the disk; but for ``museum/NAME``. Read again only when the file has changed.
    Raises ``UnknownScenario`` and ``ScenarioError``.
    """
    text = os.fspath(name_or_path)
    if text.startswith(f"{MUSEUM}/") and isinstance(name_or_path, str) and not Path(text).exists():
        if (path := shipped(text)) is None:
            raise UnknownScenario(text, [f"{MUSEUM}/{name}" for name in names(museum_folder())])
        return _load(path, name=text)
    if not isinstance(name_or_path, str) or text.endswith(_SUFFIXES) or "/" in text or os.sep in text:
        return _load(Path(text))
    known = _files(library_folder()) | (_files(Path(folder)) if folder is not None else {})
    if text not in known:
        if Path(text).exists():
            return _load(Path(text))
        raise UnknownScenario(text, [*known, DEFAULT])
    return _load(known[text])


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
    raise ScenarioError(f"cannot play a {type(thing).__name__}: give a name, a path, a Scenario or a function")


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


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in folder.iterdir() if path.suffix in _SUFFIXES}


def _load(path: Path, *, name: str | None = None) -> Scenario:
    """``name``: what it is called where that is not the file's own name."""
    from vlmock.scenario.loader import load_file

    try:
        status = path.stat()
    except OSError:
        return load_file(path)  # says why not
    stamp = (status.st_mtime_ns, status.st_size)
    key = path.resolve()
    if key not in _loaded or _loaded[key][0] != stamp:
        _loaded[key] = (stamp, load_file(path))
    scenario = _loaded[key][1]
    return scenario if name is None else replace(scenario, name=name)
