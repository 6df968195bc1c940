"""A conversation played by a scenario: who answers, with what, and what is reported at the end."""

from typing import Any

import pytest
from directing import BYE, HELLO, NAME, answer, directing
from scenario_inputs import a_turn

from vlmock.protocol.tools import McpTool
from vlmock.scenario.director import Director
from vlmock.scenario.loader import load_text
from vlmock.scenario.model import Scenario
from vlmock.session.script import Call, Fail, McpCall, Say

# ---- the order of answering


def test_the_weather_scenario_of_the_readme_plays() -> None:
    director = directing(
        turns=[
            {
                "user": "What is the weather in Beijing?",
                "reply": ["I will look that up.", {"call": "get_weather", "arguments": {"location": "Beijing"}}],
            },
            {"tool": "get_weather", "reply": "It is {{ output.weather }} and {{ output.temp_c }} degrees in Beijing."},
        ],
        otherwise={"reply": "Sorry, could you say that again?"},
    )
    assert director.reply(a_turn("what is the weather in beijing")).steps == (
        Say("I will look that up."),
        Call("get_weather", '{"location":"Beijing"}'),
    )
    assert answer(director, a_turn("Hm?")) == ["Sorry, could you say that again?"]
    assert answer(director, a_turn(outputs={"get_weather": {"weather": "sunny", "temp_c": 18.5}})) == [
        "It is sunny and 18.5 degrees in Beijing."
    ]
    assert director.problems() == []


def test_turns_come_in_order() -> None:
    director = directing(turns=[HELLO, NAME, BYE])
    assert [answer(director, a_turn(text)) for text in ("Hello", "what is your name", "goodbye")] == [
        ["Hi."],
        ["Ava."],
        ["Bye."],
    ]
    assert director.problems() == []


def test_a_turn_out_of_order_is_not_answered_and_the_report_says_what_comes_first() -> None:
    director = directing(turns=[HELLO, NAME, BYE])
    reply = director.reply(a_turn("Goodbye"))
    message = "nothing in scenario 'test' answers this turn: the user said \"Goodbye\""
    assert reply.steps == (Fail(message, code="unmatched_turn"),)
    assert director.problems()[0] == "\n  ".join(
        [
            f"turn 1: {message}",
            "turns[0]: user: expected 'Hello', got \"Goodbye\"",
            "turns[2] would answer it, but turns[0] comes first",
        ]
    )
    assert answer(director, a_turn("Hello")) == ["Hi."]  # nothing was skipped


def test_optional_turns_may_be_left_out_but_not_come_later() -> None:
    director = directing(turns=[HELLO, {**NAME, "optional": True}, BYE])
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert answer(director, a_turn("Goodbye")) == ["Bye."]
    assert director.problems() == []
    assert isinstance(director.reply(a_turn("What is your name?")).steps[0], Fail)
    assert "all turns have been played" in director.problems()[0]


def test_a_turn_may_have_to_come_several_times() -> None:
    director = directing(turns=[{**HELLO, "times": 2}, BYE])
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert director.problems() == [
        "turns[0] was not played: user 'Hello', 2 times",
        "turns[1] was not played: user 'Goodbye'",
    ]
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert answer(director, a_turn("Goodbye")) == ["Bye."]
    assert director.problems() == []


def test_rules_answer_at_any_time_after_the_turn_had_its_chance() -> None:
    director = directing(turns=[HELLO, BYE], rules=[{"user": "/./", "reply": "Hm."}])
    assert answer(director, a_turn("Goodbye")) == ["Hm."]
    assert answer(director, a_turn("Hello")) == ["Hi."]
    assert answer(director, a_turn("Hello")) == ["Hm."]
    assert answer(director, a_turn("Goodbye")) == ["Bye."]
    assert answer(director, a_turn("Goodbye")) == ["Hm."]
    assert director.problems() == []


def test_the_first_rule_that_fits_answers_until_it_is_used_up() -> None:
    director = directing(rules=[{**HELLO, "times": 1}, {"user": {"contains": "hello"}, "times": 1, "reply": "Again."}])
    assert [answer(director, a_turn("Hello")) for _ in range(2)] == [["Hi."], ["Again."]]
    director.reply(a_turn("Hello", number=3))
    assert director.problems() == [
        "turn 3: nothing in scenario 'test' answers this turn: the user said \"Hello\"\n"
        "  rules[0]: times: expected at most 1, got 1 before this one\n"
        "  rules[1]: times: expected at most 1, got 1 before this one"
    ]


def test_unplayed_turns_are_reported_with_what_they_wait_for() -> None:
    text = (
        "turns:\n  - user: Hi\n    reply: Hello.\n  - tool: [a, b]\n    reply: Done.\n  - start: true\n    reply: Hm?\n"
        "  - mcp: a/b\n    output: {error: /no/, n: 1}\n    reply: Hm.\n  - output: Gone.\n    reply: Hm.\n"
    )
    director = Director(load_text(text, file="chat.yaml"))
    assert director.problems() == [
        "turns[0] (chat.yaml:2) was not played: user 'Hi'",
        "turns[1] (chat.yaml:4) was not played: the output of a and b",
        "turns[2] (chat.yaml:6) was not played: a response asked for out of the blue",
        "turns[3] (chat.yaml:8) was not played: the output of a/b where error is a match of /no/, n is 1",
        "turns[4] (chat.yaml:11) was not played: a tool output that is 'Gone.'",
    ]


def test_a_reply_says_where_it_was_written() -> None:
    director = Director(load_text("otherwise:\n  reply: Hello.\n", file="chat.yaml"))
    assert director.reply(a_turn("Hi")).origin == "chat.yaml:2"


def test_directors_of_one_scenario_know_nothing_of_each_other() -> None:
    scenario = Scenario.build(turns=[HELLO, BYE])
    first, second = Director(scenario), Director(scenario)
    answer(first, a_turn("Hello"))
    assert answer(second, a_turn("Hello")) == ["Hi."]
    assert len(first.problems()) == 1


# ---- templates


def test_templates_know_the_turn_and_the_tool_output() -> None:
    reply = "{{ text }}|{{ turn }}|{{ match.city }}|{{ tools | join(',') }}|{{ session.model }}"
    director = directing(rules=[{"user": "/in (?P<city>\\w+)/", "reply": reply}])
    from vlmock.protocol.tools import FunctionTool

    turn = a_turn("Weather in Oslo", number=4, tools=[FunctionTool(name="f")])
    assert answer(director, turn) == ["Weather in Oslo|4|Oslo|f|gpt-4.1"]


def test_templates_know_each_output_by_the_name_of_its_tool() -> None:
    reply = "{{ outputs.a.x }} {{ outputs.b }} {{ output }} {{ arguments.n }}"
    director = directing(rules=[{"tool": ["b", "a"], "reply": reply}])
    assert answer(director, a_turn(outputs={"a": {"x": 1}, "b": "text"}, arguments='{"n": 7}')) == ["1 text text 7"]


def test_arguments_keep_the_type_of_what_fills_them() -> None:
    call = {"call": "f", "arguments": {"a": "{{ output.n }}", "b": ["{{ output.n }} %"], "c": "{{ output }}"}}
    director = directing(rules=[{"tool": "g", "reply": [call]}])
    (step,) = director.reply(a_turn(outputs={"g": {"n": 2.5}})).steps
    assert step == Call("f", '{"a":2.5,"b":["2.5 %"],"c":{"n":2.5}}')


def test_a_reply_that_cannot_be_filled_in_fails_and_is_reported() -> None:
    text = "rules:\n  - tool: f\n    reply:\n      - say: Well.\n      - say: It is {{ output.temp }}.\n"
    director = Director(load_text(text, file="chat.yaml"))
    message = (
        "chat.yaml:5: template 'It is {{ output.temp }}.': 'dict object' has no attribute 'temp' (output has weather)"
    )
    assert director.reply(a_turn(outputs={"f": {"weather": "dry"}})).steps == (Fail(message, code="scenario_error"),)
    assert director.problems() == [f"turn 1: rules[0] (chat.yaml:2) could not be answered: {message}"]


def test_output_is_not_defined_where_no_tool_returned_anything() -> None:
    director = directing(otherwise={"reply": "{{ output }}"})
    (step,) = director.reply(a_turn("Hi")).steps
    assert step == Fail("otherwise.reply: template '{{ output }}': 'output' is undefined", code="scenario_error")
    director = directing(otherwise={"reply": "{{ output if output is defined else 'none' }}"})
    assert answer(director, a_turn("Hi")) == ["none"]


# ---- what the service does itself


DOCS = McpTool(server_label="docs", server_url="https://docs.example")
CALLS = {"user": "Hello", "reply": [{"mcp": "docs/search"}]}


def test_the_outcome_of_an_mcp_call_is_answered_like_a_tools_output() -> None:
    director = directing(
        turns=[
            CALLS,
            {"mcp": "docs/search", "output": {"error": "/not approved/"}, "reply": "Then not."},
            {"mcp": "docs/search", "reply": "Found {{ output.hits }} for {{ arguments.q }}."},
        ]
    )
    assert director.reply(a_turn("Hello", tools=[DOCS])).steps == (McpCall("docs", "search"),)
    refused = {"docs/search": {"error": "The call was not approved."}}
    assert answer(director, a_turn(outputs=refused)) == ["Then not."]
    found = a_turn(outputs={"docs/search": {"hits": 3}}, arguments='{"q": "maps"}')
    assert answer(director, found) == ["Found 3 for maps."]
    assert director.problems() == []


@pytest.mark.parametrize(
    ("tools", "says"),
    [
        ((), "no MCP server 'docs' (it offers none)"),
        ((McpTool(server_label="docs", server_url="u", allowed_tools=["fetch"]),), "does not name 'search'"),
    ],
)
def test_a_client_that_does_not_offer_the_server_is_a_problem(tools: Any, says: str) -> None:
    director = directing(turns=[CALLS])
    (step,) = director.reply(a_turn("Hello", tools=tools)).steps
    assert isinstance(step, Fail)
    assert says in step.message
    (problem,) = director.problems()
    assert says in problem
    assert "turns[0].reply[0]" in problem


def test_an_agent_needs_no_server_of_the_client() -> None:
    director = directing(turns=[CALLS])
    assert director.reply(a_turn("Hello", agent=True)).steps == (McpCall("docs", "search"),)
    assert director.problems() == []


@pytest.mark.parametrize(
    ("servers", "label", "allowed", "expected"),
    [
        ({"docs": {"tools": ["a", "b"]}}, "docs", None, ["a", "b"]),
        ({}, "docs", None, ["search"]),
        ({}, "docs", ["fetch"], ["search", "fetch"]),
        ({}, "other", None, ["unscripted_tool"]),
        ({}, "other", ["x"], ["x"]),
    ],
)
def test_a_server_has_what_the_scenario_says_or_calls(
    servers: Any, label: str, allowed: list[str] | None, expected: list[str]
) -> None:
    director = directing(turns=[{"user": "x", "reply": "y"} if servers else CALLS], mcp_servers=servers)
    tool = McpTool(server_label=label, server_url="u", **({} if allowed is None else {"allowed_tools": allowed}))
    assert [listed.name for listed in director.mcp_tools(tool).tools] == expected


def test_a_server_may_be_unreachable_or_slow() -> None:
    servers = {"gone": {"unreachable": True}, "slow": {"tools": ["a"], "takes": "2s"}}
    director = directing(turns=[HELLO], mcp_servers=servers)
    gone, slow = (director.mcp_tools(McpTool(server_label=label, server_url="u")) for label in servers)
    assert (gone.unreachable, gone.tools) == (True, ())
    assert (slow.unreachable, slow.seconds) == (False, 2.0)


def test_what_is_handed_to_a_hosted_agent_may_decide() -> None:
    director = directing(
        rules=[
            {"invoke_input": {"topic": "/map/"}, "reply": "Maps: {{ invoke_input.topic }}."},
            {"start": True, "reply": "Hello."},
        ]
    )
    assert answer(director, a_turn(invoke_input={"topic": "old maps", "n": 1})) == ["Maps: old maps."]
    assert answer(director, a_turn()) == ["Hello."]
