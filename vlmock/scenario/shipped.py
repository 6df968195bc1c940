"""Scenarios by name, among those that ship or in a folder of one's own; and by path."""

import os
from pathlib import Path

from msgspec.structs import replace

from vlmock.errors import UnknownScenario
from vlmock.scenario.model import Scenario

__all__ = ["DEFAULT", "MUSEUM", "listing", "load", "museum_folder", "names", "shipped", "shipped_folder"]

DEFAULT = "default"
"""The name of the script that needs no scenario."""
MUSEUM = "museum"
"""The folder of bugs that real clients had; ``museum/NAME`` is a name of each."""

_SUFFIXES = (".yaml", ".yml")
_loaded: dict[Path, tuple[tuple[int, int], Scenario]] = {}
"""Scenarios by file, with the time and size that the file had."""


def shipped_folder() -> Path:
    """Where the shipped scenarios are: in the installed package, or at the root of a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def museum_folder() -> Path:
    """Where the scenarios of the museum are."""
    return shipped_folder() / MUSEUM


def shipped(name: str) -> Path | None:
    """The file of the shipped scenario that is called so, ``weather`` or ``museum/NAME``; None when none is."""
    folder, slash, own = name.rpartition("/")
    if slash and folder != MUSEUM:
        return None
    return _files(museum_folder() if slash else shipped_folder()).get(own)


def names(folder: str | os.PathLike[str] | None = None) -> list[str]:
    """The scenarios in a folder, by default the shipped ones, in alphabetical order."""
    return sorted(_files(Path(folder) if folder is not None else shipped_folder()))


def listing(folder: str | os.PathLike[str] | None = None) -> list[tuple[str, str]]:
    """Each scenario's name and description on one line. Raises ``ScenarioError`` on a wrong file."""
    home = Path(folder) if folder is not None else shipped_folder()
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
    known = _files(shipped_folder()) | (_files(Path(folder)) if folder is not None else {})
    if text not in known:
        if Path(text).exists():
            return _load(Path(text))
        raise UnknownScenario(text, [*known, DEFAULT])
    return _load(known[text])


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
