"""``--voicelive-record``: tests are made from the live service once, and played ever after."""

import re
from typing import Any, get_args

import pytest

from tests.plugin.recording_project import INI, asking, dialled, made_on, place, run
from vlmock import pytest_plugin
from vlmock.pytest_plugin.modes import Mode
from vlmock.server.mock_server import MockServer

# ---- the four modes


def test_the_modes_are_those_of_the_plan():
    """As the option offers them."""
    assert get_args(Mode) == pytest_plugin.MODES


AGENTS = {
    "sync": """
        import blocking_agent
        import pytest

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            assert blocking_agent.ask(voicelive.url, "Hello") == "You said Hello"
        """,
    "async": """
        import my_agent
        import pytest

        @pytest.mark.voicelive_recording
        async def test_it(voicelive):
            heard = await my_agent.run(endpoint=voicelive.url, api_key="any", texts=["Hello", "Bye"])
            assert heard == ["You said Hello", "You said Bye"]
        """,
    "two connections": """
        import my_agent
        import pytest

        @pytest.mark.voicelive_recording
        async def test_it(voicelive):
            for word in ("one", "two"):
                heard = await my_agent.run(endpoint=voicelive.url, api_key="any", texts=[word])
                assert heard == ["You said " + word]
        """,
    "another process": """
        import subprocess, sys
        import pytest

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            command = [sys.executable, "blocking_agent.py", voicelive.url, "Hello"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
            assert done.stdout == "You said Hello\\n"
        """,
}


@pytest.mark.parametrize("agent", AGENTS)
def test_a_test_is_recorded_once_and_played_ever_after(project: pytest.Pytester, service: MockServer, agent: str):
    """The same test, with any key; the second time the service is gone, and so is its address."""
    project.makepyfile(test_it=AGENTS[agent])
    run(project, "--voicelive-record=once", passed=1)
    assert dialled(service) == len(list(place(project).glob("connection-*/events.jsonl"))) > 0
    service.stop()
    run(project, passed=1)
    run(project, "--voicelive-record=once", passed=1)
    run(project, "--voicelive-record=new", "--block-network", passed=1)


PASSES, FAILS, ERRS = {"passed": 1}, {"failed": 1}, {"errors": 1}
TABLE = {
    ("absent", "none"): (ERRS, 0),
    ("absent", "once"): (PASSES, 1),
    ("absent", "new"): (PASSES, 1),
    ("absent", "all"): (PASSES, 1),
    ("there", "none"): (PASSES, 0),
    ("there", "once"): (PASSES, 0),
    ("there", "new"): (PASSES, 0),
    ("there", "all"): (PASSES, 1),
    ("expired", "none"): (ERRS, 0),
    ("expired", "once"): (PASSES, 1),
    ("expired", "new"): (PASSES, 1),
    ("expired", "all"): (PASSES, 1),
    ("other words", "none"): (FAILS, 0),
    ("other words", "once"): (FAILS, 0),
    ("other words", "new"): (PASSES, 1),
    ("other words", "all"): (PASSES, 1),
    ("broken", "none"): (ERRS, 0),
    ("broken", "once"): (ERRS, 0),
    ("broken", "new"): (ERRS, 0),
    ("broken", "all"): (PASSES, 1),
}
"""What there is, the mode → how the test ends, how often the live service is dialled."""


@pytest.mark.parametrize(("state", "mode"), TABLE)
def test_each_mode_with_whatever_there_is(project: pytest.Pytester, service: MockServer, state: str, mode: str):
    """Who dials the live service, and who passes. Whoever passed is played from then on."""
    outcome, connections = TABLE[state, mode]
    test = asking(decoration='@pytest.mark.voicelive_recording(expires="90d")')
    project.makepyfile(test_it=test)
    if state != "absent":
        run(project, "--voicelive-record=once", passed=1)
    if state == "expired":
        made_on(place(project), "2020-01-01T00:00:00Z")
    elif state == "broken":
        (place(project) / "connection-1" / "events.jsonl").write_text("{}\n")
    elif state == "other words":
        project.makepyfile(test_it=test.replace("Hello", "Good evening"))
    before = dialled(service)
    run(project, f"--voicelive-record={mode}", **outcome)
    assert dialled(service) - before == connections
    if outcome is PASSES:
        service.stop()
        run(project, passed=1)
    assert [path.name for path in place(project).parent.glob("*")] == ["test_it"] * (state != "absent" or connections)


def test_without_a_recording_the_sentence_says_how_to_make_one(project: pytest.Pytester):
    """With the place and the command."""
    project.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.voicelive_recording
        @pytest.mark.parametrize("words", ["a b"])
        def test_it(voicelive, words): pass
        """
    )
    report = run(project, errors=1)
    assert "this test is played from recordings/test_it/test_it[a-b]-" in report
    command = "pytest 'test_it.py::test_it[a b]' --voicelive-record=once"
    assert f"and there is no recording of it: record it from the live service with {command}" in report


def test_an_old_recording_is_told_with_its_age(project: pytest.Pytester, service: MockServer):
    """Its date, its age, how old it may be, and the command."""
    project.makeini(f"{INI}voicelive_record_expires = 4w\n")
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=once", passed=1)
    run(project, passed=1)
    made_on(place(project), "2026-01-02T00:00:00Z")
    report = run(project, errors=1)
    assert re.search(r"its recording of 2026-01-02 is \d+ days old and good for 28 days: record it", report)
    made_on(place(project), "")
    assert "does not say when it was made" in run(project, errors=1)
    project.makepyfile(test_it=asking(decoration='@pytest.mark.voicelive_recording(expires="never")'))
    run(project, passed=1)


def test_what_differs_is_told(project: pytest.Pytester, service: MockServer):
    """Expected, got, where; as a failure of the test."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=once", passed=1)
    project.makepyfile(test_it=asking("Good evening").replace("You said Good evening", "You said Hello"))
    report = run(project, failed=1)
    remedy = "record it anew with pytest test_it.py::test_it --voicelive-record=new"
    for part in ("conversation.item.create", 'expected "Hello"', 'got "Good evening"', remedy):
        assert part in report


# ---- new


TALKING = """
import pytest
import my_agent

@pytest.mark.voicelive_recording
async def test_it(voicelive):
    heard = await my_agent.run(endpoint=voicelive.url, api_key="any", texts={texts})
    assert heard == ["You said " + text for text in {texts}]{more}
"""


@pytest.mark.parametrize(
    "change",
    [
        {"texts": ["One", "Two", "Three"]},
        {"texts": ["One"]},
        {
            "texts": ["One", "Two"],
            "more": "\n    await my_agent.run(endpoint=voicelive.url, api_key='any', texts=['X'])",
        },
    ],
    ids=["says more", "says less", "connects once more"],
)
def test_new_records_anew_what_no_longer_fits(project: pytest.Pytester, service: MockServer, change: dict[str, Any]):
    """In the same run, and it is counted once."""
    project.makepyfile(test_it=TALKING.format(texts=["One", "Two"], more=""))
    run(project, "--voicelive-record=new", passed=1)
    project.makepyfile(test_it=TALKING.format(**{"more": "", **change}))
    report = run(project, "--voicelive-record=new", "-v", passed=1)
    assert report.count("test_it.py::test_it") == 1
    service.stop()
    run(project, passed=1)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("asked", "mode", "outcome", "told"),
    [
        ("", "none", FAILS, "nothing answers response.create: test_it/connection-1 has been played to its end"),
        ("", "new", PASSES, "not as recorded: test_it/connection-1, after its last client event"),
        ("(on_unexpected='ignore')", "none", FAILS, "nothing answers response.create: test_it/connection-1 has been"),
    ],
)
def test_an_agent_does_not_wait_for_what_was_not_recorded(
    project: pytest.Pytester, service: MockServer, asked: str, mode: str, outcome: dict[str, int], told: str
):
    """Who says more than the recorded one is hung up on: no answer would ever come. What it notices is in the file."""
    asking_twice = """
        import json
        import pathlib
        import pytest
        from websockets.sync.client import connect

        @pytest.mark.voicelive_recordingASKED
        def test_it(voicelive):
            url = voicelive.ws_url + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            with connect(url, additional_headers={"api-key": "any"}) as socket:
                try:
                    for _ in range(TIMES):
                        socket.send(json.dumps({"type": "response.create"}))
                        while json.loads(socket.recv())["type"] != "response.done":
                            pass
                except BaseException as error:
                    pathlib.Path("noticed").write_text(str(error))
                    raise
        """
    asking_twice = asking_twice.replace("ASKED", asked)
    project.makepyfile(test_it=asking_twice.replace("TIMES", "1"))
    run(project, "--voicelive-record=once", passed=1)
    project.makepyfile(test_it=asking_twice.replace("TIMES", "2"))
    report = run(project, f"--voicelive-record={mode}", **outcome)
    assert told in (project.path / "noticed").read_text()
    assert ("expected nothing more, got response.create" in report) == (outcome is FAILS and not asked)


@pytest.mark.timeout(20)
def test_an_agent_does_not_wait_in_the_middle(project: pytest.Pytester, service: MockServer):
    """An update more is answered by nobody either. The agent is told, and the report has that one difference."""
    test = """
        import json
        import pytest
        from websockets.sync.client import connect

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            url = voicelive.ws_url + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            with connect(url, additional_headers={"api-key": "any"}) as socket:
                for kind, answer in SAYS:
                    socket.send(json.dumps({"type": kind, **({"session": {}} if kind == "session.update" else {})}))
                    while json.loads(socket.recv())["type"] != answer:
                        pass
        """
    asks, sets = ("response.create", "response.done"), ("session.update", "session.updated")
    project.makepyfile(test_it=test.replace("SAYS", str([asks, asks])))
    run(project, "--voicelive-record=once", passed=1)
    project.makepyfile(test_it=test.replace("SAYS", str([asks, sets, asks])))
    report = run(project, failed=1)
    assert "nothing answers session.update: it is not in test_it/connection-1" in report
    assert report.count("connection 1: ") == report.count("expected response.create, got session.update") == 1


def test_a_connection_too_many_is_told_what_a_marker_can_do(project: pytest.Pytester, service: MockServer):
    """Record anew: a marker has no ``repeat``."""
    project.makepyfile(test_it=TALKING.format(texts=["One"], more=""))
    run(project, "--voicelive-record=once", passed=1)
    more = "\n    await my_agent.run(endpoint=voicelive.url, api_key='any', texts=['X'])"
    project.makepyfile(test_it=TALKING.format(texts=["One"], more=more))
    report = run(project, failed=1)
    assert "1 connection too many: recordings/test_it/test_it/connection-1 has been played already\n" in report
    assert "--voicelive-record=new" in report


def test_new_leaves_alone_what_gives_up(project: pytest.Pytester, service: MockServer):
    """A test that skips itself half way has its reasons."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=new", passed=1)
    counting = "    with open('runs', 'a') as runs:\n        runs.write('once ')\n"
    skipping = f"{counting}    pytest.skip('no')\n    assert"
    project.makepyfile(test_it=asking().replace("    assert", skipping))
    run(project, "--voicelive-record=new", skipped=1)
    assert (project.path / "runs").read_text() == "once "


def test_new_leaves_alone_what_fails_for_reasons_of_its_own(project: pytest.Pytester, service: MockServer):
    """It did as recorded: the service would say nothing else."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=new", passed=1)
    project.makepyfile(test_it=asking() + "    assert False, 'its own reason'\n")
    before = dialled(service)
    assert "its own reason" in run(project, "--voicelive-record=new", failed=1)
    assert dialled(service) == before


def test_new_says_why_it_recorded_what_then_failed(project: pytest.Pytester, service: MockServer):
    """What the test did otherwise in its first run."""
    project.makepyfile(test_it=asking())
    run(project, "--voicelive-record=new", passed=1)
    test = asking("Good evening").replace("You said", "She said")
    project.makepyfile(test_it=test.replace("    assert", "    print('A run of it.')\n    assert"))
    report = run(project, "--voicelive-record=new", failed=1)
    assert report.count("\nA run of it.") == 1
    assert "This was the live service." in report
    assert 'got "Good evening"' in report[report.index("did otherwise than recorded, and so ran again") :]
