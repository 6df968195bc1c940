"""Entra ID without Azure: tokens for the real azure-identity, and who gets in with them. Source: behaviour 1.1, 1.2."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
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
from vlmock.errors import ScenarioError
from vlmock.scenario.keys import TOKENS_END
from vlmock.scenario.model import Scenario
from vlmock.server import reception
from vlmock.server.handshake import CredentialKind, Policy, Refused, admit
from vlmock.server.identity import AUDIENCE, LEGACY_AUDIENCE, Entra, Verdict

ROOT = Path(__file__).resolve().parents[2]
SCOPE = "https://ai.azure.com/.default"
ASKED = f"api-version=2019-08-01&resource={AUDIENCE}"


@dataclass
class Calendar:
    """A clock that a test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def entra(calendar) -> Entra:
    return Entra("http://127.0.0.1:8765", lifetime_s=3600, unix_time=calendar)


def part(token: str, number: int) -> dict[str, object]:
    encoded = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


# ---- tokens


def test_a_token_is_a_jwt_that_says_what_clients_look_for(entra, calendar):
    """Whom it is for, since when and until when it is good, whose it is."""
    token = entra.token(identity="mine")
    assert part(token, 0) == {"typ": "JWT", "alg": "HS256"}
    claims = part(token, 1)
    assert {key: claims[key] for key in ("aud", "iat", "nbf", "exp", "appid", "idtyp", "ver")} == {
        "aud": AUDIENCE,
        "iat": calendar.now,
        "nbf": calendar.now,
        "exp": calendar.now + 3600,
        "appid": "mine",
        "idtyp": "app",
        "ver": "1.0",
    }
    assert {"iss", "tid", "oid", "sub"} <= set(claims)
    assert token != entra.token(identity="mine")


@pytest.mark.parametrize("audience", [AUDIENCE, f"{AUDIENCE}/", LEGACY_AUDIENCE])
def test_a_token_is_good_for_the_service_and_its_older_name(entra, audience):
    """Observed {VIBE}: both scopes, with a slash at the end or without."""
    assert entra.judge(entra.token(audience)) == Verdict(audience.rstrip("/"))


def test_a_token_ends_when_its_time_has_passed(entra, calendar):
    """To the second; what is handed out later has the lifetime of then."""
    token = entra.token()
    entra.lifetime_s = 7200
    longer = entra.token()
    calendar.now += 3599
    assert not entra.judge(token).wrong
    calendar.now += 1
    assert "has expired" in entra.judge(token).wrong
    assert not entra.judge(longer).wrong


@pytest.mark.parametrize(("end", "says"), [(Entra.revoke, "has been revoked"), (Entra.expire, "has expired")])
def test_all_tokens_end_together_and_later_ones_are_good(entra, end, says):
    """Whatever they say themselves about their end."""
    tokens = [entra.token() for _ in range(3)]
    end(entra)
    assert all(says in entra.judge(token).wrong for token in tokens)
    assert not entra.judge(entra.token()).wrong


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: "any",
        lambda token: "a.b.c",
        lambda token: token[:-2],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: "x" + token,
        lambda token: token.replace(".", ".e30.", 1),
        lambda token: token + "\udcff",
        lambda token: "é" + token,
        lambda token: Entra("http://127.0.0.1:8765", lifetime_s=3600, unix_time=Calendar()).token(),
    ],
)
def test_only_what_was_issued_here_is_good(entra, change):
    """Not what was changed, made up, or issued by another server; and whatever it is, it breaks nothing."""
    assert entra.judge(change(entra.token())) == Verdict(
        wrong="The token was not issued by this server; get one from its /identity."
    )


def test_a_token_for_somebody_else_is_refused_with_the_scope_to_use(entra):
    """The audience is told, the token is not."""
    token = entra.token("https://vault.azure.net/")
    wrong = entra.judge(token).wrong
    assert "'https://vault.azure.net'" in wrong
    assert f"{AUDIENCE}/.default" in wrong
    assert token not in wrong
    assert len(entra.judge(entra.token("x" * 10_000)).wrong) < 300


def test_what_was_handed_out_is_listed_without_the_tokens(entra, calendar):
    """In order, with whom each is for; of very many the latest thousand."""
    token = entra.token("https://vault.azure.net", identity="mine")
    assert token not in repr(entra.issued)
    [issued] = entra.issued
    assert (issued.resource, issued.identity, issued.expires_on) == (
        "https://vault.azure.net",
        "mine",
        calendar.now + 3600,
    )
    for _ in range(1500):
        entra.token()
    assert len(entra.issued) == 1000


# ---- the endpoint


def test_the_answer_is_that_of_app_service(entra, calendar):
    """Documented: these members; the time is text."""
    status, body = entra.answer(ASKED, "vlmock")
    token = body.pop("access_token")
    assert not entra.judge(token).wrong
    assert (status, body) == (
        200,
        {
            "expires_on": str(int(calendar.now) + 3600),
            "resource": AUDIENCE,
            "token_type": "Bearer",
            "client_id": part(token, 1)["appid"],
        },
    )


@pytest.mark.parametrize("key", ["client_id", "principal_id", "object_id", "mi_res_id", "msi_res_id", "resource_id"])
def test_a_user_assigned_identity_may_be_named(entra, key):
    """Documented: by any of its ids; whichever it is, it exists."""
    status, body = entra.answer(f"{ASKED}&{key}=mine", "vlmock")
    assert (status, entra.issued[0].identity) == (200, "mine")
    assert part(body["access_token"], 1)["appid"] == "mine"


@pytest.mark.parametrize(
    ("query", "header", "status", "says"),
    [
        (ASKED, None, 401, "X-IDENTITY-HEADER is missing"),
        (ASKED, "", 401, "not the value of IDENTITY_HEADER"),
        (ASKED, "wrong\udcff", 401, "not the value of IDENTITY_HEADER"),
        ("api-version=2019-08-01", "vlmock", 400, "'resource' is missing"),
        ("api-version=2019-08-01&resource=", "vlmock", 400, "'resource' is missing"),
        (f"resource={AUDIENCE}", "vlmock", 400, "'api-version' is missing"),
        (f"api-version=2017-09-01&resource={AUDIENCE}", "vlmock", 400, "'2017-09-01' is not supported"),
        ("", "vlmock", 400, "'api-version' is missing"),
    ],
)
def test_a_mistake_is_told_in_the_words_of_app_service(entra, query, header, status, says):
    """Observed: statusCode, message and correlationId; azure-identity shows the first two."""
    got, body = entra.answer(query, header)
    assert (got, body["statusCode"], set(body)) == (status, status, {"statusCode", "message", "correlationId"})
    assert says in body["message"]
    assert "wrong" not in body["message"]
    assert entra.issued == []


def test_any_resource_gets_a_token_that_can_be_written_down(entra):
    """Also one that is no text in UTF-8."""
    _, body = entra.answer("api-version=2019-08-01&resource=\udcff%ff", "vlmock")
    assert "wrong audience" in entra.judge(body["access_token"]).wrong
    json.dumps(body).encode()


# ---- the door


def ask(*headers, policy, query=""):
    return admit(f"{PATH}{query}", headers, policy=policy)


def test_with_tokens_a_key_is_refused_and_the_answer_says_why(entra):
    """Observed {VIBE} on a sister address: 403 AuthenticationTypeDisabled."""
    refused = ask(("api-key", "sesame"), policy=Policy(judge=entra.judge))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code) == (403, "AuthenticationTypeDisabled")
    assert "GET /identity" in refused.message
    assert "sesame" not in refused.message


def test_a_key_that_was_demanded_stays_good_beside_tokens(entra):
    """Who gives the server both wants both; no other key, and the key is no token."""
    policy = Policy("sesame", judge=entra.judge)
    assert ask(("api-key", "sesame"), policy=policy).credential is CredentialKind.KEY
    assert ask(("api-key", "wrong"), policy=policy).status == 401
    assert ask(("Authorization", "Bearer sesame"), policy=policy).status == 401
    assert ask(("Authorization", f"Bearer {entra.token()}"), policy=policy).credential is CredentialKind.TOKEN


def test_a_good_token_gets_in_wherever_it_stands(entra):
    """Header or query, also beside a key; whom it is for is kept, the token is not."""
    policy, token = Policy(judge=entra.judge), entra.token(LEGACY_AUDIENCE)
    for admitted in (
        ask(("Authorization", f"Bearer {token}"), policy=policy),
        ask(query=f"&Authorization=Bearer%20{token}", policy=policy),
        ask(("api-key", "any"), ("Authorization", f"Bearer {token}"), policy=policy),
    ):
        assert (admitted.credential, admitted.audience) == (CredentialKind.TOKEN, LEGACY_AUDIENCE)
        assert token not in repr(admitted)


def test_without_a_token_it_is_401_and_says_where_to_get_one(entra):
    """A key is not proposed where none is taken."""
    refused = ask(policy=Policy(judge=entra.judge))
    assert (refused.status, "GET /identity" in refused.message) == (401, True)
    assert "api-key" not in refused.message


def test_a_key_beside_a_bad_token_does_not_hide_why_the_token_is_bad(entra):
    """Some clients send both."""
    token = entra.token()
    entra.revoke()
    refused = ask(("api-key", "any"), ("Authorization", f"Bearer {token}"), policy=Policy(judge=entra.judge))
    assert (refused.status, "revoked" in refused.message) == (401, True)


# ---- the pages


def test_the_endpoint_is_on_the_same_port(serving, client_of):
    """GET with the header; POST is not answered; off until it is asked for."""
    server = serving()
    status, _, body = client_of(server, upgraded=False).get(f"/identity?{ASKED}")
    assert (status, "--entra" in json.loads(body)["error"]["message"]) == (404, True)
    entra = server.entra()
    assert entra.endpoint == f"{server.url}/identity"
    status, headers, body = client_of(server, upgraded=False).get(
        f"/identity?{ASKED}", f"x-identity-header: {entra.header}"
    )
    assert (status, headers["content-type"]) == (200, "application/json")
    assert not entra.judge(json.loads(body)["access_token"]).wrong
    assert client_of(server, upgraded=False).get(f"/identity?{ASKED}")[0] == 401
    assert client_of(server, upgraded=False).get(f"/identity?{ASKED}", method="POST")[0] == 405


def test_what_is_no_text_in_utf_8_is_a_mistake_like_others(serving, client_of):
    """As header, as token, as key: refused, and nothing of ours fails."""
    server = serving(api_key="sesame")
    for entra in (None, server.entra()):
        for header in (b"Authorization: Bearer \xff", b"api-key: \xff"):
            client = client_of(server, upgraded=False)
            lines = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            client.send(b"GET %b HTTP/1.1\r\nHost: x\r\n%b%b\r\n\r\n" % (PATH.encode(), lines, header))
            assert client.answer()[0] in (400, 401)
        if entra:
            client = client_of(server, upgraded=False)
            client.send(b"GET /identity?%b HTTP/1.1\r\nX-IDENTITY-HEADER: \xff\r\n\r\n" % ASKED.encode())
            assert client.answer()[0] in (400, 401)
    assert server.crashes == []


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
            async with asyncio.timeout(5):
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
