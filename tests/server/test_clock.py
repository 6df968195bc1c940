"""A test lets time pass on a real socket: sessions end, limits are lifted; clients go on in real time."""

import asyncio
import json
import math
import time
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_blocking

import vlmock
from vlmock.errors import ServerError
from vlmock.scenario.model import Scenario

KEY = {"api-key": "any"}
CASCADE = "/voice-live/realtime?api-version=2026-07-15&model=gpt-4o"
NATIVE = "/voice-live/realtime?api-version=2026-07-15&model=gpt-realtime"
ASK = '{"type":"response.create","response":{"modalities":["text"]}}'
EXPIRED = "Your session hit the maximum duration of 120 minutes."


def dial(server, path=CASCADE):
    return connect(server.ws_url + path, additional_headers=KEY)


def knock(server, headers):
    """Be let in, and leave again."""
    with connect_blocking(server.ws_url + CASCADE, additional_headers=headers):
        pass


def fetch(url):
    with urlopen(url, timeout=30) as answer:
        return json.load(answer)


async def until(client, kind):
    """All events up to the first of this type."""
    got = []
    async for message in client:
        got.append(json.loads(message))
        if got[-1]["type"] == kind:
            return got
    raise AssertionError(f"no {kind} among {[event['type'] for event in got]}")


@pytest.mark.parametrize(("path", "hours"), [(CASCADE, 2), (NATIVE, 1)])
async def test_an_hour_passes_in_a_moment(path, hours):
    """The session ends as its pipeline's do: an error, then close 1001, both with the same words {OAI}."""
    async with vlmock.serve() as server, dial(server, path) as client:
        await until(client, "session.created")
        server.clock.advance(hours * 3600 - 60)
        await client.send('{"type":"input_audio_buffer.clear"}')
        assert [event["type"] for event in await until(client, "input_audio_buffer.cleared")] == [
            "input_audio_buffer.cleared"
        ]
        server.clock.advance(60)
        (error,) = await until(client, "error")
        assert error["error"]["code"] == "session_expired"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, error["error"]["message"])


async def test_what_was_due_has_been_sent_when_the_clock_comes_back():
    """A test that looks into the journal afterwards need not wait; every event has the time that it was due at."""
    patient = Scenario.build(otherwise={"reply": ["One.", {"wait": 600}, "Two.", {"wait": 600}, "Three."]})
    async with vlmock.serve(patient) as server, dial(server) as client:
        await client.send(ASK)
        await until(client, "response.text.delta")
        server.clock.advance(600)
        said = "".join(event.delta for event in server.journal.server_events("response.text.delta"))
        assert said == "One. Two."
        server.clock.advance(10_000)
        done, error = server.journal.entries()[-2:]
        assert (done.type, error.type) == ("response.done", "error")
        assert error.at - done.at == pytest.approx(7200 - 1200, abs=60)


async def test_clients_go_on_in_real_time():
    """Their own time-outs and pings know nothing of it."""
    async with vlmock.serve() as server, dial(server) as client:
        began = time.monotonic()
        server.clock.advance(1800)
        await (await client.ping())
        assert time.monotonic() - began < 60
        before = server.clock.unix_time
        assert before - time.time() == pytest.approx(1800, abs=60)


def test_a_session_that_begins_later_has_its_full_time():
    """``expires_at`` counts from the server's own time."""
    with vlmock.serve() as server:
        server.clock.advance(86_400)
        with connect_blocking(server.ws_url + CASCADE, additional_headers=KEY) as client:
            created = json.loads(client.recv())
            assert created["session"]["expires_at"] == pytest.approx(server.clock.unix_time + 7200, abs=60)
            server.clock.advance(7100)
            client.send('{"type":"input_audio_buffer.clear"}')
            assert json.loads(client.recv())["type"] == "input_audio_buffer.cleared"


async def test_any_language_lets_time_pass():
    """A plain GET does it."""
    async with vlmock.serve() as server, dial(server) as client:
        await until(client, "session.created")
        page = await asyncio.to_thread(fetch, f"{server.url}/clock?advance=7200")
        assert page["unix_time"] == pytest.approx(time.time() + 7200, abs=60)
        assert (await until(client, "error"))[-1]["error"]["message"] == EXPIRED


@pytest.mark.parametrize("advance", ["-1", "nan", "an hour"])
def test_a_wrong_time_is_told_how_to_write_it(advance):
    """400, and no time has passed."""
    with vlmock.serve() as server, pytest.raises(HTTPError) as refused:
        fetch(f"{server.url}/clock?advance={quote(advance)}")
    with refused.value as answer:
        assert answer.code == 400
        assert "as in /clock?advance=3600" in answer.read().decode()


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, "1h", None, True])
def test_time_does_not_go_back(seconds):
    """Nor to its end."""
    with vlmock.serve() as server, pytest.raises(ValueError, match="seconds to come"):
        server.clock.advance(seconds)


def test_the_clock_of_a_stopped_server_says_so():
    """Instead of waiting for ever."""
    server = vlmock.serve()
    server.stop()
    with pytest.raises(ServerError, match="has been stopped"):
        server.clock.advance(1)


async def test_a_script_may_let_time_pass_while_it_answers():
    """It runs in the server's own thread, where nobody may wait: the time passes right after."""
    server = vlmock.serve()

    def reply(turn):
        server.clock.advance(7200)
        return "Good night."

    server.play(reply)
    async with server, dial(server) as client:
        await client.send(ASK)
        assert (await until(client, "error"))[-1]["error"]["code"] == "session_expired"


def test_tokens_of_entra_expire_with_the_clock():
    """They have a lifetime on the same clock."""
    from azure.identity import ManagedIdentityCredential

    with vlmock.serve() as server:
        entra = server.entra(lifetime_s=3600)
        token = ManagedIdentityCredential().get_token("https://ai.azure.com/.default").token
        headers = {"Authorization": f"Bearer {token}"}
        knock(server, headers)
        server.clock.advance(3601)
        with pytest.raises(InvalidStatus) as refused:
            knock(server, headers)
        assert refused.value.response.status_code == 401
        assert entra is server.entra()


def test_too_many_connections_are_told_when_to_come_back():
    """Assumed {OAI}: HTTP 429 with Retry-After. Documented {DOC}: connections are counted by the minute, and those that
    were not let in do not count."""
    with vlmock.serve(connections_per_minute=2) as server:
        for _ in range(2):
            knock(server, KEY)
        with pytest.raises(InvalidStatus) as unauthorised:
            knock(server, {})
        assert unauthorised.value.response.status_code == 401
        with pytest.raises(InvalidStatus) as refused:
            knock(server, KEY)
        response = refused.value.response
        assert response.status_code == 429
        retry_after = int(response.headers["Retry-After"])
        assert 55 <= retry_after <= 60
        assert json.loads(response.body)["error"] == {
            "code": "429",
            "message": f"The resource has used its 2 connections per minute. Retry after {retry_after} seconds.",
        }
        server.clock.advance(retry_after)
        knock(server, KEY)


async def test_the_tokens_of_a_minute_are_everybodys():
    """With one session's reply they are spent: the other's fails, a new one is 429, and a minute later all is well."""
    async with vlmock.serve(tokens_per_minute=20) as server, dial(server) as first, dial(server) as second:
        await first.send(ASK)
        done = (await until(first, "response.done"))[-1]["response"]
        assert done["status"] == "completed"
        assert done["usage"]["total_tokens"] >= 20
        await second.send(ASK)
        done = (await until(second, "response.done"))[-1]["response"]
        assert (done["status"], done["status_details"]["error"]["code"]) == ("failed", "rate_limit_exceeded")
        with pytest.raises(InvalidStatus) as refused:
            await dial(server)
        assert refused.value.response.status_code == 429
        server.clock.advance(60)
        await second.send(ASK)
        assert (await until(second, "response.done"))[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize("limit", ["connections_per_minute", "tokens_per_minute"])
def test_a_limit_that_nothing_fits_into_is_refused(limit):
    """Before anything starts."""
    with pytest.raises(ValueError, match=f"{limit} is a whole number from 1, or None for no limit, not 0"):
        vlmock.serve(**{limit: 0})


async def test_the_vendor_sdk_sees_the_end():
    """The error as an event, then the close."""
    from azure.ai.voicelive.aio import ConnectionClosed as Closed
    from azure.ai.voicelive.aio import connect as sdk_connect

    key = AzureKeyCredential("any")
    async with (
        vlmock.serve() as server,
        sdk_connect(endpoint=server.url, credential=key, model="gpt-4o") as connection,
    ):
        assert (await connection.recv()).type == "session.created"
        await asyncio.to_thread(server.clock.advance, 7200)
        assert (await connection.recv()).error.message == EXPIRED
        with pytest.raises(Closed) as closed:
            await connection.recv()
        assert closed.value.code == 1001
