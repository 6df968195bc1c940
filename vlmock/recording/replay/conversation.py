"""One connection on which a recording is played: what a server's connection drives in place of a session."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import PurePath
from typing import Any, Final

import msgspec

from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, decode_client
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.wire import JsonObject
from vlmock.recording.replay.causes import ANSWERED, PIECES, TIDYING_UP
from vlmock.recording.replay.comparison import differences, learn_names
from vlmock.recording.replay.deviations import Deviation, in_words
from vlmock.recording.replay.dialled import dialled_otherwise
from vlmock.recording.replay.ear import Ear, Sound
from vlmock.recording.replay.ending import Progress, described, left_over
from vlmock.recording.replay.identifiers import Names
from vlmock.recording.replay.manner import Manner
from vlmock.recording.replay.matching import Matching
from vlmock.recording.replay.plan import Action, Plan
from vlmock.recording.replay.prepared import Prepared, prepared, sampled_at
from vlmock.recording.replay.schedule import Schedule
from vlmock.session.effects import Close, Effect, Remark, Send, SendFrame, Speech
from vlmock.session.listening.turn_detector import SpeechStarted
from vlmock.session.script import Recognized

__all__ = ["Replay"]

_DEVIATED: Final = 1008
_FRAME_CODES: Final = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}
_NO_CODE: Final = 1005

Decode = Callable[[bytes], AnyClientEvent | InvalidEvent]


class _Unanswered(msgspec.Struct, frozen=True):
    """Why a client is hung up on."""

    deviation: Deviation
    reason: str
    event_id: str | None
    """Of what it said."""


class Replay:
    """Plays a recording to one client, and keeps account of what the client does otherwise.

    Fulfils what a connection wants of a session (``vlmock.server.connection.Conversation``); ``decode`` has to read
    what the client sends. Like a session it has no clock of its own.
    """

    def __init__(self, plan: Plan, manner: Manner, *, target: str = "", decode: Decode = decode_client) -> None:
        """``target``: path and query that the client dialled. ``decode``: reads what it says, for the journal."""
        self.plan = plan
        self.deviations: list[Deviation] = []
        """What the client did otherwise so far."""
        self._manner = manner
        self._target = target
        self._decode = decode
        self._names = Names()
        self._matching = Matching(plan, self._names, in_order=manner.on_unexpected == "strict")
        self._schedule = Schedule(plan, pace=manner.pace)
        self._ear = Ear(patience_ms=plan.patience_ms)
        self._signals = 0
        """How many things were heard."""
        self._by_signal = {mark.signal: number for number, mark in enumerate(plan.marks) if mark.signal >= 0}
        self._amounts = [number for number, mark in enumerate(plan.marks) if mark.signal < 0][::-1]
        """Marks that only take so much sound; the next one is the last of them."""
        self._unheard = set(range(len(plan.marks)))
        self._message = b""
        self._turns: dict[str, list[bytes]] = {}
        self._texts: dict[str, str] = {}
        self._asked: dict[int, JsonObject] = {}
        """What the client said this time, where the answer repeats some of it."""
        self._holding: JsonObject | None = None
        """What the client was told last about the settings that hold."""
        self._updates_more = self._updates_answered = 0
        """How many updates came that were not recorded, and how many of these have been answered."""
        self._unanswered: _Unanswered | None = None
        self._cut_short = False
        """Whether it ends before all has been played that could be."""
        self._over = False
        self.gone = False
        """Whether the connection has ended."""

    @property
    def name(self) -> str:
        """For people: that of the recording."""
        return self.plan.recording.name

    @property
    def began(self) -> str:
        """When the session began that is played, ISO 8601; "" where nobody knows."""
        return self.plan.recording.head.recorded or self.plan.recording.head.started

    @property
    def _short_name(self) -> str:
        """For the reason of a close, which has no room for a path: the last two parts of it."""
        return "/".join(PurePath(self.name).parts[-2:])

    # ---- what a connection drives

    def decode(self, message: bytes) -> AnyClientEvent | InvalidEvent:
        """What a message says, for the journal. With the recording the message itself is compared, so it is kept until
        ``receive``."""
        self._message = message
        return self._decode(message)

    def open(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        self._ear.asked_for(self._session_at_connect())
        for deviation in dialled_otherwise(self.plan.recording, self._target):
            self._deviates(deviation, effects, None)
        self._schedule.open(now)
        return effects + self.advance(now)

    def receive(self, event: AnyClientEvent | InvalidEvent, now: float) -> list[Effect]:
        """One client event. Sound is only stored; it is listened to before the next other event, or in ``advance``."""
        if self._over:
            return []
        if isinstance(event, InputAudioBufferAppend):
            self._ear.append(event.audio)
            return []
        effects = self.advance(now)
        if not self._over:
            kind, body = _read(self._message)
            if kind in PIECES:
                self._piece(kind, body)
            else:
                self._said(kind, body, now, effects)
        return effects + self.advance(now)

    def advance(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if not self._over:
            self._listen(now, effects)
        if not self._over:
            for number in self._schedule.due(now):
                self._send(number, effects)
                if self._over:
                    break
        if not self._over and self._schedule.next_deadline() is None:
            self._tell_what_holds(effects)
            if self._unanswered is not None:
                self._hang_up(self._unanswered, effects)
        return effects

    def next_deadline(self) -> float | None:
        return None if self._over else self._schedule.next_deadline()

    def close(self) -> None:
        self.gone = True
        self._ear.close()

    def supply(self, key: int, speech: Speech, now: float) -> list[Effect]:
        raise AssertionError("a recording has its own sound")

    def speech_failed(self, key: int, message: str, now: float) -> list[Effect]:
        raise AssertionError("a recording has its own sound")

    def supply_transcript(self, key: int, recognized: Recognized, now: float) -> list[Effect]:
        raise AssertionError("a recording has its own transcripts")

    # ---- how it went

    def problems(self) -> list[str]:
        """What a test should fail with: what the client did otherwise, and what of the recording was not used up."""
        if self._manner.on_unexpected == "ignore":
            return []
        return [str(deviation) for deviation in (*self.deviations, *self.left_over())]

    def left_over(self) -> list[Deviation]:
        """What of the recording has not been played so far. Nothing, where a deviation has ended it before its end."""
        if self._cut_short:
            return []
        progress = Progress(
            sent=self._schedule.sent,
            undone=self._matching.waiting,
            unheard=frozenset(self._unheard),
            sound_ms=self._ear.audio_ms,
            gone=self.gone,
        )
        return left_over(self.plan, progress, trailing=self._manner.trailing == "report")

    # ---- what the client says

    def _said(self, kind: str, body: JsonObject, now: float, effects: list[Effect]) -> None:
        sound = self._sound_of(kind, body)
        if kind == "session.update":
            self._ear.asked_for(body.get("session"))
        number = self._matching.find(kind, body)
        if number is None:
            deviation = self._extra(kind, body)
            self._deviates(deviation, effects, body)
            self._not_answered(kind, deviation, body)
            return
        action = self.plan.actions[number]
        for deviation in self._deviations_of(number, action, body, sound):
            self._deviates(deviation, effects, body)
        learn_names(action, body, self._names, self.plan.theirs)
        if action.type == "conversation.item.truncate" or ("event_id" in body and not action.event.get("event_id")):
            self._asked[number] = body
        self._schedule.did(number, now)

    def _deviations_of(self, number: int, action: Action, body: JsonObject, sound: Sound | None) -> list[Deviation]:
        recording = self.plan.recording
        at = f"{recording.place(action.frame)}: {action.type}"
        found = [
            Deviation("different", f"{at} {difference.path}", difference.expected, difference.got)
            for difference in differences(action, body, self._names, self.plan.theirs)
        ]
        if action.sound is not None and sound is not None and not action.sound.is_like(sound):
            found.append(Deviation("different", f"{at} audio", str(action.sound), str(sound)))
        if action.text is not None and (text := self._texts.pop(str(body.get("id")), "")) != action.text:
            found.append(Deviation("different", f"{at} text", in_words(action.text), in_words(text)))
        late = next((step for step in reversed(action.awaits) if not self._schedule.sent[step]), None)
        if late is not None:
            step = self.plan.steps[late]
            found.append(
                Deviation("early", at, f"it after {step.type} ({recording.place_within(step.frame)})", "it before")
            )
        after = self._matching.came_before(number)
        if after is not None:
            there = recording.place_within(after.frame)
            found.append(Deviation("order", at, f"it before {after.type} ({there})", "it after"))
        return found

    def _extra(self, kind: str, body: JsonObject) -> Deviation:
        next_one = self._matching.next
        members = {name: member for name, member in body.items() if name != "type"}
        got = f"{kind} {in_words(members)}" if members else kind
        got += ", and nothing in the recording answers that" if kind in ANSWERED - TIDYING_UP else ""
        if next_one is None:
            return Deviation("extra", f"{self.name}, after its last client event", "nothing more", got)
        return Deviation("extra", self.plan.recording.place(next_one.frame), described(next_one), got)

    def _sound_of(self, kind: str, body: JsonObject) -> Sound | None:
        """What the client commits, or takes back."""
        if kind == "input_audio_buffer.commit":
            return self._ear.commit()
        if kind == "input_audio.turn.end":
            return self._ear.sound(b"".join(self._turns.pop(str(body.get("turn_id")), [])))
        if kind in ("input_audio_buffer.clear", "input_audio.clear"):
            self._ear.clear()
        return None

    def _piece(self, kind: str, body: JsonObject) -> None:
        piece = body.get(PIECES[kind])
        if not isinstance(piece, str):
            return
        if kind == "input_text.delta":
            called = str(body.get("id"))
            self._texts[called] = self._texts.get(called, "") + piece
        elif kind == "input_audio.turn.append":
            self._turns.setdefault(str(body.get("turn_id")), []).append(_bytes(piece))

    # ---- what the client's sound says

    def _listen(self, now: float, effects: list[Effect]) -> None:
        for signal in self._ear.signals():
            number, self._signals = self._signals, self._signals + 1
            if (mark := self._by_signal.get(number)) is not None:
                self._reached(mark, now)
            elif self.plan.signals is not None and number >= self.plan.signals and isinstance(signal, SpeechStarted):
                got = f"speech at {signal.audio_start_ms / 1000:.1f} s of its sound"
                deviation = Deviation("speech", self.name, "no more speech", got)
                self._deviates(deviation, effects, None)
                self._not_answered(got, deviation, None)
        while self._amounts and self.plan.marks[self._amounts[-1]].audio_ms <= self._ear.audio_ms:
            self._reached(self._amounts.pop(), now)

    def _reached(self, mark: int, now: float) -> None:
        self._unheard.discard(mark)
        self._schedule.heard(mark, now)

    # ---- what the server says

    def _send(self, number: int, effects: list[Effect]) -> None:
        step, recording = self.plan.steps[number], self.plan.recording
        if step.frame == len(recording.frames):
            assert recording.end is not None
            code = 1000 if recording.end.code == _NO_CODE else recording.end.code
            effects.append(Close(code if code in _FRAME_CODES else 1006, recording.end.reason))
            self._over = True
            return
        frame = recording.frames[step.frame]
        if frame.event is None:
            if frame.text is not None:
                effects.append(SendFrame({"type": "(text)"}, frame.text.encode()))
            else:
                effects.append(Remark("unsent", "a binary message of the recording: vlmock sends text only"))
            return
        if step.type in ("session.created", "session.updated"):
            self._ear.told(frame.event.get("session"))
        made = self._renamed(number, self.plan.frames[step.frame])
        if step.type in ("session.created", "session.updated"):
            made = sampled_at(self._ear.rate_hz, made)
            self._holding = msgspec.json.decode(made.message)
        effects.append(SendFrame(made.event, made.message))

    def _renamed(self, number: int, made: Prepared) -> Prepared:
        """With the names of now, and with what an answer repeats of what the client says now: how far it has heard
        (Observed {SDKT}), or what it calls the event that is refused (Observed {FON})."""
        asked = self._asked.get(self.plan.steps[number].action)
        if asked is None and not self._names.concerns(made.message):
            return made
        event = self._names.renamed(msgspec.json.decode(made.message))
        if asked is not None and event["type"] == "error" and isinstance(event.get("error"), dict):
            event["error"]["event_id"] = asked.get("event_id")
        elif asked is not None and "audio_end_ms" in event:
            event["audio_end_ms"] = asked.get("audio_end_ms")
        return prepared(event)

    def _tell_what_holds(self, effects: list[Effect]) -> None:
        """An update that was not recorded changes nothing, and its client waits to be told so: the settings that hold
        are those of the recording. Called when nothing else is on its way."""
        while self._holding is not None and self._updates_answered < self._updates_more:
            self._updates_answered += 1
            event_id = f"event_vlmock_replay_{self._updates_answered}"
            made = prepared(self._holding | {"type": "session.updated", "event_id": event_id})
            effects.append(SendFrame(made.event, made.message))

    # ---- deviations

    def _deviates(self, deviation: Deviation, effects: list[Effect], body: JsonObject | None) -> None:
        if self._over:
            return
        effects.append(Remark("differs", str(deviation)))
        self.deviations.append(deviation)
        if self._manner.hang_up == "difference":
            self._cut_short = True
            told = str(deviation).replace(self.name, self._short_name, 1)
            self._hang_up(_Unanswered(deviation, f"not as recorded: {told}", _event_id(body)), effects)

    def _not_answered(self, what: str, deviation: Deviation, body: JsonObject | None) -> None:
        """The client said more than was recorded, and may wait for an answer for ever. Where it comes after all that
        could still be answered it does, so it is hung up on when what is due has been sent."""
        if what in TIDYING_UP:
            return
        through = self._matching.is_past_the_last and not self._unheard
        through = through or (what == "response.create" and not self._schedule.has_left("response.created"))
        if self._unanswered is None and (through or self._manner.hang_up == "more"):
            self._cut_short = self._cut_short or not through
            why = f"{self._short_name} has been played to its end" if through else f"it is not in {self._short_name}"
            self._unanswered = _Unanswered(deviation, f"nothing answers {what}: {why}", _event_id(body))
        elif what == "session.update":
            self._updates_more += 1

    def _hang_up(self, last: "_Unanswered", effects: list[Effect]) -> None:
        details = ErrorDetails(
            type="invalid_request_error",
            code="replay_deviation",
            message=str(last.deviation),
            param=None,
            event_id=last.event_id,
        )
        effects.append(Send(ErrorEvent(event_id="event_vlmock_replay", error=details)))
        effects.append(Close(_DEVIATED, last.reason))
        self._over = True

    def _session_at_connect(self) -> Any:
        for step in self.plan.steps[:1]:
            event = self.plan.recording.frames[step.frame].event if step.type == "session.created" else None
            return event.get("session") if event is not None else None
        return None


def _event_id(body: JsonObject | None) -> str | None:
    event_id = body.get("event_id") if body is not None else None
    return event_id if isinstance(event_id, str) else None


def _read(message: bytes) -> tuple[str, JsonObject]:
    """Type and members of a client's message."""
    try:
        body = msgspec.json.decode(message)
    except (msgspec.DecodeError, ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return str(body.get("type", "")), body
    return "(text)", {"text": message.decode(errors="replace")}


def _bytes(base64: str) -> bytes:
    try:
        return b64decode(base64)
    except ValueError:
        return b""
