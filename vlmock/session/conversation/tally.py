"""What the items of a conversation cost as input, added up as they come and go.

No response counts the whole conversation again, so what was said before does not make it slower.
"""

from collections.abc import Iterable

import msgspec

from vlmock.protocol.items import (
    AudioPart,
    FileSearchCallItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputAudioPart,
    InputTextPart,
    McpCallItem,
    McpListToolsItem,
    MessageItem,
    ResponseItem,
    TextPart,
)
from vlmock.protocol.wire import given
from vlmock.session.words import token_count

__all__ = ["NO_COST", "Cost", "Tally", "cost_of"]

_MS_PER_AUDIO_TOKEN = 100


class Cost(msgspec.Struct, frozen=True):
    """What one item costs as input: its words, or its sound where the model hears it."""

    text_tokens: int
    """Of its words; of a spoken item, those of its transcript."""
    spoken_ms: float = 0.0
    """How long the user spoke; 0 for all other items."""

    @property
    def audio_tokens(self) -> int:
        """Of its sound. Observed {FON, PAI}: ten a second, whole ones: 4.096 s are 40, and 3.056 s are 30."""
        return int(self.spoken_ms // _MS_PER_AUDIO_TOKEN)

    @property
    def transcript_tokens(self) -> int:
        """Of its words, where they are what the user spoke."""
        return self.text_tokens if self.spoken_ms else 0


NO_COST = Cost(0)


class Tally:
    """The sum of some costs."""

    def __init__(self, costs: Iterable[Cost] = ()) -> None:
        self.text_tokens = 0
        """Of all words, transcripts included."""
        self.transcript_tokens = 0
        """Of the transcripts of what the user spoke."""
        self.audio_tokens = 0
        """Of all that the user spoke."""
        for cost in costs:
            self.exchange(NO_COST, cost)

    def exchange(self, old: Cost, new: Cost) -> None:
        """An item costs something else now."""
        self.text_tokens += new.text_tokens - old.text_tokens
        if old.spoken_ms or new.spoken_ms:
            self.transcript_tokens += new.transcript_tokens - old.transcript_tokens
            self.audio_tokens += new.audio_tokens - old.audio_tokens


def cost_of(item: ResponseItem, spoken_ms: float) -> Cost:
    """``spoken_ms``: how long the user spoke in it."""
    return Cost(sum(map(token_count, _texts(item))), spoken_ms)


def _texts(item: ResponseItem) -> tuple[str, ...]:
    match item:
        case MessageItem(content=content):
            return tuple(map(_part_text, content))
        case FunctionCallItem(name=name, arguments=arguments):
            return name, arguments
        case FunctionCallOutputItem(output=output):
            return (output,)
        case McpCallItem(name=name, arguments=arguments, output=output):
            return name, arguments, given(output, "")
        case McpListToolsItem(tools=tools):
            return tuple(f"{tool.name} {given(tool.description, '')}" for tool in tools)
        case FileSearchCallItem(results=results):
            return tuple(given(result.text, "") for result in given(results, []))
        case _:
            return ()


def _part_text(part: object) -> str:
    match part:
        case TextPart(text=text) | InputTextPart(text=text):
            return given(text, "")
        case AudioPart(transcript=transcript) | InputAudioPart(transcript=transcript):
            return given(transcript, "")
        case _:
            return ""
