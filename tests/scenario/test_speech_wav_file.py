"""WAV files as people have them: widths, channels, rates, headers, and what is wrong with some."""

import struct
from pathlib import Path

import numpy as np
import pytest

from vlmock.errors import ScenarioError, SpeechError
from vlmock.protocol.audio_format import decode_samples, output_format
from vlmock.scenario.loader import load_text
from vlmock.scenario.speech import SpeechStudio
from vlmock.scenario.wav_file import read_wav
from vlmock.session.effects import SpeechRequest

WIDTHS = [("pcm", 8), ("pcm", 16), ("pcm", 24), ("pcm", 32), ("float", 32), ("float", 64)]


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> np.ndarray:
    """Half of full scale, as floats of ±1."""
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def packed(samples: np.ndarray, kind: str, bits: int) -> bytes:
    if kind == "float":
        return samples.astype(f"<f{bits // 8}").tobytes()
    whole = np.rint(samples * (2 ** (bits - 1) - 1)).astype(np.int64)
    if bits == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    return b"".join(int(value).to_bytes(bits // 8, "little", signed=True) for value in whole)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def header(encoding: int, channels: int, rate_hz: int, bits: int) -> bytes:
    frame = channels * bits // 8
    return struct.pack("<HHIIHH", encoding, channels, rate_hz, rate_hz * frame, frame, bits)


def riff(*chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"WAVE" + b"".join(chunks)


def wav(samples: np.ndarray, rate_hz: int, kind: str = "pcm", bits: int = 16, channels: int = 1) -> bytes:
    """All channels carry the samples."""
    content = packed(np.repeat(samples, channels), kind, bits)
    return riff(chunk(b"fmt ", header({"pcm": 1, "float": 3}[kind], channels, rate_hz, bits)), chunk(b"data", content))


@pytest.fixture
def file(tmp_path):
    def write(content: bytes) -> Path:
        path = tmp_path / "line.wav"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(("kind", "bits"), WIDTHS)
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 24000, 44100, 96000])
def test_any_width_number_of_channels_and_rate_is_read(file, kind, bits, channels, rate_hz):
    """The same tone, whatever the file is made of, within what its width can say."""
    samples = tone(440, rate_hz, 0.1)
    sound = read_wav(file(wav(samples, rate_hz, kind, bits, channels)))
    assert sound.rate_hz == rate_hz
    np.testing.assert_allclose(sound.samples / 32768, samples, atol=1 / 100 if bits == 8 else 1 / 16000)


def test_stereo_is_mixed_and_not_cut(file):
    """Both sides are heard, each half as loud."""
    content = np.array([1000, 3000, -200, 200], "<i2").tobytes()
    sound = read_wav(file(riff(chunk(b"fmt ", header(1, 2, 8000, 16)), chunk(b"data", content))))
    assert sound.samples.tolist() == [2000, 0]


@pytest.mark.parametrize(("kind", "bits"), WIDTHS)
def test_the_extensible_header_is_read(file, kind, bits):
    """What most editors write for 24 bits; the encoding stands behind the ordinary fields."""
    samples = tone(440, 16000, 0.1)
    code = {"pcm": 1, "float": 3}[kind]
    guid = struct.pack("<H", code) + bytes.fromhex("000000001000800000aa00389b71")
    extension = struct.pack("<HHI", 22, bits, 4) + guid
    content = riff(
        chunk(b"fmt ", header(0xFFFE, 1, 16000, bits) + extension), chunk(b"data", packed(samples, kind, bits))
    )
    np.testing.assert_allclose(read_wav(file(content)).samples / 32768, samples, atol=1 / 100)


def test_other_chunks_are_passed_over(file):
    """A title before the sound, of odd length, and something after it."""
    samples = np.array([5, -6, 7], "<i2")
    content = riff(
        chunk(b"LIST", b"odd"),
        chunk(b"fmt ", header(1, 1, 8000, 16)),
        chunk(b"data", samples.tobytes()),
        chunk(b"id3 ", b"title"),
    )
    assert read_wav(file(content)).samples.tolist() == [5, -6, 7]


def test_a_header_written_into_a_pipe_is_read_to_the_end_of_the_file(file):
    """Programs that cannot seek back leave a length that no file has."""
    samples = np.array([5, -6, 7], "<i2")
    unfinished = b"data" + struct.pack("<I", 0xFFFFFFFF) + samples.tobytes() + b"\x01"
    content = riff(chunk(b"fmt ", header(1, 1, 8000, 16)), unfinished)
    assert read_wav(file(content)).samples.tolist() == [5, -6, 7]


def test_float_samples_that_are_no_numbers_do_no_harm(file):
    """NaN is silence, infinity is full scale, and beyond full scale is full scale."""
    content = np.array([np.nan, np.inf, -np.inf, 7.0], "<f4").tobytes()
    path = file(riff(chunk(b"fmt ", header(3, 1, 24000, 32)), chunk(b"data", content)))
    speech = SpeechStudio().speak(SpeechRequest("", output_format("pcm16"), audio=str(path)))
    assert np.frombuffer(speech.audio, "<i2").tolist() == [0, 32767, -32768, 32767]


FMT = chunk(b"fmt ", header(1, 1, 8000, 16))
BROKEN = [
    (b"", "it is empty"),
    (b"fLaC\0\0\0\x22 and so on", "it is no WAV file, it begins with b'fLaC'"),
    (b"RIFF\x04\0\0\0AVI ", "it is no WAV file"),
    (riff(chunk(b"data", b"\0\0")), "it has no 'fmt ' chunk"),
    (riff(chunk(b"fmt ", b"\1\0\1\0")), "it has no 'fmt ' chunk"),
    (riff(FMT), "it has no 'data' chunk"),
    (riff(FMT, chunk(b"data", b"")), "it holds no samples"),
    (riff(FMT, chunk(b"data", b"\0")), "it holds no samples"),
    (riff(chunk(b"fmt ", header(85, 1, 8000, 16)), chunk(b"data", b"\0\0")), "its samples are 16-bit MP3; PCM of"),
    (riff(chunk(b"fmt ", header(7, 1, 8000, 8)), chunk(b"data", b"\0\0")), "its samples are 8-bit µ-law; PCM of"),
    (riff(chunk(b"fmt ", header(777, 1, 8000, 16)), chunk(b"data", b"\0\0")), "16-bit of encoding 777; PCM of"),
    (riff(chunk(b"fmt ", header(1, 1, 8000, 64)), chunk(b"data", bytes(8))), "its samples are 64-bit PCM"),
    (riff(chunk(b"fmt ", header(1, 0, 8000, 16)), chunk(b"data", b"\0\0")), "its header is wrong: 0 channels, 8000 Hz"),
    (riff(chunk(b"fmt ", header(1, 1, 0, 16)), chunk(b"data", b"\0\0")), "its header is wrong: 1 channels, 0 Hz"),
]


@pytest.mark.parametrize(("content", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_file_that_cannot_be_used_is_named_with_the_reason(file, content, reason):
    """One sentence: which file, and what is the matter with it."""
    path = file(content)
    with pytest.raises(SpeechError) as raised:
        read_wav(path)
    assert str(raised.value).startswith(f"cannot use the sound file {path}: ")
    assert reason in str(raised.value)


def test_a_file_that_cannot_be_opened_is_named_with_the_reason(tmp_path):
    """Missing, a folder, or a name that no file can have."""
    missing = tmp_path / "hello.wav"
    for path, reason in [
        (missing, f"cannot read the sound file {missing}: No such file or directory"),
        (tmp_path, f"cannot read the sound file {tmp_path}: Is a directory"),
        (Path("a\0b"), "cannot read the sound file 'a\\x00b': embedded null byte"),
    ]:
        with pytest.raises(SpeechError) as raised:
            SpeechStudio().speak(SpeechRequest("Hello.", output_format("pcm16"), audio=str(path)))
        assert str(raised.value) == reason


# ---- as a line of a scenario


@pytest.mark.parametrize(("content", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_scenario_is_refused_for_a_file_that_cannot_be_used(file, content, reason):
    """Before the server starts, with the place: not when somebody waits for the line."""
    path = file(content)
    with pytest.raises(ScenarioError) as raised:
        load_text("otherwise:\n  reply:\n    - say: Hello.\n      audio: line.wav\n", file="f.yaml", folder=path.parent)
    assert str(raised.value).startswith(f"f.yaml:3: audio: cannot use the sound file {path}: ")
    assert reason in str(raised.value)


def test_a_file_in_the_output_format_is_played_to_the_bit(file):
    """Nothing is resampled, scaled or dithered that need not be; the text and the rate change nothing."""
    samples = np.random.default_rng(1).integers(-32768, 32768, 4801, np.int16)
    path = file(riff(chunk(b"fmt ", header(1, 1, 24000, 16)), chunk(b"data", samples.tobytes())))
    speech = SpeechStudio().speak(SpeechRequest("Hello.", output_format("pcm16"), rate=1.5, audio=str(path)))
    assert speech.audio == samples.tobytes()
    assert speech.duration_ms == 4801 / 24


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000])
@pytest.mark.parametrize(
    "name", ["pcm16", "pcm16_8000hz", "pcm16_16000hz", "pcm16_22050hz", "pcm16_44100hz", "g711_ulaw", "g711_alaw"]
)
def test_a_file_at_any_rate_keeps_its_pitch_length_and_loudness(file, rate_hz, name):
    """A tone of 1 kHz for half a second is that in every output format."""
    path = file(wav(tone(1000, rate_hz), rate_hz, channels=2))
    wanted = output_format(name)
    speech = SpeechStudio().speak(SpeechRequest("", wanted, audio=str(path)))
    assert speech.duration_ms == pytest.approx(500, abs=1)
    samples = decode_samples(speech.audio, wanted).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert np.argmax(spectrum) * wanted.rate_hz / len(samples) == pytest.approx(1000, abs=4)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(32768 * 0.5 / np.sqrt(2), rel=0.03)
