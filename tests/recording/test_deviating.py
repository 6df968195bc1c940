"""A client that does otherwise than the recorded one: each way is told as expected, got, where."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.recording.clients import ANSWER, PLAN, barges_in, calls_tools, commits, speaks, typed_item, types, update
from tests.recording.line import Line, replay_line, session_line
from tests.session.sounds import silence, utterance
from vlmock.recording.model import Recording

SETTINGS = update(instructions="Be brief.", modalities=["text", "audio"])
HELLO, AGAIN, COMMIT, CANCEL = (
    typed_item("Hello"),
    typed_item("And again"),
    {"type": "input_audio_buffer.commit"},
    {"type": "response.cancel"},
)
TOOLS = update(
    tools=[{"type": "function", "name": name, "parameters": {"type": "object"}} for name in ("weather", "time")]
)


@cache
def recorded(client: Callable[[Line], None]) -> Recording:
    line = session_line(replies=PLAN.get(client.__name__, ()), heard=["Hello.", "Again."])
    client(line)
    return line.recording()


def with_names(problems: list[str], recording: Recording) -> list[str]:
    """With the type of the event and which of its kind it is, in place of the number of its frame; how many events of
    the server wait is a matter of the emulator."""
    counts: dict[str, int] = {}
    names = []
    for frame in recording.frames:
        kind = f"{frame.source} {frame.event['type']}"
        counts[kind] = counts.get(kind, 0) + 1
        names.append(f"<{frame.event['type']} {counts[kind]}>")
    named = [re.sub(r"(?:rec, )?frame (\d+)", lambda found: names[int(found[1]) - 1], problem) for problem in problems]
    return [re.sub(r"\d+ server events", "server events", problem) for problem in named]


def says(*turns: tuple[dict[str, Any], ...]) -> Callable[[Line], None]:
    """A client that says these, a second after the answer to those before."""

    def client(line: Line) -> None:
        line.wait(0.2)
        for turn in turns:
            line.say(*turn).wait(11)

    return client


def speaks_otherwise(*sounds: bytes) -> Callable[[Line], None]:
    def client(line: Line) -> None:
        line.wait(0.2).say(update(input_audio_transcription={"model": "whisper-1"})).wait(1)
        for sound in sounds:
            line.speak(sound).wait(10)

    return client


def commits_otherwise(*sounds: bytes) -> Callable[[Line], None]:
    def client(line: Line) -> None:
        line.wait(0.2).say(update(turn_detection=None)).wait(1)
        for sound in sounds:
            line.speak(sound).say(COMMIT).wait(1).say(ANSWER).wait(10)

    return client


def returns(output: str, *, backwards: bool = False) -> Callable[[Line], None]:
    """A client whose tools say this, perhaps the second one first."""

    def client(line: Line) -> None:
        line.wait(0.2).say(TOOLS).wait(1).say(typed_item("Weather and time?"), ANSWER).wait(5)
        calls = [each["item"] for each in line.server if each["type"] == "response.output_item.done"]
        for call in reversed(calls) if backwards else calls:
            item = {"type": "function_call_output", "call_id": call["call_id"], "output": f"{output} {call['name']}"}
            line.say({"type": "conversation.item.create", "item": item}).wait(0.1)
        line.say(ANSWER).wait(10)

    return client


ONE_MORE = '{"item":{"type":"message","role":"user","content":[{"type":"input_text","text":"One more"}]}}'
WAITED = "server events waited for it, from input_audio_buffer.speech_started to response.done"
THE_ANSWER = "server events waited for it, from response.created to response.done"

TOLERANT = {
    "an event less": (
        types,
        says((HELLO, ANSWER), (AGAIN, ANSWER)),
        ["<session.update 1>: expected session.update, got nothing; session.updated waited for it"],
    ),
    "an answer less": (
        types,
        says((SETTINGS,), (HELLO, ANSWER), (AGAIN,)),
        [f"<response.create 2>: expected response.create, got nothing; {THE_ANSWER}"],
    ),
    "an event more": (
        types,
        says((SETTINGS,), (HELLO, ANSWER), (CANCEL,), (AGAIN, ANSWER)),
        ["<conversation.item.create 2>: expected conversation.item.create (message), got response.cancel"],
    ),
    "events at the end": (
        types,
        says((SETTINGS,), (HELLO, ANSWER), (AGAIN, ANSWER), (typed_item("One more"), ANSWER)),
        [
            f"rec, after its last client event: expected nothing more, got conversation.item.create {ONE_MORE}, "
            "and nothing in the recording answers that",
        ],
    ),
    "other words": (
        types,
        says((SETTINGS,), (typed_item("Hullo"), ANSWER), (AGAIN, ANSWER)),
        [
            "<conversation.item.create 1>: conversation.item.create item.content[0].text: "
            'expected "Hello", got "Hullo"'
        ],
    ),
    "other settings": (
        types,
        says((update(instructions="Be long.", modalities=["audio", "text"], temperature=0.7),), (HELLO, ANSWER),
             (AGAIN, ANSWER)),
        [
            '<session.update 1>: session.update session.instructions: expected "Be brief.", got "Be long."',
            "<session.update 1>: session.update session.temperature: expected nothing, got 0.7",
        ],
    ),
    "fewer settings": (
        types,
        says((update(modalities=["text"]),), (HELLO, ANSWER), (AGAIN, ANSWER)),
        [
            '<session.update 1>: session.update session.instructions: expected "Be brief.", got nothing',
            '<session.update 1>: session.update session.modalities: expected ["text","audio"], got ["text"]',
        ],
    ),
    "an answer before the question": (
        types,
        says((SETTINGS,), (ANSWER, HELLO), (AGAIN, ANSWER)),
        [
            "<conversation.item.create 1>: conversation.item.create: expected it before response.create "
            "(<response.create 1>), got it after"
        ],
    ),
    "the end before the end": (
        types,
        says((SETTINGS,), (HELLO, ANSWER)),
        [
            "<conversation.item.create 2>: expected conversation.item.create (message), got nothing; "
            "conversation.item.created waited for it",
            f"<response.create 2>: expected response.create, got nothing; {THE_ANSWER}",
        ],
    ),
    "other outputs of tools": (
        calls_tools,
        returns("by"),
        [
            "<conversation.item.create 2>: conversation.item.create item.output: "
            'expected "of weather", got "by weather"',
            '<conversation.item.create 3>: conversation.item.create item.output: expected "of time", got "by time"',
        ],
    ),
    "silence": (
        speaks,
        speaks_otherwise(silence(3000)),
        [
            "<input_audio_buffer.speech_started 1>: expected the beginning of speech, as after 0.7 s of the "
            f"recorded sound, got 3.0 s of sound without it; {WAITED}"
        ],
    ),
    "no sound": (
        speaks,
        speaks_otherwise(),
        [
            "<input_audio_buffer.speech_started 1>: expected the beginning of speech, as after 0.7 s of the "
            f"recorded sound, got 0.0 s of sound without it; {WAITED}"
        ],
    ),
    "a turn too many": (
        speaks,
        speaks_otherwise(utterance(), utterance(), utterance()),
        ["rec: expected no more speech, got speech at 4.8 s of its sound"],
    ),
    "a turn of other length": (
        commits,
        commits_otherwise(utterance(), utterance(250)),
        [
            "<input_audio_buffer.commit 2>: input_audio_buffer.commit audio: expected 2.3 s with 0.9 s of speech, "
            "got 1.6 s with 0.3 s of speech"
        ],
    ),
    "a turn without words": (
        commits,
        commits_otherwise(silence(2300), utterance()),
        [
            "<input_audio_buffer.commit 1>: input_audio_buffer.commit audio: expected 2.3 s with 0.9 s of speech, "
            "got 2.3 s with no speech"
        ],
    ),
    "patience": (
        barges_in,
        says((typed_item("Tell me a story"), ANSWER)),
        [
            "<input_audio_buffer.speech_started 1>: expected the beginning of speech, as after 0.7 s of the "
            f"recorded sound, got 0.0 s of sound without it; {WAITED}"
        ],
    ),
}  # fmt: skip


SAYS_MORE = {"events at the end", "a turn too many"}
"""Nobody would answer it (``test_saying_more``)."""


@pytest.mark.parametrize("case", TOLERANT)
def test_what_is_done_otherwise_is_reported(case: str) -> None:
    """What was expected, what came, and the frame of the recording; the replay goes on as far as it can."""
    client, otherwise, problems = TOLERANT[case]
    line = replay_line(recorded(client))
    otherwise(line)
    assert with_names(line.leave().problems, recorded(client)) == problems
    assert (line.closed is not None) == (case in SAYS_MORE)


@pytest.mark.parametrize("case", TOLERANT)
def test_strict_ends_at_the_first_deviation(case: str) -> None:
    """The client is told what is wrong, and the connection closed; nothing else is a problem. What never comes is one
    at the end."""
    client, otherwise, _ = TOLERANT[case]
    line = replay_line(recorded(client), on_unexpected="strict")
    otherwise(line)
    problems = line.leave().problems
    if line.closed is None:
        assert line.conversation.deviations == []
        return
    assert (line.closed.code, line.closed.reason) == (1008, f"not as recorded: {problems[0]}")
    assert len(problems) == 1
    error = line.last("error")["error"]
    assert line.server[-1]["type"] == "error"
    assert (error["code"], error["message"]) == ("replay_deviation", problems[0])


@pytest.mark.parametrize("case", TOLERANT)
def test_ignored_deviations_are_remarked_on(case: str) -> None:
    """The journal has them; no test fails."""
    client, otherwise, problems = TOLERANT[case]
    line = replay_line(recorded(client), on_unexpected="ignore")
    otherwise(line)
    assert line.leave().problems == []
    left_over = [str(deviation) for deviation in line.conversation.left_over()]
    assert with_names(line.remarks + left_over, recorded(client)) == problems
    assert (line.closed is not None) == (case in SAYS_MORE)


HARMLESS = {
    "an item before the settings": (types, says((HELLO, SETTINGS, ANSWER), (AGAIN, ANSWER))),
    "the other tool first": (calls_tools, returns("of", backwards=True)),
    "modalities turned round": (
        types,
        says((update(instructions="Be brief.", modalities=["audio", "text"]),), (HELLO, ANSWER), (AGAIN, ANSWER)),
    ),
    "names of its own": (
        types,
        says(({**SETTINGS, "event_id": "mine"},), (typed_item("Hello", id="item_mine"), ANSWER),
             (AGAIN, {**ANSWER, "event_id": None, "response": None})),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HARMLESS)
def test_what_does_not_matter_is_no_deviation(case: str) -> None:
    """Independent events may change places; names are the client's own affair."""
    client, otherwise = HARMLESS[case]
    line = replay_line(recorded(client))
    otherwise(line)
    assert line.leave().problems == []
    assert len(line.server) == len([f for f in recorded(client).frames if f.source == "server"])


def test_strict_keeps_the_order() -> None:
    """There nothing changes places."""
    line = replay_line(recorded(types), on_unexpected="strict")
    line.wait(0.2).say(HELLO)
    (problem,) = with_names(line.problems, recorded(types))
    assert problem.startswith("<session.update 1>: expected session.update, got conversation.item.create {")


def test_strict_is_content_with_the_recorded_client() -> None:
    """Sound in other pieces, too."""
    for client in (types, calls_tools, commits, barges_in):
        line = replay_line(recorded(client), on_unexpected="strict")
        client(line)
        assert line.leave().problems == []
        assert line.closed is None


def test_who_does_not_wait_for_the_answer_is_early() -> None:
    """The service refuses a second response while the first is running."""
    line = replay_line(recorded(types), timing="recorded")
    line.wait(0.2).say(SETTINGS).wait(1).say(HELLO, ANSWER).wait(0.8).say(AGAIN, ANSWER).wait(10)
    assert with_names(line.problems, recorded(types)) == [
        "<response.create 2>: response.create: expected it after response.done (<response.done 1>), got it before"
    ]
    assert line.types.count("response.done") == 2


def test_what_was_not_due_when_the_client_left_is_reported() -> None:
    """With the times of the recording, answers take their time."""
    line = replay_line(recorded(types), timing="recorded")
    line.wait(0.2).say(SETTINGS).wait(1).say(HELLO, ANSWER).wait(0.8)
    expected = "<response.output_item.added 1>: expected response.output_item.added and 10 more to be sent"
    assert with_names(line.problems, recorded(types))[0] == f"{expected}, got nothing yet: its time has not come"
    assert with_names(line.leave().problems, recorded(types))[0] == f"{expected}, got the end of the connection"


def test_trailing_events_are_reported_or_not() -> None:
    """What came after the last complete answer may be let off; sound and the goodbye always are."""
    line = session_line()
    types(line)
    line.say(typed_item("Good night")).wait(1).speak(silence(500))
    recording = line.recording()
    told = {}
    for trailing in ("report", "ignore"):
        now = replay_line(recording, trailing=trailing)
        types(now)
        told[trailing] = with_names(now.leave().problems, recording)
    (problem,) = told["report"]
    assert problem.startswith("<conversation.item.create 3>: expected conversation.item.create (message), got nothing")
    assert told["ignore"] == []


def test_a_message_that_is_no_event_is_a_deviation() -> None:
    """Whatever it is; a recorded one is expected."""
    line = replay_line(recorded(types))
    line.frame(b"hello?").frame(b"[1]")
    assert with_names(line.problems, recorded(types))[:2] == [
        '<session.update 1>: expected session.update, got (text) {"text":"hello?"}',
        '<session.update 1>: expected session.update, got (text) {"text":"[1]"}',
    ]
