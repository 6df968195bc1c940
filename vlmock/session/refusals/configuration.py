"""A session that is not configured in time. Source: schema B2."""

from vlmock.session.refusals.envelope import INVALID_UPDATE, Refused, refused

__all__ = ["configuration_failed", "update_first"]


def update_first(event_type: str) -> Refused:
    """Observed (schema B2), {FON}: code and param, for any event before the first accepted update, mostly audio.
    Assumed: the words."""
    message = f"Expected 'session.update' as the first event, got '{event_type}'."
    return refused(message, code=INVALID_UPDATE, param="type")


def configuration_failed() -> Refused:
    """Observed (schema B2), {TROUB}: words, code and param, after five attempts; then close 1008."""
    message = "Session configuration failed after 5 attempts."
    return refused(message, code="max_config_attempts_exceeded", param="type")
