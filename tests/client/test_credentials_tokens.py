"""Tokens: fetched once, kept, renewed in time; what goes wrong is one sentence without a secret. Source: schema A4."""

import asyncio
import threading
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError

from tests.client.issuers import NOW, AsyncIssuer, Calendar, Issuer, NewerIssuer, bearer
from vlclient.credentials import SCOPE, TokenCredential
from vlclient.errors import CredentialError

LONG = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2FpLmF6dXJlLmNvbSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


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
