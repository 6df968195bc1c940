"""How a response ends that does not end well, and one that may make a single call. Source: behaviour.md 4.4, 4.9."""

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.protocol.response import ResponseCreate
from vlmock.session.script import Call, Fail, Incomplete, Say, Step

ONE_CALL = {"type": "session.update", "session": {"parallel_tool_calls": False}}


def playing(*replies: list[Step]) -> Dialogue:
    return Dialogue(script=PlannedScript(replies), api_version="2026-07-15")


@pytest.mark.parametrize(
    ("ending", "status", "details"),
    [
        (Incomplete(), "incomplete", {"reason": "content_filter"}),
        (Incomplete("max_output_tokens"), "incomplete", {"reason": "max_output_tokens"}),
        (
            Fail("Slow down.", "rate_limit_exceeded", "rate_limit_error"),
            "failed",
            {"error": {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "Slow down."}},
        ),
    ],
)
@pytest.mark.parametrize("said", [[], [Say("I will tell you")]])
def test_a_reply_says_how_its_response_ends(
    said: list[Step], ending: Step, status: str, details: dict[str, object]
) -> None:
    """Assumed {OAI}: status and details; what was said until then stays, its item is what it is."""
    dialogue = playing([*said, ending, Say("never")])
    done = dialogue.client(ResponseCreate()).last("response.done").response
    assert done.status == status
    assert {name: getattr(done.status_details, name) for name in details} == details
    assert done.status_details.type == status
    assert len(done.output) == len(said)
    dialogue.client(ResponseCreate())
    assert dialogue.last("response.done").response.status == "completed"


# ---- one call at a time


def output_of(dialogue: Dialogue, output: str) -> dict[str, object]:
    """What the client returns for the last call."""
    call = dialogue.last("response.function_call_arguments.done")
    item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
    return {"type": "conversation.item.create", "item": item}


def made(dialogue: Dialogue) -> list[list[str]]:
    """What each response consists of."""
    responses = [event.response for event in dialogue.all("response.done")]
    return [[getattr(item, "name", "message") for item in response.output] for response in responses]


TWO_CALLS: list[Step] = [Say("Let me see."), Call("weather", "{}"), Call("time", "{}"), Say("Soon.")]


def test_calls_are_made_one_at_a_time() -> None:
    """Assumed: the second call follows the output of the first, and the script gets both outputs together."""
    dialogue = playing(TWO_CALLS, [Say("Sunny at noon.")]).client(ONE_CALL, ResponseCreate())
    assert made(dialogue) == [["message", "weather"]]
    dialogue.client(output_of(dialogue, "sunny"), ResponseCreate())
    assert made(dialogue)[1:] == [["time", "message"]]
    assert len(dialogue.script.turns) == 1
    dialogue.client(output_of(dialogue, "noon"), ResponseCreate())
    assert [(entry.name, entry.output) for entry in dialogue.script.turns[1].tool_outputs] == [
        ("weather", "sunny"),
        ("time", "noon"),
    ]
    assert made(dialogue)[2:] == [["message"]]


@pytest.mark.parametrize("allowed", [True, None])
def test_calls_are_made_together_unless_it_is_forbidden(allowed: bool | None) -> None:
    """Documented (schema D1): true by default."""
    dialogue = playing(TWO_CALLS)
    if allowed is not None:
        dialogue.client({"type": "session.update", "session": {"parallel_tool_calls": allowed}})
    assert made(dialogue.client(ResponseCreate())) == [["message", "weather", "time", "message"]]


def test_new_words_take_the_place_of_a_call_that_was_not_made() -> None:
    """Assumed: the model answers what it hears."""
    content = [{"type": "input_text", "text": "Never mind."}]
    item = {"type": "message", "role": "user", "content": content}
    dialogue = playing(TWO_CALLS, [Say("Fine.")]).client(ONE_CALL, ResponseCreate())
    dialogue.client(output_of(dialogue, "sunny"), {"type": "conversation.item.create", "item": item}, ResponseCreate())
    assert made(dialogue)[1:] == [["message"]]
    assert dialogue.script.turns[1].text == "Never mind."
    dialogue.client(output_of(dialogue, "again"), ResponseCreate())
    assert len(dialogue.script.turns) == 3


def test_an_aside_leaves_the_call_to_be_made() -> None:
    """Assumed: an answer outside the conversation changes nothing in it."""
    dialogue = playing(TWO_CALLS, [Say("Aside.")]).client(ONE_CALL, ResponseCreate())
    aside = {"type": "response.create", "response": {"conversation": "none"}}
    dialogue.client(output_of(dialogue, "sunny"), aside, ResponseCreate())
    assert made(dialogue)[1:] == [["message"], ["time", "message"]]
