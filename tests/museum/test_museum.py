"""Each exhibit catches a client that has its bug, and lets good ones pass."""

import asyncio
import contextlib
import re
from collections.abc import Iterator

import pytest

import vlmock
from tests.museum.answers import ANSWERS
from tests.museum.bad_client import BadClient
from tests.museum.conversations import CONVERSATIONS
from tests.museum.plain import Plain
from tests.museum.reference import reference
from tests.museum.requests import REQUESTS
from tests.museum.vendor import Vendor
from vlclient import response_gate
from vlmock.conduct.rules import RULES
from vlmock.museum.gallery import Exhibit, chosen, gallery
from vlmock.museum.visit import Visit
from vlmock.scenario.shipped import shipped_folder
from vlmock.scenario.story import NEEDS

BAD: dict[str, BadClient] = {**ANSWERS, **REQUESTS, **CONVERSATIONS}
EXHIBITS = gallery()
every_exhibit = pytest.mark.parametrize("shown", EXHIBITS, ids=lambda shown: shown.own_name)
every_exhibit_without_a_greeting = pytest.mark.parametrize(
    "shown", chosen(without=["greeting"]), ids=lambda shown: shown.own_name
)


NEVER_ENDS = "had not come to an end after"
LOOK_AGAIN_S = 0.05


@contextlib.contextmanager
def visiting(shown: Exhibit, *, limit_s: float = 15.0) -> Iterator[Visit]:
    with vlmock.serve() as server:
        visit = Visit(shown, server, limit_s=limit_s)
        yield visit
        visit.end()


async def run_until_found(bad: BadClient, visit: Visit) -> None:
    """To its end, or until a rule of the linter has found it: some wait for ever for what they have spoilt."""
    running = asyncio.create_task(bad.client(visit).run())
    while not running.done():
        if any(bad.verdict in str(finding) for finding in visit.conduct.findings):
            running.cancel()
        await asyncio.wait([running], timeout=LOOK_AGAIN_S)
    await asyncio.gather(running, return_exceptions=True)


@every_exhibit
async def test_a_client_that_has_the_bug_is_found_out(shown: Exhibit):
    """It fails by the exhibit's own verdict, whether or not it raises anything, and the link is told."""
    bad = BAD[shown.own_name]
    with visiting(shown, limit_s=1.0 if bad.verdict == NEVER_ENDS else 3.0) as visit:
        await run_until_found(bad, visit)
        title, *problems = await asyncio.to_thread(visit.problems)
    assert bad.verdict in "\n".join(problems)
    assert shown.story.question in title
    assert shown.story.bug in title


@every_exhibit
async def test_the_same_client_without_the_bug_survives(shown: Exhibit):
    """So it is the bug, and nothing else, that is found."""
    with visiting(shown) as visit:
        await Plain(visit).run()
        assert await asyncio.to_thread(visit.problems) == []


@every_exhibit
async def test_the_reference_client_survives(shown: Exhibit, monkeypatch: pytest.MonkeyPatch):
    """It does for its applications what the exhibits ask for."""
    if shown.own_name == "transcription_failed":  # whose first turn nobody answers
        monkeypatch.setattr(response_gate, "OWED_WITHIN_S", 1.0)
    with visiting(shown) as visit:
        await reference(visit)
        assert await asyncio.to_thread(visit.problems) == []


@pytest.mark.parametrize("shown", chosen(without=["speech", "interruption"]), ids=lambda shown: shown.own_name)
async def test_the_vendors_sdk_survives(shown: Exhibit):
    """A client of it that does what it should: nothing in an exhibit is such that it cannot be read."""
    with visiting(shown) as visit:
        await Vendor(visit).run()
        assert await asyncio.to_thread(visit.problems) == []


class Greets(Plain):
    """Greets its user first, as many agents do."""

    async def configure(self) -> None:
        await super().configure()
        if self.connections == 1:
            await self.ask()


@every_exhibit_without_a_greeting
async def test_an_agent_that_greets_first_is_welcome(shown: Exhibit):
    """The greeting is not what the exhibit is about."""
    with visiting(shown) as visit:
        await Greets(visit).run()
        assert await asyncio.to_thread(visit.problems) == []


# ---- what each exhibit has


def test_they_are_numbered_from_one_on():
    assert [shown.story.number for shown in EXHIBITS] == list(range(1, 31))
    assert set(BAD) == {shown.own_name for shown in EXHIBITS}


def test_each_has_a_bug_of_its_own():
    links = [shown.story.bug for shown in EXHIBITS]
    assert len(set(links)) == len(links)
    assert all(re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", link) for link in links)


@every_exhibit
def test_it_asks_a_question_and_names_rules_that_there_are(shown: Exhibit):
    story = shown.story
    assert story.question.startswith("Does your client")
    assert story.question.endswith("?")
    assert set(story.silent) <= {rule.id for rule in RULES}
    assert set(story.needs) <= set(NEEDS)
    assert ("tools" in story.needs) == bool(story.tools)
    assert ("interruption" in story.needs) == any(act.does == "interrupts" for act in story.client)
    assert ("reconnect" in story.needs) == (story.connections > 1)
    assert {act.does for act in story.client} & {"stops", "greets", "instructs"} <= {
        {"stop": "stops", "greeting": "greets", "instructions": "instructs"}.get(need) for need in story.needs
    }


@every_exhibit
def test_it_tells_its_reader_what_it_is_about(shown: Exhibit):
    text = (shipped_folder() / f"{shown.name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.splitlines()) < 70
    assert shown.scenario.description.endswith(".")
    told = str(shown)
    assert shown.story.bug in told
    assert shown.story.question in told.replace("\n", " ")
