"""What every refusal is made of. The only place that builds ``ErrorDetails`` for a client's mistake."""

from vlmock.protocol.errors import ErrorDetails

__all__ = ["INVALID_REQUEST", "INVALID_UPDATE", "Refused", "code_for", "invalid_value", "refused"]

INVALID_REQUEST = "invalid_request_error"
INVALID_UPDATE = "invalid_session_update_message"
"""Observed (schema B2): the code of an update that has the wrong shape."""


class Refused(Exception):
    """The client's event is refused; ``details`` go into the ``error`` event, ``hint`` into the journal."""

    def __init__(self, details: ErrorDetails, *, hint: str = "") -> None:
        self.details = details
        self.hint = hint
        """What may have been meant, in words that the service does not have."""
        super().__init__(details.message)


def refused(message: str, *, code: str = INVALID_REQUEST, param: str | None = None, hint: str = "") -> Refused:
    """Assumed: ``type`` is ``invalid_request_error``, and a ``code`` that no source names repeats it, as {FON} saw."""
    details = ErrorDetails(type=INVALID_REQUEST, code=code, message=message, param=param, event_id=None)
    return Refused(details, hint=hint)


def invalid_value(message: str, param: str) -> Refused:
    """About a member whose value cannot be meant. Whoever makes it says how well that is known."""
    return refused(message, code="invalid_value", param=param)


def code_for(path: str) -> str:
    """The code of a wrong member. Observed (schema B2): updates have one of their own."""
    return INVALID_UPDATE if path.startswith("session") else INVALID_REQUEST
