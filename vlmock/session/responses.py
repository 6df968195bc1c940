"""The life of a response: asked for, created, cancelled, done. One at a time. Source: behaviour.md 3.5, 4."""

from collections.abc import Iterator
from typing import TypeAlias

from vlmock.protocol.response import (
    CancelledDetails,
    FailedDetails,
    IncompleteDetails,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    StatusDetails,
)
from vlmock.session import refusals, usage
from vlmock.session.active_response import ActiveResponse, ResponseRequest
from vlmock.session.output_items import OutputItems
from vlmock.session.performance import Performance, ReplyFailed
from vlmock.session.response_request import Cut, context_of, limited, pre_generated, response_of, token_limit, turn_of
from vlmock.session.script import Reply
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
    Documented (schema B1): ``cancel_previous: true`` ends the active one first; unset, it is refused as observed.
    """
    asked = ResponseRequest(state.new_id("resp_"), params, additional_instructions)
    active = state.response
    if active is not None and params.cancel_previous is True:
        state.requested = asked
        if active.phase is ResponsePhase.IN_PROGRESS:
            interrupt(state, active, reason="client_cancelled")
        return
    if active is not None or state.requested is not None:
        busy = active.id if active is not None else state.requested.response_id  # type: ignore[union-attr]
        raise refusals.active_response(busy)
    state.requested = asked
    yield from settle(state)


def answer(state: SessionState) -> Telling:
    """A spoken turn is over and asks for a response of its own.

    Observed {NB04}: not while the user speaks on; one response then follows the last stretch. Observed {NB04}: the
    next response is created only after the cancelled one is done.
    """
    if state.speaking is None and state.requested is None:
        state.requested = ResponseRequest(state.new_id("resp_"), ResponseCreateParams())
    yield from settle(state)


def settle(state: SessionState) -> Telling:
    """Create the response that is asked for, once nothing stands in its way."""
    asked = state.requested
    if asked is None or state.response is not None or state.untranscribed:
        return
    state.requested = None
    yield from _create(state, asked)


def interrupt(state: SessionState, response: ActiveResponse, *, reason: str) -> None:
    """End the response: nothing more of it is said, what is open is closed.

    ``reason``: ``turn_detected`` {FON, Observed} or ``client_cancelled`` {OAI, Assumed}.
    """
    response.phase = moved(RESPONSE, response.phase, "cancel")
    if response.story is not None:
        state.timeline.abandon(response.story)
    response.story = state.timeline.begin(_wind_up(state, response, reason))


def _wind_up(state: SessionState, response: ActiveResponse, reason: str) -> Plot:
    began, lasts = state.now, state.seconds("cancel")
    yield At(began + lasts * _FIRST_CLOSING_SHARE)
    yield from OutputItems(state, response).close_all("incomplete")
    yield At(began + lasts)
    yield from _done(state, response, "cancelled", CancelledDetails(reason=reason))


def _create(state: SessionState, asked: ResponseRequest) -> Telling:
    context = context_of(state, asked)
    turn = turn_of(state, asked, context)
    response = response_of(state, asked)
    if not asked.is_pre_generated:
        answered = frozenset(context.item_ids())
        response.input_tokens = state.meter.input(turn.instructions, state.history, answered)
    state.response = response
    state.responses += 1
    reply, cut = limited(pre_generated(asked) or state.script.reply(turn), token_limit(state, asked))
    yield ResponseCreated(response=response.described("in_progress"))
    response.story = state.timeline.begin(_perform(state, response, reply, cut))


def _perform(state: SessionState, response: ActiveResponse, reply: Reply, cut: Cut) -> Plot:
    try:
        yield from Performance(state, response, reply, breaks_off=cut is Cut.IN_WORDS).plot()
    except ReplyFailed as failed:
        error = {"type": failed.fail.type, "code": failed.fail.code, "message": failed.fail.message}
    except SpeechFailed as failed_speech:
        error = {"type": "server_error", "code": "speech_synthesis_failed", "message": str(failed_speech)}
    else:
        if cut is Cut.NOWHERE:
            yield from _done(state, response, "completed", None)
        else:
            yield from _done(state, response, "incomplete", IncompleteDetails(reason="max_output_tokens"))
        return
    yield from OutputItems(state, response).close_all("incomplete")
    yield from _done(state, response, "failed", FailedDetails(error=error))


def _done(state: SessionState, response: ActiveResponse, status: str, details: StatusDetails | None) -> Iterator[Beat]:
    """Exactly one ``response.done`` for each response. Then whoever waited may have theirs."""
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
    yield ResponseDone(response=response.described(status, details, usage=spent))
    yield from settle(state)
