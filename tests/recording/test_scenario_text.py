"""A scenario that is made from a recording reads as if a person had written it, and every word survives."""

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.recording.scenes import Scene, body, steps
from vlmock.recording.to_scenario import scenario_of
from vlmock.recording.to_scenario.escaping import is_readable
from vlmock.scenario.director import Director
from vlmock.scenario.loader import load_text
from vlmock.session.script import (
    Call,
    Emit,
    Say,
)

# ---- how it looks


def test_it_looks_as_if_a_person_had_written_it():
    """Block style, few quotes, a comment for each turn, and only what is needed."""
    scene = Scene()
    scene.answering().says("Good day: what can I do?").done()
    scene.wait(4).typed("What's the weather?").wait(0.02).answering().says("I will look.")
    scene.calls("get_weather", "c1", '{"location": "Oslo", "days": 2}').done()
    scene.wait(1).returned("c1", '{"temp_c": 3}').answering().says("It is 3 degrees.").done()
    assert body(scene.recording()) == (
        "turns:\n"
        "  # At 0.0 s, frame 2.\n"
        "  - start: true\n"
        "    reply: 'Good day: what can I do?'\n"
        "  # At 4.0 s, frame 8.\n"
        '  - user: "What\'s the weather?"\n'
        "    reply:\n"
        "      - say: I will look.\n"
        "      - call: get_weather\n"
        "        arguments: {location: Oslo, days: 2}\n"
        "  # At 5.0 s, frame 16.\n"
        '  # get_weather returned {"temp_c": 3}\n'
        "  - tool: get_weather\n"
        "    reply: It is 3 degrees."
    ).replace('"What\'s the weather?"', "What's the weather?")


def test_long_words_are_folded():
    """As in the scenarios that ship."""
    words = " ".join(["The quick brown fox jumps over the lazy dog."] * 5)
    text = body(Scene().typed("Hi").answering().says(words).done().recording())
    assert "    reply: >-\n      The quick" in text
    assert max(map(len, text.splitlines())) <= 120


# ---- every word survives

ODD = st.sampled_from(
    [
        *(
            "yes",
            "no",
            "off",
            "null",
            "~",
            "12",
            "1e3",
            "0x10",
            "012",
            "12:30",
            "- a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "...",
        ),
        *("'", '"', "[x]", "{a: b}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "---", "\\", "a\\n", "/a.*/i"),
        *("{{ text }}", "{% if %}", "{{{", "{#", "{{\r\n}}", "a\nb", "a\r\nb", "\ta", "\x00", "\x1f", "\x85", "\u2028"),
        *("\ufeff", "e\u0308", "\u65e5\u672c\u8a9e", "\U0001f600"),
    ]
)
WORDS = st.one_of(ODD, st.text(), st.lists(ODD, max_size=3).map(" ".join)).filter(lambda text: text.strip() != "")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.just(""), inner, max_size=3),
    max_leaves=6,
)


@given(user=WORDS, words=WORDS)
def test_whatever_was_said_and_answered_survives(user: str, words: str):
    """Quotes, colons, braces, line ends, numbers: the scenario has it as it was, and fills in nothing."""
    (step,) = steps(Scene().typed(user).answering().says(words).done(), user)
    assert isinstance(step, Say)
    assert step.text == words.strip()


def test_words_that_look_like_a_pattern_are_words():
    """What was said is compared with, not what it would find."""
    scene = Scene().typed("/a.*/i").answering().says("Hm.").done()
    assert steps(scene, "/a.*/i") == [Say("Hm.")]
    assert steps(scene, "Anything") != [Say("Hm.")]


@given(user=WORDS)
def test_whatever_was_spoken_is_heard_as_it_was(user: str):
    """The emulator gives the same transcript again."""
    scenario = load_text(scenario_of(Scene().spoken(user).answering().says("Hm.").done().recording()).text)
    assert Director(scenario).expects().text == user


@given(arguments=st.one_of(JSON.map(json.dumps), WORDS, st.just("")), name=WORDS)
def test_whatever_was_called_survives(arguments: str, name: str):
    """JSON as the same JSON; what is none to the letter."""
    scene = Scene().typed("Go").answering().calls(name, "c", arguments).done()
    (step,) = steps(scene, "Go")
    assert isinstance(step, Call)
    assert step.name == name
    assert _json(step.arguments) == _json(arguments)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


@given(members=st.dictionaries(WORDS.filter(lambda name: name not in ("type", "event_id")), JSON, max_size=3))
def test_whatever_nobody_knows_is_sent_again(members: dict[str, Any]):
    """In the middle of an answer, as it stands."""
    assume(is_readable(members))
    scene = Scene().typed("Go").answering().event("server", {"type": "assistant.mood", "event_id": "e", **members})
    assert steps(scene.done(), "Go") == [Emit({"type": "assistant.mood", **members})]
