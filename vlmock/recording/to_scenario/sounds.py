"""The two voices of a recording, cut into the WAV files of a scenario."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from vlmock.protocol.audio_format import AudioFormat, decode_samples, encode_samples
from vlmock.protocol.recording.lines import AUDIO_KEY, Clip
from vlmock.protocol.wav import wav_header
from vlmock.recording.model import Recording
from vlmock.recording.to_scenario.story import Said

__all__ = ["UserVoice", "wav_of"]

_MARGIN_MS = 100
"""Around what the user said: the service tells where it heard speech, which is a little inside of it."""


def wav_of(recording: Recording, clips: Sequence[Clip]) -> bytes | None:
    """Some pieces of a voice as one WAV file of 16-bit PCM; None where they have no one format that is known."""
    formats = {_format(recording, clip.file) for clip in clips}
    if len(formats) != 1 or (format := formats.pop()) is None:
        return None
    runs = [recording.sound(_joined(list(run))) for _, run in groupby(_numbered(clips), key=lambda each: each[0])]
    return _wav(b"".join(runs), format)


def _numbered(clips: Sequence[Clip]) -> list[tuple[int, Clip]]:
    """Pieces that lie one behind the other have the same number: they are read at once."""
    numbered: list[tuple[int, Clip]] = []
    for clip in clips:
        number, before = numbered[-1] if numbered else (0, clip)
        follows = clip.file == before.file and clip.start == before.start + before.bytes
        numbered.append((number if follows else number + 1, clip))
    return numbered


def _joined(run: list[tuple[int, Clip]]) -> Clip:
    first = run[0][1]
    return Clip(first.file, first.start, sum(clip.bytes for _, clip in run))


def _format(recording: Recording, file: str) -> AudioFormat | None:
    voice = recording.voices[file]
    try:
        return voice.format if voice.channels == 1 else None
    except ValueError:
        return None


def _wav(sound: bytes, format: AudioFormat) -> bytes:
    """G.711 is made plain: editors know that better."""
    plain = AudioFormat("pcm16", format.rate_hz)
    whole = sound[: len(sound) // format.bytes_per_sample * format.bytes_per_sample]
    if format.encoding != "pcm16":
        whole = encode_samples(decode_samples(whole, format), plain)
    return wav_header(plain, 1, len(whole)) + whole


class UserVoice:
    """All that the client sent, as the service counts it: in milliseconds of audio."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._clips = [
            msgspec.convert(audio, Clip)
            for frame in recording.frames
            if frame.source == "client" and frame.event is not None
            if frame.event.get("type") == "input_audio_buffer.append"
            if isinstance(audio := frame.event.get("audio"), dict) and AUDIO_KEY in audio
        ]

    def wav(self, said: Said) -> bytes | None:
        """What the user said, from a little before it to a little behind; None where that is not known."""
        files = {clip.file for clip in self._clips}
        if len(files) != 1 or said.began_ms is None or said.ended_ms is None or said.ended_ms <= said.began_ms:
            return None
        format = _format(self._recording, files.pop())
        if format is None:
            return None
        sound = wav_of(self._recording, self._clips)
        assert sound is not None
        header = len(wav_header(format, 1, 0))
        plain = AudioFormat("pcm16", format.rate_hz)
        first = plain.bytes_for_ms(max(said.began_ms - _MARGIN_MS, 0))
        last = plain.bytes_for_ms(said.ended_ms + _MARGIN_MS)
        part = sound[header + first : header + last]
        return wav_header(plain, 1, len(part)) + part if part else None
