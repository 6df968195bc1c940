"""One conversation: client events in, effects out. No I/O, no clock, no chance of its own.

Whoever drives a session calls ``open`` once, ``receive`` for each client event, ``advance`` after each batch of them
and whenever ``next_deadline`` has come, ``supply`` when words have been spoken, and ``supply_transcript`` when a turn
has been listened to. ``now`` is seconds of a clock of the driver's choice that never runs backwards.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.session import SessionCreated
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import refusals
from vlmock.session.allowance import Allowance
from vlmock.session.avatar import appearance
from vlmock.session.avatar.pool import AvatarPool
from vlmock.session.configuration.brain import Brain
from vlmock.session.configuration.leniency import Leniency
from vlmock.session.configuration.settings import initial
from vlmock.session.conversation.agents import Conversations, Thread
from vlmock.session.conversation.history import History
from vlmock.session.conversation.usage import Meter
from vlmock.session.effects import Close, Effect, Recognize, Remark, Send, SendRaw, Speech, Synthesize
from vlmock.session.handlers import HANDLERS
from vlmock.session.handlers.session import apply_audio_settings
from vlmock.session.ids import IdFactory
from vlmock.session.listening.hearing import hearing_of
from vlmock.session.listening.input_buffer import InputBuffer
from vlmock.session.listening.turn_detector import DetectorFactory, TurnDetector
from vlmock.session.pipeline import choose
from vlmock.session.readings import FOLLOWED, Readings
from vlmock.session.recognition import Recognitions
from vlmock.session.refusals import Refused
from vlmock.session.rules.connection import check_connection
from vlmock.session.rules.events import checked_event, events_to_come
from vlmock.session.script import Recognized, Script
from vlmock.session.state import SessionState
from vlmock.session.timeline import SpeechFailed, Timeline, Told
from vlmock.session.timing import Timing
from vlmock.session.transitions import SESSION, SessionPhase, moved
from vlmock.session.user_turns import first_update, spoken_turns

__all__ = ["Session"]

_AGENTS_LIFETIME_S = 3_600
"""Documented {DOC}: no connection lasts longer. Observed {TAK}: an agent's session does not say when it ends."""
_CLOSED: Final = SessionPhase.CLOSED
"""Asked for at every step: to find a member of an ``Enum`` takes seven times as long as a name."""
_NO_EVENTS = frozenset({Close, Deltas, Recognize, Remark, SendRaw, Synthesize})
"""What is told beside the server's events. A look into a set: ``isinstance`` of a struct takes ten times as long."""


class Session:
    """One conversation with one client."""

    def __init__(
        self,
        *,
        brain: Brain,
        script: Script,
        ids: IdFactory,
        timing: Timing,
        unix_time: float,
        started: float,
        readings: Readings = FOLLOWED,
        tokens: Allowance | None = None,
        lenient: bool = False,
        detector: DetectorFactory = TurnDetector,
        conversations: Conversations | None = None,
        avatars: AvatarPool | None = None,
        avatar_trouble: str | None = None,
        listens: bool = False,
    ) -> None:
        """``unix_time`` is the wall clock at ``started``, an instant of the clock that ``now`` is read from.

        ``tokens``: what the responses of several sessions may spend together. ``lenient``: what is refused is remarked
        on instead, and obeyed as far as it can be. ``detector``: what finds speech in the user's sound.
        ``conversations``: what agents remember of earlier sessions, and will of this one. ``avatars``: those that
        several sessions may show together; None gives this one some of its own. ``avatar_trouble``: why none is to be
        had, one of ``AVATAR_TROUBLES``. ``listens``: spoken turns are to be recognised (``Recognize``), and the script
        is told what they were.
        """
        brain = msgspec.structs.replace(brain, mcp_since=readings.mcp_since, later_settings=readings.later_settings)
        pipeline = choose(brain.model, None, profile=brain.profile)
        expires_at = None if brain.agent else int(unix_time) + pipeline.lifetime_s
        self._lifetime_s = _AGENTS_LIFETIME_S if brain.agent else pipeline.lifetime_s
        self.expires = started + self._lifetime_s
        """The instant at which it ends."""
        self.id = ids.timed("sess_") if pipeline.timed_ids else ids.make("sess_")
        self._refused = _refusal(brain)
        conversation_id = ids.timed("conv_") if pipeline.timed_ids else ids.make(_conversation_prefix(brain))
        history = History()
        self._thread: Thread | None = None
        """The conversation that outlives it, if one does."""
        if brain.agent is not None and self._refused is None:
            self._thread = (conversations or Conversations()).take_up(brain.agent, conversation_id)
            conversation_id, history = self._thread.id, self._thread.history
        settings = initial(brain, session_id=self.id, expires_at=expires_at, thread_id=conversation_id)
        self._never_sent = events_to_come(brain.events)
        self._state = SessionState(
            brain=brain,
            script=script,
            ids=ids,
            timing=timing,
            settings=settings,
            at_connect=settings,
            readings=readings,
            tokens=tokens,
            leniency=Leniency(lenient=lenient),
            pipeline=pipeline,
            timeline=Timeline(started),
            meter=Meter(pipeline),
            conversation_id=conversation_id,
            history=history,
            input=InputBuffer(hearing_of(settings), detector),
            avatars=avatars or AvatarPool(),
            avatar_trouble=avatar_trouble,
            recognitions=Recognitions() if listens else None,
        )

    @property
    def conversation_id(self) -> str:
        """What ``response.conversation_id`` is in pipelines that have one."""
        return self._state.conversation_id

    def seconds_of(self, item_id: str) -> float:
        """How long the sound of an item is; 0 where it has none."""
        entry = self._state.history.get(item_id)
        return 0.0 if entry is None else entry.audio_ms / 1000

    def open(self, now: float) -> list[Effect]:
        """Observed {PAI, FON, SEED}: the first words are the service's, ``session.created``, or why there is none."""
        state = self._state
        state.timeline.now = max(state.timeline.now, now)
        refused = self._refused
        if refused is not None:
            state.phase = moved(SESSION, state.phase, "refused")
            last_words: list[Told] = [_error(refused, None)]
            if refused.hint:
                last_words.append(Remark("hint", refused.hint))
            if state.brain.agent:  # Observed {TROUB}; an unknown model closes nothing {S14}
                last_words.append(Close(1008, refused.details.message))
            return self._effects(last_words)
        accepted = "accepted unconfigured" if state.readings.first_update_required else "accepted"
        state.phase = moved(SESSION, state.phase, accepted)
        return self._effects([SessionCreated(session=state.settings), *apply_audio_settings(state)])

    def receive(self, event: AnyClientEvent | InvalidEvent, now: float) -> list[Effect]:
        """One client event. Appended audio is only stored; it is listened to before the next other event, or in
        ``advance``, so that a flood of small appends is heard in large blocks."""
        state = self._state
        if isinstance(event, InputAudioBufferAppend) and state.phase is SessionPhase.OPEN:
            try:
                state.input.append(event.audio)
            except Refused as refused:
                return self._effects([_error(refused, event.event_id)])
            return []
        effects = self.advance(now)
        if state.phase is _CLOSED:
            return effects
        effects += self._effects(state.timeline.acknowledge())
        effects += self._effects(self._handle(event))
        return effects + self.advance(now)

    def advance(self, now: float) -> list[Effect]:
        """Everything that is due by now: what was heard, what is to be said."""
        effects: list[Effect] = []
        state = self._state
        until = self.expires if now > self.expires else now
        while state.phase is not _CLOSED:
            if told := state.timeline.tell(until):
                effects += self._effects(told)
            harder = state.input.hearing.over_assistant is not None and state.assistant_speaks
            signal = state.input.next_signal(over_assistant=harder)
            if signal is None or state.stopping or state.timeline.awaits_speech or state.timeline.owes_answer:
                break  # speaking takes no time of the session: what the user says next is heard after it
            state.input.heard()
            effects += self._effects(spoken_turns.hear(state, signal))
        if now >= self.expires and state.phase is not _CLOSED:
            effects += self._effects(self._last_words())
        return effects

    def close(self) -> None:
        """The connection is gone: what the session holds outside itself is given back. Nothing may come after it."""
        self._state.input.close()
        if self._thread is None:
            self._state.history.forget_sound()
        else:
            self._thread.leave()
        appearance.vanish(self._state)

    def next_deadline(self) -> float | None:
        """When ``advance`` has something to do: its end at the latest. None when it has ended."""
        if self._state.phase is _CLOSED:
            return None
        due = self._state.timeline.next_deadline()
        return self.expires if due is None or due > self.expires else due

    def supply(self, key: int, speech: Speech, now: float) -> list[Effect]:
        """The words of a ``Synthesize`` effect, spoken."""
        self._state.timeline.supply(key, speech, now)
        return self.advance(now)

    def speech_failed(self, key: int, message: str, now: float) -> list[Effect]:
        """The words of a ``Synthesize`` effect cannot be spoken: the response fails and says why."""
        self._state.timeline.supply(key, SpeechFailed(message), now)
        return self.advance(now)

    def supply_transcript(self, key: int, recognized: Recognized, now: float) -> list[Effect]:
        """What was understood of the turn of a ``Recognize`` effect; nothing, where that failed."""
        assert self._state.recognitions is not None, "nobody asked"
        for each, known in self._state.recognitions.arrived(key, recognized):
            self._state.timeline.supply(each, known, now)
        return self.advance(now)

    def _last_words(self) -> list[Told]:
        """Assumed {OAI}: an error, then close 1001 with the same words. Observed {SKILL}: ``maximum duration``."""
        details = refusals.session_expired(self._lifetime_s // 60)
        return [_error(details, None), Close(1001, details.details.message)]

    def _handle(self, event: AnyClientEvent | InvalidEvent) -> Iterable[Told]:
        state = self._state
        try:
            told = list(self._obey(event))
        except Refused as refusal:
            event_type = event.event_type if isinstance(event, InvalidEvent) else event.type
            told = [_error(refusal, event.event_id), *first_update.after_refusal(state, event_type)]
            if refusal.hint:
                told.insert(1, Remark("hint", refusal.hint))
        return [*state.leniency.remarks(), *told]

    def _obey(self, event: AnyClientEvent | InvalidEvent) -> Iterable[Told]:
        state = self._state
        if self._refused is not None:
            raise Refused(self._refused.details, hint=self._refused.hint)
        event = checked_event(event, state.brain, state.leniency)
        first_update.demand_update(state, event.type)
        if isinstance(event, InputAudioBufferAppend):
            state.input.append(event.audio)
            return ()
        return HANDLERS[type(event)](state, event)

    def _effects(self, told: Iterable[Told]) -> list[Effect]:
        """What was told, ready to be sent. The only place where a server event gets its id."""
        effects: list[Effect] = []
        new_event_id = self._state.ids.event
        for beat in told:
            if type(beat) not in _NO_EVENTS:
                if type(beat) not in self._never_sent:
                    msgspec.structs.force_setattr(beat, "event_id", new_event_id())
                    effects.append(Send(beat))  # type: ignore[arg-type]  # it is a ServerEvent
            elif isinstance(beat, Deltas):
                beat.event_ids = self._state.ids.events(len(beat.deltas))
                effects.append(beat)
            elif isinstance(beat, SendRaw):
                effects.append(SendRaw({"event_id": new_event_id(), **beat.event}))
            else:
                effects.append(beat)  # type: ignore[arg-type]  # it is an effect
                if isinstance(beat, Close):
                    self._state.phase = moved(SESSION, self._state.phase, "closed")
                    break
        return effects


def _refusal(brain: Brain) -> Refused | None:
    """Why there will be no session. Assumed: where the socket stays open, every further event gets the same answer."""
    try:
        check_connection(brain)
    except Refused as refused:
        return refused
    return None


def _conversation_prefix(brain: Brain) -> str:
    """Documented {DOC}: a classic agent has threads, where others have conversations."""
    return "thread_" if brain.agent is not None and brain.agent.classic else "conv_"


def _error(refused: Refused, event_id: str | UnsetType | None) -> ErrorEvent:
    """Observed {FON}: the client's ``event_id`` comes back inside, null where it sent none."""
    return ErrorEvent(error=msgspec.structs.replace(refused.details, event_id=given(event_id, None)))
