"""What a client owes the service and no server can see: how to see it all the same."""

from typing import Final

import msgspec

__all__ = ["UNSEEN", "Unseen"]


class Unseen(msgspec.Struct, frozen=True):
    """A duty that leaves nothing on the wire."""

    duty: str
    how: str
    """To test it."""
    source: str


UNSEEN: Final[tuple[Unseen, ...]] = (
    Unseen(
        "Give up when session.created or session.updated does not come.",
        "a scenario or function that never answers; the client has to fail within 30 s and 10 s",
        "Observed {FON, S03}. Behaviour 1.3, 8.1 (1).",
    ),
    Unseen(
        "Drop the deltas of an interrupted response that still arrive.",
        "interrupt while speech comes (`barge_in`), and tell the judge when the loudspeaker sounds (VL301)",
        "Observed {PIPE}. Behaviour 3.5, 8.1 (2).",
    ),
    Unseen(
        "Notice a request that was never answered.",
        "look at the client's own watchdog: five seconds after response.create with neither created nor error",
        "Observed {VIBE, ILA}. Behaviour 8.1 (4).",
    ),
    Unseen(
        "Find the event that an error is about by error.event_id, not by the outer event_id.",
        "have two requests refused at once, and look which of them the client reports",
        "Observed {FON, S14}. Behaviour 6, 8.2 (L14).",
    ),
    Unseen(
        "Keep transcripts by item_id; take empty, repeated and late ones.",
        "the scenario `misheard`, or `emit` a second transcript; look at what the client shows",
        "Observed {FON, PIPE}. Behaviour 3.3, 8.1 (7), 8.2 (L15).",
    ),
    Unseen(
        "Put fragmented frames together as bytes, and take messages of 16 MiB.",
        "conversation.item.retrieve of a long spoken item",
        "Observed {SDK, BANK, FON}. Behaviour 1.3, 8.1 (8).",
    ),
    Unseen(
        "Compare the echoed formats and rates with what was asked for.",
        "`emit` a session.updated with another rate, and look at what the client does",
        "Observed {SDKT}. Behaviour 2.2, 8.1 (9).",
    ),
    Unseen(
        "Make no use of deltas of 20 ms, of prefixes of ids, of a status, of an order.",
        "the same test with gpt-4.1 and gpt-realtime; who does not survive is found by VL654 to VL657",
        "Observed {FON, PAI, NB04}. Behaviour fact 1, 4.2, 8.2 (L15).",
    ),
    Unseen(
        "Wait 60 s before the next avatar, also in the next session.",
        "VL952 finds it within one server only",
        "Observed {VIBE}. Behaviour 4.12, 8.1 (12).",
    ),
)
