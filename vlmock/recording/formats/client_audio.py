"""The client's voice, put back where a recorder kept only the beginning of each piece of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vlmock.errors import RecordingError
from vlmock.protocol.audio_format import AudioFormat, encode_samples
from vlmock.protocol.recording.formats import FormatsInForce
from vlmock.protocol.recording.lines import Clip, Frame
from vlmock.protocol.wav import parse_wav
from vlmock.recording.formats.assembling import audio_member, decoded_audio
from vlmock.recording.model import Recording
from vlmock.recording.voices import MemoryVoice

__all__ = ["filled_in"]

_NAME = "client.wav"


def filled_in(recording: Recording, sound: Path) -> Recording:
    """The recording with the sound that its client really sent, in as many pieces of one size as it has appends.

    ``sound``: a WAV file, or bare samples in the format that the session confirmed. Every piece must begin as the
    recording says, so a wrong file is found out. Raises ``RecordingError``.
    """
    cut = [number for number, frame in enumerate(recording.frames) if frame.source == "client" and _is_cut(frame)]
    if not cut:
        raise RecordingError(f"{recording.name}: no audio of its client is cut short, so there is nothing to fill in")
    format = _format(recording, cut[0])
    data = _samples(sound, format)
    beginnings = [_beginning(recording.frames[number]) for number in cut]
    size = next(_sizes(data, beginnings, format.bytes_per_sample), None)
    if size is None:
        raise RecordingError(
            f"{sound}: is not what the client of {recording.name} sent: cut into its {len(cut)} pieces, they begin "
            "otherwise than was recorded"
        )
    frames = list(recording.frames)
    for number, start in zip(cut, range(0, len(data), size), strict=True):
        frames[number] = _with_clip(frames[number], Clip(_NAME, start, len(data[start : start + size])))
    head = msgspec.structs.replace(recording.head, audio_cut=any(map(_is_cut, frames)))
    voices = {**recording.voices, _NAME: MemoryVoice(format, data)}
    return msgspec.structs.replace(recording, head=head, frames=frames, voices=voices)


def _sizes(data: bytes, beginnings: Sequence[bytes], step: int) -> Iterator[int]:
    """The sizes of piece with which the sound gives so many pieces that begin like these."""
    count = len(beginnings)
    smallest = -(-len(data) // count)
    largest = len(data) if count == 1 else (len(data) - 1) // (count - 1)
    for size in range(-(-smallest // step) * step, largest + 1, step):
        if all(data.startswith(beginning, number * size) for number, beginning in enumerate(beginnings)):
            yield size


def _is_cut(frame: Frame) -> bool:
    """Whether there is audio in it that is not in a file."""
    return frame.event is not None and isinstance(frame.event.get(audio_member(frame.event)), str)


def _beginning(frame: Frame) -> bytes:
    """What a recorder has left of the audio; nothing where it says so in words."""
    assert frame.event is not None
    return decoded_audio(frame.event[audio_member(frame.event)]) or b""


def _with_clip(frame: Frame, clip: Clip) -> Frame:
    assert frame.event is not None
    event = {**frame.event, audio_member(frame.event): msgspec.to_builtins(clip)}
    return msgspec.structs.replace(frame, event=event)


def _format(recording: Recording, before: int) -> AudioFormat:
    """What the session had confirmed by then."""
    formats = FormatsInForce()
    for frame in recording.frames[:before]:
        if frame.source == "server" and frame.event is not None:
            formats.heard(frame.event)
    sound = formats.of_client()
    if sound is None or sound.channels != 1:
        raise RecordingError(f"{recording.name}: the format of its client's audio is none that can be filled in")
    return sound.format


def _samples(sound: Path, format: AudioFormat) -> bytes:
    """In the format of the session."""
    try:
        data = sound.read_bytes()
    except OSError as error:
        raise RecordingError(f"{sound}: cannot be read ({error.strerror or error})") from None
    if not data.startswith(b"RIFF"):
        return data
    import numpy as np

    try:
        samples, rate_hz = parse_wav(data)
    except ValueError as error:
        raise RecordingError(f"{sound}: {error}") from None
    if rate_hz != format.rate_hz:
        raise RecordingError(f"{sound}: has {rate_hz} Hz, and the client sent {format.rate_hz} Hz")
    return encode_samples(np.clip(samples, -32768, 32767).astype(np.int16), format)
