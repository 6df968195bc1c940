"""Why a conversation did not go on, as far as its events show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from vlmock.scenario.standstill import standstill


@dataclass(frozen=True)
class Seen:
    source: Literal["client", "server", "vlmock"]
    type: str
    message: str = ""
    at: float = 0.0

    def body(self) -> Mapping[str, Any]:
        return {"type": self.type, "error": {"message": self.message}}


CREATED = Seen("server", "session.created")
ITEM = Seen("client", "conversation.item.create")
ASKED = Seen("client", "response.create")
APPEND = Seen("client", "input_audio_buffer.append")
COMMITTED = Seen("server", "input_audio_buffer.committed")
STARTED = Seen("server", "input_audio_buffer.speech_started")
STOPPED = Seen("server", "input_audio_buffer.speech_stopped")
ANSWERING = Seen("server", "response.created")
ANSWERED = Seen("server", "response.done")
REFUSED = Seen("server", "error", "Unknown parameter: 'session.voices'.")
REMARK = Seen("vlmock", "(remark)")

SILENT = "the client sent nothing"
NOT_ASKED = "the client asked for no response (response.create) after what came last"
NO_SPEECH = "no speech was found in the sound that the client sent (2 events)"
STILL_SPEAKING = "speech began and did not end: a turn ends with silence of turn_detection.silence_duration_ms"
NOTHING_MORE = "after the last response the client sent nothing more"

CASES: dict[str, tuple[list[Seen], str | None]] = {
    "nobody said anything": ([CREATED], SILENT),
    "typed": ([CREATED, ITEM], NOT_ASKED),
    "typed again": ([CREATED, ITEM, ASKED, ANSWERING, ANSWERED, ITEM], NOT_ASKED),
    "typed during an answer": ([CREATED, ITEM, ASKED, ANSWERING, ITEM, ANSWERED], NOT_ASKED),
    "committed": ([CREATED, APPEND, COMMITTED], NOT_ASKED),
    "no speech": ([CREATED, APPEND, APPEND, REMARK], NO_SPEECH),
    "no speech after an answer": ([CREATED, ITEM, ASKED, ANSWERING, ANSWERED, APPEND, APPEND], NO_SPEECH),
    "no end of speech": ([CREATED, APPEND, STARTED, APPEND], STILL_SPEAKING),
    "an answer of its own accord": ([CREATED, APPEND, STARTED, STOPPED, COMMITTED, ANSWERING, ANSWERED], NOTHING_MORE),
    "went away": ([CREATED, ITEM, ASKED, ANSWERING, ANSWERED], NOTHING_MORE),
    "went away before the end": ([CREATED, ITEM, ASKED, ANSWERING], None),
    "an answer was on its way": ([CREATED, ITEM, ASKED], None),
    "refused": ([CREATED, ITEM, REFUSED, REMARK], f"the client was refused last: {REFUSED.message}"),
    "refused, and went on": ([CREATED, REFUSED, ITEM], NOT_ASKED),
}


@pytest.mark.parametrize(("events", "reason"), CASES.values(), ids=CASES)
def test_what_a_client_left_undone_is_told(events: list[Seen], reason: str | None) -> None:
    """The usual oversights by their names; nothing where there is nothing to see."""
    assert standstill(events) == reason
