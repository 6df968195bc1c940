"""Every scenario that ships is played from its first turn to its last."""

from collections.abc import Iterator

import pytest
from scenario_inputs import ClientInput, a_turn, client_inputs, offered_tools

from vlmock.protocol.session import ResponseSession
from vlmock.scenario import shipped
from vlmock.scenario.director import Director
from vlmock.scenario.model import Scenario
from vlmock.session.script import Call, Close, Emit, Fail, Say, ServiceStep, Spoken, Step, Warn


def play(scenario: Scenario, director: Director, *, spoken: bool) -> Iterator[tuple[ClientInput, tuple[Step, ...]]]:
    """Does what a client does: types or speaks each turn, answers calls, and asks for responses."""
    tools, number = offered_tools(scenario), 0
    for entered in client_inputs(scenario):
        if entered.filler:
            if spoken:
                assert director.expects().filler
                director.skip_filler()
            continue
        number += 1
        words = entered.user
        if spoken and words is not None:
            heard = director.hear(Spoken(f"item_{number}", 900.0, ResponseSession(model="gpt-4.1")))
            words = heard if isinstance(heard, str) else heard.text
        said = () if words is None else (words,)
        turn = a_turn(
            *said,
            number=number,
            typed=not spoken,
            outputs=entered.tool_outputs,
            tools=tools,
            arguments='{"number": 21}',
            idle=entered.idle,
        )
        yield entered, director.reply(turn).steps


@pytest.mark.parametrize("spoken", [True, False], ids=["spoken", "typed"])
@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_scenario_plays_from_end_to_end(name: str, spoken: bool) -> None:
    """Each turn is answered as its own entry has it, none is left over, nothing is reported."""
    scenario = shipped.load(name)
    director = Director(scenario)
    played = list(play(scenario, director, spoken=spoken))
    assert director.problems() == []
    assert len(played) == len([entry for entry in (*scenario.turns, *scenario.rules) if not entry.filler])
    for entered, steps in played:
        planned = entered.entry.reply or ()
        assert len(steps) == len(planned)
        assert all(
            isinstance(step, Say | Call | Emit | Warn | Close | ServiceStep) or step.__class__ is plan.make
            for step, plan in zip(steps, planned, strict=True)
        )
        assert not any("{{" in step.text for step in steps if isinstance(step, Say))


def test_the_weather_is_reported_as_the_tool_said() -> None:
    scenario = shipped.load("weather")
    (_, ask), (_, report) = play(scenario, Director(scenario), spoken=False)
    assert ask == (Say("I will look that up."), Call("get_weather", '{"location":"Beijing"}'))
    assert report == (Say("It is sunny and 21 degrees in Beijing."),)


def test_two_outputs_become_one_answer() -> None:
    scenario = shipped.load("parallel_tools")
    _, (_, report) = play(scenario, Director(scenario), spoken=False)
    assert report == (Say("It is dry, and the cycle paths are free. Have a good ride."),)


def test_a_failed_response_can_be_asked_for_again() -> None:
    scenario = shipped.load("rate_limited")
    (_, refused), (_, answered) = play(scenario, Director(scenario), spoken=False)
    assert [type(step) for step in refused] == [Fail]
    assert [type(step) for step in answered] == [Say]


@pytest.mark.parametrize("name", shipped.names())
def test_a_shipped_scenario_begins_with_a_comment_for_its_reader(name: str) -> None:
    text = (shipped.shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.splitlines()) < 60
