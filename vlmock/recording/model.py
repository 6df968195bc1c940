"""A recording in memory: what both sides said on one connection. Audio stays in its files until it is asked for."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.recording.lines import AUDIO_KEY, Clip, Close, Frame, Head
from vlmock.protocol.wire import JsonObject

__all__ = ["Recording", "Voice"]


class Voice(Protocol):
    """The sound of one WAV file of a recording."""

    @property
    def format(self) -> AudioFormat:
        """Raises ValueError for what is no sound: the avatar's film."""

    @property
    def channels(self) -> int:
        """1; or 2, a microphone and its echo reference, interleaved."""

    def __len__(self) -> int:
        """In bytes."""

    def read(self, start: int, size: int) -> bytes:
        """Some of its bytes; fewer where it ends before."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One connection, from its opening to its end, whatever file it was read from."""

    name: str
    """For people: the folder or file that it came from."""
    file: str = ""
    """For people: the ``events.jsonl`` whose lines the frames are; empty where they are no lines of one."""
    head: Head
    frames: Sequence[Frame]
    """In order, without the close."""
    end: Close | None = None
    """None: nobody wrote it down."""
    ended_by: str = ""
    """``client`` or ``server``; empty when it breaks off, or nobody knows."""
    ended_at: float = 0.0
    broke_off: bool = False
    """There is no end, though whoever recorded this writes one: it was killed."""
    voices: Mapping[str, Voice] = msgspec.field(default_factory=dict)
    """By the names that clips give."""

    def line(self, frame: int) -> int:
        """The number of its line in ``file``, whose first is the head: frames counted from 0, lines from 1; 0 where
        there is no file. Frame -1 is the head itself."""
        return frame + 2 if self.file else 0

    def place(self, frame: int) -> str:
        """Where that is, for people: ``out/events.jsonl:13``, or ``session, frame 12``. Frames counted from 0."""
        return f"{self.file}:{self.line(frame)}" if self.file else f"{self.name}, frame {frame + 1}"

    def place_within(self, frame: int) -> str:
        """The same where the recording has been named: ``line 13``, or ``frame 12``."""
        return f"line {self.line(frame)}" if self.file else f"frame {frame + 1}"

    def whole(self, frame: Frame) -> JsonObject:
        """The event as it was on the wire, audio in base64. Raises ValueError for a frame that is none."""
        if frame.event is None:
            raise ValueError("the frame is no event")
        whole: JsonObject = self._with_audio(frame.event)
        return whole

    def sound(self, clip: Clip) -> bytes:
        """The bytes that a clip points to."""
        return self.voices[clip.file].read(clip.start, clip.bytes)

    def _with_audio(self, value: Any) -> Any:
        if isinstance(value, dict):
            if AUDIO_KEY in value:
                return base64.b64encode(self.sound(msgspec.convert(value, Clip))).decode()
            return {name: self._with_audio(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._with_audio(member) for member in value]
        return value
