"""What waits for what in a recording, found out from the recording alone."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.recording.clients import ANSWER, CLIENTS, PLAN, edits, truncates, typed_item, update
from tests.recording.line import Line, recording_of, replay_line, session_line
from tests.session.sounds import utterance
from vlmock.emulated.sources import SOURCES
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.catalogue import CLIENT_EVENTS, OTHER_CLIENT_EVENTS, OTHER_SERVER_EVENTS, SERVER_EVENTS
from vlmock.protocol.recording.lines import Close, Frame, Head
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.replay.causes import CAUSES, CAUSES_OF_CANCELLATION, HEARD, PIECES, ROUND_ENDS
from vlmock.recording.replay.manner import manner
from vlmock.recording.replay.plan import Plan
from vlmock.recording.replay.planning import plan
from vlmock.recording.voices import MemoryVoice


def after(made: Plan, kind: str, nth: int = 0) -> tuple[set[str], str]:
    """What a step waits for: the types of steps before it, and of what the client did."""
    step = [each for each in made.steps if each.type == kind][nth]
    action = made.actions[step.action].type if step.action >= 0 else ""
    return {made.steps[number].type for number in step.after}, action


def test_the_table_names_events_that_exist() -> None:
    """On both sides; and every row says where it is known from."""
    server, client = {*SERVER_EVENTS, *OTHER_SERVER_EVENTS}, {*CLIENT_EVENTS, *OTHER_CLIENT_EVENTS}
    assert set(CAUSES) <= server
    assert set(HEARD) <= server
    asked = {type for cause in CAUSES.values() for type in cause.to}
    asked |= {type for types in CAUSES_OF_CANCELLATION.values() for type in types}
    assert asked | set(PIECES) | ROUND_ENDS <= client
    for cause in CAUSES.values():
        assert cause.known.startswith(("Observed", "Documented", "Assumed"))
        tags = {tag for braces in cause.known.split("{")[1:] for tag in braces.partition("}")[0].split(", ")}
        assert tags <= set(SOURCES)


@pytest.mark.parametrize("client", CLIENTS)
def test_nothing_waits_for_what_comes_later(client: Any) -> None:
    """Steps wait for earlier ones, for what the client had done, and all but the first for something."""
    line = session_line(replies=PLAN.get(client.__name__, ()))
    client(line)
    made = plan(line.recording())
    for number, step in enumerate(made.steps):
        assert all(before < number for before in step.after)
        assert step.action < 0 or made.actions[step.action].frame < step.frame
        assert bool(step.after) == (number > 0)
        assert step.delay >= 0


def test_the_service_s_own_recordings_are_understood(shared: Path) -> None:
    """Observed {PAI}: a tool's output is answered before the response is over, the next response is not."""
    (recording,) = read(shared / "recordings" / "test_tool_call_round.yaml")
    made = plan(recording)
    assert after(made, "session.updated") == ({"session.created"}, "session.update")
    assert after(made, "conversation.item.created", 0) == ({"session.created"}, "conversation.item.create")
    assert after(made, "conversation.item.created", 1) == ({"response.output_item.added"}, "")
    assert after(made, "conversation.item.created", 2) == ({"session.created"}, "conversation.item.create")
    assert after(made, "response.created", 1) == ({"response.done"}, "response.create")
    output = made.actions[3]
    assert [made.steps[number].type for number in output.awaits] == ["response.function_call_arguments.done"]
    assert [made.steps[number].type for number in made.actions[4].awaits] == ["response.done"]


def hand_made(*said: tuple[str, dict[str, Any]], **more: Any) -> Plan:
    frames = [(0.1 * number, who, event) for number, (who, event) in enumerate(said)]
    return plan(recording_of(frames, **more))


def server(kind: str, **members: Any) -> tuple[str, dict[str, Any]]:
    return "server", {"type": kind, "event_id": f"event_{kind}", **members}


def client(kind: str, **members: Any) -> tuple[str, dict[str, Any]]:
    return "client", {"type": kind, **members}


CREATED = server("session.created", session={})


@pytest.mark.parametrize(
    ("error", "to"),
    [
        ({"event_id": "mine"}, "session.update"),
        ({"event_id": None, "code": "response_cancel_not_active"}, "response.cancel"),
        ({"event_id": None, "param": "item.content"}, "conversation.item.create"),
        ({"event_id": None, "code": "invalid_event"}, "conversation.item.delete"),
        ({"event_id": None, "code": "session_expired"}, ""),
        ({"event_id": "nobody's"}, ""),
    ],
)
def test_an_error_answers_what_it_names_or_what_it_must_be_about(error: dict[str, Any], to: str) -> None:
    """By the client's event_id, by its code, by the member at fault; else it is about the last thing said."""
    made = hand_made(
        CREATED,
        client("session.update", event_id="mine", session={}),
        client("response.cancel"),
        client("conversation.item.create", item={"type": "message"}),
        client("conversation.item.delete", item_id="gone"),
        server("error", error={"message": "No.", **error}),
    )
    assert after(made, "error") == ({"session.created"}, to)


def test_what_is_unknown_comes_after_what_was_before_it() -> None:
    """The service adds events between versions."""
    made = hand_made(
        CREATED, client("session.update", session={}), server("session.updated", session={}), server("weather.changed")
    )
    assert after(made, "weather.changed") == ({"session.updated"}, "")


def test_a_cancelled_response_ends_by_what_ended_it() -> None:
    """What it had said until then comes all the same; what came after the cancellation waits for it."""
    response = {"id": "resp_1", "status": "in_progress"}
    done = {"id": "resp_1", "status": "cancelled"}
    for reason, cause in (
        ("client_cancelled", client("response.cancel")),
        ("turn_detected", server("input_audio_buffer.speech_started", item_id="item_2", audio_start_ms=100)),
    ):
        made = hand_made(
            CREATED,
            client("response.create"),
            server("response.created", response=response),
            server("response.text.delta", response_id="resp_1", item_id="item_1", delta="Once "),
            cause,
            server("response.text.delta", response_id="resp_1", item_id="item_1", delta="upon "),
            server("response.text.done", response_id="resp_1", item_id="item_1", text="Once upon "),
            server("response.done", response={**done, "status_details": {"type": "cancelled", "reason": reason}}),
        )
        assert after(made, "response.text.delta", 1) == ({"response.text.delta"}, "")
        by = {"input_audio_buffer.speech_started"} if cause[0] == "server" else set()
        assert after(made, "response.text.done") == (
            {"response.text.delta"} | by,
            "response.cancel" if cause[0] == "client" else "",
        )
        assert after(made, "response.done") == ({"response.text.done"}, "")


def test_a_refused_response_leaves_the_answer_to_the_other() -> None:
    """Observed {VIBE}: two are asked for, one is refused; the other one's events wait for its own request."""
    made = hand_made(
        CREATED,
        client("response.create"),
        client("response.create"),
        server("error", error={"code": "conversation_already_has_active_response", "event_id": None}),
        server("response.created", response={"id": "resp_1"}),
    )
    steps = {step.type: step.action for step in made.steps}
    assert (steps["response.created"], steps["error"]) == (0, 1)


def test_the_end_of_the_service_s_making_is_played() -> None:
    """When all has been said that was said before it, with its code; a client's goodbye is not."""
    said = (CREATED, client("response.cancel"), server("error", error={"code": "response_cancel_not_active"}))
    made = hand_made(*said, end=Close(1001, "Bye."), ended_by="server", ended_at=5.0)
    line = replay_line(made.recording)
    assert line.closed is None
    line.say({"type": "response.cancel"})
    assert line.closed is not None
    assert (line.closed.code, line.closed.reason) == (1001, "Bye.")
    assert line.say({"type": "response.cancel"}).problems == []
    line = replay_line(hand_made(*said, end=Close(1000), ended_by="client").recording)
    assert line.say({"type": "response.cancel"}).wait(60).closed is None


@pytest.mark.parametrize(("recorded", "played"), [(1005, 1000), (1006, 1006), (1015, 1006), (4503, 4503)])
def test_a_code_that_no_frame_carries_is_played_as_what_the_client_saw(recorded: int, played: int) -> None:
    """1006 drops the connection."""
    line = replay_line(hand_made(CREATED, end=Close(recorded), ended_by="server").recording)
    assert line.closed is not None
    assert line.closed.code == played


# ---- names


def test_what_the_client_names_itself_is_renamed_everywhere() -> None:
    """Ids of items and events that it gave then are those that it gives now, in whatever the server says."""
    then = session_line()
    edits(then)
    renamed = {"mine_1": "one", "mine_2": "two", "delete_0": "first", "delete_1": "second"}

    def again(line: Line) -> None:
        line.wait(0.2).say(typed_item("One", id="one"), typed_item("Two", id="two")).wait(1)
        line.say({"type": "conversation.item.retrieve", "item_id": "one"}).wait(1)
        for name in ("first", "second"):
            line.say({"type": "conversation.item.delete", "item_id": "one", "event_id": name}).wait(1)
        line.say(ANSWER).wait(10)

    now = replay_line(then.recording())
    again(now)
    expected = str(then.server)
    for recorded, called in renamed.items():
        expected = expected.replace(recorded, called)
    assert sorted(str(now.server)) == sorted(expected)
    assert "mine_" not in str(now.server)
    assert now.leave().problems == []


def test_a_client_that_names_what_the_recorded_one_did_not_hears_its_own_name() -> None:
    """The id that the service gave to an item is the client's now; and where it gives none, the service's is back."""
    then = session_line()
    then.wait(0.2).say(typed_item("Hello"), ANSWER).wait(10)
    now = replay_line(then.recording())
    now.wait(0.2).say(typed_item("Hello", id="my_item"), ANSWER).wait(10)
    assert now.server[1]["item"]["id"] == "my_item"
    assert [e["previous_item_id"] for e in now.server if "previous_item_id" in e][1] == "my_item"
    assert now.leave().problems == []
    back = replay_line(now.recording())
    back.wait(0.2).say(typed_item("Hello"), ANSWER).wait(10)
    assert back.leave().problems == []


def test_a_refusal_repeats_what_the_client_calls_its_event() -> None:
    """Observed {FON}: whether or not the recorded client called it anything."""
    made = hand_made(
        CREATED,
        client("response.cancel"),
        server("error", error={"code": "response_cancel_not_active", "event_id": None}),
        client("session.update", event_id="then", session={}),
        server("error", error={"code": "invalid_value", "event_id": "then", "message": "No, 'then' is wrong."}),
    )
    line = replay_line(made.recording)
    line.say({"type": "response.cancel", "event_id": "now"}, {"type": "session.update", "session": {}})
    assert [event["error"]["event_id"] for event in line.server[1:]] == ["now", None]
    line = replay_line(made.recording)
    line.say({"type": "response.cancel"}, {"type": "session.update", "event_id": "new", "session": {}})
    assert [event["error"]["event_id"] for event in line.server[1:]] == [None, "new"]
    assert line.server[2]["error"]["message"] == "No, 'new' is wrong."
    assert line.leave().problems == []


def test_how_much_was_heard_is_measured_anew() -> None:
    """Where a client cuts an item depends on when it was interrupted; the service says it after the client."""
    then = session_line(replies=PLAN["truncates"])
    truncates(then)

    def again(line: Line) -> None:
        line.wait(0.2).say(typed_item("Count"), ANSWER).wait(10)
        item_id = line.last("response.output_item.added")["item"]["id"]
        line.say({"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 650})
        line.wait(1).say(typed_item("Go on"), ANSWER).wait(10)

    now = replay_line(then.recording())
    again(now)
    assert then.last("conversation.item.truncated")["audio_end_ms"] == 700
    assert now.last("conversation.item.truncated")["audio_end_ms"] == 650
    assert now.leave().problems == []


def test_a_name_of_the_service_must_be_the_right_one() -> None:
    """An output for a call that was not made is a difference."""
    made = hand_made(
        CREATED,
        server("response.function_call_arguments.done", response_id="resp_1", item_id="item_1", call_id="call_1"),
        client("conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "1"}),
    )
    line = replay_line(made.recording)
    item = {"type": "function_call_output", "call_id": "call_9", "output": "1"}
    line.say({"type": "conversation.item.create", "item": item})
    assert line.problems == [
        'rec, frame 3: conversation.item.create item.call_id: expected "call_1", got "call_9"',
    ]


def test_secrets_that_were_taken_out_may_be_anything() -> None:
    """A recording has ``***`` in their place."""
    recorded = {"type": "mcp", "server_url": "https://x.test/?key=***&v=1", "headers": {"Authorization": "***"}}
    now = {"type": "mcp", "server_url": "https://x.test/?key=sesame&v=1", "headers": {"Authorization": "Bearer abc"}}
    made = hand_made(CREATED, client("session.update", session={"tools": [recorded]}))
    line = replay_line(made.recording).say(update(tools=[now]))
    assert line.problems == []
    line = replay_line(made.recording).say(update(tools=[{**now, "server_url": "https://y.test/?key=a&v=1"}]))
    assert len(line.problems) == 1


# ---- time


def test_the_times_of_a_recording_are_kept_or_scaled() -> None:
    """The delay after what it waited for, not the instant: a client that takes its time loses nothing."""
    made = hand_made(CREATED, client("session.update", session={}), server("session.updated", session={}))
    for timing, delay in (("recorded", 0.1), (0.5, 0.05), ("2", 0.2), ("instant", 0.0)):
        line = replay_line(made.recording, timing=timing)
        line.wait(7).say(update()).wait(7)
        assert line.timed == [(0.0, "session.created"), (round(7 + delay, 6), "session.updated")]


@pytest.mark.parametrize(
    "wrong",
    [{"timing": "fast"}, {"timing": -1.0}, {"on_unexpected": "polite"}, {"trailing": "later"}, {"timing": "nan"}],
)
def test_a_manner_that_does_not_exist_is_refused(wrong: dict[str, Any]) -> None:
    """With those that do."""
    with pytest.raises(
        ValueError, match=r"recorded, instant or a factor|strict or tolerant or ignore|report or ignore"
    ):
        manner(**wrong)


def test_an_hour_is_planned_in_a_few_seconds() -> None:
    """Linear: twice the length takes twice as long, and an hour about a second of a free processor."""
    took = {}
    for turns in (75, 300):
        recording = long_recording(turns)
        begin = time.process_time()
        made = plan(recording)
        took[turns] = time.process_time() - begin
        assert made.signals == 2 * turns
    assert took[300] < 5
    assert took[300] < 4 * 2 * took[75]


def long_recording(turns: int) -> Recording:
    """Twelve seconds a turn, in pieces of 20 ms, each answered with 200 deltas."""
    sound = utterance(2000, before_ms=3000, after_ms=7000)
    frames = [Frame(at=0.0, source="server", event={"type": "session.created", "session": {
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 500, "prefix_padding_ms": 300}}})]  # fmt: skip
    for turn in range(turns):
        for piece in range(600):
            clip = {"$audio": "client.wav", "start": (turn * 600 + piece) * 960, "bytes": 960}
            at = turn * 12 + piece / 50
            frames.append(Frame(at=at, source="client", event={"type": "input_audio_buffer.append", "audio": clip}))
            if piece == 170:
                event = heard("speech_started", turn, audio_start_ms=turn * 12_000 + 2700)
                frames.append(Frame(at=at, source="server", event=event))
            if piece == 290:
                event = heard("speech_stopped", turn, audio_end_ms=turn * 12_000 + 5600)
                frames.append(Frame(at=at, source="server", event=event))
                frames += [Frame(at=at, source="server", event=event) for event in answer(turn)]
    pcm = AudioFormat("pcm16", 24_000)
    voices = {"client.wav": MemoryVoice(pcm, sound * turns), "server.wav": MemoryVoice(pcm, bytes(960))}
    return Recording(name="long", head=Head(made_by="a test"), frames=frames, voices=voices)


def heard(what: str, turn: int, **members: int) -> dict[str, Any]:
    return {"type": f"input_audio_buffer.{what}", "item_id": f"item_{turn}", **members}


def answer(turn: int) -> list[dict[str, Any]]:
    clip = {"$audio": "server.wav", "start": 0, "bytes": 960}
    delta = {"type": "response.audio.delta", "response_id": f"resp_{turn}", "item_id": f"msg_{turn}", "delta": clip}
    return [
        {"type": "input_audio_buffer.committed", "item_id": f"item_{turn}"},
        {"type": "response.created", "response": {"id": f"resp_{turn}"}},
        *[delta] * 200,
        {"type": "response.done", "response": {"id": f"resp_{turn}"}},
    ]
