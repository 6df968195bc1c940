"""What goes wrong on the side of whoever uses vlmock.

    VlmockError
    ├── ScenarioError          a scenario file is wrong; names file, line and remedy
    │   └── UnknownScenario    no scenario has that name; lists those that exist
    ├── SpeechError            a line cannot be spoken: engine missing, WAV unreadable
    ├── DetectorError          speech cannot be found that way: no such detector, extra missing
    ├── RecognitionError       speech cannot be recognised: pocketsphinx missing, or failing
    ├── RecordingError         a recording cannot be read, written or replayed
    ├── NotAsRecorded          a client did otherwise than the recording that it was played; an AssertionError, too
    ├── FindingsError          findings of `vlclient check` cannot be used; names the file and what to do
    ├── ServerError            the server cannot start: port taken, host unknown, trustme missing
    ├── UnknownFigure          a figure was asked for that nobody can know, for want of turns
    ├── NetworkBlocked         a test wanted to leave this machine
    └── JournalTimeout         an event that was waited for did not come

Trouble that a *client* makes is not here: it is answered on the wire (``vlmock.session.refusals``).
"""

from collections.abc import Iterable

__all__ = [
    "DetectorError",
    "FindingsError",
    "JournalTimeout",
    "NetworkBlocked",
    "NotAsRecorded",
    "RecognitionError",
    "RecordingError",
    "ScenarioError",
    "ServerError",
    "SpeechError",
    "UnknownFigure",
    "UnknownScenario",
    "VlmockError",
    "did_you_mean",
]


class VlmockError(Exception):
    """Base of all: ``except VlmockError`` catches every mistake that vlmock reports to its user."""


class ScenarioError(VlmockError):
    """A scenario is wrong. ``str()`` reads ``weather.yaml:7: unknown key 'replies' (did you mean 'reply'?)``."""

    def __init__(self, message: str, *, file: str | None = None, line: int | None = None) -> None:
        self.message, self.file, self.line = message, file, line
        place = ":".join(str(part) for part in (file, line) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)


class UnknownScenario(ScenarioError):
    """No scenario has that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, sorted(known)
        super().__init__(
            f"there is no scenario {name!r}{did_you_mean(name, self.known)}; known: {', '.join(self.known) or 'none'}"
        )


class SpeechError(VlmockError):
    """A line cannot be turned into sound; says which one, why, and what to do."""


class DetectorError(VlmockError):
    """The user's speech cannot be found as was asked; says why and what to do."""


class RecognitionError(VlmockError):
    """Nobody can say what was spoken; says why, and what to do."""


class RecordingError(VlmockError):
    """A recording cannot be read, written or replayed; names the file, the line and what to do."""


class NotAsRecorded(VlmockError, AssertionError):
    """A client did otherwise than the recording that it was played; names the connection, the frame and what to do."""


class FindingsError(VlmockError):
    """A file of findings cannot be used; names the file and what to do."""


class ServerError(VlmockError):
    """The server cannot do what was asked; says why and what to do."""


class UnknownFigure(VlmockError):
    """A figure was asked for that nobody can know; says why, and what to do. It is neither good nor bad."""


class NetworkBlocked(VlmockError, RuntimeError):
    """A test wanted to leave this machine; names the address, the test and what to do.

    No OSError: clients take those for a bad connection, and try again.
    """


class JournalTimeout(VlmockError):
    """An event that a test waited for did not come in time; lists what came instead."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``" (did you mean 'reply'?)"``, or nothing when no known word is near."""
    from difflib import get_close_matches  # nobody waits for it who makes no mistakes

    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
