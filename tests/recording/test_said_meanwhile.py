"""What a client said while an answer was going on meets an answer that is going on: the emulator agrees with itself."""

from typing import Any

import msgspec
import pytest

from tests.recording.clients import ANSWER, CLIENTS, PLAN, typed_item, update
from tests.recording.line import Client, Line, session_line
from tests.session.sounds import utterance, voice
from vlmock.protocol.recording.lines import Close
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.model import Recording
from vlmock.rehearsal.playing import rehearse
from vlmock.session.script import Say

MODELS = ["gpt-realtime", "gpt-4.1"]
STORY = "Once upon a time there was a story, and nobody ever heard the end of it. " * 8


def played_again(recording: Recording) -> Comparison:
    return compare(recording, rehearse(recording), names=("service", "emulator"), clients=False)


def left(line: Line) -> Recording:
    """By the client, in good order."""
    return line.recording(end=Close(1000), ended_by="client") if line.closed is None else line.recording()


def untimed(recording: Recording) -> Recording:
    frames = [msgspec.structs.replace(frame, at=0.0) for frame in recording.frames]
    head = msgspec.structs.replace(recording.head, timed=False)
    return msgspec.structs.replace(recording, head=head, frames=frames, ended_at=0.0)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("timing", ["instant", "pipeline"])
@pytest.mark.parametrize("client", CLIENTS)
def test_whatever_a_client_does_the_emulator_does_what_it_did(client: Client, timing: str, model: str) -> None:
    """The emulator's own recordings show no difference, whichever pipeline answers, at once or in its own time."""
    replies = PLAN.get(client.__name__, ())
    line = session_line(replies=replies, heard=["Hello.", "Again."], model=model, timing=timing)
    client(line)
    comparison = played_again(left(line))
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])


CLEAR = {"type": "input_audio_buffer.clear"}
COMMIT = {"type": "input_audio_buffer.commit"}
CANCEL = {"type": "response.cancel"}
BY_HAND = {"turn_detection": None}
MEANWHILE: dict[str, tuple[dict[str, Any], list[dict[str, Any] | bytes]]] = {
    "asks again": ({}, [ANSWER]),
    "asks twice": ({}, [ANSWER, ANSWER]),
    "asks for another in its place": ({}, [{"type": "response.create", "response": {"cancel_previous": True}}]),
    "cancels": ({}, [CANCEL]),
    "cancels twice": ({}, [CANCEL, CANCEL]),
    "cancels and asks": ({}, [CANCEL, ANSWER]),
    "commits": (BY_HAND, [voice(600), COMMIT]),
    "commits nothing": (BY_HAND, [COMMIT]),
    "clears": ({"turn_detection": {"type": "server_vad", "interrupt_response": False}}, [voice(600), CLEAR]),
    "speaks": ({}, [utterance()]),
    "speaks and is not heard": ({"turn_detection": {"type": "server_vad", "interrupt_response": False}}, [utterance()]),
    "types": ({}, [typed_item("Wait")]),
}


def told_a_story(*, model: str, at: float, meanwhile: str) -> Line:
    """Somebody who is told a story says that, so many seconds after it asked for the story."""
    settings, said = MEANWHILE[meanwhile]
    line = session_line(replies=[[Say(STORY)], [Say("As you wish.")]], model=model, timing="pipeline")
    line.wait(0.2).say(update(**settings)).wait(1).say(typed_item("A story!"), ANSWER).wait(at)
    for each in said:
        line.speak(each) if isinstance(each, bytes) else line.say(each)
    return line.wait(60)


@pytest.mark.parametrize("timed", [True, False], ids=["timed", "untimed"])
@pytest.mark.parametrize("at", [0.1, 1.0, 2.6])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_what_is_said_during_an_answer_finds_it_going_on(meanwhile: str, model: str, at: float, timed: bool) -> None:
    """Before its first words, in the midst of them, and while it is spoken: what was refused is refused again, what
    was cut off is cut off again."""
    recording = left(told_a_story(model=model, at=at, meanwhile=meanwhile))
    comparison = played_again(recording if timed else untimed(recording))
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])


def test_a_second_answer_is_refused_as_it_was() -> None:
    """With the same words, though the answer that is active has another id."""
    line = told_a_story(model="gpt-realtime", at=1.0, meanwhile="asks again")
    assert line.types.count("error") == 1
    assert line.last("response.created")["response"]["id"] in line.last("error")["error"]["message"]
    assert played_again(left(line)).grade is Grade.SAME
