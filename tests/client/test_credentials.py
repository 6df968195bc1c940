"""Keys and tokens: which is chosen, and that it is never shown. Source: schema A3, A4."""

import importlib.util
import subprocess
import sys

import azure.identity
import azure.identity.aio
import pytest
from azure.core.credentials import AzureKeyCredential

import vlmock
from tests.client.issuers import Issuer, NewerIssuer, bearer
from vlclient.credentials import ApiKey, Credential, TokenCredential, choose, default_credential
from vlclient.environment import Settings
from vlclient.errors import ConfigurationError, CredentialError

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
