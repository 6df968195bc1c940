"""Keys and tokens: chosen, fetched once, kept, renewed in time, and never shown. Source: schema A3, A4."""

import asyncio
import importlib.util
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import NamedTuple

import azure.identity
import azure.identity.aio
import pytest
from azure.core.credentials import AccessToken, AccessTokenInfo, AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

import vlmock
from vlclient.credentials import SCOPE, ApiKey, Credential, TokenCredential, choose, default_credential
from vlclient.environment import Settings
from vlclient.errors import ConfigurationError, CredentialError

NOW = 1_800_000_000.0
LONG = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2FpLmF6dXJlLmNvbSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


class Calendar:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Asked(NamedTuple):
    scopes: tuple[str, ...]
    options: dict[str, object]
    thread: int


class Issuer:
    """A credential as azure-identity had them first: it blocks, and numbers its tokens."""

    def __init__(self, clock=lambda: NOW, *, lives_s=3600.0, fails=(), remembers=False):
        self.clock, self.lives_s, self.remembers = clock, lives_s, remembers
        self.fails = list(fails)
        self.asked: list[Asked] = []
        self.closed = 0
        self.number = 0

    def get_token(self, *scopes, **options):
        self.asked.append(Asked(scopes, options, threading.get_ident()))
        if self.fails and (error := self.fails.pop(0)) is not None:
            raise error
        if not (self.remembers and self.number) or "claims" in options:
            self.number += 1
        return AccessToken(f"token-{self.number}", int(self.clock() + self.lives_s))

    def close(self):
        self.closed += 1


class NewerIssuer(Issuer):
    """As they are now: one mapping of options, and the token knows when it should be renewed."""

    refresh_in_s: float | None = None

    def get_token_info(self, *scopes, options=None):
        token = self.get_token(*scopes, **(options or {}))
        refresh_on = None if self.refresh_in_s is None else int(self.clock() + self.refresh_in_s)
        return AccessTokenInfo(token.token, token.expires_on, refresh_on=refresh_on)


class AsyncIssuer(Issuer):
    """One of azure.identity.aio; it answers when it is let to."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.was_asked = asyncio.Event()

    async def get_token(self, *scopes, **options):
        token = super().get_token(*scopes, **options)
        self.was_asked.set()
        await self.may_answer.wait()
        return token

    async def close(self):
        self.closed += 1


def bearer(number):
    return {"Authorization": f"Bearer token-{number}"}


# ---- keys


async def test_a_key_is_a_header():
    """Documented: schema A3. It does not become another one, so ``fresh`` changes nothing."""
    key = ApiKey(" sesame\n")
    assert await key.headers() == {"api-key": "sesame"}
    assert await key.headers(fresh=True) == {"api-key": "sesame"}
    assert "sesame" not in repr(key)
    await key.close()


@pytest.mark.parametrize("key", ["", " ", "two words", "ses\name", "schlüssel", "a\r\nx-evil: 1"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(key):
    """It would break the request, or be refused by the service without a reason."""
    with pytest.raises(ConfigurationError) as caught:
        ApiKey(key)
    assert not key.strip() or key not in str(caught.value)


# ---- tokens


@pytest.mark.parametrize("kind", [Issuer, NewerIssuer, AsyncIssuer])
async def test_a_token_is_a_header(kind):
    """Documented: schema A3, A4: of any kind of credential, for the scope of the service."""
    issuer = kind()
    assert await TokenCredential(issuer).headers() == bearer(1)
    assert issuer.asked[0].scopes == (SCOPE,) == ("https://ai.azure.com/.default",)
    assert issuer.asked[0].options == {}


async def test_the_scope_can_be_another():
    """Documented: schema A4: the older one still works, without agents."""
    issuer = Issuer()
    await TokenCredential(issuer, scope="https://cognitiveservices.azure.com/.default").headers()
    assert issuer.asked[0].scopes == ("https://cognitiveservices.azure.com/.default",)


async def test_one_that_blocks_is_asked_off_the_event_loop():
    """It may take ten seconds to start a command; sound must not stop for that. An async one is asked in the loop."""
    blocking, waiting = Issuer(), AsyncIssuer()
    await TokenCredential(blocking).headers()
    await TokenCredential(waiting).headers()
    assert blocking.asked[0].thread != threading.get_ident()
    assert waiting.asked[0].thread == threading.get_ident()


async def test_an_async_one_without_async_def_is_awaited_too():
    """A function that returns an awaitable, as wrappers do."""
    inner = AsyncIssuer()
    assert await TokenCredential(SimpleNamespace(get_token=lambda *s: inner.get_token(*s))).headers() == bearer(1)


@pytest.mark.parametrize(
    ("lives_s", "refresh_in_s", "kept_for_s"),
    [
        (3600, None, 3300),
        (86400, None, 86100),
        (1500, None, 1200),
        (60, None, 48),
        (86400, 43200, 43200),
        (3600, 3500, 3300),
    ],
)
async def test_a_token_is_renewed_before_it_ends(lives_s, refresh_in_s, kept_for_s):
    """Five minutes, or a fifth of a short life; sooner where its issuer wants it."""
    calendar = Calendar()
    issuer = NewerIssuer(calendar, lives_s=lives_s)
    issuer.refresh_in_s = refresh_in_s
    credential = TokenCredential(issuer, clock=calendar)
    assert await credential.headers() == bearer(1)
    calendar.now = NOW + kept_for_s - 1
    assert await credential.headers() == bearer(1)
    calendar.now = NOW + kept_for_s
    assert await credential.headers() == bearer(2)


@pytest.mark.parametrize("lives_s", [0, -60])
async def test_a_token_that_has_ended_already_is_not_kept(lives_s):
    """It is given, because the service is the judge of it, and clocks may differ."""
    credential = TokenCredential(Issuer(lives_s=lives_s), clock=lambda: NOW)
    assert [await credential.headers() for _ in range(2)] == [bearer(1), bearer(2)]


async def test_a_failed_renewal_is_no_harm_while_the_old_token_lives():
    """The next one who asks tries again; at its end the failure counts."""
    calendar = Calendar()
    outage = ClientAuthenticationError("the network is down")
    credential = TokenCredential(Issuer(calendar, fails=[None, outage, outage, None]), clock=calendar)
    await credential.headers()
    calendar.now = NOW + 3400
    assert await credential.headers() == bearer(1)
    calendar.now = NOW + 3600
    with pytest.raises(CredentialError, match="the network is down"):
        await credential.headers()
    assert await credential.headers() == bearer(2)


async def test_several_who_ask_at_once_wait_for_one_fetch():
    """Also when a reconnect of each wants a fresh one."""
    issuer = AsyncIssuer()
    credential = TokenCredential(issuer, clock=lambda: NOW)
    for number, fresh in ((1, False), (2, True)):
        issuer.may_answer.clear()
        issuer.was_asked.clear()
        asking = [asyncio.create_task(credential.headers(fresh=fresh)) for _ in range(5)]
        await issuer.was_asked.wait()
        issuer.may_answer.set()
        assert await asyncio.gather(*asking) == [bearer(number)] * 5
        assert len(issuer.asked) == number


async def test_one_who_gives_up_does_not_keep_the_others_waiting():
    """A cancelled connection hands the fetch to the next."""
    issuer = AsyncIssuer()
    issuer.may_answer.clear()
    credential = TokenCredential(issuer)
    first, second = (asyncio.create_task(credential.headers()) for _ in range(2))
    await issuer.was_asked.wait()
    first.cancel()
    issuer.may_answer.set()
    assert await second == bearer(2)
    assert first.cancelled()


# ---- after a 401


async def test_fresh_asks_the_credential_anew():
    """Observed: 8.1 duty 10: a fresh token after 401, though the old one would have lived on."""
    issuer = Issuer()
    credential = TokenCredential(issuer, clock=lambda: NOW)
    assert await credential.headers() == bearer(1)
    assert await credential.headers(fresh=True) == bearer(2)
    assert await credential.headers() == bearer(2)
    assert [asked.options for asked in issuer.asked] == [{}, {}]


@pytest.mark.parametrize("kind", [Issuer, NewerIssuer])
async def test_one_that_remembers_is_asked_for_a_younger_token(kind):
    """azure-identity leaves its memory aside where there are claims; these say what is wanted."""
    issuer = kind(remembers=True)
    credential = TokenCredential(issuer, clock=lambda: NOW)
    await credential.headers()
    assert await credential.headers(fresh=True) == bearer(2)
    assert issuer.asked[2].options == {
        "claims": '{"access_token": {"nbf": {"essential": true, "value": "1800000000"}}}'
    }


async def test_one_that_takes_no_claims_gives_what_it_has():
    """As ``az`` does, with an error; the service will say what it thinks of the token."""
    issuer = Issuer(remembers=True, fails=[None, None, CredentialUnavailableError("claims are not supported")])
    credential = TokenCredential(issuer, clock=lambda: NOW)
    await credential.headers()
    assert await credential.headers(fresh=True) == bearer(1)
    assert len(issuer.asked) == 3


async def test_one_that_we_made_is_replaced_by_a_new_one():
    """Its memory goes with it; claims would fail with the command line's credentials."""
    made = []

    def make():
        made.append(Issuer(remembers=True))
        made[-1].number = 10 * len(made) - 10
        return made[-1]

    credential = TokenCredential(make=make, clock=lambda: NOW)
    assert await credential.headers() == bearer(1)
    assert await credential.headers(fresh=True) == bearer(10)
    assert [(issuer.closed, len(issuer.asked)) for issuer in made] == [(1, 2), (0, 1)]


# ---- whose it is


@pytest.mark.parametrize("kind", [Issuer, AsyncIssuer])
async def test_only_what_we_made_is_closed(kind):
    """A given one stays its owner's; closing twice does no harm."""
    given, made = kind(), kind()
    for credential in (TokenCredential(given), TokenCredential(make=lambda: made)):
        await credential.headers()
        await credential.close()
        await credential.close()
    assert (given.closed, made.closed) == (0, 1)


async def test_nothing_is_made_until_a_token_is_needed():
    """Importing azure-identity takes a while; it happens in a thread."""
    threads = []
    credential = TokenCredential(make=lambda: threads.append(threading.get_ident()) or Issuer())
    await credential.close()
    assert threads == []
    await credential.headers()
    assert threads != [threading.get_ident()]


# ---- what went wrong

PAGES = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: EnvironmentCredential authentication unavailable. Environment variables are not configured.
Visit https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot to troubleshoot this issue.
\tAzureCliCredential: Azure CLI not found on path
To mitigate this issue, please refer to the troubleshooting guidelines here at https://aka.ms/azsdk."""
ONE_FAILED = """DefaultAzureCredential failed to retrieve a token from the included credentials.
Attempted credentials:
\tEnvironmentCredential: Authentication failed: AADSTS7000215: Invalid client secret provided. Trace ID: 1 Time: 2"""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            CredentialUnavailableError(PAGES),
            "Issuer gives no token (EnvironmentCredential, AzureCliCredential are not signed in): "
            "sign in with 'az login', or set AZURE_VOICE_LIVE_API_KEY",
        ),
        (
            ClientAuthenticationError(ONE_FAILED),
            "EnvironmentCredential gives no token: AADSTS7000215: Invalid client secret provided",
        ),
        (
            ClientAuthenticationError("Authentication failed: AADSTS90002: Tenant 'x' not found.\r\nTrace ID: 1"),
            "Issuer gives no token: AADSTS90002: Tenant 'x' not found",
        ),
        (CredentialUnavailableError("Please run 'az login'."), "Issuer gives no token: Please run 'az login'"),
        (OSError("disk on fire"), "Issuer gives no token: disk on fire"),
        (ValueError(), "Issuer gives no token: ValueError"),
        (ValueError(f"cannot use {LONG} here"), "Issuer gives no token: cannot use *** here"),
        (ValueError("cannot use 0123456789abcdef0123456789ABCDEF"), "Issuer gives no token: cannot use ***"),
    ],
)
async def test_a_failure_is_one_sentence_without_a_secret(error, says):
    """azure-identity writes pages, and some of it quotes what it was given."""
    with pytest.raises(CredentialError) as caught:
        await TokenCredential(Issuer(fails=[error])).headers()
    assert str(caught.value) == says


async def test_a_long_failure_is_cut():
    """Between words."""
    with pytest.raises(CredentialError) as caught:
        await TokenCredential(Issuer(fails=[ValueError("word " * 500)])).headers()
    assert len(str(caught.value)) < 350
    assert str(caught.value).endswith("word …")


@pytest.mark.parametrize("token", ["", "two words", "a\r\nx-evil: 1", None])
async def test_what_is_no_token_is_not_sent(token):
    """It would break the request."""
    source = SimpleNamespace(get_token=lambda *scopes: SimpleNamespace(token=token or "", expires_on=NOW))
    with pytest.raises(CredentialError, match="is no token"):
        await TokenCredential(source).headers()


async def test_a_credential_never_shows_its_token():
    """Whoever looks at it, or at what it holds."""
    credential = TokenCredential(Issuer(clock=lambda: NOW), clock=lambda: NOW)
    assert repr(credential) == f"TokenCredential(Issuer, scope='{SCOPE}')"
    await credential.headers()
    assert "token-1" not in repr(credential) + repr(vars(credential))


# ---- which one


async def test_what_was_passed_comes_first():
    """A key, a credential of azure-identity, the SDK's key object, or a credential of one's own."""
    settings = Settings(api_key="from the environment, and never looked at")
    assert await choose(api_key="sesame", settings=settings).headers() == {"api-key": "sesame"}
    assert await choose(credential=AzureKeyCredential("sesame"), settings=settings).headers() == {"api-key": "sesame"}
    assert await choose(credential=Issuer(), settings=settings).headers() == bearer(1)
    assert await choose(credential=NewerIssuer(), settings=settings).headers() == bearer(1)


async def test_a_credential_of_ones_own_is_used_and_left_open():
    """It is not ours to close; that a fresh one is wanted reaches it."""

    class Own:
        closed = False

        async def headers(self, *, fresh: bool = False) -> dict[str, str]:
            return {"x-own": str(fresh)}

        async def close(self) -> None:
            self.closed = True

    own = Own()
    chosen = choose(credential=own)
    assert await chosen.headers(fresh=True) == {"x-own": "True"}
    await chosen.close()
    assert not own.closed


async def test_the_environments_key_comes_next():
    """Unless an agent answers, which takes none: Observed {VIBE}."""
    settings = Settings(api_key="sesame", origins={"api_key": "AZURE_VOICELIVE_API_KEY"})
    assert await choose(settings=settings).headers() == {"api-key": "sesame"}
    assert isinstance(choose(settings=settings, agent=True), TokenCredential)
    assert isinstance(choose(settings=Settings()), TokenCredential)


@pytest.mark.parametrize(
    ("passed", "says"),
    [
        ({"api_key": "sesame", "credential": Issuer()}, "were both given"),
        ({"credential": "sesame"}, "pass a key as api_key="),
        ({"credential": object()}, "object has no get_token"),
        ({"api_key": ""}, "the API key is empty"),
        ({"api_key": "sesame", "agent": True}, "an agent takes no API key"),
        ({"credential": AzureKeyCredential("sesame"), "agent": True}, "an agent takes no API key"),
        (
            {"settings": Settings(api_key="<sesame seed>", origins={"api_key": "AZURE_VOICELIVE_API_KEY in .env"})},
            "AZURE_VOICELIVE_API_KEY in .env: the API key holds spaces",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(passed, says):
    """Before anything is dialled, and without showing the key."""
    with pytest.raises(ConfigurationError) as caught:
        choose(**passed)
    assert says in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_without_azure_identity_and_key_both_remedies_are_named(monkeypatch):
    """One is to set a key, the other to install it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CredentialError) as caught:
        choose(settings=Settings())
    assert "set AZURE_VOICE_LIVE_API_KEY" in str(caught.value)
    assert "pip install 'vlmock[client]'" in str(caught.value)


def test_azure_is_imported_only_when_a_token_is_needed():
    """It takes half a second; a key needs none of it."""
    code = (
        "import sys, vlclient.credentials as c\n"
        "c.ApiKey('k'); c.default_credential()\n"
        "assert not {'azure.identity', 'azure.core', 'requests', 'msal'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


# ---- the real azure-identity, against the emulator's identity endpoint

REAL = {
    "sync": azure.identity.ManagedIdentityCredential,
    "sync chain": azure.identity.DefaultAzureCredential,
    "async": azure.identity.aio.ManagedIdentityCredential,
    "async chain": azure.identity.aio.DefaultAzureCredential,
}


@pytest.mark.parametrize("kind", ["ours", *REAL])
async def test_azure_identity_gives_a_token_and_after_a_401_another(kind):
    """Its managed identities remember a token until it ends; ``fresh`` gets around that."""
    with vlmock.serve() as server:
        entra = server.entra()
        given = None if kind == "ours" else REAL[kind]()
        credential = default_credential() if given is None else TokenCredential(given)
        first = await credential.headers()
        assert await credential.headers() == first
        assert len(entra.issued) == 1
        entra.revoke()
        second = await credential.headers(fresh=True)
        assert len(entra.issued) == 2
        assert second != first
        assert not entra.judge(second["Authorization"].removeprefix("Bearer ")).wrong
        await credential.close()
        if given is not None and kind.startswith("async"):
            await given.close()
        elif given is not None:
            given.close()


async def test_nobody_signed_in_is_one_sentence(monkeypatch):
    """With the real chain of credentials, and none of them able."""
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CredentialError) as caught:
        await default_credential().headers()
    assert str(caught.value).startswith("DefaultAzureCredential gives no token (EnvironmentCredential")
    assert "\n" not in str(caught.value)


def test_the_protocol_is_what_both_kinds_are():
    """So a caller can tell a credential from azure-identity's."""
    assert isinstance(ApiKey("k"), Credential)
    assert isinstance(TokenCredential(Issuer()), Credential)
    assert not isinstance(Issuer(), Credential)
