"""The life of a response: asked for, created, cancelled, done. One at a time. Source: behaviour.md 3.5, 4."""

from collections.abc import Iterator
from typing import TypeAlias

from vlmock.protocol.audio_format import output_format
from vlmock.protocol.items import RequestItem
from vlmock.protocol.response import (
    CancelledDetails,
    FailedDetails,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    StatusDetails,
)
from vlmock.protocol.wire import UnsetType, given
from vlmock.session import refusals, usage
from vlmock.session.active_response import ActiveResponse, ResponseRequest
from vlmock.session.defaults import filled_voice
from vlmock.session.input_items import item_from_request, turn_input
from vlmock.session.output_items import OutputItems
from vlmock.session.performance import Performance, ReplyFailed
from vlmock.session.script import Reply, ToolOutput, Turn, UserInput
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
    for item in given(asked.params.append_input_items, []):
        _take_in(state, state.user_inputs, state.tool_outputs, item, remember=True)
    turn = _turn(state, asked)
    response = _active_response(state, asked)
    answered = frozenset(entry.item_id for entry in turn.user)
    response.input_tokens = state.meter.input(turn.instructions, state.history, answered)
    state.response = response
    state.responses += 1
    state.user_inputs.clear()
    state.tool_outputs.clear()
    reply = state.script.reply(turn)
    yield ResponseCreated(response=response.described("in_progress"))
    response.story = state.timeline.begin(_perform(state, response, reply))


def _perform(state: SessionState, response: ActiveResponse, reply: Reply) -> Plot:
    try:
        yield from Performance(state, response, reply).plot()
    except ReplyFailed as failed:
        error = {"type": failed.fail.type, "code": failed.fail.code, "message": failed.fail.message}
    except SpeechFailed as failed_speech:
        error = {"type": "server_error", "code": "speech_synthesis_failed", "message": str(failed_speech)}
    else:
        yield from _done(state, response, "completed", None)
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


def _turn(state: SessionState, asked: ResponseRequest) -> Turn:
    params, settings = asked.params, state.settings
    user_inputs, tool_outputs = state.user_inputs, state.tool_outputs
    if isinstance(params.input_items, list):  # Documented (schema B1): replaces the context; [] is an empty one
        user_inputs, tool_outputs = [], []
        for item in params.input_items:
            _take_in(state, user_inputs, tool_outputs, item, remember=False)
    instructions = given(params.instructions, given(settings.instructions, ""))
    return Turn(
        number=state.responses + 1,
        user=tuple(user_inputs),
        tool_outputs=tuple(tool_outputs),
        session=settings,
        instructions=" ".join(filter(None, (instructions, asked.additional_instructions))),
        tools=tuple(given(params.tools, given(settings.tools, []))),
        tool_choice=params.tool_choice or settings.tool_choice or "auto",
        history=tuple(entry.item for entry in state.history),
        metadata=given(params.metadata, {}),
    )


def _take_in(
    state: SessionState,
    user_inputs: list[UserInput],
    tool_outputs: list[ToolOutput],
    request: RequestItem,
    *,
    remember: bool,
) -> None:
    """Context that comes with a response instead of through the conversation. Documented (schema B1)."""
    item = item_from_request(request, request.id if isinstance(request.id, str) else state.ids.make("item_"))
    if remember:
        state.history.add(item)
    match turn_input(item, request, state.history):
        case UserInput() as said:
            user_inputs.append(said)
        case ToolOutput() as returned:
            tool_outputs.append(returned)


def _active_response(state: SessionState, asked: ResponseRequest) -> ActiveResponse:
    """What the session's settings and the request's own make of a response."""
    params, settings, pipeline = asked.params, state.settings, state.pipeline
    format_name = given(params.output_audio_format, given(settings.output_audio_format, "pcm16"))
    limit = _limit(params.max_output_tokens) or _limit(params.max_response_output_tokens)
    voice = given(settings.voice, None) if not params.voice else filled_voice(params.voice)
    out_of_band = given(params.conversation, "auto") == "none"
    if limit is None and pipeline.echoes_output_format:
        limit = _limit(settings.max_response_output_tokens) or "inf"
    conversation_id = state.conversation_id if pipeline.has_conversation_id else ""
    return ActiveResponse(
        id=asked.response_id,
        after_item_id=state.history.last_id,
        in_conversation=not out_of_band and given(params.commit, True),
        modalities=list(given(params.modalities, given(settings.modalities, ["text", "audio"]))),
        voice=voice,
        audio_format=output_format(format_name),
        output_audio_format=format_name if pipeline.echoes_output_format else None,
        temperature=given(params.temperature, pipeline.temperature_in_session),
        max_output_tokens=limit,
        metadata=given(params.metadata, None),
        conversation_id=None if out_of_band else conversation_id,
        input_tokens=usage.NOTHING.input_token_details,
    )


def _limit(sent: int | str | UnsetType | None) -> int | str | None:
    return None if isinstance(sent, UnsetType) else sent
