"""The last sentence and the exit code, for everything that can end a conversation."""

import pytest

from tests.client.service_says import error
from vlclient import errors
from vlclient.chat.endings import EXIT_CODES, exit_code, sentence, the_error
from vlclient.errors import (
    AudioUnavailable,
    ConfigurationError,
    ConnectionClosed,
    CouldNotReach,
    CredentialError,
    DeviceLost,
    NoAnswer,
    NotAllowed,
    ProtocolViolation,
    Refused,
    ServiceError,
    VoiceLiveError,
)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (ConfigurationError("no"), 2),
        (CouldNotReach("no"), 3),
        (NotAllowed(401, "no"), 4),
        (CredentialError("no"), 4),
        (Refused(404, "no"), 5),
        (ServiceError(error("invalid_model")), 5),
        (ConnectionClosed(1008, "no"), 5),
        (ConnectionClosed(1006, ""), 6),
        (AudioUnavailable("no"), 7),
        (DeviceLost("no"), 8),
        (NoAnswer("no"), 9),
        (ProtocolViolation("no"), 9),
        (KeyError("no"), 1),
        (VoiceLiveError("no"), 1),
    ],
)
def test_exit_codes(wrong, code):
    """Each kind has its own."""
    assert exit_code(wrong) == code


def test_every_kind_has_an_exit_code():
    """A new one must not look like a mistake of ours."""
    kinds = {getattr(errors, name) for name in errors.__all__} - {VoiceLiveError, errors.AudioError}
    assert kinds == set(EXIT_CODES)


def test_out_of_groups_comes_what_the_user_can_do_something_about():
    """Tasks that fail together fail as a group, in groups."""
    lost = DeviceLost("gone")
    assert the_error(ExceptionGroup("", [KeyError("x"), ExceptionGroup("", [lost])])) is lost
    bug = KeyError("x")
    assert the_error(ExceptionGroup("", [bug])) is bug
    assert the_error(bug) is bug


def noted(closed: ConnectionClosed) -> ConnectionClosed:
    closed.add_note("not dialled again: after 5 attempts")
    return closed


@pytest.mark.parametrize(
    ("wrong", "options", "expected"),
    [
        (CouldNotReach("could not reach x: no such host."), {}, "could not reach x: no such host"),
        (
            ServiceError(error("invalid_model")),
            {},
            "the service answered with an error [invalid_model]: No; choose another with --model",
        ),
        (
            ServiceError(error("odd", param="session.rate")),
            {},
            "the service answered with an error [odd]: No; it is about session.rate",
        ),
        (
            ConnectionClosed(1006, ""),
            {"reconnects": False},
            "the connection was closed with code 1006 (no reason given); with --reconnect it dials again by itself",
        ),
        (
            noted(ConnectionClosed(1006, "")),
            {"reconnects": True},
            "the connection was closed with code 1006 (no reason given); not dialled again: after 5 attempts",
        ),
        (ConnectionClosed(1003, "No text."), {}, "the connection was closed with code 1003 (No text.)"),
        (
            ConnectionClosed(1008, "Bad."),
            {"said_before": error("agent_initialization_failed")},
            "the connection was closed with code 1008 (Bad.); before that it said: No; "
            "check --agent-name and --project-name, and the roles of your identity",
        ),
        (
            ValueError("two\nlines\x1b"),
            {},
            "a mistake of this program (ValueError: two\\u000alines\\u001b); report it",
        ),
    ],
)
def test_the_sentence(wrong, options, expected):
    """What is wrong, and what to do; always one line."""
    assert sentence(wrong, **options) == expected
