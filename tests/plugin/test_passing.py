"""What works with the fixture: every kind of agent, every kind of scenario, and the journal."""

import pytest


def passes(project: pytest.Pytester, test: str, *, passed: int = 1) -> None:
    project.makepyfile(test_it=test)
    project.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=passed)


# ---- agents of every kind


def test_the_example_of_the_issue(project: pytest.Pytester):
    """As it is written there."""
    passes(
        project,
        """
        import my_agent

        async def test_my_agent(voicelive):
            voicelive.play("weather")
            await my_agent.run(endpoint=voicelive.url, api_key="any")
            assert voicelive.journal.client_events("conversation.item.create")
        """,
    )


def test_a_sync_test_with_an_agent_that_blocks(project: pytest.Pytester):
    """The server needs nobody's event loop."""
    passes(
        project,
        """
        import blocking_agent

        def test_it(voicelive):
            voicelive.play("small_talk")
            assert blocking_agent.ask(voicelive.url, "Hello") == "Hello! Nice to hear from you."
        """,
    )


def test_an_agent_that_blocks_inside_of_an_async_test(project: pytest.Pytester):
    """It holds up the test's loop, and is answered all the same."""
    passes(
        project,
        """
        import blocking_agent

        async def test_it(voicelive):
            voicelive.play("small_talk")
            assert blocking_agent.ask(voicelive.url, "Hello") == "Hello! Nice to hear from you."
        """,
    )


def test_an_agent_in_a_thread(project: pytest.Pytester):
    """While the test waits for what it does."""
    passes(
        project,
        """
        import threading
        import blocking_agent

        def test_it(voicelive):
            voicelive.play("small_talk")
            agent = threading.Thread(target=blocking_agent.ask, args=(voicelive.url, "Hello"))
            agent.start()
            done = voicelive.journal.wait_for("response.done", timeout=30)
            assert done.response.status == "completed"
            agent.join()
        """,
    )


def test_an_agent_in_another_process(project: pytest.Pytester):
    """All that it needs is the URL."""
    passes(
        project,
        """
        import subprocess, sys

        def test_it(voicelive):
            voicelive.play("small_talk")
            command = [sys.executable, "blocking_agent.py", voicelive.url, "Hello"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
            assert done.stdout == "Hello! Nice to hear from you.\\n"
            assert len(voicelive.journal.connections) == 1
        """,
    )


# ---- what can be played


def test_a_scenario_is_a_name_a_path_an_object_or_a_function(project: pytest.Pytester):
    """And what has been played last is what comes next."""
    project.makefile(".yaml", mine="turns:\n  - user: Hi\n    reply: From a file.\n")
    passes(
        project,
        """
        import pathlib
        import blocking_agent
        from vlmock.scenario.model import Scenario

        def test_it(voicelive):
            def function(turn):
                return f"From a function that heard {turn.text}."

            built = Scenario.build(turns=[{"user": "Hi", "reply": "Built in Python."}])
            for scenario, words in (
                ("small_talk", "Hello! Nice to hear from you."),
                ("mine.yaml", "From a file."),
                (pathlib.Path("mine.yaml"), "From a file."),
                (built, "Built in Python."),
                (function, "From a function that heard Hi."),
            ):
                voicelive.play(scenario)
                assert blocking_agent.ask(voicelive.url, "Hi") == words
        """,
    )


def test_without_play_everybody_is_answered_sensibly(project: pytest.Pytester):
    """The default scenario, which demands nothing; and a test that never connects passes, too."""
    passes(
        project,
        """
        import blocking_agent

        def test_it(voicelive):
            assert "Hi there" in blocking_agent.ask(voicelive.url, "Hi there")

        def test_nobody(voicelive):
            pass
        """,
        passed=2,
    )


def test_several_scenarios_by_name(project: pytest.Pytester):
    """Two agents in one test, each at an address of its own."""
    passes(
        project,
        """
        import blocking_agent

        def test_it(voicelive):
            voicelive.play(lambda turn: "I am one.", name="one")
            voicelive.play(lambda turn: "I am two.", name="two")
            assert blocking_agent.ask(voicelive.url + "/two", "Who?") == "I am two."
            assert blocking_agent.ask(voicelive.url + "/one", "Who?") == "I am one."
        """,
    )


def test_what_is_optional_need_not_be_played(project: pytest.Pytester):
    """Optional turns, and rules."""
    passes(
        project,
        """
        import blocking_agent
        from vlmock.scenario.model import Scenario

        def test_it(voicelive):
            turns = [{"user": "Hi", "reply": "Hello."}, {"user": "Bye", "reply": "Bye.", "optional": True}]
            voicelive.play(Scenario.build(turns=turns, rules=[{"user": "What?", "reply": "That."}]))
            assert blocking_agent.ask(voicelive.url, "Hi") == "Hello."
        """,
    )


def test_the_fixture_takes_no_time_to_answer(project: pytest.Pytester):
    """A minute of speech, long before anybody could have listened to it: the default timing is ``instant``."""
    passes(
        project,
        """
        import blocking_agent

        def test_it(voicelive):
            voicelive.play(lambda turn: "Once upon a time there was a fox. " * 24)
            blocking_agent.ask(voicelive.url, "Hi")
            at = {entry.type: entry.at for entry in voicelive.journal.entries()}
            assert at["response.done"] - at["response.created"] < 3
        """,
    )


# ---- options


def test_options_are_a_fixture_to_override(project: pytest.Pytester):
    """In a conftest for all, in a module for its tests. A key that is demanded is demanded of the SDK, too."""
    project.makeconftest(
        """
        import pytest

        @pytest.fixture
        def voicelive_options():
            return {"api_key": "secret", "scenario": "weather"}
        """
    )
    project.makepyfile(
        test_module="""
        import blocking_agent
        import pytest

        @pytest.fixture
        def voicelive_options(voicelive_options):
            return {**voicelive_options, "api_key": "any", "scenario": "small_talk"}

        def test_it(voicelive):
            assert blocking_agent.ask(voicelive.url, "Hello") == "Hello! Nice to hear from you."
        """
    )
    passes(
        project,
        """
        import my_agent
        import pytest
        from azure.ai.voicelive.aio import ConnectionError

        async def test_it(voicelive):
            with pytest.raises(ConnectionError, match="401"):
                await my_agent.run(endpoint=voicelive.url, api_key="guess")
            heard = await my_agent.run(endpoint=voicelive.url, api_key="secret")
            assert heard[-1] == "It is sunny and 21 degrees in Beijing."
        """,
        passed=2,
    )


# ---- the journal


def test_the_journal_has_the_events_of_a_type(project: pytest.Pytester):
    """By name or by class, of one connection or of all, as typed objects in order."""
    passes(
        project,
        """
        import my_agent
        from vlmock.protocol.conversation import ConversationItemCreate

        async def test_it(voicelive):
            voicelive.play("weather")
            for _ in range(2):
                await my_agent.run(endpoint=voicelive.url, api_key="any")
            journal = voicelive.journal
            created = journal.client_events("conversation.item.create")
            assert created == journal.client_events(ConversationItemCreate)
            assert all(type(event) is ConversationItemCreate for event in created)
            assert len(created) == 4
            first = journal.client_events("conversation.item.create", connection=1)
            assert [type(event.item).__name__ for event in first] == ["RequestMessage", "RequestFunctionCallOutput"]
            assert first[0].item.content[0].text == "What is the weather in Beijing?"
            assert journal.client_events("session.update") == []
            assert len(journal.client_events(connection=2)) == 4
            assert [event.response.status for event in journal.server_events("response.done")] == ["completed"] * 4
        """,
    )


def test_the_journal_waits_for_an_event(project: pytest.Pytester):
    """From another thread or in the loop; and says what came when it does not come."""
    passes(
        project,
        """
        import asyncio, threading
        import blocking_agent, my_agent
        import pytest
        from vlmock.errors import JournalTimeout

        def test_sync(voicelive):
            agent = threading.Timer(0.05, blocking_agent.ask, (voicelive.url, "Hi"))
            agent.start()
            event = voicelive.journal.wait_for("response.create", source="client", timeout=30)
            assert type(event).__name__ == "ResponseCreate"
            agent.join()
            with pytest.raises(JournalTimeout, match=r"0.01 s for response.cancel; what came: .*response.create"):
                voicelive.journal.wait_for("response.cancel", timeout=0.01)

        async def test_async(voicelive):
            agent = asyncio.create_task(my_agent.run(endpoint=voicelive.url, api_key="k", texts=["One", "Two"]))
            done = await voicelive.journal.wait_for_async("response.done", count=2, timeout=30)
            assert "Two" in done.response.output[0].content[0].transcript
            await agent
        """,
        passed=2,
    )


def test_the_journal_pushes_an_event_to_the_client(project: pytest.Pytester):
    """As a dict or as a typed event; the SDK reads it; an ``event_id`` is added."""
    passes(
        project,
        """
        from azure.ai.voicelive import models
        from azure.ai.voicelive.aio import connect
        from azure.core.credentials import AzureKeyCredential
        from vlmock.protocol.errors import ErrorDetails, ErrorEvent

        async def test_it(voicelive):
            key = AzureKeyCredential("any")
            async with connect(endpoint=voicelive.url, credential=key, model="gpt-4.1") as connection:
                assert (await connection.recv()).type == "session.created"
                voicelive.journal.push({"type": "warning", "warning": {"message": "Careful."}})
                warning = await connection.recv()
                assert type(warning) is models.ServerEventWarning
                assert (warning.warning.message, bool(warning.event_id)) == ("Careful.", True)
                voicelive.journal.push(ErrorEvent(error=ErrorDetails(type="server_error", message="Oh.")))
                error = await connection.recv()
                assert (type(error), error.error.message) == (models.ServerEventError, "Oh.")
            assert [type(event).__name__ for event in voicelive.journal.server_events("error")] == ["ErrorEvent"]
        """,
    )


def test_pushing_to_nobody_is_a_mistake_that_is_told(project: pytest.Pytester):
    """Before anybody came."""
    passes(
        project,
        """
        import pytest
        from vlmock.errors import ServerError

        def test_it(voicelive):
            with pytest.raises(ServerError, match="no connection open"):
                voicelive.journal.push({"type": "warning"})
        """,
    )


# ---- one server for each test


def test_two_tests_have_two_servers(project: pytest.Pytester):
    """Nothing of the one is in the other, and the first is gone when the second begins."""
    passes(
        project,
        """
        import socket
        import blocking_agent
        import pytest

        seen = []

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(voicelive, number):
            assert voicelive.journal.connections == []
            for server, port in seen:
                assert not server.running
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port))
            seen.append((voicelive, voicelive.port))
            voicelive.play(lambda turn: f"Number {number}.")
            assert blocking_agent.ask(voicelive.url, "Hi") == f"Number {number}."
            assert len(voicelive.journal.connections) == 1
        """,
        passed=2,
    )


def test_a_client_that_stays_does_not_keep_the_test_from_ending(project: pytest.Pytester):
    """The server says goodbye with 1001."""
    passes(
        project,
        """
        from contextlib import ExitStack
        from websockets.sync.client import connect
        import pytest
        from websockets import ConnectionClosed

        sockets, open_sockets = [], ExitStack()

        def test_it(voicelive):
            address = voicelive.ws_url + "/voice-live/realtime?api-version=2026-04-10&model=gpt-4.1"
            socket = connect(address, additional_headers={"api-key": "any"})
            sockets.append(open_sockets.enter_context(socket))
            sockets[0].recv()

        def test_after():
            with open_sockets, pytest.raises(ConnectionClosed) as caught:
                sockets[0].recv(timeout=30)
            assert caught.value.rcvd.code == 1001
        """,
        passed=2,
    )
