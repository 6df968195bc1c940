"""A client that says more than the recorded one: nobody would ever answer it, so it is hung up on."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.recording.clients import ANSWER, commits, speaks, typed_item, types, update
from tests.recording.line import Client, Line, replay_line, session_line
from tests.session.sounds import utterance
from vlmock.protocol.recording.lines import Close
from vlmock.recording.model import Recording

MODES = ["tolerant", "ignore"]
"""Strict ends at any deviation."""
ENDED = "has been played to its end"


def recorded(client: Client, **more: Any) -> Recording:
    line = session_line(heard=["Hello.", "Again.", "Once more."])
    client(line)
    return line.recording(**more)


def and_then(client: Client, *events: dict[str, Any]) -> Callable[[Line], None]:
    def more(line: Line) -> None:
        client(line)
        line.say(*events)

    return more


def speaks_thrice(line: Line) -> None:
    speaks(line)
    line.speak(utterance())


def commits_thrice(line: Line) -> None:
    commits(line)
    line.speak(utterance()).say({"type": "input_audio_buffer.commit"})


def leaves_out_the_update(line: Line) -> None:
    line.wait(0.2)
    for text in ("Hello", "And again"):
        line.say(typed_item(text), ANSWER).wait(10)
    line.say(typed_item("One more"), ANSWER)


def clears_up(line: Line) -> None:
    """Says something after its last answer."""
    types(line)
    line.say({"type": "input_audio_buffer.clear"}).wait(1)


def says_nothing(line: Line) -> None:
    line.wait(0.2)


SAYS_MORE = {
    "an answer": (types, and_then(types, ANSWER), "response.create"),
    "a question": (types, and_then(types, typed_item("One more"), ANSWER), "conversation.item.create"),
    "settings": (types, and_then(types, update(instructions="Be long.")), "session.update"),
    "a spoken turn": (speaks, speaks_thrice, "speech at 4.8 s of its sound"),
    "a committed turn": (commits, commits_thrice, "input_audio_buffer.commit"),
    "a question, after it had left out something": (types, leaves_out_the_update, "conversation.item.create"),
    "an answer, in place of what came after the last one": (clears_up, and_then(types, ANSWER), "response.create"),
    "anything": (says_nothing, and_then(says_nothing, update(instructions="Be brief.")), "session.update"),
}


@pytest.mark.parametrize("on_unexpected", MODES)
@pytest.mark.parametrize("case", SAYS_MORE)
def test_who_says_more_is_hung_up_on(case: str, on_unexpected: str) -> None:
    """Whoever waits for an answer notices it at once; the reason names the recording and what nobody answers, and an
    error says all that is known."""
    client, more, what = SAYS_MORE[case]
    line = replay_line(recorded(client), on_unexpected=on_unexpected)
    more(line)
    assert line.closed is not None
    assert (line.closed.code, line.closed.reason) == (1008, f"nothing answers {what}: rec {ENDED}")
    error = line.server[-1]["error"]
    assert (error["code"], error["message"]) == ("replay_deviation", line.remarks[-1])
    assert f"got {what}" in line.remarks[-1]
    assert (line.leave().problems == []) == (on_unexpected == "ignore")


@pytest.mark.parametrize("on_unexpected", MODES)
@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.cancel"},
        {"type": "input_audio_buffer.clear"},
        {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 100},
    ],
    ids=lambda event: event["type"],
)
def test_who_tidies_up_before_leaving_is_not_hung_up_on(event: dict[str, Any], on_unexpected: str) -> None:
    """Nobody waits for the answer to these; that they were not recorded is told where it matters."""
    line = replay_line(recorded(types), on_unexpected=on_unexpected)
    and_then(types, event)(line)
    assert line.closed is None
    assert (line.leave().problems == []) == (on_unexpected == "ignore")


def test_what_is_under_way_is_sent_before() -> None:
    """The recorded answer takes its time, and is heard out."""
    line = replay_line(recorded(types), timing="recorded")
    line.wait(0.2).say(update(instructions="Be brief.", modalities=["text", "audio"])).wait(1)
    line.say(typed_item("Hello"), ANSWER).wait(10).say(typed_item("And again"), ANSWER).wait(0.1)
    line.say(ANSWER)
    assert line.closed is None
    line.wait(10)
    assert line.types[-2:] == ["response.done", "error"]
    assert line.types.count("response.done") == 2
    assert line.closed is not None


def test_the_recorded_goodbye_goes_before() -> None:
    """A service that hung up then hangs up now, with its own words."""
    goodbye = Close(1001, "Your session hit the maximum duration.")
    line = replay_line(recorded(types, end=goodbye, ended_by="server", ended_at=40.0), timing="recorded")
    types(line)
    line.say(ANSWER).wait(60)
    assert line.closed is not None
    assert (line.closed.code, line.closed.reason) == (1001, goodbye.reason)
    assert "error" not in line.types


@pytest.mark.parametrize("on_unexpected", MODES)
def test_who_may_still_be_answered_is_not(on_unexpected: str) -> None:
    """In the middle of the recording, or before the speech that it waits for."""
    cancel = {"type": "response.cancel"}
    line = replay_line(recorded(types), on_unexpected=on_unexpected)
    line.wait(0.2).say(cancel)
    types(line)
    assert line.closed is None
    spoken = replay_line(recorded(speaks), on_unexpected=on_unexpected)
    spoken.wait(0.2).say(update(input_audio_transcription={"model": "whisper-1"}), cancel, ANSWER).wait(1)
    for _ in range(2):
        spoken.speak(utterance()).wait(10)
    assert spoken.types.count("response.done") == 2
    assert spoken.closed is None


SETTINGS = update(instructions="Be brief.", modalities=["text", "audio"])


@pytest.mark.parametrize("on_unexpected", MODES)
def test_settings_said_once_more_are_answered_with_the_recorded_ones(on_unexpected: str) -> None:
    """Clients wait for that before they say anything else, and it says which settings hold. It differs all the same."""
    line = replay_line(recorded(types), on_unexpected=on_unexpected)
    line.wait(0.2).say(SETTINGS).wait(1).say(update(instructions="Be long.")).wait(1)
    first, again = line.server[-2:]
    assert again == {**first, "event_id": again["event_id"]}
    assert again["type"] == "session.updated"
    assert again["event_id"] != first["event_id"]
    line.say(typed_item("Hello"), ANSWER).wait(10).say(typed_item("And again"), ANSWER).wait(10)
    assert line.types.count("response.done") == 2
    assert line.closed is None
    assert len(line.leave().problems) == (on_unexpected == "tolerant")


def test_settings_said_once_more_are_answered_after_what_is_on_its_way() -> None:
    """Else the answer to the first would be taken for that to the second, and would not say what holds."""
    line = replay_line(recorded(types), timing="recorded")
    line.wait(0.2).say(SETTINGS, SETTINGS)
    assert line.types == ["session.created"]
    line.wait(2)
    assert line.types == ["session.created", "session.updated", "session.updated"]
    assert line.server[1]["session"] == line.server[2]["session"]


def test_who_waits_for_what_was_not_recorded_is_told_so() -> None:
    """With what it said. Where no answer is waited for, there is nothing to tell."""
    line = replay_line(recorded(types))
    retrieve = {"type": "conversation.item.retrieve", "item_id": "i"}
    line.wait(0.2).say(SETTINGS).wait(1).say(retrieve, {"type": "response.cancel"}).wait(1)
    asked, tidied = line.problems[:2]
    assert asked.endswith('got conversation.item.retrieve {"item_id":"i"}, and nothing in the recording answers that')
    assert tidied.endswith("got response.cancel")


def test_a_test_is_not_kept_waiting_in_the_middle_either() -> None:
    """Where the manner is to hang up at more: what is due is sent, what would have come is no problem any more."""
    line = replay_line(recorded(types), hang_up="more")
    line.wait(0.2).say(update(instructions="Be brief.", modalities=["text", "audio"])).wait(1)
    line.say(typed_item("Hello"), ANSWER).wait(10).say({"type": "conversation.item.retrieve", "item_id": "i"})
    assert line.closed is not None
    asked = "conversation.item.retrieve"
    assert (line.closed.code, line.closed.reason) == (1008, f"nothing answers {asked}: it is not in rec")
    assert "response.done" in line.types
    (problem,) = line.leave().problems
    assert f"expected conversation.item.create (message), got {asked}" in problem


def test_a_test_that_runs_again_ends_at_any_difference() -> None:
    """Though what may change places may do so."""
    line = replay_line(recorded(types), hang_up="difference")
    line.wait(0.2).say(typed_item("Hello"), update(instructions="Be brief.", modalities=["text", "audio"]), ANSWER)
    assert line.closed is None
    line.wait(10).say(typed_item("And never"))
    assert line.closed is not None
    assert line.closed.reason.startswith("not as recorded: rec, frame ")
    assert len(line.leave().problems) == 1
