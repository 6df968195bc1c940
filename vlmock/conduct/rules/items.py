"""VL6xx: items of the conversation, and whatever else was refused."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Refusal
from vlmock.conduct.notes import REFUSED_BINARY
from vlmock.conduct.rule import Seen, Severity, family, refused, rule
from vlmock.protocol.codec import InvalidEvent
from vlmock.session.effects import Remark

__all__ = ["LAST", "RULES"]

_NO_SUCH_ITEM: Final = frozenset({"item_delete_invalid_item_id", "item_retrieve_invalid_item_id"})
_NO_SUCH_PREVIOUS: Final = frozenset({"item_create_invalid_previous_item_id", "item_not_found"})
_BENIGN: Final = frozenset(
    {"response_cancel_not_active", "conversation_already_has_active_response", "item_already_truncated"}
)
"""Both sides may have spoken at once (behaviour 8.1 (6)); where they have not, other rules say so."""


@rule(
    "VL601",
    "nothing-refused",
    Severity.ERROR,
    on=(Refusal, Remark),
    requirement="Send nothing that the service refuses.",
    explanation="What is refused has no effect at all, and most clients do not notice.",
    remedy="read what error.message, error.param and error.event_id say, and mend the event",
    source="Observed {FON, S14, VIBE}. Behaviour 6, 8.2 (L14).",
)
def nothing_refused(case: Case, event: Refusal | Remark) -> Iterator[str | Seen]:
    """What no other rule has a word for. It looks last."""
    if isinstance(event, Remark):
        if event.kind == "overlooked" and not case.judged:
            yield f"only a lenient server takes it: {event.message}"
    elif case.notes[REFUSED_BINARY]:
        case.notes[REFUSED_BINARY] -= 1
    elif not event.judged and not case.found_now and event.code not in _BENIGN:
        culprit = event.culprit
        wire_type = culprit.event_type if isinstance(culprit, InvalidEvent) else culprit.type
        yield refused(f"{wire_type} was refused", event)


@rule(
    "VL602",
    "known-item",
    Severity.WARNING,
    on=Refusal,
    requirement="Delete and retrieve only items that are there.",
    explanation="Items may vanish when the user interrupts; a client that takes the refusal for a failure ends a good "
    "conversation.",
    remedy="remember conversation.item.created and .deleted, and shrug off the refusal",
    source="Observed {BANK}. Behaviour 5.",
)
def known_item(case: Case, event: Refusal) -> Iterator[Seen]:
    if event.code in _NO_SUCH_ITEM and not event.judged:
        yield refused("an item was not there", event)


@rule(
    "VL603",
    "new-item-id",
    Severity.ERROR,
    on=Refusal,
    requirement="Give each item an id of its own, or none.",
    explanation="The second item of an id is refused and missing from the conversation.",
    remedy="leave item.id out, or make it unique in the session",
    source="Assumed {OAI}. Behaviour 5.",
)
def new_item_id(case: Case, event: Refusal) -> Iterator[Seen]:
    if event.param == "item.id" and not event.judged:
        yield refused("an item was refused", event)


@rule(
    "VL604",
    "known-previous-item",
    Severity.ERROR,
    on=Refusal,
    requirement="Insert items behind items that are there.",
    explanation="The item is refused and missing from the conversation.",
    remedy="leave previous_item_id out to append; wait for conversation.item.created of the item before",
    source="Documented {DOC}, Assumed {OAI}: the codes. Behaviour 5.",
)
def known_previous_item(case: Case, event: Refusal) -> Iterator[Seen]:
    if event.code in _NO_SUCH_PREVIOUS and not event.judged:
        yield refused("an item was refused", event)


LAST: Final = (nothing_refused,)
RULES: Final = tuple(rule for rule in family(globals()) if rule not in LAST)
