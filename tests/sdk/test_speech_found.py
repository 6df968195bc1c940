"""Where the detector finds speech in what the SDK's client sends, in any format, and where there is none."""

import struct
from typing import Any

import numpy as np
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking, transcript
from tests.sdk.sounds import Samples, own_words, quiet
from tests.sdk.spoken import heard


async def heard_as(samples: Samples, *, piece_bytes: int | None = 960, **session: Any) -> tuple[int, int]:
    """What the detector says about it, in a session with the usual settings."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            vad = models.ServerVad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500, create_response=False)
            await dialogue.configure(turn_detection=vad, **session)
            await dialogue.speak(samples, piece_bytes=piece_bytes)
            await dialogue.until("input_audio_buffer.committed")
            await dialogue.until_nothing_is_left()
            return heard(dialogue)


def onset_and_end(samples: Samples) -> tuple[float, float]:
    """Where words without noise begin and end, in milliseconds: all that is within 30 dB of the loudest 20 ms."""
    levels = np.sqrt(np.mean(samples[: len(samples) // 480 * 480].reshape(-1, 480).astype(float) ** 2, axis=1))
    loud = np.flatnonzero(levels > levels.max() / 10**1.5)
    return float(loud[0] * 20), float((loud[-1] + 1) * 20)


async def test_speech_is_found_where_it_is():
    """Start is the onset less the prefix padding, end is the end of speech, the silence and about 70 ms."""
    words = own_words(before_ms=1000)
    onset, end = onset_and_end(words)
    start_ms, end_ms = await heard_as(words)
    assert start_ms % 16 == end_ms % 16 == 0
    assert start_ms == pytest.approx(onset - 300, abs=100)
    assert end_ms == pytest.approx(end + 500 + 70, abs=150)


@pytest.mark.parametrize("piece_bytes", [102, 333 * 2, 4800, 48_000, None])
async def test_the_size_of_the_pieces_does_not_matter(piece_bytes: int | None):
    """In 20 ms pieces or in one append of ten seconds: the same turn to the millisecond."""
    words = own_words(before_ms=1000, after_ms=7000 if piece_bytes is None else 1500)
    assert await heard_as(words, piece_bytes=piece_bytes) == await heard_as(words)


INPUTS = {
    "pcm16 8 kHz": (8_000, "pcm16"),
    "pcm16 16 kHz": (16_000, "pcm16"),
    "pcm16 44.1 kHz": (44_100, "pcm16"),
    "mu-law": (8_000, "g711_ulaw"),
    "A-law": (8_000, "g711_alaw"),
}


@pytest.mark.parametrize(("rate_hz", "audio_format"), INPUTS.values(), ids=INPUTS)
async def test_rate_and_format_do_not_matter(rate_hz: int, audio_format: str):
    """Observed {SDKT}: the same clip gives the same times within 50 ms."""
    rate = {} if audio_format.startswith("g711") else {"input_audio_sampling_rate": rate_hz}
    times = await heard_as(own_words(rate_hz=rate_hz, before_ms=1000), input_audio_format=audio_format, **rate)
    assert times == pytest.approx(await heard_as(own_words(before_ms=1000)), abs=50)


async def test_g711_input_is_echoed_as_8_khz():
    """Observed {SDKT}."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            session = await dialogue.configure(input_audio_format="g711_ulaw")
    assert (session.input_audio_format, session.input_audio_sampling_rate) == ("g711_ulaw", 8000)


def tone(level_dbfs: float) -> Samples:
    time_s = np.arange(48_000) / 24_000
    return (np.sin(2 * np.pi * 440 * time_s) * np.sqrt(2) * 10 ** (level_dbfs / 20) * 32767).astype("<i2")


def wav_header() -> Samples:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16)
    header = b"RIFF" + struct.pack("<I", 96_036) + b"WAVE" + fmt + b"data" + struct.pack("<I", 96_000)
    return np.concatenate([np.frombuffer(header, "<i2"), np.zeros(48_000, "<i2")])


NOT_SPEECH = {
    "silence": quiet(2000),
    "a WAV header": wav_header(),
    "constant DC": np.full(48_000, 8000, "<i2"),
    "DC that is switched on": np.concatenate([quiet(1000), np.full(48_000, -12_000, "<i2"), quiet(1000)]),
    "a tone at -50 dBFS": tone(-50),
}


@pytest.mark.parametrize("samples", NOT_SPEECH.values(), ids=NOT_SPEECH)
async def test_what_is_not_speech_is_no_turn(samples: Samples):
    """And the words that follow are one."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.speak(samples)
            assert await dialogue.until_nothing_is_left() == []
            await dialogue.speak(own_words())
            await dialogue.answer()
            heard(dialogue)


async def test_zero_bytes_in_g711_are_no_speech():
    """Zero is a loud constant there, not silence."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(input_audio_format="g711_ulaw")
            await dialogue.connection.input_audio_buffer.append(audio="AAAA" * 8000)
            assert await dialogue.until_nothing_is_left() == []


async def test_the_sessions_own_silence_and_threshold_count():
    """A longer silence ends the turn later; the highest threshold does not hear a whisper that the lowest does."""
    words = own_words()
    _, early = await heard_as(words)
    whisper = (words // 64).astype("<i2")
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.ServerVad(silence_duration_ms=900, threshold=0.5))
            await dialogue.speak(words)
            await dialogue.answer()
            assert heard(dialogue)[1] == pytest.approx(early + 400, abs=32)
        for threshold, turns in ((0.0, 1), (1.0, 0)):
            async with talking(server.url) as dialogue:
                await dialogue.configure(turn_detection=models.ServerVad(threshold=threshold))
                await dialogue.speak(whisper)
                await dialogue.until_nothing_is_left()
                assert len(dialogue.of("input_audio_buffer.speech_started")) == turns, threshold


async def test_a_removed_filler_is_no_turn():
    """Observed {SDKT}: with ``remove_filler_words`` not even ``speech_started`` comes."""
    with vlmock.serve("filler_words") as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.AzureSemanticVad(remove_filler_words=True))
            await dialogue.speak(own_words())
            assert await dialogue.until_nothing_is_left() == []
            await dialogue.speak(own_words())
            assert transcript(await dialogue.answer()) == "A day ticket is eight pounds."
        assert server.problems() == []


async def test_an_unfinished_sentence_is_waited_for():
    """Documented {DOC}: end-of-utterance detection waits its ``timeout_ms`` longer, and then ends the turn anyway."""
    ends = []
    for eou in (None, models.AzureSemanticDetection(timeout_ms=1000)):
        with vlmock.serve("unfinished_sentence") as server:
            async with talking(server.url) as dialogue:
                vad = models.ServerVad(silence_duration_ms=500, end_of_utterance_detection=eou)
                await dialogue.configure(turn_detection=vad)
                await dialogue.speak(own_words(after_ms=3000))
                assert transcript(await dialogue.answer()) == "For how many people?"
                ends.append(heard(dialogue)[1])
    assert ends[1] - ends[0] == pytest.approx(1000, abs=64)
