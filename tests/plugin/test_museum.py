"""``@vlmock.museum.exhibits()`` in a user's project."""

import re
from pathlib import Path

import pytest

from vlmock.museum.gallery import gallery

README = (Path(__file__).resolve().parents[2] / "scenarios" / "README.md").read_text(encoding="utf-8")
(SNIPPET,) = (
    snippet for snippet in re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE) if "museum" in snippet
)
AGENT = """
import json

from websockets.asyncio.client import connect


async def run(endpoint, api_key, says):
    url = endpoint.replace("http", "ws", 1) + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
    async with connect(url, additional_headers={"api-key": api_key}, max_queue=None) as socket:
        for text in says:
            item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
            await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            await socket.send(json.dumps({"type": "response.create"}))
            async for frame in socket:
                event = json.loads(frame)
                if event["type"] == "error":
                    raise RuntimeError(event["error"]["message"])
                if event["type"] == "response.done":
                    break
"""
INI = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function"


def run(project: pytest.Pytester, test: str, *options: str, agent: str = AGENT) -> pytest.RunResult:
    project.makeini(INI)
    project.makepyfile(my_agent=agent, test_it=f"import my_agent\n\n{test}")
    return project.runpytest_inprocess("-p", "no:cacheprovider", *options)


def only(*names: str) -> str:
    return SNIPPET.replace("exhibits()", f"exhibits{names!r}" if len(names) != 1 else f"exhibits({names[0]!r})")


def test_the_five_lines_of_the_readme_show_every_exhibit(project: pytest.Pytester):
    """Each is a test with the exhibit's name."""
    result = run(project, SNIPPET, "--collect-only", "-q")
    shown = [line for line in result.outlines if "::" in line]
    names = [exhibit.own_name for exhibit in gallery()]
    assert shown == [f"test_it.py::test_my_agent_survives[{name}]" for name in names]


def test_an_agent_passes_and_fails_by_exhibit(project: pytest.Pytester):
    """Its own error fails the test; question, link and story stand beside it."""
    result = run(project, only("unknown_event", "benign_error", "no_words"), "-rA")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*RuntimeError: The server had an error*",
            "*vlmock, museum*",
            "4. museum/benign_error",
            "Does your client report an error event and go on?",
            "What happened: https://github.com/hashintel/hash/pull/9399",
            "FAILED test_it.py::*benign_error*",
        ]
    )


def test_an_agent_that_gives_up_quietly_fails_by_the_verdict(project: pytest.Pytester):
    """The first line has name, question and link; then what was seen."""
    quiet = AGENT.replace('raise RuntimeError(event["error"]["message"])', "return")
    result = run(project, only("benign_error"), agent=quiet)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "museum/benign_error: Does your client report an error event and go on? No: https://*/pull/9399",
            "connection 1: turns[[]2] (*benign_error.yaml:*) was not played: user 'Thank you.'",
        ]
    )


def test_an_agent_that_hangs_is_left(project: pytest.Pytester):
    """The server goes after the limit, so the test comes to an end."""
    deaf = AGENT.replace('"response.done"', '"response.audio.done"')
    result = run(project, only("no_words").replace("'no_words'", "'no_words', limit_s=0.5"), agent=deaf)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the client had not come to an end after 0.5 s, and was left by the server"])


def test_the_fixture_without_the_decorator_says_what_is_missing(project: pytest.Pytester):
    result = run(project, "def test_it(exhibit):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*put @vlmock.museum.exhibits() on a test that asks for an exhibit*"])


def test_an_exhibit_that_there_is_not_is_one_sentence(project: pytest.Pytester):
    result = run(project, only("nonesuch"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the museum has no exhibit 'nonesuch'; `vlmock museum --list` has them all"])
