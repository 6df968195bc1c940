"""A conversation through the vendor SDK, in the words of a test.

Every event that arrives is judged on the way in: the SDK must know it, and every part of it, as a class of its own.
"""

import asyncio
import base64
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from azure.ai.voicelive import models
from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.core.credentials import AccessToken, AzureKeyCredential

from tests.sdk.sounds import Samples, encoded, pieces

OUTSIDE_THE_ENUM = {"conversation.item.done", "input_audio_buffer.timeout_triggered"}
"""Observed {PAI}: the service sends the one, and the SDK does not know it. Assumed {OAI}: nor the other."""
PATIENCE_S = 30.0
"""Only what never comes takes so long."""


class FakeToken:
    """A credential that hands out one token and remembers what it was asked for; the SDK takes it too."""

    def __init__(self, token: str = "a-token") -> None:
        self.token = token
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes += scopes
        return AccessToken(self.token, int(time.time()) + 3600)


class FakeAsyncToken(FakeToken):
    """The asynchronous one."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # type: ignore[override]
        return super().get_token(*scopes)

    async def close(self) -> None:
        """Part of the SDK's protocol."""

    async def __aenter__(self) -> "FakeAsyncToken":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Part of the SDK's protocol."""


def judge(event: Any, foreign: set[str]) -> None:
    """The SDK knows this event's class, and that of every part of it."""
    wire_type = event["type"]
    if wire_type in OUTSIDE_THE_ENUM | foreign:
        return
    assert type(event) is models.ServerEvent.__mapping__.get(wire_type), f"{wire_type} is a {type(event).__name__}"
    judge_parts(event, wire_type)


def judge_parts(model: Any, path: str) -> None:
    if isinstance(model, list | tuple):
        for index, each in enumerate(model):
            judge_parts(each, f"{path}[{index}]")
    elif hasattr(model, "_attr_to_rest_field"):
        named = getattr(type(model), "__mapping__", None)
        assert not named or type(model) in named.values(), f"{path} is only a {type(model).__name__}: {model}"
        for attribute in model._attr_to_rest_field:
            judge_parts(getattr(model, attribute), f"{path}.{attribute}")


class Dialogue:
    """One connection. ``events`` is all that came, in order."""

    def __init__(self, connection: VoiceLiveConnection, foreign: set[str]) -> None:
        self.connection = connection
        self.events: list[Any] = []
        self.tolerated: set[str] = set()
        """Codes of ``error`` events that do not fail the test."""
        self._foreign = foreign
        self._read: dict[str, int] = defaultdict(int)
        self._format = "pcm16"

    # ---- what came

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def of(self, wire_type: str) -> list[Any]:
        return [event for event in self.events if event["type"] == wire_type]

    def audio(self, response_id: str) -> bytes:
        return b"".join(event.delta for event in self.of("response.audio.delta") if event.response_id == response_id)

    async def receive(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            event = await self.connection.recv()
        judge(event, self._foreign)
        self.events.append(event)
        return event

    async def until(self, wire_type: str, where: Callable[[Any], bool] = lambda event: True) -> Any:
        """The next such event that no ``until`` has returned yet. An ``error`` that nobody asked for fails the test."""
        while True:
            for index in range(self._read[wire_type], len(self.events)):
                event = self.events[index]
                if event["type"] == wire_type and where(event):
                    self._read[wire_type] = index + 1
                    return event
            self._read[wire_type] = len(self.events)
            try:
                event = await self.receive()
            except TimeoutError:
                raise AssertionError(f"no {wire_type} came; what came: {self.types}") from None
            if event["type"] == "error" and wire_type != "error" and event.error.code not in self.tolerated:
                raise AssertionError(f"waited for {wire_type}, but: {event.error.as_dict()}")

    async def until_nothing_is_left(self) -> list[Any]:
        """All that the server has to say of its own accord by now: what came before the answer to one more request."""
        begin = len(self.events)
        await self.connection.conversation.item.retrieve(item_id="no-such-item", event_id="the-last-request")
        await self.until("error", lambda event: event.error.event_id == "the-last-request")
        return self.events[begin:-1]

    # ---- what is said

    async def configure(self, **session: Any) -> Any:
        """Update the session, with the SDK's own class. The session as the service then has it."""
        await self.connection.session.update(session=models.RequestSession(**session))
        self._format = session.get("input_audio_format", self._format)
        return (await self.until("session.updated")).session

    async def speak(self, samples: Samples, *, piece_bytes: int | None = 960) -> None:
        """Append it in pieces, by default 20 ms of the default session; None is all at once."""
        data = encoded(samples, str(self._format))
        for piece in pieces(data, piece_bytes or len(data)):
            await self.connection.input_audio_buffer.append(audio=base64.b64encode(piece).decode())

    async def type(self, text: str) -> Any:
        """Add what the user typed. The item as the service has it."""
        await self.connection.conversation.item.create(
            item=models.UserMessageItem(content=[models.InputTextContentPart(text=text)])
        )
        return (await self.until("conversation.item.created", lambda event: event.item.type == "message")).item

    async def ask(self, text: str | None = None, **response: Any) -> Any:
        """Type something, if anything, and have it answered. The finished response."""
        if text is not None:
            await self.type(text)
        await self.connection.response.create(response=response or None)
        return await self.answer()

    async def answer(self) -> Any:
        """The next finished response."""
        return (await self.until("response.done")).response

    async def return_outputs(self, response: Any, outputs: dict[str, str]) -> None:
        """Answer every call of a response, by the function's name."""
        for call in calls(response):
            await self.return_output(call, outputs[call.name])

    async def return_output(self, call: Any, output: str) -> None:
        item = models.FunctionCallOutputItem(call_id=call.call_id, output=output)
        await self.connection.conversation.item.create(item=item)
        await self.until("conversation.item.created", lambda event: event.item.type == "function_call_output")


def calls(response: Any) -> list[Any]:
    return [item for item in response.output if item.type == "function_call"]


def transcript(response: Any) -> str:
    """What the assistant said in a finished response, spoken or written."""
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    return " ".join(part.transcript if part.type == "audio" else part.text for part in parts)


@asynccontextmanager
async def talking(
    endpoint: str, *, model: str | None = "gpt-4.1", credential: Any = None, foreign: set[str] | None = None, **how: Any
) -> AsyncIterator[Dialogue]:
    """A conversation, ``session.created`` already read. ``foreign``: event types that are to be unknown to the SDK."""
    key = credential or AzureKeyCredential("any")
    async with connect(endpoint=endpoint, credential=key, model=model, **how) as connection:
        dialogue = Dialogue(connection, foreign or set())
        assert (await dialogue.receive())["type"] == "session.created"
        yield dialogue
