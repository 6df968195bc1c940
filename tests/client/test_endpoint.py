"""What people write as an endpoint, as a table. Source: schema A1, A2, A5; behaviour 1.1."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vlclient.endpoint import DEFAULT_API_VERSION, Agent, Target, is_loopback, shown, url, uses_agent
from vlclient.errors import ConfigurationError
from vlmock.protocol.secrets import is_secret_parameter
from vlmock.protocol.session import API_VERSIONS
from vlmock.server.handshake import Admitted, Policy, admit

RESOURCE = "wss://res.services.ai.azure.com/voice-live/realtime"
LOCAL = "ws://127.0.0.1:8765/voice-live/realtime"


def dialled(endpoint, **settings):
    """The address, and its query as a dict that holds each name once."""
    made = url(Target(endpoint=endpoint, **({"model": "gpt-4o"} | settings)))
    address, _, query = made.partition("?")
    pairs = parse_qsl(query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return address, dict(pairs)


def refusal(endpoint="https://res.services.ai.azure.com", **settings):
    with pytest.raises(ConfigurationError) as caught:
        url(Target(endpoint=endpoint, **({"model": "gpt-4o"} | settings)))
    return str(caught.value)


# ---- where


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://res.services.ai.azure.com", RESOURCE),
        ("https://res.services.ai.azure.com/", RESOURCE),
        ("wss://res.services.ai.azure.com/voice-live/realtime", RESOURCE),
        ("wss://res.services.ai.azure.com/voice-live/realtime/", RESOURCE),
        ("https://res.services.ai.azure.com/voice-live", RESOURCE),
        ("HTTPS://Res.Services.AI.Azure.com", RESOURCE),
        ("  res.services.ai.azure.com\n", RESOURCE),
        ("//res.services.ai.azure.com/", RESOURCE),
        ("res.services.ai.azure.com/voice-live/realtime", RESOURCE),
        ("https://res.services.ai.azure.com/api/projects/my-project", RESOURCE),
        ("https://res.services.ai.azure.com/#/keys", RESOURCE),
        ("https://res.services.ai.azure.com:443", "wss://res.services.ai.azure.com:443/voice-live/realtime"),
        ("https://res.cognitiveservices.azure.com/", "wss://res.cognitiveservices.azure.com/voice-live/realtime"),
        (
            "https://swedencentral.api.cognitive.microsoft.com",
            "wss://swedencentral.api.cognitive.microsoft.com/voice-live/realtime",
        ),
        ("http://127.0.0.1:8765", LOCAL),
        ("ws://127.0.0.1:8765/", LOCAL),
        ("127.0.0.1:8765", LOCAL),
        ("localhost:8765", "ws://localhost:8765/voice-live/realtime"),
        ("localhost", "ws://localhost/voice-live/realtime"),
        ("[::1]:8765", "ws://[::1]:8765/voice-live/realtime"),
        ("http://[::1]:8765", "ws://[::1]:8765/voice-live/realtime"),
        ("https://localhost:8765", "wss://localhost:8765/voice-live/realtime"),
        ("http://127.0.0.1:8765/weather", "ws://127.0.0.1:8765/weather/voice-live/realtime"),
        ("127.0.0.1:8765/weather/", "ws://127.0.0.1:8765/weather/voice-live/realtime"),
        ("http://127.0.0.1:8765/two words", "ws://127.0.0.1:8765/two%20words/voice-live/realtime"),
        ("http://127.0.0.1:8765/two%20words", "ws://127.0.0.1:8765/two%20words/voice-live/realtime"),
        ("http://127.0.0.1:8765/realtime", "ws://127.0.0.1:8765/realtime/voice-live/realtime"),
        ("http://127.0.0.1:8765/weather/voice-live/realtime", "ws://127.0.0.1:8765/weather/voice-live/realtime"),
        ("vlmock:8765", "wss://vlmock:8765/voice-live/realtime"),
        ("http://vlmock_1:8765", "ws://vlmock_1:8765/voice-live/realtime"),
        ("https://gateway.example.com/ai/speech", "wss://gateway.example.com/ai/speech/voice-live/realtime"),
        ("https://bücher.example", "wss://xn--bcher-kva.example/voice-live/realtime"),
    ],
)
def test_an_endpoint_may_be_written_in_many_ways(endpoint, address):
    """No scheme is TLS, except for this machine; a path before the service's own stays, as scenarios need it."""
    assert dialled(endpoint)[0] == address


def test_a_resource_of_azure_is_never_dialled_in_plain_text():
    """Whatever the scheme: the key would be readable on the way."""
    assert dialled("http://res.services.ai.azure.com")[0] == RESOURCE
    assert dialled("ws://res.cognitiveservices.azure.com")[0].startswith("wss:")


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("", "the endpoint is empty"),
        ("   ", "the endpoint is empty"),
        ("my-resource", "write https://my-resource.services.ai.azure.com"),
        ("https://", "names no host"),
        ("https:///voice-live/realtime", "names no host"),
        ("https://:8765", "names no host"),
        ("htps://res.services.ai.azure.com", "begins with 'htps' (did you mean 'https'?)"),
        ("ftp://res.services.ai.azure.com", "not with https, wss, http or ws"),
        ("https://<your-resource>.services.ai.azure.com", "put the name of your resource"),
        ("https://my resource.services.ai.azure.com", "put the name of your resource"),
        ("https://.services.ai.azure.com", "put the name of your resource"),
        (f"https://{'a' * 64}.services.ai.azure.com", "put the name of your resource"),
        ("http://127.0.0.1:http", "host or port cannot be read"),
        ("http://127.0.0.1:99999", "host or port cannot be read"),
        ("http://127.0.0.1:0", "host or port cannot be read"),
        ("http://[::1", "host or port cannot be read"),
        ("https://res.openai.azure.com/", "Voice Live at https://res.services.ai.azure.com"),
        ("wss://res.openai.azure.com/openai/realtime", "Voice Live at https://res.services.ai.azure.com"),
        ("https://ai.azure.com/build/overview?wsid=/subscriptions/1", "'ai.azure.com' is the portal"),
        ("https://portal.azure.com/#@tenant/resource/x", "give a key as api_key="),
        ("https://portal.azure.com/", "'portal.azure.com' is the portal"),
        ("https://westus.tts.speech.microsoft.com/x", "is the Speech service"),
        ("https://api.openai.com/v1/realtime", "is OpenAI and not Azure"),
        ("https://res.services.ai.azure.com/openai/v1", "the path '/openai/v1'"),
        ("https://res.services.ai.azure.com/models", "comes before the path: https://res.services.ai.azure.com"),
        ("https://res.services.ai.azure.com/voice-live/realtime/calls", "no Voice Live at the path"),
        ("http://127.0.0.1:8765/voice-live/realtime/calls", "leave out /calls"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused_with_what_is(endpoint, says):
    """In one sentence, before anything is dialled."""
    text = refusal(endpoint)
    assert says in text
    assert "\n" not in text


# ---- what


def test_the_query_says_version_and_model():
    """Documented: schema A2; nothing that was not given is sent."""
    assert dialled("https://res.services.ai.azure.com")[1] == {"api-version": DEFAULT_API_VERSION, "model": "gpt-4o"}


def test_the_default_version_is_the_newest_that_is_no_preview():
    """Documented: schema A5: also the SDK's default."""
    assert DEFAULT_API_VERSION == "2026-07-15"


def test_everything_that_is_given_is_sent_under_the_services_names():
    """Documented: schema A2."""
    _, query = dialled(
        "https://res.services.ai.azure.com",
        api_version="2026-04-10",
        model="mine/2 & more",
        profile="byom-azure-openai-realtime",
        foundry_resource_override="other",
        query={"features": "client_ec_reference:true"},
    )
    assert query == {
        "api-version": "2026-04-10",
        "model": "mine/2 & more",
        "profile": "byom-azure-openai-realtime",
        "foundry-resource-override": "other",
        "features": "client_ec_reference:true",
    }


def test_an_agent_is_sent_under_the_services_names():
    """Documented: schema A1, A2. It needs no model."""
    agent = Agent(
        name="helper",
        project_name="p",
        version="8",
        conversation_id="conv_1",
        authentication_identity_client_id="1-2-3",
    )
    _, query = dialled("https://res.services.ai.azure.com", model=None, agent=agent)
    assert query == {
        "api-version": DEFAULT_API_VERSION,
        "agent-name": "helper",
        "agent-project-name": "p",
        "agent-version": "8",
        "conversation-id": "conv_1",
        "agent-authentication-identity-client-id": "1-2-3",
    }


def test_an_agents_version_may_stand_in_its_name():
    """Observed {VIBE}: ``name:version`` must be split."""
    _, query = dialled("https://res.services.ai.azure.com", agent=Agent(name="helper:8", project_name="p"))
    assert (query["agent-name"], query["agent-version"]) == ("helper", "8")
    assert "said twice" in refusal(agent=Agent(name="helper:8", project_name="p", version="7"))


def test_a_projects_endpoint_names_the_agents_project():
    """Documented {DOC}: the project's name is the last element of its endpoint. What the caller says wins."""
    endpoint = "https://res.services.ai.azure.com/api/projects/my-project"
    assert dialled(endpoint, agent=Agent(name="a"))[1]["agent-project-name"] == "my-project"
    assert dialled(endpoint, agent=Agent(name="a", project_name="p"))[1]["agent-project-name"] == "p"
    assert "agent-project-name" not in dialled(endpoint)[1]


def test_the_endpoints_own_query_counts_where_nothing_else_is_said():
    """So a URL from a document can be pasted whole. Documented {SDK}: of two values the first."""
    pasted = "wss://res.services.ai.azure.com/voice-live/realtime?api-version=2025-10-01&model=gpt-4.1&model=x&debug=1"
    _, query = dialled(pasted, model=None)
    assert query == {"api-version": "2025-10-01", "model": "gpt-4.1", "debug": "1"}
    _, query = dialled(pasted, model="gpt-4o", api_version="2026-04-10")
    assert query == {"api-version": "2026-04-10", "model": "gpt-4o", "debug": "1"}


def test_the_callers_own_parameters_win_over_all():
    """Documented {SDK}: its ``query=`` mapping does."""
    _, query = dialled("https://res.services.ai.azure.com?model=a", model="b", query={"model": "c", "api-version": ""})
    assert query == {"api-version": DEFAULT_API_VERSION, "model": "c"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"model": None}, "no model is named"),
        ({"model": ""}, "no model is named"),
        ({"model": None, "agent": Agent(name="a")}, "the project's name is missing"),
        ({"agent": Agent(name="a")}, "the project's name is missing"),
        ({"agent": Agent(name="", project_name="p")}, "the agent's name is missing"),
        ({"agent": Agent(name=":8", project_name="p")}, "the agent's name is missing"),
        ({"query": {"agent-name": "a"}}, "the project's name is missing"),
        ({"query": {"agent_name": "a"}}, "spelled 'agent-name'"),
        ({"query": {"agent-id": "asst_1"}}, "classic agents"),
        ({"api_version": "2026-07-16"}, "did you mean '2026-07-15'"),
        ({"api_version": "2026-07-15 "}, "did you mean '2026-07-15'"),
        ({"api_version": "latest"}, "there is no api-version 'latest'; known: 2025-05-01-preview"),
        ({"api_version": "v1"}, "another dialect"),
        ({"query": {"api-version": "nonsense"}}, "there is no api-version 'nonsense'"),
        ({"foundry_resource_override": "https://other.services.ai.azure.com"}, "a bare name, such as 'other'"),
        ({"foundry_resource_override": "other.services.ai.azure.com"}, "a bare name, such as 'other'"),
    ],
)
def test_what_does_not_say_who_should_answer_is_refused(settings, says):
    """The service would answer some of it with 400 or 404 and no word, and some only in the session."""
    assert says in refusal(**settings)


@pytest.mark.parametrize("version", [version for version in API_VERSIONS if version != "v1"])
def test_every_dated_version_may_be_asked_for(version):
    """Documented: schema A5."""
    assert dialled("localhost:1", api_version=version)[1]["api-version"] == version


def test_a_version_newer_than_this_client_is_let_through():
    """The service adds them more often than a client is released."""
    assert dialled("localhost:1", api_version="2031-01-01-preview")[1]["api-version"] == "2031-01-01-preview"


@pytest.mark.parametrize(
    ("endpoint", "settings", "agent"),
    [
        ("localhost:1", {"model": "m"}, False),
        ("localhost:1", {"agent": Agent(name="a", project_name="p")}, True),
        ("localhost:1?agent-name=a&agent-project-name=p", {}, True),
        ("localhost:1", {"query": {"agent-name": "a", "agent-project-name": "p"}}, True),
    ],
)
def test_whether_an_agent_answers_is_known_before_dialling(endpoint, settings, agent):
    """Observed {VIBE}: it takes no key, so the credential depends on it."""
    assert uses_agent(Target(endpoint=endpoint, **settings)) is agent


@given(model=st.text(min_size=1), name=st.text(min_size=1), value=st.text(min_size=1))
def test_any_text_reaches_the_server_as_it_was_given(model, name, value):
    """The emulator's own front door reads back what was written; and so it judges the address. A name that secrets
    have does not get that far."""
    assume(not is_secret_parameter(f"x-{name}"))
    query = {f"x-{name}": value}
    parts = urlsplit(url(Target(endpoint="localhost:1/weather", model=model, query=query)))
    assert dict(parse_qsl(parts.query))[f"x-{name}"] == value
    admitted = admit(
        f"{parts.path}?{parts.query}", [("api-key", "k")], policy=Policy(api_key=None, scenarios=("weather",))
    )
    assert isinstance(admitted, Admitted)
    assert (admitted.model, admitted.scenario) == (model, "weather")


# ---- secrets


@pytest.mark.parametrize(
    "settings",
    [
        {"endpoint": "https://res.services.ai.azure.com/?api-key=sesame"},
        {"endpoint": "https://res.services.ai.azure.com/?model=m&API-Key=sesame#x"},
        {"endpoint": "https://res.services.ai.azure.com/?Authorization=Bearer%20sesame"},
        {"endpoint": "https://res.services.ai.azure.com/?api%2Dkey=sesame"},
        {"endpoint": "https://res.services.ai.azure.com/?agent-access-token=sesame"},
        {"endpoint": "https://me:sesame@res.services.ai.azure.com/"},
        {"endpoint": "me:sesame@res.services.ai.azure.com"},
        {"endpoint": "https://res.services.ai.azure.com", "query": {"api-key": "sesame"}},
        {"endpoint": "https://res.services.ai.azure.com", "query": {"access_token": "sesame"}},
    ],
)
def test_a_secret_never_gets_into_a_url(settings):
    """Nor into an error, and no target with one in it can be made, so its repr is safe to show."""
    with pytest.raises(ConfigurationError) as caught:
        Target(model="m", **settings)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "as_shown"),
    [
        ("wss://h/p?model=m&api-key=sesame", "wss://h/p?model=m&api-key=***"),
        ("wss://h/p?Authorization=Bearer%20sesame&x=1", "wss://h/p?Authorization=***&x=1"),
        ("wss://h/p?agent-access-token=sesame", "wss://h/p?agent-access-token=***"),
        ("wss://h/p?api%2Dkey=sesame", "wss://h/p?api%2Dkey=***"),
        ("wss://me:sesame@h/p", "wss://h/p"),
        ("wss://h/p#sesame", "wss://h/p"),
        ("wss://h/p?model=m", "wss://h/p?model=m"),
        ("wss://h/p", "wss://h/p"),
    ],
)
def test_an_address_is_shown_without_secrets(address, as_shown):
    """Whoever wrote it."""
    assert shown(address) == as_shown


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("127.example.com", False),
        ("", False),
    ],
)
def test_this_machine_has_many_names(host, here):
    """Plain text is its default, and no proxy is asked for it."""
    assert is_loopback(host) is here
