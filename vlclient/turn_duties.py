"""What is done about each event of the service; one function each, found by the class of the event.

A duty changes what is remembered and returns what follows from it alone. Whether a response can be asked for now is
looked at after each event, so no duty sends a ``response.create``.
"""

from collections.abc import Callable, Sequence
from typing import Any

from vlclient.audio.ports import Part
from vlclient.commands import Command, Play, RunTool, StopPlayback
from vlclient.turn_state import TurnRules, TurnState
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDeleted,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import ErrorEvent
from vlmock.protocol.input_audio import (
    InputAudioBufferCleared,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
)
from vlmock.protocol.items import FunctionCallItem, FunctionCallOutputItem, MessageItem
from vlmock.protocol.output import (
    ResponseAnimationBlendshapesDelta,
    ResponseAnimationVisemeDelta,
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTimestampDelta,
    ResponseAudioTranscriptDelta,
    ResponseTextDelta,
)
from vlmock.protocol.response import (
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.session import SessionCreated, SessionUpdated
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import UnsetType, given

__all__ = ["DUTIES", "LATE_DELTAS"]

LATE_DELTAS = (
    ResponseAudioDelta,
    ResponseAudioTranscriptDelta,
    ResponseTextDelta,
    ResponseAudioTimestampDelta,
    ResponseAnimationVisemeDelta,
    ResponseAnimationBlendshapesDelta,
)
"""What is dropped of an interrupted response. Its done events are shown: they say that it is over."""


# ---- the session


def _on_session(state: TurnState, event: SessionCreated | SessionUpdated) -> list[Command]:
    state.rules = TurnRules.of(event.session)
    state.output_format = given(event.session.output_audio_format, "pcm16")
    if not state.rules.answers:
        state.gate.no_answer_owed()
    if isinstance(event, SessionUpdated):
        state.ready, state.update_under_way = True, None
    return []


def _on_error(state: TurnState, event: ErrorEvent) -> list[Command]:
    """Observed (behaviour.md 6): an error ends one request, not the conversation."""
    error = event.error
    state.gate.refused(error, state.now)
    culprit, param = given(error.event_id, ""), given(error.param, "")
    if culprit == state.update_under_way or (not culprit and param.startswith("session")):
        state.update_under_way = None
    if given(error.code, "") == "input_audio_buffer_commit_empty":
        state.commits_by_hand = max(0, state.commits_by_hand - 1)
    return []


# ---- the user's turn


def _on_speech_started(state: TurnState, event: InputAudioBufferSpeechStarted) -> list[Command]:
    """Behaviour.md 8.1, 2. Documented {DOC}: ``interrupt_response: false`` lets the reply go on."""
    if state.rules.answers:
        state.gate.user_began(state.now)
    if not state.rules.interrupts:
        return []
    state.break_off(by_client=False)
    return [StopPlayback()]


def _on_turn_over(
    state: TurnState, event: InputAudioBufferSpeechStopped | InputAudioBufferTimeoutTriggered
) -> list[Command]:
    if state.rules.answers:
        state.gate.user_ended(state.now)
    return []


def _on_committed(state: TurnState, event: InputAudioBufferCommitted) -> list[Command]:
    """Observed {SDKT}: a commit by hand starts no response."""
    if state.commits_by_hand:
        state.commits_by_hand -= 1
        state.gate.no_answer_owed()
    elif state.rules.answers:
        state.gate.user_ended(state.now)
    return []


def _on_transcription(state: TurnState, event: Any) -> list[Command]:
    state.gate.answer_comes_nearer(state.now)
    return []


def _on_cleared(state: TurnState, event: InputAudioBufferCleared) -> list[Command]:
    """What the user was saying is forgotten. A turn that was over is answered all the same."""
    if state.gate.user_speaks:
        state.gate.no_answer_owed()
    return []


# ---- items


def _on_item_created(state: TurnState, event: ConversationItemCreated) -> list[Command]:
    item = event.item
    if isinstance(item, FunctionCallOutputItem):
        state.rounds.confirmed(item)
    elif isinstance(item, MessageItem) and item.role == "user":
        state.gate.answer_comes_nearer(state.now)
    if not isinstance(item, UnsetType):
        state.parts.announced(item.id)
    return []


def _on_item_closed(state: TurnState, event: ConversationItemTruncated | ConversationItemDeleted) -> list[Command]:
    state.parts.closed(event.item_id)
    if isinstance(event, ConversationItemDeleted):
        state.rounds.deleted(event.item_id)
        state.go_on()
    return []


# ---- responses


def _on_response_created(state: TurnState, event: ResponseCreated) -> list[Command]:
    by_itself = state.gate.created(event.response.id, state.now)
    if by_itself and state.rounds.all_confirmed:
        state.gate.forget_continuation()
    return state.cancel() if state.gate.cancel_wanted else []


def _on_response_done(state: TurnState, event: ResponseDone) -> list[Command]:
    response = event.response
    status = response.status or "completed"
    state.gate.done(response.id, state.now)
    if status == "cancelled" and response.id:
        state.interrupted.add(response.id)
    calls = [item for item in response.output if isinstance(item, FunctionCallItem)]
    commands: list[Command] = list(state.rounds.response_done(response.id, status, calls))
    state.go_on()
    return commands


def _on_output_item(state: TurnState, event: ResponseOutputItemAdded | ResponseOutputItemDone) -> list[RunTool]:
    if not isinstance(event.item, FunctionCallItem):
        return []
    if isinstance(event, ResponseOutputItemDone):
        return list(state.rounds.item_done(event.response_id, event.item))
    state.rounds.told(event.response_id, event.item)
    return []


def _on_arguments_done(state: TurnState, event: ResponseFunctionCallArgumentsDone) -> list[Command]:
    state.rounds.arguments_done(event)
    return []


def _on_audio(state: TurnState, event: ResponseAudioDelta) -> list[Command]:
    if not event.delta:
        return []
    part = Part(event.item_id, event.content_index)
    state.parts.received(part, event.delta, event.response_id)
    return [Play(part, event.delta, event.response_id)]


def _on_audio_done(state: TurnState, event: ResponseAudioDone) -> list[Command]:
    if event.response_id not in state.interrupted:
        state.parts.complete(Part(event.item_id, event.content_index))
    return []


DUTIES: dict[type, Callable[[TurnState, Any], Sequence[Command]]] = {
    SessionCreated: _on_session,
    SessionUpdated: _on_session,
    ErrorEvent: _on_error,
    InputAudioBufferSpeechStarted: _on_speech_started,
    InputAudioBufferSpeechStopped: _on_turn_over,
    InputAudioBufferTimeoutTriggered: _on_turn_over,
    InputAudioBufferCommitted: _on_committed,
    InputAudioBufferCleared: _on_cleared,
    ConversationItemInputAudioTranscriptionDelta: _on_transcription,
    ConversationItemInputAudioTranscriptionCompleted: _on_transcription,
    ConversationItemCreated: _on_item_created,
    ConversationItemTruncated: _on_item_closed,
    ConversationItemDeleted: _on_item_closed,
    ResponseCreated: _on_response_created,
    ResponseDone: _on_response_done,
    ResponseOutputItemAdded: _on_output_item,
    ResponseOutputItemDone: _on_output_item,
    ResponseFunctionCallArgumentsDone: _on_arguments_done,
    ResponseAudioDelta: _on_audio,
    ResponseAudioDone: _on_audio_done,
}
