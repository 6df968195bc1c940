"""What answers a turn, and the reasons why something does not."""

from typing import Any

import pytest
from scenario_inputs import a_turn

from vlmock.protocol.session import ResponseSession
from vlmock.protocol.tools import FunctionTool, McpTool
from vlmock.scenario.matching import Match, match
from vlmock.scenario.model import Entry, Scenario
from vlmock.scenario.patterns import differences, normalised
from vlmock.session.script import Turn

SESSION: dict[str, Any] = {"modalities": ["text", "audio"], "turn_detection": {"type": "server_vad", "threshold": 0.5}}


def rule(**conditions: Any) -> Entry:
    return Scenario.build(rules=[{**conditions, "reply": "Yes."}]).rules[0]


def why_not(entry: Entry, turn: Turn) -> list[str]:
    found = match(entry, turn, SESSION)
    return [] if isinstance(found, Match) else [str(difference) for difference in found]


# ---- words


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("What is the weather in Beijing?", "what is the weather in beijing"),
        ("I'd like that – really!", "id like that really"),
        ("I\N{RIGHT SINGLE QUOTATION MARK}d", "I'd"),
        ("  two\nlines ", "Two lines"),
        ("Straße", "STRASSE"),
        (
            "e\N{COMBINING ACUTE ACCENT}t\N{COMBINING ACUTE ACCENT}",
            "E\N{COMBINING ACUTE ACCENT}T\N{COMBINING ACUTE ACCENT}",
        ),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "Cafe\N{COMBINING ACUTE ACCENT}"),
        ("नमस्ते दुनिया।", "नमस्ते, दुनिया"),
        ("今天天气怎么样？ 很好。", "今天天气怎么样，很好"),
        ("你好，世界", "你好世界"),
        ("18.5", "18,5"),
    ],
)
def test_text_is_compared_as_people_hear_it(said: str, heard: str) -> None:
    assert normalised(said) == normalised(heard) != ""


@pytest.mark.parametrize(("said", "heard"), [("now here", "nowhere"), ("हिंदी", "हद"), ("a b", "b a"), ("yes", "")])
def test_other_words_stay_other_words(said: str, heard: str) -> None:
    assert normalised(said) != normalised(heard)


@pytest.mark.parametrize(
    ("user", "text", "found"),
    [
        ("Hello.", "hello", True),
        ("Hello.", "hello there", False),
        ("...", "...", True),
        ("...", "!!!", False),
        (["Hi", "Hello"], "HELLO!", True),
        (["Hi", "Hello"], "Bye", False),
        ({"contains": "the weather"}, "How's the Weather, today?", True),
        ({"contains": "the weather"}, "the weathervane", False),
        ("/weather in (\\w+)/", "the weather in Oslo", True),
        ("/weather in (\\w+)/", "the Weather in Oslo", False),
        ("/WEATHER/i", "the weather", True),
        ({"matches": "^the .* oslo$"}, "The weather in Oslo", True),
        ([{"contains": "rain"}, "/snow/"], "snowfall", True),
        ("1/2", "1 2", True),
    ],
)
def test_user_is_words_or_a_pattern(user: Any, text: str, found: bool) -> None:
    entry = rule(user=user)
    assert isinstance(match(entry, a_turn(text), SESSION), Match) is found
    assert (why_not(entry, a_turn(text)) == []) is found


def test_words_that_came_in_two_parts_match_together_or_alone() -> None:
    """Speech with a pause in it may arrive as two items that are answered by one response."""
    turn = a_turn("What is the weather", "in Beijing?")
    assert why_not(rule(user="What is the weather in Beijing?"), turn) == []
    assert why_not(rule(user="in Beijing"), turn) == []


def test_speech_matches_the_entry_that_said_what_it_is_heard_as() -> None:
    entry = rule(user="/colou?r/", transcript="What collar is it?")
    assert why_not(entry, a_turn("What collar is it?")) == []
    assert why_not(entry, a_turn("What collar is it?", typed=True)) == [
        'user: expected a match of /colou?r/, got "What collar is it?"'
    ]


def test_a_pattern_hands_out_its_groups() -> None:
    found = match(rule(user="/in (?P<city>\\w+)( now)?/"), a_turn("Weather in Oslo"), SESSION)
    assert isinstance(found, Match)
    assert found.groups == {0: "in Oslo", 1: "Oslo", 2: None, "city": "Oslo"}


# ---- tools


def test_a_tool_entry_wants_the_output_of_that_tool() -> None:
    entry = rule(tool="get_weather")
    assert why_not(entry, a_turn(outputs={"get_time": 1, "get_weather": 2})) == []
    assert why_not(entry, a_turn(outputs={"get_time": 1})) == [
        "tool: expected the output of get_weather, got that of get_time"
    ]
    assert why_not(entry, a_turn("Hi")) == ['tool: expected the output of get_weather, got the user said "Hi"']


def test_a_list_of_tools_wants_all_of_their_outputs() -> None:
    entry = rule(tool=["a", "b"])
    assert why_not(entry, a_turn(outputs={"b": 1, "a": 2})) == []
    assert why_not(entry, a_turn(outputs={"a": 2})) == ["tool: expected the output of b, got that of a"]
    found = match(entry, a_turn(outputs={"b": 1, "a": 2}), SESSION)
    assert isinstance(found, Match)
    assert found.output is not None
    assert found.output.name == "a"  # the one that was named first


@pytest.mark.parametrize(
    ("expected", "output", "reasons"),
    [
        ({"ok": True}, {"ok": True, "more": 1}, []),
        ({"ok": True}, {"ok": 1}, ["output.ok: expected true, got 1"]),
        ({"ok": True}, {}, ["output.ok: expected true, got nothing"]),
        ({"ok": True}, "ok", ['output: expected a mapping with ok, got "ok"']),
        ({"a": {"b": [1, {"c": "/x+/"}]}}, {"a": {"b": [1, {"c": "axx", "d": 0}]}}, []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1]}}, ["output.a.b: expected a list of 2, got a list of 1"]),
        ({"temp": "/^1/"}, {"temp": 18.5}, []),
        ({"none": None}, {}, []),
        ("It rains", "it rains!", []),
        ("It rains", {"a": 1}, ["output: expected 'It rains', got '{\"a\": 1}'"]),
        ("It rains", '"It rains."', []),
        ({"contains": "rain"}, "some rain today", []),
        ("/rain/", {"weather": "rain"}, []),
    ],
)
def test_output_is_words_a_pattern_or_members_of_its_json(expected: Any, output: Any, reasons: list[str]) -> None:
    assert why_not(rule(tool="f", output=expected), a_turn(outputs={"f": output})) == reasons


def test_output_without_a_tool_wants_any_output() -> None:
    entry = rule(output={"ok": True})
    assert why_not(entry, a_turn(outputs={"f": {"ok": False}, "g": {"ok": True}})) == []
    assert why_not(entry, a_turn("Hi")) == ['output: expected {"ok": true}, got no tool output']


# ---- circumstances


def test_tools_offered_wants_all_of_them_offered() -> None:
    tools = [FunctionTool(name="a"), FunctionTool(name="b")]
    turn = a_turn("Hi", tools=tools)
    assert why_not(rule(tools_offered=["a", "b"]), turn) == []
    assert why_not(rule(tools_offered=["a", "c"]), turn) == ["tools_offered: expected c, got a, b"]
    assert why_not(rule(tools_offered="c"), a_turn("Hi")) == ["tools_offered: expected c, got no tools"]


def test_tools_of_other_kinds_have_no_name_to_offer() -> None:
    from msgspec.structs import replace

    turn = replace(a_turn("Hi"), tools=(McpTool(server_label="a", server_url="http://a"),))
    assert why_not(rule(tools_offered="a"), turn) == ["tools_offered: expected a, got no tools"]


def test_turn_is_the_number_of_the_response() -> None:
    assert why_not(rule(turn=2), a_turn("Hi", number=2)) == []
    assert why_not(rule(turn=2), a_turn("Hi", number=3)) == ["turn: expected 2, got 3"]


def test_session_wants_members_of_the_settings() -> None:
    entry = rule(session={"modalities": ["text", "audio"], "turn_detection": {"type": "/vad/"}})
    assert why_not(entry, a_turn("Hi")) == []
    assert why_not(rule(session={"turn_detection": {"type": "x"}}), a_turn("Hi")) == [
        'session.turn_detection.type: expected "x", got "server_vad"'
    ]
    assert why_not(rule(session={"turn_detection": None}), a_turn("Hi")) == [
        'session.turn_detection: expected null, got {"type": "server_vad", "threshold": 0.5}'
    ]


@pytest.mark.parametrize(
    ("turn_detection", "reasons"),
    [
        ({"type": {"contains": "server vad"}}, []),
        ({"type": {"matches": "^SERVER_"}}, []),
        (
            {"type": {"contains": "semantic"}},
            ["session.turn_detection.type: expected text with 'semantic' in it, got \"server_vad\""],
        ),
        ({"type": {"matches": "^vad"}}, ['session.turn_detection.type: expected a match of /^vad/, got "server_vad"']),
        ({"contains": ""}, ['session.turn_detection.contains: expected "", got nothing']),
    ],
)
def test_members_are_compared_with_words_and_patterns_as_well(turn_detection: Any, reasons: list[str]) -> None:
    """As what the user says is; words that are none are a member like others."""
    assert why_not(rule(session={"turn_detection": turn_detection}), a_turn("Hi")) == reasons


def test_start_wants_a_response_out_of_the_blue() -> None:
    entry = rule(start=True)
    assert why_not(entry, a_turn()) == []
    assert why_not(entry, a_turn("Hi", typed=True)) == [
        'start: expected nothing said and no tool output, got the user typed "Hi"'
    ]
    assert why_not(entry, a_turn(outputs={"f": 1})) == [
        "start: expected nothing said and no tool output, got f returned '1'"
    ]
    assert why_not(rule(start=False), a_turn(outputs={"f": 1})) == []
    assert why_not(rule(start=False), a_turn()) == [
        "start: expected words or a tool output, got nothing (a response out of the blue)"
    ]


def test_every_reason_is_given_not_only_the_first() -> None:
    entry = rule(user="Hi", tool="f", turn=2)
    assert [line.split(":")[0] for line in why_not(entry, a_turn("Ho"))] == ["user", "tool", "turn"]


def test_settings_of_a_real_session_are_what_session_updated_shows() -> None:
    import msgspec

    session = msgspec.to_builtins(ResponseSession(model="gpt-4.1", tool_choice="auto", turn_detection=None))
    assert differences({"model": "gpt-4.1", "turn_detection": None}, session, "session") == []
