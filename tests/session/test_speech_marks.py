"""Word times, visemes and blendshapes: who gets them, when they come, how they end."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.conftest import Dialogue, PlannedScript
from vlmock.session.effects import TimedViseme
from vlmock.session.readings import Readings
from vlmock.session.script import Call, Say, Step
from vlmock.session.speaking.blendshapes import COEFFICIENTS, frame_at
from vlmock.session.timing import Timing

AVA = {"type": "azure-standard", "name": "en-US-AvaNeural"}
ALL = {
    "voice": AVA,
    "output_audio_timestamp_types": ["word"],
    "animation": {"outputs": ["viseme_id", "blendshapes"]},
}
WORDS, VISEMES, FACES = "audio_timestamp", "animation_viseme", "animation_blendshapes"
DELTAS = {f"response.{kind}.delta" for kind in (WORDS, VISEMES, FACES)}


def asked(session: dict[str, Any], *steps: Step, params: dict[str, Any] | None = None, **how: Any) -> Dialogue:
    """A session with these settings that was asked for one response."""
    dialogue = Dialogue(script=PlannedScript([steps or [Say("One two.")]]), **how)
    dialogue.client({"type": "session.update", "session": session}).skip()
    assert "error" not in dialogue.types
    return dialogue.client({"type": "response.create", "response": params or {}})


def kinds(dialogue: Dialogue) -> set[str]:
    return {kind for kind in (WORDS, VISEMES, FACES) if f"response.{kind}.delta" in dialogue.types}


# ---- who gets what


CUSTOM = {"type": "azure-custom", "name": "Ours", "endpoint_id": "e"}
PERSONAL = {"type": "azure-personal", "name": "Me", "model": "DragonLatestNeural"}
OPENAI = {"type": "openai", "name": "echo"}


@pytest.mark.parametrize(
    ("session", "params", "expected"),
    [
        ({}, {}, set()),
        ({"output_audio_timestamp_types": ["word"]}, {}, {WORDS}),
        ({"output_audio_timestamp_types": []}, {}, set()),
        ({"output_audio_timestamp_types": None}, {}, set()),
        ({"animation": {"outputs": ["viseme_id"]}}, {}, {VISEMES}),
        ({"animation": {"outputs": ["blendshapes"]}}, {}, {FACES}),
        ({"animation": {}}, {}, {FACES}),
        ({"animation": {"outputs": None}}, {}, {FACES}),
        ({"animation": {"outputs": []}}, {}, set()),
        ({"animation": None}, {}, set()),
        (ALL, {}, {WORDS, VISEMES, FACES}),
        (ALL | {"modalities": ["text", "audio", "animation"]}, {}, {WORDS, VISEMES, FACES}),
        (ALL | {"modalities": ["text", "animation"]}, {}, {VISEMES, FACES}),
        (ALL | {"modalities": ["text"]}, {}, set()),
        (ALL | {"voice": CUSTOM}, {}, {WORDS, VISEMES, FACES}),
        (ALL | {"voice": PERSONAL}, {}, {WORDS}),
        (ALL, {"modalities": ["text"]}, set()),
        ({"modalities": ["text"]} | ALL, {"modalities": ["text", "animation"]}, {VISEMES, FACES}),
        (ALL, {"animation": {"outputs": ["viseme_id"]}}, {WORDS, VISEMES}),
        ({}, {"animation": {"outputs": ["viseme_id"]}}, {VISEMES}),
        (ALL, {"voice": PERSONAL}, {WORDS}),
    ],
)
def test_a_response_tells_what_the_settings_ask_for(session, params, expected):
    """Documented {DOC}: by output, by voice; one response may differ from its session."""
    dialogue = asked(session, params=params)
    assert kinds(dialogue) == expected
    done = [kind for kind in dialogue.types if kind.endswith(".done") and kind.replace("done", "delta") in DELTAS]
    assert done == [f"response.{kind}.done" for kind in (WORDS, VISEMES, FACES) if kind in expected]
    assert dialogue.last("response.done").response.status == "completed"


@pytest.mark.parametrize(("voice", "expected"), [(AVA, {WORDS, VISEMES, FACES}), (OPENAI, set()), ("echo", set())])
def test_openai_voices_tell_nothing(voice, expected):
    """Observed {SDKT}: a realtime brain with an Azure voice does. Assumed: with a voice of its own nobody complains."""
    assert kinds(asked(ALL | {"voice": voice}, model="gpt-realtime")) == expected


def test_the_other_reading_never_sends_blendshapes():
    """Documented {DOC}, one page: viseme_id alone is supported at present."""
    assert kinds(asked(ALL, readings=Readings(blendshapes=False))) == {WORDS, VISEMES}
    only = asked(ALL | {"animation": {"outputs": ["blendshapes"]}}, readings=Readings(blendshapes=False))
    assert "response.animation_blendshapes.done" not in only.types


def test_who_does_not_ask_pays_nothing():
    """The speech is ordered without marks, and the run of deltas stays one."""
    assert [request.marks for request in asked({}).requests] == [False]
    assert [request.marks for request in asked(ALL).requests] == [True]
    assert [request.marks for request in asked({"animation": {}, "modalities": ["text"]}).requests] == []


# ---- when they come


def test_the_order_of_a_marked_response():
    """Documented (schema G): among the audio deltas. Assumed: ahead of each delta what begins in it, done before
    ``audio.done``."""
    dialogue = asked(ALL, Say("One, two, three."))
    dialogue.server(
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        *("response.audio_timestamp.delta", "response.animation_viseme.delta", "response.animation_blendshapes.delta"),
        "response.audio.delta",
        *("response.audio_timestamp.delta", "response.animation_viseme.delta", "response.animation_blendshapes.delta"),
        "response.audio.delta",
        *("response.audio_timestamp.delta", "response.animation_viseme.delta", "response.animation_blendshapes.delta"),
        "response.audio.delta",
        *("response.audio_timestamp.done", "response.animation_viseme.done", "response.animation_blendshapes.done"),
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )


@pytest.mark.parametrize("timing", ["instant", "cascade", "hybrid"])
def test_each_mark_comes_before_the_speech_that_it_describes(timing):
    """Observed {SDKT, NETT}: before or together with it; nothing is told long before."""
    says = [Say("One two three four five."), Say("Six, and seven."), Say(""), Say("Eight.")]
    dialogue = asked(ALL, *says, timing=Timing(timing), model="gpt-4.1" if timing != "hybrid" else "gpt-realtime")
    dialogue.wait(60)
    sent_ms, next_frame = 0.0, 0
    for event in dialogue.events:
        match event.type:
            case "response.audio.delta":
                sent_ms += len(event.delta) * 3 / 4 / 48
            case "response.audio_timestamp.delta" | "response.animation_viseme.delta":
                assert sent_ms - 1 <= event.audio_offset_ms < sent_ms + 500
            case "response.animation_blendshapes.delta":
                assert event.frame_index == next_frame
                assert sent_ms - 1000 / 60 < event.frame_index * 1000 / 60 <= sent_ms + 1000 / 60
                next_frame += len(event.frames)
    assert next_frame == pytest.approx(sent_ms * 60 / 1000, abs=1)


def test_times_go_on_from_one_sentence_of_a_message_to_the_next():
    """Documented {DOC}: from the start of the audio."""
    dialogue = asked(ALL, Say("One two."), Say("Three."))
    words = dialogue.all("response.audio_timestamp.delta")
    assert [(word.text, word.audio_offset_ms, word.audio_duration_ms) for word in words] == [
        ("One", 0, 180),
        ("two", 240, 180),
        ("Three", 480, 300),
    ]
    assert {word.timestamp_type for word in words} == {"word"}
    visemes = [event.audio_offset_ms for event in dialogue.all("response.animation_viseme.delta")]
    assert len(visemes) == 14
    assert visemes[0] > 0
    assert all(before < after for before, after in pairwise(visemes))


def test_two_messages_count_from_their_own_beginnings():
    """A call parts them: each has its own marks, and its own end of them."""
    dialogue = asked(ALL, Say("One."), Call("f", "{}"), Say("Two."))
    words = dialogue.all("response.audio_timestamp.delta")
    assert [(word.output_index, word.audio_offset_ms) for word in words] == [(0, 0), (2, 0)]
    assert [done.output_index for done in dialogue.all("response.animation_viseme.done")] == [0, 2]
    assert len({event.item_id for event in dialogue.all("response.animation_blendshapes.done")}) == 2


def test_a_face_moves_to_words_that_are_written():
    """Observed {NETT}: visemes with ``["text", "animation"]``. Assumed: text events, no audio, no word times."""
    dialogue = asked(ALL | {"modalities": ["text", "animation"]}, Say("One two."))
    dialogue.server(
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.text.delta",
        *("response.animation_viseme.delta", "response.animation_blendshapes.delta") * 2,
        *("response.animation_viseme.done", "response.animation_blendshapes.done"),
        "response.text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert len(dialogue.all("response.animation_viseme.delta")) == 8
    assert dialogue.last("response.done").response.usage.output_token_details.audio_tokens == 0


# ---- cut short


def test_a_cancelled_response_ends_what_it_was_telling():
    """Documented (schema G): done events of what is open, and nothing more of it."""
    timing = Timing({"audio_speed": 1, "cancel": 100})
    dialogue = asked(ALL, Say("One two three four five six seven."), timing=timing).wait(0.6)
    told = len(dialogue.all("response.audio_timestamp.delta"))
    dialogue.skip().client({"type": "response.cancel"}).wait(5)
    dialogue.server(
        *("response.audio_timestamp.done", "response.animation_viseme.done", "response.animation_blendshapes.done"),
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert 0 < told == len(dialogue.all("response.audio_timestamp.delta")) < 7


def test_nothing_is_told_of_speech_beyond_the_limit():
    """Assumed {OAI}: what would go beyond ``max_output_tokens`` is not said, so it has no times."""
    dialogue = asked(ALL, Say("One two three."), params={"max_output_tokens": 10})
    assert dialogue.last("response.done").response.status == "incomplete"
    sent_ms = sum(len(delta.delta) * 3 / 4 / 48 for delta in dialogue.all("response.audio.delta"))
    assert 0 < sent_ms < 14 * 60
    offsets = [event.audio_offset_ms for event in dialogue.events if "audio_offset_ms" in event.__struct_fields__]
    assert max(offsets) < sent_ms
    assert len(dialogue.all("response.audio_timestamp.done")) == 1


# ---- faces


def test_a_frame_has_the_documented_coefficients():
    """Documented (Azure Speech): 55, in the order of its table."""
    assert len(COEFFICIENTS) == len(set(COEFFICIENTS)) == 55
    places = {0: "eyeBlinkLeft", 13: "eyeWideRight", 17: "jawOpen", 18: "mouthClose", 20: "mouthPucker"}
    places |= {23: "mouthSmileLeft", 31: "mouthRollLower", 35: "mouthPressLeft", 40: "mouthUpperUpRight"}
    places |= {41: "browDownLeft", 46: "cheekPuff", 51: "tongueOut", 52: "headRoll", 54: "rightEyeRoll"}
    assert {place: COEFFICIENTS[place] for place in places} == places
    (batch, *_) = asked(ALL).all("response.animation_blendshapes.delta")
    assert {len(frame) for frame in batch.frames} == {55}
    assert batch.frame_index == 0


def test_the_face_of_a_second_sentence_goes_with_its_own_sounds():
    """The frames count from the beginning of the message, the visemes from that of their speech."""
    dialogue = asked(ALL, Say("nnnn"), Say("nnpp"))  # n is silence here, p opens the jaw
    frames = [frame for batch in dialogue.all("response.animation_blendshapes.delta") for frame in batch.frames]
    opened = [number * 1000 / 60 for number, frame in enumerate(frames) if frame[COEFFICIENTS.index("jawOpen")]]
    assert opened[0] == pytest.approx(360, abs=50)
    assert opened[-1] == pytest.approx(480, abs=50)


def pose(viseme_id: int) -> dict[str, float]:
    return dict(zip(COEFFICIENTS, frame_at([TimedViseme(1, viseme_id)], 200), strict=True))


def test_jaw_and_lips_follow_the_visemes():
    """Open for ah, rounded for oo, wide for ee, closed for m; both sides alike; at rest in silence."""
    ah, oo, ee, m = pose(2), pose(7), pose(6), pose(21)
    assert ah["jawOpen"] > 0.5 > oo["jawOpen"] > m["jawOpen"] == 0
    assert oo["mouthPucker"] > 0.5 > ah["mouthPucker"]
    assert ee["mouthSmileLeft"] == ee["mouthSmileRight"] > 0.3
    assert m["mouthPressLeft"] == m["mouthPressRight"] > 0.3 > ah["mouthPressLeft"]
    assert set(pose(0).values()) == {0}
    assert all(any(pose(viseme_id).values()) for viseme_id in range(1, 22))


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 21)), min_size=1, max_size=30))
def test_a_face_moves_smoothly_and_within_its_limits(steps):
    """Whatever is said: each coefficient 0 to 1, and no leap from one frame to the next."""
    offset_ms, visemes = 0, []
    for later_ms, viseme_id in steps:
        offset_ms += later_ms
        visemes.append(TimedViseme(offset_ms, viseme_id))
    frames = [frame_at(visemes, number * 1000 / 60) for number in range(offset_ms * 60 // 1000 + 10)]
    assert all(0 <= value <= 1 for frame in frames for value in frame)
    leaps = [abs(a - b) for before, after in pairwise(frames) for a, b in zip(before, after, strict=True)]
    assert max(leaps) < 0.2
