"""Words and speech that are told together, counted and prepared once for every time they are told."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec

from vlmock.protocol.deltas import Delta
from vlmock.protocol.output import ResponseAudioDelta, ResponseAudioTranscriptDelta, ResponseTextDelta
from vlmock.session.effects import SpeechChunk
from vlmock.session.words import tokens

__all__ = ["Piece", "Run", "run_of", "run_of_words"]

Piece: TypeAlias = str | SpeechChunk


class Run(msgspec.Struct):
    """Pieces in the order in which they are told, and what they come to."""

    pieces: tuple[Piece, ...]
    text: str
    """All words, joined."""
    word_count: int
    audio: tuple[bytes, ...]
    audio_bytes: int
    duration_ms: float
    deltas: list[str | msgspec.Raw]
    """What each delta carries."""
    delta_audio_bytes: list[int]
    """How much of it is speech."""
    spoken_kinds: list[type[Delta]]
    """Of each delta, where the words are a transcript."""
    written_kinds: list[type[Delta]]
    """Of each delta, where they are text."""
    _singly: "tuple[Run, ...] | None" = None

    def singly(self) -> "tuple[Run, ...]":
        """The same, one piece at a time; the same runs again each time."""
        if self._singly is None:
            self._singly = tuple(run_of((piece,)) for piece in self.pieces)
        return self._singly


def run_of(pieces: tuple[Piece, ...]) -> Run:
    """Some pieces, together."""
    words = [piece for piece in pieces if isinstance(piece, str)]
    chunks = [piece for piece in pieces if not isinstance(piece, str)]
    return Run(
        pieces=pieces,
        text="".join(words),
        word_count=len(words),
        audio=tuple(chunk.audio for chunk in chunks),
        audio_bytes=sum(len(chunk.audio) for chunk in chunks),
        duration_ms=sum(chunk.duration_ms for chunk in chunks),
        deltas=[piece if isinstance(piece, str) else piece.delta for piece in pieces],
        delta_audio_bytes=[0 if isinstance(piece, str) else len(piece.audio) for piece in pieces],
        spoken_kinds=_spoken_kinds(pieces),
        written_kinds=_written_kinds(pieces),
    )


@lru_cache(maxsize=512)
def run_of_words(text: str, at_most: int | None = None) -> Run:
    """The tokens of a text, or the first of them. The same call gives the same run again."""
    return run_of(tokens(text)[:at_most])


def _spoken_kinds(pieces: Sequence[Piece]) -> list[type[Delta]]:
    """Observed {FON, PAI, NB04, NETT}: words as a transcript, and sound, in deltas of their own."""
    return [ResponseAudioTranscriptDelta if isinstance(piece, str) else ResponseAudioDelta for piece in pieces]


def _written_kinds(pieces: Sequence[Piece]) -> list[type[Delta]]:
    """Observed {PAI}: words as text."""
    return [ResponseTextDelta if isinstance(piece, str) else ResponseAudioDelta for piece in pieces]
