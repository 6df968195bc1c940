"""One connection in virtual time, to a session or to a replay: what is said on it becomes a recording."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from tests.session.conftest import PlannedScript, spoken
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.codec import decode_client, to_json_object
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.recording.lines import Clip, Frame, Head
from vlmock.protocol.recording.lines import Close as RecordedClose
from vlmock.recording.model import Recording
from vlmock.recording.replay.conversation import Replay
from vlmock.recording.replay.manner import manner
from vlmock.recording.replay.planning import plan
from vlmock.session.configuration.brain import Brain
from vlmock.session.effects import Close, Effect, Remark, Send, SendFrame, SendRaw, Synthesize
from vlmock.session.ids import IdFactory
from vlmock.session.machine import Session
from vlmock.session.timing import Timing

PCM = AudioFormat("pcm16", 24_000)
UNIX_TIME = 1_790_000_000.0

Client = Callable[["Line"], None]
"""Says what a client says, on any line."""


class MemoryVoice:
    """The sound of one side, kept in memory."""

    channels = 1

    def __init__(self, format: AudioFormat = PCM) -> None:
        self.format = format
        self.data = bytearray()

    def __len__(self) -> int:
        return len(self.data)

    def read(self, start: int, size: int) -> bytes:
        return bytes(self.data[start : start + size])

    def keep(self, file: str, base64: str) -> dict[str, Any]:
        sound = b64decode(base64)
        clip = Clip(file, len(self.data), len(sound))
        self.data += sound
        return msgspec.to_builtins(clip)


def recording_of(
    frames: Iterable[tuple[float, str, dict[str, Any]]],
    *,
    name: str = "rec",
    timed: bool = True,
    end: RecordedClose | None = None,
    ended_by: str = "",
    ended_at: float = 0.0,
    **head: Any,
) -> Recording:
    """A recording of whole events; their audio is taken out of them."""
    voices = {"client.wav": MemoryVoice(), "server.wav": MemoryVoice()}
    kept = []
    for at, source, event in frames:
        event = dict(event)
        kind = event.get("type")
        if kind in ("input_audio_buffer.append", "input_audio.turn.append"):
            event["audio"] = voices["client.wav"].keep("client.wav", event["audio"])
        if kind == "response.audio.delta":
            event["delta"] = voices["server.wav"].keep("server.wav", event["delta"])
        kept.append(Frame(at=at, source=source, event=event))
    return Recording(
        name=name,
        head=Head(made_by="a test", timed=timed, **head),
        frames=kept,
        end=end,
        ended_by=ended_by,
        ended_at=ended_at,
        voices=voices,
    )


class Line:
    """Drives what answers, as a connection would."""

    def __init__(self, conversation: Any, **head: Any) -> None:
        """``head``: what a recording says of how it was dialled."""
        self.conversation = conversation
        self.head = head
        self.began = self.now = 100.0
        self.frames: list[tuple[float, str, dict[str, Any]]] = []
        """What was said, both ways: when, by whom, what."""
        self.remarks: list[str] = []
        self.closed: Close | None = None
        self._perform(conversation.open(self.now))
        self._perform(conversation.advance(self.now))

    # ---- what the client does

    def say(self, *events: dict[str, Any]) -> "Line":
        """Send events, all at this instant."""
        for event in events:
            self.frame(msgspec.json.encode(event), event)
        self._perform(self.conversation.advance(self.now))
        return self

    def frame(self, message: bytes, event: dict[str, Any] | None = None) -> "Line":
        """Send a message, whatever it is."""
        if event is not None:
            self.frames.append((self.now - self.began, "client", event))
        decode = getattr(self.conversation, "decode", decode_client)
        self._perform(self.conversation.receive(decode(message), self.now))
        return self

    def speak(self, audio: bytes, *, piece_bytes: int = 960, seconds_a_byte: float = 1 / 48_000) -> "Line":
        """Append sound; the clock goes on with it."""
        for start in range(0, len(audio), piece_bytes):
            piece = audio[start : start + piece_bytes]
            self.say({"type": "input_audio_buffer.append", "audio": b64encode(piece).decode()})
            self.wait(len(piece) * seconds_a_byte)
        return self

    def wait(self, seconds: float) -> "Line":
        """Time passes; everything that is due in it happens at its own instant."""
        end = self.now + seconds
        while (deadline := self.conversation.next_deadline()) is not None and deadline <= end:
            assert deadline >= self.now - 1e-9, "a deadline lies in the past"
            self.now = max(deadline, self.now)
            self._perform(self.conversation.advance(self.now))
        self.now = end
        self._perform(self.conversation.advance(self.now))
        return self

    def leave(self) -> "Line":
        """Hang up."""
        self.conversation.close()
        return self

    # ---- what came

    @property
    def server(self) -> list[dict[str, Any]]:
        """What the server said."""
        return [event for _, source, event in self.frames if source == "server"]

    @property
    def timed(self) -> list[tuple[float, str]]:
        """When the server said what."""
        return [(round(at, 6), event["type"]) for at, source, event in self.frames if source == "server"]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.server]

    def last(self, kind: str) -> dict[str, Any]:
        return next(event for event in reversed(self.server) if event["type"] == kind)

    def recording(self, **more: Any) -> Recording:
        """All that was said."""
        end = RecordedClose(self.closed.code, self.closed.reason) if self.closed else None
        more = {"end": end, "ended_by": "server" if end else "", "ended_at": self.now - self.began, **self.head, **more}
        return recording_of(self.frames, **more)

    @property
    def problems(self) -> list[str]:
        return self.conversation.problems()

    def _perform(self, effects: list[Effect]) -> None:
        """Words that are asked for are there when all else has been sent, as from a worker."""
        asked = []
        for effect in effects:
            match effect:
                case Send(event=event):
                    self._came(to_json_object(event))
                case Deltas():
                    for event in effect.events():
                        self._came(to_json_object(event))
                case SendRaw(event=raw):
                    self._came(raw)
                case SendFrame(message=message):
                    self._came(msgspec.json.decode(message))
                case Remark():
                    self.remarks.append(effect.message)
                case Close():
                    self.closed = effect
                case Synthesize():
                    asked.append(effect)
        for effect in asked:
            self._perform(self.conversation.supply(effect.key, spoken(effect.request), self.now))

    def _came(self, event: dict[str, Any]) -> None:
        self.frames.append((self.now - self.began, "server", event))


def session_line(
    *,
    replies: Iterable[Any] = (),
    heard: Iterable[str] = (),
    model: str = "gpt-realtime",
    timing: str = "native",
    seed: int = 7,
    api_version: str = "2026-07-15",
) -> Line:
    """A line to an emulator session, with a timing like the service's."""
    session = Session(
        brain=Brain(model=model, api_version=api_version),
        script=PlannedScript(replies, heard),
        ids=IdFactory(seed),
        timing=Timing(timing, lambda: 0.5),
        unix_time=UNIX_TIME,
        started=100.0,
    )
    url = f"wss://service.test/voice-live/realtime?api-version={api_version}&model={model}"
    return Line(session, url=url, started=datetime.fromtimestamp(UNIX_TIME, UTC).isoformat())


def replay_line(recording: Recording, *, timing: Any = "instant", **how: Any) -> Line:
    """A line to a replay."""
    return Line(Replay(plan(recording), manner(timing, **how)))
