"""A scenario that is made from a recording says what was recorded, and what it cannot say."""

from pathlib import Path
from typing import Any

import pytest

from tests.recording.scenes import Scene, body, lost, steps
from vlmock.protocol.recording.lines import Speaker
from vlmock.recording.to_scenario import scenario_of
from vlmock.scenario.loader import load_text
from vlmock.session.script import (
    Call,
    Close,
    Emit,
    Error,
    Fail,
    FileSearch,
    Incomplete,
    Invocation,
    McpCall,
    Say,
    Step,
    Wait,
    Warn,
    WebSearch,
)

# ---- what comes


def test_several_things_that_were_said_before_one_answer_are_told(tmp_path: Path):
    """The last is what the turn is known by."""
    scene = Scene().typed("My name is Alice.").typed("What is my name?").answering().says("Alice.").done()
    text = scenario_of(scene.recording()).text
    assert "# Before it, typed as well: My name is Alice." in text
    assert steps(scene, "My name is Alice.", "What is my name?") == [Say("Alice.")]


def test_speech_without_words_has_a_name(tmp_path: Path):
    """Nobody wrote it down, so nobody can say it; in order it is heard all the same."""
    scene = Scene().spoken(None).answering().says("Yes?").done()
    assert "user: (speech 1, not transcribed)" in body(scene.recording()).replace("'", "")


def test_a_transcription_that_failed_fails_again():
    """With its reason."""
    scene = Scene().spoken(None)
    kind = "conversation.item.input_audio_transcription.failed"
    scene.server(kind, item_id="item_1", content_index=0, error={"message": "Too loud.", "code": "noise"})
    scene.answering().says("Pardon?").done()
    assert "transcript: {fails: Too loud., code: noise}" in body(scene.recording())


def test_silence_that_was_answered_is_idle():
    """The silence is committed as an item, which nobody said."""
    scene = Scene().typed("Hi").answering().says("Hello.").done().wait(5)
    scene.server("input_audio_buffer.timeout_triggered", audio_start_ms=0, audio_end_ms=10, item_id="silence")
    content = [{"type": "input_audio", "transcript": ""}]
    scene.item(id="silence", type="message", role="user", status="completed", content=content)
    assert "not transcribed" not in body(scene.recording())
    scene.answering().says("Still there?").done()
    assert "  - idle: true\n    reply: Still there?" in body(scene.recording())


def test_outputs_of_several_tools_are_one_turn():
    """All of them have come before it is answered."""
    scene = Scene().typed("Go").answering().calls("a", "c1", "{}").calls("b", "c2", "{}").done()
    scene.returned("c2", "2").returned("c1", "1").answering().says("Done.").done()
    assert "  - tool: [b, a]\n    reply: Done." in body(scene.recording())
    assert steps(scene, "Go") == [Call("a", "{}"), Call("b", "{}")]


def test_what_was_not_answered_any_more_may_be_left_out():
    """The recording ends before its answer."""
    scene = Scene().typed("Hi").answering().says("Hello.").done().typed("And now?")
    assert "# At 0.0 s, frame 8: nothing answered it any more.\n  - user: And now?\n    optional: true" in body(
        scene.recording()
    )


def test_of_several_things_that_nothing_answered_the_last_is_a_turn():
    """The others are listed: speech is heard as the same turn until it has been answered."""
    scene = Scene().spoken("One.").spoken("Two.").typed("Three.")
    assert "frame 4: what was said there was never answered: One." in lost(scene)
    assert "what was said there was never answered: Two." in lost(scene)
    assert "  - user: Three.\n    optional: true" in body(scene.recording())


def test_words_that_the_client_brought_need_no_turn():
    """It brings them again."""
    scene = Scene().client("response.create", response={"pre_generated_assistant_message": {"type": "message"}})
    scene.answering().says("Welcome.").done().typed("Hi").answering().says("Hello.").done()
    scenario = load_text(scenario_of(scene.recording()).text)
    assert [entry.heard_as for entry in scenario.turns] == ["Hi"]


def test_an_answer_outside_the_conversation_leaves_open_what_was_said():
    """What the user said is answered by the next one."""
    scene = Scene().typed("Hi").client("response.create", response={"conversation": "none"})
    scene.answering().says("A title.").done().answering().says("Hello.").done()
    scenario = load_text(scenario_of(scene.recording()).text)
    assert [entry.heard_as for entry in scenario.turns] == ["Hi", "Hi"]


# ---- how it ends


@pytest.mark.parametrize(
    ("status", "details", "expected"),
    [
        ("incomplete", {"type": "incomplete", "reason": "content_filter"}, Incomplete("content_filter")),
        ("incomplete", {"type": "incomplete", "reason": "max_output_tokens"}, Incomplete("max_output_tokens")),
        (
            "failed",
            {"type": "failed", "error": {"type": "rate_limit_error", "code": "rate", "message": "Too {{many}}"}},
            Fail("Too {{many}}", "rate", "rate_limit_error"),
        ),
        ("failed", {"type": "failed", "error": {"type": "server_error", "message": "Sorry"}}, Fail("Sorry")),
        ("failed", None, Fail("…")),
    ],
)
def test_an_answer_ends_as_it_did(status: str, details: Any, expected: Step):
    """Behind what was said until then."""
    scene = Scene().typed("Go").answering().message().words("Once upon").end(status="incomplete").done(status, details)
    assert steps(scene, "Go") == [Say("Once upon"), expected]


def test_a_cancelled_answer_goes_on_until_it_is_cancelled_again():
    """What had been said is there, the message stays open, and the rest is not known: a comment says so."""
    scene = Scene().typed("Go").answering().message().words("Once upon a").end(status="incomplete")
    scene.done("cancelled", {"type": "cancelled", "reason": "turn_detected"})
    assert steps(scene, "Go") == [Say("Once upon a"), Wait(60.0), Say("…")]
    assert "# It was cut off here; what would have come then is not known." in body(scene.recording())


def test_an_answer_that_the_recording_does_not_see_the_end_of():
    """A recorder that was killed leaves one."""
    scene = Scene().typed("Go").answering().message().words("Once")
    assert steps(scene, "Go") == [Say("Once"), Wait(60.0), Say("…")]
    assert "# The recording ends here" in body(scene.recording())


def test_what_old_agents_called_cancelled_was_not():
    """Observed {NB04}: each response of theirs, without a reason."""
    scene = Scene().typed("Go").answering().says("All of it.").done("cancelled")
    assert steps(scene, "Go") == [Say("All of it.")]
    assert "readings: {classic_agents: cancelled}" in body(scene.recording())


def test_a_server_that_hangs_up_hangs_up_again():
    """Behind its last words."""
    scene = Scene().typed("Bye").answering().says("Bye.").done().closed("server", 1001, "Over.")
    assert steps(scene, "Bye") == [Say("Bye."), Close(1001, "Over.")]


@pytest.mark.parametrize(
    ("by", "code", "said"), [("client", 1000, ""), ("server", 1006, ""), ("server", 1011, "1011 Trouble")]
)
def test_how_else_a_connection_ended(by: Speaker, code: int, said: str):
    """The client's close is its own; the server's in the middle of a turn cannot be said."""
    scene = Scene().typed("Hi").answering().says("Hello.").done().client("response.create").closed(by, code, "Trouble")
    assert steps(scene, "Hi") == [Say("Hello.")]
    assert (f"the server closed the connection: {said}" in lost(scene)) == bool(said)


# ---- in between


def test_trouble_in_the_middle_of_a_message_stays_there():
    """Words before it, words behind it."""
    scene = Scene().typed("Go").answering().message().words("One.")
    scene.server("error", error={"type": "server_error", "message": "Oops", "code": "x"})
    scene.server("warning", warning={"message": "Careful"}).words(" Two.").end().done()
    assert steps(scene, "Go") == [Say("One."), Error("Oops", "x"), Warn("Careful"), Say("Two.")]


def test_trouble_in_the_middle_of_a_word_comes_before_it():
    """The emulator parts what it says by spaces."""
    scene = Scene().typed("Go").answering().message().words("Won")
    scene.server("error", error={"type": "server_error", "message": "Oops"}).words("derful").end().done()
    assert steps(scene, "Go") == [Error("Oops"), Say("Wonderful")]


def test_what_comes_outside_of_an_answer_is_listed_as_lost():
    """With its place; nothing is lost in silence."""
    scene = Scene().server("session.mood").server("error", error={"type": "server_error", "message": "Oops"})
    scene.server("warning", warning={"message": "Hm"})
    scene.server("error", error={"type": "invalid_request_error", "message": "No", "event_id": "e"})
    text = lost(scene.typed("Hi").answering().says("Hello.").done())
    assert "frame 2 at 0.0 s: the server sent session.mood, outside of any answer" in text
    assert "an error came outside of any answer: Oops" in text
    assert "a warning came outside of any answer: Hm" in text
    assert "the client was refused (No)" in text


def test_rate_limits_are_a_reading_where_they_follow_each_answer():
    """Else they are sent by hand."""
    limits = {"rate_limits": [{"name": "tokens", "limit": 5, "remaining": 4, "reset_seconds": 1}]}
    scene = Scene().typed("Hi").answering().server("rate_limits.updated", **limits).says("Hello.").done()
    assert isinstance(steps(scene, "Hi")[0], Emit)
    scene.server("rate_limits.updated", **limits)
    assert steps(scene, "Hi") == [Say("Hello.")]
    assert "readings: {rate_limits: true}" in body(scene.recording())


# ---- what the service does itself


def test_a_call_to_an_mcp_server_has_its_outcome():
    """The server's tools are there, too, where they were told."""
    tools = [{"name": "search", "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}}}]
    scene = Scene().item(type="mcp_list_tools", server_label="docs", tools=tools)
    scene.typed("Go").answering()
    call = scene.begin(type="mcp_call", server_label="docs", name="search", arguments="")
    scene.done().wait(1).server("response.mcp_call.in_progress", item_id=call, output_index=0)
    scene.wait(2).server("response.mcp_call.completed", item_id=call, output_index=0)
    scene.end(arguments='{"q":"x"}', output='{"hits":2}').answering().says("Two.").done()
    assert steps(scene, "Go") == [McpCall("docs", "search", '{"q":"x"}', '{"hits":2}', None, 2.0)]
    text = body(scene.recording())
    assert "mcp_servers:\n  docs:\n    tools:\n      - name: search" in text
    assert "  - mcp: docs/search\n    reply: Two." in text


def test_a_call_that_was_not_approved_is_left_to_the_client():
    """It does not approve again."""
    scene = Scene().typed("Go").answering()
    call = scene.begin(type="mcp_call", server_label="shop", name="cancel", arguments="")
    scene.done().item(id="ask", type="mcp_approval_request", server_label="shop", name="cancel", arguments="{}")
    answer = {"type": "mcp_approval_response", "approval_request_id": "ask", "approve": False}
    scene.client("conversation.item.create", item=answer)
    scene.server("response.mcp_call.failed", item_id=call, output_index=0)
    scene.end(arguments="{}", approval_request_id="ask", error={"message": "The call was not approved."})
    scene.answering().says("I may not.").done()
    assert steps(scene, "Go") == [McpCall("shop", "cancel", "{}")]
    assert "  - mcp: shop/cancel\n" in body(scene.recording())


def test_searches_and_the_events_of_a_hosted_agent():
    """With what was found, and that the words of a web search are not sent."""
    scene = Scene().typed("Go").answering()
    scene.begin(type="web_search_call")
    scene.end().begin(type="file_search_call", queries=["open"])
    found = [{"file_id": "f", "filename": "a.md", "score": 0.5, "text": "At nine."}]
    scene.end(queries=["open"], results=found).server("response.invocation.delta", delta={"event": "x"})
    scene.says("At nine.").done()
    search, files, invocation, say = steps(scene, "Go")
    assert search == WebSearch("…")
    assert isinstance(files, FileSearch)
    assert (files.queries, files.results[0].text) == (("open",), "At nine.")
    assert (invocation, say) == (Invocation({"event": "x"}), Say("At nine."))
