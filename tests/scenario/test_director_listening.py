"""A conversation in which somebody says what was really said: which entry it is, and what it is heard as."""

import wave
from pathlib import Path
from typing import Any

import pytest
from scenario_inputs import a_turn

from vlmock.protocol.session import ResponseSession
from vlmock.scenario import builtin_voice
from vlmock.scenario.director import Director
from vlmock.scenario.model import Scenario
from vlmock.session.script import Expectation, Fail, Heard, Recognized, Say, Spoken

HELLO = {"user": ["Hello!", "Good morning!"], "reply": "Hi."}
SOUP = {"user": "The soup, please.", "reply": "One soup."}
BYE = {"user": "Goodbye.", "reply": "Bye."}
OTHERWISE = {"reply": "Pardon?"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some clips."""
    for name in ("hello", "soup", "umm"):
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 24_000, 0, "NONE", ""))
            file.writeframes(builtin_voice.speak(f"This is {name}.", 24_000).tobytes())
    return tmp_path


def directing(**parts: Any) -> Director:
    return Director(Scenario.build(name="test", **parts))


def hear(director: Director, recognized: Recognized | None, **session: Any) -> str | Heard:
    spoken = Spoken("item_1", 1240.0, ResponseSession(model="gpt-4.1", **session), recognized=recognized)
    return director.hear(spoken)


def words(sentence: str) -> Recognized:
    return Recognized(sentence, confidence=0.8)


def clip(path: Path) -> Recognized:
    return Recognized(clip=str(path), confidence=0.9)


NONE = Recognized(nearest="Goodbye.", confidence=0.3)
NO_CLIP = Recognized(only_clips=True)


def talk(director: Director, recognized: Recognized) -> tuple[str | Heard, list[str]]:
    """What it is heard as, and what is answered."""
    heard = hear(director, recognized)
    reply = director.reply(a_turn(heard if isinstance(heard, str) else heard.text))
    return heard, [step.text if isinstance(step, Say) else type(step).__name__ for step in reply.steps]


# ---- by its words


def test_rules_are_chosen_by_what_is_said() -> None:
    """Whatever was said before."""
    director = directing(rules=[HELLO, SOUP, BYE])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])
    assert talk(director, words("Goodbye.")) == ("Goodbye.", ["Bye."])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])


def test_each_way_to_say_it_is_heard_as_it_was_said() -> None:
    """Not as the first of them."""
    director = directing(rules=[HELLO])
    assert talk(director, words("Good morning!")) == ("Good morning!", ["Hi."])


def test_words_that_two_entries_have_are_those_of_the_one_that_may_answer() -> None:
    """With its punctuation; a turn that is over does not count."""
    director = directing(turns=[{"user": "Yes.", "reply": "First."}, {"user": "YES!", "reply": "Second."}])
    assert talk(director, words("Yes.")) == ("Yes.", ["First."])
    assert talk(director, words("Yes.")) == ("YES!", ["Second."])


def test_a_pattern_is_met_by_its_transcript() -> None:
    """And by nothing else that would fit it: nobody can listen for that."""
    director = directing(
        rules=[{"user": r"/my name is (\w+)/i", "transcript": "My name is Ada.", "reply": "Hi, {{ match[1] }}."}]
    )
    assert talk(director, words("My name is Ada.")) == ("My name is Ada.", ["Hi, Ada."])


def test_optional_turns_are_left_out() -> None:
    """As with typed words."""
    director = directing(turns=[{**HELLO, "optional": True}, SOUP, BYE])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])
    assert talk(director, words("Goodbye.")) == ("Goodbye.", ["Bye."])
    assert director.problems() == []


def test_a_turn_that_comes_too_early_is_heard_as_what_it_is() -> None:
    """It is not taken for the one that should come first; the report says which."""
    director = directing(turns=[HELLO, SOUP])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["Fail"])
    assert director.problems()[0].splitlines()[-2:] == [
        "  what the user said was recognised as 'The soup, please.' (confidence 0.80)",
        "  turns[1] would answer it, but turns[0] comes first",
    ]


def test_a_rule_that_is_used_up_does_not_take_the_words_of_another() -> None:
    """Those with the same words take over."""
    director = directing(rules=[{**SOUP, "times": 1}, {"user": "The soup please", "reply": "No more soup."}])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])
    assert talk(director, words("The soup, please.")) == ("The soup please", ["No more soup."])


def test_settings_choose_between_the_same_words() -> None:
    """An entry for other settings is not meant."""
    director = directing(
        rules=[
            {"user": "Hello.", "session": {"model": "gpt-4o"}, "reply": "Four oh."},
            {"user": "Hello!", "session": {"model": "gpt-4.1"}, "reply": "Four one."},
        ]
    )
    assert hear(director, words("Hello.")) == "Hello!"


def test_what_is_none_of_the_sentences_is_heard_as_nothing_and_answered_otherwise() -> None:
    """Not as the next turn."""
    director = directing(turns=[SOUP], otherwise=OTHERWISE)
    assert talk(director, NONE) == ("", ["Pardon?"])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])


def test_where_nothing_answers_it_the_report_says_what_it_was_like() -> None:
    """With how sure that is."""
    director = directing(turns=[SOUP])
    assert talk(director, NONE) == ("", [Fail.__name__])
    assert (
        "what the user said was recognised as none of the sentences, most like 'Goodbye.' (confidence 0.30)"
        in director.problems()[0]
    )


def test_what_was_recognised_for_one_response_is_not_reported_with_the_next() -> None:
    """Only what the failing turn is made of."""
    director = directing(rules=[SOUP])
    talk(director, words("The soup, please."))
    talk(director, NONE)
    assert director.problems()[0].count("was recognised as") == 1


def test_a_transcription_may_fail_though_the_words_are_known() -> None:
    """The scenario has the last word."""
    director = directing(rules=[{"user": "Hm.", "transcript": {"text": "Hm.", "fails": "Noise."}, "reply": "What?"}])
    heard = hear(director, words("Hm."))
    assert isinstance(heard, Heard)
    assert heard.failure is not None


# ---- by its sound


def test_a_clip_is_known_by_its_path(folder: Path) -> None:
    """Heard as the words of the entry, or as the name of the file where it has none."""
    rules = [
        {"clip": "hello.wav", "reply": "Hi."},
        {"clip": ["umm.wav", "soup.wav"], "user": "The soup, please.", "reply": "One soup."},
    ]
    director = directing(rules=rules, folder=folder)
    assert talk(director, clip(folder / "hello.wav")) == ("(hello.wav)", ["Hi."])
    assert talk(director, clip(folder / "soup.wav")) == ("The soup, please.", ["One soup."])
    assert talk(director, words("The soup, please.")) == ("The soup, please.", ["One soup."])


def test_a_clip_without_words_cannot_be_typed(folder: Path) -> None:
    """Only heard."""
    director = directing(rules=[{"clip": "hello.wav", "reply": "Hi."}], folder=folder)
    director.reply(a_turn("(hello.wav)", typed=True))
    assert "rules[0]: user: expected the clip hello.wav" in director.problems()[0]


def test_speech_that_is_no_clip_is_heard_as_the_next_entry_without_one(folder: Path) -> None:
    """Where nobody listens to words."""
    director = directing(
        turns=[{**HELLO, "clip": "hello.wav", "optional": True}, SOUP, BYE], otherwise=OTHERWISE, folder=folder
    )
    assert talk(director, NO_CLIP) == ("The soup, please.", ["One soup."])


def test_a_turn_with_a_clip_waits_for_it(folder: Path) -> None:
    """Another sound is nothing, and does not skip it."""
    director = directing(turns=[{**HELLO, "clip": "hello.wav"}, SOUP], otherwise=OTHERWISE, folder=folder)
    assert talk(director, NO_CLIP) == ("", ["Pardon?"])
    assert talk(director, clip(folder / "hello.wav")) == ("Hello!", ["Hi."])


def test_a_rule_with_a_clip_is_not_heard_without_it(folder: Path) -> None:
    """Those without one take turns as ever."""
    director = directing(rules=[{**HELLO, "clip": "hello.wav"}, SOUP], folder=folder)
    assert [talk(director, NO_CLIP)[0] for _ in range(2)] == ["The soup, please."] * 2


# ---- fillers


FILLER = {"user": "Umm", "filler": True}


@pytest.mark.parametrize(
    ("recognized", "was_one"),
    [(words("Umm"), True), (words("The soup, please."), False), (NONE, False), (NO_CLIP, True), (None, True)],
)
def test_a_filler_is_one_when_it_was_said(recognized: Recognized | None, was_one: bool) -> None:
    """Where nobody listened to words it is what is expected."""
    director = directing(turns=[FILLER, SOUP])
    assert director.expects().filler
    assert director.skip_filler(recognized) is was_one
    assert (director.expects() == Expectation(text="The soup, please.")) is was_one


def test_a_filler_with_a_clip_is_known_by_it(folder: Path) -> None:
    """Any other sound is none."""
    director = directing(turns=[{**FILLER, "clip": "umm.wav"}, SOUP], folder=folder)
    assert not director.skip_filler(NO_CLIP)
    assert director.skip_filler(clip(folder / "umm.wav"))
