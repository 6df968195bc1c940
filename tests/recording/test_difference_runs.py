"""Runs of deltas, sound, and the order of what goes on at the same time."""

import base64

import pytest

from tests.recording.conversations import PCM16, made_of
from tests.session.sounds import silence, voice
from vlmock.protocol.wire import JsonObject
from vlmock.recording.differences.comparing import compare
from vlmock.recording.differences.finding import Finding, Grade
from vlmock.recording.model import Recording

RESPONSE, ITEM = "resp_E4BAsP00UV55RqqV8zSub", "item_E4BAsP00UV55RqqV8zSub"
SPOKEN = voice(2000)


def of_response(kind: str, **members: object) -> JsonObject:
    return {"type": f"response.{kind}", "response_id": RESPONSE, "item_id": ITEM, **members}


def words(*texts: str) -> list[JsonObject]:
    return [of_response("audio_transcript.delta", delta=text) for text in texts]


def sound(pcm: bytes, *, pieces: int = 4) -> list[JsonObject]:
    size = -(-len(pcm) // pieces // 2) * 2
    parts = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    return [of_response("audio.delta", delta=base64.b64encode(part).decode()) for part in parts]


def answer(*inside: JsonObject, status: str = "completed") -> list[JsonObject]:
    done = {"type": "response.done", "response": {"id": RESPONSE, "status": status}}
    return [{"type": "response.created", "response": {"id": RESPONSE}}, *inside, done]


def server(events: list[JsonObject]) -> Recording:
    return made_of([("server", float(place), event) for place, event in enumerate(events)])


def found(theirs: list[JsonObject], ours: list[JsonObject]) -> list[Finding]:
    return compare(server(theirs), server(ours), names=("a", "b"), clients=False).findings


def graded(findings: list[Finding]) -> list[tuple[Grade, str]]:
    return [(finding.grade, finding.path) for finding in findings]


def test_words_may_be_cut_elsewhere() -> None:
    """What they say is what counts; how many deltas there are is looser, far too many are different."""
    their = answer(*words("Hello", " there", "."))
    assert graded(found(their, answer(*words("Hello there", ".")))) == [
        (Grade.LOOSER, "response.audio_transcript.delta.deltas")
    ]
    letters = [*"Hello there." * 3]
    assert graded(found(answer(*words("".join(letters))), answer(*words(*letters)))) == [
        (Grade.DIFFERENT, "response.audio_transcript.delta.deltas")
    ]


@pytest.mark.parametrize("empty", [None, 1, []])
def test_a_delta_without_words_is_not_an_empty_one(empty: object) -> None:
    """Whether it is the only one of its run or not."""
    for their, our in ((words("a"), []), (words("a", "b"), words("a"))):
        wordless = of_response("audio_transcript.delta", delta=empty)
        assert graded(found(answer(*their), answer(*our, wordless))) == [
            (Grade.DIFFERENT, "response.audio_transcript.delta.delta")
        ]


def test_words_and_sound_alternate_as_they_like() -> None:
    """One run of each, whatever comes first."""
    some, more = words("Hello", " there."), sound(SPOKEN, pieces=2)
    theirs = answer(some[0], more[0], some[1], more[1], of_response("audio.done"))
    for ours in ([*some, *more], [*more, *some], [more[0], *some, more[1]]):
        assert found(theirs, answer(*ours, of_response("audio.done"))) == []


def test_a_delta_after_its_end_is_out_of_order() -> None:
    """The run then ends behind it."""
    theirs = answer(*words("a", "b"), of_response("audio_transcript.done"))
    ours = answer(*words("a"), of_response("audio_transcript.done"), *words("b"))
    (finding,) = found(theirs, ours)
    assert (finding.grade, finding.difference.what) == (Grade.DIFFERENT, "order")
    assert "audio_transcript.d" in finding.difference.reason


def test_sound_is_compared_by_how_long_it_is_and_how_much_of_it_is_speech() -> None:
    """Another take is looser, half of it is different, silence is no speech; its bytes do not matter."""
    kind = "response.audio.delta"
    theirs = answer(*sound(SPOKEN))
    assert found(theirs, answer(*sound(backwards(SPOKEN)))) == []
    assert {grade for grade, _ in graded(found(theirs, answer(*sound(voice(2100)))))} == {Grade.LOOSER}
    half = graded(found(theirs, answer(*sound(voice(1000)))))
    assert half == [(Grade.DIFFERENT, f"{kind}.sound_ms"), (Grade.DIFFERENT, f"{kind}.speech_ms")]
    (finding,) = found(theirs, answer(*sound(silence(2000))))
    assert finding.path == f"{kind}.speech_ms"
    assert (finding.difference.theirs, finding.difference.ours) == ("speech", "silence")
    (finding,) = found(theirs, answer(*sound(voice(2000, level_dbfs=-40))))
    assert (finding.grade, finding.path) == (Grade.DIFFERENT, f"{kind}.loudness_db")
    assert PCM16.duration_ms(len(SPOKEN)) == 2000


def backwards(pcm: bytes) -> bytes:
    return memoryview(pcm).cast("h")[::-1].tobytes()


def test_how_far_a_response_came_that_was_cut_off_is_a_matter_of_time() -> None:
    """Less of the same is looser; other words are not."""
    theirs = answer(*words("Once upon a time"), *sound(SPOKEN), status="cancelled")
    less = answer(*words("Once upon"), *sound(SPOKEN[:24_000]), status="cancelled")
    assert {grade for grade, _ in graded(found(theirs, less))} == {Grade.LOOSER}
    others = answer(*words("Twice upon"), *sound(SPOKEN), status="cancelled")
    assert graded(found(theirs, others)) == [(Grade.DIFFERENT, "response.audio_transcript.delta.delta")]
    whole = answer(*words("Once upon"), *sound(SPOKEN), status="completed")
    assert Grade.DIFFERENT in {grade for grade, _ in graded(found(theirs, whole))}


DONE = "response.done of response 1"
TYPED = {"type": "conversation.item.created", "item": {"id": "item_Z", "type": "message", "role": "user"}}


@pytest.mark.parametrize(
    ("theirs", "ours", "grade", "reason"),
    [
        (1, 3, Grade.LOOSER, f"a has it before {DONE}, b after it: the two go on at the same time"),
        (3, 1, Grade.LOOSER, f"a has it after {DONE}, b before it: the two go on at the same time"),
        (0, 3, Grade.DIFFERENT, f"a has it before {DONE}, b after it"),
        (3, 0, Grade.DIFFERENT, f"a has it after {DONE}, b before it"),
    ],
)
def test_what_goes_on_at_the_same_time_may_change_places(theirs: int, ours: int, grade: Grade, reason: str) -> None:
    """Where one of the two said it in the midst of an answer, it may come at another time; otherwise it may not."""
    said = answer(of_response("output_item.added", item={"id": ITEM, "type": "function_call"}))
    sides = [[*said[:place], TYPED, *said[place:]] for place in (theirs, ours)]
    (finding,) = found(*sides)
    assert (finding.event, finding.grade) == ("conversation.item.created", grade)
    assert finding.difference.reason == reason


def test_one_response_too_few_makes_no_later_one_different() -> None:
    """Each of its events is missing, and that is all."""
    said = [text_answer(number) for number in range(4)]
    theirs = [event for response in said for event in response]
    ours = [event for response in (said[0], said[2], said[3]) for event in response]
    findings = found(theirs, ours)
    assert {finding.grade for finding in findings} == {Grade.MISSING}
    assert {finding.about for finding in findings} == {"response 2"}
    assert len(findings) == len(said[1])


def text_answer(number: int) -> list[JsonObject]:
    identity = {"response_id": f"resp_{number}", "item_id": f"item_{number}"}
    return [
        {"type": "response.created", "response": {"id": f"resp_{number}"}},
        {"type": "response.text.delta", **identity, "delta": f"Answer {number}"},
        {"type": "response.text.done", **identity, "text": f"Answer {number}"},
        {"type": "response.done", "response": {"id": f"resp_{number}", "status": "completed"}},
    ]


def test_sound_that_a_recorder_did_not_keep_is_not_compared() -> None:
    """And that is said."""
    cut = [{**event, "delta": "AAAA"} for event in sound(SPOKEN)]
    recording = server(answer())
    frames = list(server(answer(*cut)).frames)
    bare = [
        each.__class__(at=each.at, source="server", event=event)
        for each, event in zip(frames, answer(*cut), strict=True)
    ]
    theirs = Recording(name="cut", head=recording.head, frames=bare)
    (finding,) = compare(theirs, server(answer(*sound(SPOKEN))), clients=False).findings
    assert (finding.grade, finding.difference.what) == (Grade.LOOSER, "sound")
    assert "not compared" in finding.difference.reason
