"""Who is let in, and what they get: handshake, credentials, and the scenario that a client asks for."""

import json
from typing import Any

import aiohttp
import pytest
import websockets
from azure.ai.voicelive.aio import ConnectionError, connect
from azure.core.credentials import AzureKeyCredential
from websockets.asyncio.client import connect as dial

import vlmock
from tests.sdk.dialogue import FakeAsyncToken, FakeToken, talking, transcript

DATED_VERSIONS = [
    "2025-05-01-preview",
    "2025-10-01",
    "2026-01-01-preview",
    "2026-04-10",
    "2026-06-01-preview",
    "2026-07-15",
    "2026-07-31-preview",
]
GREETING = "Welcome to the city library. How can I help you?"
PATH = "/voice-live/realtime"
QUERY = "api-version=2026-04-10&model=gpt-4.1"


async def refused(address: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Status and JSON body of a handshake that fails."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with dial(address, additional_headers=headers):
            pass
    response = caught.value.response
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("application/json")
    return response.status_code, json.loads(response.body)


# ---- credentials


async def test_a_key_opens_a_session():
    """By default any non-empty key is good, and it is kept nowhere."""
    with vlmock.serve() as server:
        async with talking(server.url, credential=AzureKeyCredential("very-secret")):
            (connection,) = server.journal.connections
            assert connection["credential"] == "key"
            assert "very-secret" not in json.dumps(connection)


@pytest.mark.parametrize("make", [FakeToken, FakeAsyncToken])
async def test_a_token_opens_a_session(make: type[FakeToken]):
    """A token credential is asked for a token of the service's scope, and the token is good."""
    token = make("very-secret")
    with vlmock.serve() as server:
        async with talking(server.url, credential=token):
            (connection,) = server.journal.connections
            assert connection["credential"] == "token"
    assert token.scopes == ["https://ai.azure.com/.default"]


async def test_the_sdk_reports_a_wrong_key_as_401():
    """With ``api_key`` no other credential is good, and the right one is, as key and as token."""
    with vlmock.serve(api_key="right") as server:
        for wrong in (AzureKeyCredential("wrong"), FakeToken("wrong")):
            with pytest.raises(ConnectionError, match="401"):
                async with talking(server.url, credential=wrong):
                    pass
        for right in (AzureKeyCredential("right"), FakeToken("right")):
            async with talking(server.url, credential=right):
                pass


CREDENTIALS = {
    "header api-key": ({"api-key": "K"}, ""),
    "header Authorization": ({"Authorization": "Bearer K"}, ""),
    "query api-key": ({}, "&api-key=K"),
    "query Authorization": ({}, "&Authorization=Bearer%20K"),
}


@pytest.mark.parametrize(("headers", "query"), CREDENTIALS.values(), ids=CREDENTIALS)
async def test_credentials_are_taken_in_four_places(headers: dict[str, str], query: str):
    """Observed {DOC, VIBE}: header or query, key or token."""
    with vlmock.serve(api_key="K") as server:
        async with dial(f"{server.ws_url}{PATH}?{QUERY}{query}", additional_headers=headers) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"


@pytest.mark.parametrize("query", ["", "&access_token=K", "&api-key=", "&Authorization=Bearer%20"])
async def test_no_credential_is_401_and_the_body_says_what_is_missing(query: str):
    """Observed {VIBE}: a bare ``access_token`` is no credential either."""
    with vlmock.serve() as server:
        status, body = await refused(f"{server.ws_url}{PATH}?{QUERY}{query}")
    assert (status, body["error"]["code"]) == (401, "401")
    assert "Bearer TOKEN" in body["error"]["message"]


# ---- which scenario


async def test_the_last_segment_of_the_path_names_the_scenario():
    """``http://127.0.0.1:8765/greeting`` as endpoint, with a trailing slash or without, and below other folders."""
    with vlmock.serve() as server:
        for endpoint in ("/greeting", "/greeting/", "/any/thing/greeting"):
            async with talking(server.url + endpoint) as dialogue:
                assert transcript(await dialogue.ask()) == GREETING


async def test_the_query_names_the_scenario():
    """As the SDK's ``query``, or in the endpoint, which the SDK merges."""
    with vlmock.serve() as server:
        async with talking(server.url, query={"scenario": "greeting"}) as dialogue:
            assert transcript(await dialogue.ask()) == GREETING
        async with talking(f"{server.url}?scenario=greeting") as dialogue:
            assert transcript(await dialogue.ask()) == GREETING


async def test_a_header_names_the_scenario():
    """For clients that drop path and query."""
    with vlmock.serve() as server:
        async with talking(server.url, headers={"x-vlmock-scenario": "greeting"}) as dialogue:
            assert transcript(await dialogue.ask()) == GREETING


async def test_path_goes_before_query_before_header():
    """In the order in which the issue names them."""
    with vlmock.serve() as server:
        for endpoint in (f"{server.url}/greeting?scenario=weather", f"{server.url}?scenario=greeting"):
            async with talking(endpoint, headers={"x-vlmock-scenario": "weather"}) as dialogue:
                assert transcript(await dialogue.ask()) == GREETING


async def test_without_a_name_the_servers_own_is_played():
    """The port alone is enough."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            assert transcript(await dialogue.ask()) == GREETING


async def test_an_unknown_scenario_is_404_with_the_known_names():
    """And the SDK says 404."""
    with vlmock.serve() as server:
        with pytest.raises(ConnectionError, match="404"):
            async with talking(server.url + "/greting"):
                pass
        status, body = await refused(f"{server.ws_url}/greting{PATH}?{QUERY}", {"api-key": "k"})
    assert status == 404
    for part in ("'greting'", "did you mean 'greeting'", "weather", "small_talk"):
        assert part in body["error"]["message"]


# ---- the rest of the address


@pytest.mark.parametrize("version", DATED_VERSIONS)
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
async def test_every_api_version_opens_a_session_that_the_sdk_can_read(version: str, model: str):
    """Documented: schema A5. Spoken to and answered, not only opened."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url, api_version=version, model=model) as dialogue:
            assert transcript(await dialogue.ask()) == GREETING


async def test_what_is_wrong_with_an_address_has_its_status():
    """Behaviour 1.2: no api-version is 404, an unknown path is 404, no model is 400."""
    key = {"api-key": "k"}
    with vlmock.serve() as server:
        assert (await refused(f"{server.ws_url}{PATH}?model=gpt-4.1", key))[0] == 404
        assert (await refused(f"{server.ws_url}/nothing/here?{QUERY}", key))[0] == 404
        assert (await refused(f"{server.ws_url}{PATH}?api-version=2026-04-10", key))[0] == 400
        assert (await refused(f"{server.ws_url}{PATH}?api-version=1999-01-01&model=gpt-4.1", key))[0] in (400, 404)


async def test_a_model_that_does_not_exist_is_an_error_event_after_the_upgrade():
    """Observed {S14}: the handshake succeeds all the same."""
    with vlmock.serve() as server:
        credential = AzureKeyCredential("any")
        async with connect(endpoint=server.url, credential=credential, model="no-such-model") as connection:
            event: Any = await connection.recv()
    assert event["type"] == "error"
    assert (event.error.code, event.error.message) == (
        "invalid_model",
        "Model no-such-model is not supported in this region.",
    )


async def test_an_agent_needs_no_model():
    """Observed {TAK}: its session has no temperature, and expires never."""
    with vlmock.serve("greeting") as server:
        agent = {"agent_name": "helper", "project_name": "project"}
        async with talking(server.url, model=None, credential=FakeToken(), **agent) as dialogue:
            session = dialogue.events[0].session
            assert (session.expires_at, session.temperature) == (None, None)
            assert transcript(await dialogue.ask()) == GREETING


async def test_an_agent_takes_no_key():
    """Observed {VIBE, TROUB}: the socket opens, errors follow, and it is closed with 1008."""
    with vlmock.serve("greeting") as server:
        async with connect(
            endpoint=server.url, credential=AzureKeyCredential("k"), agent_name="helper", project_name="project"
        ) as connection:
            event: Any = await connection.recv()
            assert event["type"] == "error"
            assert "Key authentication is not supported in Agent mode" in event.error.message
            _ = [event async for event in connection]  # until it is closed
        assert server.journal.wait_for_close().code == 1008


async def test_unknown_parameters_and_headers_do_no_harm():
    """What the service does not know it lets pass."""
    with vlmock.serve("greeting") as server:
        odd = {"query": {"x-something": "1", "api_key": "2"}, "headers": {"X-Something": "3"}}
        async with talking(server.url, **odd) as dialogue:
            assert transcript(await dialogue.ask()) == GREETING


async def test_an_offered_subprotocol_is_harmless():
    """Observed {SEED, FLOW}: most clients offer none, one offers ``realtime``."""
    with vlmock.serve() as server:
        address = f"{server.ws_url}{PATH}?{QUERY}"
        async with dial(address, additional_headers={"api-key": "k"}, subprotocols=["realtime"]) as socket:  # type: ignore[list-item]
            assert json.loads(await socket.recv())["type"] == "session.created"


@pytest.mark.parametrize("wanted", [False, True])
async def test_compression_is_agreed_only_where_it_was_turned_on(wanted: bool):
    """Assumed: the service declines it. With it the conversation is the same."""
    with vlmock.serve("greeting", compression=wanted) as server:
        async with talking(server.url, connection_options={"compression": 15}) as dialogue:
            assert bool(dialogue.connection._connection.compress) is wanted
            assert transcript(await dialogue.ask()) == GREETING


# ---- pages


async def test_healthz_and_journal_answer_on_the_same_port():
    """Plain GET, JSON, by connection."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            await dialogue.ask()
            async with aiohttp.ClientSession() as web:
                async with web.get(f"{server.url}/healthz") as health:
                    assert health.status == 200
                    assert (await health.json())["connections"] == 1
                async with web.get(f"{server.url}/journal") as page:
                    assert page.status == 200
                    journal = await page.json()
    (connection,) = journal["connections"]
    types = [entry["type"] for entry in connection["journal"]]
    assert types[:2] == ["session.created", "response.create"]
    assert types[-1] == "response.done"


async def test_a_client_that_never_reads_does_not_keep_the_server_from_stopping():
    """``stop`` is within half a second, whoever is there."""
    async with vlmock.serve("barge_in") as server:
        socket = await dial(f"{server.ws_url}{PATH}?{QUERY}", additional_headers={"api-key": "k"})
        server.journal.wait_for("session.created")
    assert not server.running
    await socket.wait_closed()
