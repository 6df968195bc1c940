"""Clients that talk to any scenario, in virtual time: well behaved, by hand, and in a hurry."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

from tests.recording.clients import ANSWER, typed_item, update
from tests.recording.line import UNIX_TIME, Line
from tests.scenario.scenario_inputs import ClientInput, client_inputs, offered_tools
from tests.session.sounds import silence, utterance, voice
from vlmock.hearing.detectors import DEFAULT, detector_named
from vlmock.scenario.director import Director
from vlmock.scenario.model import Scenario
from vlmock.server.handshake import Admitted, Policy, admit
from vlmock.server.reception import Circumstances, session_for
from vlmock.session.readings import parse_readings

Talk = Callable[[Line, Scenario, Random], None]

SPEECH = utterance(600, before_ms=200)
PIECE_BYTES = 9600
COMMIT = {"type": "input_audio_buffer.commit"}


def scenario_line(scenario: Scenario, *, model: str, timing: str) -> Line:
    """A line to a session that plays it."""
    target = f"/voice-live/realtime?api-version=2026-07-15&model={model}&api-key=any"
    admitted = admit(target, [], policy=Policy())
    assert isinstance(admitted, Admitted)
    session = session_for(
        Circumstances(
            admitted=admitted,
            script=Director(scenario),
            number=1,
            timing=timing,
            seed=0,
            readings=parse_readings(scenario.readings),
            lenient=False,
            detector=detector_named(DEFAULT).make,
            started=100.0,
            unix_time=UNIX_TIME,
        )
    )
    started = datetime.fromtimestamp(UNIX_TIME, UTC).isoformat()
    return Line(session, url=f"wss://service.test{target}", started=started)


def types(line: Line, scenario: Scenario, dice: Random) -> None:
    """Waits for each answer."""
    configure(line, scenario)
    for each in inputs(line, scenario):
        if each.idle:
            line.speak(silence(4000), piece_bytes=PIECE_BYTES)
        elif each.user is not None:
            line.say(typed_item(each.user))
        give_outputs(line, each)
        line.say(ANSWER).wait(15)


def speaks(line: Line, scenario: Scenario, dice: Random) -> None:
    """Waits for each answer, and has its words written down."""
    configure(line, scenario, input_audio_transcription={"model": "azure-speech"})
    for each in inputs(line, scenario):
        if each.idle:
            line.speak(silence(4000), piece_bytes=PIECE_BYTES)
        elif each.user is not None or each.filler:
            line.speak(SPEECH, piece_bytes=PIECE_BYTES)
        else:
            give_outputs(line, each)
            line.say(ANSWER)
        line.wait(15)


def commits(line: Line, scenario: Scenario, dice: Random) -> None:
    """Says itself when it has spoken."""
    configure(line, scenario, turn_detection=None)
    for each in inputs(line, scenario):
        if each.user is not None:
            line.speak(SPEECH, piece_bytes=PIECE_BYTES).say(COMMIT).wait(0.1)
        give_outputs(line, each)
        line.say(ANSWER).wait(15)


def barges_in(line: Line, scenario: Scenario, dice: Random) -> None:
    """Hears no answer to its end."""
    configure(line, scenario)
    for each in inputs(line, scenario):
        if each.user is not None or each.filler:
            line.speak(SPEECH, piece_bytes=PIECE_BYTES).wait(0.3)
        else:
            give_outputs(line, each)
            line.say(ANSWER).wait(0.5)
    line.wait(20)


def is_in_a_hurry(line: Line, scenario: Scenario, dice: Random) -> None:
    """Does anything at any time, and may leave in the midst of it."""
    configure(line, scenario)
    likely = list(client_inputs(scenario))
    for _ in range(25):
        if line.closed is None:
            dice.choice(DEEDS)(line, dice.choice(likely), dice)
            line.wait(dice.choice([0, 0.01, 0.05, 0.1, 0.3, 0.7, 1.5, 4]))
    line.wait(dice.choice([0, 20]))


MANNERS: list[Talk] = [types, speaks, commits, barges_in, is_in_a_hurry]


# ---- what they do


def configure(line: Line, scenario: Scenario, **more: Any) -> None:
    tools = [msgspec.to_builtins(tool) for tool in offered_tools(scenario)]
    for tool in tools:
        if tool["type"] == "mcp":
            tool["require_approval"] = "never"
    detection: dict[str, Any] = {"type": "azure_semantic_vad", "remove_filler_words": True}
    if any(entry.when.idle for entry in scenario.turns):
        detection["idle_timeout_ms"] = 1500
    line.wait(0.2).say(update(**{"tools": tools, "turn_detection": detection, **more})).wait(0.3)


def inputs(line: Line, scenario: Scenario) -> Any:
    """Up to where the service hangs up."""
    return (each for each in client_inputs(scenario) if line.closed is None)


def give_outputs(line: Line, each: ClientInput, *_: Any) -> None:
    for call in [event["item"] for event in line.server if event["type"] == "response.output_item.done"]:
        if call["type"] == "function_call" and call["name"] in each.tool_outputs:
            output = {"type": "function_call_output", "call_id": call["call_id"]}
            item = {**output, "output": each.tool_outputs[call["name"]]}
            line.say({"type": "conversation.item.create", "item": item})


def _says(event: dict[str, Any]) -> Callable[..., Any]:
    return lambda line, each, dice: line.say(event)


def _truncates(line: Line, each: ClientInput, dice: Random) -> None:
    for item_id in _messages(line)[-1:]:
        where = {"item_id": item_id, "content_index": 0, "audio_end_ms": dice.choice([100, 500, 2000])}
        line.say({"type": "conversation.item.truncate", **where})


def _deletes(line: Line, each: ClientInput, dice: Random) -> None:
    for item_id in _messages(line)[-2:-1]:
        line.say({"type": "conversation.item.delete", "item_id": item_id})


def _messages(line: Line) -> list[str]:
    added = [event["item"] for event in line.server if event["type"] == "response.output_item.added"]
    return [item["id"] for item in added if item["type"] == "message"]


DEEDS: list[Callable[..., Any]] = [
    lambda line, each, dice: line.say(typed_item(each.user or "Hello")),
    _says(ANSWER),
    _says(ANSWER),
    _says({"type": "response.cancel"}),
    lambda line, each, dice: line.speak(SPEECH, piece_bytes=PIECE_BYTES),
    lambda line, each, dice: line.speak(voice(500), piece_bytes=PIECE_BYTES),
    _says({"type": "input_audio_buffer.clear"}),
    _says(COMMIT),
    give_outputs,
    _says(update(instructions="Be brief.")),
    _truncates,
    _deletes,
]
