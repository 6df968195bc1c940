"""What people write as an endpoint, and what is asked of the service for a client's request."""

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from vlmock.errors import ServerError
from vlmock.recorder.handshake import forwarded, serialized
from vlmock.recorder.upstream import Upstream, upstream_at

AZURE = "name.services.ai.azure.com"


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        (f"https://{AZURE}", Upstream(AZURE, 443, True)),
        (f"https://{AZURE}/", Upstream(AZURE, 443, True)),
        (f" wss://{AZURE}/voice-live/realtime\n", Upstream(AZURE, 443, True)),
        (f"https://{AZURE}/voice-live", Upstream(AZURE, 443, True)),
        (f"https://{AZURE}/api/projects/mine", Upstream(AZURE, 443, True)),
        (f"https://{AZURE}/api/projects/mine/voice-live/realtime", Upstream(AZURE, 443, True)),
        (AZURE, Upstream(AZURE, 443, True)),
        ("HTTPS://Name.Services.AI.azure.com", Upstream(AZURE, 443, True)),
        ("https://name.openai.azure.com/openai/realtime", Upstream("name.openai.azure.com", 443, True)),
        ("http://127.0.0.1:8765", Upstream("127.0.0.1", 8765, False)),
        ("http://127.0.0.1:8765/weather", Upstream("127.0.0.1", 8765, False, "/weather")),
        ("ws://127.0.0.1:8765/weather/voice-live/realtime/", Upstream("127.0.0.1", 8765, False, "/weather")),
        ("https://gateway.example/api/projects/mine", Upstream("gateway.example", 443, True, "/api/projects/mine")),
        ("127.0.0.1:8765", Upstream("127.0.0.1", 8765, False)),
        ("localhost:8765/weather", Upstream("localhost", 8765, False, "/weather")),
        ("gateway:8443", Upstream("gateway", 8443, True)),
        ("https://[::1]:8443", Upstream("::1", 8443, True)),
        ("https://bücher.example", Upstream("xn--bcher-kva.example", 443, True)),
    ],
)
def test_an_endpoint_is_understood(written, understood):
    """With or without scheme, path of the service, or project; another path is kept."""
    assert upstream_at(written) == understood


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "is empty"),
        ("https://", "names no host"),
        ("https://x:0", "cannot be read"),
        ("https://x:99999", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("ftp://x", "begins with 'ftp'"),
        ("https://a b", "is no host name"),
        ("https://<name>.services.ai.azure.com", "is no host name"),
        ("https://x.y?api-key=secret", "may have no query"),
        ("https://me:secret@x.y", "may have no user name"),
        ("ftp://me:secret@x.y?api-key=secret", "begins with 'ftp'"),
        ("name", "https://name.services.ai.azure.com"),
    ],
)
def test_what_is_no_endpoint_is_told(written, says):
    """In a sentence without secrets."""
    with pytest.raises(ServerError, match=r"^the upstream") as refused:
        upstream_at(written)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)


def test_only_an_unusual_port_is_named():
    """As browsers have it, and front doors expect it."""
    assert Upstream("a.b", 443, True).authority == "a.b"
    assert Upstream("a.b", 443, False).authority == "a.b:443"
    assert str(Upstream("::1", 80, False, "/x")) == "http://[::1]/x"


REQUEST = [
    ("host", "127.0.0.1:8766"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Origin", "http://127.0.0.1:8766"),
    ("X-Twice", "1"),
    ("X-Twice", "ä"),
]
TARGET = "/voice-live/realtime?model=a%20b&x"
CREDENTIALS = [
    ([("API-Key", "fake")], TARGET),
    ([("authorization", "Bearer fake")], TARGET),
    ([], f"{TARGET}&api-key=fake"),
    ([], f"{TARGET}&Authorization=Bearer%20fake"),
    ([], f"{TARGET}&%41PI-KEY=fake"),
    ([("Sec-WebSocket-Protocol", "openai-insecure-api-key.fake")], TARGET),
]


def asked(headers: list[tuple[str, str]], target: str, credential: dict[str, str]) -> tuple[str, list[tuple[str, str]]]:
    request = Request(target, Headers(REQUEST + headers))
    target, fields = forwarded(request, Upstream("a.b", 443, True, "/x"), credential)
    assert serialized(request, target, fields).startswith(f"GET {target} HTTP/1.1\r\nhost: a.b\r\n".encode())
    return target, list(fields.raw_items())


@pytest.mark.parametrize(("headers", "target"), CREDENTIALS)
def test_a_request_passes_as_it_is_but_for_the_host(headers, target):
    """Order, spelling, what comes twice; the client's credentials in each of their places."""
    assert asked(headers, target, {}) == (f"/x{target}", [("host", "a.b"), *REQUEST[1:], *headers])


@pytest.mark.parametrize(("headers", "target"), CREDENTIALS)
def test_the_recorders_credential_takes_the_place_of_all_others(headers, target):
    """Observed {DOC, VIBE}: a key or a token may stand in the headers and in the query (behaviour 1.1)."""
    own = {"api-key": "real"}
    assert asked(headers, target, own) == (f"/x{TARGET}", [("host", "a.b"), *REQUEST[1:], ("api-key", "real")])


def test_other_subprotocols_stay():
    """Only the one that is a key goes."""
    offered = [("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.fake, openai-beta.realtime-v1")]
    _, fields = asked(offered, TARGET, {"api-key": "real"})
    assert ("Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1") in fields
