"""A server that is wrong in a chosen way is found by the smoke test, in the step where a user would have met it."""

import asyncio
from collections.abc import Iterable, Mapping

import pytest

from tests.checks.lies import (
    at_the_door,
    broken_off,
    changes,
    followed,
    goodbye,
    ignores,
    in_binary_frames,
    loses,
    one_name,
    says,
    sounds,
    twice,
    withholds,
)
from tests.checks.wrong_server import Event, Lie, wrong
from tests.smoke.conftest import smoked
from vlclient.smoke.outcome import Outcome
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(120)

_DELTAS = ("response.audio.delta", "response.audio_transcript.delta", "response.text.delta")
_ARGUMENTS = "response.function_call_arguments"


def _odd(sound: bytes) -> bytes:
    """The first piece of an answer, which is 200 ms long, lacks its last byte."""
    return sound[:-1] if len(sound) == 9600 else sound


def _differing(event: Event) -> Iterable[Event]:
    member = "transcript" if "transcript" in event else "text"
    yield {**event, member: f"{event[member]} And so on."}


def _completed(event: Event) -> Iterable[Event]:
    """What was cancelled seems to have come to its end."""
    cancelled = event["response"]["status"] == "cancelled"
    response = {**event["response"], "status": "completed", "status_details": None}
    yield {**event, "response": response} if cancelled else event


FOUND: dict[str, tuple[Lie, str]] = {
    "no session.created": (loses("session.created"), "connect"),
    "session.created when the client has spoken": (withholds("session.created", until="session.update"), "connect"),
    "session.created twice": (twice("session.created"), "set up"),
    "no session.updated": (loses("session.updated"), "set up"),
    "session.updated twice": (twice("session.updated"), "set up"),
    "session.updated without an id": (says("session.updated", "session.id", None), "set up"),
    "settings that are not in force": (says("session.updated", "session.instructions", "Sell insurance."), "set up"),
    "another session's settings": (says("session.updated", "session.id", "sess_of_somebody_else"), "set up"),
    "no commit": (loses("input_audio_buffer.committed"), "spoken turn"),
    "no transcripts": (loses("conversation.item.input_audio_transcription.completed"), "spoken turn"),
    "an end before the beginning": (
        withholds("input_audio_buffer.speech_started", until="input_audio_buffer.speech_stopped"),
        "spoken turn",
    ),
    "items twice": (twice("conversation.item.created"), "typed turn"),
    "no response.done": (loses("response.done"), "typed turn"),
    "deltas after the end": (followed("response.done", "response.audio_transcript.delta"), "typed turn"),
    "deltas of another response": (
        changes(*_DELTAS, by=lambda event: [{**event, "response_id": "resp_of_somebody_else"}]),
        "typed turn",
    ),
    "another transcript in the end": (
        changes("response.audio_transcript.done", "response.text.done", by=_differing),
        "typed turn",
    ),
    "half a sample": (sounds(_odd), "typed turn"),
    "a usage that does not add up": (says("response.done", "response.usage.total_tokens", 7), "typed turn"),
    "an end in progress": (says("response.done", "response.status", "in_progress"), "typed turn"),
    "another call_id in the end": (says(f"{_ARGUMENTS}.done", "call_id", "call_of_somebody_else"), "tool"),
    "arguments that are no JSON": (
        broken_off(f"{_ARGUMENTS}.delta", f"{_ARGUMENTS}.done", "response.output_item.done", "response.done"),
        "tool",
    ),
    "a cancel that is not heard": (ignores("response.cancel"), "cancel"),
    "cancelled is completed": (changes("response.done", by=_completed), "cancel"),
    "1011 for a goodbye": (goodbye(1011), "close"),
}
"""The step in which a lie shows. All of them are wrong answers: exit code 9."""

UNSEEN: dict[str, tuple[Lie, str]] = {
    "no lie": (Lie(), "the proxy alone"),
    "one event_id": (one_name("event_"), "no client reads the ids of the service's events"),
    "binary frames": (in_binary_frames(), "the client takes either kind of frame"),
    "no errors": (loses("error"), "nothing is refused to a client that does nothing wrong"),
    "redirects": (at_the_door(status=lambda status: 302), "the credential is good"),
    "sound of another rate": (sounds(lambda sound: sound * 2), "nobody knows how fast a voice speaks"),
    "nothing truncated": (loses("conversation.item.truncated"), "nothing is truncated where nobody plays it"),
    "nothing deleted": (loses("conversation.item.deleted"), "nothing is deleted"),
}
"""Why a short conversation cannot know; ``vlclient check`` finds them."""


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, service: MockServer) -> Mapping[str, Outcome]:
    """Of all that are asked for, tried at the same time: they wait most of the time."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    names = [item.callspec.params["name"] for item in items]

    async def tried(lie: Lie) -> Outcome:
        async with wrong(lie, service.url) as url:
            return await smoked(url)

    async def all_tried() -> dict[str, Outcome]:
        lies = {**FOUND, **UNSEEN}
        return dict(zip(names, await asyncio.gather(*(tried(lies[name][0]) for name in names)), strict=True))

    return asyncio.run(all_tried())


@pytest.mark.parametrize("name", FOUND)
def test_a_lie_is_found_in_its_step(name: str, outcomes: Mapping[str, Outcome]) -> None:
    """And is a wrong answer, said in one sentence."""
    outcome = outcomes[name]
    wrong_steps = [step.name for step in outcome.steps if step.findings]
    assert (outcome.exit_code, outcome.kind, wrong_steps[:1]) == (9, "wrong answer", [FOUND[name][1]]), outcome
    assert outcome.sentence
    assert "\n" not in outcome.sentence


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_client_can_notice_is_no_finding(name: str, outcomes: Mapping[str, Outcome]) -> None:
    """The proxy alone, without a lie, among them."""
    assert (outcomes[name].exit_code, [step.findings for step in outcomes[name].steps]) == (0, [()] * 7), outcomes[name]
