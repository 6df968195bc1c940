"""Whether what a service says holds together: told every event, collects what is wrong. No I/O, no clock.

Nothing is demanded that a model is free to do otherwise: no words, no number of them, no order among the parts of an
answer. What is demanded is what a client counts on: that ids name what was announced, that pieces add up to the whole,
and that what has ended is over.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec

from vlclient.conduct import Event
from vlmock.protocol.audio_format import OUTPUT_FORMATS, AudioFormat
from vlmock.protocol.catalogue import SERVER_EVENTS
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import AudioPart, FunctionCallItem, MessageItem
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from vlmock.protocol.places import OfItem, OfPart
from vlmock.protocol.response import (
    FailedDetails,
    IncompleteDetails,
    Response,
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
    Usage,
)
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDelta, ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import given

__all__ = ["Answer", "Judge"]

_MOST_SHOWN: Final = 60


class Answer(msgspec.Struct):
    """One response, as far as it has come."""

    id: str
    status: str = "in_progress"
    why: str = ""
    """What the service says of a status that is no good."""
    words: dict[tuple[str, int], str] = msgspec.field(default_factory=dict)
    """By item and part, as the deltas said them."""
    whole: dict[tuple[str, int], str] = msgspec.field(default_factory=dict)
    """The same, as they were said to be when they were complete."""
    audio_bytes: dict[tuple[str, int], int] = msgspec.field(default_factory=dict)
    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    """By item."""
    calls: dict[str, str] = msgspec.field(default_factory=dict)
    """The call id of each item that is a call."""
    names: list[str] = msgspec.field(default_factory=list)
    """What was called, once its arguments were complete."""
    items: set[str] = msgspec.field(default_factory=set)
    was_cut: bool = False
    """The client wanted no more of it, so not all of it was seen."""

    @property
    def is_over(self) -> bool:
        return self.status != "in_progress"

    @property
    def text(self) -> str:
        """What was said or written."""
        return " ".join({**self.words, **self.whole}.values()).strip()


class Judge:
    """Follows one session."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        """All responses, oldest first."""
        self._findings: list[str] = []
        self._session_id: str | None = None
        self._format: AudioFormat | None = None
        self._updates = 0
        self._announced: set[str] = set()
        self._speaking: str | None = None
        self._heard_until_ms = 0
        self._uncommitted: set[str] = set()

    @property
    def session_id(self) -> str:
        return self._session_id or ""

    def findings(self) -> tuple[str, ...]:
        """What was wrong since the last time that somebody asked, each once."""
        found, self._findings = tuple(dict.fromkeys(self._findings)), []
        return found

    def take(self, event: Event) -> None:
        """The next event of the service."""
        if isinstance(event, UnknownServerEvent):
            self._expect(event.type not in SERVER_EVENTS, f"{event.type} has not the members that it should have")
        elif isinstance(event, OfItem):
            self._of_answer(event)
        if (duty := _DUTIES.get(type(event))) is not None:
            duty(self, event)

    def cut(self) -> None:
        """The client cancels what is being answered: from now on its sound and words may be missing."""
        for answer in self.answers.values():
            answer.was_cut |= not answer.is_over

    def audio_s(self, answer: Answer) -> float:
        """How long the sound of an answer lasts."""
        if self._format is None:
            return 0.0
        return sum(map(self._format.duration_ms, answer.audio_bytes.values())) / 1000

    # ---- the session

    def _on_created(self, event: SessionCreated) -> None:
        self._expect(self._session_id is None, "session.created came twice")
        self._session_id = self._session_id or given(event.session.id, "")
        self._expect(bool(self._session_id), "session.created names no session")
        self._on_settings(event.session)

    def _on_updated(self, event: SessionUpdated) -> None:
        self._updates += 1
        self._expect(self._updates == 1, "session.updated came again, and nobody had asked for it")
        session_id = given(event.session.id, "")
        self._expect(session_id == self._session_id, f"session.updated is about another session: {session_id!r}")
        self._on_settings(event.session)

    def _on_settings(self, session: ResponseSession) -> None:
        name = given(session.output_audio_format, "pcm16")
        self._expect(name in OUTPUT_FORMATS, f"the session's output_audio_format is {name!r}")
        self._format = OUTPUT_FORMATS.get(name, self._format)

    # ---- what the user says

    def _on_started(self, event: InputAudioBufferSpeechStarted) -> None:
        self._expect(self._speaking is None, "speech_started came while somebody was speaking")
        begins_ms, before_ms = event.audio_start_ms, self._heard_until_ms
        self._expect(begins_ms >= 0, f"speech_started says {begins_ms} ms, before the beginning")
        self._expect(begins_ms >= before_ms, f"speech_started says {begins_ms} ms, after {before_ms} ms had passed")
        self._speaking, self._heard_until_ms = event.item_id, max(begins_ms, before_ms)

    def _on_stopped(self, event: InputAudioBufferSpeechStopped) -> None:
        self._expect(self._speaking is not None, "speech_stopped came, and nobody had begun to speak")
        self._expect(self._speaking in (None, event.item_id), "speech_stopped names another item than speech_started")
        ends_ms, before_ms = event.audio_end_ms, self._heard_until_ms
        self._expect(ends_ms >= before_ms, f"speech_stopped says {ends_ms} ms, and speech had begun at {before_ms} ms")
        self._speaking, self._heard_until_ms = None, max(ends_ms, before_ms)
        self._uncommitted.add(event.item_id)

    def _on_committed(self, event: InputAudioBufferCommitted) -> None:
        self._expect(event.item_id in self._uncommitted, "committed names an item that nobody has spoken")
        self._uncommitted.discard(event.item_id)

    def _on_item(self, event: ConversationItemCreated) -> None:
        item_id = given(getattr(event.item, "id", None), None) or ""
        self._expect(bool(item_id), "conversation.item.created names no item")
        self._expect(item_id not in self._announced, f"the item {item_id} was created twice")
        self._announced.add(item_id)

    # ---- answers

    def _on_response(self, event: ResponseCreated) -> None:
        self._expect(event.response.id not in self.answers, f"the response {event.response.id} was created twice")
        others = [answer.id for answer in self.answers.values() if not answer.is_over]
        self._expect(not others, f"the response {event.response.id} was created while another was active")
        self.answers.setdefault(event.response.id, Answer(event.response.id))

    def _of_answer(self, event: OfItem) -> None:
        """It belongs to the answer that is being given, and to an item of it."""
        answer = self.answers.get(event.response_id)
        if answer is None:
            self._expect(False, f"{event.type} is about a response that was never created")
            return
        self._expect(not answer.is_over, f"{event.type} came after response.done")
        self._expect(event.item_id in answer.items, f"{event.type} is about an item that was never added")

    def _on_added(self, event: ResponseOutputItemAdded) -> None:
        if (answer := self._answer_of(event)) is None:
            self._expect(False, f"{event.type} is about a response that was never created")
            return
        self._expect(not answer.is_over, f"{event.type} came after response.done")
        item = given(event.item, None)
        item_id = str(given(getattr(item, "id", None), None) or "")
        self._expect(item_id not in answer.items, f"the item {item_id} was added twice")
        answer.items.add(item_id)
        if isinstance(item, FunctionCallItem):
            answer.calls[item_id] = item.call_id

    def _on_words(self, event: ResponseTextDelta | ResponseAudioTranscriptDelta) -> None:
        if (answer := self._answer_of(event)) is not None:
            place = _place(event)
            answer.words[place] = answer.words.get(place, "") + event.delta

    def _on_all_words(self, event: ResponseTextDone | ResponseAudioTranscriptDone) -> None:
        if (answer := self._answer_of(event)) is not None:
            whole = event.text if isinstance(event, ResponseTextDone) else event.transcript
            said = answer.words.get(_place(event), "")
            self._expect(
                said == whole or answer.was_cut, f"{event.type} says {_short(whole)}, and the deltas {_short(said)}"
            )
            answer.whole[_place(event)] = whole

    def _on_audio(self, event: ResponseAudioDelta) -> None:
        if (answer := self._answer_of(event)) is not None:
            place = _place(event)
            answer.audio_bytes[place] = answer.audio_bytes.get(place, 0) + len(event.delta)

    def _on_arguments(self, event: ResponseFunctionCallArgumentsDelta) -> None:
        if (answer := self._answer_of(event)) is not None:
            self._same_call(answer, event.item_id, event.call_id, event.type)
            answer.arguments[event.item_id] = answer.arguments.get(event.item_id, "") + event.delta

    def _on_all_arguments(self, event: ResponseFunctionCallArgumentsDone) -> None:
        if (answer := self._answer_of(event)) is None:
            return
        self._same_call(answer, event.item_id, event.call_id, event.type)
        said = answer.arguments.get(event.item_id, event.arguments)
        self._expect(
            said == event.arguments or answer.was_cut,
            f"{event.type} says {_short(event.arguments)}, the deltas {_short(said)}",
        )
        self._expect(
            _is_object(event.arguments) or answer.was_cut, f"arguments are no JSON object: {_short(event.arguments)}"
        )
        answer.names.append(given(event.name, ""))

    def _on_done(self, event: ResponseDone) -> None:
        response = event.response
        if (answer := self.answers.get(response.id)) is None:
            self._expect(False, "response.done is about a response that was never created")
            return
        self._expect(not answer.is_over, f"{event.type} came twice")
        answer.status, answer.why = response.status, _why(response)
        self._expect(answer.is_over, "response.done says that the response is in progress")
        self._reported(answer, response)
        if isinstance(response.usage, Usage):
            self._add_up(response.usage)
        sample = self._format.bytes_per_sample if self._format is not None else 1
        for count in () if answer.was_cut else answer.audio_bytes.values():
            self._expect(count % sample == 0, f"the sound of an answer has {count} bytes, which are no whole samples")

    def _reported(self, answer: Answer, response: Response) -> None:
        """What is summed up in the end is what was said before."""
        for item in response.output:
            item_id = str(given(item.id, None) or "")
            self._expect(item_id in answer.items, f"response.done has an item that was never added: {item_id!r}")
            if isinstance(item, FunctionCallItem):
                self._same_call(answer, item_id, item.call_id, "response.done")
            elif isinstance(item, MessageItem):
                for index, part in enumerate(item.content):
                    told = given(part.transcript, None) if isinstance(part, AudioPart) else None
                    said = answer.whole.get((item_id, index))
                    same = told is None or said is None or told == said or answer.was_cut
                    self._expect(same, f"response.done says {_short(told)}, and before it was {_short(said)}")

    def _add_up(self, usage: Usage) -> None:
        self._expect(
            usage.total_tokens == usage.input_tokens + usage.output_tokens,
            f"usage does not add up: {usage.input_tokens} + {usage.output_tokens} is not {usage.total_tokens}",
        )

    def _same_call(self, answer: Answer, item_id: str, call_id: str, where: str) -> None:
        known = answer.calls.setdefault(item_id, call_id)
        self._expect(call_id == known, f"{where} calls a call {call_id} that was {known}")

    def _answer_of(self, event: Any) -> Answer | None:
        return self.answers.get(event.response_id)

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self._findings.append(otherwise)


def _place(event: OfPart) -> tuple[str, int]:
    return event.item_id, event.content_index


def _short(text: str | None) -> str:
    shown = repr(text or "")
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


_DUTIES: Final[dict[type, Callable[..., None]]] = {
    SessionCreated: Judge._on_created,
    SessionUpdated: Judge._on_updated,
    InputAudioBufferSpeechStarted: Judge._on_started,
    InputAudioBufferSpeechStopped: Judge._on_stopped,
    InputAudioBufferCommitted: Judge._on_committed,
    ConversationItemCreated: Judge._on_item,
    ResponseCreated: Judge._on_response,
    ResponseOutputItemAdded: Judge._on_added,
    ResponseTextDelta: Judge._on_words,
    ResponseAudioTranscriptDelta: Judge._on_words,
    ResponseTextDone: Judge._on_all_words,
    ResponseAudioTranscriptDone: Judge._on_all_words,
    ResponseAudioDelta: Judge._on_audio,
    ResponseFunctionCallArgumentsDelta: Judge._on_arguments,
    ResponseFunctionCallArgumentsDone: Judge._on_all_arguments,
    ResponseDone: Judge._on_done,
}


def _why(response: Response) -> str:
    """What the service says of a status that is no good."""
    match response.status_details:
        case FailedDetails(error={"message": str(message)}):
            return message
        case IncompleteDetails(reason=str(reason)):
            return reason
    return ""
