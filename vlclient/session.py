"""An open conversation with the service: typed events both ways, and everything a client owes the service done for it.

async with vlclient.connect("https://my-resource.services.ai.azure.com", model="gpt-4o") as session:
    await session.update(instructions="Be brief.", voice="en-US-AvaNeural")
    await session.say("Hello!")
    async for event in session:
        ...
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec

from vlclient.conduct import Conduct, Event
from vlclient.errors import ConnectionClosed, NoAnswer, ServiceError
from vlclient.settings import request_session, response_params
from vlclient.tools import Tool
from vlclient.transcripts import Transcripts
from vlmock.protocol.audio_format import AudioFormat, input_format
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferClear, InputAudioBufferCommit
from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.protocol.response import ResponseCreate
from vlmock.protocol.session import ResponseSession, SessionUpdate, SessionUpdated
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.wire import ClientEvent, given

__all__ = ["Session"]


class _Update(msgspec.Struct):
    """A ``session.update`` that has not been answered."""

    event_id: str
    answered: "asyncio.Future[ResponseSession]"


class Session:
    """One conversation. Made by ``vlclient.connect``; iterate over it for what the service says.

    Errors of the service are events like others, unless ``connect(raise_errors=True)``. The iteration ends when the
    session was closed here, or by the service with 1000; any other end raises ConnectionClosed.
    """

    def __init__(self, conduct: Conduct, *, raise_errors: bool, update_timeout_s: float) -> None:
        self._conduct = conduct
        self._raise_errors = raise_errors
        self._update_timeout_s = update_timeout_s
        self._told_tools: list[FunctionTool] = []
        self._updates: deque[_Update] = deque()
        self._greeted = False
        conduct.observers.append(self._answer_update)

    # ---- what an application does

    async def update(self, **members: Any) -> ResponseSession:
        """Change settings, wait until they are in force, and return all that are.

        The members are those of ``session.update``, as in the reference: ``instructions=…``, ``voice=…`` (a bare name
        will do), ``turn_detection=AzureSemanticVad(…)`` or ``None`` to commit by hand. ``tools`` may hold Python
        functions. Raises ConfigurationError for a member that there is not, ServiceError when the service refuses, and
        then nothing of the update is in force; NoAnswer when it says nothing.
        """
        tools = members.pop("tools", None)
        if tools is not None:
            members["tools"] = [self._as_tool(tool) for tool in tools]
        elif [*self._told_tools] != self._conduct.tools.definitions():
            members["tools"] = self._conduct.tools.definitions()
        event = SessionUpdate(session=request_session(members))
        self._told_tools = self._conduct.tools.definitions()
        await self._conduct.line.until_up()
        signed = self._conduct.turns.sign(event)
        waiting = _Update(str(signed.event_id), asyncio.get_running_loop().create_future())
        self._updates.append(waiting)
        try:
            await self.send(signed)
            async with asyncio.timeout(self._update_timeout_s):
                return await self._answer_to(waiting)
        except TimeoutError:
            raise NoAnswer(
                f"session.update was not answered within {self._update_timeout_s:g} s; "
                f"{self._conduct.unread} events wait to be read"
            ) from None
        finally:
            if waiting in self._updates:
                self._updates.remove(waiting)

    async def send(self, event: ClientEvent) -> None:
        """Send any event; waits while the network is slow, or while the connection is being made again. Raises
        ConnectionClosed once it is over."""
        await self._conduct.line.until_up()
        signed = self._conduct.turns.sign(event) if not isinstance(event, InputAudioBufferAppend) else event
        self._conduct.turns.sent(signed, self._conduct.now())
        written = self._conduct.put(signed)
        self._conduct.set_timer()
        await written

    async def append_audio(self, audio: bytes, *, captured_until: float | None = None) -> None:
        """Send audio of the user, in the session's input format. While there is no connection it is dropped.

        ``captured_until``: when its last sample was captured (``time.monotonic()``), for the latencies.
        """
        duration_ms = self.input_format.duration_ms(len(audio))
        if self._conduct.line.is_up:
            if self._conduct.latency is not None:
                self._conduct.latency.appended(
                    duration_ms, self._conduct.now() if captured_until is None else captured_until
                )
            await self._conduct.put(InputAudioBufferAppend(audio=audio), audio_ms=duration_ms)
        elif self._conduct.is_over:
            raise self._conduct.error or ConnectionClosed(1000, "closed by this client")

    async def commit_audio(self) -> None:
        """End the user's turn by hand: only where ``turn_detection`` is None."""
        await self.send(InputAudioBufferCommit())

    async def clear_audio(self) -> None:
        """Forget what was appended and not committed."""
        await self.send(InputAudioBufferClear())

    async def say(self, text: str, *, respond: bool = True) -> None:
        """Say something as the user, in writing, and have it answered unless told otherwise."""
        part = InputTextPart(text=text)
        await self.send(ConversationItemCreate(item=RequestMessage(role="user", content=[part])))
        if respond:
            await self.respond()

    async def respond(self, **params: Any) -> None:
        """Ask for a response, now or as soon as nothing else is being answered. The parameters are those of
        ``response.create``: ``instructions``, ``modalities``, ``additional_instructions`` …"""
        await self._conduct.line.until_up()
        additional = params.pop("additional_instructions", msgspec.UNSET)
        response = response_params(params) if params else msgspec.UNSET
        event = ResponseCreate(response=response, additional_instructions=additional)
        self._conduct.perform(self._conduct.turns.request_response(event, self._conduct.now()))

    async def greet(self, **params: Any) -> None:
        """Have the assistant speak first: like ``respond``, but once in a conversation, however often it reconnects."""
        if not self._greeted:
            self._greeted = True
            await self.respond(**params)

    async def cancel(self) -> None:
        """Silence the assistant: playback stops, and the response that is being generated ends, if there is one."""
        await self._conduct.line.until_up()
        self._conduct.perform(self._conduct.turns.cancel(self._conduct.now()))

    def tool(
        self,
        function: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        timeout_s: float | None = 30.0,
    ) -> Callable[..., Any]:
        """Let the model call a Python function. Its schema comes from annotations and docstring; the next ``update``
        tells the service. Usable as a decorator, with or without arguments. An exception in it becomes an output that
        says so. ``timeout_s``: None waits for ever. Raises ConfigurationError where no schema can be made of it."""

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self._conduct.tools.add(Tool.of(function, name=name, description=description, timeout_s=timeout_s))
            return function

        return register if function is None else register(function)

    async def open(self) -> None:
        """Dial, and hear the first words of the service. ``connect`` does it."""
        await self._conduct.line.open()

    async def close(self) -> None:
        """Say goodbye. What has come can still be read."""
        await self._conduct.close()

    # ---- what an application sees

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await self._conduct.next_event()
        if event is None:
            raise StopAsyncIteration
        if self._raise_errors and isinstance(event, ErrorEvent):
            raise ServiceError(event)
        return event

    @property
    def settings(self) -> ResponseSession | None:
        """As the service last echoed them."""
        return self._conduct.settings

    @property
    def is_idle(self) -> bool:
        """Nothing is being answered, or waits to be: without new input there is silence."""
        return self._conduct.turns.is_idle

    @property
    def transcripts(self) -> Transcripts:
        """Who said what so far."""
        return self._conduct.turns.transcripts

    @property
    def input_format(self) -> AudioFormat:
        """What appended audio is taken for."""
        settings = self.settings or ResponseSession()
        return input_format(
            given(settings.input_audio_format, "pcm16"), given(settings.input_audio_sampling_rate, 24_000)
        )

    # ---- inside

    def _answer_update(self, event: AnyServerEvent | UnknownServerEvent) -> None:
        """The oldest update is answered first; a refusal names its own."""
        if isinstance(event, SessionUpdated) and self._updates:
            answered = self._updates.popleft().answered
            if not answered.done():
                answered.set_result(event.session)
        elif isinstance(event, ErrorEvent):
            for update in self._updates:
                if update.event_id == event.error.event_id and not update.answered.done():
                    update.answered.set_exception(ServiceError(event))

    async def _answer_to(self, update: _Update) -> ResponseSession:
        """Raises what ended the conversation, if that comes first."""
        over = asyncio.ensure_future(self._conduct.over.wait())
        try:
            await asyncio.wait((update.answered, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        if not update.answered.done():
            raise self._conduct.error or ConnectionClosed(1000, "before session.update was answered")
        return update.answered.result()

    def _as_tool(self, tool: Any) -> Any:
        """A function among the tools is registered; one that is known already is taken as it is."""
        if not callable(tool) or isinstance(tool, msgspec.Struct | Mapping):
            return tool
        made = Tool.of(tool)
        if made.name not in self._conduct.tools:
            self._conduct.tools.add(made)
        return made.definition
