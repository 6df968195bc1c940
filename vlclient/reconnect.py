"""Whether a lost connection is worth dialling again, and when. Decides only; it neither waits nor dials.

Observed {ILA}, behaviour.md 1.5 and 8.1: what a mature client does. Everything is tried again except what would be
refused again; the pause doubles from half a second to eight, with jitter, so that many clients that lost their
connections at once do not all come back at once.
"""

from typing import TypeAlias

import msgspec

from vlclient.errors import (
    ConnectionClosed,
    CouldNotReach,
    CredentialError,
    NoAnswer,
    Refused,
    VoiceLiveError,
)

__all__ = ["Decision", "GiveUp", "Reconnect", "Reconnected", "Reconnecting", "Retry"]

NOT_RETRIED_CLOSES: dict[int, str] = {
    1000: "the service ended the conversation",  # Observed {ILA}
    1003: "the service does not take what was sent",  # Observed {ILA}
    1008: "the service does not allow this configuration",  # Observed {TROUB}: an agent or session set up wrongly
    1010: "the service lacks an extension that was asked for",  # Observed {ILA}
}
"""All other closes are retried: 1001 means that the service went away or the session expired, 1006 that the network
was lost, 1011 that the service failed, and codes unknown here say nothing against it."""

RETRIED_STATUSES = frozenset({408, 429})
"""Assumed, as in HTTP at large: these and 5xx may be better later. 400 and 404 (a wrong address, version or model) and
redirects (Documented {SDK}: treated as an error) stay as they are."""


# ---- what is decided


class Retry(msgspec.Struct, frozen=True):
    """Dial again."""

    delay_s: float
    """After so long."""
    fresh_token: bool = False
    """Fetch a new token first: the service did not take the one we had."""


class GiveUp(msgspec.Struct, frozen=True):
    """It is no use."""

    reason: str
    """Why, to be put behind the error in one sentence."""


Decision: TypeAlias = Retry | GiveUp


# ---- what the caller is told, among the events of the service


class Reconnecting(msgspec.Struct, frozen=True):
    """The connection is lost; it will be dialled again."""

    attempt: int
    """From 1; begins anew once a session has lasted ``longest_delay_s``."""
    delay_s: float
    """So long from now."""
    cause: VoiceLiveError
    """What ended the connection, or the attempt before."""

    @property
    def type(self) -> str:
        """Like the events of the service; none of those begins with ``client``."""
        return "client.reconnecting"


class Reconnected(msgspec.Struct, frozen=True):
    """The conversation goes on in a new session, set up as the old one was."""

    attempt: int
    """The one that succeeded."""
    replayed_items: int
    """So much of the conversation the service knows again."""
    lost: tuple[str, ...] = ()
    """What it does not know again, and what was under way, in words."""

    @property
    def type(self) -> str:
        """Like the events of the service; none of those begins with ``client``."""
        return "client.reconnected"


# ---- the policy


class Reconnect(msgspec.Struct, frozen=True, kw_only=True):
    """How patient to be with a connection that was lost. Observed {ILA}: the defaults."""

    attempts: int = 5
    """In a row without success; 0 never reconnects."""
    first_delay_s: float = 0.5
    factor: float = 2.0
    """Each pause is so much longer than the one before."""
    longest_delay_s: float = 8.0
    jitter: float = 0.2
    """Pauses differ from that by up to this share, either way."""
    longest_wait_s: float = 60.0
    """A service that asks to be left alone for longer than this (``Retry-After``) is not waited for."""

    def decide(
        self, error: VoiceLiveError, attempt: int, dice: float, token_renewed: bool, *, renewable: bool = True
    ) -> Decision:
        """What to do about the error that ended a connection or an attempt.

        ``attempt`` numbers the one that would follow, from 1. ``dice`` is from 0 to 1. ``token_renewed``: a fresh token
        was fetched since the last session was up. ``renewable``: the credential is one that gives tokens; a key is not.
        """
        if reason := _why_not(error):
            return GiveUp(reason)
        unauthorised = isinstance(error, Refused) and error.status == 401
        if unauthorised and not renewable:
            return GiveUp("the same key would be refused again")
        if unauthorised and token_renewed:
            return GiveUp("a fresh token was refused as well")
        if attempt > self.attempts:
            return GiveUp(f"after {self.attempts} attempts")
        asked_s = (error.retry_after_s or 0.0) if isinstance(error, Refused) else 0.0
        if asked_s > self.longest_wait_s:
            return GiveUp(f"the service asks to be left alone for {asked_s:.0f} s")
        # never sooner than asked, and not all at the same moment either
        delay_s = max(self._pause_s(attempt, dice), asked_s * (1 + self.jitter * dice))
        return Retry(delay_s, fresh_token=unauthorised)

    def _pause_s(self, attempt: int, dice: float) -> float:
        pause_s = self.first_delay_s
        for _ in range(attempt - 1):  # not a power, which could overflow before it is capped
            pause_s = min(pause_s * self.factor, self.longest_delay_s)
        return min(pause_s, self.longest_delay_s) * (1 + self.jitter * (2 * dice - 1))


def _why_not(error: VoiceLiveError) -> str | None:
    """Why a retry cannot help, whatever the attempt; None where it may."""
    match error:
        case ConnectionClosed():
            return NOT_RETRIED_CLOSES.get(error.code)
        case Refused():
            # 401 may get better with a fresh token, Observed {ILA}; 403 lacks a role, which takes minutes, {TROUB}
            may_help = error.status == 401 or error.status in RETRIED_STATUSES or error.status >= 500
            return None if may_help else f"HTTP {error.status} would be answered again"
        case CouldNotReach():
            return "its certificate would not become right" if _is_about_a_certificate(error) else None
        case NoAnswer():
            return None  # Observed {FON, S03}: a handshake that hung; the next one did not
        case CredentialError():
            return None  # Assumed: it gave tokens before, so the same network that was lost may be what it lacks
        case _:
            return "the same would happen again"


def _is_about_a_certificate(error: BaseException) -> bool:
    """By name along the chain of causes: nothing here may import ``ssl``."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if any(kind.__name__ in ("SSLCertVerificationError", "CertificateError") for kind in type(cause).__mro__):
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False
