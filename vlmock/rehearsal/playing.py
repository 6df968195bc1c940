"""One session of the emulator, given what a recorded client sent, when it sent it."""

import binascii
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from vlmock.errors import RecordingError
from vlmock.hearing.detectors import DEFAULT, detector_named
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.catalogue import AnyClientEvent
from vlmock.protocol.codec import InvalidEvent, decode_client, to_json_object
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.input_audio import InputAudioBufferAppend
from vlmock.protocol.openai_beta import decode_beta
from vlmock.protocol.recording.lines import Clip, Close, Frame, Head
from vlmock.protocol.wire import UNSET, JsonObject
from vlmock.recording.differences.beats import Event, ids_in, is_id
from vlmock.recording.differences.comparing import began, links_between
from vlmock.recording.differences.sound import audio_of
from vlmock.recording.model import Recording, Voice
from vlmock.recording.voices import MemoryVoice
from vlmock.rehearsal.pace import Pace
from vlmock.rehearsal.recorded_script import RecordedScript
from vlmock.rehearsal.request import admitted_to
from vlmock.server.dialects import Dialect
from vlmock.server.reception import Circumstances, session_for
from vlmock.session.effects import Close as CloseEffect
from vlmock.session.effects import Effect, Send, SendRaw, Synthesize
from vlmock.session.readings import FOLLOWED, Readings

__all__ = ["rehearse"]

_APPEND: Final = "input_audio_buffer.append"
_PATIENCE_S: Final = 2.0
"""So much later than the service the emulator may say something and the client still waits for it."""
_STEP_S: Final = 0.001
"""Between two messages of which nobody knows when they came."""
_NOT_AWAITED: Final = ("rate_limits.updated",)
"""What the emulator sends only where a reading says so. It is compared all the same."""
_LONGEST_S: Final = 600.0
"""The same where nobody took the time: longer than anything that a service says of its own accord takes."""
_EPOCH: Final = 1_790_000_000.0
"""When a session begins of which nobody wrote down when it began."""
_NEARBY: Final = 200
"""So many events are looked at first, to find out which id is which."""


def rehearse(
    recording: Recording,
    *,
    model: str | None = None,
    api_version: str | None = None,
    readings: Readings = FOLLOWED,
    detector: str = DEFAULT,
) -> Recording:
    """What the emulator says to a recorded client, as a recording.

    The model says what it said there. ``model`` and ``api_version``: in place of those that the recording names.
    Raises RecordingError when the emulator would not let the client in, DetectorError for an unknown detector.
    """
    if any(_is_cut(frame) for frame in recording.frames):
        raise RecordingError(
            f"{recording.name}: whoever recorded it kept only the beginning of each piece of the client's audio; give "
            "what was sent with --client-audio FILE, WAV or raw"
        )
    recording = _with_times(recording)
    admitted = admitted_to(recording, model=model, api_version=api_version)
    script = RecordedScript(recording)
    pace = Pace(recording, script)
    start = began(recording)
    session = session_for(
        Circumstances(
            admitted=admitted,
            script=script,
            number=1,
            timing=pace,
            seed=0,
            readings=readings,
            lenient=False,
            detector=detector_named(detector).make,
            started=0.0,
            unix_time=_EPOCH if start is None else start,
        )
    )
    beta = admitted.dialect is Dialect.OPENAI_BETA
    rehearsal = _Rehearsal(recording, session, script, pace, decode_beta if beta else decode_client)
    rehearsal.play()
    dialled = recording.head
    head = Head(made_by="vlmock rehearsal", started=dialled.started, url=dialled.url, timed=dialled.timed)
    return rehearsal.recorded(replace(head, recorded=dialled.recorded))


def _with_times(recording: Recording) -> Recording:
    """Where nobody took the time, what comes first in it is first."""
    if recording.head.timed:
        return recording
    frames = [replace(frame, at=place * _STEP_S) for place, frame in enumerate(recording.frames)]
    return replace(recording, frames=frames, ended_at=len(frames) * _STEP_S)


def _is_cut(frame: Frame) -> bool:
    event = frame.event
    return (
        event is not None
        and frame.source == "client"
        and event.get("type") == _APPEND
        and isinstance(event.get("audio"), str)
    )


class _Rehearsal:
    """Drives a session in virtual time."""

    def __init__(
        self,
        recording: Recording,
        session: Any,
        script: RecordedScript,
        pace: Pace,
        decode: Callable[[bytes], AnyClientEvent | InvalidEvent],
    ) -> None:
        self._recording = recording
        self._session = session
        self._script = script
        self._pace = pace
        self._decode = decode
        self._now = 0.0
        self._late = 0.0
        """By so much it has fallen behind what nobody took the time of."""
        self._frames: list[Frame] = []
        self._said: list[Event] = []
        self._sound = _Sound()
        self._close: CloseEffect | None = None
        self._types: Counter[str] = Counter()
        self._ids: set[str] = set()
        """Of ours, all that were told."""
        self._told: list[Event] = []
        """By the service, until now."""
        self._told_ids: set[str] = set()
        self._ours: dict[str, str] = {}
        """Ids of ours by theirs, as far as somebody asked."""

    def play(self) -> None:
        """All that the client sent."""
        self._perform(self._session.open(self._now))
        expected: Counter[str] = Counter()
        for frame in self._recording.frames:
            if self._close is not None:
                break
            if frame.source == "server":
                self._note(frame, expected)
            elif frame.source == "client":
                self._until(frame.at, expected)
                self._give(frame)
        self._until(max(self._recording.ended_at, self._now - self._late), expected)
        self._session.close()

    def recorded(self, head: Head) -> Recording:
        """What was said."""
        end, ended_by = self._recording.end, self._recording.ended_by
        if self._close is not None:
            end, ended_by = Close(self._close.code, self._close.reason), "server"
        elif ended_by == "server":
            end, ended_by = None, ""
        return Recording(
            name="emulator",
            head=head,
            frames=self._frames,
            end=end,
            ended_by=ended_by,
            ended_at=self._now,
            voices=self._sound.voices,
        )

    # ---- time

    def _until(self, at: float, expected: Counter[str]) -> None:
        """Let time pass until then; and for what the service had said by then, a little longer."""
        self._pass(at + self._late)
        timed = self._recording.head.timed
        latest = self._now + (_PATIENCE_S if timed else _LONGEST_S)
        while not self._has_come(expected):
            deadline = self._session.next_deadline()
            if deadline is None or deadline > latest:
                break
            self._go_to(deadline)
            self._perform(self._session.advance(self._now))
        for kind in expected:  # nothing is waited for twice
            expected[kind] = min(expected[kind], self._types[kind])
        if not timed:
            self._late = self._now - at

    def _pass(self, at: float) -> None:
        while (deadline := self._session.next_deadline()) is not None and deadline <= at:
            self._go_to(deadline)
            self._perform(self._session.advance(self._now))
        self._go_to(at)

    def _go_to(self, at: float) -> None:
        self._now = max(self._now, at)
        self._pace.now = self._now - self._late

    def _has_come(self, expected: Counter[str]) -> bool:
        return all(self._types[kind] >= count for kind, count in expected.items())

    # ---- what the client sends

    def _give(self, frame: Frame) -> None:
        event = self._event(frame)
        if isinstance(event, InputAudioBufferAppend):
            self._script.heard_ms += self._milliseconds(frame)
        self._perform(self._session.receive(event, self._now))
        self._perform(self._session.advance(self._now))

    def _milliseconds(self, frame: Frame) -> float:
        sound = audio_of(self._recording, [frame.event.get("audio") if frame.event else None])
        return sound.ms if sound is not None else 0.0

    def _event(self, frame: Frame) -> AnyClientEvent | InvalidEvent:
        event = frame.event
        if event is None:
            return self._decode(frame.binary if frame.binary is not None else (frame.text or "").encode())
        audio = event.get("audio")
        if event.get("type") == _APPEND and isinstance(audio, dict) and set(event) <= {"type", "audio", "event_id"}:
            pcm = self._recording.sound(msgspec.convert(audio, Clip))
            return InputAudioBufferAppend(audio=pcm, event_id=event.get("event_id", UNSET))
        return self._decode(msgspec.json.encode(self._in_our_ids(self._recording.whole(frame))))

    def _in_our_ids(self, event: JsonObject) -> JsonObject:
        """The event with our ids in the place of the service's."""
        theirs = {value for _, value in ids_in(event) if value in self._told_ids and value not in self._ids}
        if theirs - self._ours.keys():
            for nearby in (_NEARBY, len(self._told)):
                self._ours |= links_between(self._told[-nearby:], self._said[-nearby:]).ours
                if theirs <= self._ours.keys():
                    break
        renamed: JsonObject = _renamed(event, {their: self._ours[their] for their in theirs & self._ours.keys()})
        return renamed

    def _note(self, frame: Frame, expected: Counter[str]) -> None:
        """The service has said this."""
        event = frame.event
        if event is None:
            return
        kind = str(event.get("type", ""))
        if kind in _NOT_AWAITED:
            return
        if kind.endswith(".delta"):
            expected[_run(kind, expected)] = 1  # how many there are is another matter
            return
        expected[kind] += 1
        self._told.append(Event(len(self._told), frame.at, kind, event))
        self._told_ids.update(value for _, value in ids_in(event))

    # ---- what the emulator does

    def _perform(self, effects: Sequence[Effect]) -> None:
        asked = []
        for effect in effects:
            match effect:
                case Send(event=event):
                    self._say(to_json_object(event))
                case Deltas():
                    for event in effect.events():
                        self._say(to_json_object(event))
                case SendRaw(event=raw):
                    self._say(raw)
                case CloseEffect():
                    self._close = effect
                case Synthesize():
                    asked.append(effect)
        for effect in asked:
            self._sound.format = effect.request.format
            self._perform(self._session.supply(effect.key, self._script.speech(effect.request), self._now))

    def _say(self, event: JsonObject) -> None:
        kind = str(event.get("type", ""))
        self._types[_run(kind, self._types)] += 1
        if not kind.endswith(".delta"):
            self._said.append(Event(len(self._said), self._now, kind, event))
            self._ids.update(value for _, value in ids_in(event))
        if kind == "response.audio.delta" and isinstance(event.get("delta"), str):
            event = {**event, "delta": self._sound.taken(event["delta"])}
        self._frames.append(Frame(at=self._now, source="server", event=event))


class _Sound:
    """Takes sound out of events, as recordings have it: a voice for each format."""

    def __init__(self) -> None:
        self.format = AudioFormat("pcm16", 24000)
        self._kept: dict[AudioFormat, bytearray] = {}

    def taken(self, base64: str) -> JsonObject:
        """What stands in the event instead."""
        pcm = binascii.a2b_base64(base64)
        kept = self._kept.setdefault(self.format, bytearray())
        clip: JsonObject = msgspec.to_builtins(Clip(_file(self.format), len(kept), len(pcm)))
        kept += pcm
        return clip

    @property
    def voices(self) -> dict[str, Voice]:
        return {_file(format): MemoryVoice(format, bytes(kept)) for format, kept in self._kept.items()}


def _file(format: AudioFormat) -> str:
    return f"server-{format.encoding}-{format.rate_hz}.wav"


def _run(kind: str, said: Counter[str]) -> str:
    """What is counted as this: deltas are those of an answer."""
    deltas = kind.startswith("response.") and kind.endswith(".delta")
    return f"{kind} {said['response.created']}" if deltas else kind


def _renamed(value: Any, names: dict[str, str], path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, dict):
        return {
            name: names.get(member, member)
            if isinstance(member, str) and is_id((*path, name))
            else _renamed(member, names, (*path, name))
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_renamed(entry, names, path) for entry in value]
    return value
