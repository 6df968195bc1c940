"""What the service heard in a recording, and whether our ear hears the same.

Where it does, a replay waits for the speech itself: for so many beginnings and ends of it, whenever they come. Where it
does not (noise, sound that was cut short or taken out by whoever recorded it), only the amount of sound is left.
"""

from base64 import b64decode
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from vlmock.protocol.recording.lines import AUDIO_KEY
from vlmock.protocol.wire import JsonObject
from vlmock.recording.model import Recording
from vlmock.recording.replay.causes import HEARD
from vlmock.recording.replay.ear import Ear, Sound
from vlmock.session.listening.turn_detector import Signal, SpeechStarted

__all__ = ["Listened", "Mark", "listen"]

_BLOCK_BYTES: Final = 1024 * 1024
_ANNOUNCED_AFTER_MS: Final = 600.0
"""Assumed: between ``audio_start_ms`` and the instant at which the service knows; padding, and the least speech."""
_PADDING_MS: Final = 300.0
"""A turn seems to begin so much before it does. Documented {DOC}: the default."""
_CUT_MS: Final = 1000.0
"""A recording with so much less sound than the service counted was cut short."""
_SMALLEST_COMMIT_MS: Final = 100.0
"""Observed {STTX}: less is refused, so a shorter turn that was committed was cut short by whoever recorded it."""
_MORE_PATIENCE_MS: Final = 200
_TELLS: Final = {"session.created", "session.updated"}
_COMMITS: Final = {"input_audio_buffer.commit", "input_audio.turn.end"}

Answer = tuple[int, str, float, float]
"""What the service heard: frame, type, where in the sound (ms), how much had been sent (ms)."""
Stretch = tuple[float, float]
"""From where to where somebody speaks, in milliseconds of audio time."""


class Mark(msgspec.Struct, frozen=True, gc=False):
    """Some sound of the client that the service answered."""

    signal: int
    """The so-manieth thing that the ear hears, from 0; -1: the amount counts."""
    audio_ms: float
    """How much sound that takes."""
    at: float
    """When so much had come, in seconds since the connection was opened."""


class Listened(msgspec.Struct, frozen=True):
    """What there was to be heard."""

    marks: dict[int, Mark]
    """By the frame of what the service said about it."""
    sounds: dict[int, Sound]
    """Turns that the client committed, by the frame in which it did."""
    signals: int | None
    """How many things the ear hears in all; None: it is not to be trusted, or nobody listened."""
    patience_ms: int = 0
    """Silence that ended no turn in the recording, though by the settings it should have."""


def listen(recording: Recording) -> Listened:
    """Listen to a recorded client. Takes a second or so for an hour of sound."""
    walk = _Walk(recording, patience_ms=0)
    sounds = walk.sounds
    if not walk.answers:
        return Listened({}, sounds, None if walk.signals else 0)
    answers = [answer for answer in walk.answers if not answer[1].endswith("timeout_triggered")]
    marks = walk.by_amount(walk.answers)
    if not answers:
        return Listened(marks, sounds, None)
    again, patience_ms = walk, 0 if _agrees(walk.signals, answers) else _patience_ms(walk.signals, answers)
    if patience_ms:
        again = _Walk(recording, patience_ms=patience_ms)
    if patience_ms is None or not _agrees(again.signals, answers):
        return Listened(marks, sounds, None)
    for number, (answer, signal) in enumerate(zip(answers, again.signals, strict=False)):
        marks[answer[0]] = Mark(number, signal.decided_at_ms, walk.instant_of(signal.decided_at_ms))
    return Listened(marks, sounds, len(again.signals), patience_ms)


class _Walk:
    """Once through a recording, listening."""

    def __init__(self, recording: Recording, *, patience_ms: int) -> None:
        self.answers: list[Answer] = []
        self.signals: list[Signal] = []
        self.sounds: dict[int, Sound] = {}
        self._recording = recording
        self._ear = Ear(patience_ms=patience_ms)
        self._sent_ms = 0.0
        self._sent: tuple[list[float], list[float]] = [], []
        """After each piece: how much, and when."""
        self._bytes_per_ms = self._ear.bytes_per_ms
        self._waiting: list[JsonObject | str] = []
        """Sound that was not listened to yet: pointers, or base64."""
        self._waiting_bytes = 0
        self._turns: dict[str, list[bytes]] = {}
        self._walk(recording)
        self._hear()
        self.signals += self._ear.signals()
        self._ear.close()

    def _walk(self, recording: Recording) -> None:
        for place, frame in enumerate(recording.frames):
            event = frame.event
            if event is None:
                continue
            kind = event.get("type", "")
            if frame.source == "client":
                if kind == "input_audio_buffer.append":
                    self._appended(event.get("audio"), frame.at)
                else:
                    self._client(place, kind, event)
            elif frame.source == "server" and (kind in HEARD or kind in _TELLS):
                self._server(place, kind, event)

    def instant_of(self, audio_ms: float) -> float:
        """When so much sound had been sent, in seconds since the opening."""
        amounts, instants = self._sent
        place = min(bisect_left(amounts, audio_ms - 1e-6), len(instants) - 1)
        return instants[place] if instants else 0.0

    def by_amount(self, answers: Sequence[Answer]) -> dict[int, Mark]:
        """What the service heard, by how much sound it takes to hear it."""
        cut = self._sent_ms < max(where for _, _, where, _ in answers) - _CUT_MS
        marks = {}
        for frame, kind, where, sent_ms in answers:
            known_ms = where + _ANNOUNCED_AFTER_MS if kind.endswith("speech_started") else where
            audio_ms = known_ms if cut else min(known_ms, sent_ms)
            marks[frame] = Mark(-1, audio_ms, self.instant_of(audio_ms))
        return marks

    def _server(self, place: int, kind: str, event: JsonObject) -> None:
        if (member := HEARD.get(kind)) is not None:
            where = event.get(member)
            self.answers.append((place, kind, float(where or 0), self._sent_ms))
        else:
            self._hear()
            if kind == "session.created":
                self._ear.asked_for(event.get("session"))
            self._ear.told(event.get("session"))
            self._bytes_per_ms = self._ear.bytes_per_ms

    def _client(self, place: int, kind: str, event: JsonObject) -> None:
        if kind == "session.update":
            self._hear()
            self._ear.asked_for(event.get("session"))
            self._bytes_per_ms = self._ear.bytes_per_ms
        elif kind in ("input_audio_buffer.clear", "input_audio.clear"):
            self._hear()
            self._ear.clear()
            self.signals += self._ear.signals()
        elif kind == "input_audio.turn.append":
            self._turns.setdefault(str(event.get("turn_id")), []).append(self._bytes(event.get("audio")))
        elif kind in _COMMITS:
            self._committed(place, kind, event)

    def _appended(self, audio: Any, at: float) -> None:
        """There are fifty of these in a second."""
        waiting = self._waiting
        last = waiting[-1] if waiting else None
        if type(audio) is dict and AUDIO_KEY in audio:
            size = audio["bytes"]
            if type(last) is dict and last["start"] + last["bytes"] == audio["start"] and _same_file(last, audio):
                last["bytes"] += size
            else:
                waiting.append({**audio})
        else:
            size = _base64_bytes(audio)
            waiting.append(audio)
        self._sent_ms += size / self._bytes_per_ms
        self._sent[0].append(self._sent_ms)
        self._sent[1].append(at)
        self._waiting_bytes += size
        if self._waiting_bytes >= _BLOCK_BYTES:
            self._hear()

    def _committed(self, place: int, kind: str, event: JsonObject) -> None:
        self._hear()
        if kind == "input_audio_buffer.commit":
            sound = self._ear.commit()
            self.signals += self._ear.signals()
        else:
            sound = self._ear.sound(b"".join(self._turns.pop(str(event.get("turn_id")), [])))
        if sound.duration_ms >= _SMALLEST_COMMIT_MS:
            self.sounds[place] = sound

    def _hear(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for audio in waiting:
            whole = self._bytes(audio)
            for begin in range(0, len(whole), _BLOCK_BYTES):
                self._ear.append(whole[begin : begin + _BLOCK_BYTES])
                self.signals += self._ear.signals()

    def _bytes(self, audio: Any) -> bytes:
        if isinstance(audio, dict):
            voice = self._recording.voices.get(str(audio.get(AUDIO_KEY)))
            return voice.read(audio["start"], audio["bytes"]) if voice is not None else b""
        try:
            return b64decode(audio) if isinstance(audio, str) else b""
        except ValueError:
            return b""


def _base64_bytes(audio: Any) -> int:
    return len(audio) * 3 // 4 - audio[-2:].count("=") if isinstance(audio, str) else 0


def _same_file(one: JsonObject, other: JsonObject) -> bool:
    return bool(one[AUDIO_KEY] == other[AUDIO_KEY])


# ---- whether the ear hears what the service heard


def _agrees(signals: Sequence[Signal], answers: Sequence[Answer]) -> bool:
    """The same beginnings and ends, as far as the service told. What comes after that it may not have got to."""
    if len(signals) < len(answers):
        return False
    alike = zip(signals, answers, strict=False)
    if any(isinstance(signal, SpeechStarted) != answer[1].endswith("started") for signal, answer in alike):
        return False
    stretches, turns = _stretches(signals), _turns(answers)
    if any(stretch[0] < turns[-1][1] - _PADDING_MS for stretch in stretches[len(turns) :]):
        return False  # another piece of what the service took for one turn
    return all(_overlap(stretch, turn) for stretch, turn in zip(stretches, turns, strict=False))


def _patience_ms(signals: Sequence[Signal], answers: Sequence[Answer]) -> int | None:
    """How much more silence the service let pass inside a turn than our ear; None where that does not explain it."""
    turns = _turns(answers)
    longest, place, within = 0.0, 0, False
    before: Stretch | None = None
    for stretch in _stretches(signals):
        while place < len(turns) and turns[place][1] <= stretch[0]:
            if not within:
                return None
            place, within, before = place + 1, False, None
        if place == len(turns):
            break
        if not _overlap(stretch, turns[place]):
            return None
        if before is not None:
            longest = max(longest, stretch[0] - before[1])
        before, within = stretch, True
    if place + within < len(turns):
        return None
    return int(longest) + int(_ANNOUNCED_AFTER_MS) + _MORE_PATIENCE_MS


def _stretches(signals: Sequence[Signal]) -> list[Stretch]:
    found: list[Stretch] = []
    for signal in signals:
        if isinstance(signal, SpeechStarted):
            found.append((signal.audio_start_ms, float("inf")))
        elif found:
            found[-1] = (found[-1][0], signal.audio_end_ms)
    return found


def _turns(answers: Sequence[Answer]) -> list[Stretch]:
    found: list[Stretch] = []
    for _, kind, where, _ in answers:
        if kind.endswith("speech_started"):
            found.append((where, float("inf")))
        elif found:
            found[-1] = (found[-1][0], where)
    return found


def _overlap(one: Stretch, other: Stretch) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])
