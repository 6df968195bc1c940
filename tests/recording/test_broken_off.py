"""Recordings that end in the midst of something are compared up to there; what comes then is no difference."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.recording.clients import speaks
from tests.recording.conversations import RecordedDialogue, a_long_one
from tests.recording.test_difference_runs import RESPONSE, answer, graded, of_response, server, sound, words
from tests.recording.test_rehearsal import talkative
from tests.recording.test_replaying import recorded
from tests.session.sounds import silence, utterance, voice
from vlmock.cli import main
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Comparison, Grade
from vlmock.recording.differences.reports.machine import as_json, as_junit
from vlmock.recording.differences.reports.text import as_text
from vlmock.recording.model import Recording
from vlmock.recording.writing import write
from vlmock.rehearsal.playing import rehearse


def broken(recording: Recording, frames: int | None = None) -> Recording:
    """As it is when its recorder is killed after so many frames."""
    return replace(recording, frames=recording.frames[:frames], end=None, ended_by="", ended_at=0.0, broke_off=True)


# ---- against the emulator


def barged_in(model: str) -> Recording:
    dialogue = talkative(model)
    dialogue.speak(utterance(), piece_bytes=4800, real_time=True)
    return dialogue.wait(20).recording()


def cancelled(model: str) -> Recording:
    return talkative(model).client({"type": "response.cancel"}).wait(5).recording()


def spoken(model: str) -> Recording:
    """With transcripts that come word by word."""
    return recorded(speaks)[1]


MADE: list[Callable[[str], Recording]] = [a_long_one, barged_in, cancelled, spoken]
made = cache(lambda make, model: make(model))


@settings(max_examples=30)
@given(make=st.sampled_from(MADE), model=st.sampled_from(["gpt-realtime", "gpt-4.1"]), place=st.integers(0, 10_000))
def test_the_emulator_says_what_was_recorded_until_then(make: Any, model: str, place: int) -> None:
    """Wherever the recorder was killed: all that is there is the same, and the rest only the emulator has."""
    whole = made(make, model)
    recording = broken(whole, 1 + place % len(whole.frames))
    comparison = compare(recording, rehearse(recording), names=("service", "emulator"), clients=False)
    assert comparison.grade in (Grade.SAME, Grade.LOOSER), as_text([comparison])


@pytest.mark.parametrize(
    "run",
    [
        "response.function_call_arguments.delta",
        "response.audio_transcript.delta",
        "response.audio.delta",
        "conversation.item.input_audio_transcription.delta",
    ],
)
def test_what_was_being_said_is_what_was_recorded(run: str) -> None:
    """Not merely less, or more, of it: words, sound, arguments, and what the user was heard to say."""
    whole = made(spoken if run.startswith("conversation") else a_long_one, "gpt-realtime")
    place = max(index for index, frame in enumerate(whole.frames) if kind(frame.event) == run)
    recording = broken(whole, place + 1)
    comparison = compare(recording, rehearse(recording), clients=False)
    last = [judged for judged in comparison.judged if judged.event == run][-1]
    assert last.grade is Grade.SAME, as_text([comparison], everything=True)
    assert comparison.grade is Grade.LOOSER, as_text([comparison])


def kind(event: Any) -> Any:
    return event and event["type"]


def test_an_answer_in_which_the_client_hung_up_is_open_as_well() -> None:
    """How it would have gone on is not in the recording, though its end is."""
    dialogue = talkative("gpt-realtime")
    comparison = compare(dialogue.recording(), rehearse(dialogue.recording()), clients=False)
    assert comparison.grade is Grade.LOOSER, as_text([comparison])
    assert as_text([comparison]).count("broke off") == 0


# ---- two recordings


def found(theirs: list[JsonObject], ours: list[JsonObject]) -> Comparison:
    """Where theirs broke off."""
    return compare(broken(server(theirs)), server(ours), names=("a", "b"), clients=False)


def begun(*inside: JsonObject) -> list[JsonObject]:
    """An answer that was never done."""
    return answer(*inside)[:-1]


SPOKEN = voice(2000)
HEARD = "conversation.item.input_audio_transcription"
HEARING = [{"type": f"{HEARD}.delta", "item_id": "item_1", "delta": "I am"}]
RESTS = [
    (HEARING, [{**HEARING[0], "delta": "I am Bob."}, {"type": f"{HEARD}.completed"}], {Grade.LOOSER}),
    (begun(*words("Once upon")), answer(*words("Once upon a time")), {Grade.LOOSER}),
    (begun(*words("Once upon a time")), answer(*words("Once upon")), {Grade.LOOSER, Grade.DIFFERENT}),
    (begun(*words("Once upon")), answer(*words("Twice upon a time")), {Grade.LOOSER, Grade.DIFFERENT}),
    (begun(*words("I am *** and")), answer(*words("I am Bob and so on")), {Grade.LOOSER}),
    (begun(*sound(SPOKEN[:24_000])), answer(*sound(SPOKEN)), {Grade.LOOSER}),
    (begun(*sound(SPOKEN)), answer(*sound(SPOKEN[:24_000])), {Grade.LOOSER, Grade.DIFFERENT}),
    (begun(*sound(SPOKEN[:24_000])), answer(*sound(silence(500) + SPOKEN)), {Grade.LOOSER, Grade.DIFFERENT}),
    (begun(*words(*["a "] * 2)), answer(*words(*["a "] * 40)), {Grade.LOOSER}),
]


@pytest.mark.parametrize(("theirs", "ours", "grades"), RESTS)
def test_an_open_answer_is_compared_as_far_as_it_came(
    theirs: list[JsonObject], ours: list[JsonObject], grades: set[Grade]
) -> None:
    """More of the same is looser; less of it, or something else, is different; and so it is the other way round."""
    assert {grade for grade, _ in graded(found(theirs, ours).findings)} == grades
    back = compare(server(ours), broken(server(theirs)), names=("b", "a"), clients=False)
    assert {grade for grade, _ in graded(back.findings)} == grades


def item(number: int) -> JsonObject:
    return {"type": "conversation.item.created", "item": {"id": f"item_{number}", "type": "message", "role": "user"}}


def committed(number: int) -> JsonObject:
    return {"type": "input_audio_buffer.committed", "item_id": f"item_{number}"}


def transcript(number: int) -> JsonObject:
    return {"type": f"{HEARD}.completed", "item_id": f"item_{number}", "transcript": "Yes."}


def turn(number: int) -> list[JsonObject]:
    return [committed(number), item(number)]


EXTRAS = [
    (turn(1), [*turn(1), transcript(1), *answer()], Grade.LOOSER),
    ([*turn(1), *begun()], [*turn(1), transcript(1), *answer()], Grade.LOOSER),
    ([*turn(1), *turn(2)], [*turn(1), transcript(1), *turn(2), transcript(2)], Grade.EXTRA),
    ([*turn(1), *turn(2)], [*turn(1), *turn(2), item(3)], Grade.LOOSER),
    ([*turn(1), *turn(2)], [*turn(1), item(3), *turn(2)], Grade.EXTRA),
    ([*begun(), *turn(1)], [*answer(), *turn(1)], Grade.LOOSER),
]


@pytest.mark.parametrize(("theirs", "ours", "grade"), EXTRAS)
def test_what_comes_after_the_break_is_looser(theirs: list[JsonObject], ours: list[JsonObject], grade: Grade) -> None:
    """What stands before it is extra, as ever; transcripts come when they come, but only those of the last turn."""
    comparison = found(theirs, ours)
    assert comparison.grade is grade, as_text([comparison])
    loose = [each.difference.reason for each in comparison.findings if each.grade is Grade.LOOSER]
    assert bool(loose) == (grade is Grade.LOOSER or transcript(2) in ours)
    assert set(loose) <= {"only b has it: the recording of a had ended by then, or was about to"}


def test_what_only_the_broken_recording_has_is_missing() -> None:
    """It was said, after all."""
    assert found([*turn(1), *begun()], answer()).grade is Grade.MISSING


def test_a_recording_with_its_end_is_compared_to_its_end() -> None:
    """What comes after it is extra, and so is the end of an answer that is not the last."""
    assert compare(server(turn(1)), server([*turn(1), item(2)]), clients=False).grade is Grade.EXTRA
    said, second = words("Once."), answer(*words("Twice."))
    second = json.loads(json.dumps(second).replace(RESPONSE, "resp_F4BAsP00UV55RqqV8zSub"))
    theirs, ours = server([*begun(*said), *second]), server([*answer(*said), *second])
    for each in (theirs, broken(theirs)):
        assert compare(each, ours, clients=False).grade is Grade.EXTRA


def test_an_answer_that_is_never_done_is_no_end_of_itself() -> None:
    """The emulator has to end what the service ended; of two sessions one may have been left by then, if nothing came
    afterwards."""
    whole, left = answer(*words("Once.")), begun(*words("Once."))
    assert compare(server(whole), server(left), clients=False).grade is Grade.MISSING
    assert compare(server(whole), server(left)).grade is Grade.LOOSER
    assert compare(server([*whole, item(1)]), server([*left, item(1)])).grade is Grade.MISSING


def test_the_voice_of_a_client_that_was_recorded_less_long_may_be_shorter() -> None:
    """Of one that broke off; and what the client sent later is looser."""
    dialogue = RecordedDialogue().speak(utterance(), piece_bytes=4800, real_time=True)
    whole = dialogue.wait(1).client({"type": "response.create"}).recording()
    part = broken(whole, 12)
    for theirs, ours in ((part, whole), (whole, part)):
        assert compare(theirs, ours).grade is Grade.LOOSER


# ---- what is told


def test_reports_say_where_it_broke_off() -> None:
    """To a person and to a machine; of a recording without an end that nobody wrote, nothing is said."""
    theirs = broken(server(begun(of_response("output_item.added"))))
    comparison = compare(theirs, server(answer()), names=("a", "b"))
    told = "a: its recording broke off after frame 2 (1.0 s), and what comes after that is looser"
    assert f"  {told}" in as_text([comparison]).splitlines()
    assert told in as_junit([comparison])
    (connection,) = json.loads(as_json([comparison]))["connections"]
    assert (connection["their_break"], connection["our_break"]) == ({"frame": 2, "at": 1.0}, None)
    nothing = compare(server([]), broken(server([])), names=("a", "b"))
    assert "  b: its recording broke off before anything was said, and" in as_text([nothing])
    assert "broke off" not in as_text([compare(replace(theirs, broke_off=False), server(answer()))])


def test_a_folder_that_a_killed_recorder_left_is_known_for_one(tmp_path: Path) -> None:
    """By the close that is not in it; the command says so, and on which line the recording ends."""
    whole = a_long_one()
    folder = write([whole], tmp_path / "rec")
    events = folder / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    place = next(
        number for number, line in enumerate(lines) if '"response.text.delta"' in line or "transcript.delta" in line
    )
    events.write_text("".join(lines[: place + 1]))
    done = CliRunner().invoke(main, ["diff", str(folder)])
    assert done.exit_code == 0, done.output
    assert f"  service: its recording broke off after events.jsonl:{place + 1} (" in done.output
