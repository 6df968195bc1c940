"""A way to be refused, and the events that rows of several families send."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.session.conftest import Dialogue

Sent = Mapping[str, Any] | str | Callable[[Dialogue], Mapping[str, Any] | None]
"""An event, a frame, or an event that is made of what has happened so far; None where only time passes."""
GENERAL = "invalid_request_error"
UPDATE = "invalid_session_update_message"
NEWEST = {"api_version": "2026-07-15"}
NATIVE = {"model": "gpt-realtime"}
AGENT = {"agent": True}


@dataclass(frozen=True)
class Case:
    """One way to be refused."""

    refusal: str
    """The function's name."""
    sends: tuple[Sent, ...]
    """In order; the last is refused."""
    message: str
    """``{item}`` stands for the id of the assistant's last item, ``{response}`` for that of the last response."""
    code: str | None = GENERAL
    param: str | None = None
    how: Mapping[str, Any] = field(default_factory=dict)
    """How the session is opened: arguments of ``Dialogue``."""


ANSWER = {"type": "response.create"}
