"""Speech cut into the pieces that the service sends, each encoded once for all sessions that say the same."""

from collections.abc import Iterator, Sequence
from itertools import chain

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.codec import audio_json
from vlmock.session.effects import Speech, SpeechChunk
from vlmock.session.pipeline import Pipeline
from vlmock.session.speaking.runs import Piece, Run, run_of

__all__ = ["cut", "interleaved"]


def cut(speech: Speech, audio_format: AudioFormat, pipeline: Pipeline, *, opening: bool) -> Run:
    """The pieces in order; ``opening`` for the first words of an item, whose first pieces are shorter.

    Observed {FON}: 200 ms, 300 ms, then 500 ms each and a remainder, from Azure voices; {PAI}: 100 to 300 ms from
    OpenAI voices. The same call gives the same objects again.
    """
    key = (pipeline.name, opening, ())
    if key not in speech.runs:
        speech.runs[key] = (run_of(tuple(_cut(speech, audio_format, pipeline, opening))),)
    return speech.runs[key][0]


def interleaved(
    speech: Speech, audio_format: AudioFormat, pipeline: Pipeline, words: tuple[str, ...], *, opening: bool
) -> tuple[Run, ...]:
    """All of it as one run, then by turns a piece of speech and the words that follow it; none follow the last.

    The same call gives the same objects again.
    """
    key = (pipeline.name, opening, words)
    if key not in speech.runs:
        chunks = cut(speech, audio_format, pipeline, opening=opening).pieces
        parts = list(_alternating(chunks, words)) or [(), words]
        speech.runs[key] = (run_of(tuple(chain.from_iterable(parts))), *map(run_of, parts))
    return speech.runs[key]


def _cut(speech: Speech, audio_format: AudioFormat, pipeline: Pipeline, opening: bool) -> Iterator[SpeechChunk]:
    lengths_ms = list(pipeline.first_chunks_ms) if opening else []
    offset = 0
    while offset < len(speech.audio):
        length_ms = lengths_ms.pop(0) if lengths_ms else pipeline.chunk_ms
        chunk = speech.audio[offset : offset + audio_format.bytes_for_ms(length_ms)]
        offset += len(chunk)
        most = pipeline.most_delta_bytes or len(chunk)
        for begin in range(0, len(chunk), most):
            piece = chunk[begin : begin + most]
            yield SpeechChunk(audio_json(piece), piece, audio_format.duration_ms(len(piece)))


def _alternating(chunks: Sequence[Piece], words: tuple[str, ...]) -> Iterator[tuple[Piece, ...]]:
    runs = max(1, len(chunks) - 1)
    for number, chunk in enumerate(chunks):
        yield (chunk,)
        yield words[len(words) * number // runs : len(words) * (number + 1) // runs]
