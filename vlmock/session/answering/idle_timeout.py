"""When nobody has spoken for a while after an answer, the assistant speaks again. Source: behaviour 3.3.

Assumed {OAI}, whose words these are: the time counts from ``response.done`` plus what the audio takes to play. When it
is over, the silence since then is committed as an item of the user's, and a response is made to it. Assumed as well:
every detector can be told to do so, and any number of milliseconds will do.
"""

from collections.abc import Callable, Iterator

from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
)
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputAudioBufferTimeoutTriggered
from vlmock.protocol.items import InputAudioPart, MessageItem
from vlmock.protocol.response import ResponseCreateParams
from vlmock.protocol.wire import given
from vlmock.session.speaking.active_response import ResponseRequest
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Plot, Told

__all__ = ["begin", "end", "follow"]

_Settle = Callable[[SessionState], Iterator[Told]]
"""Creates the response that is asked for."""


def begin(state: SessionState, settle: _Settle) -> None:
    """The assistant has finished, and the user may speak: from now on, or once all is played, silence counts."""
    if state.speaking is None or state.speaking.filler:
        state.quiet_since = state.now
        follow(state, settle)


def end(state: SessionState) -> None:
    """Somebody speaks."""
    state.quiet_since = None
    _abandon(state)


def follow(state: SessionState, settle: _Settle) -> None:
    """Count on, by the settings in force."""
    _abandon(state)
    timeout_ms = given(state.detection.idle_timeout_ms, 0) if state.detection else 0
    if state.quiet_since is not None and timeout_ms:
        begins = max(state.quiet_since, state.playback.ends)
        state.idle = state.timeline.begin(_wait(state, begins, begins + timeout_ms / 1000, settle))


def _abandon(state: SessionState) -> None:
    story, state.idle = state.idle, None
    if story is not None:
        state.timeline.abandon(story)


def _wait(state: SessionState, begins: float, ends: float, settle: _Settle) -> Plot:
    yield At(begins)
    audio_start_ms = state.input.audio_ms
    yield At(ends)
    being_said = state.speaking is not None or state.stopping or state.input.next_signal() is not None
    if being_said or state.untranscribed:
        return  # somebody has spoken, or begun to; a filler word that is removed lets it count on
    state.idle, state.quiet_since = None, None  # what follows must not abandon this story
    yield from _commit_silence(state, audio_start_ms)
    state.requested = ResponseRequest(state.new_id("resp_"), ResponseCreateParams(), automatic=True, idle=True)
    yield from settle(state)


def _commit_silence(state: SessionState, audio_start_ms: float) -> Iterator[Told]:
    """Assumed {OAI}: the event, ``committed``, and an item. Its transcript, where there is one, is empty."""
    item_id, audio_end_ms = state.new_id("item_"), state.input.audio_ms
    audio, audio_format = state.input.take(audio_start_ms, audio_end_ms), state.input.audio_format
    yield InputAudioBufferTimeoutTriggered(
        audio_start_ms=round(audio_start_ms), audio_end_ms=round(audio_end_ms), item_id=item_id
    )
    pipeline = state.pipeline
    previous = state.history.last_user_id() if pipeline.previous_item_skips_assistant else state.history.last_id
    yield InputAudioBufferCommitted(previous_item_id=previous, item_id=item_id)
    part = InputAudioPart(transcript="" if pipeline.item_announced_after_transcript else None)
    item = MessageItem(id=item_id, status="completed", role="user", content=[part])
    state.history.add(item)
    if audio:
        state.history.add_audio(item_id, [audio], len(audio), audio_format)
    transcript = ConversationItemInputAudioTranscriptionCompleted(item_id=item_id, content_index=0, transcript="")
    if pipeline.item_announced_after_transcript:
        yield transcript
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    if pipeline.announces_item_done(state.brain.api_version):
        yield ConversationItemDone(previous_item_id=previous, item=item)
    if not pipeline.item_announced_after_transcript and given(state.settings.input_audio_transcription, None):
        yield transcript
