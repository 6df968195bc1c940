"""Muffled sound keeps when somebody speaks and how loud, and loses the voice."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.recording.taking import append, delta, session, take
from vlmock.protocol.audio_format import AudioFormat, decode_samples, encode_samples
from vlmock.protocol.recording.muffling import Muffler
from vlmock.protocol.wav import parse_wav
from vlmock.recording.reading import read
from vlmock.scenario.speech import SpeechStudio
from vlmock.session.effects import SpeechRequest
from vlmock.session.listening.turn_detector import DetectorSettings, TurnDetector

PCM24 = AudioFormat("pcm16", 24000)
PCM16 = AudioFormat("pcm16", 16000)
ULAW, ALAW = AudioFormat("g711_ulaw", 8000), AudioFormat("g711_alaw", 8000)
FRAME_MS = 32


def muffled(data: bytes, format: AudioFormat, piece: int) -> bytes:
    muffler = Muffler(format)
    return b"".join(muffler.muffled(data[place : place + piece]) for place in range(0, len(data), piece))


def turns(data: bytes, format: AudioFormat) -> list[tuple[str, int]]:
    """What the emulator hears, with a second of silence before and two behind."""
    quiet = np.zeros(format.rate_hz, np.int16)
    detector = TurnDetector(DetectorSettings(), rate_hz=format.rate_hz)
    heard = detector.hear(np.concatenate((quiet, decode_samples(data, format), quiet, quiet)))
    times = [(type(each).__name__, msg_time(each)) for each in heard]
    assert times, "there is no speech in it"
    return times


def msg_time(signal: Any) -> int:
    return int(getattr(signal, "audio_start_ms", 0) or getattr(signal, "audio_end_ms", 0))


def same_turns(data: bytes, format: AudioFormat, piece: int, within_ms: int) -> None:
    before, after = turns(data, format), turns(muffled(data, format, piece), format)
    assert [what for what, _ in before] == [what for what, _ in after]
    assert max(abs(a - b) for (_, a), (_, b) in zip(before, after, strict=True)) <= within_ms


def likeness(one: "NDArray[Any]", other: "NDArray[Any]") -> float:
    """The highest correlation of two sounds, wherever one is laid against the other; 1 for the same."""
    a, b = (np.fft.rfft(sound.astype(float), 2 * len(sound)) for sound in (one, other))
    energy = np.sqrt(np.sum(one.astype(float) ** 2) * np.sum(other.astype(float) ** 2))
    return float(np.abs(np.fft.irfft(a * np.conj(b))).max() / energy)


@pytest.mark.parametrize("format", [PCM24, ULAW, ALAW], ids=lambda each: each.encoding)
def test_turns_of_the_builtin_voice_stay_where_they_were(format: AudioFormat):
    """In appends of 20 ms, to one frame of the detector."""
    speech = SpeechStudio().speak(SpeechRequest("Tell me, what is the weather in Beijing?", format))
    same_turns(speech.audio, format, format.bytes_for_ms(20), FRAME_MS)


@pytest.mark.parametrize("name", ["cards_001", "cards_003", "cards_005", "ps_goforward", "ps_numbers", "ps_something"])
@pytest.mark.parametrize(("piece_ms", "frames"), [(20, 1), (100, 1), (30, 2)])
def test_turns_of_people_stay_where_they_were(shared: Path, name: str, piece_ms: int, frames: int):
    """To one frame where the pieces are whole windows of the detector, to two where they are not; the voice is gone."""
    samples = parse_wav((shared / "speech" / f"{name}.wav").read_bytes()).samples.astype(np.int16)
    data = samples.tobytes()
    piece = PCM16.bytes_for_ms(piece_ms)
    same_turns(data, PCM16, piece, frames * FRAME_MS)
    assert likeness(samples, decode_samples(muffled(data, PCM16, piece), PCM16)) < 0.1
    assert likeness(samples, samples) == pytest.approx(1)


def test_loudness_stays():
    """Of every quarter of a second, to half a decibel."""
    speech = SpeechStudio().speak(SpeechRequest("Good morning to everybody here.", PCM24)).audio
    loud, after = (
        np.sqrt(np.mean(np.square(decode_samples(each, PCM24)[:24000].reshape(-1, 6000).astype(float)), axis=1))
        for each in (speech, muffled(speech, PCM24, 960))
    )
    assert loud.min() > 100
    assert np.abs(20 * np.log10(after / loud)).max() < 0.5


@given(
    data=st.data(), format=st.sampled_from([PCM24, PCM16, ULAW, AudioFormat("pcm16", 44100), AudioFormat("pcm16", 1)])
)
def test_every_piece_keeps_its_length(data: st.DataObject, format: AudioFormat):
    """However it is cut, in the middle of samples too; and the same pieces give the same."""
    pieces = data.draw(st.lists(st.binary(max_size=3000), max_size=6))
    channels = data.draw(st.integers(1, 2)) if format.encoding == "pcm16" else 1
    one, other = Muffler(format, channels), Muffler(format, channels)
    for piece in pieces:
        told = one.muffled(piece)
        assert len(told) == len(piece)
        assert told == other.muffled(piece)


def test_tiny_pieces_do_not_give_the_voice_away(shared: Path):
    """A piece of one sample is as loud as the 16 ms before it, so the loudness never follows the wave."""
    sound = parse_wav((shared / "speech" / "ps_goforward.wav").read_bytes()).samples.astype(np.int16)
    samples = sound[10000:18000]
    told = decode_samples(muffled(samples.tobytes(), PCM16, 2), PCM16)
    assert likeness(samples, told) < 0.2
    assert likeness(np.abs(samples) - np.abs(samples).mean(), np.abs(told) - np.abs(told).mean()) < 0.6


def test_a_muffled_recording_has_no_voice_anywhere(tmp_path: Path):
    """Not in the voices, not in items or the film, not in base64 that is not canonical or stands where we know none."""
    speech = SpeechStudio().speak(SpeechRequest("My name is Rumpelstiltskin.", PCM24)).audio
    part = {"type": "input_audio", "audio": base64.b64encode(speech).decode()}
    said = [
        ("client", append(speech)),
        ("server", delta(speech)),
        ("client", {"type": "conversation.item.create", "item": {"content": [part]}}),
        ("server", {"type": "conversation.item.retrieved", "item": {"content": [part]}}),
        ("server", {"type": "response.video.delta", "delta": base64.b64encode(speech).decode()}),
        ("server", {"type": "new.delta", "sound": {"deep": base64.urlsafe_b64encode(speech).decode()}}),
        ("client", {"type": "input_audio_buffer.append", "audio": base64.b64encode(speech).decode() + "\n"}),
        ("client", {"type": "input_audio_buffer.append", "audio": base64.b64encode(speech).decode() + "?"}),
        ("server", f'["{base64.b64encode(speech).decode()}"]'),
        ("server", b"\xff" + speech),
        ("server", session(input_audio_format="opus")),
        ("client", append(speech)),
    ]
    (recording,) = read(take(tmp_path / "rec", said, redact_audio=True))
    assert recording.head.audio_redacted
    written = b"".join(path.read_bytes() for path in (tmp_path / "rec").iterdir())
    for place in range(0, len(speech) - 66, 66):
        bit = speech[place : place + 66]
        if any(bit):
            assert bit not in written
            assert base64.b64encode(bit) not in written
    assert [len(recording.voices[name]) for name in ("server.wav", "items.wav", "film.mp4")] == [len(speech)] * 3
    assert recording.voices["film.mp4"].read(0, 10**9) == bytes(len(speech))


def test_what_is_no_sound_stays(tmp_path: Path):
    """How to connect, and pictures; and what was said stays in the transcripts."""
    long = base64.b64encode(bytes(range(200))).decode()
    event = {"type": "x", "client_sdp": long, "url": f"data:image/png;base64,{long}", "transcript": "Rumpelstiltskin"}
    (recording,) = read(take(tmp_path / "rec", [("client", event)], redact_audio=True))
    assert recording.frames[0].event == event


def test_silence_stays_silent():
    """And what was hardly more than that."""
    hiss = encode_samples(np.array([0, 1, 0, -1] * 2000, np.int16), PCM24)
    assert max(decode_samples(muffled(hiss, PCM24, 960), PCM24)) <= 1
    assert muffled(bytes(4800), PCM24, 960) == bytes(4800)
