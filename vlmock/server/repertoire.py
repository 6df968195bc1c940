"""What a server can play: one thing for whoever asks for nothing, others by name."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from vlmock.scenario.playable import Playable, script_from
from vlmock.scenario.shipped import DEFAULT, names, shipped
from vlmock.session.script import Script

if TYPE_CHECKING:
    from vlmock.server.replays import Replays

__all__ = ["Repertoire", "ScriptFactory"]

ScriptFactory: TypeAlias = Callable[[], Script]


class Repertoire(Collection[str]):
    """As a collection: all names that a client may ask for, those of the shipped scenarios among them. Those of the
    museum are not counted up."""

    def __init__(self, default: Playable = None, offers: Mapping[str, Playable] | None = None) -> None:
        """``offers``: further scenarios by the names that clients use. Raises ScenarioError when one is wrong."""
        self._default = script_from(default)
        self._offers = {name: script_from(thing) for name, thing in (offers or {}).items()}
        self._replays: dict[str | None, Replays] = {}

    def play(self, thing: Playable, *, name: str | None = None) -> None:
        """Play this from now on: for those who ask for nothing, or for that name. Raises ScenarioError."""
        factory = script_from(thing)
        self._replays = {other: replays for other, replays in self._replays.items() if other != name}
        if name is None:
            self._default = factory
        else:
            self._offers = {**self._offers, name: factory}

    def replay(self, replays: "Replays", *, name: str | None = None) -> None:
        """Play these recordings from now on: to those who ask for nothing, or for that name."""
        self._replays = {**self._replays, name: replays}

    def replays(self, name: str | None) -> "Replays | None":
        """The recordings that are played to whoever asks for that, if it is recordings."""
        return self._replays.get(name)

    @property
    def all_replays(self) -> "list[Replays]":
        """All recordings that are played now."""
        return list(self._replays.values())

    def script(self, name: str | None) -> Script:
        """A new script for one connection. Raises ScenarioError when a shipped file has become wrong."""
        if name is None:
            return self._default()
        factory = self._offers.get(name) or script_from(name)
        return factory()

    def __contains__(self, name: object) -> bool:
        if name in self._offers or (name is not None and name in self._replays) or name in self._shipped():
            return True
        return isinstance(name, str) and shipped(name) is not None

    def __iter__(self) -> Iterator[str]:
        replayed = filter(None, self._replays)
        return iter({**self._offers, **dict.fromkeys(replayed), **dict.fromkeys(self._shipped())})

    def __len__(self) -> int:
        return len(list(iter(self)))

    @staticmethod
    def _shipped() -> list[str]:
        return [*names(), DEFAULT]
