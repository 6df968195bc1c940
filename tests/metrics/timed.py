"""A connection whose events come at given times, as it is measured."""

from typing import Any

import pytest

from vlmock.conduct.codes import PLAYING, SILENT, STILL_PLAYING
from vlmock.metrics.measuring import Measuring
from vlmock.metrics.metrics import Metrics
from vlmock.metrics.turn import Turn
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemTruncate,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import InputTextPart, RequestFunctionCallOutput, RequestMessage
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta
from vlmock.protocol.response import (
    InputTokenDetails,
    OutputTokenDetails,
    Response,
    ResponseCreate,
    ResponseCreated,
    ResponseDone,
    Usage,
)
from vlmock.protocol.session import ResponseSession, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.turn_detection import ServerVad
from vlmock.protocol.wire import UNSET
from vlmock.session.effects import Remark

VAD = ServerVad(silence_duration_ms=500, prefix_padding_ms=300)


class Timed:
    """Says what happens when, in seconds since the connection was opened; told in the order of its times."""

    def __init__(self, detection: Any = VAD, *, connection: int = 1, timed: bool = True, **session: Any) -> None:
        self.connection, self.timed = connection, timed
        self._happened: list[tuple[float, str, Any, int]] = []
        self.server(0.0, SessionUpdated(session=ResponseSession(turn_detection=detection, **session)))

    @property
    def turns(self) -> list[Turn]:
        """All that happened, told in the order of its times."""
        measuring = Measuring(self.connection, timed=self.timed)
        for at, _, event, sound_bytes in self.happened:
            measuring.hear(event, at if self.timed else 0.0, sound_bytes)
        return measuring.turns

    @property
    def happened(self) -> list[tuple[float, str, Any, int]]:
        return sorted(self._happened, key=lambda each: each[0])

    @property
    def metrics(self) -> Metrics:
        return Metrics(lambda: (self.turns, []))

    def client(self, at: float, event: Any, sound_bytes: int = 0) -> None:
        self._happened.append((at, "client", event, sound_bytes))

    def server(self, at: float, event: Any, sound_bytes: int = 0) -> None:
        self._happened.append((at, "server", event, sound_bytes))

    # ---- the user

    def speaks(self, seconds: float, *, since: float = 0.0, block_ms: int = 20, speed: float = 1.0) -> None:
        """Audio of that length comes in blocks, so many times as fast as it was spoken."""
        audio = bytes(48 * block_ms)
        for i in range(round(seconds * 1000 / block_ms)):
            self.client(since + (i + 1) * block_ms / 1000 / speed, InputAudioBufferAppend(audio=audio), len(audio))

    def starts(self, at: float, audio_start_ms: int, item_id: str = "u1") -> None:
        self.server(at, InputAudioBufferSpeechStarted(audio_start_ms=audio_start_ms, item_id=item_id))

    def stops(self, at: float, audio_end_ms: int, item_id: str = "u1") -> None:
        self.server(at, InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=item_id))
        self.server(at, InputAudioBufferCommitted(item_id=item_id))

    def commits(self, at: float) -> None:
        self.client(at, InputAudioBufferCommit())

    def committed(self, at: float, item_id: str = "u1") -> None:
        self.server(at, InputAudioBufferCommitted(item_id=item_id))

    def transcript(self, at: float, item_id: str = "u1") -> None:
        event = ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript="Hi.")
        self.server(at, event)

    def types(self, at: float) -> None:
        self.client(at, ConversationItemCreate(item=RequestMessage(role="user", content=[InputTextPart(text="Hi")])))

    def asks(self, at: float) -> None:
        self.client(at, ResponseCreate())

    def returns(self, at: float, call_id: str) -> None:
        self.client(at, ConversationItemCreate(item=RequestFunctionCallOutput(call_id=call_id, output="")))

    def truncates(self, at: float, heard_ms: int, response_id: str = "r1") -> None:
        event = ConversationItemTruncate(item_id=f"item_{response_id}", content_index=0, audio_end_ms=heard_ms)
        self.client(at, event)

    # ---- the assistant

    def answers(self, at: float, response_id: str = "r1") -> None:
        self.server(at, ResponseCreated(response=Response(id=response_id, status="in_progress")))

    def says(self, at: float, response_id: str = "r1") -> None:
        self.server(at, ResponseAudioTranscriptDelta(**place(response_id), delta="word"))

    def sounds(self, at: float, seconds: float = 1.0, response_id: str = "r1") -> None:
        audio = bytes(round(seconds * 48_000))
        self.server(at, ResponseAudioDelta(**place(response_id), delta=audio), len(audio))

    def calls(self, at: float, call_id: str, response_id: str = "r1") -> None:
        of_item = {"response_id": response_id, "item_id": f"call_{call_id}", "output_index": 0}
        self.server(at, ResponseFunctionCallArgumentsDone(**of_item, call_id=call_id, arguments="{}"))

    def done(self, at: float, response_id: str = "r1", *, tokens: tuple[int, int] | None = None) -> None:
        usage: Any = UNSET
        if tokens is not None:
            details = InputTokenDetails(cached_tokens=0, text_tokens=0, audio_tokens=0)
            usage = Usage(
                total_tokens=sum(tokens),
                input_tokens=tokens[0],
                output_tokens=tokens[1],
                input_token_details=details,
                output_token_details=OutputTokenDetails(text_tokens=0, audio_tokens=0),
            )
        self.server(at, ResponseDone(response=Response(id=response_id, status="completed", usage=usage)))

    # ---- what the test tells

    def plays(self, at: float) -> None:
        self.client(at, Remark("noted", "plays", code=PLAYING))

    def silent(self, at: float) -> None:
        self.client(at, Remark("noted", "silent", code=SILENT))

    def still_plays(self, at: float) -> None:
        self.client(at, Remark("noted", "still", code=STILL_PLAYING))


def place(response_id: str) -> dict[str, Any]:
    return {"response_id": response_id, "item_id": f"item_{response_id}", "output_index": 0, "content_index": 0}


def about(seconds: float) -> Any:
    return pytest.approx(seconds, abs=1e-6)


def spoken(talk: Timed, since: float = 0.0, item_id: str = "u1", audio_ms: int = 0) -> None:
    """Three seconds of live audio: speech from 1.0 to 2.0, reported at 1.2 and 2.6."""
    talk.speaks(3.0, since=since)
    talk.starts(since + 1.2, audio_ms + 700, item_id)
    talk.stops(since + 2.6, audio_ms + 2500, item_id)


def answered(talk: Timed, at: float, response_id: str = "r1", sound_s: float = 2.0) -> None:
    """An answer is made in half a second, from the given time on."""
    talk.answers(at, response_id)
    talk.says(at + 0.2, response_id)
    talk.sounds(at + 0.3, sound_s, response_id)
    talk.done(at + 0.5, response_id, tokens=(10, 5))
