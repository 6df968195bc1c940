"""Conversations with the emulator's session, recorded in virtual time."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.session.conftest import UNIX_TIME, Dialogue, PlannedScript
from tests.session.sounds import utterance
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.codec import encode, to_json_object
from vlmock.protocol.recording.lines import Clip, Close, Frame, Head, Speaker
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.recording.voices import MemoryVoice
from vlmock.session.script import Call, Say

PCM16 = AudioFormat("pcm16", 24000)
MEMBERS = {"response.audio.delta": "delta", "input_audio_buffer.append": "audio"}
STARTED = datetime.fromtimestamp(UNIX_TIME, UTC).isoformat()
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}


class RecordedDialogue(Dialogue):
    """A dialogue that is written down as it goes."""

    def __init__(self, *, model: str = "gpt-4.1", **options: Any) -> None:
        self.model = model
        self.sent: list[tuple[int, float, JsonObject]] = []
        super().__init__(model=model, **options)

    def client(self, *events: Any) -> "RecordedDialogue":
        for event in events:
            body = event if isinstance(event, dict) else msgspec.json.decode(encode(event))
            self.sent.append((len(self.events), self.now, body))
            super().client(event)
        return self

    def recording(self, name: str = "dialogue") -> Recording:
        """All that was said until now."""
        said = list(self._said())
        url = f"wss://x/voice-live/realtime?api-version=2026-04-10&model={self.model}"
        head = Head(made_by="tests", started=STARTED, url=url)
        return made_of(said, name=name, head=head, ended_at=self.now - 100.0)

    def _said(self) -> Iterator[tuple[Speaker, float, JsonObject]]:
        sent = iter([*self.sent, (len(self.events) + 1, self.now, {})])
        place, at, body = next(sent)
        for index, (event, when) in enumerate(zip(self.events, self.times, strict=True)):
            while place <= index:
                yield "client", at - 100.0, body
                place, at, body = next(sent)
            yield "server", when - 100.0, to_json_object(event)
        while place <= len(self.events):
            yield "client", at - 100.0, body
            place, at, body = next(sent)


def made_of(
    said: list[tuple[Speaker, float, JsonObject]],
    *,
    name: str = "made",
    head: Head | None = None,
    ended_at: float = 600.0,
) -> Recording:
    """A recording of whole events, audio in base64; the client stays on for long."""
    sounds = {"client": bytearray(), "server": bytearray()}
    frames = [Frame(at=at, source=who, event=_without_sound(body, who, sounds[who])) for who, at, body in said]
    voices = {f"{who}.wav": MemoryVoice(PCM16, bytes(sound)) for who, sound in sounds.items()}
    head = head or Head(made_by="tests", started=STARTED)
    return Recording(
        name=name, head=head, frames=frames, end=Close(1000), ended_by="client", ended_at=ended_at, voices=voices
    )


def _without_sound(body: JsonObject, who: str, sound: bytearray) -> JsonObject:
    member = MEMBERS.get(body.get("type", ""), "")
    if not isinstance(body.get(member), str):
        return body
    pcm = base64.b64decode(body[member])
    clip = msgspec.to_builtins(Clip(f"{who}.wav", len(sound), len(pcm)))
    sound += pcm
    return {**body, member: clip}


def a_long_one(model: str = "gpt-realtime") -> Recording:
    """Typed and spoken turns, a call, a refusal, a deleted item: about seventy events."""
    said = [
        [Call("weather", '{"city": "Bern"}')],
        [Say("Six degrees in Bern. Take a coat.")],
        [Say("You are welcome.")],
    ]
    dialogue = RecordedDialogue(model=model, script=PlannedScript(said, heard=["Thank you."]))
    settings = {
        "modalities": ["text", "audio"],
        "tools": [WEATHER],
        "input_audio_transcription": {"model": "whisper-1"},
    }
    if model != "gpt-realtime":
        del settings["input_audio_transcription"]
    dialogue.client({"type": "session.update", "session": settings}).wait(1)
    for text in ("Hello.", "How is the weather in Bern?"):
        part = {"type": "input_text", "text": text}
        dialogue.client(
            {"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [part]}}
        )
    dialogue.client({"type": "response.create"}).wait(2)
    call = dialogue.last("response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call.call_id, "output": '{"celsius": 6}'}
    dialogue.client({"type": "conversation.item.create", "item": output}, {"type": "response.create"}).wait(3)
    dialogue.client({"type": "response.cancel"}, {"type": "conversation.item.retrieve", "item_id": call.item_id})
    dialogue.speak(utterance(), piece_bytes=4800, real_time=True)
    dialogue.wait(2).client({"type": "conversation.item.delete", "item_id": call.item_id}).wait(1)
    return dialogue.recording(model)
