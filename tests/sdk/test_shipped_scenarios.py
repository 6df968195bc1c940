"""Each shipped scenario, played from end to end over a real socket by one client that knows none of them."""

from pathlib import Path
from typing import Any

import pytest
from azure.ai.voicelive import models
from azure.ai.voicelive.aio import ConnectionClosed

import vlmock
from tests.scenario.scenario_inputs import ClientInput, client_inputs, offered_tools
from tests.sdk.dialogue import Dialogue, talking, transcript
from tests.sdk.sounds import own_words
from tests.session.avatar.offers import LISA, connect
from vlmock.protocol.tools import FunctionTool, McpTool
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.differences.rules import KNOWN
from vlmock.recording.reading import read
from vlmock.rehearsal.playing import rehearse
from vlmock.scenario.model import Entry, Scenario
from vlmock.scenario.shipped import load, names
from vlmock.session.script import Close

SHIPPED = names()
"""Without those of the museum, which ask for odd things of a client: tests/museum plays each with three clients."""
NAMES = ("recorded", "again")
ENDS_THE_CALL = {"goodbye": 1001}
FAILED = "conversation.item.input_audio_transcription.failed"

SETTINGS: dict[str, dict[str, Any]] = {
    "avatar": {"avatar": models.AvatarConfig(**LISA)},
    "interim": {
        "interim_response": models.LlmInterimResponseConfig(triggers=["latency", "tool"], latency_threshold_ms=200)
    },
}
"""What a scenario's file asks of the client's session."""
SHOWN = {"avatar"}
AT_ANY_TIME = {"conversation.item.done", "session.avatar.switch_to_speaking", "session.avatar.switch_to_idle"}
"""What may still come when all has been answered."""


def words_of(entry: Entry) -> list[str]:
    """What the entry says, as far as it is the same every time; what fills its silence, too."""
    said = [entry.interim, *(step.values.get("text") for step in entry.reply or ())]
    return [text for text in said if isinstance(text, str) and "{{" not in text]


def steps_of(scenario: Scenario, member: str) -> list[Any]:
    entries = (*scenario.turns, *scenario.rules)
    return [step.values[member] for entry in entries for step in entry.reply or () if member in step.values]


def detection_for(scenario: Scenario) -> models.AzureSemanticVad:
    """As the comments in the files ask for; whoever falls silent does not do so for long."""
    detection = models.AzureSemanticVad(remove_filler_words=True)
    if any(entry.when.idle for entry in scenario.turns):
        detection["idle_timeout_ms"] = 1500  # the SDK has no name for it
    return detection


class Player:
    """A client that does what the scenario's file says a client does."""

    def __init__(self, dialogue: Dialogue, *, speaks: bool) -> None:
        self._dialogue = dialogue
        self._speaks = speaks
        self._response: Any = None

    async def play(self, scenario: Scenario) -> None:
        self._dialogue.tolerated = {code for code in steps_of(scenario, "code") if isinstance(code, str)}
        await self._dialogue.configure(
            tools=[as_the_sdk_has_it(tool) for tool in offered_tools(scenario)],
            include=["file_search_call.results"],
            turn_detection=detection_for(scenario),
            **SETTINGS.get(scenario.name, {}),
        )
        if scenario.name in SHOWN:
            await self._dialogue.connection.send(connect())
            await self._dialogue.until("session.avatar.connecting")
        for each in client_inputs(scenario):
            if each.filler:
                if self._speaks:
                    await self._dialogue.speak(own_words())
                continue
            await self._say(each)
            heard = await self._answer_to(each.entry)
            for words in words_of(each.entry):
                assert words in heard, each.entry

    async def _answer_to(self, entry: Entry) -> str:
        self._response = await self._dialogue.answer()
        if any(step.make is Close for step in entry.reply or ()):
            with pytest.raises(ConnectionClosed):
                await self._dialogue.receive()
        return transcript(self._response)

    async def _say(self, each: ClientInput) -> None:
        if each.idle:
            return
        if each.user is not None and self._speaks:
            await self._dialogue.speak(own_words())
            if each.entry.transcript.failure is not None:  # a text model has nothing to read: the client has to ask
                await self._dialogue.until(FAILED)
                await self._dialogue.until("conversation.item.created")
                await self._dialogue.connection.response.create()
            return
        if each.user is not None:
            await self._dialogue.type(each.user)
        if each.tool_outputs:
            await self._dialogue.return_outputs(self._response, each.tool_outputs)
            await self._see_calls_through(each.tool_outputs)
        await self._dialogue.connection.response.create()

    async def _see_calls_through(self, outputs: dict[str, str]) -> None:
        """The calls to MCP servers have ended; those that the scenario wants to fail were not approved."""
        for call in (item for item in self._response.output if item.type == "mcp_call"):
            if call.server_label not in TRUSTED:
                created = await self._dialogue.until(
                    "conversation.item.created", lambda event: event.item.type == "mcp_approval_request"
                )
                approve = "error" not in outputs[f"{call.server_label}/{call.name}"]
                await self._dialogue.connection.conversation.item.create(
                    item=models.MCPApprovalResponseRequestItem(approval_request_id=created.item.id, approve=approve)
                )
            await self._dialogue.until(
                "response.output_item.done",
                lambda event, item_id=call.id: event.item.id == item_id,  # type: ignore[misc]
            )


TRUSTED = {"docs"}
"""MCP servers that may be called without asking."""


def as_the_sdk_has_it(tool: FunctionTool | McpTool) -> models.Tool:
    if isinstance(tool, FunctionTool):
        return models.FunctionTool(name=tool.name)
    approval = "never" if tool.server_label in TRUSTED else "always"
    return models.MCPServer(server_label=tool.server_label, server_url=tool.server_url, require_approval=approval)


def test_enough_ship():
    """At least eight."""
    assert len(SHIPPED) >= 8


SLOW = {"barge_in"}
"""Half a minute of speech in the service's own time: once is enough."""


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        pytest.param(name, speaks, id=f"{name}-{'spoken' if speaks else 'typed'}")
        for name in SHIPPED
        for speaks in (False, True)
        if not (speaks and name in SLOW)
    ],
)
async def test_a_shipped_scenario_plays_to_its_end(name: str, speaks: bool, tmp_path: Path):
    """Every turn and every rule is answered with its words, and there is nothing to complain about."""
    scenario = load(name)
    foreign = {event["type"] for event in steps_of(scenario, "event")}
    with vlmock.serve() as server:
        async with talking(f"{server.url}/{name}", foreign=foreign - set(models.ServerEvent.__mapping__)) as dialogue:
            await Player(dialogue, speaks=speaks).play(scenario)
            if name in ENDS_THE_CALL:
                assert server.journal.wait_for_close().code == ENDS_THE_CALL[name]
            else:
                assert set(map(type_of, await dialogue.until_nothing_is_left())) <= AT_ANY_TIME
        server.journal.wait_for_close()
        assert server.problems() == []
    assert foreign <= set(dialogue.types)
    assert_the_emulator_agrees_with_itself(server.journal.save(tmp_path / name))


def assert_the_emulator_agrees_with_itself(path: Path) -> None:
    """Recorded and played again in virtual time, it says the same. Ids are others, and so is how words are cut."""
    (recording,) = read(path)
    comparison = compare(recording, rehearse(recording), names=NAMES, allowances=KNOWN, clients=False)
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])


def type_of(event: Any) -> str:
    return str(event["type"])
