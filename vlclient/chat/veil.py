"""What nobody is shown, whoever says it: secrets, the run's own credential, what the user names with ``--redact``."""

import sys
import traceback
from collections.abc import Callable, Iterable
from typing import TypeAlias

from vlclient.chat.display import Display, Status, Who
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction

__all__ = ["Veil", "VeiledDisplay", "print_traceback", "veil_of"]

Veil: TypeAlias = Callable[[str], str]
"""Gives a text back with ``***`` in the place of each secret."""


def veil_of(*, endpoint: str | None, api_key: str | None, redact: Iterable[str]) -> Veil:
    """For a run that signs in with this key, or with one in the query of the endpoint. Tokens are known by their looks.

    Raises ValueError for a pattern that is none.
    """
    head = Head(made_by="", url=endpoint or "", request_headers=[("api-key", api_key or "")])
    return Redaction(redact).knowing(head).text


class VeiledDisplay:
    """Another display, which is told no secret."""

    def __init__(self, display: Display, veil: Veil) -> None:
        self._display, self._veil = display, veil
        self.status: Status = display.status
        self.is_live = display.is_live

    def line(self, who: Who, text: str) -> None:
        self._display.line(who, self._veil(text))

    def saying(self, item_id: str, who: Who, text: str) -> None:
        self._display.saying(item_id, who, self._veil(text))

    def said(self, item_id: str) -> None:
        self._display.said(item_id)

    def refresh(self) -> None:
        self._display.refresh()

    def close(self) -> None:
        self._display.close()


def print_traceback(error: BaseException, veil: Veil) -> None:
    """On standard error."""
    print(veil("".join(traceback.format_exception(error))), end="", file=sys.stderr)
