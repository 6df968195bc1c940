"""What clients do, on any line: the same conversation with a session and with a replay."""

from base64 import b64encode
from typing import Any

from tests.recording.line import Line
from tests.session.sounds import silence, utterance, voice
from vlmock.session.script import Call, McpCall, Say, Step

PLAN: dict[str, list[list[Step]]] = {
    "barges_in": [[Say("A very long story, " * 40)]],
    "interjects": [[Say("A very long story, " * 20)]],
    "cancels": [[Say("A very long story, " * 40)]],
    "calls_tools": [
        [Call("weather", '{"city":"Oslo"}', "call_1"), Call("time", "{}", "call_2")],
        [Say("Rain, at nine.")],
    ],
    "offers_mcp": [[McpCall("docs", "search", "{}", "Found.")], [Say("I have found it.")]],
    "truncates": [[Say("One two three four five six seven eight nine ten.")]],
}
"""What is answered, where an echo will not do."""


def typed_item(text: str, **more: Any) -> dict[str, Any]:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}], **more}
    return {"type": "conversation.item.create", "item": item}


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session}


ANSWER = {"type": "response.create"}


def types(line: Line) -> None:
    """Two typed turns, after an update."""
    line.wait(0.2).say(update(instructions="Be brief.", modalities=["text", "audio"])).wait(1)
    line.say(typed_item("Hello"), ANSWER).wait(10)
    line.say(typed_item("And again"), ANSWER).wait(10)


def speaks(line: Line) -> None:
    """Two spoken turns, found by the service, written down as well."""
    line.wait(0.2).say(update(input_audio_transcription={"model": "whisper-1"})).wait(1)
    line.speak(utterance()).wait(10)
    line.speak(utterance()).wait(10)


def barges_in(line: Line) -> None:
    """Speaks while it is answered, and cuts what it has not heard."""
    line.wait(0.2).say(typed_item("Tell me a story"), ANSWER).wait(2)
    line.speak(utterance()).wait(10)


def calls_tools(line: Line) -> None:
    """Two calls in one response, both answered."""
    tools = [{"type": "function", "name": name, "parameters": {"type": "object"}} for name in ("weather", "time")]
    line.wait(0.2).say(update(tools=tools)).wait(1).say(typed_item("Weather and time?"), ANSWER).wait(5)
    for call in [each["item"] for each in line.server if each["type"] == "response.output_item.done"]:
        item = {"type": "function_call_output", "call_id": call["call_id"], "output": f"of {call['name']}"}
        line.say({"type": "conversation.item.create", "item": item}).wait(0.1)
    line.say(ANSWER).wait(10)


def commits(line: Line) -> None:
    """Two turns whose end the client says."""
    line.wait(0.2).say(update(turn_detection=None)).wait(1)
    for _ in range(2):
        line.speak(utterance()).say({"type": "input_audio_buffer.commit"}).wait(1).say(ANSWER).wait(10)


def cancels(line: Line) -> None:
    """Stops the answer, and asks again."""
    line.wait(0.2).say(typed_item("Tell me a story"), ANSWER).wait(2).say({"type": "response.cancel"}).wait(5)
    line.say(typed_item("Go on"), ANSWER).wait(10)


def interjects(line: Line) -> None:
    """Types while it is answered, which cuts nothing off."""
    line.wait(0.2).say(typed_item("Tell me a story"), ANSWER).wait(2).say(typed_item("A short one")).wait(10)


def truncates(line: Line) -> None:
    """Has heard only the beginning."""
    line.wait(0.2).say(typed_item("Count"), ANSWER).wait(10)
    item_id = line.last("response.output_item.added")["item"]["id"]
    line.say({"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 700})
    line.wait(1).say(typed_item("Go on"), ANSWER).wait(10)


def edits(line: Line) -> None:
    """Items with names of its own: added, looked at, removed; one of them twice, which is refused."""
    line.wait(0.2).say(typed_item("One", id="mine_1"), typed_item("Two", id="mine_2")).wait(1)
    line.say({"type": "conversation.item.retrieve", "item_id": "mine_1"}).wait(1)
    for number in range(2):
        line.say({"type": "conversation.item.delete", "item_id": "mine_1", "event_id": f"delete_{number}"}).wait(1)
    line.say(ANSWER).wait(10)


def is_refused(line: Line) -> None:
    """An update that is wrong, a cancellation of nothing, a response too many."""
    line.wait(0.2).say(update(colour="red")).wait(1).say({"type": "response.cancel"}).wait(1)
    line.say(typed_item("Hello"), ANSWER, {"type": "response.create", "event_id": "too_many"}).wait(10)


def clears(line: Line) -> None:
    """Takes back what it began to say, and says it again."""
    line.wait(0.2).speak(voice(600)).say({"type": "input_audio_buffer.clear"}).wait(1)
    line.speak(silence(500)).speak(utterance()).wait(10)


def falls_silent(line: Line) -> None:
    """Says nothing for so long that the service does."""
    detection = {"type": "server_vad", "idle_timeout_ms": 5000}
    line.wait(0.2).say(update(turn_detection=detection)).wait(1).say(typed_item("Hello"), ANSWER).wait(3)
    line.speak(silence(9000), piece_bytes=9600).wait(10)


def streams(line: Line) -> None:
    """Turns whose borders it draws, and text as it is typed."""
    line.wait(0.2)
    line.say({"type": "input_audio.turn.start", "turn_id": "turn_1"})
    for at in range(0, 48_000, 9600):
        audio = b64encode(utterance()[at : at + 9600]).decode()
        line.say({"type": "input_audio.turn.append", "turn_id": "turn_1", "audio": audio}).wait(0.2)
    line.say({"type": "input_audio.turn.end", "turn_id": "turn_1"}).wait(10)
    for piece in ("And ", "again"):
        line.say({"type": "input_text.delta", "id": "text_1", "delta": piece}).wait(0.1)
    line.say({"type": "input_text.done", "id": "text_1"}, ANSWER).wait(10)


def offers_mcp(line: Line) -> None:
    """Lets the service call a tool of another server, after it has been asked."""
    server = {
        "type": "mcp",
        "server_label": "docs",
        "server_url": "https://docs.test/mcp",
        "require_approval": "always",
    }
    line.wait(0.2).say(update(tools=[server])).wait(3).say(typed_item("Look it up"), ANSWER).wait(10)
    for request in [e["item"] for e in line.server if e.get("item", {}).get("type") == "mcp_approval_request"][:1]:
        item = {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": True}
        line.say({"type": "conversation.item.create", "item": item}).wait(10)
    line.say(ANSWER).wait(10)


CLIENTS = [types, speaks, barges_in, calls_tools, commits, cancels, truncates, edits, is_refused, clears]
CLIENTS += [interjects, falls_silent, streams, offers_mcp]
