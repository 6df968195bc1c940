"""What the museum has: scenarios with a story, in the order of their numbers."""

import textwrap
from collections.abc import Iterable, Sequence

import msgspec

from vlmock.errors import VlmockError, did_you_mean
from vlmock.scenario.model import Scenario
from vlmock.scenario.shipped import MUSEUM, load, museum_folder, names
from vlmock.scenario.story import NEEDS, Story

__all__ = ["Exhibit", "chosen", "exhibit_called", "gallery"]

_WIDTH = 110


class Exhibit(msgspec.Struct, frozen=True):
    """A bug of a real client, and the scenario that brings it about."""

    scenario: Scenario
    story: Story

    @property
    def name(self) -> str:
        """By which it is served: ``museum/unknown_event``."""
        return self.scenario.name

    @property
    def own_name(self) -> str:
        return self.name.removeprefix(f"{MUSEUM}/")

    def __str__(self) -> str:
        """All that can be told of it."""
        story = self.story
        does = [f"  {number}. {act}" for number, act in enumerate(story.client, 1)]
        verdict = ["every turn of the scenario is played, and what it expects has happened"]
        if story.silent:
            verdict.append(f"`vlmock lint` has nothing to say by {', '.join(story.silent)}")
        if story.connections > 1:
            verdict.append(f"it connects {story.connections} times")
        parts = [
            f"{story.number}. {self.name}",
            _filled(story.question),
            f"What happened: {story.bug}",
            textwrap.indent(_filled(story.happened), "  "),
            "\n".join(["What your client has to be made to do:", *does]),
            *(f"It offers: {', '.join(story.tools)}" for _ in story.tools[:1]),
            *(["\n".join(["It needs:", *(f"  {need}: {NEEDS[need]}" for need in story.needs)])] if story.needs else []),
            "\n".join(["It survives when:", *(f"  - {part}" for part in verdict)]),
        ]
        return "\n\n".join(parts)


def gallery() -> list[Exhibit]:
    """All exhibits. Raises ``ScenarioError`` when a file is wrong."""
    found = (load(f"{MUSEUM}/{name}") for name in names(museum_folder()))
    shown = [Exhibit(scenario, scenario.museum) for scenario in found if scenario.museum is not None]
    return sorted(shown, key=lambda exhibit: exhibit.story.number)


def exhibit_called(name: str) -> Exhibit:
    """The exhibit of that name, with or without ``museum/``, or of that number. Raises VlmockError."""
    everything = gallery()
    for exhibit in everything:
        if name in (exhibit.name, exhibit.own_name, str(exhibit.story.number)):
            return exhibit
    hint = did_you_mean(name, [exhibit.own_name for exhibit in everything])
    raise VlmockError(f"the museum has no exhibit {name!r}{hint}; `vlmock museum --list` has them all")


def chosen(wanted: Sequence[str] = (), without: Iterable[str] = ()) -> list[Exhibit]:
    """Those that are wanted, or all, less those of these names, or with these needs. Raises VlmockError."""
    shown = [exhibit_called(name) for name in wanted] if wanted else gallery()
    for word in without:
        if word in NEEDS:
            shown = [exhibit for exhibit in shown if word not in exhibit.story.needs]
        else:
            unwanted = exhibit_called(word)
            shown = [exhibit for exhibit in shown if exhibit.name != unwanted.name]
    return shown


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH)
