"""A client before an exhibit: where it dials, what it has to do, and how it fared."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vlmock.museum.gallery import Exhibit
from vlmock.museum.trial import untried
from vlmock.scenario.story import Act

if TYPE_CHECKING:
    from vlmock.server.conduct import ServerConduct
    from vlmock.server.journal import Journal
    from vlmock.server.mock_server import MockServer

__all__ = ["Visit"]

_GOODBYE_S = 1.0
"""A client that has come to its end has said goodbye by then."""
_LOOK_AGAIN_S = 0.01


class Visit:
    """An exhibit, shown to the agent of one test. The fixture ``exhibit``."""

    def __init__(self, exhibit: Exhibit, server: "MockServer", *, limit_s: float = 20.0) -> None:
        """Plays the exhibit on ``server``, which is the visitor's own, and stops it after ``limit_s``."""
        self.exhibit = exhibit
        self.server = server
        self._limit_s = limit_s
        self._overdue = False
        server.play(exhibit.scenario)
        self._timer = threading.Timer(limit_s, self._close)
        self._timer.daemon = True
        self._timer.start()

    # ---- what the test needs

    @property
    def url(self) -> str:
        """The endpoint that the agent dials."""
        return self.server.url

    @property
    def says(self) -> list[str]:
        """What the user says, one after the other."""
        return [act.text for act in self.acts if act.does in ("says", "interrupts")]

    @property
    def acts(self) -> Sequence[Act]:
        """All that is done on the client's side, in order."""
        return self.exhibit.story.client

    @property
    def tools(self) -> Sequence[str]:
        """The functions that the agent has to offer."""
        return self.exhibit.story.tools

    @property
    def needs(self) -> Sequence[str]:
        """What the agent has to be able to do, see ``vlmock museum``."""
        return self.exhibit.story.needs

    def speech(self, text: str, *, rate_hz: int = 24_000, silence_s: float = 1.0) -> bytes:
        """The words in a voice, PCM16, mono, with silence around it as a microphone gives it."""
        from vlmock.scenario.builtin_voice import speak

        silence = b"\0\0" * int(silence_s * rate_hz)
        return silence[: rate_hz // 2] + speak(text, rate_hz).astype("<i2").tobytes() + silence

    def plays(self, playing: bool) -> None:
        """Say that the agent's loudspeaker begins to sound, or has fallen silent."""
        self.server.conduct.client_is_playing(playing)

    # ---- how it went

    @property
    def journal(self) -> "Journal":
        return self.server.journal

    @property
    def conduct(self) -> "ServerConduct":
        return self.server.conduct

    def problems(self) -> list[str]:
        """Why the client has not survived it; empty when it has."""
        self._see_it_off()
        story, found = self.exhibit.story, []
        if self._overdue:
            found.append(f"the client had not come to an end after {self._limit_s:g} s, and was left by the server")
        if not self.journal.parts:
            found.append("the client has not connected")
        elif len(self.journal.parts) < story.connections:
            found.append(f"it takes {story.connections} connections, and the client has not come back")
        if self.journal.parts:
            found += untried(story, self.journal)
        found += self.server.problems()
        conduct = self.conduct
        found += [str(finding) for rule in story.silent for finding in conduct.of(rule)]
        return [f"{self.exhibit.name}: {story.question} No: {story.bug}", *found] if found else []

    def end(self) -> None:
        """The visitor has left."""
        self._timer.cancel()

    def _close(self) -> None:
        self._overdue = True
        self.server.stop()

    def _see_it_off(self) -> None:
        """The last words of a client that has ended are still on their way."""
        self._timer.cancel()
        until = time.monotonic() + _GOODBYE_S
        while any(part.ended is None for part in self.journal.parts) and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN_S)
