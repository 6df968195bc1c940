"""Tells a conversation to its display: what was said, who speaks, which tools were called, how long it took."""

from collections.abc import Callable
from typing import Any, Final

from vlclient.audio.ports import Part
from vlclient.chat.display import Display, Who
from vlclient.chat.spoken_order import SpokenOrder
from vlclient.conduct import Event
from vlclient.latency import Latency, TurnLatency
from vlclient.reconnect import Reconnected, Reconnecting
from vlclient.transcripts import Transcript, Transcripts
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorEvent, WarningEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import FunctionCallItem, FunctionCallOutputItem
from vlmock.protocol.output import ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.protocol.response import (
    FailedDetails,
    IncompleteDetails,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import given

__all__ = ["Narration"]

BENIGN: Final = frozenset(
    {
        "response_cancel_not_active",
        "conversation_already_has_active_response",
        "item_already_truncated",
        "item_truncate_invalid_item_id",
    }
)
"""Errors that come of two sides acting at the same moment, and mean nothing to the user. Source: behaviour 8.1, 6; 5.
They are in the log."""

_LONGEST_OUTPUT: Final = 200
"""Characters of what a tool was given or returned."""


class Narration:
    """One conversation. ``now`` is in seconds, on a clock that never goes back."""

    def __init__(
        self, display: Display, transcripts: Transcripts, latency: Latency, *, veil: Callable[[str], str] = str
    ) -> None:
        """``veil`` takes the secrets out of a text that is going to be cut: by half of it none would be known."""
        self._display, self._veil = display, veil
        self._transcripts = transcripts
        self._latency = latency
        self._now = 0.0
        self._order = SpokenOrder()
        self._is_set_up = False
        self._calls: dict[str, tuple[str, float | None]] = {}
        """Tools that were called and have not answered: their name, and since when they run."""
        self._last_turn: float | None = None
        """When the turn began whose latency was told last."""
        self.user_speaks = False
        self.assistant_speaks = False
        self.error: ErrorEvent | None = None
        """The latest that is not benign."""

    def take(self, event: Event, now: float) -> None:
        """Something has come from the service."""
        self._now = now
        if (tell := _TELLS.get(type(event))) is not None:
            tell(self, event)

    def first_heard(self, part: Part, at: float) -> None:
        """The first sound of a part left the loudspeaker; ``latency`` knows it already."""
        self.assistant_speaks = True
        turn = next((turn for turn in reversed(self._latency.turns) if turn.first_heard_s is not None), None)
        if turn is not None and turn.first_heard_s is not None and turn.began != self._last_turn:
            self._last_turn = turn.began
            self._display.status.last_turn_s = turn.first_heard_s
            self._display.line("-", _waited(turn))

    def tick(self, now: float, *, is_idle: bool) -> None:
        """Time has gone by."""
        self._now = now
        if self._order.is_waiting:
            self._tell_what_was_said()
        self._display.status.speaker = self._speaker(is_idle)

    def finish(self) -> None:
        """It is over: what waited for something else is told now, and what has not been finished as far as it came."""
        for transcript in self._order.rest(self._transcripts):
            self._tell(transcript)

    # ---- what was said

    def _tell_what_was_said(self, event: Any = None) -> None:
        for transcript in self._order.ready(self._transcripts, self._now):
            self._tell(transcript)

    def _tell(self, transcript: Transcript) -> None:
        self._display.said(transcript.item_id)
        is_whole = transcript.final or transcript.cut
        self._display.line(_who(transcript), transcript.text if is_whole else f"{transcript.text} …")

    def _saying(self, event: Any) -> None:
        if self._display.is_live and (transcript := self._transcripts.of(event.item_id)) is not None:
            if transcript.cut:
                self._display.said(event.item_id)
            elif transcript.text and not transcript.final:
                self._display.saying(event.item_id, _who(transcript), transcript.text)

    def _not_understood(self, event: ConversationItemInputAudioTranscriptionFailed) -> None:
        self._display.line("you", f"(not written down: {event.error.message})")

    def _response_done(self, event: ResponseDone) -> None:
        self._tell_what_was_said()
        match event.response.status_details:
            case FailedDetails(error=error):
                message = error.get("message") if isinstance(error, dict) else None
                self._display.line("error", f"the answer failed: {message or 'the service does not say why'}")
            case IncompleteDetails(reason=reason):
                self._display.line("error", f"the answer was cut short: {reason}")

    def _truncated(self, event: ConversationItemTruncated) -> None:
        self._tell_what_was_said()
        self._display.said(event.item_id)
        self._display.line("assistant", f"(interrupted after {event.audio_end_ms / 1000:.1f} s)")

    # ---- who speaks

    def _speech_started(self, event: InputAudioBufferSpeechStarted) -> None:
        self.user_speaks, self.assistant_speaks = True, False
        self._display.line("you", "(speaking)")

    def _speech_stopped(self, event: InputAudioBufferSpeechStopped) -> None:
        self.user_speaks = False

    def _speaker(self, is_idle: bool) -> str:
        if self.user_speaks:
            return "you are speaking"
        if self.assistant_speaks:
            return "the assistant speaks"
        return "listening" if is_idle else "the assistant thinks"

    # ---- tools

    def _call_began(self, event: ResponseOutputItemAdded) -> None:
        if isinstance(event.item, FunctionCallItem):
            self._calls[event.item.call_id] = event.item.name, None

    def _called(self, event: ResponseFunctionCallArgumentsDone) -> None:
        name = given(event.name, "") or self._calls.get(event.call_id, ("a function", None))[0]
        self._calls[event.call_id] = name, self._now
        self._display.line("tool", f"{name}({_short(self._veil(event.arguments))})")

    def _item_created(self, event: ConversationItemCreated) -> None:
        if isinstance(event.item, FunctionCallOutputItem) and event.item.call_id in self._calls:
            name, since = self._calls.pop(event.item.call_id)
            took = "" if since is None else f" ({self._now - since:.2f} s)"
            self._display.line("tool", f"{name} -> {_short(self._veil(event.item.output))}{took}")
        self._tell_what_was_said()

    # ---- the session

    def _created(self, event: SessionCreated) -> None:
        self.user_speaks = False
        self._display.status.connection = "connected"
        if not self._is_set_up:
            model = given(event.session.model, "")
            self._display.line(
                "-", f"connected{f' to {model}' if model else ''}, session {given(event.session.id, '?')}"
            )

    def _updated(self, event: SessionUpdated) -> None:
        if not self._is_set_up:
            self._is_set_up = True
            voice = getattr(event.session.voice, "name", None)
            answers = f"; {voice} answers" if voice else ""
            by_hand = " when you press Enter" if event.session.turn_detection is None else ""
            self._display.line("-", f"speak{answers}{by_hand}; q + Enter or Ctrl-C ends")

    def _reconnecting(self, event: Reconnecting) -> None:
        self._display.status.connection = f"reconnecting ({event.attempt})"
        self._display.line("error", f"{event.cause}; dialling again in {event.delay_s:.1f} s (attempt {event.attempt})")
        self._tell_what_was_said()

    def _reconnected(self, event: Reconnected) -> None:
        self._display.status.connection = "connected"
        lost = f"; lost: {', '.join(event.lost)}" if event.lost else ""
        self._display.line("-", f"connected again, {event.replayed_items} items told again{lost}")

    def _error(self, event: ErrorEvent) -> None:
        if event.error.code in BENIGN:
            return
        self.error = event
        code = f" [{event.error.code}]" if event.error.code else ""
        at = f" (at {event.error.param})" if event.error.param else ""
        self._display.line("error", f"the service says{code}: {event.error.message}{at}")

    def _warning(self, event: WarningEvent) -> None:
        self._display.line("-", f"the service warns: {event.warning.message}")


def _who(transcript: Transcript) -> Who:
    return "you" if transcript.role == "user" else "assistant"


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _LONGEST_OUTPUT else f"{text[:_LONGEST_OUTPUT]}… (+{len(text) - _LONGEST_OUTPUT})"


def _waited(turn: TurnLatency) -> str:
    since = {"spoken": "the end of speech", "committed": "the end of speech", "typed": "the question"}[turn.kind]
    tools = f", of which tools took {turn.tools_s:.2f} s" if turn.tools_s >= 0.01 else ""
    return f"first sound {turn.first_heard_s:.2f} s after {since}{tools}"


_TELLS: dict[type, Callable[[Narration, Any], None]] = {
    SessionCreated: Narration._created,
    SessionUpdated: Narration._updated,
    Reconnecting: Narration._reconnecting,
    Reconnected: Narration._reconnected,
    ErrorEvent: Narration._error,
    WarningEvent: Narration._warning,
    InputAudioBufferSpeechStarted: Narration._speech_started,
    InputAudioBufferSpeechStopped: Narration._speech_stopped,
    InputAudioBufferCommitted: Narration._tell_what_was_said,
    ConversationItemCreated: Narration._item_created,
    ConversationItemInputAudioTranscriptionDelta: Narration._saying,
    ConversationItemInputAudioTranscriptionCompleted: Narration._tell_what_was_said,
    ConversationItemInputAudioTranscriptionFailed: Narration._not_understood,
    ConversationItemTruncated: Narration._truncated,
    ResponseOutputItemAdded: Narration._call_began,
    ResponseFunctionCallArgumentsDone: Narration._called,
    ResponseAudioTranscriptDelta: Narration._saying,
    ResponseTextDelta: Narration._saying,
    ResponseOutputItemDone: Narration._tell_what_was_said,
    ResponseDone: Narration._response_done,
}
