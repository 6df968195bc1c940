"""What a test with a recording sees, and what its user is told."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.recording_project import INI, KEY, asking, dialled, run
from vlmock.errors import NetworkBlocked
from vlmock.metrics.recorded import measured
from vlmock.pytest_plugin.endpoint import Live
from vlmock.pytest_plugin.live import start_recording
from vlmock.pytest_plugin.network import Wall
from vlmock.recorder.minutes import Recorded
from vlmock.recording.reading import read
from vlmock.server.journal import Journal
from vlmock.server.mock_server import MockServer

# ---- what a test sees


def test_the_journal_is_the_same_live_and_played(project: pytest.Pytester, service: MockServer):
    """Both directions, as the same classes; it waits for an event while the agent runs in a thread."""
    project.makepyfile(
        test_it="""
        import threading
        import blocking_agent
        import pytest
        from vlmock.protocol.conversation import ConversationItemCreate

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            agent = threading.Thread(target=blocking_agent.ask, args=(voicelive.url, "Hello"))
            agent.start()
            done = voicelive.journal.wait_for("response.done", timeout=30)
            assert done.response.status == "completed"
            agent.join()
            journal = voicelive.journal
            (created,) = journal.client_events(ConversationItemCreate)
            assert created.item.content[0].text == "Hello"
            assert [type(event).__name__ for event in journal.server_events()][:2] == [
                "SessionCreated", "ConversationItemCreated"
            ]
            ended = journal.wait_for_close(timeout=30)
            assert (ended.code, ended.by) == (1000, "client")
            (facts,) = journal.connections
            assert (facts["model"], facts["api_version"]) == ("gpt-4.1", "2026-04-10")
        """
    )
    run(project, "--voicelive-record=once", passed=1)
    service.stop()
    run(project, passed=1)


@pytest.mark.parametrize("mode", ["all", "none"])
def test_what_cannot_be_done_live_cannot_be_done_at_all(project: pytest.Pytester, service: MockServer, mode: str):
    """So that a test does not work in one way only; it is told what to do."""
    project.makepyfile(
        test_it="""
        import blocking_agent
        import pytest
        from vlmock.errors import ServerError

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            blocking_agent.ask(voicelive.url, "Hello")
            for do in (
                lambda: voicelive.play("weather"),
                lambda: voicelive.replay("there"),
                lambda: voicelive.entra(),
                lambda: voicelive.clock.advance(60),
            ):
                with pytest.raises(ServerError, match="is only for the emulator, .* leave it out, or take the marker"):
                    do()
            assert voicelive.ws_url == voicelive.url.replace("http", "ws") == f"ws://127.0.0.1:{voicelive.port}"
            assert (voicelive.environment, voicelive.ca_file, voicelive.running) == ({}, None, True)
        """
    )
    run(project, "--voicelive-record=once", passed=1)
    run(project, f"--voicelive-record={mode}", passed=1)


def test_what_only_the_test_knows_is_told_live_and_played(project: pytest.Pytester, service: MockServer):
    """When the loudspeaker sounds; and it stands in the recording, for who measures that."""
    project.makepyfile(
        test_it="""
        import json
        import pytest
        from vlmock.errors import ServerError
        from websockets.sync.client import connect

        def until(socket, wire_type):
            while json.loads(socket.recv(timeout=10))["type"] != wire_type:
                pass

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            address = f"{voicelive.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            with connect(address, additional_headers={"api-key": "any"}) as socket:
                socket.send(json.dumps({"type": "response.create"}))
                until(socket, "response.audio.delta")
                voicelive.metrics.heard()
                until(socket, "response.done")
                voicelive.conduct.client_is_playing(False)
            voicelive.journal.wait_for_close(timeout=10)
            assert [remark.code for remark in voicelive.journal.remarks()] == ["playing", "silent"]
            assert voicelive.metrics.of("greeting").first_heard.count == 1
            with pytest.raises(ServerError, match="no connection open"):
                voicelive.metrics.silent()
            with pytest.raises(ServerError, match="connection 1 is not open"):
                voicelive.conduct.heard_playing(connection=1)
        """
    )
    run(project, "--voicelive-record=once", passed=1)
    (recorded,) = project.path.glob("recordings/**/connection-1")
    assert [turn.heard_by for turn in measured(read(recorded)).turns] == ["told"]
    service.stop()
    run(project, passed=1)


def test_conduct_is_judged_live_and_played(project: pytest.Pytester, service: MockServer):
    """By the same rules."""
    project.makepyfile(
        test_it="""
        import json
        import pytest
        from websockets.sync.client import connect

        @pytest.mark.voicelive_recording
        def test_it(voicelive):
            address = f"{voicelive.ws_url}/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            with connect(address, additional_headers={"api-key": "any"}) as socket:
                socket.send(json.dumps({"type": "response.cancel"}))
                while json.loads(socket.recv(timeout=30))["type"] != "error":
                    pass
            voicelive.journal.wait_for_close(timeout=30)
            assert [str(finding.rule) for finding in voicelive.conduct.findings] == ["VL308 cancel-what-runs"]
            assert not voicelive.conduct.errors
        """
    )
    run(project, "--voicelive-record=once", passed=1)
    run(project, "--voicelive-record=once", passed=1)


def test_tests_without_the_marker_are_as_ever(project: pytest.Pytester, service: MockServer):
    """In every mode the emulator answers them."""
    project.makepyfile(
        test_it="""
        import blocking_agent

        def test_it(voicelive):
            voicelive.play("small_talk")
            assert blocking_agent.ask(voicelive.url, "Hello") == "Hello! Nice to hear from you."
        """
    )
    run(project, "--voicelive-record=all", passed=1)
    assert dialled(service) == 0


def test_the_options_of_the_server_hold_as_far_as_they_can(project: pytest.Pytester, service: MockServer):
    """An agent that insists on TLS is served, live and played; what the scenario would be does not matter."""
    pytest.importorskip("trustme")
    project.makepyfile(
        test_it="""
        import my_agent
        import pytest

        @pytest.fixture
        def voicelive_options():
            return {"tls": True, "scenario": "weather", "api_key": "of the emulator"}

        @pytest.mark.voicelive_recording
        async def test_it(voicelive):
            assert voicelive.url.startswith("https://")
            assert await my_agent.run(endpoint=voicelive.url, api_key="any", texts=["Hello"]) == ["You said Hello"]
        """
    )
    run(project, "--voicelive-record=once", passed=1)
    service.stop()
    run(project, passed=1)


# ---- what is said about it


@pytest.mark.parametrize(
    ("decoration", "sentence"),
    [
        ("(expire='90d')", "no argument 'expire' (did you mean 'expires'?)"),
        ("('a')", "voicelive_recording takes its arguments by name"),
        ("(expires='soon')", "'soon' is no time: write 90d, 12h, 4w, or never"),
        ("(on_unexpected='shout')", "on_unexpected is strict or tolerant or ignore, not 'shout'"),
        ("(redact=7)", "takes redact as a list of regular expressions, not 7"),
        ("(redact='(')", "'('"),
        ("(name=7)", "takes a name that is a text, not 7"),
    ],
)
def test_a_mistake_in_the_marker_is_told(project: pytest.Pytester, service: MockServer, decoration: str, sentence: str):
    """In one sentence, before anybody is dialled."""
    project.makepyfile(test_it=asking(decoration=f"@pytest.mark.voicelive_recording{decoration}"))
    report = run(project, "--voicelive-record=once", errors=1)
    assert sentence in report
    for other in ("Traceback", "During handling"):
        assert other not in report
    assert dialled(service) == 0


def test_a_marker_that_does_nothing_is_warned_of(project: pytest.Pytester):
    """On a test that never asks for the fixture; a module's own may be for its other tests."""
    project.makepyfile(
        test_it="""
        import pytest

        pytestmark = pytest.mark.voicelive_recording

        def test_of_the_module(): pass

        @pytest.mark.voicelive_recording
        def test_it(): pass

        @pytest.mark.voicelive_recording
        @pytest.mark.parametrize("voicelive", ["its own"])
        def test_another(voicelive): pass
        """
    )
    report = run(project, "-W", "default", passed=3, warnings=1)
    sentence = "@pytest.mark.voicelive_recording does nothing in a test that does not ask for the fixture voicelive"
    assert report.count(sentence) == 1
    assert sentence in run(project, "-W", "error", passed=2, failed=1)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "no service is named to record from: set AZURE_VOICE_LIVE_ENDPOINT"),
        ({"AZURE_VOICELIVE_ENDPOINT": "htps://x"}, "begins with 'htps'"),
        ({"AZURE_VOICE_LIVE_ENDPOINT": "http://127.0.0.1:1", "AZURE_VOICELIVE_API_KEY": "a b"}, "no key has"),
    ],
)
def test_a_mistake_in_the_environment_is_told(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], sentence: str
):
    """In one sentence, too."""
    monkeypatch.delenv("AZURE_VOICE_LIVE_ENDPOINT", raising=False)
    monkeypatch.delenv("AZURE_VOICE_LIVE_API_KEY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    project.makepyfile(test_it=asking())
    assert sentence in run(project, "--voicelive-record=once", errors=1)


def test_a_service_that_is_not_there_is_told(project: pytest.Pytester, service: MockServer):
    """Beside whatever the agent made of it."""
    service.stop()
    project.makepyfile(test_it=asking())
    report = run(project, "--voicelive-record=once", failed=1)
    assert "nobody listens at 127.0.0.1" in report
    for other in ("nobody connected", "This was the live service"):
        assert other not in report


def test_a_service_that_refuses_is_told(project: pytest.Pytester, service: MockServer, monkeypatch: pytest.MonkeyPatch):
    """With what it was shown; the test may only say that it was not let in."""
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", "old-key-of-the-service")
    project.makepyfile(test_it=asking())
    report = run(project, "--voicelive-record=once", failed=1)
    assert "refused connection 1 with HTTP 401; it was shown the key in AZURE_VOICE_LIVE_API_KEY." in report
    monkeypatch.delenv("AZURE_VOICE_LIVE_API_KEY")
    report = run(project, "--voicelive-record=once", failed=1)
    assert "it was shown no key, because there is none in AZURE_VOICE_LIVE_API_KEY" in report


TRIES = """
import blocking_agent
import pytest

@pytest.mark.voicelive_recording
def test_it(voicelive):
    for _ in range(2):
        try:
            blocking_agent.ask(voicelive.url, "Hello")
        except Exception:
            pass
"""


def test_an_agent_that_hides_a_refusal_has_nothing_recorded(
    project: pytest.Pytester, service: MockServer, monkeypatch: pytest.MonkeyPatch
):
    """The service let nobody in: a recording of that would be played ever after."""
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", "old-key-of-the-service")
    project.makepyfile(test_it=TRIES)
    report = run(project, "--voicelive-record=once", failed=1)
    sentence = "The service refused connections 1, 2 with HTTP 401; it was shown the key in AZURE_VOICE_LIVE_API_KEY."
    told = f"{sentence} Is that good for the endpoint in AZURE_VOICE_LIVE_ENDPOINT?"
    assert report.splitlines().count(told) == 1
    assert "Its refusal will lie in recordings/test_it/test_it.failed" in report
    for other in ("nobody connected", "What was said", "recorded before"):
        assert other not in report
    assert "there is no recording of it" in run(project, errors=1)
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", KEY)
    run(project, "--voicelive-record=once", passed=1)


def test_a_refusal_is_known_before_anybody_asks():
    """The client may have read the answer before the recorder has noted it."""
    recorder = SlowRecorder()
    live = Live(recorder, Journal(), "the key in a test")  # type: ignore[arg-type]
    assert "refused connection 1 with HTTP 401" in live.problems()[0]
    assert recorder.caught_up
    assert "refused connection 1 with HTTP 401" in Live(SlowRecorder(), Journal(), "it").refusals()[0]  # type: ignore[arg-type]


class SlowRecorder:
    """One that notes a refusal when it is asked to catch up."""

    complaints: Sequence[str] = ()

    def __init__(self) -> None:
        self.caught_up = False

    def catch_up(self) -> None:
        self.caught_up = True

    @property
    def connections(self) -> list[Recorded]:
        return [Recorded(1, Path("connection-1"), "/", 401)] if self.caught_up else []


def test_the_header_says_what_mode_it_is(project: pytest.Pytester, service: MockServer):
    """Unless it is none: then nothing is dialled. The ini file may choose it, the command line goes first."""
    project.makepyfile(test_it=asking())
    assert f"voicelive: recording mode once, live at {service.url}" in run(project, "--voicelive-record=once", passed=1)
    assert "recording mode" not in run(project, passed=1)
    ini = f"{INI}voicelive_record = "
    project.makeini(f"{ini}new\n")
    assert "recording mode new" in run(project, passed=1)
    assert "recording mode" not in run(project, "--voicelive-record=none", passed=1)
    project.makeini(f"{ini}sometimes\n")
    result = project.runpytest_inprocess("-p", "no:cacheprovider")
    assert "one of none, once, new, all, not 'sometimes'" in result.stderr.str()


def test_it_is_in_the_help(project: pytest.Pytester):
    """The option, the ini values, the marker."""
    shown = project.runpytest_inprocess("--help").stdout.str()
    for name in ("--voicelive-record", "voicelive_record ", "voicelive_record_expires", "voicelive_recordings_dir"):
        assert name in shown
    assert "@pytest.mark.voicelive_recording(*, name, expires" in project.runpytest_inprocess("--markers").stdout.str()


def test_a_wall_has_a_hole_for_the_service(tmp_path: Path):
    """For its host, and where tokens come from when there is no key; not for its neighbours."""
    ask: Callable[[Wall, str], None] = Wall.look_up
    for key in ("", KEY):
        environment = {"VOICELIVE_ENDPOINT": "https://mine.services.ai.azure.com", "AZURE_VOICE_LIVE_API_KEY": key}
        wall = Wall("test_it", "--block-network")
        options: dict[str, Any] = {"redact": (), "redact_audio": False, "wall": wall}
        start_recording(tmp_path / f"of{key}", Journal(), environment, **options).stop()
        ask(wall, "mine.services.ai.azure.com")
        if not key:
            ask(wall, "login.microsoftonline.com")
        for other in ["yours.services.ai.azure.com", *(["login.microsoftonline.com"] if key else [])]:
            with pytest.raises(NetworkBlocked):
                ask(wall, other)
