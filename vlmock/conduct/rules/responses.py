"""VL4xx: asking for responses."""

from collections.abc import Iterator
from typing import Final

from vlmock.conduct.case import Case
from vlmock.conduct.facts import Ending
from vlmock.conduct.rule import Severity, family, rule
from vlmock.protocol.response import ResponseCreate, ResponseCreateParams
from vlmock.protocol.wire import given

__all__ = ["RULES"]

_OWED_S: Final = 10.0
"""A turn that has had no answer for so long gets none."""
_SECOND_S: Final = 2.0
_AGAIN_S: Final = 5.0


@rule(
    "VL401",
    "one-response-at-a-time",
    Severity.ERROR,
    on=ResponseCreate,
    requirement="Ask for a response only when none is active and none is asked for.",
    explanation="The request is refused with conversation_already_has_active_response, and never gets a response.done: "
    "a client that waits for it waits for ever.",
    remedy="keep one gate: idle, requested, active; open it on response.done and on the error that refuses the request",
    source="Observed {VIBE, ILA}. Behaviour fact 9, 4.8, 8.1 (4), 8.2 (L04).",
)
def one_response_at_a_time(case: Case, event: ResponseCreate) -> Iterator[str]:
    if given(event.response, ResponseCreateParams()).cancel_previous is True:
        return
    active = case.answers.active
    if active is not None:
        if active.asked_for or not case.is_crossing(active.created_at):
            yield f"response.create while {active.id} is active"
    elif case.answers.requested:
        yield "response.create while another one has no answer"


@rule(
    "VL402",
    "wait-for-the-automatic-answer",
    Severity.ERROR,
    on=ResponseCreate,
    timed=True,
    requirement="Ask for no response between the end of a spoken turn and the response that the service gives it.",
    explanation="The service creates one by itself when its detector ends a turn: there are two answers, or one of the "
    "requests is refused.",
    remedy="treat input_audio_buffer.committed as a request of your own, or set create_response: false",
    source="Observed {VIBE, ILA}: one at a time. Behaviour 3.3, 8.1 (4), 8.2 (L04).",
)
def wait_for_the_automatic_answer(case: Case, event: ResponseCreate) -> Iterator[str]:
    owed_at = case.heard.owed_at
    if owed_at is None or case.answers.active is not None or case.answers.requested or case.is_crossing(owed_at):
        return
    if case.at - owed_at < _OWED_S:
        yield f"response.create {case.at - owed_at:.2f} s after a turn was committed that is answered by itself"


@rule(
    "VL403",
    "ask-again",
    Severity.ADVICE,
    on=Ending,
    timed=True,
    requirement="Repeat a request that was refused because another response was active.",
    explanation="The refused request leaves no trace: what it was for is never said.",
    remedy="keep the refused request and send it after response.done",
    source="Observed {VIBE, ILA}. Behaviour fact 9, 8.1 (6).",
)
def ask_again(case: Case, event: Ending) -> Iterator[str]:
    refused_at = case.answers.refused_request_at
    if refused_at is not None and event.at - refused_at > _AGAIN_S:
        yield "a response.create was refused because another response was active, and never sent again"


@rule(
    "VL404",
    "no-second-answer",
    Severity.WARNING,
    on=ResponseCreate,
    once=True,
    timed=True,
    requirement="Do not ask for a response to a turn that the service answers by itself.",
    explanation="With create_response on each spoken turn is answered: a request besides makes the assistant answer "
    "twice.",
    remedy="do not send response.create after speech_stopped or a transcript, or set create_response: false",
    source="Observed {FON, PAI}: the service's own response. Behaviour 3.3, 8.1 (4).",
)
def no_second_answer(case: Case, event: ResponseCreate) -> Iterator[str]:
    answers = case.answers
    if given(event.response, ResponseCreateParams()) != ResponseCreateParams():
        return
    answered = answers.active is None and answers.automatic and answers.well and not answers.fresh
    if not answered or answers.created_at is None:
        return
    if case.configured.answers_by_itself and case.at - answers.created_at < _SECOND_S:
        yield "response.create with nothing new since the service answered the user's turn by itself"


RULES: Final = family(globals())
