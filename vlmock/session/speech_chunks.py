"""Speech cut into the pieces that the service sends, each encoded once for all sessions that say the same."""

from vlmock.protocol.audio_format import AudioFormat
from vlmock.protocol.codec import audio_json
from vlmock.session.effects import Speech, SpeechChunk
from vlmock.session.pipeline import Pipeline

__all__ = ["cut"]


def cut(speech: Speech, audio_format: AudioFormat, pipeline: Pipeline, *, opening: bool) -> tuple[SpeechChunk, ...]:
    """The pieces in order; ``opening`` for the first words of an item, whose first pieces are shorter.

    Observed {FON}: 200 ms, 300 ms, then 500 ms each and a remainder, from Azure voices; {PAI}: 100 to 300 ms from
    OpenAI voices. The same call gives the same objects again.
    """
    key = (pipeline.name, opening)
    chunks = speech.chunks.get(key)
    if chunks is None:
        chunks = speech.chunks[key] = _cut(speech, audio_format, pipeline, opening)
    return chunks


def _cut(speech: Speech, audio_format: AudioFormat, pipeline: Pipeline, opening: bool) -> tuple[SpeechChunk, ...]:
    chunks = []
    lengths_ms = list(pipeline.first_chunks_ms) if opening else []
    offset = 0
    while offset < len(speech.audio):
        length_ms = lengths_ms.pop(0) if lengths_ms else pipeline.chunk_ms
        piece = speech.audio[offset : offset + audio_format.bytes_for_ms(length_ms)]
        chunks.append(SpeechChunk(audio_json(piece), piece, audio_format.duration_ms(len(piece))))
        offset += len(piece)
    return tuple(chunks)
