"""What is no event, or has members that no event has. Sources: behaviour 6, schema B2."""

from collections.abc import Iterable

from vlmock.errors import did_you_mean
from vlmock.protocol.invalid_event import InvalidEvent, enumerate_in_prose
from vlmock.session.refusals.envelope import INVALID_UPDATE, Refused, code_for, invalid_value, refused
from vlmock.session.refusals.hints import hint_about
from vlmock.session.refusals.input_audio import invalid_audio

__all__ = [
    "from_invalid_event",
    "invalid_json",
    "malformed",
    "missing_member",
    "missing_type",
    "not_an_object",
    "out_of_range",
    "unexpected_member",
    "unknown_type",
    "wrong_enum",
    "wrong_type",
]


def from_invalid_event(invalid: InvalidEvent) -> Refused:
    """The refusal for a frame that is no event."""
    refusal = _refusal_of(invalid)
    refusal.hint = hint_about(invalid)
    return refusal


def _refusal_of(invalid: InvalidEvent) -> Refused:
    match invalid.kind:
        case "invalid_json":
            return invalid_json()
        case "not_an_object":
            return not_an_object(invalid.got)
        case "missing_type":
            return missing_type(invalid.allowed)
        case "unknown_type":
            return unknown_type(invalid.got, invalid.allowed)
        case "unknown_member":
            return unexpected_member(invalid.path)
        case "missing_member":
            return missing_member(invalid.path)
        case "wrong_type":
            return wrong_type(invalid.path, invalid.expected, invalid.got)
        case "invalid_base64":
            return invalid_audio("it is not base64", at=invalid.path)
        case "invalid_value":
            return _wrong_value(invalid.path, invalid.expected, invalid.got)


def invalid_json() -> Refused:
    """Assumed {OAI}: a frame that is not JSON."""
    return refused("We could not parse the JSON body of your event.", code="invalid_json")


def not_an_object(got: str) -> Refused:
    """Assumed: a frame of JSON that is not an object, in the style of {OAI}."""
    return refused(f"An event is an object, not {got}.", code="invalid_event")


def missing_type(event_types: Iterable[str]) -> Refused:
    """Assumed {OAI}: an event without a ``type``."""
    message = f"The event has no 'type'. Supported values are: {enumerate_in_prose(event_types)}."
    return refused(message, code="invalid_event", param="type")


def unknown_type(event_type: str, event_types: Iterable[str]) -> Refused:
    """Assumed {OAI}: an event of a type that the service does not know, or that came with a later api-version.
    ``event_type`` comes in its quotes."""
    message = f"Invalid value: {event_type}. Supported values are: {enumerate_in_prose(event_types)}."
    return invalid_value(message, "type")


def unexpected_member(path: str) -> Refused:
    """Observed {VIBE, IVW, GOV}: a member that the service does not know. Assumed: the code."""
    return refused(f"'{path}' unexpected (extra fields not permitted)", code=code_for(path), param=path)


def missing_member(path: str) -> Refused:
    """Assumed {OAI}: a member that has to be there is not. Observed (schema B2): the code of a session's object that
    does not say its type."""
    discriminator = path.startswith("session.") and path.endswith(".type")
    code = INVALID_UPDATE if discriminator else "missing_required_parameter"
    return refused(f"Missing required parameter: '{path}'.", code=code, param=path)


def wrong_type(path: str, expected: str, got: str) -> Refused:
    """Assumed {OAI}: a member has the wrong JSON type."""
    message = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    return refused(message, code="invalid_type", param=path)


def wrong_enum(path: str, allowed: Iterable[str], got: str) -> Refused:
    """Observed {IVW}: ``'session.voice' should be 'alloy', … or 'cedar', got 'onyx'``. Assumed: the code."""
    allowed = tuple(allowed)
    refusal = _wrong_value(path, enumerate_in_prose(allowed), f"'{got}'")
    refusal.hint = did_you_mean(got, allowed).strip(" ()")
    return refusal


def out_of_range(path: str, expected: str, got: float) -> Refused:
    """Observed {S09}: the update is rejected. Assumed: the words, in the style of ``wrong_enum``."""
    return _wrong_value(path, expected, str(got))


def _wrong_value(path: str, expected: str, got: str) -> Refused:
    return refused(f"'{path}' should be {expected}, got {got}", code=code_for(path), param=path)


def malformed(path: str, rule: str) -> Refused:
    """Observed (schema B2, D7): the code, and that the message begins so, for a phrase list where none may be."""
    return refused(f"Value error, {rule}", code=code_for(path), param=path)
