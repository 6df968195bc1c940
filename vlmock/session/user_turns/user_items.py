"""From the sound of a turn to the item it becomes, and its transcript. Source: behaviour.md 3.3, 3.4."""

from collections.abc import Iterator

import msgspec

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.conversation import (
    ConversationItemCreated,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
)
from vlmock.protocol.input_audio import InputAudioBufferCommitted, InputAudioBufferSpeechStopped
from vlmock.protocol.items import InputAudioPart, MessageItem
from vlmock.protocol.wire import given
from vlmock.session.answering.responses import answer, settle
from vlmock.session.recognition import Listening
from vlmock.session.script import Heard, Recognized, Spoken, UserInput
from vlmock.session.state import SessionState, SpokenTurn
from vlmock.session.timeline import At, Plot, Told
from vlmock.session.transitions import SPOKEN_TURN, moved
from vlmock.session.user_turns.transcription import SpeechSpan, Transcription

__all__ = ["become_item"]


class _Utterance(msgspec.Struct):
    """What was said, as sound in the format it came in, and as words."""

    audio: bytes
    audio_format: AudioFormat
    span: SpeechSpan
    spoken: Spoken
    listening: Listening | None = None
    """Somebody who listens to it; None where its words are known at once."""
    words: Heard | None = None

    @property
    def heard(self) -> Heard:
        """Its words. To be asked for when they are known."""
        assert self.words is not None, "the turn has not been understood yet"
        return self.words

    @property
    def transcript(self) -> str | None:
        """What was written down; None where that failed."""
        return self.heard.text if self.heard.failure is None else None

    @property
    def duration_ms(self) -> float:
        return self.audio_format.duration_ms(len(self.audio))


def become_item(
    state: SessionState,
    turn: SpokenTurn,
    audio: bytes,
    audio_end_ms: int | None,
    recognized: Recognized | None = None,
) -> None:
    """A turn that is over becomes an item. ``audio_end_ms`` None: the client committed it. ``recognized``: what it was,
    where somebody has listened to it already.

    The script is asked when the turn ends, or when it has been listened to, in the order of the turns; the transcript
    may come much later.
    """
    plot = _after_transcript if state.pipeline.item_announced_after_transcript else _before_transcript
    said = _utterance(state, turn, audio, by_hand=audio_end_ms is None)
    if state.recognitions is not None and recognized is None:
        said.listening = Listening(state.recognitions, state.new_key(), turn.item_id)
    else:
        said.words = _words(state, said, recognized)
    state.timeline.begin(plot(state, turn, said, audio_end_ms))


def _stopped(state: SessionState, turn: SpokenTurn, audio_end_ms: int, told_at: float) -> Plot:
    """Observed {FON, NB04}: the service takes its time to say that the user has stopped."""
    yield At(told_at)
    state.stopping = False
    turn.phase = moved(SPOKEN_TURN, turn.phase, "committed")
    yield InputAudioBufferSpeechStopped(audio_end_ms=audio_end_ms, item_id=turn.item_id)


def _after_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Cascade: the transcript *is* the input, so it comes first. ``audio_end_ms`` None: committed by the client.

    Observed {FON, NB04}: committed, transcript, item, response. Observed {FON, NETT}, by hand: ``committed`` itself
    waits for the transcript. Assumed: transcripts come in the order of the turns. Assumed: where the transcription
    failed there is an item without words, and no response, for there is nothing to read.
    """
    by_hand = audio_end_ms is None
    yield from _listen(said)
    state.untranscribed.append(turn.item_id)
    told_at = state.now if by_hand else state.now + state.seconds("stop_detect")
    due = state.transcript_due = max(state.transcript_due, told_at + state.seconds("stt"))
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms, told_at)
        previous = _previous_user_item(state, turn)
        yield from _committed(state, turn, previous)
    yield At(due)
    yield from _understand(state, said)
    if by_hand:
        previous = _previous_user_item(state, turn)
        yield from _committed(state, turn, previous)
    transcription = Transcription.of(turn.item_id, said.heard, said.span, state.settings)
    yield from transcription.events(state.pipeline)
    state.transcribed = turn.item_id
    failed = said.heard.failure is not None
    if previous is not None and previous not in state.history:  # it was deleted after the commit
        previous = _previous_user_item(state, turn)
    yield ConversationItemCreated(previous_item_id=previous, item=_remember(state, turn, said.transcript, said))
    _await_answer(state, turn, said.transcript or "", said)
    state.untranscribed.remove(turn.item_id)
    yield from settle(state) if failed else _go_on(state, turn, by_hand=by_hand)


def _before_transcript(state: SessionState, turn: SpokenTurn, said: _Utterance, audio_end_ms: int | None) -> Plot:
    """Observed {FON, PAI}, hybrid and native: the item comes at once, its transcript, if asked for, beside the
    response. ``audio_end_ms`` None: committed by the client."""
    yield from _listen(said)
    if audio_end_ms is not None:
        yield from _stopped(state, turn, audio_end_ms, state.now + state.seconds("stop_detect"))
    previous = state.history.last_id
    yield from _committed(state, turn, previous)
    item = _remember(state, turn, None, said)
    yield ConversationItemCreated(previous_item_id=previous, item=item)
    if state.pipeline.announces_item_done(state.brain.api_version):
        yield ConversationItemDone(previous_item_id=previous, item=item)
    if said.listening is not None:  # nothing can be answered before it is known what was said
        state.untranscribed.append(turn.item_id)
        yield from _understand(state, said)
        state.untranscribed.remove(turn.item_id)
    _await_answer(state, turn, said.heard.text, said)
    if given(state.settings.input_audio_transcription, None) is not None:
        transcription = Transcription.of(turn.item_id, said.heard, said.span, state.settings)
        state.timeline.begin(_transcribe(state, transcription))
    yield from _go_on(state, turn, by_hand=audio_end_ms is None)


def _previous_user_item(state: SessionState, turn: SpokenTurn) -> str | None:
    """Observed {FON}, cascade: the user item before this one, whether or not it has been announced yet."""
    earlier = state.untranscribed[: state.untranscribed.index(turn.item_id)]
    return earlier[-1] if earlier else state.history.last_user_id()


def _committed(state: SessionState, turn: SpokenTurn, previous: str | None) -> Iterator[Told]:
    """Observed {FON, PAI, NB04}: right after the end of speech; by hand in a cascade, with the transcript {NETT}."""
    yield InputAudioBufferCommitted(previous_item_id=previous, item_id=turn.item_id)
    earlier, state.transcribed = state.transcribed, None
    if earlier is None or not state.readings.repeated_transcripts:
        return
    reduction = given(state.settings.input_audio_noise_reduction, None)
    deep = reduction is not None and reduction.type == "azure_deep_noise_suppression"
    for _ in range(2 if deep else 1):
        yield ConversationItemInputAudioTranscriptionCompleted(item_id=earlier, content_index=0, transcript="")


def _transcribe(state: SessionState, transcription: Transcription) -> Plot:
    """Assumed: where it fails the item stays without words; the model has heard it all the same, and answers."""
    yield At(state.now + state.seconds("stt"))
    yield from transcription.events(state.pipeline)
    state.transcribed = transcription.item_id
    entry = state.history.get(transcription.item_id)
    if transcription.heard.failure is None and entry is not None and isinstance(entry.item, MessageItem):
        content = [InputAudioPart(transcript=transcription.heard.text)]
        state.history.replace(msgspec.structs.replace(entry.item, content=content))


def _utterance(state: SessionState, turn: SpokenTurn, audio: bytes, *, by_hand: bool) -> _Utterance:
    audio_format = state.input.audio_format
    audio_ms = audio_format.duration_ms(len(audio))
    reads = state.pipeline.transcribes_always
    spoken = Spoken(item_id=turn.item_id, audio_ms=audio_ms, session=state.settings, transcript_is_input=reads)
    return _Utterance(audio, audio_format, _span(state, turn, audio_ms, by_hand=by_hand), spoken)


def _words(state: SessionState, said: _Utterance, recognized: Recognized | None) -> Heard:
    heard = state.script.hear(msgspec.structs.replace(said.spoken, recognized=recognized))
    return Heard(heard) if isinstance(heard, str) else heard


def _listen(said: _Utterance) -> Iterator[Told]:
    if said.listening is not None:
        yield from said.listening.begin(said.audio, said.audio_format)


def _understand(state: SessionState, said: _Utterance) -> Plot:
    if said.listening is not None:
        recognized = yield from said.listening.end()
        said.words = _words(state, said, recognized)


def _span(state: SessionState, turn: SpokenTurn, audio_ms: float, *, by_hand: bool) -> SpeechSpan:
    """Assumed: the words fill what a detected turn has between its padding and the silence that ended it."""
    detection = state.detection
    if by_hand or detection is None:
        return SpeechSpan(0.0, audio_ms)
    padding_ms = given(detection.prefix_padding_ms, 0) if turn.audio_start_ms else 0
    return SpeechSpan(padding_ms, max(padding_ms, audio_ms - given(detection.silence_duration_ms, 0)))


def _remember(state: SessionState, turn: SpokenTurn, transcript: str | None, said: _Utterance) -> MessageItem:
    """The turn becomes an item."""
    turn.phase = moved(SPOKEN_TURN, turn.phase, "transcribed")
    item = MessageItem(
        id=turn.item_id, status="completed", role="user", content=[InputAudioPart(transcript=transcript)]
    )
    state.history.add(item)
    state.history.add_audio(turn.item_id, [said.audio], len(said.audio), said.audio_format)
    state.coming_items.discard(turn.item_id)
    return item


def _await_answer(state: SessionState, turn: SpokenTurn, text: str, said: _Utterance) -> None:
    state.user_inputs.append(UserInput(item_id=turn.item_id, text=text, spoken=True, audio_ms=said.duration_ms))


def _go_on(state: SessionState, turn: SpokenTurn, *, by_hand: bool) -> Plot:
    """Observed {SDKT}: a commit by hand never starts a response. Observed {VIBE}: ``create_response`` decides else.
    Assumed: where detection was switched off meanwhile, the client asks for the response."""
    detection = state.detection
    asks = not by_hand and detection is not None and given(detection.create_response, True)
    yield from answer(state) if asks or turn.answered else settle(state)
