"""``voicelive.conduct`` in a user's test."""

import pytest

BAD_AGENT = """
import json
from websockets.sync.client import connect

def run(url):
    address = f"{url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1".replace("http", "ws", 1)
    with connect(address, additional_headers={"api-key": "any"}) as socket:
        for _ in range(2):
            socket.send(json.dumps({"type": "response.create"}))
        while json.loads(socket.recv())["type"] != "response.done":
            pass
"""
OPTIONS = """
import pytest

@pytest.fixture
def voicelive_options():
    return {"timing": {"llm_first": 100}}
"""


def test_a_test_that_asserts_good_conduct_says_what_was_bad(project: pytest.Pytester):
    """Rule, place, what was seen, and what to do: all of it, however much pytest shortens."""
    project.makeconftest(OPTIONS)
    project.makepyfile(
        bad_agent=BAD_AGENT,
        test_it="""
        import bad_agent

        def test_it(voicelive):
            bad_agent.run(voicelive.url)
            assert not voicelive.conduct.errors
        """,
    )
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    told = "*VL401 one-response-at-a-time (error) #1 * s, entry *: response.create while * Remedy: keep one gate*"
    result.stdout.fnmatch_lines(["*assert not *VL401*", "*vlmock, conduct*", told, "conduct: 1 error, *"])


def test_rules_can_be_left_out(project: pytest.Pytester):
    """By name, in the test."""
    project.makeconftest(OPTIONS)
    project.makepyfile(
        bad_agent=BAD_AGENT,
        test_it="""
        import bad_agent

        def test_it(voicelive):
            bad_agent.run(voicelive.url)
            assert not voicelive.conduct.without("VL401").findings
        """,
    )
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
