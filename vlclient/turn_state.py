"""What is remembered of a conversation's turns on one connection, and the few moves that several duties share."""

from typing import TypeVar

import msgspec

from vlclient.commands import Command, Send
from vlclient.response_gate import ResponseGate
from vlclient.spoken_parts import SpokenParts
from vlclient.tool_rounds import ToolRounds
from vlclient.transcripts import Transcripts
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.session import ResponseSession
from vlmock.protocol.turn_detection import NoTurnDetection
from vlmock.protocol.wire import ClientEvent, UnsetType, given

__all__ = ["TurnRules", "TurnState"]

E = TypeVar("E", bound=ClientEvent)


class TurnRules(msgspec.Struct, frozen=True):
    """What the service does by itself when the user speaks. Documented {DOC}: the defaults."""

    answers: bool = True
    """``create_response``: the turn is answered when it is over."""
    interrupts: bool = True
    """``interrupt_response``: the running response is cancelled when the turn begins."""
    truncates: bool = False
    """``auto_truncate``: the service reckons itself what was heard."""

    @classmethod
    def of(cls, session: ResponseSession) -> "TurnRules":
        """By the session's echo. Documented {DOC}: null is off, and then nothing happens by itself."""
        detection = session.turn_detection
        if isinstance(detection, UnsetType):
            return cls()
        if detection is None or isinstance(detection, NoTurnDetection):
            return cls(answers=False)
        return cls(
            answers=given(detection.create_response, True),
            interrupts=given(detection.interrupt_response, True),
            truncates=given(detection.auto_truncate, False),
        )


class TurnState:
    """All that changes. The transcripts outlive a connection, and so do the requests that it left unanswered."""

    def __init__(self, event_id_prefix: str) -> None:
        self.now = 0.0
        """The latest instant that was mentioned."""
        self.transcripts = Transcripts()
        self.dropped_deltas = 0
        self.gate = ResponseGate()
        self.waits_for_reconnect = False
        self._prefix = event_id_prefix
        self._signed = 0
        self._begin()

    def _begin(self) -> None:
        self.ready = False
        self.update_under_way: str | None = None
        """The ``event_id`` of the first configuration, "" where it has none, until it is answered."""
        self.rules = TurnRules()
        self.output_format = "pcm16"
        self.commits_by_hand = 0
        """Of the client, not answered yet."""
        self.interrupted: set[str] = set()
        self.parts = SpokenParts()
        self.rounds = ToolRounds()

    def connection_lost(self) -> None:
        """Forget what belonged to it."""
        self.gate = self.gate.for_a_new_connection()
        self.transcripts.disconnected()
        self._begin()
        self.waits_for_reconnect = True

    def passes(self, now: float) -> None:
        """Time goes by; never back."""
        self.now = max(self.now, now)
        self.gate.expire(self.now)

    def sign(self, event: E) -> E:
        """The same event with an ``event_id``."""
        if given(event.event_id, ""):
            return event
        self._signed += 1
        return msgspec.structs.replace(event, event_id=f"{self._prefix}{self._signed}")

    def send(self, event: ClientEvent) -> Send:
        """The command to send it, signed."""
        return Send(self.sign(event))

    # ---- asking for responses, and ending them

    def may_ask(self) -> ResponseCreate | None:
        """The request that may go out now: not before the configuration is through, nor before a reconnect is."""
        if self.waits_for_reconnect or (self.update_under_way is not None and not self.ready):
            return None
        return self.gate.next_to_send(tools_open=self.rounds.are_open)

    def ask(self) -> list[Command]:
        """Send it."""
        if (event := self.may_ask()) is None:
            return []
        self.gate.sent(event, self.now)
        return [Send(event)]

    def go_on(self) -> None:
        """Want one more response if all tools of one have answered."""
        if self.rounds.take_finished():
            self.gate.ask(self.sign(ResponseCreate()), continues=True)

    def cancel(self) -> list[Command]:
        """End the active response, unless it is ending already."""
        if not self.gate.may_cancel(self.now):
            return []
        active = self.gate.active_id
        self.break_off(by_client=True)
        return [self.send(ResponseCancel(response_id=active) if active else ResponseCancel())]

    def break_off(self, *, by_client: bool) -> None:
        """Nothing more of the active response is wanted, and its end is owed."""
        if response_id := self.gate.active_id:
            self.interrupted.add(response_id)
            self.transcripts.interrupted(response_id)
            if by_client:
                self.rounds.cancelled(response_id)
            else:
                self.rounds.interrupted(response_id)
        self.gate.ends_soon(self.now)
