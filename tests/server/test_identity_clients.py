"""The real azure-identity, and whole clients without a key, get their tokens here and nowhere else."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from azure.ai.voicelive.aio import ConnectionError
from azure.ai.voicelive.aio import connect as sdk_connect
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.identity.aio import DefaultAzureCredential as AsyncDefaultAzureCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import vlmock
from tests.server.fakes import PATH
from tests.server.identities import SCOPE
from vlmock.errors import ScenarioError
from vlmock.scenario.keys import TOKENS_END
from vlmock.scenario.model import Scenario
from vlmock.server import reception
from vlmock.server.identity import AUDIENCE, LEGACY_AUDIENCE, Entra, Verdict

ROOT = Path(__file__).resolve().parents[2]


# ---- the real azure-identity


SYNC = {
    "default": DefaultAzureCredential,
    "managed": ManagedIdentityCredential,
    "of a user, by client id": lambda: ManagedIdentityCredential(client_id="mine"),
    "of a user, by resource id": lambda: ManagedIdentityCredential(identity_config={"resource_id": "mine"}),
}
ASYNC = {
    "default": AsyncDefaultAzureCredential,
    "managed": AsyncManagedIdentityCredential,
    "of a user, by client id": lambda: AsyncManagedIdentityCredential(client_id="mine"),
    "of a user, by object id": lambda: AsyncManagedIdentityCredential(identity_config={"object_id": "mine"}),
}


@contextmanager
def identified(*, scenario=None, **options):
    """A server that hands out tokens, and its Entra."""
    with vlmock.serve(scenario, **options) as server:
        yield server, server.entra()
        assert server.crashes == []


@pytest.mark.parametrize("name", SYNC)
def test_azure_identity_gets_a_token(name):
    """With nothing told to it but the environment; it knows when the token ends."""
    with identified() as (_, entra), SYNC[name]() as credential:
        token = credential.get_token(SCOPE)
        [issued] = entra.issued
        assert (issued.resource, issued.identity) == (AUDIENCE, "mine" if "user" in name else "")
        assert abs(token.expires_on - issued.expires_on) <= 2
        assert entra.judge(token.token) == Verdict(AUDIENCE)


@pytest.mark.parametrize("name", ASYNC)
async def test_the_asynchronous_half_gets_a_token(name):
    """It has a client and a parser of its own."""
    with identified() as (_, entra):
        async with ASYNC[name]() as credential:
            token = await credential.get_token(SCOPE)
        [issued] = entra.issued
        assert (issued.resource, issued.identity) == (AUDIENCE, "mine" if "user" in name else "")
        assert token.expires_on == issued.expires_on
        assert entra.judge(token.token) == Verdict(AUDIENCE)


def test_azure_identity_shows_what_was_wrong(monkeypatch):
    """Our words arrive in its exception."""
    with identified():
        monkeypatch.setenv("IDENTITY_HEADER", "wrong")
        with ManagedIdentityCredential() as credential, pytest.raises(ClientAuthenticationError) as failed:
            credential.get_token(SCOPE)
    assert "401, The header X-IDENTITY-HEADER is not the value of IDENTITY_HEADER." in str(failed.value)


def test_a_credential_that_was_made_before_comes_here_too():
    """It has settled on the address of virtual machines; so do agents that make theirs when they are imported."""
    with DefaultAzureCredential() as credential, identified() as (_, entra):
        assert not entra.judge(credential.get_token(SCOPE).token).wrong


async def test_an_asynchronous_credential_that_was_made_before_is_told_at_once():
    """It does not look at the variables again; it fails without waiting, and says what to do."""
    async with AsyncDefaultAzureCredential() as credential:
        with identified(), pytest.raises(ClientAuthenticationError, match="Make the credential after"):
            async with asyncio.timeout(30):
                await credential.get_token(SCOPE)


GUARDED = """
import asyncio, os, sys
import azure.identity, azure.identity.aio, vlmock

dialled = []

def guard(event, arguments):
    if event == "socket.connect":
        dialled.append(arguments[1][0])
    if event in ("subprocess.Popen", "os.posix_spawn"):
        dialled.append(event)

sys.addaudithook(guard)
before = dict(os.environ)
made_before = [azure.identity.DefaultAzureCredential()] if sys.argv[1:] == ["bare"] else []
with vlmock.serve() as server:
    server.entra()
    for credential in (*made_before, azure.identity.DefaultAzureCredential()):
        credential.get_token("https://ai.azure.com/.default")

    async def ask():
        async with azure.identity.aio.DefaultAzureCredential() as credential:
            await credential.get_token("https://ai.azure.com/.default")

    asyncio.run(ask())
    os.environ["IDENTITY_HEADER"] = "wrong"
    try:
        azure.identity.DefaultAzureCredential().get_token("https://ai.azure.com/.default")
    except azure.core.exceptions.ClientAuthenticationError:
        print("refused")
print(*sorted(set(dialled)))
print("restored" if dict(os.environ) == before else "changed")
"""
LEADING_ASTRAY = {
    "AZURE_CLIENT_ID": "client",
    "AZURE_CLIENT_SECRET": "secret",
    "AZURE_TENANT_ID": "tenant",
    "AZURE_USERNAME": "user",
    "AZURE_PASSWORD": "password",
    "AZURE_FEDERATED_TOKEN_FILE": __file__,
    "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com",
    "AZURE_TOKEN_CREDENTIALS": "dev",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://192.0.2.1",
    "IDENTITY_SERVER_THUMBPRINT": "00",
    "IMDS_ENDPOINT": "http://192.0.2.2",
    "MSI_ENDPOINT": "http://192.0.2.3",
    "MSI_SECRET": "secret",
    "HTTP_PROXY": "http://192.0.2.4:3128",
    "http_proxy": "http://192.0.2.4:3128",
    "NO_PROXY": "example.com",
}


@pytest.mark.parametrize(("name", "variables"), [("bare", {}), ("astray", LEADING_ASTRAY)], ids=["bare", "astray"])
def test_nothing_but_this_computer_is_dialled(name, variables):
    """Not 169.254.169.254, not Entra ID, no proxy, no Azure CLI, whatever the environment says; it is put back."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AZURE_", "IDENTITY_"))}
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, name],
        env={**environment, **variables, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.splitlines() == ["refused", "127.0.0.1", "restored"]


def test_the_environment_is_put_back_when_the_server_stops(monkeypatch):
    """What was set, and what was not; asking twice makes no difference."""
    monkeypatch.setenv("AZURE_CLIENT_ID", "before")
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    with vlmock.serve() as server:
        assert server.environment == {}
        entra = server.entra()
        assert server.entra(lifetime_s=60) is entra
        assert entra.lifetime_s == 60
        assert os.environ["IDENTITY_ENDPOINT"] == entra.endpoint
        assert "AZURE_CLIENT_ID" not in os.environ
        assert server.environment == entra.environment
        assert list(server.environment) == ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]
    assert os.environ["AZURE_CLIENT_ID"] == "before"
    assert "IDENTITY_ENDPOINT" not in os.environ


# ---- a whole client without a key


@asynccontextmanager
async def keyless(server, credential):
    """The vendor SDK, greeted."""
    async with sdk_connect(endpoint=server.url, credential=credential, model="gpt-4.1") as connection:
        assert (await connection.recv()).type == "session.created"
        yield connection


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("make", [DefaultAzureCredential, AsyncDefaultAzureCredential], ids=["sync", "async"])
async def test_the_vendor_sdk_connects_without_a_key(tls, make):
    """As its quickstart does; after an end of the token, a new credential gets in, and who is there stays."""
    with identified(tls=tls) as (server, entra):
        async with closing_of(make()) as credential, keyless(server, credential) as first:
            assert server.journal.connections[0]["credential"] == "token"
            for end in (entra.revoke, entra.expire):
                end()
                with pytest.raises(ConnectionError, match="401"):
                    async with keyless(server, credential):
                        pass
            async with closing_of(make()) as fresh, keyless(server, fresh):
                pass
            await first.input_audio_buffer.clear()
            assert (await first.recv()).type == "input_audio_buffer.cleared"


@asynccontextmanager
async def closing_of(credential):
    """Both kinds of credential are closed, each in its way."""
    if hasattr(credential, "__aenter__"):
        async with credential:
            yield credential
    else:
        with credential:
            yield credential


def dial(server, token):
    return connect(server.ws_url + PATH, additional_headers={"Authorization": f"Bearer {token}"})


def body_of(refused: InvalidStatus) -> tuple[int, dict[str, str]]:
    return refused.response.status_code, json.loads(refused.response.body)["error"]


@pytest.mark.parametrize(
    ("ending", "says"),
    [
        (Entra.expire, "has expired"),
        (Entra.revoke, "has been revoked"),
        (None, "was not issued by this server"),
    ],
)
def test_a_refused_token_is_401_with_the_reason(ending, says):
    """And without the token."""
    with identified() as (server, entra):
        token = entra.token() if ending else "made.up.token"
        if ending:
            ending(entra)
        with pytest.raises(InvalidStatus) as refused, dial(server, token):
            pass
    status, error = body_of(refused.value)
    assert (status, error["code"], says in error["message"]) == (401, "401", True)
    assert token not in error["message"]


def test_a_token_is_good_until_its_time_has_passed():
    """By the computer's clock."""
    with identified() as (server, entra):
        entra.lifetime_s = -1
        with pytest.raises(InvalidStatus) as refused, dial(server, entra.token()):
            pass
        entra.lifetime_s = 60
        with dial(server, entra.token()) as socket:
            socket.recv()
    assert "has expired" in body_of(refused.value)[1]["message"]


# ---- scenarios


@pytest.mark.parametrize(("tokens", "says"), [("revoked", "has been revoked"), ("expired", "has expired")])
def test_a_scenario_ends_the_token_of_whoever_connects(tokens, says):
    """At the next connect with it; the connection stays open, and a fresh token gets in."""
    scenario = Scenario.build(tokens=tokens, otherwise={"reply": "Hello."})
    with identified(scenario=scenario) as (server, entra):
        token = entra.token()
        with dial(server, token) as socket:
            socket.recv()
            with pytest.raises(InvalidStatus) as refused, dial(server, token):
                pass
            socket.send('{"type":"input_audio_buffer.clear"}')
            assert json.loads(socket.recv())["type"] == "input_audio_buffer.cleared"
        with dial(server, entra.token()) as socket:
            socket.recv()
    assert says in body_of(refused.value)[1]["message"]


def test_a_scenario_about_tokens_does_no_harm_without_them():
    """Where a key is shown there is nothing to end."""
    scenario = Scenario.build(tokens="revoked", otherwise={"reply": "Hello."})
    with vlmock.serve(scenario) as server:
        for _ in range(2):
            with connect(server.ws_url + PATH, additional_headers={"api-key": "any"}) as socket:
                socket.recv()


def test_what_may_become_of_tokens_is_one_of_two_words():
    """Each of them does something."""
    assert set(TOKENS_END) == set(reception._TOKENS_END)
    with pytest.raises(ScenarioError, match="expired, revoked"):
        Scenario.build(tokens="lost", otherwise={"reply": "Hello."})


@pytest.mark.parametrize(
    ("audience", "first"),
    [(AUDIENCE, "session.created"), (LEGACY_AUDIENCE, "error")],
)
def test_an_agent_takes_no_token_of_the_legacy_scope(audience, first):
    """Observed {VIBE}: that scope works in model mode only; the socket opens, an error says why, and it is closed."""
    with vlmock.serve("greeting") as server:
        token = server.entra().token(audience)
        address = f"{server.ws_url}{PATH}?api-version=2026-04-10&agent-name=helper&agent-project-name=project"
        with connect(address, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as socket:
            event = json.loads(socket.recv())
            assert event["type"] == first
            if first == "error":
                assert event["error"]["message"] == "Authentication error to AI Agent service: Unauthorized"
                assert server.journal.wait_for_close().code == 1008
