"""One connection before the judge: every event is looked at by the rules that it concerns, then learnt from."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from vlmock.conduct.facts import Ending, Facts, Moment, Opened, Refusal, Turnaway
from vlmock.conduct.knowledge.answers import Answers
from vlmock.conduct.knowledge.calls import Calls
from vlmock.conduct.knowledge.configured import Configured
from vlmock.conduct.knowledge.heard import HeardSoFar
from vlmock.conduct.knowledge.items import Items
from vlmock.conduct.leniency import server_event
from vlmock.conduct.rule import Finding, Rule, Seen
from vlmock.protocol.catalogue import OTHER_SERVER_EVENTS
from vlmock.protocol.codec import InvalidEvent, UnknownServerEvent
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend, InputAudioBufferCommit, InputAudioTurnEnd
from vlmock.protocol.response import ResponseCreate
from vlmock.protocol.secrets import without_secrets
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.shown import on_one_line
from vlmock.protocol.wire import ClientEvent, given
from vlmock.session.effects import Remark

__all__ = ["ANSWER_S", "CROSSING_S", "Case", "Docket"]

CROSSING_S: Final = 0.1
"""Assumed: what was sent so little before a client's event had not reached the client. Behaviour 7.1: a round trip is
61 ms."""
ANSWER_S: Final = 5.0
"""An ``error`` that comes later answers no event of the client."""
_REMEMBERED: Final = 50
_RECONNECT_S: Final = 60.0

Docket: TypeAlias = Mapping[type, Sequence[Rule]]
"""The rules that look at each type of event."""


def is_surprising(event: object) -> bool:
    """Whether not every client expects it: an event outside the service's list, an error, nulls in the session."""
    known = isinstance(event, SessionCreated | SessionUpdated | ErrorEvent | UnknownServerEvent)
    return known or getattr(event, "type", "") in OTHER_SERVER_EVENTS


def _concerns(rule: Rule, facts: Facts) -> bool:
    """Whether enough is known to look at a connection by it."""
    known = (facts.timed or not rule.timed) and (facts.audible or not rule.audible)
    return known and (facts.dialect == "voice-live" or not rule.voice_live_only)


class _Sent(msgspec.Struct):
    """A client event that an ``error`` may be about."""

    event: ClientEvent | InvalidEvent
    entry: int
    at: float
    judged: bool


class Case:
    """What a connection is judged by."""

    def __init__(self, number: int, facts: Facts, docket: Docket, *, earlier: Sequence["Case"] = (), place: str = ""):
        self.number = number
        self.facts = facts
        self.place = place
        self.earlier = earlier
        """The connections before it, in the order in which they ended."""
        self.at = 0.0
        self.entry = 0
        """Of what is being looked at."""
        self.lost_bytes = 0
        """Audio that the journal had to drop from it."""
        self.configured = Configured()
        self.heard = HeardSoFar()
        self.answers = Answers()
        self.calls = Calls()
        self.items = Items()
        self.last_server: tuple[float, object] | None = None
        """What the server sent last, and when."""
        self.plays = False
        """The test has said that the client plays."""
        self.interrupted_at: float | None = None
        """Since when it should not."""
        self.greeting: ResponseCreate | None = None
        """What the client asked for before anybody had said anything."""
        self.turned_away: list[Turnaway] = []
        """Of the door: the handshakes that were refused, oldest first."""
        self.found_now = 0
        """How many findings rules have made of what is being looked at."""
        self.ending: Ending | None = None
        self.notes: Counter[str] = Counter()
        """What rules want to remember."""
        self.surprise: tuple[float, object] | None = None
        """What the server has said last that not every client expects, with nothing of the client after it."""
        self._docket = {kind: [rule for rule in rules if _concerns(rule, facts)] for kind, rules in docket.items()}
        self._found_once: set[str] = set()
        self._sent: deque[_Sent] = deque(maxlen=_REMEMBERED)
        self._latest: _Sent | None = None
        """The client event that the server has said nothing after."""

    def opened(self) -> list[Finding]:
        """It begins."""
        return list(self._look(Opened()))

    def hears(self, source: str, event: Any, at: float, lost_bytes: int = 0) -> list[Finding]:
        """An event went by."""
        self.entry += 1
        self.at, self.lost_bytes = at, lost_bytes
        if source == "server" and isinstance(event, dict):
            event = server_event(event)
        found = list(self._look(event))
        if source == "client":
            self._hears_client(event, judged=bool(found))
        elif source == "server":
            found += self._hears_server(event)
        elif isinstance(event, Remark) and event.kind == "overlooked":
            self._learn_otherwise()
        return found

    def waits(self, at: float) -> list[Finding]:
        """Nothing went by until now."""
        self.at = max(self.at, at)
        return list(self._look(Moment()))

    def ends(self, ending: Ending) -> list[Finding]:
        """It is over."""
        self.at = max(self.at, ending.at)
        self.ending = ending
        return list(self._look(ending))

    @property
    def over_at(self) -> float | None:
        """Seconds since 1970; None while it goes on."""
        return None if self.ending is None else self.facts.opened + self.ending.at

    def is_crossing(self, sent_at: float | None) -> bool:
        """What the server sent then may have been under way still when the client sent what is being looked at."""
        return self.facts.timed and sent_at is not None and self.at - sent_at < CROSSING_S

    @property
    def judged(self) -> bool:
        """A rule has found something in the client's event that the server says something about now."""
        return self._latest is not None and self._latest.judged

    @property
    def lost(self) -> "Case | None":
        """The connection that the client had lost when it opened this one.

        Assumed: the latest before it, of the same program for the same model, where that had not come to a good end,
        and less than a minute ago."""
        before = self.earlier[-1] if self.earlier else None
        if before is None or before.over_at is None or before.ending is None or not self.facts.timed:
            return None
        ours, theirs = self.facts, before.facts
        same = (ours.user_agent, ours.model, ours.agent) == (theirs.user_agent, theirs.model, theirs.agent)
        return before if same and not before.ending.is_goodbye and ours.opened - before.over_at < _RECONNECT_S else None

    def knocked(self, turnaway: Turnaway) -> list[Finding]:
        """At the door: a handshake was refused."""
        found = list(self._look(turnaway))
        self.turned_away = [*self.turned_away, turnaway][-_REMEMBERED:]
        return found

    # ---- learning

    def _hears_client(self, event: ClientEvent | InvalidEvent, *, judged: bool) -> None:
        sent = _Sent(event, self.entry, self.at, judged)
        self._latest, self.surprise = sent, None
        if isinstance(event, InputAudioBufferAppend):
            configured = self.configured
            duration_ms = self.heard.append(event, self.lost_bytes, configured.input, configured.input_channels)
            self.heard.pace.append(duration_ms, self.at)
            return
        self._sent.append(sent)
        answers = self.answers
        if isinstance(event, ResponseCreate) and not (answers.created or answers.requested or self.items.turns):
            self.greeting = event
        self._learn(event)

    def _learn_otherwise(self) -> None:
        """A lenient server takes what is left of the client's event without the members that there are not."""
        sent = self._latest
        if sent is not None and isinstance(sent.event, InvalidEvent) and sent.event.otherwise is not None:
            sent.event = sent.event.otherwise
            self._learn(sent.event)

    def _hears_server(self, event: object) -> Iterator[Finding]:
        if isinstance(event, ErrorEvent):
            refusal = self._refusal(event)
            if refusal is not None:
                yield from self._look(refusal)
                self._learn_refusal(refusal)
        self._latest = None
        self.last_server = self.at, event
        if is_surprising(event):
            self.surprise = self.at, event
        self._learn(event)

    def _learn(self, event: object) -> None:
        self.heard.learn(event, self.at, answered=self.configured.answers_by_itself)
        self.configured.learn(event, self.at)
        self.answers.learn(event, self.at)
        self.calls.learn(event, self.at)
        self.items.learn(event)

    def _learn_refusal(self, refusal: Refusal) -> None:
        culprit = refusal.culprit
        wire_type = culprit.event_type if isinstance(culprit, InvalidEvent) else culprit.type
        if wire_type == "session.update":
            self.configured.update_refused(culprit, self.at)
        elif isinstance(culprit, ResponseCreate):
            busy = refusal.code == "conversation_already_has_active_response"
            self.answers.request_refused(self.at, busy=busy)
        elif isinstance(culprit, InputAudioBufferCommit | InputAudioTurnEnd):
            self.heard.commit_refused()
        if not refusal.judged:
            self.calls.refused(culprit)

    def _refusal(self, event: ErrorEvent) -> Refusal | None:
        """The client event that an ``error`` is about: the one it names, or the one it stands right behind; in a
        recording, where other events may stand between, the latest."""
        details = event.error
        named = given(details.event_id, "")
        culprit = next((sent for sent in reversed(self._sent) if named and sent.event.event_id == named), None)
        if culprit is None and details.type == "invalid_request_error":
            culprit = self._latest
            if culprit is None and self.facts.recorded and self._sent:
                culprit = self._sent[-1]
        if culprit is None or self.at - culprit.at > ANSWER_S:
            return None
        if culprit in self._sent:
            self._sent.remove(culprit)
        return Refusal(culprit.event, culprit.entry, culprit.at, details, culprit.judged)

    # ---- looking

    def _look(self, event: object) -> Iterator[Finding]:
        self.found_now = 0
        for rule in self._docket.get(type(event), ()):
            if rule.id in self._found_once:
                continue
            for seen in rule.check(self, event):
                self.found_now += 1
                yield self._finding(rule, seen if isinstance(seen, Seen) else Seen(seen))
                if rule.once:
                    self._found_once.add(rule.id)
                    break

    def _finding(self, rule: Rule, seen: Seen) -> Finding:
        return Finding(
            rule=rule,
            connection=self.number,
            at=self.at if seen.at is None else seen.at,
            entry=self.entry if seen.entry is None else seen.entry,
            seen=on_one_line(without_secrets(seen.text)),
            place=self.place,
        )
