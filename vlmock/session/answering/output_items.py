"""The output items of a response: how each is opened, grows and is closed, on the wire and in the history.

What has been said is kept in the ``ActiveResponse`` as it is said, so a response can be cut off anywhere and still be
closed correctly.
"""

from collections.abc import Generator, Iterable, Iterator

import msgspec

from vlmock.protocol.conversation import ConversationItemCreated
from vlmock.protocol.deltas import Deltas
from vlmock.protocol.items import AudioPart, FunctionCallItem, MessageItem, ResponseItem, TextPart
from vlmock.protocol.output import (
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTranscriptDone,
    ResponseTextDone,
)
from vlmock.protocol.response import (
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.tool_calls import ResponseFunctionCallArgumentsDelta, ResponseFunctionCallArgumentsDone
from vlmock.protocol.wire import ServerEvent
from vlmock.session.avatar.appearance import say
from vlmock.session.script import Call, Fail, Incomplete
from vlmock.session.speaking.active_response import ActiveResponse, OpenMessage
from vlmock.session.speaking.runs import Piece, Run, run_of
from vlmock.session.speaking.speech_marks import Marking
from vlmock.session.state import SessionState
from vlmock.session.timeline import At, Beat, Told
from vlmock.session.words import token_count, tokens

__all__ = ["EphemeralItems", "OutputItems", "ReplyBrokenOff", "TokenLimitReached"]


class TokenLimitReached(Exception):
    """The response may not say what would come next."""


class ReplyBrokenOff(Exception):
    """The response ends here, and not well: the reply says so, or cannot be performed."""

    def __init__(self, ending: Fail | Incomplete) -> None:
        self.ending = ending
        super().__init__(ending)


class OutputItems:
    """Writes the items of one response."""

    def __init__(self, state: SessionState, response: ActiveResponse) -> None:
        self._state = state
        self._response = response

    # ---- messages

    def open_message(self) -> Generator[ServerEvent, None, OpenMessage]:
        """Observed {FON, PAI}: item, its place in the conversation, its one part."""
        response, pipeline = self._response, self._state.pipeline
        message = OpenMessage(
            item_id=self._new_message_id(),
            output_index=len(response.output),
            spoken=response.spoken,
        )
        if response.marks is not None:
            message.marking = Marking(response.marks, response.id, message.item_id, message.output_index)
        item = MessageItem(id=message.item_id, status=pipeline.assistant_item_status, role="assistant", content=[])
        yield from self.add(item)
        response.open_message = message
        yield ResponseContentPartAdded(
            response_id=response.id,
            item_id=message.item_id,
            output_index=message.output_index,
            content_index=0,
            part=AudioPart(transcript="") if message.spoken else TextPart(text=""),
        )
        return message

    def _new_message_id(self) -> str:
        return self._state.new_id(self._state.pipeline.assistant_item_prefix)

    def deltas(self, message: OpenMessage, run: Run) -> Iterator[Told]:
        """Some of the words and of the speech, together. Where a limit cuts them off, what fits is said first."""
        said = run if self._response.token_limit is None else run_of(self._fitting(run.pieces))
        message.text += said.text
        self._response.output_text_tokens += said.word_count
        self._sounded(message, said)
        if said.pieces:
            told = self._woven(message, said)
            yield from self._by_avatar(said, told) if self._state.avatar is not None and said.audio else told
        if len(said.pieces) < len(run.pieces):
            raise TokenLimitReached

    def _woven(self, message: OpenMessage, said: Run) -> Iterable[ServerEvent | Deltas]:
        kinds = said.spoken_kinds if message.spoken else said.written_kinds
        place = self._response.id, message.item_id, message.output_index
        told = Deltas(*place, kinds, said.deltas, said.delta_audio_bytes)
        return (told,) if message.marking is None else message.marking.woven(told, said.pieces)

    def _by_avatar(self, said: Run, told: Iterable[ServerEvent | Deltas]) -> Iterator[Told]:
        """Let the avatar speak. Observed {VIBE}: all comes as ever, but no ``response.audio.delta``."""
        yield from say(self._state, self._response, said)
        takes_sound = self._state.avatar is not None and self._state.avatar.takes_sound
        for beat in told:
            if not (takes_sound and isinstance(beat, Deltas)):
                yield beat
            elif words := beat.without(ResponseAudioDelta):
                yield words

    def _fitting(self, said: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """As much as the limit allows; each word is a token."""
        text_tokens, audio_ms = 0, 0.0
        for number, piece in enumerate(said):
            if isinstance(piece, str):
                text_tokens += 1
            else:
                audio_ms += piece.duration_ms
            if not self._response.allows(text_tokens, audio_ms):
                return said[:number]
        return said

    def _sounded(self, message: OpenMessage, said: Run) -> None:
        if said.audio:
            state = self._state
            state.said_audio = True
            self._response.output_audio_ms += said.duration_ms
            state.playback.add(message.item_id, said.duration_ms, state.now)
            state.history.add_audio(message.item_id, said.audio, said.audio_bytes, self._response.audio_format)

    def close_message(self, message: OpenMessage, status: str) -> Iterator[ServerEvent]:
        """Observed {FON, PAI, NB04}: the ``done`` events, in this order, within half a millisecond."""
        self._response.open_message = None
        if message.marking is not None:
            yield from message.marking.done()
        part = yield from (self._audio_done(message) if message.spoken else self._text_done(message))
        item = MessageItem(id=message.item_id, status=status, role="assistant", content=[part])
        yield self.done(message.output_index, item)

    def _audio_done(self, message: OpenMessage) -> Generator[ServerEvent, None, AudioPart]:
        """Observed {FON, PAI, NB04}: sound, transcript, part."""
        response_id, item_id, index = self._response.id, message.item_id, message.output_index
        yield ResponseAudioDone(response_id=response_id, item_id=item_id, output_index=index, content_index=0)
        yield ResponseAudioTranscriptDone(
            response_id=response_id, item_id=item_id, output_index=index, content_index=0, transcript=message.text
        )
        part = AudioPart(transcript=message.text)
        yield ResponseContentPartDone(
            response_id=response_id, item_id=item_id, output_index=index, content_index=0, part=part
        )
        return part

    def _text_done(self, message: OpenMessage) -> Generator[ServerEvent, None, TextPart]:
        """Observed {PAI}: text, part; a native pipeline shows the part without its text."""
        response_id, item_id, index = self._response.id, message.item_id, message.output_index
        yield ResponseTextDone(
            response_id=response_id, item_id=item_id, output_index=index, content_index=0, text=message.text
        )
        part = TextPart(text=message.text)
        shown = TextPart(text="") if self._state.pipeline.text_part_done_is_empty else part
        yield ResponseContentPartDone(
            response_id=response_id, item_id=item_id, output_index=index, content_index=0, part=shown
        )
        return part

    # ---- calls

    def call(self, call: Call) -> Iterator[Beat]:
        """A function call from beginning to end. Observed {PAI, FON, NETT}, behaviour.md 4.4."""
        response, index = self._response, len(self._response.output)
        spent = token_count(call.name) + token_count(call.arguments)
        if not response.allows(spent):
            raise TokenLimitReached
        response.output_text_tokens += spent
        item = FunctionCallItem(
            id=self._state.new_id("item_"),
            status="in_progress",
            name=call.name,
            call_id=call.call_id or self._state.ids.call(),
            arguments="",
        )
        yield from self.add(item)
        for token in tokens(call.arguments):
            yield ResponseFunctionCallArgumentsDelta(
                response_id=response.id, item_id=item.id, output_index=index, call_id=item.call_id, delta=token
            )
            yield At(self._state.now + self._state.seconds("token_gap"))
        yield ResponseFunctionCallArgumentsDone(
            response_id=response.id,
            item_id=item.id,
            output_index=index,
            call_id=item.call_id,
            name=call.name,
            arguments=call.arguments,
        )
        yield self.done(index, msgspec.structs.replace(item, status="completed", arguments=call.arguments))

    # ---- all items

    def close_all(self, status: str) -> Iterator[ServerEvent]:
        """The ``done`` events of whatever is open when a response is cut off."""
        message = self._response.open_message
        if message is not None:
            yield from self.close_message(message, status)
        for index, item in enumerate(self._response.output):
            if isinstance(item, FunctionCallItem) and item.status == "in_progress":
                yield self.done(index, msgspec.structs.replace(item, status=status))
        for closing in list(self._response.closings.values()):
            yield from closing()

    def add(self, item: ResponseItem) -> Iterator[ServerEvent]:
        """A new item begins. Observed {FON}, cascade: its ``previous_item_id`` is what the response answers, not its
        sibling."""
        response, state = self._response, self._state
        index = len(response.output)
        response.output.append(item)
        yield ResponseOutputItemAdded(response_id=response.id, output_index=index, item=item)
        if response.in_conversation:
            skips = state.pipeline.previous_item_skips_assistant
            previous = response.after_item_id if skips else state.history.last_id
            self._remember(item)
            yield ConversationItemCreated(previous_item_id=previous, item=item)

    def _remember(self, item: ResponseItem) -> None:
        self._state.history.add(item)

    def done(self, index: int, item: ResponseItem) -> ServerEvent:
        """Observed {FON, PAI, NB04}: an item is complete, or was broken off."""
        self._response.output[index] = item
        self._state.history.replace(item)
        return ResponseOutputItemDone(response_id=self._response.id, output_index=index, item=item)


class EphemeralItems(OutputItems):
    """Writes items that fill a silence.

    Observed {ILA, BANK, NETT}: they are announced like others, under ids of their own, and are not in the conversation.
    Assumed: no model of the session made them, so they count for nothing; ``response.done`` lists them.
    """

    def _new_message_id(self) -> str:
        return self._state.new_id("interim_")

    def _remember(self, item: ResponseItem) -> None:
        """Nobody does."""

    def deltas(self, message: OpenMessage, run: Run) -> Iterator[Told]:
        """All of it, whatever the limit."""
        response = self._response
        limit, text_tokens, audio_ms = response.token_limit, response.output_text_tokens, response.output_audio_ms
        response.token_limit = None
        try:
            yield from super().deltas(message, run)
        finally:
            response.token_limit, response.output_text_tokens = limit, text_tokens
            response.output_audio_ms = audio_ms
