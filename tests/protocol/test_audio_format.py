"""Bytes, samples and milliseconds."""

import hashlib
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmock.protocol.audio_format import (
    OUTPUT_FORMATS,
    AudioFormat,
    decode_samples,
    encode_samples,
    input_format,
    output_format,
)

ULAW, ALAW = AudioFormat("g711_ulaw", 8000), AudioFormat("g711_alaw", 8000)
EVERY_BYTE = bytes(range(256))
EVERY_SAMPLE = np.arange(65536, dtype=np.uint16).view(np.int16)


def test_the_names_of_the_output_formats_are_those_of_the_schema():
    """Schema F: seven ways to say PCM, the two old hyphen spellings and their kin, and G.711 at 8 kHz."""
    rates = {name: format.rate_hz for name, format in OUTPUT_FORMATS.items()}
    pcm = {f"pcm16{joint}{hz}hz": hz for joint in "_-" for hz in (8000, 16000, 22050, 24000, 44100, 48000)}
    assert rates == {"pcm16": 24000, "g711_ulaw": 8000, "g711_alaw": 8000} | pcm


def test_an_unknown_output_format_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'mp3'; known: pcm16, pcm16_8000hz"):
        output_format("mp3")


@pytest.mark.parametrize(
    ("name", "rate_hz", "expected"),
    [
        ("pcm16", 16000, AudioFormat("pcm16", 16000)),
        ("pcm16", 44100, AudioFormat("pcm16", 44100)),
        ("g711_ulaw", 24000, ULAW),
        ("g711_alaw", 8000, ALAW),
    ],
)
def test_the_input_format_takes_the_sessions_rate_except_for_g711(name, rate_hz, expected):
    """G.711 is 8 kHz, whatever the session says."""
    assert input_format(name, rate_hz) == expected


@pytest.mark.parametrize(("name", "rate_hz"), [("pcm16_16000hz", 16000), ("opus", 24000), ("pcm16", 0)])
def test_an_impossible_input_format_is_refused(name, rate_hz):
    with pytest.raises(ValueError):
        input_format(name, rate_hz)


@pytest.mark.parametrize(
    ("format", "byte_count", "ms"),
    [(output_format("pcm16"), 960, 20), (ULAW, 160, 20), (output_format("pcm16_44100hz"), 88200, 1000)],
)
def test_bytes_and_milliseconds_say_the_same(format, byte_count, ms):
    assert format.duration_ms(byte_count) == ms
    assert format.bytes_for_ms(ms) == byte_count


def test_a_cut_never_splits_a_sample():
    """20 ms at 22.05 kHz are 441 samples, 10 ms are 220 and a half."""
    assert output_format("pcm16_22050hz").bytes_for_ms(10) == 440
    assert output_format("pcm16").bytes_for_ms(0.01) == 0


@given(st.sampled_from(list(OUTPUT_FORMATS.values())), st.integers(0, 10_000_000))
def test_a_duration_gives_back_the_bytes_it_was_made_from(format, samples):
    byte_count = samples * format.bytes_per_sample
    assert format.bytes_for_ms(format.duration_ms(byte_count)) == byte_count


@given(st.binary(max_size=200))
def test_pcm16_comes_back_as_it_went(data):
    format = output_format("pcm16")
    if len(data) % 2:
        with pytest.raises(ValueError, match="middle of a sample"):
            decode_samples(data, format)
    else:
        assert encode_samples(decode_samples(data, format), format) == data


def test_pcm16_is_little_endian_and_signed():
    assert decode_samples(b"\x01\x00\xff\xff\x00\x80", output_format("pcm16")).tolist() == [1, -1, -32768]


@pytest.mark.parametrize(
    ("format", "decoded", "encoded"),
    [(ULAW, "3dab54339e520bb2", "617fa4850d68d390"), (ALAW, "e04788d110e58ff8", "f77c76aa923ee256")],
    ids=["ulaw", "alaw"],
)
def test_g711_is_what_audioop_made_of_every_byte_and_every_sample(format, decoded, encoded):
    """The digests are of what Python 3.11's audioop gave for all 256 bytes and all 65,536 samples."""

    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()[:16]

    assert digest(decode_samples(EVERY_BYTE, format).astype("<i2").tobytes()) == decoded
    assert digest(encode_samples(EVERY_SAMPLE, format)) == encoded


@pytest.mark.parametrize(("format", "law"), [(ULAW, "ulaw"), (ALAW, "alaw")], ids=["ulaw", "alaw"])
def test_g711_equals_audioop_where_there_is_one(format, law):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = pytest.importorskip("audioop", reason="Python 3.13 has no audioop")
    assert decode_samples(EVERY_BYTE, format).tobytes() == getattr(audioop, f"{law}2lin")(EVERY_BYTE, 2)
    assert encode_samples(EVERY_SAMPLE, format) == getattr(audioop, f"lin2{law}")(EVERY_SAMPLE.tobytes(), 2)


def test_g711_zero_bytes_are_loud():
    """A trap: zero bytes are silence in PCM and nearly full scale in mu-law."""
    assert decode_samples(b"\x00", ULAW).tolist() == [-32124]


def test_encoding_takes_every_second_sample_of_a_view():
    stereo = np.array([1000, 7, -1000, 7], np.int16)
    assert encode_samples(stereo[::2], ULAW) == encode_samples(np.array([1000, -1000], np.int16), ULAW)


def test_importing_the_module_does_not_import_numpy():
    code = "import sys, vlmock.protocol.audio_format; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
