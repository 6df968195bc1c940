"""Which lost connections are dialled again, and when."""

import ssl

import pytest

from vlclient.errors import (
    AudioError,
    ConfigurationError,
    ConnectionClosed,
    CouldNotReach,
    CredentialError,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    Refused,
    ServiceError,
)
from vlclient.reconnect import GiveUp, Reconnect, Reconnected, Reconnecting, Retry
from vlmock.protocol.errors import ErrorDetails, ErrorEvent

POLICY = Reconnect()
REFUSED_UPDATE = ServiceError(ErrorEvent(error=ErrorDetails(message="no", type="invalid_request_error")))


def caused(error, cause):
    error.__cause__ = cause
    return error


def certificate():
    return ssl.SSLCertVerificationError("self-signed certificate")


@pytest.mark.parametrize(
    "error",
    [
        *[ConnectionClosed(code, "") for code in (1001, 1002, 1005, 1006, 1007, 1009, 1011, 1012, 1013, 1014, 4503)],
        *[Refused(status, "") for status in (408, 429, 500, 502, 503, 504)],
        NotAllowed(401, "expired"),
        CouldNotReach("no such host"),
        caused(CouldNotReach("nobody listens"), ConnectionRefusedError()),
        caused(CouldNotReach("reset in the handshake"), ssl.SSLError("EOF")),
        NoAnswer("no session.created"),
        CredentialError("the token service cannot be reached"),
    ],
    ids=str,
)
def test_what_may_be_better_next_time_is_retried(error):
    """Observed {ILA}: everything except what would be refused again."""
    assert isinstance(POLICY.decide(error, 1, 0.5, False), Retry)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionClosed(1000, ""), "the service ended the conversation"),
        (ConnectionClosed(1003, ""), "does not take"),
        (ConnectionClosed(1008, ""), "does not allow this configuration"),
        (ConnectionClosed(1010, ""), "lacks an extension"),
        (NotAllowed(403, "role missing"), "HTTP 403"),
        (Refused(302, ""), "HTTP 302"),
        (Refused(400, ""), "HTTP 400"),
        (Refused(404, ""), "HTTP 404"),
        (caused(CouldNotReach("TLS"), certificate()), "certificate"),
        (caused(CouldNotReach("TLS"), caused(OSError("handshake"), certificate())), "certificate"),
        (ConfigurationError("no model"), "the same would happen again"),
        (ProtocolViolation("not JSON"), "the same would happen again"),
        (REFUSED_UPDATE, "the same would happen again"),
        (AudioError("no microphone"), "the same would happen again"),
    ],
    ids=str,
)
def test_what_would_be_refused_again_is_not_retried(error, reason):
    """And the reason is said, also at the last attempt."""
    for attempt in (1, 6):
        decision = POLICY.decide(error, attempt, 0.5, False)
        assert isinstance(decision, GiveUp)
        assert reason in decision.reason


LOST = ConnectionClosed(1006, "")


@pytest.mark.parametrize(
    ("attempt", "dice", "delay_s"),
    [
        (1, 0.5, 0.5),
        (2, 0.5, 1.0),
        (3, 0.5, 2.0),
        (4, 0.5, 4.0),
        (5, 0.5, 8.0),
        (1, 0.0, 0.4),
        (1, 1.0, 0.6),
        (5, 0.0, 6.4),
        (5, 1.0, 9.6),
    ],
)
def test_pauses_double_and_are_shaken(attempt, dice, delay_s):
    """Observed {ILA}: half a second, doubled up to eight, 20 % either way."""
    assert POLICY.decide(LOST, attempt, dice, False) == Retry(pytest.approx(delay_s))


def test_after_the_last_attempt_it_gives_up():
    """Five in a row by default; a policy without any never begins."""
    assert POLICY.decide(LOST, 6, 0.5, False) == GiveUp("after 5 attempts")
    assert isinstance(Reconnect(attempts=0).decide(LOST, 1, 0.5, False), GiveUp)


def test_the_pause_stays_bounded_however_long_it_goes_on():
    """A patient policy is possible."""
    assert Reconnect(attempts=10**6).decide(LOST, 10**5, 0.5, False) == Retry(8.0)


@pytest.mark.parametrize(
    ("token_renewed", "renewable", "expected"),
    [
        (False, True, Retry(0.5, fresh_token=True)),
        (True, True, GiveUp("a fresh token was refused as well")),
        (False, False, GiveUp("the same key would be refused again")),
    ],
)
def test_401_is_retried_once_with_a_fresh_token(token_renewed, renewable, expected):
    """Observed {ILA}, behaviour.md 8.1: a token may have expired meanwhile; a key does not."""
    assert POLICY.decide(NotAllowed(401, ""), 1, 0.5, token_renewed, renewable=renewable) == expected


def test_only_401_asks_for_a_fresh_token():
    """Others get the one that there is."""
    assert POLICY.decide(Refused(503, ""), 1, 0.5, False) == Retry(0.5, fresh_token=False)


@pytest.mark.parametrize(
    ("status", "asked_s", "dice", "expected"),
    [
        (429, 10.0, 0.0, Retry(10.0)),
        (429, 10.0, 1.0, Retry(12.0)),
        (503, 0.1, 0.5, Retry(0.5)),
        (429, 60.0, 0.0, Retry(60.0)),
        (429, 3600.0, 0.0, GiveUp("the service asks to be left alone for 3600 s")),
        (404, 1.0, 0.0, GiveUp("HTTP 404 would be answered again")),
    ],
)
def test_retry_after_is_honoured(status, asked_s, dice, expected):
    """Never sooner than asked, and not for ever."""
    assert POLICY.decide(Refused(status, "", retry_after_s=asked_s), 1, dice, False) == expected


def test_its_events_can_stand_among_the_services():
    """A program that looks at ``type`` need not know them."""
    assert Reconnecting(1, 0.5, LOST).type == "client.reconnecting"
    assert Reconnected(1, 12, ("1 spoken turn without a transcript",)).type == "client.reconnected"
