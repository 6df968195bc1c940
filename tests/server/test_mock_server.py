"""The public face: ``serve``, as tests of other people use it."""

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import threading
from time import monotonic

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import PerMessageDeflate

import vlmock
from tests.server.fakes import upgrade_request
from vlmock.errors import ScenarioError, ServerError, SpeechError, UnknownScenario
from vlmock.scenario.model import Scenario

KEY = {"api-key": "any"}
PATH = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"
HELLO = {"type": "conversation.item.create", "item": {"type": "message", "role": "user",
         "content": [{"type": "input_text", "text": "Hello"}]}}  # fmt: skip


def dial(server, path=PATH, **options):
    """A client that nobody here wrote."""
    return connect(server.ws_url + path, additional_headers=KEY, **options)


async def transcript_of(server, path=PATH):
    """What the server says to Hello."""
    async with dial(server, path) as client:
        await client.send(json.dumps(HELLO))
        await client.send('{"type":"response.create"}')
        async for message in client:
            event = json.loads(message)
            if event["type"] == "response.audio_transcript.done":
                return event["transcript"]
    raise AssertionError("the server hung up")


def own_threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("vlmock")]


def saying(words):
    return Scenario.build(otherwise={"reply": words})


# ---- a conversation


async def test_a_server_answers_a_client_in_the_same_loop():
    """It has a thread of its own; a session begins with session.created."""
    async with vlmock.serve() as server, dial(server) as client:
        assert json.loads(await client.recv())["type"] == "session.created"
        assert await server.journal.wait_for_async("session.created")
    assert own_threads() == []


def test_a_server_answers_a_client_in_another_process():
    """And a test that blocks."""
    code = (
        "import sys; from websockets.sync.client import connect\n"
        "with connect(sys.argv[1], additional_headers={'api-key': 'any'}) as client: print(client.recv()[:25])"
    )
    with vlmock.serve() as server:
        done = subprocess.run(
            [sys.executable, "-c", code, server.ws_url + PATH], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == '{"type":"session.created"'


async def test_the_same_seed_gives_the_same_conversation():
    """Ids too; another seed gives others, and so does the next connection."""

    def ids(server):
        return [event.event_id for event in server.journal.server_events(connection=1)]

    found = []
    for seed in (5, 5, 6):
        with vlmock.serve(seed=seed) as server:
            await transcript_of(server)
            await transcript_of(server)
            found.append(ids(server))
            assert ids(server) != [event.event_id for event in server.journal.server_events(connection=2)]
    assert found[0] == found[1] != found[2]


# ---- scenarios


async def test_play_changes_what_the_next_connection_gets():
    """By default, or by a name that a client may ask for."""
    with vlmock.serve(saying("One.")) as server:
        assert await transcript_of(server) == "One."
        server.play(saying("Two."))
        server.play(saying("Three."), name="third")
        assert await transcript_of(server) == "Two."
        assert await transcript_of(server, "/third" + PATH) == "Three."


async def test_scenarios_are_offered_by_name():
    """Those of the user and those that ship; the client's own words decide."""
    with vlmock.serve(offers={"mine": saying("Mine.")}) as server:
        assert await transcript_of(server, "/mine" + PATH) == "Mine."
        assert await transcript_of(server, PATH + "&scenario=mine") == "Mine."
        assert "Hello" in await transcript_of(server, "/default" + PATH)
        with pytest.raises(InvalidStatus) as refused:
            await transcript_of(server, "/nine" + PATH)
        assert refused.value.response.status_code == 404
        assert b"mine" in refused.value.response.body


async def test_a_script_is_made_for_each_connection_and_kept_for_questions():
    """In order, with the number of its connection; the problems of all are the server's."""
    scenario = Scenario.build(turns=[{"user": "Never said", "reply": "Never."}])
    with vlmock.serve(scenario) as server:
        async with dial(server) as client:
            await client.recv()
        [script] = server.scripts
        assert server.played[0].connection == 1
        assert server.played[0].script is script
        [problem] = server.problems()
        assert problem == "connection 1: turns[0] was not played: user 'Never said'\n  the client sent nothing"


async def test_a_scenario_that_nobody_came_to_play_is_a_problem():
    """From the start, or played later; not one that demands nothing, and not one that was replaced unplayed."""
    demanding = Scenario.build(name="errand", turns=[{"user": "Never said", "reply": "Never."}])
    with vlmock.serve(demanding) as server:
        [problem] = server.problems()
        assert problem.startswith("nobody connected to play 'errand': turns[0]")
        server.play(saying("Anything."))
        assert server.problems() == []
        await transcript_of(server)
        server.play(demanding)
        assert len(server.problems()) == 1


def test_a_wrong_scenario_is_refused_before_anything_starts():
    """A name that is not there, and a thing that is no scenario."""
    with pytest.raises(UnknownScenario):
        vlmock.serve("no-such-scenario")
    with pytest.raises(ScenarioError):
        vlmock.serve(42)
    with pytest.raises(SpeechError):
        vlmock.serve(speech="no-such-engine")
    with pytest.raises(ValueError, match="timing"):
        vlmock.serve(timing="slow")
    assert own_threads() == []


# ---- the door


async def test_a_demanded_key_is_demanded():
    """401 with a body that says so, and no redirect."""
    with vlmock.serve(api_key="sesame") as server:
        with pytest.raises(InvalidStatus) as refused:
            async with dial(server):
                pass
        assert refused.value.response.status_code == 401
        assert b"demands" in refused.value.response.body
        async with connect(server.ws_url + PATH, additional_headers={"api-key": "sesame"}) as client:
            await client.recv()
        assert "sesame" not in json.dumps(server.journal.connections)


async def test_a_demanded_key_may_come_from_a_file_with_a_line_end():
    """It is compared bare, as those that clients send are. One that is empty would be good for nobody."""
    with vlmock.serve(api_key=" secret\n") as server:
        async with connect(server.ws_url + PATH, additional_headers={"api-key": "secret"}) as client:
            assert json.loads(await client.recv())["type"] == "session.created"
    for empty in ("", " \n"):
        with pytest.raises(ServerError, match="the key that is demanded is empty"):
            vlmock.serve(api_key=empty)


async def test_a_key_in_the_address_is_shown_nowhere(caplog, tmp_path):
    """Not in the journal, not in its file, not on a page, not in a log, however much is logged."""
    caplog.set_level("DEBUG")
    with vlmock.serve() as server:
        async with connect(
            f"{server.ws_url}{PATH}&api-key=sesame&Authorization=Bearer%20sesame", logger=quiet()
        ) as client:
            await client.recv()
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(b"GET /journal HTTP/1.1\r\nHost: x\r\n\r\n")
            page = (await reader.read()).decode()
            writer.close()
        saved = (server.journal.save(tmp_path / "out") / "connection-1" / "events.jsonl").read_text()
    assert "api-key=***" in page
    for text in (page, saved, json.dumps(server.journal.connections), caplog.text):
        assert "sesame" not in text


def quiet():
    import logging

    logger = logging.getLogger("quiet client")
    logger.setLevel("CRITICAL")
    return logger


async def test_compression_only_when_asked_for():
    """Clients offer it by themselves; agreeing costs a hundred times the work."""
    for asked in (False, True):
        with vlmock.serve(compression=asked) as server:
            async with dial(server) as client:
                await client.recv()
                used = any(isinstance(extension, PerMessageDeflate) for extension in client.protocol.extensions)
                assert used is asked
            assert "Hello" in await transcript_of(server)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["realtime"], "realtime"), (["x", "realtime"], "realtime"), (["x"], None)]
)
async def test_a_subprotocol_that_is_offered_is_harmless(offered, chosen):
    """Observed {SEED, PAI, FON} against {FLOW}: with or without, both work. Assumed: the known one is confirmed, as
    browsers demand; a key among them never is."""
    with vlmock.serve() as server:
        async with dial(server, subprotocols=offered) as client:
            assert client.subprotocol == chosen
            await client.recv()


async def test_the_log_is_given_every_entry():
    """In order, each with a line for people."""
    lines = []
    with vlmock.serve(log=lambda entry: lines.append(entry.line())) as server:
        async with dial(server) as client:
            await client.recv()
            await client.send('{"type":"input_audio_buffer.clear"}')
            await client.recv()
    assert [line.split()[2:4] for line in lines] == [
        ["←", "session.created"],
        ["→", "input_audio_buffer.clear"],
        ["←", "input_audio_buffer.cleared"],
    ]


# ---- beginning and end


async def test_stop_says_going_away_and_leaves_nothing_behind():
    """1001 to every client, half a second at most, no thread, no socket; twice does no harm."""
    server = vlmock.serve()
    async with dial(server) as client:
        await client.recv()
        started = monotonic()
        async with server:
            pass
        assert monotonic() - started < 0.5
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd.code == 1001
    server.stop()
    assert own_threads() == []
    assert not server.running
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_stop_does_not_wait_for_clients_that_do_not_answer():
    """One that says nothing at all, one in the middle of its request, one in a session."""
    server = vlmock.serve()
    silent, half, deaf = (socket.create_connection(("127.0.0.1", server.port)) for _ in range(3))
    half.sendall(b"GET /voice")
    deaf.sendall(upgrade_request(PATH, "api-key: any"))
    server.journal.wait_for("session.created")
    started = monotonic()
    server.stop()
    assert monotonic() - started < 0.5
    for client in (silent, half, deaf):
        client.close()
    assert own_threads() == []


def test_stop_is_safe_when_the_thread_has_died():
    """Whatever happened to the loop: the socket is free again."""
    server = vlmock.serve()
    server._listener.loop.call_soon_threadsafe(server._listener.loop.stop)
    server._listener._thread.join(5)
    server.stop()
    assert not server.running
    vlmock.serve(port=server.port).stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_cannot_stop_its_parents_server():
    """Test runners fork; an exit handler in the child must do no harm and not hang."""
    with vlmock.serve() as server:
        child = os.fork()
        if child == 0:
            server.stop()
            os._exit(0 if not server.running else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert server.running
        socket.create_connection(("127.0.0.1", server.port)).close()


def test_who_arrives_while_the_server_stops_is_not_left_behind(recwarn):
    """Every socket is closed, also one that has only just been accepted."""
    for _ in range(50):
        with vlmock.serve() as server:
            socket.create_connection(("127.0.0.1", server.port)).close()
        assert server.crashes == []
    gc.collect()
    assert [warning.message for warning in recwarn if warning.category is ResourceWarning] == []


def test_two_servers_know_nothing_of_each_other():
    """Each has its port, its thread, its journal."""
    with vlmock.serve() as one, vlmock.serve() as two:
        assert one.port != two.port
        assert len(own_threads()) == 2
        assert one.url == f"http://127.0.0.1:{one.port}"
        assert two.ws_url == f"ws://127.0.0.1:{two.port}"
        one.stop()
        assert (one.running, two.running) == (False, True)


def test_an_address_that_cannot_be_had_is_explained():
    """What is wrong and what to do, and nothing is left running."""
    with vlmock.serve() as server, pytest.raises(ServerError, match=r"in use by another program.*0 for any free one"):
        vlmock.serve(port=server.port)
    with pytest.raises(ServerError, match=r"no host 'no-such-host\.invalid'"):
        vlmock.serve(host="no-such-host.invalid")
    with pytest.raises(ServerError, match="no address of this computer"):
        vlmock.serve(host="192.0.2.1")
    with pytest.raises(ServerError, match="port 99999 does not exist"):
        vlmock.serve(port=99_999)
    assert own_threads() == []


def test_ipv6_and_all_addresses_have_a_url_that_can_be_dialled():
    """``0.0.0.0`` is no address to dial."""
    with vlmock.serve(host="0.0.0.0") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        socket.create_connection(("127.0.0.1", server.port)).close()
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    with vlmock.serve(host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"


def test_the_server_is_light_to_import():
    """The plugin's users pay for what they use: no server of the library, no YAML, no command line."""
    code = (
        "import sys, vlmock.server.mock_server\n"
        "heavy = {'yaml', 'jinja2', 'click', 'soxr', 'multiprocessing', 'websockets.asyncio.server',"
        " 'websockets.extensions.permessage_deflate'}\nprint(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
