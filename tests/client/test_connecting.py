"""``connect``: from what people write, or the environment says, to an open session. Source: behaviour 1.1, 1.2."""

import asyncio
import logging
import ssl
import threading
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import vlclient
import vlmock
from tests.client import service_says as says
from tests.client.fake_service import refusing, serving, silent
from tests.client.numbered_tokens import SECRET, AsyncCredential, Credential, said
from vlclient.credentials import ApiKey
from vlclient.errors import (
    ConfigurationError,
    CouldNotReach,
    CredentialError,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    Refused,
    ServiceError,
)

pytestmark = pytest.mark.usefixtures("alone")


def query_of(service) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(service.callers[-1].request.path).query))


# ---- where, and what answers


async def test_everything_may_come_from_the_environment(monkeypatch):
    """Then ``connect()`` is all there is to write."""
    async with serving(silent) as service:
        monkeypatch.setenv("AZURE_VOICE_LIVE_ENDPOINT", service.url)
        monkeypatch.setenv("AZURE_VOICE_LIVE_API_KEY", SECRET)
        monkeypatch.setenv("AZURE_VOICE_LIVE_API_VERSION", "2025-10-01")
        monkeypatch.setenv("VOICE_LIVE_MODEL", "gpt-realtime")
        async with vlclient.connect():
            pass
        assert query_of(service) == {"api-version": "2025-10-01", "model": "gpt-realtime"}
        assert said(service.callers[0]) == SECRET


async def test_everything_may_come_from_a_file(tmp_path):
    """``.env`` in this folder or above it, in the spellings of the vendor's SDK too."""
    async with serving(silent) as service:
        (tmp_path / ".env").write_text(
            f"AZURE_VOICELIVE_ENDPOINT={service.url}\nAZURE_VOICELIVE_API_KEY='{SECRET}'\nAZURE_VOICELIVE_MODEL=phi4-mini\n"
        )
        async with vlclient.connect():
            pass
        assert query_of(service)["model"] == "phi4-mini"
        assert said(service.callers[0]) == SECRET


@pytest.mark.parametrize(
    ("query", "passed", "dialled"),
    [
        ("", {}, {"api-version": "2025-10-01", "model": "theirs"}),
        ("", {"model": "mine", "api_version": "2026-04-10"}, {"api-version": "2026-04-10", "model": "mine"}),
        ("?model=mine&api-version=2026-04-10", {}, {"api-version": "2026-04-10", "model": "mine"}),
        ("", {"query": {"model": "mine", "debug": "1"}}, {"api-version": "2025-10-01", "model": "mine", "debug": "1"}),
        (
            "?agent-name=a&agent-project-name=p",
            {},
            {"api-version": "2025-10-01", "agent-name": "a", "agent-project-name": "p"},
        ),
        ("", {"profile": "byom-azure-openai-realtime"}, {"api-version": "2025-10-01", "model": "theirs",
                                                        "profile": "byom-azure-openai-realtime"}),
        ("", {"model": "mine", "foundry_resource_override": "other"},
         {"api-version": "2025-10-01", "model": "mine", "foundry-resource-override": "other"}),
    ],
)  # fmt: skip
async def test_what_is_passed_goes_before_the_environment(monkeypatch, query, passed, dialled):
    """Also where it stands in the endpoint itself."""
    monkeypatch.setenv("VOICE_LIVE_MODEL", "theirs")
    monkeypatch.setenv("AZURE_VOICE_LIVE_API_VERSION", "2025-10-01")
    async with serving(silent) as service:
        credential = {"credential": Credential()} if "agent" in query else {"api_key": SECRET}
        async with vlclient.connect(service.url + query, **credential, **passed):
            pass
        assert query_of(service) == dialled


async def test_an_agent_answers_in_place_of_a_model():
    """Its parameters arrive; it takes a token and no key, also where the environment has one."""
    agent = vlclient.Agent(name="helper:3", project_name="p", conversation_id="c")
    with vlmock.serve() as server:
        server.entra()
        async with vlclient.connect(server.url, agent=agent):
            pass
        [connection] = server.journal.connections
        assert connection["credential"] == "token"
        for parameter in ("agent-name=helper", "agent-version=3", "agent-project-name=p", "conversation-id=c"):
            assert parameter in connection["path"]
        with pytest.raises(ConfigurationError, match="an agent takes no API key"):
            vlclient.connect(server.url, agent=agent, api_key=SECRET)


async def test_an_agent_of_the_environment_counts_only_without_a_model(monkeypatch):
    """Its variables have everyday names."""
    monkeypatch.setenv("AGENT_NAME", "a")
    monkeypatch.setenv("PROJECT_NAME", "p")
    async with serving(silent) as service:
        async with vlclient.connect(service.url, credential=Credential()):
            pass
        assert query_of(service)["agent-name"] == "a"
        async with vlclient.connect(service.url, credential=Credential(), model="gpt-4o"):
            pass
        assert "agent-name" not in query_of(service)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "no endpoint is given: pass one, or set AZURE_VOICE_LIVE_ENDPOINT"),
        ({"endpoint": "https://x.services.ai.azure.com"}, "no model is named"),
        ({"endpoint": "ftp://x"}, "is no address"),
        ({"endpoint": "https://x.services.ai.azure.com", "model": "m", "api_key": ""}, "the API key is empty"),
        ({"endpoint": "https://x.services.ai.azure.com", "model": "m", "api_key": "a", "credential": Credential()},
         "both given"),
        ({"endpoint": "https://x.services.ai.azure.com?api-key=x", "model": "m"}, "holds a secret"),
    ],
)  # fmt: skip
async def test_what_cannot_be_dialled_is_refused_when_it_is_written(arguments, says):
    """Nothing is dialled, and nothing has to be closed."""
    with pytest.raises(ConfigurationError, match=says):
        vlclient.connect(**arguments)


async def test_more_headers_are_sent_and_the_credential_stays():
    """The caller's own do not replace it."""
    async with serving(silent) as service:
        async with vlclient.connect(service.url, model="m", api_key=SECRET, headers={"X-Mine": "1"}):
            pass
        headers = service.callers[0].request.headers
        assert (headers["x-mine"], headers["api-key"]) == ("1", SECRET)


# ---- who we are


@pytest.mark.parametrize("kind", [Credential, AsyncCredential])
async def test_a_token_of_any_credential_is_sent(kind):
    """Sync or async; for the documented scope or another; off the loop where it blocks. It stays the caller's."""
    credential = kind()
    async with serving(silent) as service:
        async with vlclient.connect(service.url, model="m", credential=credential):
            pass
        async with vlclient.connect(service.url, model="m", credential=credential, scope="https://other/.default"):
            pass
        assert [said(caller) for caller in service.callers] == [f"Bearer {SECRET}-1", f"Bearer {SECRET}-2"]
    assert [scope for scope, _ in credential.asked] == ["https://ai.azure.com/.default", "https://other/.default"]
    assert (threading.main_thread() in credential.threads) is (kind is AsyncCredential)
    assert not credential.closed


@pytest.mark.parametrize("kind", [Credential, AsyncCredential])
async def test_a_token_that_was_revoked_is_replaced_once(kind):
    """A credential may remember one that the service takes no more."""
    async with serving(silent, door=refusing(401)) as service:
        async with vlclient.connect(service.url, model="m", credential=kind()):
            pass
        assert service.attempts == 2
        assert said(service.callers[0]) == f"Bearer {SECRET}-2"
    async with serving(silent, door=refusing(401, 401)) as service:
        with pytest.raises(NotAllowed):
            async with vlclient.connect(service.url, model="m", credential=kind()):
                pass
        assert service.attempts == 2


async def test_a_key_that_was_refused_is_not_tried_again():
    """It does not get better."""
    with vlmock.serve(api_key="other") as server:
        with pytest.raises(NotAllowed) as refused:
            async with vlclient.connect(server.url, model="gpt-4o", api_key=SECRET):
                pass
        assert refused.value.status == 401
        assert SECRET not in str(refused.value)
    async with serving(silent, door=refusing(401)) as service:
        with pytest.raises(NotAllowed):
            async with vlclient.connect(service.url, model="m", credential=Key(SECRET)):
                pass
        assert service.attempts == 1


class Key:
    """Like azure-core's ``AzureKeyCredential``."""

    def __init__(self, key: str) -> None:
        self.key = key


async def test_a_credential_of_ones_own():
    """Anything with ``headers``; it is not closed either."""
    key = ApiKey(SECRET)
    async with serving(silent) as service:
        async with vlclient.connect(service.url, model="m", credential=key):
            pass
        assert said(service.callers[0]) == SECRET


async def test_a_credential_that_never_answers_is_given_up():
    """Within the time that opening may take."""

    class Stuck(AsyncCredential):
        async def get_token(self, *scopes: str, **options: Any) -> Any:
            await asyncio.Event().wait()

    with pytest.raises(CredentialError, match=r"no token came within 0.05 s"):
        async with vlclient.connect("localhost:9", model="m", credential=Stuck(), open_timeout_s=0.05):
            pass


async def test_the_real_azure_identity_signs_in_offline():
    """Entra ID without Azure: no key is given, so ``DefaultAzureCredential`` is asked."""
    with vlmock.serve() as server:
        entra = server.entra()
        async with vlclient.connect(server.url, model="gpt-4o") as session:
            await session.update(instructions="x")
        [connection] = server.journal.connections
        assert connection["credential"] == "token"
        entra.revoke()
        async with vlclient.connect(server.url, model="gpt-4o") as session:
            await session.update(instructions="x")


async def test_no_secret_is_shown_anywhere(caplog, tmp_path):
    """Not in a URL, a log, a repr or the file of what was said, however much is logged."""
    caplog.set_level(logging.DEBUG)
    log = tmp_path / "wire.log"
    for given in ({"api_key": SECRET}, {"credential": Credential()}):
        with vlmock.serve() as server, vlclient.WireLog(log) as wire:
            connection = vlclient.connect(server.url, model="gpt-4o", log=wire, **given)
            async with connection as session:
                await session.update(instructions="x")
                texts = [repr(connection), repr(session), repr(vars(connection)), log.read_text()]
            assert "session.update" in texts[-1]
            assert SECRET not in server.journal.connections[0]["path"]
        assert [text for text in [*texts, caplog.text] if SECRET in text] == []


# ---- TLS


async def test_over_tls_with_the_authority_that_the_environment_names():
    """``vlmock serve --tls`` prints it; in one process it is set."""
    with vlmock.serve(tls=True) as server:
        assert server.url.startswith("https:")
        async with vlclient.connect(server.url, model="gpt-4o", api_key=SECRET) as session:
            await session.update(instructions="x")
        assert server.journal.wait_for_close().code == 1000


async def test_over_tls_with_a_context_of_ones_own(monkeypatch):
    """Nobody else is trusted."""
    with vlmock.serve(tls=True) as server, monkeypatch.context() as patched:
        patched.delenv("SSL_CERT_FILE")
        context = ssl.create_default_context(cafile=server.ca_file)
        async with vlclient.connect(server.url, model="gpt-4o", api_key=SECRET, ssl=context) as session:
            await session.update(instructions="x")
        with pytest.raises(CouldNotReach, match="its certificate is not trusted"):
            async with vlclient.connect(server.url, model="gpt-4o", api_key=SECRET):
                pass


# ---- what can go wrong


async def fails(service, kind: type[Exception], **options: Any) -> Any:
    with pytest.raises(kind) as raised:
        async with vlclient.connect(service.url, model="m", api_key=SECRET, **options):
            raise AssertionError("it is open")
    assert "\n" not in str(raised.value)
    return raised.value


async def test_nobody_listens():
    """And nothing is left running."""
    with pytest.raises(CouldNotReach, match="nobody listens there"):
        async with vlclient.connect("localhost:9", model="m", api_key=SECRET):
            pass


@pytest.mark.parametrize(
    ("status", "kind", "headers", "wait_s"),
    [(403, NotAllowed, {}, None), (404, Refused, {}, None), (429, Refused, {"Retry_After": "7"}, 7.0),
     (503, Refused, {}, None)],
)  # fmt: skip
async def test_a_refused_upgrade_says_its_status(status, kind, headers, wait_s):
    """It is not tried again by itself: the first connect tells what is wrong."""
    async with serving(silent, door=refusing(status, **headers)) as service:
        error = await fails(service, kind, reconnect=True)
        assert (error.status, error.retry_after_s) == (status, wait_s)
        assert service.attempts == 1


async def test_a_service_that_says_nothing_is_given_up():
    """Behaviour 8.1, 1: a time limit for the connection, and a loud end."""

    async def mute(caller):
        await caller.listen()

    async with serving(mute) as service:
        error = await fails(service, NoAnswer, open_timeout_s=0.1)
        assert "sent no session.created within 0.1 s" in str(error)


async def test_a_model_that_there_is_not_is_refused_by_an_error_event():
    """Observed {S14, TROUB}: the connection is taken, and the error comes in place of ``session.created``."""

    async def talk(caller):
        await caller.say(says.error("invalid_model"))
        await caller.listen()

    async with serving(talk) as service:
        assert (await fails(service, ServiceError)).event.error.code == "invalid_model"


@pytest.mark.parametrize("first", [says.speech_started(), b"hello", b'{"type":"welcome"}'])
async def test_somebody_else_answers(first):
    """What begins otherwise is not Voice Live."""

    async def talk(caller):
        await caller.say(first)
        await caller.listen()

    async with serving(talk) as service:
        assert "is this Voice Live?" in str(await fails(service, ProtocolViolation))


@pytest.mark.parametrize("when", ["dialling", "signing in", "waiting for the first words"])
async def test_cancelled_while_it_connects_it_leaves_nothing_behind(when):
    """The fixture looks for tasks; the connection is dropped."""
    reached = asyncio.Event()
    left = asyncio.Event()

    class Stuck(AsyncCredential):
        async def get_token(self, *scopes: str, **options: Any) -> Any:
            reached.set()
            await asyncio.Event().wait()

    async def mute(caller):
        reached.set()
        await caller.listen()
        left.set()

    async def accepted(reader, writer):
        reached.set()
        await reader.read()
        writer.close()
        left.set()

    async def dial(url, **given):
        async with vlclient.connect(url, model="m", **given):
            raise AssertionError("it is open")

    async with serving(mute) as service, await asyncio.start_server(accepted, "127.0.0.1", 0) as plain:
        if when == "dialling":
            port = plain.sockets[0].getsockname()[1]
            task = asyncio.create_task(dial(f"http://127.0.0.1:{port}", api_key=SECRET))
        elif when == "signing in":
            task = asyncio.create_task(dial(service.url, credential=Stuck()))
        else:
            task = asyncio.create_task(dial(service.url, api_key=SECRET))
        await reached.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if when != "signing in":
            async with asyncio.timeout(30):
                await left.wait()
