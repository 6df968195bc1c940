"""A Python function as a script."""

import re
from collections.abc import Iterator

import pytest
from scenario_inputs import a_turn

from vlmock.errors import ScenarioError
from vlmock.protocol.session import ResponseSession
from vlmock.scenario.functions import Answer, FunctionScript
from vlmock.session.script import Call, Expectation, Fail, Reply, Say, Spoken, Step, Turn


@pytest.mark.parametrize(
    ("answer", "steps"),
    [
        ("Hello.", (Say("Hello."),)),
        (None, ()),
        (Call("f", "{}"), (Call("f", "{}"),)),
        (["Hello.", Call("f", "{}")], (Say("Hello."), Call("f", "{}"))),
        (Reply((Say("Hi."),)), (Say("Hi."),)),
    ],
)
def test_a_function_returns_text_steps_a_reply_or_nothing(answer: Answer, steps: tuple[Step, ...]) -> None:
    assert FunctionScript(lambda turn: answer).reply(a_turn("Hi")).steps == steps


def test_a_function_may_yield_its_steps() -> None:
    def reply(turn: Turn) -> Iterator[str | Step]:
        yield f"You said {turn.text}."
        yield Call("f", "{}")

    assert FunctionScript(reply).reply(a_turn("Hi")).steps == (Say("You said Hi."), Call("f", "{}"))


NAMES: dict[str, str] = {}


def test_what_a_function_raises_fails_the_reply_and_the_test() -> None:
    def reply(turn: Turn) -> str:
        return NAMES["missing"]

    script = FunctionScript(reply)
    (step,) = script.reply(a_turn("Hi", number=2)).steps
    assert isinstance(step, Fail)
    assert re.fullmatch(r".*reply \(line \d+\) raised KeyError: 'missing'", step.message)
    (problem,) = script.problems()
    assert problem.startswith("turn 2: ")
    assert "Traceback" in problem
    assert 'NAMES["missing"]' in problem


@pytest.mark.parametrize(("odd", "name"), [(42, "int"), ([42], "42"), (object, "type")])
def test_an_odd_answer_fails_the_reply(odd: object, name: str) -> None:
    script = FunctionScript(lambda turn: odd)  # type: ignore[arg-type,return-value]
    (step,) = script.reply(a_turn("Hi")).steps
    assert isinstance(step, Fail)
    assert name in step.message
    assert len(script.problems()) == 1


def test_an_async_function_is_refused_at_once() -> None:
    async def reply(turn: Turn) -> str:
        return "Hello."

    with pytest.raises(ScenarioError, match="is async; a reply function is an ordinary one"):
        FunctionScript(reply)  # type: ignore[arg-type]


def test_transcripts_are_what_spoken_turns_are_heard_as() -> None:
    script = FunctionScript(lambda turn: turn.text, transcripts=["One.", "Two."])
    heard = [script.hear(Spoken("item", 2000.0, ResponseSession())) for _ in range(3)]
    assert heard == ["One.", "Two.", "(2.0 seconds of unscripted speech)"]
    assert script.expects() == Expectation()
