"""Entra ID without Azure: tokens, where to get them, and who gets in with them. Source: behaviour 1.1, 1.2."""

import base64
import json

import pytest

from tests.server.fakes import PATH
from tests.server.identities import ASKED, Calendar
from vlmock.server.handshake import CredentialKind, Policy, Refused, admit
from vlmock.server.identity import AUDIENCE, LEGACY_AUDIENCE, Entra, Verdict


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
