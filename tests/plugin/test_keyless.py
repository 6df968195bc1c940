"""An agent that signs in with Entra ID, and one that insists on TLS."""

import os

import azure.identity.aio
import pytest
import requests

from tests.plugin.test_passing import passes

SHARED = (azure.identity.aio, requests)
"""Imported here, so that every run inside this process has the same: a run forgets what it imports itself, but not
what hangs on it elsewhere, and half of a library that is there twice does not know the other half."""

AGENT = """
from azure.ai.voicelive.aio import connect


async def greeted(endpoint, credential):
    async with connect(endpoint=endpoint, credential=credential, model="gpt-4.1") as connection:
        return (await connection.recv()).type
"""


@pytest.fixture
def project(project: pytest.Pytester) -> pytest.Pytester:
    """With an agent that is given a credential."""
    project.makepyfile(keyless_agent=AGENT)
    return project


def test_entra_is_there_for_one_test(project: pytest.Pytester):
    """The environment names it in the test that asks for it, and is as before in the next, where any key is good."""
    before = dict(os.environ)
    passes(
        project,
        """
        import os
        import keyless_agent
        import pytest
        from azure.ai.voicelive.aio import ConnectionError
        from azure.core.credentials import AzureKeyCredential
        from azure.identity import DefaultAzureCredential

        async def test_with(voicelive):
            entra = voicelive.entra()
            assert os.environ["IDENTITY_ENDPOINT"] == entra.endpoint == voicelive.url + "/identity"
            with DefaultAzureCredential() as credential:
                assert await keyless_agent.greeted(voicelive.url, credential) == "session.created"
            assert len(entra.issued) == 1
            with pytest.raises(ConnectionError, match="403"):
                await keyless_agent.greeted(voicelive.url, AzureKeyCredential("any"))

        async def test_without(voicelive):
            assert os.environ.get("IDENTITY_ENDPOINT") is None
            assert await keyless_agent.greeted(voicelive.url, AzureKeyCredential("any")) == "session.created"
        """,
        passed=2,
    )
    now = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    assert now == {name: value for name, value in before.items() if name != "PYTEST_CURRENT_TEST"}


def test_an_agent_whose_token_ends_in_the_middle(project: pytest.Pytester):
    """It stays connected, cannot come back with the old token, and can with a new one."""
    passes(
        project,
        """
        import keyless_agent
        import pytest
        from azure.ai.voicelive.aio import ConnectionError
        from azure.identity.aio import DefaultAzureCredential

        @pytest.mark.parametrize("how", ["revoke", "expire"])
        async def test_it(voicelive, how):
            entra = voicelive.entra()
            async with DefaultAzureCredential() as old, DefaultAzureCredential() as new:
                await keyless_agent.greeted(voicelive.url, old)
                getattr(entra, how)()
                with pytest.raises(ConnectionError, match="401"):
                    await keyless_agent.greeted(voicelive.url, old)
                await keyless_agent.greeted(voicelive.url, new)
        """,
        passed=2,
    )


def test_tls_is_an_option_like_others(project: pytest.Pytester):
    """The vendor SDK trusts it without being told; keyless, too, with both halves of azure-identity."""
    passes(
        project,
        """
        import keyless_agent
        import pytest
        from azure.identity import DefaultAzureCredential
        from azure.identity.aio import DefaultAzureCredential as AsyncDefaultAzureCredential

        @pytest.fixture
        def voicelive_options():
            return {"tls": True}

        async def test_it(voicelive):
            assert voicelive.url.startswith("https://")
            voicelive.entra()
            with DefaultAzureCredential() as credential:
                assert await keyless_agent.greeted(voicelive.url, credential) == "session.created"
            async with AsyncDefaultAzureCredential() as credential:
                assert await keyless_agent.greeted(voicelive.url, credential) == "session.created"
        """,
    )
