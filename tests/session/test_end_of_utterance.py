"""Whether the user has finished, and how long the service waits if it seems not. Source: schema D6, behaviour 3.2."""

from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.turn_detection import EndOfUtteranceDetection
from vlmock.session.listening.end_of_utterance import completeness, is_finished
from vlmock.session.script import Expectation

STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
LEVELS = ("low", "medium", "high")
V1 = "semantic_detection_v1"


# ---- judging words


@pytest.mark.parametrize(
    ("text", "waited_for_at"),
    [
        ("What is the weather?", ""),
        ("Yes.", ""),
        ("¿Qué tal?", ""),
        ('He said "stop."', ""),
        ("", ""),
        ("!?", ""),
        ("What is the weather", "high"),
        ("Four people", "high"),
        ("Well, you see,", "medium high"),
        ("Here is what I want:", "medium high"),
        ("I would like to book a table for", "low medium high"),
        ("I want tea and", "low medium high"),
        ("I want tea and,", "low medium high"),
        ("Wait, it’s", "low medium high"),
        ("My number is, umm", "low medium high"),
        ("My number is...", "low medium high"),
        ("So I thought …", "low medium high"),
        ("I was about to -", "low medium high"),
        ("What is that for?", ""),
        ("Ich hätte gern einen Tisch für", "high"),
    ],
)
def test_the_end_of_a_sentence_says_whether_more_will_come(text: str, waited_for_at: str) -> None:
    """Documented {DOC}: low is satisfied first, high last, default is medium. Assumed: with what."""
    waits = [
        level for level in LEVELS if not is_finished(text, EndOfUtteranceDetection(model=V1, threshold_level=level))
    ]
    assert waits == waited_for_at.split()
    by_default = is_finished(text, EndOfUtteranceDetection(model=V1, threshold_level="default"))
    assert by_default == ("medium" not in waits) == is_finished(text, EndOfUtteranceDetection(model=V1))


@pytest.mark.parametrize(
    "text",
    [
        "Ich hätte gern einen Tisch für",
        "Quiero una mesa para",
        "Je voudrais une table pour",
        "Vorrei un tavolo per",
        "Quero uma mesa para",
        "मुझे चाय और",
        "저는 차를 원해요 그리고",
        "我想要茶和",
        "お茶が欲しいけど",
        "I want tea and",
    ],
)
def test_the_multilingual_model_reads_ten_languages(text: str) -> None:
    """Documented {DOC}: English, Spanish, French, Italian, German, Japanese, Portuguese, Chinese, Korean, Hindi."""
    assert not is_finished(text, EndOfUtteranceDetection(model=f"{V1}_multilingual", threshold_level="low"))
    english = text.isascii() and text.startswith("I ")
    assert is_finished(text, EndOfUtteranceDetection(model=f"{V1}_en", threshold_level="low")) is not english


def test_the_previews_threshold_is_a_figure() -> None:
    """Documented {DOC}: 0.01 unless given. A level goes first."""
    assert is_finished("Well,", EndOfUtteranceDetection(model=V1, threshold=0.01))
    assert not is_finished("Well,", EndOfUtteranceDetection(model=V1, threshold=0.5))
    assert is_finished("Well,", EndOfUtteranceDetection(model=V1, threshold=0.5, threshold_level="low"))
    assert completeness("I want tea and") < completeness("Well,") < completeness("Well") < completeness("Well.")


# ---- waiting


def opened(expectation: Expectation, *, api_version: str = "2026-04-10", **eou: Any) -> Dialogue:
    script = PlannedScript()
    script.expectations.append(expectation)
    dialogue = Dialogue(script=script, api_version=api_version)
    detection: dict[str, Any] = {"type": "azure_semantic_vad", "silence_duration_ms": 500}
    if eou:
        detection["end_of_utterance_detection"] = {"model": V1} | eou
    dialogue.client({"type": "session.update", "session": {"turn_detection": detection}}).skip()
    assert not dialogue.all("error")
    return dialogue


def waited_ms(expectation: Expectation, **eou: Any) -> int:
    """How much later the turn ends than without end-of-utterance detection."""
    ends = []
    for settings in ({}, eou):
        dialogue = opened(
            expectation, **({"api_version": eou["api_version"]} if "api_version" in eou else {}) | settings
        )
        dialogue.speak(utterance(after_ms=4000))
        ends.append(dialogue.last(STOPPED).audio_end_ms)
    return int(ends[1] - ends[0])


@pytest.mark.parametrize(
    ("expectation", "eou", "waits_ms"),
    [
        (Expectation(text="A table for"), {"timeout_ms": 1000}, 1000),
        (Expectation(text="A table for"), {}, 1000),
        (Expectation(text="A table for"), {"timeout_ms": 0}, 0),
        (Expectation(text="A table for"), {"timeout_ms": 2400}, 2400),
        (Expectation(text="A table for"), {"timeout": 0.5}, 500),
        (Expectation(text="A table for", complete=True), {}, 0),
        (Expectation(text="A table for four."), {}, 0),
        (Expectation(text="A table for four.", complete=False), {}, 1000),
        (Expectation(text="For four, please"), {"threshold_level": "high"}, 1000),
        (Expectation(text="For four, please"), {"threshold_level": "medium"}, 0),
        (Expectation(text="Well,"), {"threshold_level": "low"}, 0),
        (Expectation(text="Well,"), {"threshold": 0.1}, 1000),
        (Expectation(text="Well,"), {"threshold": 0.01}, 0),
        (Expectation(), {}, 0),
    ],
)
def test_an_unfinished_sentence_is_waited_for(expectation: Expectation, eou: dict[str, Any], waits_ms: int) -> None:
    """Documented {DOC}: up to the timeout. What the script says goes before what its words say."""
    assert waited_ms(expectation, **({"model": V1} | eou)) == pytest.approx(waits_ms, abs=32)


def test_the_first_preview_waits_two_seconds() -> None:
    """Documented {DOC}: its defaults were 0.01 and 2 s, by their old names; the echo has them."""
    preview = {"api_version": "2025-05-01-preview"}
    assert waited_ms(Expectation(text="A table for"), model=V1, **preview) == pytest.approx(2000, abs=32)
    assert waited_ms(Expectation(text="Well,"), model=V1, **preview) == 0
    dialogue = opened(Expectation(), model=V1, **preview)
    echoed = dialogue.last("session.updated").session.turn_detection.end_of_utterance_detection
    assert (echoed.threshold, echoed.timeout) == (0.01, 2.0)


def test_the_model_that_listens_comes_to_the_same_conclusion() -> None:
    """Assumed: smart_end_of_turn_detection waits where the others would."""
    for text, waits_ms in (("A table for", 1000), ("A table for four.", 0)):
        eou = {"api_version": "2026-06-01-preview", "model": "smart_end_of_turn_detection"}
        assert waited_ms(Expectation(text=text), **eou) == pytest.approx(waits_ms, abs=32)


@pytest.mark.parametrize("pause_ms", [800, 1300])
def test_what_goes_on_within_the_wait_is_one_turn(pause_ms: int) -> None:
    """speech_stopped never came: one item, one transcript, one response."""
    dialogue = opened(Expectation(text="A table for"), model=V1)
    dialogue.speak(silence(400) + voice(700) + silence(pause_ms) + voice(700) + silence(3000), piece_bytes=960)
    assert (len(dialogue.all(STARTED)), len(dialogue.all(STOPPED)), len(dialogue.script.spoken)) == (1, 1, 1)
    assert len(dialogue.all("response.created")) == 1


def test_what_comes_after_the_wait_is_another_turn() -> None:
    """The timeout is a bound."""
    dialogue = opened(Expectation(text="A table for"), model=V1)
    dialogue.speak(silence(400) + voice(700) + silence(1900) + voice(700) + silence(3000), piece_bytes=960)
    assert (len(dialogue.all(STARTED)), len(dialogue.all(STOPPED))) == (2, 2)
