"""Text cut into tokens, as deltas carry it and usage counts it."""

import re

__all__ = ["token_count", "tokens"]

_TOKEN = re.compile(r"\s*(?:\w{1,9}|[^\w\s])|\s+")


def tokens(text: str) -> list[str]:
    """Pieces of about a word, spaces leading; joined they are the text again, to the character.

    Observed {NETT}: concatenated transcript deltas equal the final transcript exactly. Observed {FON}: words are split
    across deltas. Where the cuts fall is Assumed.
    """
    return _TOKEN.findall(text)


def token_count(text: str) -> int:
    """About how many tokens a model would count. Assumed."""
    return sum(1 for _ in _TOKEN.finditer(text))
