"""Searches, sources of words, invocations, other agents and rate limits: what the service does by itself."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.items import FileSearchResult
from vlmock.session.readings import parse_readings
from vlmock.session.script import FileSearch, FoundryAgentCall, Invocation, Say, Step, WebSearch
from vlmock.session.timing import Timing

CREATE = {"type": "response.create"}
TEXT = {"type": "session.update", "session": {"modalities": ["text"]}}
FOUND = FileSearchResult(file_id="file_1", filename="visitors.md", score=0.9, text="Open from nine to five.")
FILES = FileSearch(("opening hours",), (FOUND,))


def asking(*steps: Step, **how: Any) -> Dialogue:
    """A text-only session that has asked for one response of these steps."""
    return Dialogue(script=PlannedScript([steps]), **how).client(TEXT).skip().client(CREATE)


# ---- searches


@pytest.mark.parametrize(("step", "kind"), [(WebSearch("maps"), "web"), (FILES, "file")])
def test_a_search_goes_through_its_stages(step: Step, kind: str) -> None:
    """Documented (schema C 48 to 53): in progress, searching, completed; counted, and inside the response."""
    talk = asking(step)
    stages = [f"response.{kind}_search_call.{stage}" for stage in ("in_progress", "searching", "completed")]
    talk.server(
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        *stages,
        "response.output_item.done",
        "response.done",
    )
    events = [talk.last(stage) for stage in stages]
    assert [event.sequence_number for event in events] == [0, 1, 2]
    assert {event.item_id for event in events} == {talk.last("response.output_item.done").item.id}
    assert talk.last("response.output_item.added").item.status == "in_progress"
    assert [item.status for item in talk.last("response.done").response.output] == ["completed"]


def test_numbers_go_on_through_all_searches_of_a_response() -> None:
    """Assumed: they count within the response."""
    talk = asking(FILES, WebSearch())
    assert [e.sequence_number for e in talk.events if hasattr(e, "sequence_number")] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("included", [True, False])
def test_results_are_shown_to_those_who_ask(included: bool) -> None:
    """Documented (schema D1): ``include: [file_search_call.results]``."""
    talk = Dialogue(script=PlannedScript([[FILES]]))
    if included:
        talk.client({"type": "session.update", "session": {"include": ["file_search_call.results"]}})
    item = talk.client(CREATE).last("response.output_item.done").item
    assert item.queries == ["opening hours"]
    assert (item.results == [FOUND]) is included


@pytest.mark.parametrize(("step", "kind"), [(WebSearch(fails=True), "web"), (FileSearch(("x",), fails=True), "file")])
def test_a_search_may_fail(step: Step, kind: str) -> None:
    """Assumed: no completed; the response goes on."""
    talk = asking(step, Say("Hm."))
    assert f"response.{kind}_search_call.completed" not in talk.types
    statuses = [item.status for item in talk.last("response.done").response.output]
    assert statuses == ["failed", "completed"]


@pytest.mark.parametrize(("step", "status"), [(WebSearch(), "failed"), (FILES, "incomplete")])
def test_a_search_that_is_cancelled_ends(step: Step, status: str) -> None:
    """Assumed: as far as its statuses go."""
    talk = asking(step, timing=Timing({"search": 2000})).wait(1.0).skip()
    talk.client({"type": "response.cancel"}).server("response.output_item.done", "response.done")
    assert talk.last("response.done").response.output[0].status == status
    talk.wait(60).server()


def test_a_search_takes_as_long_as_it_says() -> None:
    """Or as the timing profile has it."""
    talk = asking(WebSearch(seconds=1.5), timing=Timing({"search": 9000})).skip()
    talk.wait(1.4).server().wait(0.2)
    assert talk.types[-1] == "response.done"


@pytest.mark.parametrize(
    ("step", "version", "event"),
    [
        (WebSearch(), "2026-01-01-preview", "response.web_search_call.searching"),
        (FILES, "2026-01-01-preview", "response.file_search_call.searching"),
        (FoundryAgentCall("travel"), "2025-10-01", "response.foundry_agent_call.in_progress"),
        (Invocation({"a": 1}), "2026-04-10", "response.invocation.delta"),
    ],
)
def test_an_older_version_is_never_sent_what_it_lacks(step: Step, version: str, event: str) -> None:
    """The response goes on without, and the journal says so."""
    talk = asking(step, api_version=version).server("response.created", "response.done")
    [remark] = talk.remarks
    assert str(remark.message) == f"api-version {version} has no {event!r}: this step of the reply was left out"


# ---- where words come from

CITED = Say("Open from nine.", annotations=[{"type": "file_citation", "file_id": "file_1"}, "anything"])


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_annotations_follow_their_words(model: str) -> None:
    """Documented (schema C 55). Assumed: right after the last transcript delta of the words, counted in the message."""
    talk = Dialogue(model=model, script=PlannedScript([[CITED, Say("Closed on Mondays.", annotations=[3])]]))
    talk.client(CREATE)
    added = talk.all("response.audio_transcript.annotation.added")
    assert [event.annotation_index for event in added] == [0, 1, 2]
    assert [event.annotation for event in added] == [*CITED.annotations, 3]
    assert {event.item_id for event in added} == {talk.last("response.output_item.done").item.id}
    before = talk.events[: talk.events.index(added[0])]
    said = "".join(event.delta for event in before if event.type == "response.audio_transcript.delta")
    assert said == "Open from nine."
    assert talk.types.index("response.audio_transcript.done") > talk.events.index(added[2])


@pytest.mark.parametrize(
    ("version", "modalities", "why"),
    [
        (
            "2026-01-01-preview",
            ["text", "audio"],
            "api-version 2026-01-01-preview has no 'response.audio_transcript.annotation.added': the annotations of "
            "the reply were left out",
        ),
        ("2026-04-10", ["text"], "only spoken answers have annotations: those of the reply were left out"),
    ],
)
def test_annotations_need_a_voice_and_a_version_that_has_them(version: str, modalities: list[str], why: str) -> None:
    """There is no such event for written answers, nor before 2026-04-10; the journal says so."""
    talk = Dialogue(script=PlannedScript([[CITED]]), api_version=version)
    talk.client({"type": "response.create", "response": {"modalities": modalities}})
    assert "response.audio_transcript.annotation.added" not in talk.types
    assert talk.last("response.done").response.status == "completed"
    assert [(remark.kind, remark.message) for remark in talk.remarks] == [("unsent", why)]


# ---- what a hosted agent says


def test_an_invocation_is_passed_on() -> None:
    """Documented (schema C 56): as it stands; beside words it does not break the message."""
    payload = {"type": "thinking", "step": 2}
    talk = asking(Say("One."), Invocation(payload), Say("Two."), api_version="2026-07-15")
    assert talk.last("response.invocation.delta").delta == payload
    (message,) = talk.last("response.done").response.output
    assert message.content[0].text == "One. Two."


def test_what_is_handed_to_a_hosted_agent_reaches_the_script() -> None:
    """``invoke_input`` of response.create; empty where there is none."""
    talk = Dialogue(api_version="2026-07-15", agent=True, model="")
    talk.client({"type": "response.create", "response": {"invoke_input": {"topic": "maps"}}}).client(CREATE)
    assert [turn.invoke_input for turn in talk.script.turns] == [{"topic": "maps"}, {}]


# ---- other agents

AGENT = FoundryAgentCall("travel", '{"question": "When?"}', output="At nine.")
AGENTS = parse_readings({"foundry_agent": True})
ASKED = (
    "response.created",
    "response.output_item.added",
    "conversation.item.created",
    "response.foundry_agent_call_arguments.delta",
    "response.foundry_agent_call_arguments.done",
    "response.foundry_agent_call.in_progress",
)


def test_another_agent_is_asked_inside_the_response() -> None:
    """Observed {JST}: arguments, in progress, completed."""
    talk = asking(AGENT, readings=AGENTS)
    talk.server(*ASKED, "response.foundry_agent_call.completed", "response.output_item.done", "response.done")
    item = talk.last("response.output_item.done").item
    assert (item.type, item.name, item.arguments, item.output) == (
        "foundry_agent_call",
        "travel",
        AGENT.arguments,
        "At nine.",
    )
    assert item.agent_response_id == talk.last("response.foundry_agent_call.completed").agent_response_id
    assert "".join(e.delta for e in talk.all("response.foundry_agent_call_arguments.delta")) == AGENT.arguments


def test_another_agent_may_fail() -> None:
    """failed, and why in the item."""
    talk = asking(FoundryAgentCall("travel", error="Away."), readings=AGENTS)
    talk.server(*ASKED, "response.foundry_agent_call.failed", "response.output_item.done", "response.done")
    assert talk.last("response.output_item.done").item.error["message"] == "Away."


def test_another_agent_may_be_cut_off() -> None:
    """Assumed: as an MCP call inside its response."""
    talk = asking(FoundryAgentCall("travel", seconds=3.0), readings=AGENTS).wait(1.0).skip()
    talk.client({"type": "response.cancel"})
    talk.server("response.foundry_agent_call.failed", "response.output_item.done", "response.done")
    talk.wait(60).server()


def test_other_agents_are_off_unless_somebody_wants_them() -> None:
    """Schema I: optional. A script that needs them is told how to have them."""
    talk = asking(AGENT)
    talk.server("response.created", "response.done")
    assert "foundry_agent: true" in talk.last("response.done").response.status_details.error["message"]


# ---- rate limits


def test_rate_limits_are_told_when_somebody_wants_them() -> None:
    """Documented {DOC}: after response.created and response.done; what was used comes back after a minute."""
    talk = Dialogue(readings=parse_readings({"rate_limits": True})).skip()
    talk.client(CREATE)
    assert talk.types[1:3] == ["response.created", "rate_limits.updated"]
    assert talk.types[-2:] == ["response.done", "rate_limits.updated"]
    spent = talk.last("response.done").response.usage.total_tokens
    assert spent > 0
    limits = {limit.name: limit for limit in talk.last("rate_limits.updated").rate_limits}
    assert limits["tokens"].limit - limits["tokens"].remaining == spent
    assert limits["requests"].limit - limits["requests"].remaining == 1
    assert limits["tokens"].reset_seconds == 60.0
    talk.wait(61).client(CREATE)
    again = {limit.name: limit for limit in talk.all("rate_limits.updated")[2].rate_limits}
    assert again["tokens"].remaining == again["tokens"].limit
    assert again["tokens"].reset_seconds == 0.0


def test_rate_limits_are_not_told_otherwise() -> None:
    """Observed: in no log of the service."""
    assert "rate_limits.updated" not in Dialogue().client(CREATE).types
