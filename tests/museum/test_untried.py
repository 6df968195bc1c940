"""Who does nothing of what an exhibit is about has not survived it."""

import asyncio
import contextlib

import pytest

import vlmock
from tests.museum.plain import Plain
from vlmock.museum.gallery import Exhibit, exhibit_called
from vlmock.museum.visit import Visit
from vlmock.scenario.story import Act


class Leaves(Plain):
    """Goes where it should interrupt."""

    async def interrupts(self, act: Act) -> None:
        raise EOFError

    stops = interrupts


class Types(Leaves):
    """Types, whatever the exhibit asks for."""

    async def says(self, act: Act) -> None:
        await self.type(act.text)
        await self.ask()


class LetsItPlay(Plain):
    """Does not touch the button, and tells nothing of its loudspeaker."""

    async def stops(self, act: Act) -> None:
        pass


class TellsNothing(Plain):
    """Interrupts, and does not say when its loudspeaker sounds."""

    async def on_response_audio_delta(self, event: dict[str, object]) -> None:
        self.speaking = True

    def silence(self) -> None:
        pass


async def problems(shown: Exhibit, client: type[Plain]) -> list[str]:
    with vlmock.serve() as server:
        visit = Visit(shown, server, limit_s=15.0)
        with contextlib.suppress(Exception):
            await client(visit).run()
        found = await asyncio.to_thread(visit.problems)
        visit.end()
    return found


@pytest.mark.parametrize(
    ("name", "client", "lacking"),
    [
        ("microphone_too_soon", Types, "speech"),
        ("answered_twice", Types, "speech"),
        ("redundant_cancel", Types, "speech"),
        ("redundant_cancel", Leaves, "interruption"),
        ("truncated_too_late", Types, "speech"),
        ("truncated_too_late", Leaves, "interruption"),
        ("two_lines_at_once", Types, "interruption"),
        ("stop_after_the_end", LetsItPlay, "stop"),
        ("talks_on", Types, "speech"),
        ("talks_on", TellsNothing, "loudspeaker"),
    ],
)
async def test_an_exhibit_that_was_not_tried_is_not_survived(name: str, client: type[Plain], lacking: str):
    """A verdict about nothing would be a lie. It says what was lacking, and how to leave the exhibit out."""
    _, *found = await problems(exhibit_called(name), client)
    assert any("has not been tried" in problem and f'without=["{lacking}"]' in problem for problem in found)


async def test_who_cancels_nothing_has_not_shown_how_it_cancels():
    """The scenario itself expects it, so that `vlmock serve` tells as well."""
    _, *found = await problems(exhibit_called("cancel_and_ask"), Types)
    assert any("expected client response.cancel" in problem for problem in found)
