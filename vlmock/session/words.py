"""Tokens: text cut into them as deltas carry it, text and speech counted in them as usage does."""

import re
from functools import lru_cache

__all__ = ["audio_tokens", "token_count", "tokens"]

_OUTPUT_AUDIO_TOKENS_PER_S = 20

_TOKEN = re.compile(r"\s*(?:\w{1,9}|[^\w\s]{1,4})|\s+")


@lru_cache(maxsize=1024)
def tokens(text: str) -> tuple[str, ...]:
    """Pieces of about a word, spaces leading; joined they are the text again, to the character.

    Observed {NETT}: concatenated transcript deltas equal the final transcript exactly. Observed {FON}: words are split
    across deltas. Where the cuts fall is Assumed.
    """
    return tuple(_TOKEN.findall(text))


def token_count(text: str) -> int:
    """About how many tokens a model would count. Assumed."""
    return len(tokens(text))


def audio_tokens(spoken_ms: float) -> int:
    """What so much speech of the assistant counts. Observed {FON}: about 20 tokens a second."""
    return round(spoken_ms / 1000 * _OUTPUT_AUDIO_TOKENS_PER_S)
