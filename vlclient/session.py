"""An open conversation with the service: typed events both ways, and everything a client owes the service done for it.

async with vlclient.connect("https://my-resource.services.ai.azure.com", model="gpt-4o") as session:
    await session.update(instructions="Be brief.", voice="en-US-AvaNeural")
    await session.say("Hello!")
    async for event in session:
        ...
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec

from vlclient.conduct import Conduct, Event
from vlclient.errors import ConfigurationError, NoAnswer, ServiceError
from vlclient.settings import request_session, response_params
from vlclient.tools import Tool
from vlclient.transcripts import Transcripts
from vlmock.protocol.audio_format import AudioFormat, input_format
from vlmock.protocol.conversation import ConversationItemCreate
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferClear, InputAudioBufferCommit
from vlmock.protocol.items import InputTextPart, RequestMessage
from vlmock.protocol.response import ResponseCreate
from vlmock.protocol.session import ResponseSession, SessionUpdate
from vlmock.protocol.wire import ClientEvent, given

__all__ = ["Session"]


class Session:
    """One conversation. Made by ``vlclient.connect``; iterate over it for what the service says.

    Errors of the service are events like others, unless ``connect(raise_errors=True)``. The iteration ends when the
    session was closed here, or by the service with 1000 when nothing was under way. Any other end is raised, by the
    iteration and by whatever is asked for later: ConnectionClosed, ProtocolViolation, DeviceLost of the ``playback``,
    and after a reconnect that failed its reason.

    20,000 events wait for whoever reads; of more the oldest are dropped. Nothing else waits for the reader.
    """

    def __init__(self, conduct: Conduct, *, raise_errors: bool, update_timeout_s: float) -> None:
        self._conduct = conduct
        self._raise_errors = raise_errors
        self._update_timeout_s = update_timeout_s
        self._declared_tools: list[Any] = []
        """Those that the application answers, or the service."""
        self._told_tools: list[Any] = []
        self._greeted = False

    # ---- what an application does

    async def update(self, **members: Any) -> ResponseSession:
        """Change settings, wait until they are in force, and return all that are.

        The members are those of ``session.update``, as in the reference: ``instructions=…``, ``voice=…`` (a bare name
        will do), ``turn_detection=AzureSemanticVad(…)`` or ``None`` to commit by hand. ``tools`` may hold Python
        functions; those registered with ``tool`` are told with them, and with the next update if ``tools`` is left out.
        An update that a lost connection leaves unanswered is sent again on the next.

        Raises ConfigurationError for a member that there is not, ServiceError when the service refuses, and then
        nothing of the update is in force; NoAnswer when it says nothing; and what ended the conversation.
        """
        declared = self._declared_tools
        if "tools" in members:
            if not isinstance(members["tools"], list | tuple | None):
                raise ConfigurationError(f"session.update: tools is a list, not a {type(members['tools']).__name__}")
            declared = [tool for tool in members["tools"] or () if not self._is_registered(tool)]
        tools = self._all_tools(declared)
        if "tools" in members or tools != self._told_tools:
            members["tools"] = tools
        event = self._conduct.turns.sign(SessionUpdate(session=request_session(members)))
        settings = await self._answer_to(event)
        self._declared_tools, self._told_tools = declared, tools
        return settings

    async def send(self, event: ClientEvent) -> None:
        """Send any event; waits while the network is slow, or while the connection is being made again. Raises what
        ended the conversation once it is over."""
        await self._conduct.until_up()
        if not await self._put(event):
            self._conduct.raise_if_over()

    async def append_audio(self, audio: bytes, *, captured_until: float | None = None) -> None:
        """Send audio of the user, in the session's input format. Without a connection it is dropped, and counted.

        ``captured_until``: when its last sample was captured (``time.monotonic()``), for the latencies.
        """
        conduct = self._conduct
        conduct.raise_if_over()
        duration_ms = self.input_format.duration_ms(len(audio))
        if conduct.latency is not None and conduct.line.is_up:
            conduct.latency.appended(duration_ms, conduct.now() if captured_until is None else captured_until)
        if not await conduct.put(InputAudioBufferAppend(audio=audio), audio_ms=duration_ms):
            conduct.raise_if_over()
            await asyncio.sleep(0)  # whoever sends as fast as it goes must not keep the reconnect from its turn

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
        await self._conduct.until_up()
        additional = params.pop("additional_instructions", msgspec.UNSET)
        response = response_params(params) if params else msgspec.UNSET
        event = ResponseCreate(response=response, additional_instructions=additional)
        self._conduct.perform(self._conduct.turns.request_response(event, self._conduct.now()))

    async def greet(self, **params: Any) -> None:
        """Have the assistant speak first: like ``respond``, but once in a conversation, however often it reconnects."""
        if not self._greeted:
            self._greeted = True
            try:
                await self.respond(**params)
            except BaseException:
                self._greeted = False
                raise

    async def cancel(self) -> None:
        """Silence the assistant: playback stops, and the response that is being generated ends, if there is one."""
        await self._conduct.until_up()
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
    def is_over(self) -> bool:
        """The conversation has ended, however it did. Events that came before may wait to be read."""
        return self._conduct.is_over

    @property
    def close_code(self) -> int | None:
        """With which the service said goodbye; 1006 when it said none, None while the connection is open."""
        return self._conduct.line.close_code

    @property
    def dropped_events(self) -> int:
        """How many were never read, because too many waited."""
        return self._conduct.dropped_events

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

    def _put(self, event: ClientEvent) -> "asyncio.Future[bool]":
        """Send it now, and have ``Turns`` know."""
        conduct = self._conduct
        signed = event if isinstance(event, InputAudioBufferAppend) else conduct.turns.sign(event)
        taken = conduct.put(signed)
        conduct.turns.sent(signed, conduct.now())
        conduct.set_timer()
        return taken

    async def _answer_to(self, event: SessionUpdate) -> ResponseSession:
        updates = self._conduct.updates
        while True:
            await self._conduct.until_up()
            self._put(event)
            try:
                async with asyncio.timeout(self._update_timeout_s):
                    answer = await updates.answer_to(event)
            except TimeoutError:
                updates.give_up(event)
                raise NoAnswer(f"session.update was not answered within {self._update_timeout_s:g} s") from None
            if isinstance(answer, ErrorEvent):
                raise ServiceError(answer)
            if answer is not None:
                return answer.session

    def _is_registered(self, tool: Any) -> bool:
        """Whether it has a function; one that is not known yet is registered."""
        if isinstance(tool, msgspec.Struct | Mapping) or not (callable(tool) or isinstance(tool, Tool)):
            return False
        made, tools = tool if isinstance(tool, Tool) else Tool.of(tool), self._conduct.tools
        if made.definition not in tools.definitions():
            tools.add(made)
        return True

    def _all_tools(self, declared: list[Any]) -> list[Any]:
        """What is declared goes before what is registered under the same name."""
        names = {tool.get("name") if isinstance(tool, Mapping) else getattr(tool, "name", None) for tool in declared}
        return [*declared, *(tool for tool in self._conduct.tools.definitions() if tool.name not in names)]
