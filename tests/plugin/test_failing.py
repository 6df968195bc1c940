"""A test that should fail does, as a failed test and not as an error, and its text helps."""

import pytest


def failure(project: pytest.Pytester, test: str) -> str:
    """The report of the only test, which has failed."""
    project.makepyfile(test_it=test)
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    return result.stdout.str()


def test_a_required_turn_was_not_played(project: pytest.Pytester):
    """The text names the turn and what it waits for."""
    report = failure(
        project,
        """
        import blocking_agent

        def test_it(voicelive):
            voicelive.play("tool_error")
            blocking_agent.ask(voicelive.url, "Where is my order number 12?")
        """,
    )
    for part in ("turns[1]", "turns[2]", "turns[3]", "tool_error.yaml:", "was not played", "Sorry, it is 21."):
        assert part in report
    assert "turns[0]" not in report


def test_nobody_connected(project: pytest.Pytester):
    """A scenario with required turns that was meant to be played, and an agent that never came."""
    report = failure(project, 'def test_it(voicelive):\n    voicelive.play("weather")\n')
    assert "turns[0]" in report or "connect" in report


def test_nobody_connected_to_what_the_options_play(project: pytest.Pytester):
    """The same where the scenario comes from the options."""
    report = failure(
        project,
        """
        import pytest

        @pytest.fixture
        def voicelive_options():
            return {"scenario": "weather"}

        def test_it(voicelive):
            pass
        """,
    )
    assert "turns[0]" in report or "connect" in report


def test_nobody_connected_and_an_event_was_expected(project: pytest.Pytester):
    """No turn is required, and still something must have happened."""
    report = failure(
        project,
        """
        from vlmock.scenario.model import Scenario

        def test_it(voicelive):
            rules = [{"user": "Hi", "reply": "Hello."}]
            voicelive.play(Scenario.build(rules=rules, expect=[{"client": "session.update"}]))
        """,
    )
    assert "expect[0]: expected client session.update, got none" in report


EXPECTING = """
import blocking_agent
from vlmock.scenario.model import Scenario

def test_it(voicelive):
    turns = [{"user": "Hi", "reply": "Hello."}]
    expect = [%s]
    voicelive.play(Scenario.build(turns=turns, expect=expect))
    blocking_agent.ask(voicelive.url, "Hi")
"""


def test_an_expectation_is_not_met(project: pytest.Pytester):
    """Expected, got, and the nearest that came."""
    wanted = '{"client": "conversation.item.create", "where": {"item": {"role": "system"}}}'
    report = failure(project, EXPECTING % wanted)
    for part in (
        "expect[0]",
        'expected client conversation.item.create where item is {role is "system"}',
        "got none",
        "nearest: client conversation.item.create at ",
        'item.role: expected "system", got "user"',
    ):
        assert part in report


def test_an_event_that_should_be_absent_came(project: pytest.Pytester):
    """``absent``: how often, and when."""
    report = failure(project, EXPECTING % '{"client": "response.create", "absent": True}')
    for part in ("expected no client response.create", "got 1 (at "):
        assert part in report


def test_an_event_that_was_misspelt_has_a_nearest(project: pytest.Pytester):
    """What has a like name."""
    report = failure(project, EXPECTING % '{"client": "response.cancel", "within": "5s"}')
    for part in ("expected client response.cancel within 5 s of", "nearest: client response.create (1)"):
        assert part in report


def test_a_turn_matched_nothing(project: pytest.Pytester):
    """What was said, and of every candidate why it did not match."""
    report = failure(
        project,
        """
        import blocking_agent
        from vlmock.scenario.model import Scenario

        def test_it(voicelive):
            turns = [{"user": "Hi", "reply": "Hello.", "optional": True}, {"tool": "get_weather", "reply": "Fine."}]
            rules = [
                {"user": {"contains": "joke"}, "reply": "No."},
                {"user": "/^good/i", "tools_offered": "hang_up", "reply": "Bye."},
                {"user": "Once.", "times": 1, "reply": "Once."},
            ]
            voicelive.play(Scenario.build(turns=turns, rules=rules))
            blocking_agent.ask(voicelive.url, "Goodbye")
        """,
    )
    assert "Goodbye" in report
    for part in ("turns[0]", "'Hi'", "turns[1]", "get_weather", "rules[0]", "joke", "rules[1]", "hang_up", "rules[2]"):
        assert part in report


def test_a_function_raised(project: pytest.Pytester):
    """With the line where it did."""
    report = failure(
        project,
        """
        import blocking_agent

        def answers(turn):
            return {}["no such key"]

        def test_it(voicelive):
            voicelive.play(answers)
            blocking_agent.ask(voicelive.url, "Hi")
        """,
    )
    for part in ("KeyError: 'no such key'", "answers", 'return {}["no such key"]'):
        assert part in report


def test_a_script_class_that_fails_is_told(project: pytest.Pytester):
    """What fails inside the server is not only in its log."""
    report = failure(
        project,
        """
        import pytest
        import blocking_agent
        from websockets import ConnectionClosed

        class Broken:
            def expects(self): raise RuntimeError("expects is broken")
            def skip_filler(self): pass
            def hear(self, spoken): raise RuntimeError("hear is broken")
            def reply(self, turn): raise RuntimeError("reply is broken")

        def test_it(voicelive):
            voicelive.play(Broken)
            try:
                blocking_agent.ask(voicelive.url, "Hi")
            except ConnectionClosed:
                pass
        """,
    )
    assert "RuntimeError: reply is broken" in report


def test_a_template_asks_for_what_is_not_there(project: pytest.Pytester):
    """The tool returned something else than the scenario was written for."""
    report = failure(
        project,
        """
        import my_agent

        async def test_it(voicelive):
            voicelive.play("weather")
            await my_agent.run(endpoint=voicelive.url, api_key="any", output={"wether": "sunny"})
        """,
    )
    for part in ("weather.yaml", "turns[1]", "output.weather"):
        assert part in report


def test_a_wrong_scenario_fails_where_it_is_played(project: pytest.Pytester):
    """With file, line and remedy, before anybody connects."""
    project.makefile(".yaml", wrong="turns:\n  - user: Hi\n    replies: Hello.\n")
    report = failure(project, 'def test_it(voicelive):\n    voicelive.play("wrong.yaml")\n')
    assert "wrong.yaml:3: unknown key 'replies' (did you mean 'reply'?)" in report


def test_an_unknown_name_lists_the_known(project: pytest.Pytester):
    """And the one that was meant."""
    report = failure(project, 'def test_it(voicelive):\n    voicelive.play("wether")\n')
    for part in ("there is no scenario 'wether' (did you mean 'weather'?)", "small_talk"):
        assert part in report


UNPLAYED = """
import blocking_agent
import pytest

{decoration}
def test_it(voicelive):
    voicelive.play("tool_error")
    blocking_agent.ask(voicelive.url, "Where is my order number 12?")
    {last}
"""


def test_the_tests_own_failure_is_the_failure(project: pytest.Pytester):
    """The plugin does not put itself in front of what the test says."""
    report = failure(project, UNPLAYED.format(decoration="", last='assert voicelive.port == -1, "its own words"'))
    assert 'assert voicelive.port == -1, "its own words"' in report
    assert "AssertionError: its own words" in report[report.index("short test summary") :]


def test_the_problems_are_told_when_the_test_fails_on_its_own_too(project: pytest.Pytester):
    """They are often the reason: an agent that got no answer gives up with an exception of its own."""
    report = failure(project, UNPLAYED.format(decoration="", last='raise TimeoutError("the agent gave up")'))
    assert "the agent gave up" in report
    assert "Sorry, it is 21." in report


def test_an_expected_failure_is_one(project: pytest.Pytester):
    """Marked xfail, also strictly: as any other failure."""
    for decoration in ("@pytest.mark.xfail", "@pytest.mark.xfail(strict=True)"):
        project.makepyfile(test_it=UNPLAYED.format(decoration=decoration, last=""))
        project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(xfailed=1)


@pytest.mark.parametrize(
    ("last", "outcome"), [('pytest.skip("no")', {"skipped": 1}), ('pytest.xfail("no")', {"xfailed": 1})]
)
def test_a_test_that_gives_up_has_not_failed(project: pytest.Pytester, last: str, outcome: dict[str, int]):
    """What it did until then may be half a conversation."""
    project.makepyfile(test_it=UNPLAYED.format(decoration="", last=last))
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(**outcome)


def test_the_next_test_is_not_blamed(project: pytest.Pytester):
    """One fails, the other passes, and neither has an error in its teardown."""
    project.makepyfile(test_it=UNPLAYED.format(decoration="", last="") + "\ndef test_next(voicelive): pass\n")
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(failed=1, passed=1)


def test_every_connection_is_looked_at(project: pytest.Pytester):
    """The second one is half played; the report says which."""
    report = failure(
        project,
        """
        import my_agent

        async def test_it(voicelive):
            voicelive.play("weather")
            await my_agent.run(endpoint=voicelive.url, api_key="any")
            await my_agent.run(endpoint=voicelive.url, api_key="any", texts=["Nonsense"])
        """,
    )
    assert "connection 2: " in report
    assert "connection 1: " not in report
