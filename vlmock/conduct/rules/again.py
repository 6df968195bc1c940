"""VL90x: coming back after a connection was lost or refused."""

import itertools
from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Opened, Turnaway
from vlmock.conduct.knowledge.configured import members_of
from vlmock.conduct.notes import HASTY
from vlmock.conduct.rule import Severity, family, rule
from vlmock.conduct.rules.session import dropped_settings
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemDelete,
    ConversationItemRetrieve,
    ConversationItemTruncate,
)
from vlmock.protocol.items import RequestFunctionCallOutput
from vlmock.protocol.response import ResponseCreate, ResponseCreated
from vlmock.protocol.wire import given

__all__ = ["RULES"]

_POLICY_VIOLATION: Final = 1008
_UNAUTHORIZED: Final = 401
_AT_ONCE_S: Final = 0.2
_ATTEMPTS: Final = 3
_IF_THE_SAME: Final = " (if this is the same client: two of one program look alike)"
"""Program, model and time say who comes back. Nothing on the wire tells two clients apart that run on one machine with
one key: their address is the same. Ids alone are certain."""


@rule(
    "VL901",
    "greet-once",
    Severity.ERROR,
    on=ResponseCreate,
    requirement="Do not greet again after a reconnect.",
    explanation="The user has been greeted, and hears in the middle of a conversation that it begins.",
    remedy="remember that the greeting was given; after a reconnect send settings and history only",
    source="Observed: openclaw/openclaw pull 99088. Behaviour 8.1 (10), 8.2 (L16).",
)
def greet_once(case: Case, event: ResponseCreate) -> Iterator[str]:
    lost = case.lost
    if lost is None or lost.greeting is None or not lost.answers.created:
        return
    nothing_said = not (case.answers.created or case.answers.requested or case.items.turns)
    if nothing_said and (event.response, event.additional_instructions) == (
        lost.greeting.response,
        lost.greeting.additional_instructions,
    ):
        yield f"the greeting of connection {lost.number} was asked for again{_IF_THE_SAME}"


@rule(
    "VL902",
    "history-is-gone",
    Severity.ERROR,
    on=(ConversationItemCreate, ConversationItemTruncate, ConversationItemDelete, ConversationItemRetrieve),
    requirement="Do not name items or calls of an earlier connection.",
    explanation="A new connection is a new session: nothing of the old one is there, and the event is refused or "
    "without effect.",
    remedy="forget ids when the connection is lost; bring the history along as new items",
    source="Documented {DOC}, Observed. Behaviour 1.4, 8.1 (10), 8.2 (L16).",
)
def history_is_gone(case: Case, event: object) -> Iterator[str]:
    if case.facts.agent:
        return
    if isinstance(event, ConversationItemCreate):
        named = given(event.previous_item_id, "")
        if isinstance(event.item, RequestFunctionCallOutput):
            call_id = event.item.call_id
            known = call_id in case.calls.by_id or call_id in case.calls.earlier
            if not known and any(call_id in before.calls.by_id for before in case.earlier):
                yield f"an output for the call {call_id} of an earlier connection"
    else:
        named = getattr(event, "item_id", "")
    if named and named not in case.items.seen and any(named in before.items.seen for before in case.earlier):
        yield f"{getattr(event, 'type', '')} names {named}, an item of an earlier connection"


@rule(
    "VL903",
    "bring-the-history",
    Severity.ADVICE,
    on=ResponseCreated,
    once=True,
    requirement="Bring what was said along to a new connection.",
    explanation="No history survives: the assistant does not know what the user has told it.",
    remedy="after session.updated add the earlier messages with conversation.item.create",
    source="Documented {DOC}, Observed. Behaviour 1.4, 8.1 (10), 8.2 (L16).",
)
def bring_the_history(case: Case, event: ResponseCreated) -> Iterator[str]:
    lost = case.lost
    if lost is not None and lost.items.turns and not case.facts.agent and case.items.brought <= 1 >= case.items.turns:
        yield f"connection {lost.number} had {lost.items.turns} turns; nothing of them was brought along{_IF_THE_SAME}"


@rule(
    "VL904",
    "stay-away-after-1008",
    Severity.ERROR,
    on=Opened,
    requirement="Do not dial again after close 1008.",
    explanation="It says that configuration or agent are wrong: the next attempt fails in the same way, and the one "
    "after it.",
    remedy="treat 1008 (and 1003, 1010) as final, and tell somebody",
    source="Observed {TROUB, ILA}. Behaviour 1.5, 8.1 (10).",
)
def stay_away_after_1008(case: Case, event: Opened) -> Iterator[str]:
    lost = case.lost
    if lost is not None and lost.ending is not None and lost.ending.code == _POLICY_VIOLATION:
        yield f"dialled again after connection {lost.number} was closed with 1008{_IF_THE_SAME}"


@rule(
    "VL905",
    "fresh-token-after-401",
    Severity.ERROR,
    on=Turnaway,
    requirement="After HTTP 401 come back with a new token, or not at all.",
    explanation="The same credential is refused again.",
    remedy="ask the credential for a new token before each attempt; end with a clear message when it is a key",
    source="Observed {DAN, VIBE}. Behaviour 1.2, 8.1 (10).",
)
def fresh_token_after_401(case: Case, event: Turnaway) -> Iterator[str]:
    if event.status == _UNAUTHORIZED and event.same_credential:
        yield f"HTTP 401 again for the very same credential{_IF_THE_SAME}"


@rule(
    "VL906",
    "back-off",
    Severity.WARNING,
    on=Turnaway,
    requirement="Wait longer before each further attempt to connect.",
    explanation="Attempts without a pause use up the quota of new connections, and keep a service down that comes up.",
    remedy="wait 0.5 s, then twice as long each time up to 8 s, with some jitter; obey Retry-After",
    source="Observed {ILA}: a mature client. Behaviour 1.4, 1.5, 8.1 (10).",
)
def back_off(case: Case, event: Turnaway) -> Iterator[str]:
    times = [*(turnaway.at for turnaway in case.turned_away if turnaway.status != 404), event.at][-_ATTEMPTS:]
    hasty = all(later - earlier < _AT_ONCE_S for earlier, later in itertools.pairwise(times))
    if len(times) == _ATTEMPTS and hasty and not case.notes[HASTY]:
        case.notes[HASTY] += 1
        yield f"{_ATTEMPTS} attempts to connect in {times[-1] - times[0]:.2f} s, each after a refusal{_IF_THE_SAME}"


@rule(
    "VL907",
    "configure-again",
    Severity.WARNING,
    on=ResponseCreated,
    once=True,
    requirement="Send the whole configuration to a new connection.",
    explanation="A new session has the defaults of the service: another voice, no tools, other instructions.",
    remedy="keep the session object, with all that was changed later, and send it first",
    source="Observed {ILA, FON}. Behaviour 8.1 (10).",
)
def configure_again(case: Case, event: ResponseCreated) -> Iterator[str]:
    lost = case.lost
    if lost is None or case.answers.created:
        return
    asked, default = case.configured.asked, members_of(case.configured.at_connect)
    if dropped := dropped_settings(lost.configured.asked, asked, default):
        what = f"{', '.join(dropped)}, set in connection {lost.number}"
        yield f"{what}, not sent again before the first response{_IF_THE_SAME}"


RULES: Final = family(globals())
