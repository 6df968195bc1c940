"""What a client owes the service and its user: what to do about each event, without doing it.

Tell it every event that comes (``receive``), that the application sends (``sent``) and how time goes by (``advance``),
and perform the commands that it returns, in order. It reads no clock; ``now`` is in seconds, on a clock that never goes
back. The duties are those of behaviour.md 8.1:

- Nothing is ``ready`` before ``session.updated``.
- When the user speaks the loudspeaker falls silent, whether or not a response is active, and what still comes of an
  interrupted response is dropped. Then the service is told how much was heard.
- ``response.create`` goes through one gate, also against the responses that the service begins by itself.
- The outputs of all tools of a response are sent before the next is asked for.
- What was said is kept by item id, in the conversation's order.
- Unknown events, missing members, doubled and late events are taken as they come. Nothing here raises.
"""

import msgspec

from vlclient.audio.ports import Heard
from vlclient.commands import Command, Play, Show, StopPlayback
from vlclient.response_gate import GatePhase
from vlclient.salvage import salvage
from vlclient.transcripts import Transcripts
from vlclient.turn_duties import DUTIES, LATE_DELTAS
from vlclient.turn_state import E, TurnState
from vlmock.protocol.catalogue import AnyServerEvent
from vlmock.protocol.codec import UnknownServerEvent
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemDelete, ConversationItemTruncate
from vlmock.protocol.input_audio import InputAudioBufferCommit
from vlmock.protocol.items import RequestFunctionCallOutput
from vlmock.protocol.response import ResponseCancel, ResponseCreate
from vlmock.protocol.session import SessionUpdate
from vlmock.protocol.wire import ClientEvent, given

__all__ = ["Turns", "Unfinished"]


class Unfinished(msgspec.Struct, frozen=True):
    """What was under way when the connection was lost."""

    response_id: str | None
    """The response that had begun. It is not asked for again: nobody knows how much of it the user has heard."""
    requests: tuple[ResponseCreate, ...]
    """What was asked for and had not begun. These are kept, and sent after ``reconnected``."""
    call_ids: tuple[str, ...]
    """Tools that are running. What they answer is dropped, for a new session does not know the calls."""


class Turns:
    """The duties of a client on one conversation, across its connections."""

    def __init__(self, *, event_id_prefix: str = "client_") -> None:
        """``event_id_prefix`` begins the ids of events that have none; a counter follows."""
        self._state = TurnState(event_id_prefix)

    # ---- what one may ask

    @property
    def ready(self) -> bool:
        """The configuration is in force: now the microphone may be heard, and a greeting be asked for."""
        return self._state.ready

    @property
    def transcripts(self) -> Transcripts:
        """Who said what, in all connections."""
        return self._state.transcripts

    @property
    def dropped_deltas(self) -> int:
        """How many late deltas of interrupted responses were not shown."""
        return self._state.dropped_deltas

    @property
    def interrupted(self) -> frozenset[str]:
        """The ids of the responses of this connection that were broken off."""
        return frozenset(self._state.interrupted)

    @property
    def is_idle(self) -> bool:
        """Nothing is being answered, waits to be, or is about to be: without new input there is silence."""
        state = self._state
        return state.gate.phase is GatePhase.IDLE and not state.gate.waiting and not state.rounds.are_open

    @property
    def phase(self) -> GatePhase:
        """What stands in the way of a ``response.create``."""
        return self._state.gate.phase

    @property
    def active_response_id(self) -> str | None:
        """The response that is being generated. The user may hear an earlier one still."""
        return self._state.gate.active_id

    @property
    def waiting(self) -> tuple[ResponseCreate, ...]:
        """What was asked for and could not be sent yet, oldest first."""
        return self._state.gate.waiting

    @property
    def lost_answers(self) -> int:
        """How often the service owed the beginning or the end of a response and never sent it."""
        return self._state.gate.lost

    # ---- what the service does

    def receive(self, event: AnyServerEvent | UnknownServerEvent, now: float) -> list[Command]:
        """The service has sent an event. Silence and sound come first, then the event is shown, then it is answered.

        Every event is shown once, except late deltas of an interrupted response.
        """
        state = self._state
        state.now = max(state.now, now)  # what has come late has come: only then is the rest given up
        read = salvage(event) if isinstance(event, UnknownServerEvent) else event
        if isinstance(read, LATE_DELTAS) and read.response_id in state.interrupted:
            state.dropped_deltas += 1
            return self.advance(now)
        duty = DUTIES.get(type(read))
        done = duty(state, read) if duty is not None else ()
        if read is not None:
            state.transcripts.receive(read)
        at_once = [command for command in done if isinstance(command, Play | StopPlayback)]
        after = [command for command in done if not isinstance(command, Play | StopPlayback)]
        return [*at_once, Show(event), *after, *self.advance(now)]

    # ---- what the application does

    def sent(self, event: ClientEvent, now: float) -> None:
        """The application has sent an event itself. Safe to be told also of what these commands made it send.

        What follows from it comes with the next ``advance``, which ``next_deadline`` then wants at once. Let the event
        go through ``sign`` first, so that it is recognised when it is refused.
        """
        state = self._state
        state.passes(now)
        match event:
            case SessionUpdate() if not state.ready:
                state.update_under_way = given(event.event_id, "")
            case ResponseCreate():
                state.gate.sent(event, state.now)
            case ResponseCancel():
                if state.gate.may_cancel(state.now):
                    state.break_off(by_client=True)
            case ConversationItemCreate():
                state.transcripts.sent(event)
                if isinstance(event.item, RequestFunctionCallOutput):
                    state.rounds.answered_by_the_application(event.item.call_id)
            case ConversationItemTruncate():
                state.parts.closed(event.item_id)
            case ConversationItemDelete():
                state.parts.closed(event.item_id)
                state.rounds.deleted(event.item_id)
            case InputAudioBufferCommit():
                state.commits_by_hand += 1
        state.go_on()

    def request_response(self, event: ResponseCreate, now: float) -> list[Command]:
        """Answer now, or as soon as nothing else is being answered.

        Requests that say nothing of their own become one while they wait, also with the one that follows the outputs
        of tools, and wait for tools that still run. Others are sent in order, and may overtake those.
        """
        commands = self.advance(now)
        self._state.gate.ask(self.sign(event))
        return [*commands, *self._state.ask()]

    def cancel(self, now: float) -> list[Command]:
        """Be silent, and end the response that is being generated, if there is one and nothing has ended it already.

        One that was asked for and has not begun is cancelled when it begins. Requests that wait are not touched.
        Observed {VIBE, SDKPR}: a cancel without a response is refused, and interrupted ones need none.
        """
        return [*self.advance(now), StopPlayback(), *self._state.cancel()]

    def playback_stopped(self, heard: Heard | None, now: float) -> list[Command]:
        """The loudspeaker has fallen silent; ``heard`` is what came out of it, None when nothing was playing.

        The answer is at most one ``conversation.item.truncate``: never beyond what was received, never twice for an
        item, not where all or nothing was heard, and not where the service truncates by itself.
        """
        state, commands = self._state, self.advance(now)
        if heard is None or state.parts.was_heard_whole(heard):
            return commands
        response_id = state.parts.response_of(heard.part)
        if response_id is not None and response_id != state.gate.active_id:
            state.interrupted.add(response_id)
        state.transcripts.cut(heard.part.item_id)
        event = None if state.rules.truncates else state.parts.truncation(heard, state.output_format)
        return commands if event is None else [*commands, state.send(event)]

    def tool_answered(self, call_id: str, output: str, now: float) -> list[Command]:
        """A tool has returned. Its output is sent at once; a second one, or one for nobody, is dropped."""
        state, commands = self._state, self.advance(now)
        if (item := state.rounds.answer(call_id, output)) is None:
            return commands
        state.go_on()
        return [*commands, state.send(ConversationItemCreate(item=item)), *state.ask()]

    def sign(self, event: E) -> E:
        """The same event with an ``event_id``, so that an error about it can be told from others."""
        return self._state.sign(event)

    # ---- the connection

    def disconnected(self, now: float) -> Unfinished:
        """The connection is lost. Nothing is asked for until ``reconnected``."""
        state = self._state
        state.passes(now)
        response_id, call_ids = state.gate.active_id, state.rounds.unanswered
        state.connection_lost()
        return Unfinished(response_id, state.gate.waiting, call_ids)

    def reconnected(self, now: float) -> list[Command]:
        """A new connection is configured, and the conversation was told again: what had been asked for may go out."""
        self._state.waits_for_reconnect = False
        return self.advance(now)

    # ---- time

    def advance(self, now: float) -> list[Command]:
        """Time has gone by. What the service owed and did not send in time is no longer waited for."""
        self._state.passes(now)
        return self._state.ask()

    def next_deadline(self) -> float | None:
        """When to call ``advance`` if nothing else happens; never earlier than the last ``now``."""
        state = self._state
        return state.now if state.may_ask() is not None else state.gate.next_deadline()
