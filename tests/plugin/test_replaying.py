"""The fixture plays recordings, and fails a test whose agent does otherwise than the recorded one."""

from pathlib import Path

import pytest

import vlmock
from tests.plugin.conftest import BLOCKING_AGENT


@pytest.fixture
def recording(project: pytest.Pytester) -> Path:
    """What the blocking agent and a session said to each other, in the project's folder."""
    agent: dict[str, object] = {}
    exec(BLOCKING_AGENT, agent)  # the project's own module; it is imported there, not here
    ask = agent["ask"]
    assert callable(ask)
    with vlmock.serve(record=project.path / "rec") as server:
        ask(server.url, "Hello")
    return project.path / "rec"


TEST = """
import blocking_agent

def test_it(voicelive):
    voicelive.replay("rec"{options})
    blocking_agent.ask(voicelive.url, {text!r})
"""


@pytest.mark.usefixtures("recording")
def test_the_recorded_agent_passes(project: pytest.Pytester) -> None:
    """Offline, without a scenario."""
    project.makepyfile(test_it=TEST.format(text="Hello", options=""))
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.usefixtures("recording")
@pytest.mark.parametrize("options", ["", ", on_unexpected='tolerant', timing='recorded'"])
def test_an_agent_that_says_something_else_fails(project: pytest.Pytester, options: str) -> None:
    """The text says what was expected, what came, and where; the agent got its answer all the same."""
    project.makepyfile(test_it=TEST.format(text="Good day", options=options))
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "connection 1: rec*/events.jsonl:3: conversation.item.create item.content[[]0].text: "
            'expected "Hello", got "Good day"'
        ]
    )


@pytest.mark.usefixtures("recording")
def test_ignored_differences_pass(project: pytest.Pytester) -> None:
    """They are in the journal."""
    project.makepyfile(test_it=TEST.format(text="Good day", options=", on_unexpected='ignore'"))
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.usefixtures("recording")
def test_an_agent_that_never_comes_fails(project: pytest.Pytester) -> None:
    """A recording has to be used up."""
    project.makepyfile(test_it="def test_it(voicelive):\n    voicelive.replay('rec')\n")
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["nobody connected to replay rec*"])


@pytest.mark.usefixtures("recording")
def test_a_test_that_was_never_begun_has_one_error(project: pytest.Pytester) -> None:
    """Its own: the recording could not be used up."""
    project.makepyfile(
        test_it="""
        import pytest

        @pytest.fixture
        def broken(voicelive):
            voicelive.replay("rec")
            raise EOFError("its own")

        def test_it(broken): pass
        """
    )
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(errors=1)
