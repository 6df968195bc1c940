"""Who gets in: a table of requests. Source: behaviour 1.1, 1.2; schema A."""

import pytest

from vlmock.protocol.session import API_VERSIONS
from vlmock.server.dialects import Dialect
from vlmock.server.handshake import Admitted, CredentialKind, Policy, Refused, admit, is_realtime_path, shown
from vlmock.session.conversation.agents import Agent

BASE = "/voice-live/realtime"
KEY = [("api-key", "sesame")]
ANYBODY = Policy(scenarios=("hello", "weather", "museum/odd"))
DEMANDING = Policy(api_key="sesame")


def ask(target=f"{BASE}?api-version=2026-07-15&model=gpt-4o", headers=KEY, policy=ANYBODY):
    return admit(target, headers, policy=policy)


def query(**parameters):
    """The service's path with these parameters; None leaves one of the usual out."""
    merged = {"api-version": "2026-07-15", "model": "gpt-4o"}
    merged |= {name.replace("_", "-"): value for name, value in parameters.items()}
    return f"{BASE}?" + "&".join(f"{name}={value}" for name, value in merged.items() if value is not None)


# ---- where


@pytest.mark.parametrize(
    ("path", "scenario"),
    [
        (BASE, None),
        (f"{BASE}/", None),
        (f"/{BASE}", None),
        (f"/weather{BASE}", "weather"),
        (f"/tenants/7/weather{BASE}", "weather"),
        (f"/we%61ther{BASE}", "weather"),
        (f"/museum/odd{BASE}", "museum/odd"),
        (f"/museum/weather{BASE}", "weather"),
    ],
)
def test_the_segment_before_the_services_path_names_the_scenario(path, scenario):
    """So a client that takes an endpoint needs to know nothing of scenarios."""
    admitted = ask(f"{path}?api-version=2026-07-15&model=gpt-4o")
    assert isinstance(admitted, Admitted)
    assert admitted.scenario == scenario


def test_a_scenario_may_also_be_named_in_query_or_header():
    """Path before query before header; names of headers and parameters in any case."""
    assert ask(query(scenario="weather")).scenario == "weather"
    assert ask(query(Scenario="weather")).scenario == "weather"
    assert ask(headers=[*KEY, ("X-VLMock-Scenario", "weather")]).scenario == "weather"
    assert ask(query(scenario="weather"), [*KEY, ("x-vlmock-scenario", "hello")]).scenario == "weather"
    assert ask("/hello" + query(scenario="weather")).scenario == "hello"


def test_an_unknown_scenario_is_404_with_the_known_names():
    """And with the one that was probably meant."""
    refused = ask("/wether" + query())
    assert (refused.status, "did you mean 'weather'" in refused.message) == (404, True)
    assert "Known: hello, museum/odd, weather" in refused.message


@pytest.mark.parametrize("path", ["/", "/realtime", "/voice-live", "/voice-agent/realtime", f"{BASE}/calls"])
def test_an_unknown_path_is_404_and_says_where_to_go(path):
    """Observed {VIBE, ILA}: 404 for an unknown path, and for /calls where it is not there."""
    refused = ask(f"{path}?api-version=2026-07-15&model=gpt-4o")
    assert isinstance(refused, Refused)
    assert refused.status == 404
    assert BASE in refused.message


def test_the_address_is_known_by_its_end():
    """Also behind a scenario and in front of a query."""
    assert is_realtime_path(f"/x{BASE}?api-version=1")
    assert not is_realtime_path(f"/?path={BASE}")


# ---- what


@pytest.mark.parametrize("version", [version for version in API_VERSIONS if version != "v1"])
def test_every_dated_api_version_is_accepted(version):
    """Documented: schema A5."""
    assert ask(query(api_version=version)).api_version == version


@pytest.mark.parametrize(
    ("target", "status", "says"),
    [
        (query(api_version=None), 404, "'api-version' is missing"),
        (query(api_version=""), 404, "'api-version' is missing"),
        (query(api_version="2026-07-16"), 400, "did you mean '2026-07-15'"),
        (query(api_version="v1"), 400, "is the OpenAI GA dialect"),
        (query(model=None), 400, "'model' is missing"),
        (query(model=""), 400, "'model' is missing"),
    ],
)
def test_what_is_missing_or_unknown_is_refused_with_a_remedy(target, status, says):
    """Observed {SKILL}: no api-version is 404. Assumed: 400 for the others."""
    refused = ask(target)
    assert isinstance(refused, Refused)
    assert refused.status == status
    assert says in refused.message


def test_the_model_has_an_old_alias():
    """Observed {SKILL}: ``deployment`` in place of ``model`` is tolerated."""
    assert ask(query(model=None, deployment="gpt-4o-mini")).model == "gpt-4o-mini"


def test_any_model_and_any_profile_get_in():
    """Observed {S14}: a bad model, and a bad profile, fail after the upgrade."""
    assert ask(query(model="no-such-model")).model == "no-such-model"
    assert ask(query(profile="no-such-profile")).profile == "no-such-profile"


def test_a_profile_is_kept_with_its_deployment():
    """Documented: schema A2; the deployment's name is not looked at."""
    admitted = ask(query(profile="byom-azure-openai-realtime", model="mine"))
    assert (admitted.profile, admitted.model) == ("byom-azure-openai-realtime", "mine")


@pytest.mark.parametrize(
    ("query", "agent"),
    [
        ("agent-name=a&agent-project-name=p", Agent("a", "p")),
        (
            "agent-name=a&agent-project-name=p&agent-version=2&conversation-id=conv_1&foundry-resource-override=r"
            "&agent-authentication-identity-client-id=c",
            Agent("a", "p", "2", "conv_1"),
        ),
        ("agent-name=a", Agent("a", "")),
        ("agent-name=a&agent_project_name=p", Agent("a", "")),
        ("agent-name=a:2&agent-project-name=p", Agent("a:2", "p")),
        ("agent_name=a&agent-project-name=p", Agent("a", "p", misspelt="agent_name")),
        ("agent_name=a&agent_project_name=p", Agent("a", "", misspelt="agent_name")),
        ("agent-id=a&agent-project-name=p&agent-access-token=secret", Agent("a", "p", classic=True)),
        ("agent_id=a&agent_project_name=p&agent_access_token=secret", Agent("a", "p", classic=True)),
        ("agent_id=a&project_id=p", Agent("a", "p", classic=True)),
        ("agent-id=a&agent-connection-string=r;s;g;p", Agent("a", "r;s;g;p", classic=True)),
        ("agent-id=a", Agent("a", "", classic=True)),
        ("agent-name=a&agent-project-name=p&model=gpt-4o", Agent("a", "p")),
    ],
)
def test_an_agent_needs_no_model(query, agent):
    """Documented: schema A1, A2. Observed {VIBE}: other spellings reach the agents, too, and fail there."""
    admitted = ask(f"{BASE}?api-version=2026-07-15&{query}")
    assert (admitted.agent, admitted.model) == (agent, "")


@pytest.mark.parametrize("query", ["agent-project-name=p", "agent-name=&agent-project-name=p", "conversation-id=c"])
def test_who_names_no_agent_needs_a_model(query):
    """Assumed: a project alone says nothing."""
    assert ask(f"{BASE}?api-version=2026-07-15&{query}").status == 400
    assert ask(f"{BASE}?api-version=2026-07-15&{query}&model=gpt-4o").agent is None


def test_unknown_parameters_and_headers_do_no_harm():
    """Clients add their own; the first of two values counts."""
    admitted = ask(query(x_ms_client_sdk="sdk/1", features="client_ec_reference:true") + "&model=other",
                   [*KEY, ("Sec-WebSocket-Protocol", "realtime"), ("X-Whatever", "1")])  # fmt: skip
    assert (admitted.model, admitted.user_agent) == ("gpt-4o", "sdk/1")


# ---- who


@pytest.mark.parametrize(
    ("target", "headers", "kind"),
    [
        (query(), [("api-key", "k")], CredentialKind.KEY),
        (query(), [("Api-Key", "k")], CredentialKind.KEY),
        (query(), [("Authorization", "Bearer t")], CredentialKind.TOKEN),
        (query(), [("authorization", "bearer t")], CredentialKind.TOKEN),
        (query(api_key="k"), [], CredentialKind.KEY),
        (query(Authorization="Bearer%20t"), [], CredentialKind.TOKEN),
        (query(Authorization="Bearer+t"), [], CredentialKind.TOKEN),
    ],
)
def test_a_credential_is_good_in_four_places(target, headers, kind):
    """Observed {DOC, VIBE}. Any that is not empty will do where none is demanded."""
    assert ask(target, headers).credential is kind


@pytest.mark.parametrize(
    ("target", "headers", "says"),
    [
        (query(), [], "There is no credential"),
        (query(), [("api-key", " ")], "The api-key is empty"),
        (query(api_key=""), [], "The api-key is empty"),
        (query() + "&access_token=k", [], "'access_token' is no credential"),
        (query(), [("Authorization", "Basic dXNlcg==")], "Bearer TOKEN"),
        (query(), [("Authorization", "Bearer ")], "Bearer TOKEN"),
        (query(Authorization="k"), [], "Bearer TOKEN"),
    ],
)
def test_without_a_credential_it_is_401_and_says_what_is_missing(target, headers, says):
    """Observed {DAN, VIBE, TROUB}: 401 at the upgrade; {VIBE}: also for ``access_token``."""
    refused = ask(target, headers)
    assert isinstance(refused, Refused)
    assert refused.status == 401
    assert says in refused.message


def test_a_demanded_key_is_demanded_everywhere():
    """A wrong one is 401 and is not repeated in the answer."""
    for target, headers in [
        (query(), KEY),
        (query(api_key="sesame"), []),
        (query(), [("Authorization", "Bearer sesame")]),
    ]:
        assert isinstance(ask(target, headers, DEMANDING), Admitted)
    for target, headers in [(query(), [("api-key", "wrong")]), (query(), [("Authorization", "Bearer wrong")])]:
        refused = ask(target, headers, DEMANDING)
        assert refused.status == 401
        assert "wrong" not in refused.message
        assert "sesame" not in refused.message


def test_an_agent_with_a_key_gets_in():
    """Observed {VIBE}: keys are refused in agent mode, after the upgrade; so the kind is kept."""
    admitted = ask(f"{BASE}?api-version=2026-07-15&agent-name=a&agent-project-name=p")
    assert (admitted.agent, admitted.credential) == (Agent("a", "p"), CredentialKind.KEY)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/x?api-key=s&model=m", "/x?api-key=***&model=m"),
        ("/x?Authorization=Bearer%20s", "/x?Authorization=***"),
        ("/x?agent-access-token=s;s&a=1", "/x?agent-access-token=***&a=1"),
        ("/x?agent_access_token=s&a=1", "/x?agent_access_token=***&a=1"),
        ("/x?api%2Dkey=s", "/x?api%2Dkey=***"),
        ("/x?access_token=s", "/x?access_token=***"),
        ("/x", "/x"),
    ],
)
def test_an_address_is_shown_without_secrets(target, expected):
    """In the journal, on pages and in logs."""
    assert shown(target) == expected


def test_nothing_admitted_contains_the_credential():
    """What is kept of a client says that it had one, and of which kind."""
    admitted = ask(query(api_key="sesame", Authorization="Bearer%20sesame"), [*KEY, ("Authorization", "Bearer sesame")])
    assert "sesame" not in repr(admitted)


# ---- dialects

AZURE_OPENAI = "/openai/realtime?api-version=2025-04-01-preview&deployment=mine"
OPENAI = "/v1/realtime?model=gpt-4o-realtime-preview"
BEARER = ("Authorization", "Bearer sk-any")
BETA = ("OpenAI-Beta", "realtime=v1")


@pytest.mark.parametrize(
    ("target", "headers", "scenario", "model"),
    [
        (AZURE_OPENAI, KEY, None, "mine"),
        (AZURE_OPENAI.replace("2025-04-01-preview", "2024-10-01-preview"), KEY, None, "mine"),
        (f"/weather{AZURE_OPENAI}", [BEARER], "weather", "mine"),
        (OPENAI, [BEARER, BETA], None, "gpt-4o-realtime-preview"),
        (f"/weather{OPENAI}", [BEARER, BETA], "weather", "gpt-4o-realtime-preview"),
        (
            OPENAI,
            [("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.sk-any, openai-beta.realtime-v1")],
            None,
            "gpt-4o-realtime-preview",
        ),
    ],
)
def test_the_beta_dialect_is_spoken_at_the_addresses_of_openai_and_of_azure(target, headers, scenario, model):
    """Documented {OAI}: Azure by its address, OpenAI by a header or a subprotocol. All there is native."""
    admitted = admit(target, headers, policy=Policy(scenarios=["weather"]))
    assert isinstance(admitted, Admitted), admitted
    assert (admitted.dialect, admitted.scenario, admitted.model) == (Dialect.OPENAI_BETA, scenario, model)
    assert (admitted.api_version, admitted.profile) == ("2026-01-01-preview", "byom-azure-openai-realtime")


def test_the_beta_header_changes_nothing_at_voice_lives_own_address():
    """The address says which dialect it is, and which model may not exist."""
    admitted = ask(query(), [*KEY, BETA])
    assert (admitted.dialect, admitted.profile) == (Dialect.VOICE_LIVE, None)


@pytest.mark.parametrize(
    ("target", "headers", "status", "says"),
    [
        (OPENAI, [BEARER], 400, "send the header 'OpenAI-Beta: realtime=v1'"),
        ("/openai/v1/realtime?model=gpt-realtime", KEY, 400, "dial /openai/realtime"),
        (AZURE_OPENAI.replace("2025-04-01-preview", "v1"), KEY, 400, "OpenAI GA dialect"),
        (AZURE_OPENAI.replace("2025-04-01-preview", "preview"), KEY, 400, "such as api-version=2025-04-01-preview"),
        (AZURE_OPENAI.replace("2025-04-01-preview", "latest"), KEY, 400, "There is no api-version 'latest'"),
        ("/openai/realtime?deployment=mine", KEY, 404, "'api-version' is missing"),
        (OPENAI, [BETA], 401, "no credential"),
        (OPENAI.partition("?")[0], [BEARER, BETA], 400, "'model' is missing"),
        (query(api_version="v1"), KEY, 400, "Use a dated one: 2025-05-01-preview"),
    ],
)
def test_a_dialect_that_is_not_spoken_is_refused_with_a_remedy(target, headers, status, says):
    """Assumed: by HTTP, before anything is said; the words are for people."""
    refused = admit(target, headers, policy=Policy())
    assert isinstance(refused, Refused)
    assert (refused.status, says in refused.message) == (status, True), refused.message


def test_a_key_among_the_subprotocols_is_judged_and_not_shown():
    """Documented {OAI}: for browsers."""
    protocols = "realtime, openai-insecure-api-key.{}, openai-beta.realtime-v1"
    good = admit(OPENAI, [("sec-websocket-protocol", protocols.format("sesame"))], policy=DEMANDING)
    bad = admit(OPENAI, [("sec-websocket-protocol", protocols.format("wrong"))], policy=DEMANDING)
    assert isinstance(good, Admitted)
    assert "sesame" not in repr(good)
    assert isinstance(bad, Refused)
    assert (bad.status, "wrong" in bad.message) == (401, False)
