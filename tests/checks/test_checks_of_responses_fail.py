"""Each check of responses, tools, cancels, items, errors and closes fails where the server is wrong about it."""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Final

import pytest

from tests.checks.conftest import checked
from tests.checks.lies import TOLD, Lie, accepts, calls, lacks, loses, lying, one_name, refuses, says
from vlclient.checks.catalogue import all_checks
from vlclient.checks.check import Check
from vlclient.checks.running import try_check
from vlclient.checks.verdicts import Outcome, Verdict
from vlmock.server.mock_server import MockServer

pytestmark = pytest.mark.timeout(240)

_numbers = count()
CREATED, ITEM, DONE = "response.created", "conversation.item.created", "response.done"
RETRIEVED, TRUNCATED = "conversation.item.retrieved", "conversation.item.truncated"
ARGUMENTS = "response.function_call_arguments"


def _another() -> str:
    return f"another {next(_numbers)}"


LIES: Final[Mapping[str, Lie]] = {
    "12.01": says(CREATED, "response.status", "completed"),
    "12.02": one_name("resp_"),
    "12.03": loses("response.content_part.done"),
    "12.04": calls("response.text.done", "response.audio.done"),
    "12.05": says("response.content_part.done", "item_id", "item_other"),
    "12.06": says("response.audio_transcript.done", "transcript", "Other words."),
    "12.07": says("response.text.done", "text", "Other words."),
    "12.08": says("response.audio.delta", "delta", "AA=="),
    "12.09": says(DONE, "response.usage.total_tokens", 1),
    "12.10": says(ITEM, "previous_item_id", "item_other"),
    "12.11": lacks(CREATED, "conversation_id"),
    "12.12": says("response.output_item.added", "item.status", "completed"),
    "12.13": says("error", "error.code", "other"),
    "12.14": says(DONE, "response.output", []),
    "12.15": Lie(repeated=CREATED),
    "12.16": says(CREATED, "response.modalities", ["text", "audio"]),
    "12.17": says("session.updated", "session.instructions", _another),
    "12.18": says("session.updated", "session.instructions", _another),
    "12.19": says(CREATED, "response.voice.name", "en-US-OtherNeural"),
    "12.20": says(DONE, "response.metadata", {}),
    "12.21": says(DONE, "response.status_details.reason", "content_filter"),
    "12.22": says(DONE, "response.usage.output_tokens", 9999),
    "12.23": says(DONE, "response.conversation_id", "conv_1"),
    "12.24": accepts(RETRIEVED),
    "12.25": refuses(RETRIEVED),
    "12.26": says("response.audio_transcript.done", "transcript", "Other words."),
    "12.27": says(DONE, "response.output.0.content.0.text", "Other words."),
    "12.28": accepts(CREATED),
    "12.29": loses("error"),
    "12.30": accepts(CREATED),
    "12.31": accepts(CREATED),
    "12.32": accepts(CREATED),
    "12.33": accepts(CREATED),
    "13.01": says(DONE, "response.output.0.name", "other"),
    "13.02": says(DONE, "response.output.0.name", "look_up_tide"),
    "13.03": says(DONE, "response.output.0.type", "function_call"),
    "13.04": says("session.updated", "session.tool_choice", "auto"),
    "13.05": says("response.output_item.added", "item.arguments", "{}"),
    "13.06": says(f"{ARGUMENTS}.done", "arguments", "{}"),
    "13.07": says(f"{ARGUMENTS}.delta", "call_id", "call_other"),
    "13.08": says(RETRIEVED, "item.arguments", "{}"),
    "13.09": says(ITEM, "item.call_id", "call_other"),
    "13.10": says(DONE, "response.output.0.type", "function_call"),
    "13.11": says(DONE, "response.status", "incomplete"),
    "13.12": says(ITEM, "item.call_id", "call_other"),
    "13.13": refuses(ITEM),
    "13.14": says(DONE, "response.output.0.name", "look_up_tide"),
    "13.15": calls(f"{ARGUMENTS}.delta", "response.audio.delta"),
    "14.01": says(DONE, "response.status_details.type", "other"),
    "14.02": loses("response.audio_transcript.done"),
    "14.03": loses("response.text.done"),
    "14.04": Lie(repeated="response.audio_transcript.delta"),
    "14.05": says("error", "error.code", "other"),
    "14.06": says("error", "error.code", "other"),
    "14.07": says(DONE, "response.status", "cancelled"),
    "14.08": says(DONE, "response.status", "incomplete"),
    "14.09": says(DONE, "response.status", "cancelled"),
    "14.10": Lie(repeated=DONE),
    "14.11": says(DONE, "response.usage.total_tokens", 5),
    "15.01": says(ITEM, "item.id", "item_other"),
    "15.02": says(ITEM, "item.id", "item_other"),
    "15.03": says(ITEM, "previous_item_id", "item_other"),
    "15.04": says(ITEM, "previous_item_id", "item_other"),
    "15.05": says(ITEM, "previous_item_id", "item_other"),
    "15.06": says(ITEM, "previous_item_id", "item_2"),
    "15.07": accepts(ITEM),
    "15.08": accepts(ITEM),
    "15.09": says(ITEM, "item.content.0.text", "Other words."),
    "15.10": says(ITEM, "item.role", "user"),
    "15.11": Lie(repeated=CREATED),
    "15.12": says(RETRIEVED, "item.role", "system"),
    "15.13": accepts(RETRIEVED),
    "15.14": says("conversation.item.deleted", "item_id", "item_other"),
    "15.15": says("error", "error.code", "other"),
    "15.16": says(ITEM, "previous_item_id", "item_2"),
    "15.17": accepts(ITEM),
    "15.18": accepts(ITEM),
    "15.19": lacks(RETRIEVED, "audio"),
    "15.20": says(TRUNCATED, "audio_end_ms", 1),
    "15.21": accepts(TRUNCATED),
    "15.22": says("error", "error.code", "other"),
    "15.23": accepts(TRUNCATED),
    "15.24": accepts(TRUNCATED),
    "16.01": says("error", "error.event_id", "event_other"),
    "16.02": says("error", "error.event_id", "event_other"),
    "16.03": says("error", "event_id", "event_of_the_client"),
    "16.04": accepts(RETRIEVED),
    "16.05": accepts(RETRIEVED),
    "16.06": says("error", "error.message", ""),
    "16.07": says("error", "error.message", ""),
    "16.08": says("error", "error.message", ""),
    "16.09": accepts(RETRIEVED),
    "16.10": accepts(RETRIEVED),
    "16.11": accepts(RETRIEVED),
    "16.12": loses("error"),
    "16.13": loses("error"),
    "16.14": Lie(deaf=True),
    "16.15": accepts(CREATED),
    "16.16": accepts(ITEM),
    "17.01": Lie(close_code=1011),
    "17.02": Lie(close_code=1006),
    "17.03": Lie(close_code=1011),
    "17.04": Lie(close_code=1006),
    "17.05": accepts(RETRIEVED),
    "17.06": Lie(repeated="session.updated"),
    "17.07": Lie(deaf=True),
}
TRIED = [check for check in all_checks() if 12 <= int(check.number.split(".")[0]) <= 17]
_AT_ONCE = 12
_PATIENCE_S = 4.0


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, lifelike: MockServer) -> Mapping[str, Outcome]:
    """Of all the checks that are asked for, each told its lie."""
    asked = [item.callspec.params.get("check") for item in request.session.items if item.path == request.path]  # type: ignore[attr-defined]

    async def tried(check: Check, room: asyncio.Semaphore) -> Outcome:
        server = checked(lifelike.url, check.pipelines[0], patience_s=_PATIENCE_S)
        async with room:
            TOLD.set(LIES[check.number])
            return await try_check(check, server)

    async def all_tried() -> dict[str, Outcome]:
        room = asyncio.Semaphore(_AT_ONCE)
        outcomes = await asyncio.gather(*(tried(check, room) for check in asked))
        return {outcome.check.number: outcome for outcome in outcomes}

    with lying():
        return asyncio.run(all_tried())


@pytest.mark.parametrize("check", TRIED, ids=lambda check: check.number)
def test_a_check_finds_what_is_wrong(check: Check, outcomes: Mapping[str, Outcome]) -> None:
    """With a finding that says what was expected."""
    outcome = outcomes[check.number]
    told = "\n".join([str(outcome.verdict), outcome.reason, *map(str, outcome.findings), *map(str, outcome.frames)])
    assert outcome.verdict is Verdict.FAILED, told
    assert all("known shape" not in str(finding) for finding in outcome.findings), told
