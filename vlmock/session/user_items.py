"""From the sound of a turn to the item it becomes, and its transcript. Source: behaviour.md 3.3, 3.4."""

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
)
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputAudioBufferSpeechStopped
from vlmock.protocol.items import InputAudioPart, MessageItem
from vlmock.protocol.wire import given
from vlmock.session.responses import answer, settle
from vlmock.session.script import Spoken, UserInput
from vlmock.session.state import SessionState, SpokenTurn
from vlmock.session.timeline import At, Plot
from vlmock.session.transitions import SPOKEN_TURN, moved

__all__ = ["become_item"]

_DELTA_MODELS = ("whisper", "gpt-4o")
"""Models whose transcript comes as one delta, then completed. Observed {PAI} for whisper-1, Assumed for the others."""


class _Utterance(msgspec.Struct, frozen=True):
    """What was said, as sound in the format it came in, and as words."""

    audio: bytes
    audio_format: AudioFormat
    text: str

    @property
    def duration_ms(self) -> float:
        return self.audio_format.duration_ms(len(self.audio))


def become_item(state: SessionState, turn: SpokenTurn, audio: bytes, audio_end_ms: int | None) -> None:
    """A turn that is over becomes an item. ``audio_end_ms`` None: the client committed it."""
    plot = _after_transcript if state.pipeline.item_announced_after_transcript else _before_transcript
    state.timeline.begin(plot(state, turn, _heard(state, turn, audio), audio_end_ms))


def _stopped(state: SessionState, turn: SpokenTurn, audio_end_ms: int) -> Plot:
    yield At(state.now + state.seconds("stop_detect"))
    state.stopping = False
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    yield InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=turn.item_id)


def _after_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Cascade: the transcript *is* the input, so it comes first. ``audio_end_ms`` None: committed by the client.

    Observed {FON, NB04}: committed, transcript, item, response. Observed {FON, NETT}, by hand: ``committed`` itself
    waits for the transcript. Assumed: transcripts come in the order of the turns.
    """
    by_hand = audio_end_ms is None
    state.untranscribed.append(turn.item_id)
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
        previous = _previous_user_item(state, turn)
        yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    state.transcript_due = max(state.transcript_due, state.now + state.seconds("stt"))
    yield At(state.transcript_due)
    if by_hand:
        previous = _previous_user_item(state, turn)
        yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=said.text)
    yield ConversationItemCreated(previous_item_id=previous, item=_remember(state, turn, said.text, said))
    state.untranscribed.remove(turn.item_id)
    yield from _go_on(state, turn, by_hand=by_hand)


def _before_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Observed {FON, PAI}, hybrid and native: the item comes at once, its transcript, if asked for, beside the
    response. ``audio_end_ms`` None: committed by the client."""
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms)
    previous = state.history.last_id
    yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    item = _remember(state, turn, None, said)
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    if state.pipeline.announces_item_done(state.brain.api_version):
        yield ConversationItemDone(previous_item_id=previous, item=item)
    transcription = given(state.settings.input_audio_transcription, None)
    if transcription is not None:
        with_delta = state.pipeline.transcription_delta and transcription.model.startswith(_DELTA_MODELS)
        state.timeline.begin(_transcribe(state, turn, said.text, with_delta=with_delta))
    yield from _go_on(state, turn, by_hand=audio_end_ms is None)


def _previous_user_item(state: SessionState, turn: SpokenTurn) -> str | None:
    """Observed {FON}, cascade: the user item before this one, whether or not it has been announced yet."""
    earlier = state.untranscribed[: state.untranscribed.index(turn.item_id)]
    return earlier[-1] if earlier else state.history.last_user_id()


def _transcribe(state: SessionState, turn: SpokenTurn, text: str, *, with_delta: bool) -> Plot:
    """Observed {PAI}: whisper's whole text comes as one delta, then completed."""
    yield At(state.now + state.seconds("stt"))
    if with_delta:
        yield ConversationItemInputAudioTranscriptionDelta(item_id=turn.item_id, content_index=0, delta=text)
    yield ConversationItemInputAudioTranscriptionCompleted(item_id=turn.item_id, content_index=0, transcript=text)
    entry = state.history.get(turn.item_id)
    if entry is not None and isinstance(entry.item, MessageItem):
        state.history.replace(msgspec.structs.replace(entry.item, content=[InputAudioPart(transcript=text)]))


def _heard(state: SessionState, turn: SpokenTurn, audio: bytes) -> _Utterance:
    """The script is asked when the turn ends, in the order of the turns; the transcript may come much later."""
    audio_format = state.input.audio_format
    spoken = Spoken(item_id=turn.item_id, audio_ms=audio_format.duration_ms(len(audio)), session=state.settings)
    return _Utterance(audio, audio_format, state.script.hear(spoken))


def _remember(state: SessionState, turn: SpokenTurn, transcript: str | None, said: _Utterance) -> MessageItem:
    """The turn becomes an item, and something to be answered."""
    turn.phase = moved(SPOKEN_TURN, turn.phase, "transcribed")
    item = MessageItem(
        id=turn.item_id, status="completed", role="user", content=[InputAudioPart(transcript=transcript)]
    )
    state.history.add(item)
    state.history.add_audio(turn.item_id, [said.audio], said.audio_format)
    state.coming_items.discard(turn.item_id)
    state.user_inputs.append(UserInput(item_id=turn.item_id, text=said.text, spoken=True, audio_ms=said.duration_ms))
    return item


def _go_on(state: SessionState, turn: SpokenTurn, *, by_hand: bool) -> Plot:
    """Observed {SDKT}: a commit by hand never starts a response. Observed {VIBE}: ``create_response`` decides else.
    Assumed: where detection was switched off meanwhile, the client asks for the response."""
    detection = state.detection
    asks = not by_hand and detection is not None and given(detection.create_response, True)
    yield from answer(state) if asks or turn.answered else settle(state)
