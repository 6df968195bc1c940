"""Whether a visitor has done what an exhibit is about: who has not, has not survived it either."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from vlmock.conduct.codes import PLAYING, SILENT
from vlmock.scenario.story import NEEDS, Story
from vlmock.server.journal import ConnectionJournal, Journal

__all__ = ["untried"]

_BREAKS_IN: Final = (
    "input_audio_buffer.speech_started",
    "conversation.item.create",
    "response.cancel",
    "response.create",
)
"""By which it is seen, while a response is active. A microphone may be open without anybody speaking."""
_STOPS: Final = ("response.cancel", "conversation.item.truncate")


def untried(story: Story, journal: Journal) -> Iterator[str]:
    """What the exhibit needs and no connection has shown, each with what to do. What no server can see is believed."""
    for need in story.needs:
        shows = _SHOWS.get(need)
        if shows is None or (need == "interruption" and "loudspeaker" in story.needs):
            continue  # with a loudspeaker everything has been sent before the user breaks in
        if not any(shows(part) for part in journal.parts):
            yield (
                f"this has not been tried: {NEEDS[need]}. "
                f'exhibits(without=["{need}"]) leaves out what an agent cannot do'
            )


def _speaks(part: ConnectionJournal) -> bool:
    return any(entry.type == "input_audio_buffer.append" for entry in part.entries)


def _interrupts(part: ConnectionJournal) -> bool:
    active = False
    for entry in part.entries:
        if active and entry.type in _BREAKS_IN:
            return True
        if entry.source == "server":
            active = entry.type == "response.created" or (active and entry.type != "response.done")
    return False


def _tells(part: ConnectionJournal) -> bool:
    return any(entry.source == "vlmock" and getattr(entry.event, "code", "") == PLAYING for entry in part.entries)


def _stops(part: ConnectionJournal) -> bool:
    """By an event, or by what the test tells, after something was to be heard."""
    heard = False
    for entry in part.entries:
        heard = heard or entry.type == "response.audio.delta"
        silent = entry.source == "vlmock" and getattr(entry.event, "code", "") == SILENT
        if heard and (silent or entry.type in _STOPS):
            return True
    return False


_SHOWS: Final[Mapping[str, Callable[[ConnectionJournal], bool]]] = {
    "speech": _speaks,
    "interruption": _interrupts,
    "stop": _stops,
    "loudspeaker": _tells,
}
"""How a need is seen, where it can be."""
