"""Recordings of small conversations, as the service would have given them, one event after the other."""

import base64
from pathlib import Path
from typing import Any

from tests.scenario.scenario_inputs import a_turn
from vlmock.protocol.recording.lines import Close, Head, Speaker
from vlmock.protocol.tools import McpTool
from vlmock.recording.formats.assembling import Message, recorded
from vlmock.recording.model import Recording
from vlmock.recording.to_scenario import scenario_of, write_scenario
from vlmock.scenario.director import Director
from vlmock.scenario.loader import load_file, load_text
from vlmock.scenario.model import Scenario
from vlmock.session.script import Step

PCM = bytes(4800)
"""A tenth of a second."""


class Scene:
    """What was said, both directions; ``wait`` lets time pass."""

    def __init__(self, **session: Any) -> None:
        self._messages: list[Message] = []
        self._now = 0.0
        self._count = 0
        settings = {"model": "gpt-4.1", "output_audio_format": "pcm16", "input_audio_format": "pcm16", **session}
        self.server("session.created", session=settings)

    def wait(self, seconds: float) -> "Scene":
        self._now += seconds
        return self

    def event(self, source: Speaker, event: dict[str, Any]) -> "Scene":
        self._messages.append(Message(at=self._now, source=source, event=event))
        return self

    def server(self, kind: str, **members: Any) -> "Scene":
        return self.event("server", {"type": kind, "event_id": "e", **members})

    def client(self, kind: str, **members: Any) -> "Scene":
        return self.event("client", {"type": kind, **members})

    def closed(self, by: Speaker, code: int, reason: str = "") -> "Scene":
        self._messages.append(Message(at=self._now, source=by, close=Close(code, reason)))
        return self

    def recording(self, *, timed: bool = True) -> Recording:
        return recorded("scene", Head(made_by="a test", timed=timed), self._messages)

    # ---- what the user does

    def item(self, **item: Any) -> "Scene":
        return self.server("conversation.item.created", previous_item_id=None, item={"id": self.new_id(), **item})

    def typed(self, text: str) -> "Scene":
        content = [{"type": "input_text", "text": text}]
        return self.item(type="message", role="user", status="completed", content=content)

    def spoken(self, text: str | None, *, began_ms: int = 0, ended_ms: int = 1000) -> "Scene":
        item_id = self.new_id()
        self.server("input_audio_buffer.speech_started", audio_start_ms=began_ms, item_id=item_id)
        self.server("input_audio_buffer.speech_stopped", audio_end_ms=ended_ms, item_id=item_id)
        content = [{"type": "input_audio", "transcript": None}]
        item = {"id": item_id, "type": "message", "role": "user", "status": "completed", "content": content}
        self.server("conversation.item.created", previous_item_id=None, item=item)
        if text is not None:
            kind = "conversation.item.input_audio_transcription.completed"
            self.server(kind, item_id=item_id, content_index=0, transcript=text)
        return self

    def returned(self, call_id: str, output: str) -> "Scene":
        return self.item(type="function_call_output", call_id=call_id, output=output)

    # ---- what the assistant does

    def answering(self) -> "Scene":
        self._count += 1
        self._index = 0
        return self.server("response.created", response=self._response("in_progress"))

    def done(self, status: str = "completed", details: Any = None) -> "Scene":
        return self.server("response.done", response={**self._response(status), "status_details": details})

    def _response(self, status: str) -> dict[str, Any]:
        return {"id": f"resp_{self._count}", "object": "realtime.response", "status": status, "output": []}

    def begin(self, **item: Any) -> str:
        item_id = str(item.setdefault("id", self.new_id()))
        self._item = {"object": "realtime.item", "status": "in_progress", **item}
        self.server("response.output_item.added", **self._place(), item=self._item)
        return item_id

    def end(self, **changes: Any) -> "Scene":
        self.server("response.output_item.done", **self._place(), item={**self._item, "status": "completed", **changes})
        self._index += 1
        return self

    def _place(self) -> dict[str, Any]:
        return {"response_id": f"resp_{self._count}", "output_index": self._index}

    def message(self, **changes: Any) -> "Scene":
        self.begin(**{"type": "message", "role": "assistant", "content": [], **changes})
        return self

    def words(self, delta: str, sound: bytes | None = None) -> "Scene":
        part = {**self._place(), "item_id": self._item["id"], "content_index": 0}
        self.server("response.audio_transcript.delta", **part, delta=delta)
        if sound is not None:
            self.server("response.audio.delta", **part, delta=base64.b64encode(sound).decode())
        return self

    def says(self, words: str, sound: bytes | None = None) -> "Scene":
        return self.message().words(words, sound).end()

    def calls(self, name: str, call_id: str, arguments: str) -> "Scene":
        self.begin(type="function_call", name=name, call_id=call_id, arguments="")
        return self.end(arguments=arguments)

    def new_id(self) -> str:
        return f"item_{len(self._messages)}"


def body(recording: Recording, **how: Any) -> str:
    """The text without the comments at its top."""
    lines = scenario_of(recording, **how).text.splitlines()
    return "\n".join(line for line in lines if not line.startswith(("#", "description:")))


def lost(scene: Scene) -> str:
    return "\n".join(scenario_of(scene.recording()).losses)


def steps(scene: Scene, *said: str, **turn: Any) -> list[Step]:
    """What the scenario made of it answers to this."""
    scenario = load_text(scenario_of(scene.recording()).text)
    servers = [McpTool(server_label=label, server_url="https://mcp.example") for label in ("docs", "shop")]
    reply = Director(scenario).reply(a_turn(*said, typed=True, tools=servers, **turn))
    return list(reply.steps)


def loaded(recording: Recording, folder: Path, **how: Any) -> Scenario:
    """The scenario that is made of it, written and read again."""
    return load_file(write_scenario(scenario_of(recording, **how), folder / "scene.yaml"))
