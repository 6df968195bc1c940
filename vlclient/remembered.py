"""What is remembered of one item, and how it is told again: messages, calls of functions, their outputs."""

from typing import TypeAlias

import msgspec

from vlmock.protocol.items import (
    AudioPart,
    ContentPart,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputImagePart,
    InputTextPart,
    MessageItem,
    RequestFunctionCall,
    RequestFunctionCallOutput,
    RequestItem,
    RequestMessage,
    RequestPart,
    ResponseItem,
    TextPart,
)
from vlmock.protocol.wire import UnsetType, given

__all__ = ["Call", "Message", "Output", "Remembered", "remembered"]

_CHARACTERS_PER_SECOND = 15
"""Assumed: nobody speaks faster for long. Bounds what can have been heard while it is unknown how much was to come."""
_NEARLY_MS = 100
"""Who heard a part but for so much of it heard all of its words."""


class Word(msgspec.Struct, frozen=True):
    """When a word is over, in milliseconds from the start of the part."""

    text: str
    end_ms: int


class Piece(msgspec.Struct):
    """One part of a message."""

    text: str = ""
    """Typed, written, or what was spoken as far as its transcript is known."""
    image: InputImagePart | None = None
    audio_ms: float = 0.0
    """So much speech was received."""
    complete: bool = False
    """All of text and speech was received."""
    heard_ms: int | None = None
    """Where the speech was cut off; None where it was not."""
    words: list[Word] = msgspec.field(default_factory=list)
    """Only where the session asked for timestamps."""

    def update(self, part: ContentPart | RequestPart) -> None:
        """What the service knows of it. Observed {PAI, FON}: an empty text or transcript may just be late or lost."""
        if isinstance(part, InputImagePart):
            self.image = part
            return
        text = given(part.transcript, "") if isinstance(part, AudioPart | InputAudioPart) else part.text
        if len(text) >= len(self.text):
            self.text = text

    def kept(self) -> str:
        """The text as far as it was heard: exactly where words have times, else estimated from how long it was heard.

        Estimated: speech is taken to be even, and cut back to a whole word. While its length is not known, because
        transcripts arrive ahead of the sound, nobody is taken to speak faster than 15 characters a second.
        """
        if self.heard_ms is None or (self.complete and self.heard_ms + _NEARLY_MS >= self.audio_ms):
            return self.text
        if self.words:
            return self._until_last_word(self.heard_ms)
        share = min(1.0, self.heard_ms / self.audio_ms) if self.audio_ms else 1.0
        characters = int(len(self.text) * share)
        if not self.complete:
            characters = min(characters, self.heard_ms * _CHARACTERS_PER_SECOND // 1000)
        return _whole_words(self.text, characters)

    def _until_last_word(self, heard_ms: int) -> str:
        end = 0
        for word in self.words:
            if word.end_ms > heard_ms + _NEARLY_MS:
                break
            at = self.text.find(word.text, end)
            end = at + len(word.text) if at >= 0 else end
        while 0 < end < len(self.text) and not self.text[end].isspace() and not self.text[end].isalnum():
            end += 1  # what ends the sentence belongs to its last word
        return self.text[:end]


def _whole_words(text: str, characters: int) -> str:
    head = text[:characters]
    cut_in_a_word = characters < len(text) and not text[characters].isspace()
    if cut_in_a_word and any(character.isspace() for character in text):
        while head and not head[-1].isspace():
            head = head[:-1]
    return head.rstrip()


class Message(msgspec.Struct):
    """Something that was said or written."""

    role: str
    pieces: dict[int, Piece] = msgspec.field(default_factory=dict)
    """By content index."""

    def piece(self, content_index: int) -> Piece:
        return self.pieces.setdefault(content_index, Piece())

    def update(self, item: ResponseItem | RequestItem) -> None:
        if isinstance(item, MessageItem | RequestMessage):
            for i, part in enumerate(item.content):
                self.piece(i).update(part)

    def request(self, item_id: str | UnsetType) -> RequestItem | None:
        """Part types by role, schema E1: ``text`` for the assistant, ``input_text`` for all others."""
        content: list[RequestPart] = []
        for _, piece in sorted(self.pieces.items()):
            if piece.image is not None:
                content.append(piece.image)
            elif text := piece.kept():
                content.append(TextPart(text=text) if self.role == "assistant" else InputTextPart(text=text))
        return RequestMessage(id=item_id, role=self.role, content=content) if content else None

    def characters(self) -> int:
        return sum(
            len(piece.text) + (len(given(piece.image.image_url, "")) if piece.image else 0)
            for piece in self.pieces.values()
        )


class Call(msgspec.Struct):
    """The model called a function."""

    call_id: str
    name: str
    arguments: str
    complete: bool
    """All of the arguments are known."""

    def update(self, item: ResponseItem | RequestItem) -> None:
        if isinstance(item, FunctionCallItem | RequestFunctionCall):
            self.arguments = item.arguments or self.arguments
            self.complete |= item.status == "completed"

    def request(self, item_id: str | UnsetType) -> RequestItem | None:
        return RequestFunctionCall(id=item_id, name=self.name, call_id=self.call_id, arguments=self.arguments)

    def characters(self) -> int:
        return len(self.arguments)


class Output(msgspec.Struct):
    """What the function returned."""

    call_id: str
    output: str

    def update(self, item: ResponseItem | RequestItem) -> None:
        """Nothing about it changes."""

    def request(self, item_id: str | UnsetType) -> RequestItem | None:
        return RequestFunctionCallOutput(id=item_id, call_id=self.call_id, output=self.output)

    def characters(self) -> int:
        return len(self.output)


Remembered: TypeAlias = Message | Call | Output


def remembered(item: ResponseItem | RequestItem) -> Remembered | None:
    """What to remember of an item; None where no client may create such an item (schema E1)."""
    match item:
        case MessageItem() | RequestMessage():
            message = Message(item.role)
            message.update(item)
            return message
        case RequestFunctionCall():
            return Call(item.call_id, item.name, item.arguments, complete=True)
        case FunctionCallItem():
            return Call(item.call_id, item.name, item.arguments, complete=item.status == "completed")
        case RequestFunctionCallOutput() | FunctionCallOutputItem():
            return Output(item.call_id, item.output)
        case _:
            return None
