"""A conversation whose events come at given times, as the measurement of latency sees it."""

from typing import Any

from vlclient.audio.ports import Part
from vlclient.latency import Latency, TurnLatency
from vlmock.protocol.conversation import ConversationItemCreate, ConversationItemInputAudioTranscriptionCompleted
from vlmock.protocol.input_audio import (
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from vlmock.protocol.items import InputTextPart, RequestFunctionCallOutput, RequestMessage
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.protocol.response import Response, ResponseCreate, ResponseCreated
from vlmock.protocol.session import ResponseSession, SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.turn_detection import ServerVad
from vlmock.protocol.wire import UNSET

T0 = 1000.0
"""When the first sample is captured."""


class Conversation:
    """Says what happens when, in seconds from the first sample."""

    def __init__(self, detection: Any = UNSET) -> None:
        self.latency = Latency()
        self.latency.receive(SessionCreated(session=ResponseSession()), T0)
        settings = ResponseSession(
            turn_detection=ServerVad(silence_duration_ms=500) if detection is UNSET else detection
        )
        self.latency.receive(SessionUpdated(session=settings), T0)

    def listen(self, seconds: float, *, since: float = 0.0, block_ms: int = 20) -> None:
        for i in range(int(seconds * 1000) // block_ms):
            self.latency.appended(block_ms, T0 + since + (i + 1) * block_ms / 1000)

    def receive(self, at: float, event: Any) -> None:
        self.latency.receive(event, T0 + at)

    def sent(self, at: float, event: Any) -> None:
        self.latency.sent(event, T0 + at)

    def starts(self, at: float, item_id: str = "u1") -> None:
        self.receive(at, InputAudioBufferSpeechStarted(audio_start_ms=0, item_id=item_id))

    def stops(self, at: float, audio_end_ms: int = 2500, item_id: str = "u1") -> None:
        self.receive(at, InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=item_id))
        self.receive(at, InputAudioBufferCommitted(item_id=item_id))

    def transcript(self, at: float, text: str = "Hello.", item_id: str = "u1") -> None:
        event = ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript=text)
        self.receive(at, event)

    def answers(self, at: float, response_id: str = "r1") -> None:
        self.receive(at, ResponseCreated(response=Response(id=response_id, status="in_progress")))

    def says(self, at: float, response_id: str = "r1", *, written: bool = False) -> None:
        cls = ResponseTextDelta if written else ResponseAudioTranscriptDelta
        self.receive(at, cls(**place(response_id), delta="word"))

    def sounds(self, at: float, response_id: str = "r1") -> None:
        self.receive(at, ResponseAudioDelta(**place(response_id), delta=b"12"))

    def heard(self, at: float, response_id: str = "r1") -> None:
        self.latency.first_heard(Part(f"item_{response_id}"), T0 + at)

    def calls(self, at: float, call_id: str, response_id: str = "r1") -> None:
        of_item = {"response_id": response_id, "item_id": f"call_{call_id}", "output_index": 0}
        self.receive(at, ResponseFunctionCallArgumentsDone(**of_item, call_id=call_id, arguments="{}"))

    def returns(self, at: float, call_id: str) -> None:
        self.sent(at, ConversationItemCreate(item=RequestFunctionCallOutput(call_id=call_id, output="")))

    def types(self, at: float, role: str = "user") -> None:
        self.sent(at, ConversationItemCreate(item=RequestMessage(role=role, content=[InputTextPart(text="Hi")])))

    def requests(self, at: float) -> None:
        self.sent(at, ResponseCreate())

    @property
    def turns(self) -> list[TurnLatency]:
        return list(self.latency.turns)


def place(response_id: str) -> dict[str, Any]:
    return {"response_id": response_id, "item_id": f"item_{response_id}", "output_index": 0, "content_index": 0}
