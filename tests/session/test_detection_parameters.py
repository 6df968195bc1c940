"""Every parameter of turn_detection that can change something, as it is heard in the samples. Source: schema D5."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.response import ResponseCreate
from vlmock.session.readings import Readings
from vlmock.session.script import Expectation, Say
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]

STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
SERVER, SEMANTIC, OPENAI = {"type": "server_vad"}, {"type": "azure_semantic_vad"}, {"type": "semantic_vad"}
LONG_REPLY = [Say("word " * 100)]
"""Half a minute of speech."""


def update(**detection: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"turn_detection": detection}}


def heard(sound: bytes, *, model: str = "gpt-4.1", script: PlannedScript | None = None, **detection: Any) -> Any:
    """(start, end) of each turn in milliseconds; None for an end that did not come."""
    dialogue = Dialogue(model=model, script=script).client(update(**detection)).skip()
    assert not dialogue.all("error")
    dialogue.speak(sound)
    ends = [event.audio_end_ms for event in dialogue.all(STOPPED)]
    starts = [event.audio_start_ms for event in dialogue.all(STARTED)]
    return list(zip(starts, ends + [None] * (len(starts) - len(ends)), strict=True))


FAINT = silence(500) + voice(900, level_dbfs=-38) + silence(900)
TWICE = silence(500) + voice(500) + silence(700) + voice(500) + silence(1500)


@pytest.mark.parametrize(
    ("sound", "one", "other", "turns"),
    [
        pytest.param(FAINT, {"threshold": 0.5}, {"threshold": 0.9}, (1, 0), id="threshold"),
        pytest.param(silence(500) + voice(100) + silence(900), {}, {"speech_duration_ms": 80}, (0, 1), id="a click"),
        pytest.param(utterance(300), {}, {"speech_duration_ms": 500}, (1, 0), id="speech_duration_ms"),
        pytest.param(utterance(60), {"speech_duration_ms": 1}, {}, (0, 0), id="never under 80 ms {DOC}"),
        pytest.param(TWICE, {"silence_duration_ms": 300}, {"silence_duration_ms": 900}, (2, 1), id="silence"),
    ],
)
def test_a_parameter_decides_what_a_turn_is(
    sound: bytes, one: dict[str, Any], other: dict[str, Any], turns: tuple[int, int]
) -> None:
    """The same samples, other turns."""
    assert (len(heard(sound, **SERVER, **one)), len(heard(sound, **SERVER, **other))) == turns


@pytest.mark.parametrize("kind", ["server_vad", "azure_semantic_vad", "azure_semantic_vad_en"])
def test_padding_and_silence_are_in_the_times(kind: str) -> None:
    """Start is the onset less the padding, end is the end of speech, the silence and a little more."""
    ((start, end),) = heard(utterance(), type=kind, prefix_padding_ms=100, silence_duration_ms=300)
    ((earlier, later),) = heard(utterance(), type=kind, prefix_padding_ms=260, silence_duration_ms=460)
    assert (start - earlier, later - end) == (160, 160)


def test_a_semantic_detector_hears_shorter_speech() -> None:
    """Documented: 80 ms where server_vad wants 200."""
    sound = silence(500) + voice(130) + silence(900)
    assert (len(heard(sound, **SERVER)), len(heard(sound, **SEMANTIC))) == (0, 1)


def test_eagerness_is_patience() -> None:
    """Documented: low waits longest, high least, auto is medium. Assumed: how long."""
    ends = {}
    for eagerness in ("high", "medium", "auto", "low"):
        ((_, ends[eagerness]),) = heard(utterance(after_ms=2000), model="gpt-realtime", eagerness=eagerness, **OPENAI)
    assert ends["high"] < ends["medium"] == ends["auto"] < ends["low"]


@pytest.mark.parametrize(("neg_threshold", "ends"), [(None, True), (0.1, False)])
def test_what_has_begun_may_sink_to_the_neg_threshold(neg_threshold: float | None, ends: bool) -> None:
    """Assumed: 0.15 below the threshold ends the turn, unless another bound is given."""
    sound = silence(500) + voice(500, level_dbfs=-30) + voice(1500, level_dbfs=-41)
    ((_, end),) = heard(sound, **SEMANTIC, threshold=0.7, neg_threshold=neg_threshold)
    assert (end is not None) is ends


# ---- while the assistant speaks


def over_the_assistant(sound: bytes, *, timing: Timing | None = None, **detection: Any) -> list[int]:
    """How many turns are heard when it is said over an answer, and when it is said long after it."""
    turns = []
    for pause_s in (1.0, 100.0):
        dialogue = Dialogue(timing=timing, script=PlannedScript([LONG_REPLY])).client(update(**detection))
        dialogue.client(ResponseCreate()).wait(pause_s).skip()
        dialogue.speak(sound, piece_bytes=960, real_time=True)
        turns.append(len(dialogue.all(STARTED)))
    return turns


SHORT = silence(200) + voice(300) + silence(900)


@pytest.mark.parametrize("timing", [None, Timing({"llm_first": 20_000.0})], ids=["played", "generated"])
@pytest.mark.parametrize(
    ("detection", "turns"),
    [
        ({}, [1, 1]),
        ({"speech_duration_assistant_speaking_ms": 800}, [0, 1]),
        ({"speech_duration_ms": 800, "speech_duration_assistant_speaking_ms": 80}, [1, 0]),
    ],
)
def test_speech_over_the_assistant_has_a_least_duration_of_its_own(
    detection: dict[str, Any], turns: list[int], timing: Timing | None
) -> None:
    """Observed {SDKT}: the parameter. Assumed: it holds while an answer is generated, and while it plays."""
    assert over_the_assistant(SHORT, timing=timing, **SEMANTIC, **detection) == turns


def test_the_assistant_speaks_no_longer_once_it_was_interrupted() -> None:
    """The client's loudspeaker falls silent at speech_started; from then on the usual duration holds."""
    dialogue = Dialogue(script=PlannedScript([LONG_REPLY]))
    dialogue.client(update(**SEMANTIC, speech_duration_assistant_speaking_ms=500, create_response=False))
    dialogue.client(ResponseCreate()).wait(1)
    dialogue.speak(SHORT, piece_bytes=960, real_time=True)
    assert not dialogue.all(STARTED)
    dialogue.speak(silence(200) + voice(700) + silence(900) + SHORT, piece_bytes=960, real_time=True)
    assert len(dialogue.all(STARTED)) == 2


def test_nothing_is_played_any_more_where_speech_does_not_interrupt() -> None:
    """interrupt_response false: the assistant speaks on, and is spoken over."""
    dialogue = Dialogue(script=PlannedScript([LONG_REPLY]))
    dialogue.client(
        update(**SEMANTIC, speech_duration_assistant_speaking_ms=500, interrupt_response=False, create_response=False)
    )
    dialogue.client(ResponseCreate()).wait(1)
    dialogue.speak(silence(200) + voice(700) + silence(900) + SHORT, piece_bytes=960, real_time=True)
    assert len(dialogue.all(STARTED)) == 1


@pytest.mark.parametrize("piece_bytes", [960, 4800, None])
def test_an_assistant_that_begins_in_the_middle_of_a_block_is_minded(piece_bytes: int | None) -> None:
    """Two utterances, the first is answered at once: the second is said over that answer, and too short for it."""
    sound = utterance(900) + utterance(300)
    dialogue = Dialogue(script=PlannedScript([LONG_REPLY]))
    dialogue.client(update(**SEMANTIC, speech_duration_assistant_speaking_ms=800)).skip()
    dialogue.speak(sound, piece_bytes=piece_bytes)
    assert len(dialogue.all(STARTED)) == 1


# ---- fillers


def filler_turns(dialogue: Dialogue) -> int:
    dialogue.skip().speak(utterance(500))
    return len(dialogue.all(STARTED))


@pytest.mark.parametrize(
    ("expectation", "removed"),
    [
        (Expectation(text="Umm."), True),
        (Expectation(text="Hmm, yeah"), True),
        (Expectation(text="UHHH… ooh!"), True),
        (Expectation(text="Yeah, please."), False),
        (Expectation(text="..."), False),
        (Expectation(), False),
        (Expectation(filler=True, text="Well then"), True),
        (Expectation(filler=False, text="Yeah."), False),
    ],
)
def test_what_the_script_leaves_open_is_judged_by_its_words(expectation: Expectation, removed: bool) -> None:
    """Documented {DOC}: the eight words of English; what the script says goes first."""
    script = PlannedScript()
    script.expectations.append(expectation)
    dialogue = Dialogue(script=script).client(update(**SEMANTIC, remove_filler_words=True))
    assert filler_turns(dialogue) == (not removed)


@pytest.mark.parametrize(
    ("detection", "removed"),
    [
        ({"type": "azure_semantic_vad_multilingual"}, True),
        ({"type": "azure_semantic_vad_multilingual", "languages": ["de", "en-GB"]}, True),
        ({"type": "azure_semantic_vad_multilingual", "languages": ["de"]}, False),
        ({"type": "azure_semantic_vad", "languages": ["de"]}, True),
        ({"type": "azure_semantic_vad_en"}, True),
    ],
)
def test_the_words_are_english(detection: dict[str, Any], removed: bool) -> None:
    """Documented {DOC}: no other language's fillers are named; one detector alone looks at ``languages``."""
    script = PlannedScript()
    script.expectations.append(Expectation(text="Umm"))
    dialogue = Dialogue(script=script).client(update(**detection, remove_filler_words=True))
    assert filler_turns(dialogue) == (not removed)


@pytest.mark.parametrize(("fillers", "while_it_speaks", "in_silence"), [("always", 0, 0), ("over_assistant", 0, 1)])
def test_sources_differ_about_when_fillers_are_ignored(fillers: Any, while_it_speaks: int, in_silence: int) -> None:
    """Observed {SDKT}: a clip of nothing else makes no speech_started. Documented {DOC}: while an answer is played."""
    for pause_s, expected in ((1.0, while_it_speaks), (100.0, in_silence)):
        script = PlannedScript([LONG_REPLY])
        script.expectations.append(Expectation(text="Umm"))
        dialogue = Dialogue(script=script, readings=Readings(fillers=fillers))
        dialogue.client(update(**SEMANTIC, remove_filler_words=True), ResponseCreate()).wait(pause_s)
        assert filler_turns(dialogue) == expected


def test_a_filler_that_is_removed_interrupts_nothing() -> None:
    """That is what it is for: the answer goes on."""
    script = PlannedScript([LONG_REPLY])
    script.expectations.append(Expectation(text="Mm"))
    dialogue = Dialogue(script=script, timing=Timing({"llm_first": 3000.0}))
    dialogue.client(update(**SEMANTIC, remove_filler_words=True, auto_truncate=True), ResponseCreate())
    dialogue.speak(utterance(500), piece_bytes=960, real_time=True).wait(100)
    assert [done.response.status for done in dialogue.all("response.done")] == ["completed"]
    assert not dialogue.all("conversation.item.truncated")


# ---- what is only taken note of


@pytest.mark.parametrize("kind", ["azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual"])
def test_what_is_undocumented_is_taken_and_comes_back(kind: str) -> None:
    """Observed {FON, SDKT}: keys that stand in no manual, and their twins for when the assistant speaks."""
    sent: dict[str, Any] = {"neg_threshold": 0.2, "window_size": 2, "distinct_ci_phones": 3, "require_vowel": True}
    sent |= {f"{name}_assistant_speaking": value for name, value in sent.items()}
    sent["speech_duration_assistant_speaking_ms"] = 200
    dialogue = Dialogue().client(update(type=kind, **sent))
    echoed = dialogue.last("session.updated").session.turn_detection
    assert {name: getattr(echoed, name) for name in sent} == sent


def test_truncation_is_cut_where_the_answer_was_interrupted() -> None:
    """Documented {DOC}: real-time playback; a second interruption finds nothing to cut."""
    dialogue = Dialogue(script=PlannedScript([LONG_REPLY]))
    dialogue.client(update(**SERVER, auto_truncate=True, create_response=False)).client(ResponseCreate())
    dialogue.wait(2).speak(utterance() + utterance(), piece_bytes=960, real_time=True)
    (truncated,) = dialogue.all("conversation.item.truncated")
    started = dialogue.times[dialogue.types.index(STARTED)]
    begun = dialogue.times[dialogue.types.index("response.audio.delta")]
    assert truncated.audio_end_ms == pytest.approx((started - begun) * 1000, abs=1)
    assert len(dialogue.all(STARTED)) == 2


def test_turns_never_overlap() -> None:
    """Whatever the settings: what was committed with one turn is not in the next."""
    for padding_ms in (0, 300, 2000):
        turns = heard(TWICE, **SERVER, prefix_padding_ms=padding_ms, silence_duration_ms=300)
        assert len(turns) == 2
        assert all(end <= start for (_, end), (start, _) in pairwise(turns))
