"""The life of a response: asked for, created, cancelled, done. One at a time. Source: behaviour.md 3.5, 4."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from vlmock.protocol.response import (
    CancelledDetails,
    FailedDetails,
    IncompleteDetails,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    StatusDetails,
)
from vlmock.protocol.wire import UNSET, given
from vlmock.session import refusals
from vlmock.session.answering import call_by_call, idle_timeout
from vlmock.session.answering.input_items import check_new_id, join
from vlmock.session.answering.interim import bridged
from vlmock.session.answering.mcp_calls import check_answers, go_on
from vlmock.session.answering.mcp_tools import list_tools
from vlmock.session.answering.output_items import OutputItems, ReplyBrokenOff, TokenLimitReached
from vlmock.session.answering.performance import Performance
from vlmock.session.answering.rate_limits import rate_limits
from vlmock.session.answering.response_request import Context, context_of, pre_generated, response_of, turn_of
from vlmock.session.avatar.appearance import hush
from vlmock.session.conversation import usage
from vlmock.session.effects import Close
from vlmock.session.script import Close as CloseStep
from vlmock.session.script import Fail, Incomplete, Reply, Step
from vlmock.session.speaking.active_response import ActiveResponse, ResponseRequest
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Beat, Plot, SpeechFailed, Told
from vlmock.session.transitions import RESPONSE, ResponsePhase, moved

__all__ = ["answer", "interrupt", "request", "settle"]

_FIRST_CLOSING_SHARE = 0.25
"""Observed {NB04}: what is open is closed in the first quarter second of up to a second; the exact share is Assumed."""

Telling: TypeAlias = Iterator[Told]


def request(state: SessionState, params: ResponseCreateParams, additional_instructions: str) -> Telling:
    """The client asks for a response.

    Observed {VIBE, ILA}: refused while one is active or already asked for, and the refused request leaves no trace.
    Documented (schema B1): ``cancel_previous: true`` ends the active one first.
    """
    active, pending = state.response, state.requested
    if not _cancels_previous(state, params) and (
        busy := active or (None if pending is None or pending.automatic else pending)
    ):
        raise refusals.active_response(busy.id)
    yield from _append_items(state, params)
    asked = ResponseRequest(state.new_id("resp_"), params, additional_instructions)
    state.requested = replace(asked, then=_owed(pending)) if asked.is_aside else asked
    if active is not None and active.phase is ResponsePhase.IN_PROGRESS:
        interrupt(state, active, reason="client_cancelled")
    yield from settle(state)


def _cancels_previous(state: SessionState, params: ResponseCreateParams) -> bool:
    """Sources disagree about what holds where nothing is sent: ``readings.cancel_previous``."""
    match state.readings.cancel_previous:
        case "by_default":
            return given(params.cancel_previous, True)
        case "unknown" if params.cancel_previous is not UNSET:
            state.leniency.overlook(refusals.unexpected_member("response.cancel_previous"))
    return params.cancel_previous is True


def _owed(pending: ResponseRequest | None) -> ResponseRequest | None:
    """The answer to the user's turn that is asked for, now or after an aside."""
    return pending if pending is None or pending.automatic else pending.then


def answer(state: SessionState) -> Telling:
    """A spoken turn is over and asks for a response of its own, unless one that answers it is asked for already."""
    pending = state.requested
    if pending is None or (pending.is_aside and pending.then is None):
        own = ResponseRequest(state.new_id("resp_"), ResponseCreateParams(), automatic=True)
        state.requested = own if pending is None else replace(pending, then=own)
    yield from settle(state)


def settle(state: SessionState) -> Telling:
    """Create the response that is asked for, once nothing stands in its way.

    Observed {NB04}: the next response is created only after the cancelled one is done; while the user speaks on there
    is none, and one follows the last stretch. Assumed: what the client asks for does not wait for the user to finish.
    """
    asked = state.requested
    if asked is None or state.response is not None or state.untranscribed:
        return
    if asked.automatic and state.speaking is not None and not state.speaking.filler:
        return
    state.requested = asked.then
    idle_timeout.end(state)
    yield from _create(state, asked)


def interrupt(state: SessionState, response: ActiveResponse, *, reason: str) -> None:
    """End the response: nothing more of it is said, what is open is closed.

    ``reason``: Observed {FON}: ``turn_detected``. Assumed {OAI}: ``client_cancelled``.
    """
    response.phase = moved(RESPONSE, response.phase, "cancel")
    if response.story is not None:
        state.timeline.abandon(response.story)
    response.story = state.timeline.begin(_wind_up(state, response, reason))


def _wind_up(state: SessionState, response: ActiveResponse, reason: str) -> Plot:
    """Observed {NB04}: done events for what is open first, then ``response.done``."""
    began, lasts = state.now, state.seconds("cancel")
    yield from hush(state)
    yield At(began + lasts * _FIRST_CLOSING_SHARE)
    yield from OutputItems(state, response).close_all("incomplete")
    yield At(began + lasts)
    yield from _done(state, response, "cancelled", CancelledDetails(reason=reason))


def _append_items(state: SessionState, params: ResponseCreateParams) -> Telling:
    """Documented (schema B1): ``append_input_items`` join the conversation. Assumed: each is announced."""
    items = given(params.append_input_items, [])
    ids: set[str] = set()
    for place, item in enumerate(items):
        at = f"response.append_input_items[{place}]"
        if item.id in ids:
            raise refusals.duplicate_item_id(str(item.id), at=at)
        check_new_id(state, item.id, at=at)
        ids |= {item.id} if item.id else set()
    check_answers(state, items, at="response.append_input_items")
    for item in items:
        yield join(state, item)


def _create(state: SessionState, asked: ResponseRequest) -> Telling:
    """Observed {FON, PAI, NB04}: in progress, without output and usage."""
    throttled = _throttled(state)
    context = Context() if throttled else context_of(state, asked)  # what is not answered now is answered later
    turn = turn_of(state, asked, context)
    response = response_of(state, asked, turn.tools)
    if not asked.is_pre_generated:
        response.input_tokens = state.meter.input(turn.instructions, context.tally, context.answered)
    state.response = response
    state.responses += 1
    reply = throttled or pre_generated(asked) or call_by_call.take_up(state, asked, context) or state.script.reply(turn)
    steps = reply.steps if asked.is_aside or throttled else call_by_call.hold_back(state, reply)
    yield ResponseCreated(response=response.described("in_progress"))
    yield from rate_limits(state, requests=1)
    list_tools(state, turn.tools)
    response.story = state.timeline.begin(_perform(state, asked, response, steps, reply.interim))


def _throttled(state: SessionState) -> Reply | None:
    """Assumed {OAI}, behaviour 6: with all tokens of the minute spent the response fails, and the session goes on."""
    wait_s = state.tokens.wait_s(state.now) if state.tokens is not None else 0.0
    if not wait_s:
        return None
    message = f"Rate limit reached: the tokens of this minute are spent. Try again in {wait_s:.1f} seconds."
    return Reply((Fail(message, code="rate_limit_exceeded", type="rate_limit_error"),), origin="tokens_per_minute")


def _perform(
    state: SessionState, asked: ResponseRequest, response: ActiveResponse, reply: Sequence[Step], interim: str
) -> Plot:
    """A ``Close`` at the very end of a reply comes when the response is done."""
    steps = list(reply)
    farewell = steps.pop() if steps and isinstance(steps[-1], CloseStep) else None
    details: StatusDetails
    try:
        yield from bridged(state, asked, response, Performance(state, response, steps).plot(), interim)
    except TokenLimitReached:
        details = IncompleteDetails(reason="max_output_tokens")
    except ReplyBrokenOff as broken_off:
        details = _details(broken_off.ending)
    except SpeechFailed as failed_speech:
        details = _failed("server_error", "speech_synthesis_failed", str(failed_speech))
    else:
        yield from _done(state, response, "completed", None)
        if isinstance(farewell, CloseStep):
            yield Close(farewell.code, farewell.reason)
        return
    yield from OutputItems(state, response).close_all("incomplete")
    status = "incomplete" if isinstance(details, IncompleteDetails) else "failed"
    yield from _done(state, response, status, details)


def _details(ending: Fail | Incomplete) -> StatusDetails:
    """Assumed {OAI}: a content filter ends a response ``incomplete``, with what was said until then."""
    if isinstance(ending, Incomplete):
        return IncompleteDetails(reason=ending.reason)
    return _failed(ending.type, ending.code, ending.message)


def _failed(kind: str, code: str | None, message: str) -> FailedDetails:
    """Assumed {OAI}: what went wrong stands inside."""
    return FailedDetails(error={"type": kind, "code": code, "message": message})


def _shown(state: SessionState, status: str) -> str:
    """Observed {NB04}, one source: the first classic agents called every response cancelled."""
    agent = state.brain.agent
    first = agent is not None and agent.classic and not state.brain.reached("2025-10-01")
    return "cancelled" if first and state.readings.classic_agents == "cancelled" else status


def _done(state: SessionState, response: ActiveResponse, status: str, details: StatusDetails | None) -> Iterator[Beat]:
    """Observed {FON, PAI}, Documented (schema C): exactly one for each. Then whoever waited may have theirs."""
    response.phase = moved(RESPONSE, response.phase, status)
    state.response = None
    said_anything = bool(response.output) or status == "completed"
    spent = (
        usage.usage(
            response.input_tokens,
            output_text_tokens=response.output_text_tokens,
            output_audio_ms=response.output_audio_ms,
        )
        if said_anything
        else usage.NOTHING
    )
    if state.tokens is not None:
        state.tokens.take(state.now, spent.total_tokens)
    yield ResponseDone(response=response.described(_shown(state, status), details, usage=spent))
    yield from rate_limits(state, tokens=spent.total_tokens)
    if status == "completed":
        go_on(state, response)
    yield from settle(state)
    if state.response is None:
        idle_timeout.begin(state, settle)
