"""A client on a bare WebSocket that does what it should. A bad one changes what its bug is about, and nothing else."""

import asyncio
import base64
import contextlib
import json
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from vlmock.museum.visit import Visit
from vlmock.scenario.story import Act

__all__ = ["PIECE_BYTES", "REACTION_S", "Plain"]

PIECE_BYTES = 4800
REACTION_S = 0.2
"""Nobody is quicker with a button; and what is sent within 0.1 s of a done has crossed with it."""


class Plain:
    """Holds the conversation of an exhibit."""

    max_size = 32 * 1024 * 1024
    detection: dict[str, Any] | None = {"type": "server_vad", "silence_duration_ms": 300}  # noqa: RUF012 - never changed

    comes_back = True
    lost: tuple[type[Exception], ...] = (ConnectionClosed,)
    """What is raised when the connection is gone."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.acts = list(visit.acts)
        self.said: list[tuple[str, str]] = []
        """Role and text, for a connection after this one."""
        self.connections = 0
        self.unanswered: Act | None = None
        """What was said last, until a response is done: who is cut off says it again."""

    @property
    def may_come_back(self) -> bool:
        return self.comes_back and "reconnect" in self.visit.needs

    async def run(self) -> None:
        await self.connect()
        while self.acts and self.may_come_back:
            await self.connect()

    async def connect(self) -> None:
        self.connections += 1
        self.ready, self.changed = asyncio.Event(), asyncio.Condition()
        self.requested = self.active = self.speaking = self.owed = False
        """A response was asked for, is under way, was heard; a spoken turn has no response yet."""
        self.response_id = self.item_id = ""
        await self.talk_and_listen()
        self.say_again()

    async def talk_and_listen(self) -> None:
        query = "api-version=2026-04-10&model=gpt-4.1"
        address = f"{self.visit.url.replace('http', 'ws', 1)}/voice-live/realtime?{query}"
        how: dict[str, Any] = {"max_size": self.max_size, "max_queue": None}  # some leave much unread when they go
        async with connect(address, additional_headers={"api-key": "any"}, **how) as self.socket:
            await self.both()

    async def both(self) -> None:
        """At the same time, until one comes to its end."""
        listening = asyncio.create_task(self.listen())
        talking = asyncio.create_task(self.talk())
        done, pending = await asyncio.wait((listening, talking), return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            with contextlib.suppress(*self.lost):
                task.result()

    def say_again(self) -> None:
        if self.unanswered is not None and self.may_come_back:
            self.acts.insert(0, self.unanswered)
            self.said = [words for words in self.said if words != ("user", self.unanswered.text)]

    # ---- talking

    async def talk(self) -> None:
        await self.configure()
        while self.acts:
            act = self.acts[0]
            await (self.heard() if act.does in ("interrupts", "stops") else self.idle())
            await getattr(self, act.does)(act)
            self.unanswered = self.acts.pop(0)
        await self.idle()

    async def configure(self) -> None:
        await self.update()
        await self.ready.wait()
        for role, text in self.said:
            kind = "input_text" if role == "user" else "text"
            await self.item({"type": "message", "role": role, "content": [{"type": kind, "text": text}]})

    async def update(self, **members: Any) -> None:
        tools = [{"type": "function", "name": name, "parameters": {"type": "object"}} for name in self.visit.tools]
        session = {"turn_detection": self.detection, "tools": tools, **members}
        await self.send("session.update", session=session)

    async def greets(self, act: Act) -> None:
        await self.ask()

    async def says(self, act: Act) -> None:
        if "speech" in self.visit.needs:
            await self.speak(act.text)
        else:
            await self.type(act.text)
            await self.ask()
            self.said.append(("user", act.text))

    async def interrupts(self, act: Act) -> None:
        if "speech" in self.visit.needs:
            await self.speak(act.text)
            return
        await self.stops(act)
        await self.idle()
        await self.says(act)

    async def stops(self, act: Act) -> None:
        await asyncio.sleep(REACTION_S)
        if self.active:
            await self.send("response.cancel")
        else:
            self.silence()

    async def instructs(self, act: Act) -> None:
        await self.update(instructions=act.text)

    async def type(self, text: str) -> None:
        content = [{"type": "input_text", "text": text}]
        await self.item({"type": "message", "role": "user", "content": content})

    async def speak(self, text: str) -> None:
        self.owed, self.speaking = True, False
        audio = self.visit.speech(text)
        for start in range(0, len(audio), PIECE_BYTES):
            await self.append(audio[start : start + PIECE_BYTES])

    async def append(self, audio: bytes) -> None:
        await self.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())

    async def ask(self) -> None:
        self.requested, self.speaking = True, False
        await self.send("response.create")

    async def item(self, item: dict[str, Any]) -> None:
        await self.send("conversation.item.create", item=item)

    async def send(self, type: str, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": type, **members}))

    # ---- waiting

    async def idle(self) -> None:
        await self.until(lambda: not (self.requested or self.active or self.owed))

    async def heard(self) -> None:
        await self.until(lambda: self.speaking)

    async def until(self, holds: Any) -> None:
        async with self.changed:
            await self.changed.wait_for(holds)

    # ---- listening

    async def listen(self) -> None:
        with contextlib.suppress(*self.lost):
            async for frame in self.socket:
                await self.hear(json.loads(frame))

    async def hear(self, event: dict[str, Any]) -> None:
        known = getattr(self, "on_" + event["type"].replace(".", "_"), None)
        await (known(event) if known is not None else self.on_anything_else(event))
        async with self.changed:
            self.changed.notify_all()

    async def on_anything_else(self, event: dict[str, Any]) -> None:
        """Ignored, as it should be."""

    async def on_session_updated(self, event: dict[str, Any]) -> None:
        self.ready.set()

    async def on_response_created(self, event: dict[str, Any]) -> None:
        self.requested, self.active, self.owed = False, True, False
        self.response_id = event["response"]["id"]

    async def on_response_audio_delta(self, event: dict[str, Any]) -> None:
        if event["response_id"] != self.response_id:
            return
        self.item_id = event["item_id"]
        if not self.speaking and "loudspeaker" in self.visit.needs:
            self.visit.plays(True)
        self.speaking = True

    async def on_response_audio_transcript_done(self, event: dict[str, Any]) -> None:
        self.said.append(("assistant", event["transcript"]))

    async def on_input_audio_buffer_speech_started(self, event: dict[str, Any]) -> None:
        if "loudspeaker" in self.visit.needs:
            self.silence()

    def silence(self) -> None:
        self.visit.plays(False)

    async def on_conversation_item_input_audio_transcription_failed(self, event: dict[str, Any]) -> None:
        self.owed = False

    async def on_response_done(self, event: dict[str, Any]) -> None:
        self.active, self.unanswered = False, None
        await self.answer(event["response"])

    async def answer(self, response: dict[str, Any]) -> None:
        """The calls of a response, all of them, then one request."""
        calls = [item for item in response["output"] if item["type"] == "function_call"]
        if response["status"] != "completed" or not calls:
            return
        self.requested = True
        for call in calls:
            await self.output(call)
        await self.ask()

    async def output(self, call: dict[str, Any]) -> None:
        try:
            output = self.call(call["name"], call["arguments"])
        except Exception as error:
            output = json.dumps({"error": str(error)})
        await self.item({"type": "function_call_output", "call_id": call["call_id"], "output": output})

    def call(self, name: str, arguments: str) -> str:
        if name not in self.visit.tools:
            raise LookupError(f"there is no tool {name!r}")
        return tool(**json.loads(arguments))


def tool(location: str = "") -> str:
    return json.dumps({"ok": True, "location": location})
