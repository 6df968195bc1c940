"""What a response costs, in tokens. Observed {FON}, behaviour.md 4.10; text counts are Assumed."""

from functools import lru_cache

from vlmock.protocol.response import CachedTokensDetails, InputTokenDetails, OutputTokenDetails, Usage
from vlmock.protocol.wire import given
from vlmock.session.conversation.tally import Tally
from vlmock.session.pipeline import Pipeline
from vlmock.session.words import audio_tokens, token_count

__all__ = ["NOTHING", "Meter", "usage"]

_CACHE_BLOCK_TOKENS = 64


class Meter:
    """Counts what goes into each response of one session."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._has_been_asked = False

    def input(self, instructions: str, tally: Tally, answered: Tally) -> InputTokenDetails:
        """The input of a response with this conversation in view, of which ``answered`` is the turn itself.

        Observed {FON}: cascade counts audio input only for the latest turn, native for all. Observed {FON, PAI}: from
        the second response on, what was there before the turn is cached in blocks of 64.
        """
        heard = tally if self.pipeline.audio_counts_accumulate else answered
        text = _instruction_tokens(instructions) + tally.text_tokens - heard.transcript_tokens
        known = text - (answered.text_tokens - answered.transcript_tokens)
        cached = known // _CACHE_BLOCK_TOKENS * _CACHE_BLOCK_TOKENS if self._has_been_asked else 0
        self._has_been_asked = True
        return _input_details(text, heard.audio_tokens, cached)


_instruction_tokens = lru_cache(maxsize=64)(token_count)
"""Instructions are long, and the same for every response."""


def _input_details(text: int, audio: int, cached: int) -> InputTokenDetails:
    return InputTokenDetails(
        cached_tokens=cached,
        text_tokens=text,
        audio_tokens=audio,
        image_tokens=0,
        cached_tokens_details=CachedTokensDetails(text_tokens=cached, audio_tokens=0, image_tokens=0),
    )


def usage(counted: InputTokenDetails, *, output_text_tokens: int, output_audio_ms: float) -> Usage:
    """The usage of a response with this input that said this much."""
    audio = audio_tokens(output_audio_ms)
    total_input = given(counted.text_tokens, 0) + given(counted.audio_tokens, 0)
    total_output = output_text_tokens + audio
    return Usage(
        total_tokens=total_input + total_output,
        input_tokens=total_input,
        output_tokens=total_output,
        input_token_details=counted,
        output_token_details=OutputTokenDetails(text_tokens=output_text_tokens, audio_tokens=audio, reasoning_tokens=0),
    )


NOTHING = usage(_input_details(0, 0, 0), output_text_tokens=0, output_audio_ms=0.0)
"""Assumed {OAI}: a response that was cancelled before it said anything costs nothing."""
