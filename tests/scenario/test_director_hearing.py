"""What a scenario takes speech for: the words of the next turn, a filler, or silence."""

from typing import Any

import pytest
from directing import BYE, HELLO, NAME, answer, directing, hear, read
from scenario_inputs import a_turn

from vlmock.session.script import Expectation, Fail, Heard, TranscriptionFailure, Warn

# ---- what speech is heard as


def test_speech_is_heard_as_the_next_turn_that_has_words() -> None:
    director = directing(turns=[HELLO, {"tool": "f", "reply": "Done."}, {**BYE, "transcript": "Good bye now"}])
    assert hear(director) == "Hello"
    answer(director, a_turn("Hello"))
    assert hear(director) == "Good bye now"


LOST = {**HELLO, "transcript": {"fails": "Noise.", "code": "noise"}}
UNREAD = Heard("Hello", TranscriptionFailure("Noise.", "noise"))


def test_more_than_the_words_can_be_said_about_them() -> None:
    how = {"text": "Hallo", "locale": "de-DE", "confidence": 0.4}
    director = directing(turns=[{**HELLO, "transcript": how}, {**BYE, "transcript": {"fails": "Noise."}}])
    assert hear(director) == Heard("Hallo", locale="de-DE", confidence=0.4)
    answer(director, a_turn("Hello"))
    assert hear(director) == Heard("Goodbye", TranscriptionFailure("Noise.", "audio_unintelligible"))


def test_what_nobody_wrote_down_is_not_heard_again_by_a_model_that_reads() -> None:
    director = directing(turns=[LOST, {**NAME}])
    assert [read(director), read(director)] == [UNREAD, "What is your name?"]
    assert answer(director, a_turn("", "What is your name?")) == ["Ava."]
    assert director.problems() == []


def test_what_nobody_wrote_down_is_answered_when_the_client_asks_for_it() -> None:
    director = directing(turns=[LOST, NAME])
    assert read(director) == UNREAD
    assert answer(director, a_turn("")) == ["Hi."]
    assert read(director) == "What is your name?"
    assert answer(director, a_turn("What is your name?")) == ["Ava."]


def test_what_nobody_wrote_down_needs_no_reply() -> None:
    lost = {"user": "Hello", "transcript": {"fails": "Noise."}}
    director = directing(turns=[lost, NAME], otherwise={"reply": "Pardon?"})
    read(director)
    assert answer(director, a_turn("")) == ["Pardon?"]


def test_a_model_that_hears_answers_what_nobody_wrote_down() -> None:
    director = directing(turns=[LOST])
    assert hear(director) == hear(director) == UNREAD
    assert answer(director, a_turn("Hello")) == ["Hi."]


def test_words_that_were_understood_and_have_no_reply_are_reported_with_the_reason() -> None:
    director = directing(turns=[{"user": "Hello", "transcript": {"fails": "Noise."}}])
    assert answer(director, a_turn("Hello")) == []
    assert "has no reply, but these words were understood" in director.problems()[0]


def test_a_warning_is_a_step() -> None:
    warn = [{"warn": "Odd: {{ text }}"}, {"warn": {"message": "Odd.", "code": "odd", "param": "audio"}}]
    director = directing(otherwise={"reply": warn})
    assert director.reply(a_turn("Hello")).steps == (Warn("Odd: Hello"), Warn("Odd.", "odd", "audio"))


def test_speech_is_heard_as_the_same_until_it_was_answered() -> None:
    """A pause in the middle of a sentence makes two spoken turns of it, but one response."""
    director = directing(turns=[HELLO, BYE])
    parts = [hear(director), hear(director)]
    assert parts == ["Hello", "Hello"]
    assert answer(director, a_turn(*parts)) == ["Hi."]
    assert hear(director) == "Goodbye"


def test_after_the_turns_speech_is_heard_as_the_rules_one_after_the_other() -> None:
    director = directing(turns=[HELLO], rules=[NAME, {"user": "/x.*/", "reply": "X."}, {**BYE, "times": 1}])
    heard = []
    for _ in range(5):
        heard.append(hear(director))
        assert not isinstance(director.reply(a_turn(heard[-1])).steps[0], Fail)
    assert heard == ["Hello", "What is your name?", "Goodbye", "What is your name?", "What is your name?"]


def test_speech_is_not_heard_as_a_rule_for_another_session() -> None:
    director = directing(rules=[{**NAME, "session": {"tool_choice": "required"}}, BYE])
    assert hear(director) == "Goodbye"
    assert hear(director, tool_choice="required") == "What is your name?"


@pytest.mark.parametrize(
    ("user", "heard"),
    [
        ({"contains": "the weather"}, "the weather"),
        ("/weather/i", "weather"),
        (["/w.*/", "Weather?"], "Weather?"),
        ("/w.*/", "(1.2 seconds of unscripted speech)"),
    ],
)
def test_a_pattern_is_heard_as_the_words_in_it_where_there_are_any(user: Any, heard: str) -> None:
    assert hear(directing(turns=[{"user": user, "reply": "Sunny."}])) == heard


def test_a_pattern_whose_words_nobody_knows_says_so_when_it_is_spoken() -> None:
    director = directing(turns=[{"user": "/w.*/", "reply": "Sunny."}])
    director.reply(a_turn(hear(director)))
    assert director.problems()[0].endswith("turns[0] does not say what its speech is heard as: give it 'transcript'")


# ---- fillers and unfinished sentences


FILLER = {"user": "Umm", "filler": True}


def test_a_filler_is_expected_and_gone_once_it_was_removed() -> None:
    director = directing(turns=[FILLER, {**HELLO, "complete": False}])
    assert director.expects() == director.expects() == Expectation(filler=True, text="Umm")
    director.skip_filler()
    assert director.expects() == Expectation(complete=False, text="Hello")
    assert hear(director) == "Hello"
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert director.expects() == Expectation()
    assert director.problems() == []


def test_a_filler_that_does_not_call_itself_one_is_reported_when_it_is_removed() -> None:
    """Its answer will never be given; what comes next is heard as the same, as before."""
    director = directing(turns=[{"user": "Yeah.", "reply": "Fine."}])
    assert director.expects() == Expectation(text="Yeah.")
    director.skip_filler()
    assert director.problems()[0] == (
        "turns[0] was removed as a filler word, because turn_detection.remove_filler_words is true: "
        "write 'filler: true' if that is meant, else 'filler: false'"
    )
    assert answer(director, a_turn("Yeah.")) == ["Fine."]


# ---- silence


def test_silence_is_answered_by_what_waits_for_it() -> None:
    """Neither words nor a greeting; speech is heard as what comes after it."""
    idle = {"idle": True, "reply": "Are you still there?"}
    director = directing(turns=[HELLO, idle, BYE])
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert hear(director) == "Goodbye"
    assert answer(director, a_turn(idle=True)) == ["Are you still there?"]
    assert director.problems()[0].startswith("turns[2]")


@pytest.mark.parametrize(
    ("entry", "turn", "reason"),
    [
        ({"idle": True}, a_turn("Hello"), 'idle: expected silence, got the user said "Hello"'),
        ({"idle": True}, a_turn(), "idle: expected silence, got nothing (a response out of the blue)"),
        ({"idle": False, "turn": 1}, a_turn(idle=True), "idle: expected no silence, got nobody has spoken"),
        ({"start": True}, a_turn(idle=True), "start: expected nothing said and no tool output, got nobody has spoken"),
        ({"user": "Hello"}, a_turn(idle=True), "got nothing said"),
    ],
)
def test_silence_is_no_greeting_and_no_words(entry: dict[str, Any], turn: Any, reason: str) -> None:
    director = directing(turns=[{**entry, "reply": "Hi."}])
    director.reply(turn)
    assert reason in director.problems()[0]


def test_a_filler_that_was_not_removed_and_has_no_reply_is_reported() -> None:
    director = directing(turns=[FILLER, HELLO])
    assert hear(director) == "Umm"
    director.reply(a_turn("Umm"))
    assert director.problems()[0].splitlines()[1:] == [
        "  turns[0] is a filler that was not removed: turn_detection.remove_filler_words is not true"
    ]
    assert answer(director, a_turn("Hello")) == ["Hi."]


def test_a_filler_may_be_answered_all_the_same() -> None:
    director = directing(turns=[{**FILLER, "reply": "Take your time."}])
    assert answer(director, a_turn("Umm")) == ["Take your time."]
    director = directing(turns=[FILLER], otherwise={"reply": "Pardon?"})
    assert answer(director, a_turn("Umm")) == ["Pardon?"]
    assert director.problems() == []
