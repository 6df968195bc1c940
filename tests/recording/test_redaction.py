"""No secret touches the disk: a secret is put anywhere, and every file is searched for it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recording.taking import HEAD, append, session, take
from vlmock.protocol.recording.folder import pack
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction, overreaching
from vlmock.recording.reading import read

SECRET = "hunter2hunter2hunter2hunter2"
JWT = f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIi{SECRET}.c2lnbmF0dXJl"


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


WORDS = st.text(max_size=8)
FORMS = st.sampled_from(
    [
        JWT,
        f"Bearer {SECRET}",
        f"https://me:{SECRET}@mcp.example/",
        f"wss://x/?api-key={SECRET}&v=1",
        f"https://x/?sig={SECRET}",
        json.dumps({"api_key": SECRET}),
        json.dumps({"a": json.dumps({"Authorization": SECRET})}),
    ]
)
TEXTS = st.tuples(WORDS, FORMS, WORDS).map(" ".join)
SCHEMAS = st.sampled_from(["properties", "definitions"])
NAMED = st.sampled_from(["api_key", "api-key", "Authorization", "client_secret", "credential", "password"])


def around(inner: "st.SearchStrategy[Any]") -> "st.SearchStrategy[Any]":
    return (
        inner.map(lambda value: [1, value])
        | st.tuples(WORDS, inner).map(lambda pair: {pair[0]: pair[1]})
        | st.tuples(NAMED, st.just(SECRET)).map(lambda pair: {pair[0]: pair[1]})
        | st.tuples(NAMED, st.just({"deep": [SECRET]})).map(lambda pair: {pair[0]: pair[1]})
        | st.tuples(SCHEMAS, NAMED, st.just(SECRET)).map(lambda three: {three[0]: {three[1]: three[2]}})
        | st.tuples(SCHEMAS, NAMED, st.just([SECRET])).map(lambda three: {three[0]: {three[1]: {"x": three[2]}}})
        | st.just({"headers": {"X-Anything": SECRET}})
    )


EVENTS = st.recursive(TEXTS, around, max_leaves=3).map(lambda value: {"type": "x", "value": value})


@given(event=EVENTS, who=st.sampled_from(["client", "server"]), as_text=st.booleans())
def test_no_secret_is_in_any_file(tmp_path_factory: pytest.TempPathFactory, event: Any, who: str, as_text: bool):
    """Wherever in an event it stands, by its name or by its looks, also in what is no event; in the zip as well."""
    folder = tmp_path_factory.mktemp("secret") / "rec"
    take(folder, [("client", append(b"\1\0")), (who, [event] if as_text else event)])
    pack(folder, folder.with_suffix(".zip"))
    assert SECRET.encode() not in everything(folder.parent)
    (packed,) = read(folder.with_suffix(".zip"))
    assert SECRET not in str(packed.frames)


@pytest.mark.parametrize(
    "head",
    [
        {"request_headers": [("api-key", SECRET)]},
        {"request_headers": [("Authorization", f"Bearer {SECRET}")]},
        {"request_headers": [("Ocp-Apim-Subscription-Key", SECRET), ("Cookie", f"id={SECRET}")]},
        {"request_headers": [("Sec-WebSocket-Protocol", f"realtime, openai-insecure-api-key.{SECRET}")]},
        {"request_headers": [("X-Forwarded-Uri", f"/x?token={SECRET}")]},
        {"response_headers": [("Set-Cookie", f"id={SECRET}; Path=/")]},
        {"url": f"wss://x/y?api-key={SECRET}&model=m"},
        {"url": f"wss://x/y?api%2Dkey={SECRET}"},
        {"url": f"wss://x/y?Authorization=Bearer%20{SECRET}"},
        {"url": f"wss://x/y?agent-access-token={SECRET}"},
        {"url": f"wss://me:{SECRET}@x/y"},
        {"status": 401, "body": json.dumps({"error": {"message": f"Bearer {SECRET} is not good"}})},
        {"status": 401, "body": json.dumps({"api_key": SECRET})},
    ],
)
def test_no_secret_of_the_handshake_is_in_any_file(tmp_path: Path, head: dict[str, Any]):
    """Headers of both sides, the address, the answer. And where the service repeats a credential, it is one still."""
    opening = msgspec.structs.replace(HEAD, **head)
    echo = [("server", {"type": "error", "error": {"message": f"the key {SECRET} is not good"}})]
    repeats = "body" not in head and "//me" not in head.get("url", "") and "X-Forwarded-Uri" not in str(head)
    take(tmp_path / "rec", echo if repeats and "insecure" not in str(head) else [], head=opening)
    assert SECRET.encode() not in everything(tmp_path)
    assert b"***" in everything(tmp_path)


def test_names_and_what_is_no_secret_stay(tmp_path: Path):
    """One sees what was there, and with which request to look for help."""
    head = msgspec.structs.replace(
        HEAD,
        url=f"wss://x/y?api-version=1&api-key={SECRET}&agent-authentication-identity-client-id=7",
        request_headers=[("api-key", SECRET), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="), ("X-Ms-Request-Id", "r1")],
    )
    (recording,) = read(take(tmp_path / "rec", [], head=head))
    assert recording.head.url == "wss://x/y?api-version=1&api-key=***&agent-authentication-identity-client-id=7"
    assert recording.head.request_headers == [
        ("api-key", "***"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="),
        ("X-Ms-Request-Id", "r1"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"tools": [{"parameters": {"properties": {"password": {"type": "string"}}, "required": ["password"]}}]},
        {"logprobs": [{"token": "bearer", "logprob": -0.1}], "total_tokens": 5, "authorization": None},
        {"client_sdp": "eyJ0eXBlIjoib2ZmZXIifQ==", "text": "a://b? &c=d Bearer of news"},
    ],
)
def test_what_is_no_secret_is_left_alone(tmp_path: Path, event: dict[str, Any]):
    """A tool's parameter is no password; pieces of what was said are no tokens."""
    (recording,) = read(take(tmp_path / "rec", [("server", {"type": "x", **event})]))
    assert recording.frames[0].event == {"type": "x", **event}


@given(
    value=st.recursive(
        st.sampled_from(["call 0170-4711 now", "0170-4711", 170, 0.5]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "0170-4711"]), inner),
        max_leaves=4,
    ),
    as_text=st.booleans(),
)
def test_what_the_user_names_is_nowhere(tmp_path_factory: pytest.TempPathFactory, value: Any, as_text: bool):
    """In texts, names, and what is no event; sound and its places stay whole."""
    folder = tmp_path_factory.mktemp("named") / "rec"
    head = msgspec.structs.replace(HEAD, url="wss://x/?caller=0170-4711", request_headers=[("x-who", "0170-4711")])
    event = json.dumps({"type": "x", "value": value})
    said = [("client", append(b"\1\0" * 4711)), ("server", f"[{event}]" if as_text else event)]
    take(folder, said, head=head, redaction=Redaction([r"\d+-4711", "4711"]))
    assert b"4711" not in everything(folder).replace(b'"bytes":9422', b"")
    (recording,) = read(folder)
    assert len(recording.voices["client.wav"]) == 9422
    assert json.loads(json.dumps(recording.whole(recording.frames[0]))) == append(b"\1\0" * 4711)


def test_a_number_may_be_named_as_well(tmp_path: Path):
    """A card's number is one."""
    (recording,) = read(
        take(
            tmp_path / "rec",
            [("client", {"type": "x", "card": 4111111111111111, "n": 1})],
            redaction=Redaction([r"\b4\d{15}\b"]),
        )
    )
    assert recording.frames[0].event == {"type": "x", "card": "***", "n": 1}


def test_a_close_reason_is_searched_too(tmp_path: Path):
    """It comes from outside like everything else."""
    from vlmock.protocol.recording.encoder import RecordingEncoder

    (piece,) = RecordingEncoder(Head(made_by="tests")).closed("server", 1008, f"bad {JWT}", 1.0)
    assert piece.data == b'{"at":1.0,"from":"server","close":{"code":1008,"reason":"bad ***"}}\n'


def test_a_pattern_that_is_none_is_named():
    """Also one that would be everywhere."""
    with pytest.raises(ValueError, match=r"'\[' is no regular expression: unterminated"):
        Redaction(["["])
    with pytest.raises(ValueError, match=r"'x\*' matches nothing at all"):
        Redaction(["x*"])


def test_short_credentials_are_no_reason_to_spoil_the_text(tmp_path: Path):
    """A tester's key is ``demo``, and the word may be said."""
    head = msgspec.structs.replace(HEAD, request_headers=[("api-key", "demo")])
    (recording,) = read(take(tmp_path / "rec", [("server", session(instructions="a demo"))], head=head))
    assert recording.frames[0].event == session(instructions="a demo")
    assert recording.head.request_headers == [("api-key", "***")]


@pytest.mark.parametrize("pattern", [".", ".+", r"\w", "[a-z]+", r"\S", "e", "session", r"^response\."])
def test_a_pattern_that_matches_the_protocol_itself_gets_a_warning(pattern: str):
    """Nothing could be done with such a recording."""
    (warning,) = overreaching([r"\d{16}", pattern])
    assert warning.startswith(f"the pattern {pattern!r} matches '")
    assert "write one that matches secrets only" in warning


@pytest.mark.parametrize("pattern", [r"\d+", r"\b\d{16}\b", "Beijing", r"[\w.]+@[\w.]+", "(?i)mr\\.? smith", "é"])
def test_a_pattern_for_secrets_gets_none(pattern: str):
    """Words of the protocol are not among what it matches."""
    assert overreaching([pattern]) == []
