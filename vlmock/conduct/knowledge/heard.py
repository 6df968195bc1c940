"""What the client has sent of the user's voice, and what the service has heard in it."""

from vlmock.conduct.knowledge.pace import Pace
from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.conversation import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionFailed,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferAppend,
    InputAudioBufferClear,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioTurnAppend,
    InputAudioTurnEnd,
)
from vlmock.protocol.response import ResponseCreated

__all__ = ["HeardSoFar"]

_SILENT_BYTES = {"pcm16": b"\0", "g711_ulaw": b"\xff\x7f", "g711_alaw": b"\xd5\x55"}


class HeardSoFar:
    """The input audio."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.appends = 0
        self.total_ms = 0.0
        self.uncommitted_ms = 0.0
        """Since the last commit, whoever made it."""
        self.all_silent = True
        """Nothing but digital silence so far."""
        self.speaking = False
        """A turn has begun that has not ended."""
        self.spoke_at: float | None = None
        """When a turn began last."""
        self.owed_at: float | None = None
        """When the service ended a turn that it has not begun to answer."""
        self._commits = 0
        """Of the client, without an answer."""

    def append(self, event: InputAudioBufferAppend, lost_bytes: int, format: AudioFormat, channels: int) -> float:
        """What came, in milliseconds."""
        duration_ms = format.duration_ms((len(event.audio) + lost_bytes) // channels)
        self.appends += 1
        self.total_ms += duration_ms
        self.uncommitted_ms += duration_ms
        if self.all_silent and (lost_bytes or event.audio.strip(_SILENT_BYTES[format.encoding])):
            self.all_silent = False
        return duration_ms

    def learn(self, event: object, at: float, *, answered: bool) -> None:
        """``answered``: the service answers turns by itself."""
        match event:
            case InputAudioBufferSpeechStarted():
                self.speaking, self.spoke_at, self.owed_at = True, at, None
            case InputAudioBufferSpeechStopped():
                self.speaking = False
            case InputAudioTurnAppend():
                self.appends += 1
            case InputAudioTurnEnd():
                self._commits += 1
            case InputAudioBufferCommit():
                self.uncommitted_ms = 0.0
                self._commits += 1
            case InputAudioBufferCommitted():
                self.uncommitted_ms = 0.0
                self.owed_at = at if answered and not self._commits else None
                self._commits = max(0, self._commits - 1)
            case InputAudioBufferClear():
                self.uncommitted_ms = 0.0
                self.speaking = False
            case ConversationItemInputAudioTranscriptionCompleted(transcript=transcript):
                self.owed_at = self.owed_at if transcript.strip() else None
            case ResponseCreated() | ConversationItemInputAudioTranscriptionFailed():
                self.owed_at = None

    def commit_refused(self) -> None:
        self._commits = max(0, self._commits - 1)
