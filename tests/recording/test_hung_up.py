"""A client that hangs up before it is answered: what the emulator would have said is no difference."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.recording.clients import PLAN, commits, speaks
from tests.recording.line import Client, session_line
from tests.recording.test_broken_off import HEARD, committed, item, transcript, turn
from tests.recording.test_difference_runs import answer, server, words
from tests.recording.test_said_meanwhile import MODELS, played_again
from vlmock.protocol.recording.lines import Close
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.model import Recording


def hung_up(recording: Recording, frames: int) -> Recording:
    """In good order, a moment after so many frames."""
    at = recording.frames[frames - 1].at + 0.001
    return replace(recording, frames=recording.frames[:frames], end=Close(1000), ended_by="client", ended_at=at)


def moments_of(recording: Recording) -> list[int]:
    """From the end of speech, or from what ends it, up to the answer: after which frames; at once is one moment."""
    kinds = [(frame.event or {})["type"] for frame in recording.frames]
    begins = (
        "input_audio_buffer.commit" if "input_audio_buffer.commit" in kinds else "input_audio_buffer.speech_stopped"
    )
    first, last = kinds.index(begins), kinds.index("response.output_item.added")
    frames = recording.frames
    return [place for place in range(first, last + 1) if frames[place - 1].at < frames[place].at]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("client", [speaks, commits])
def test_who_hangs_up_before_the_answer_is_not_told_what_it_would_have_been(client: Client, model: str) -> None:
    """Whenever it does, between the end of speech and the first words."""
    line = session_line(replies=PLAN.get(client.__name__, ()), heard=["Hello."], model=model, timing="pipeline")
    client(line)
    whole = line.recording()
    moments = moments_of(whole)
    assert len(moments) >= 3
    for frames in moments:
        comparison = played_again(hung_up(whole, frames))
        assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])


LATER: list[tuple[list[JsonObject], list[JsonObject], float]] = [
    ([committed(1)], [committed(1), item(1), transcript(1), *answer(*words("Yes."))], 2.0),
    (turn(1), [*turn(1), {"type": f"{HEARD}.completed", "item_id": "item_1", "transcript": ""}], 2.0),
    (turn(1), [*turn(1), {"type": "session.updated", "session": {}}], 0.25),
    ([], [{"type": "error", "error": {"message": "No."}}], 0.25),
]


@pytest.mark.parametrize(("theirs", "ours", "takes"), LATER)
def test_what_there_was_time_for_is_extra(theirs: list[JsonObject], ours: list[JsonObject], takes: float) -> None:
    """Answers that come at once, and such as take their time; and whatever it is, where the service hung up, where
    nobody took the time, or where both are somebody's sessions."""
    said = server(ours)
    at = said.frames[len(theirs)].at

    def grade(ended_at: float, **more: Any) -> Grade:
        return compare(replace(server(theirs), ended_at=ended_at, **more), said, clients=False).grade

    assert grade(at + takes / 2) is Grade.LOOSER
    assert grade(at + takes + 10) is Grade.EXTRA
    assert grade(at + takes / 2, ended_by="server", end=None) is Grade.EXTRA
    assert grade(at + takes / 2, head=replace(said.head, timed=False)) is Grade.EXTRA
    assert compare(replace(server(theirs), ended_at=at), said).grade is Grade.EXTRA
