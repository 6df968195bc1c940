"""Something to say while the answer is not ready. Source: schema D12, behaviour.md 4.6."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.exchanges import SPOKEN_MESSAGE
from tests.session.sounds import voice
from vlmock.protocol.response import ResponseCreate
from vlmock.server.reception import TimingProfile
from vlmock.session.readings import parse_readings
from vlmock.session.script import (
    Call,
    FileSearch,
    Incomplete,
    McpCall,
    McpListing,
    Reply,
    Say,
    Step,
    Turn,
    Wait,
    WebSearch,
)
from vlmock.session.timing import Timing

CALL = [
    "response.output_item.added",
    "conversation.item.created",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]
TEXTS = ["Just a second.", "Let me see.", "I am looking."]
STATIC = {"type": "static_interim_response", "texts": TEXTS}
SLOW: list[Step] = [Wait(3.0), Say("Nine o'clock.")]


def talk(
    *replies: list[Step],
    interim: dict[str, Any] | None = STATIC,
    script: PlannedScript | None = None,
    timing: TimingProfile = "instant",
    **how: Any,
) -> Dialogue:
    """A session with interim responses, its update already answered."""
    dialogue = Dialogue(script=script or PlannedScript(replies), timing=Timing(timing), **how)
    if interim is not None:
        dialogue.client({"type": "session.update", "session": {"interim_response": interim}}).wait(0.1)
    return dialogue.skip()


def said(dialogue: Dialogue) -> list[tuple[str, str]]:
    """The kind of each item and its words, as ``response.done`` lists them."""
    return [
        (item.id.partition("_")[0], item.content[0].transcript) if item.type == "message" else (item.type, item.name)
        for event in dialogue.all("response.done")
        for item in event.response.output
    ]


def test_a_slow_answer_is_bridged() -> None:
    """Documented {DOC}: after two seconds. Observed {BANK, NETT}: an item whose id begins with ``interim_``."""
    dialogue = talk(SLOW).client(ResponseCreate()).server("response.created")
    dialogue.wait(1.999).server()
    dialogue.wait(0.001).server(*SPOKEN_MESSAGE)
    dialogue.wait(0.999).server()
    dialogue.wait(0.001).server(*SPOKEN_MESSAGE, "response.done")
    assert said(dialogue) == [("interim", "Let me see."), ("msg", "Nine o'clock.")]
    added = dialogue.all("response.output_item.added")
    assert [event.output_index for event in added] == [0, 1]
    created = dialogue.all("conversation.item.created")
    assert [event.item.id for event in created] == [event.item.id for event in added]
    assert {event.previous_item_id for event in created} == {None}
    assert dialogue.requests[1].text == "Let me see."
    assert dialogue.last("session.updated").session.interim_response.texts == TEXTS


def test_what_bridged_it_is_not_in_the_conversation() -> None:
    """Observed {BANK}: such items are ephemeral, and deleting them fails."""
    dialogue = talk(SLOW).client(ResponseCreate()).wait(4)
    item_id = dialogue.all("response.output_item.done")[0].item.id
    for verb, code in (("retrieve", "item_retrieve_invalid_item_id"), ("delete", "item_delete_invalid_item_id")):
        dialogue.client({"type": f"conversation.item.{verb}", "item_id": item_id})
        assert dialogue.last("error").error.code == code
    dialogue.client(ResponseCreate())
    assert [item.id for item in dialogue.script.turns[1].history] == [
        dialogue.all("response.done")[0].response.output[1].id
    ]


@pytest.mark.parametrize(
    ("members", "reply", "words"),
    [
        ({}, [Wait(2.0), Say("Yes.")], []),
        ({}, [Wait(2.1), Say("Yes.")], ["interim"]),
        ({}, [Wait(1.5), Wait(1.0), Say("Yes.")], ["interim"]),
        ({}, [Say("Well."), Wait(9.0), Say("Yes.")], []),
        ({}, [Call("f", "{}"), Wait(9.0), Say("Yes.")], []),
        ({}, [Wait(9.0)], ["interim"]),
        ({}, [Wait(9.0), Incomplete()], ["interim"]),
        ({"triggers": None, "latency_threshold_ms": None}, [Wait(2.1), Say("Yes.")], ["interim"]),
        ({"latency_threshold_ms": 200}, [Wait(0.3), Say("Yes.")], ["interim"]),
        ({"latency_threshold_ms": 0}, [Wait(0.1), Say("Yes.")], ["interim"]),
        ({"latency_threshold_ms": 0}, [Say("Yes.")], []),
        ({"triggers": ["tool"]}, [Wait(9.0), Say("Yes.")], []),
        ({"triggers": []}, [Wait(9.0), Call("f", "{}")], []),
        ({"triggers": ["tool"]}, [Call("f", "{}")], ["interim"]),
        ({"triggers": ["tool"]}, [Call("f", "{}"), Call("g", "{}")], ["interim"]),
        ({"triggers": ["tool"]}, [Say("Wait."), Call("f", "{}")], ["interim"]),
        ({"triggers": ["tool", "latency"]}, [Wait(9.0), Call("f", "{}")], ["interim"]),
        ({"texts": []}, [Wait(9.0), Say("Yes.")], []),
        ({"texts": None}, [Wait(9.0), Say("Yes.")], []),
    ],
)
def test_when_a_silence_is_filled(members: dict[str, Any], reply: list[Step], words: list[str]) -> None:
    """Documented {DOC}: any of the triggers, latency by default. Assumed: once in a response."""
    dialogue = talk(reply, interim=STATIC | members).client(ResponseCreate()).wait(20)
    assert [kind for kind, _ in said(dialogue) if kind == "interim"] == words
    assert len(dialogue.all("response.done")) == 1


def test_the_silence_of_a_tool_is_filled_behind_its_call() -> None:
    """Documented {DOC}: while a tool call is being executed. Assumed: before ``response.done``."""
    dialogue = talk([Say("Let me look."), Call("look", "{}")], interim=STATIC | {"triggers": ["tool"]})
    dialogue.client(ResponseCreate())
    assert said(dialogue) == [("msg", "Let me look."), ("function_call", "look"), ("interim", "Let me see.")]
    dialogue = talk([Call("look", "{}")], interim=STATIC | {"triggers": ["tool"]}).client(ResponseCreate())
    dialogue.server("response.created", *CALL, *SPOKEN_MESSAGE, "response.done")


def test_a_slow_model_is_bridged_like_a_scripted_pause() -> None:
    """Documented {DOC}: latency is what the model takes; the words are synthesised and sent in their own time."""
    timing = {"llm_first": 2500, "tts_first": 300, "token_gap": 10, "audio_speed": 4}
    dialogue = talk([Say("Yes.")], timing=timing).client(ResponseCreate()).wait(10)
    assert said(dialogue) == [("interim", "Let me see."), ("msg", "Yes.")]
    begun = dialogue.times[dialogue.types.index("response.created")]
    added = [at - begun for kind, at in zip(dialogue.types, dialogue.times, strict=True) if kind == SPOKEN_MESSAGE[0]]
    assert added == pytest.approx([2.0, 2.5], abs=0.05)


def test_an_answer_waits_for_the_words_that_bridge() -> None:
    """Assumed: what was begun is said to its end."""
    timing = {"llm_first": 2100, "tts_first": 500}
    dialogue = talk([Say("Yes.")], timing=timing).client(ResponseCreate()).wait(2.4)
    assert len(dialogue.all("response.output_item.added")) == 1
    dialogue.wait(0.2)
    assert dialogue.types.index("response.output_item.done") < dialogue.types.index("response.output_item.added", 9)


@pytest.mark.parametrize(
    ("session", "asked", "words"),
    [
        (None, {"interim_response": STATIC}, ["Let me see."]),
        (STATIC, {"interim_response": STATIC | {"texts": ["Mine."]}}, ["Mine."]),
        (STATIC, {"interim_response": None}, []),
        (STATIC, {}, ["Let me see."]),
        (None, {}, []),
        (STATIC, {"modalities": ["text"]}, []),
        (STATIC, {"conversation": "none"}, ["Let me see."]),
    ],
)
def test_a_response_has_its_own(session: dict[str, Any] | None, asked: dict[str, Any], words: list[str]) -> None:
    """Documented (schema B1): it overrides the session's. Documented {DOC}: only what is spoken is bridged."""
    dialogue = talk(SLOW, interim=session).client({"type": "response.create", "response": asked}).wait(9)
    bridged = [item for item in dialogue.last("response.done").response.output if item.id.startswith("interim_")]
    assert [item.content[0].transcript for item in bridged] == words
    announced = [event for event in dialogue.all("conversation.item.created") if event.item.id.startswith("interim_")]
    assert len(announced) == (0 if "conversation" in asked else len(words))


def test_words_of_the_client_are_not_bridged() -> None:
    """Assumed: no model is asked for them."""
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Welcome!"}]}
    dialogue = talk(timing={"llm_first": 5000})
    dialogue.client({"type": "response.create", "response": {"pre_generated_assistant_message": message}}).wait(9)
    assert said(dialogue) == [("msg", "Welcome!")]


@pytest.mark.parametrize("ends", ["cancel", "barge-in"])
def test_it_can_be_interrupted(ends: str) -> None:
    """Observed {NB04}: what is open is closed, ``incomplete``, and the answer never comes."""
    dialogue = talk(SLOW, timing={"tts_first": 400, "audio_speed": 1}).client(ResponseCreate()).wait(2.5)
    assert dialogue.types[-1] == "response.audio.delta"
    if ends == "cancel":
        dialogue.client({"type": "response.cancel"}).wait(60)
    else:
        dialogue.speak(voice(700), piece_bytes=9600).wait(60)
    done = dialogue.last("response.done").response
    reason = "client_cancelled" if ends == "cancel" else "turn_detected"
    assert (done.status, done.status_details.reason) == ("cancelled", reason)
    assert [(item.id[:8], item.status) for item in done.output] == [("interim_", "incomplete")]
    assert done.usage.output_tokens == 0
    assert len(dialogue.all("response.audio.done")) == 1


def test_it_costs_nothing_and_minds_no_limit() -> None:
    """Assumed: the session's model did not make it."""
    dialogue = talk([Wait(3), Say("One two three.")])
    dialogue.client({"type": "response.create", "response": {"max_output_tokens": 2}}).wait(9)
    assert said(dialogue) == [("interim", "Let me see."), ("msg", "One two")]
    done = dialogue.last("response.done").response
    assert (done.status, done.usage.output_tokens) == ("incomplete", 2)


@pytest.mark.parametrize(("dice", "text"), [(0.0, TEXTS[0]), (0.5, TEXTS[1]), (0.999, TEXTS[2])])
def test_a_text_is_picked_at_random(dice: float, text: str) -> None:
    """Documented {DOC}: one of the list; the same seed picks the same."""
    assert Timing("instant", lambda: dice).one_of(TEXTS) == text


class MakingUp(PlannedScript):
    """A script whose model has words for the meantime."""

    def reply(self, turn: Turn) -> Reply:
        return Reply(super().reply(turn).steps, interim="I am asking the lighthouse keeper.")


@pytest.mark.parametrize(
    ("script", "members", "reading", "words"),
    [
        (PlannedScript, {}, "speaks", ["One moment, please."]),
        (MakingUp, {}, "speaks", ["I am asking the lighthouse keeper."]),
        (MakingUp, {"max_completion_tokens": 3}, "speaks", ["I am asking"]),
        (MakingUp, {"model": "gpt-4.1-nano", "instructions": "Be funny."}, "silent", []),
    ],
)
def test_a_model_says_what_the_script_gives_it(
    script: type[PlannedScript], members: dict[str, Any], reading: str, words: list[str]
) -> None:
    """Documented {DOC}: a small model, 50 tokens. Observed {ILA}: it hardly ever spoke."""
    interim = {"type": "llm_interim_response", **members}
    dialogue = talk(script=script([SLOW]), interim=interim, readings=parse_readings({"llm_interim": reading}))
    dialogue.client(ResponseCreate()).wait(9)
    assert [text for kind, text in said(dialogue) if kind == "interim"] == words


def test_an_agent_is_bridged_too() -> None:
    """Documented (schema A6)."""
    dialogue = talk(SLOW, model="", agent=True).client(ResponseCreate()).wait(9)
    assert said(dialogue)[0] == ("interim", "Let me see.")


@pytest.mark.parametrize("wrong", [{"type": "static-interim-response"}, {"type": "static"}])
def test_another_spelling_is_refused(wrong: dict[str, Any]) -> None:
    """Observed {ILA}: hyphens are rejected, although the reference has them."""
    dialogue = talk(interim=wrong)
    assert dialogue.last("error").error.param == "session.interim_response.type"


def kinds(dialogue: Dialogue) -> list[str]:
    """Of each item, in the order in which it ended."""
    items = [event.item for event in dialogue.all("response.output_item.done")]
    return [item.id.partition("_")[0] if item.type == "message" else item.type for item in items]


@pytest.mark.parametrize(
    ("step", "approval", "reading", "order"),
    [
        (McpCall("docs", "search", seconds=3.0), "never", "after_response", ["msg", "interim", "mcp_call"]),
        (McpCall("docs", "search", seconds=3.0), "never", "in_response", ["interim", "mcp_call", "msg"]),
        (McpCall("docs", "search", seconds=3.0), "always", "after_response", ["msg"]),
        (McpCall("docs", "search", seconds=3.0), "always", "in_response", ["msg"]),
        (WebSearch(seconds=3.0), "never", "after_response", ["interim", "web_search_call", "msg"]),
        (FileSearch(("tours",), seconds=3.0), "never", "after_response", ["interim", "file_search_call", "msg"]),
    ],
)
def test_a_tool_of_the_service_is_bridged_while_it_runs(
    step: Step, approval: str, reading: str, order: list[str]
) -> None:
    """Documented {DOC}: while a tool call is being executed; not while it waits for an approval."""
    script = PlannedScript([[step, Say("Found.")]])
    script.mcp_servers = {"docs": McpListing(())}
    readings = parse_readings({"mcp_call": reading})
    dialogue = talk(interim=STATIC | {"triggers": ["tool"]}, script=script, readings=readings)
    tool = {"type": "mcp", "server_label": "docs", "server_url": "https://docs", "require_approval": approval}
    dialogue.client({"type": "session.update", "session": {"tools": [tool]}}, ResponseCreate()).wait(9)
    assert kinds(dialogue) == order
