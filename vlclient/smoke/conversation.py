"""The conversation of a smoke test: what is said, what has to come of it, and how long that took.

Words are judged loosely, for any model may be asked: a spoken turn must have been written down as something, and every
turn be answered with something. The function is called because ``tool_choice`` says so.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from vlclient.checks.speech import silence, weather
from vlclient.conduct import Event
from vlclient.errors import ServiceError
from vlclient.latency import Latency, TurnLatency
from vlclient.session import Session
from vlclient.smoke.judge import Answer, Judge
from vlclient.smoke.outcome import Wrong
from vlmock.protocol.conversation import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputAudioBufferSpeechStopped
from vlmock.protocol.output import ResponseAudioDelta, ResponseTextDelta
from vlmock.protocol.response import ResponseCreated, ResponseDone
from vlmock.protocol.tools import FunctionTool
from vlmock.protocol.wire import given

__all__ = ["Conversation", "Unanswered"]

_BLOCK_S: Final = 0.05
_LEAD_S: Final = 0.3
_LATE_S: Final = 0.25
"""How long to listen for what comes after an end, and should not."""
_TOO_LATE_S: Final = 2.0
_CANCEL_CAME_TOO_LATE: Final = "response_cancel_not_active"
_SHOWN: Final = 48
_LONG: Final = (
    "Please count from one to one hundred, slowly, every number in words and on its own, without leaving any out, "
    "and when you have arrived there, count backwards to one in the same way."
)


class Unanswered(Exception):
    """What the service owes did not come in time."""


class Conversation:
    """Has it, over a session that is open. Each public method is a step, and returns what was seen."""

    def __init__(self, session: Session, latency: Latency, *, patience_s: float, is_agent: bool) -> None:
        self._session, self._latency = session, latency
        self._patience_s, self._is_agent = patience_s, is_agent
        self.judge = Judge()
        self.measured: dict[str, float] = {}
        self._called: list[str] = []
        self._tolerated: tuple[str, ...] = ()
        """Codes of errors that this step reckons with."""

    # ---- steps

    async def begins(self) -> str:
        """``session.created`` has come; the session tells who answers."""
        await self._until(lambda event: True, "session.created")
        session = self._session.settings
        return given(session.model, "") if session is not None else ""

    async def is_set_up(self, settings: dict[str, Any]) -> str:
        """What was asked for is in force."""
        if not self._is_agent:
            self._session.tool(self._look_up_weather, name="look_up_weather")
        began = time.monotonic()
        echoed = await self._session.update(**settings)
        self.measured["update"] = time.monotonic() - began
        await self._quiet()
        detector, voice = echoed.turn_detection, echoed.voice
        _same("turn_detection.type", _type(settings["turn_detection"]), _type(detector))
        _same("voice", _name(settings["voice"]), _name(voice))
        if "instructions" in settings:
            _same("instructions", settings["instructions"], given(echoed.instructions, None))
        if not self._is_agent:
            tools = [tool.name for tool in given(echoed.tools, None) or () if isinstance(tool, FunctionTool)]
            _same("tools", ["look_up_weather"], tools)
        return f"voice {_name(voice)}, {_type(detector)}"

    async def answers_what_is_typed(self) -> str:
        """A typed turn gets words and sound."""
        await self._session.say("Hello! Please greet me in one short sentence.")
        await self._until(_is(ResponseCreated), "response.created")
        answer = await self._answer()
        turn = self._measure("first_text", "first_audio")
        return f"{_quoted(answer.text)}, {self.judge.audio_s(answer):.1f} s of sound, {_after(turn)}"

    async def answers_what_is_spoken(self) -> str:
        """A spoken turn is found, written down, and answered."""
        speaking = asyncio.create_task(self._speak())
        try:
            events = await self._until(_is(InputAudioBufferSpeechStopped), "input_audio_buffer.speech_stopped")
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
        for kind, wanted in (
            (InputAudioBufferCommitted, "input_audio_buffer.committed"),
            (ResponseCreated, "response.created"),
        ):
            if not any(map(_is(kind), events)):
                events += await self._until(_is(kind), wanted)
        while not (words := _heard(events)):
            kinds = (ConversationItemInputAudioTranscriptionCompleted, ConversationItemInputAudioTranscriptionFailed)
            events += await self._until(_is(*kinds), "the words that were spoken")
        answer = await self._answer()
        turn = self._measure("transcript", "first_text", "first_audio")
        return f"heard {_quoted(words)}; {_quoted(answer.text)}, {_after(turn)}"

    async def calls_a_function(self) -> str:
        """The model calls the function that it is told to, and says something about its output."""
        began = time.monotonic()
        await self._session.say("What is the weather in Beijing? Look it up.", respond=False)
        await self._session.respond(tool_choice={"type": "function", "name": "look_up_weather"})
        before = len(self.judge.answers)
        await self._until(_is(ResponseCreated), "response.created")
        answer = await self._answer()
        self.measured["tool_answer"] = time.monotonic() - began
        names = [name for each in list(self.judge.answers.values())[before:] for name in each.names]
        if "look_up_weather" not in names:
            raise Wrong(f"tool_choice named look_up_weather, and what was called is {', '.join(names) or 'nothing'}")
        if not self._called:
            raise Wrong("the arguments of the call do not fit the function's schema")
        return f"look_up_weather({self._called[0]!r}); {_quoted(answer.text)}"

    async def can_be_cancelled(self) -> str:
        """An answer that is being given ends when the client wants it to: in its sound, or else at its beginning."""
        self._tolerated = (_CANCEL_CAME_TOO_LATE,)
        for kinds in ((ResponseAudioDelta, ResponseTextDelta, ResponseDone), (ResponseCreated,)):
            await self._session.say(_LONG)
            before = list(self.judge.answers)
            seen = await self._until(_is(*kinds), "an answer")
            if not any(isinstance(event, ResponseDone) for event in seen) and await self._cancelled(before):
                return f"cancelled after {self.measured['cancelled']:.2f} s"
        return "every answer was complete before it could be cancelled"

    async def nothing_follows(self) -> str:
        """What has ended is over."""
        await self._quiet()
        return ""

    # ---- parts of them

    async def _speak(self) -> None:
        """The question, then silence without end, in real time."""
        due = time.monotonic()
        format = self._session.input_format
        sound = silence(_LEAD_S, format) + weather(format)
        size = format.bytes_for_ms(_BLOCK_S * 1000)
        nothing = silence(_BLOCK_S, format)
        while True:
            block, sound = (sound[:size] or nothing), sound[size:]
            due += _BLOCK_S
            await asyncio.sleep(due - time.monotonic())
            await self._session.append_audio(block, captured_until=due)

    async def _answer(self) -> Answer:
        """The last answer, once there is silence: it has said something, and come to its end."""
        while True:
            await self._quiet()
            if self._all_over():
                break
            await self._until(_is(ResponseDone), "response.done")
        answer = list(self.judge.answers.values())[-1]
        if answer.status != "completed":
            raise Wrong(f"the answer ended {answer.status}" + (f": {answer.why}" if answer.why else ""))
        if not answer.text:
            raise Wrong("the answer has no words")
        if not answer.audio_bytes:
            raise Wrong("the answer has no sound")
        return answer

    def _all_over(self) -> bool:
        answers = self.judge.answers.values()
        return self._session.is_idle and all(answer.is_over for answer in answers)

    async def _cancelled(self, before: list[str]) -> bool:
        """Cancel, and see it end; False where that came too late, or the service says so."""
        if self._session.is_idle:  # the end has come, and was not read yet
            await self._until(_is(ResponseDone), "response.done")
            return False
        began = time.monotonic()
        self.judge.cut()
        await self._session.cancel()
        seen = await self._until(_is(ResponseDone), "response.done after response.cancel")
        took_s = time.monotonic() - began
        (answer,) = [answer for name, answer in self.judge.answers.items() if name not in before]
        if answer.status == "cancelled":
            self.measured["cancelled"] = took_s
            return True
        if not any(map(_is(ErrorEvent), seen)):
            try:
                await self._until(_is(ErrorEvent), "an error", seconds=_TOO_LATE_S)
            except Unanswered:
                raise Wrong(f"response.cancel was ignored: the answer ended {answer.status}") from None
        return False

    def _measure(self, *names: str) -> TurnLatency:
        """Take over what the latest turn took; of several turns the slowest counts."""
        turn = self._latency.turns[-1]
        for name in names:
            seconds: float | None = getattr(turn, f"{name}_s")
            if seconds is not None:
                self.measured[name] = max(seconds, self.measured.get(name, 0.0))
        return turn

    def _look_up_weather(self, location: str) -> dict[str, Any]:
        """Look up the weather in a city."""
        self._called.append(location)
        return {"location": location, "weather": "sunny", "temperature_c": 21}

    # ---- events

    async def _until(self, where: Callable[[Event], bool], wanted: str, seconds: float | None = None) -> list[Event]:
        """Everything up to the first of which this holds. Raises Unanswered, Wrong, ServiceError, and
        whatever ended the conversation."""
        events: list[Event] = []
        seconds = self._patience_s if seconds is None else seconds
        try:
            async with asyncio.timeout(seconds):
                while not events or not where(events[-1]):
                    events.append(await self._next(wanted))
        except TimeoutError:
            came = ", ".join(dict.fromkeys(map(_named, events))) or "nothing"
            raise Unanswered(f"{wanted} did not come within {seconds:g} s; what came: {came}") from None
        return events

    async def _next(self, wanted: str) -> Event:
        try:
            event = await anext(self._session)
        except StopAsyncIteration:
            raise Wrong(f"the service ended the conversation before {wanted}") from None
        self.judge.take(event)
        if isinstance(event, ErrorEvent) and event.error.code not in self._tolerated:
            raise ServiceError(event)
        return event

    async def _quiet(self) -> None:
        """Take what still comes."""
        try:
            async with asyncio.timeout(_LATE_S):
                while True:
                    await self._next("its end")
        except TimeoutError:
            pass


def _is(*kinds: type) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, kinds)


def _named(event: Event) -> str:
    return str(getattr(event, "type", type(event).__name__))


def _heard(events: Sequence[Event]) -> str:
    """The words of the user, "" as long as there are none. Observed {FON}, behaviour 3.3: they may be empty first."""
    for event in events:
        if isinstance(event, ConversationItemInputAudioTranscriptionFailed):
            raise Wrong(f"the speech could not be written down: {event.error.message}")
    completed = [each for each in events if isinstance(each, ConversationItemInputAudioTranscriptionCompleted)]
    return " ".join(filter(None, (each.transcript.strip() for each in completed)))


def _same(what: str, wanted: object, got: object) -> None:
    if wanted != got:
        raise Wrong(f"{what} was set to {wanted!r}, and session.updated says {got!r}")


def _type(setting: object) -> object:
    return msgspec.to_builtins(setting).get("type") if isinstance(setting, msgspec.Struct) else setting


def _name(voice: object) -> object:
    return getattr(voice, "name", voice)


def _quoted(text: str) -> str:
    return f"“{text}”" if len(text) <= _SHOWN else f"“{text[:_SHOWN].rstrip()}…”"


def _after(turn: TurnLatency) -> str:
    """When the first sound came."""
    return "" if turn.first_audio_s is None else f"first sound after {turn.first_audio_s:.2f} s"
