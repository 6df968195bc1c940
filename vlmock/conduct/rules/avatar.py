"""VL95x: the avatar's picture."""

import binascii
import json
from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Refusal
from vlmock.conduct.rule import Seen, Severity, family, refused, rule
from vlmock.protocol.avatar import SessionAvatarConnect
from vlmock.protocol.wire import given

__all__ = ["RULES"]


@rule(
    "VL951",
    "one-offer",
    Severity.ERROR,
    on=Refusal,
    requirement="Connect the avatar once in a session.",
    explanation="A second offer is refused while the first connection is healthy, and counts against the limit.",
    remedy="renegotiate nothing; for a new picture open a new session",
    source="Observed {VIBE}. Behaviour 4.12, 8.1 (12), 8.2 (L20).",
)
def one_offer(case: Case, event: Refusal) -> Iterator[Seen]:
    if isinstance(event.culprit, SessionAvatarConnect) and "in connected state" in event.details.message:
        yield Seen("a second session.avatar.connect while the first connection is healthy", event.entry, event.at)


@rule(
    "VL952",
    "two-avatars-a-minute",
    Severity.ERROR,
    on=Refusal,
    requirement="Connect avatars at most twice a minute.",
    explanation="The third within 60 seconds is refused, whichever session it is of.",
    remedy="wait 60 s before the next attempt; the error says how many are left",
    source="Observed {VIBE}, Documented {DOC}. Behaviour 1.4, 4.12, 8.1 (12), 8.2 (L20).",
)
def two_avatars_a_minute(case: Case, event: Refusal) -> Iterator[Seen]:
    if isinstance(event.culprit, SessionAvatarConnect) and "rate-limited" in event.details.message:
        yield refused("session.avatar.connect was refused", event)


@rule(
    "VL953",
    "configure-the-avatar-first",
    Severity.ERROR,
    on=SessionAvatarConnect,
    requirement="Connect the avatar after the session.updated that has one.",
    explanation="Two session.updated come: only the second has the avatar and the ICE servers that the offer needs.",
    remedy="wait for the session.updated whose avatar has ice_servers, then make the offer with them",
    source="Observed {VIBE}. Behaviour 2.2, 4.12.",
)
def configure_the_avatar_first(case: Case, event: SessionAvatarConnect) -> Iterator[str]:
    if given(case.configured.now.avatar, None) is None:
        yield "session.avatar.connect before any session.updated with an avatar"


@rule(
    "VL954",
    "whole-offer",
    Severity.WARNING,
    on=SessionAvatarConnect,
    requirement="Send an offer that has its candidates.",
    explanation="The offer is one shot, there is no trickle: without candidates no picture ever comes.",
    remedy="wait until a relay candidate is in the local description (not for the end of gathering), then send it",
    source="Observed {S03, TAK}. Behaviour 4.12, 8.1 (12).",
)
def whole_offer(case: Case, event: SessionAvatarConnect) -> Iterator[str]:
    try:
        sdp = json.loads(binascii.a2b_base64(event.client_sdp))["sdp"]
    except (ValueError, LookupError, TypeError):
        return
    if "m=" in str(sdp) and "a=candidate:" not in str(sdp):
        yield "the offer has no candidate"


RULES: Final = family(globals())
