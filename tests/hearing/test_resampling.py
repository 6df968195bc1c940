"""Frames at 16 kHz: what is in the sound is in them, and it does not matter how the stream was cut."""

from itertools import cycle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlmock.hearing.resampling import FRAME_SAMPLES, RATE_HZ, Frames

RATES = (8000, 16_000, 22_050, 24_000, 44_100)


def noise(rate_hz: int, seconds: float = 1.0) -> NDArray[np.int16]:
    return np.random.default_rng(3).integers(-32768, 32767, round(rate_hz * seconds), dtype=np.int16)


def framed(samples: NDArray[np.int16], rate_hz: int, sizes: tuple[int, ...] = (10**9,)) -> list[bytes]:
    frames, begin, cut = Frames(rate_hz), 0, []
    for size in cycle(sizes):
        cut += [frame.tobytes() for frame in frames.feed(samples[begin : begin + size])]
        begin += size
        if begin >= len(samples):
            return cut
    raise AssertionError("unreachable")


def tone(hertz: float, rate_hz: int) -> NDArray[np.int16]:
    return np.rint(np.sin(2 * np.pi * hertz * np.arange(rate_hz) / rate_hz) * 16_384).astype(np.int16)


def level_db(samples: NDArray[np.int16], rate_hz: int) -> float:
    """Of the middle of a second, less than that of a sine of half scale."""
    sound = np.frombuffer(b"".join(framed(samples, rate_hz)), np.float32)[4000:12_000]
    return float(10 * np.log10(np.mean(sound.astype(float) ** 2) / 0.125 + 1e-12))


@given(st.sampled_from(RATES), st.lists(st.integers(1, 3000), min_size=1, max_size=20).map(tuple))
def test_cutting_changes_nothing(rate_hz: int, sizes: tuple[int, ...]) -> None:
    """Not a bit of any frame."""
    samples = noise(rate_hz, 0.3)
    assert framed(samples, rate_hz, sizes) == framed(samples, rate_hz)


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_frame_is_there_as_soon_as_its_sound_is(rate_hz: int) -> None:
    """32 ms each, none waits for what comes after it."""
    samples = noise(rate_hz)
    for ms in (31, 32, 33, 320, 999):
        heard = samples[: -(-rate_hz * ms // 1000)]
        frames = framed(heard, rate_hz)
        assert len(frames) == ms // 32
        assert all(len(frame) == 4 * FRAME_SAMPLES for frame in frames)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("hertz", [100, 440, 1000, 3000])
def test_the_voice_goes_through(rate_hz: int, hertz: float) -> None:
    assert level_db(tone(hertz, rate_hz), rate_hz) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(("rate_hz", "hertz"), [(24_000, 9500), (24_000, 11_000), (44_100, 10_000), (44_100, 15_000)])
def test_nothing_folds_back_onto_the_voice(rate_hz: int, hertz: float) -> None:
    """What 16 kHz cannot hold is left out."""
    assert level_db(tone(hertz, rate_hz), rate_hz) < -40


@pytest.mark.parametrize("hertz", [1000, 3000])
def test_nothing_is_mirrored_above_the_voice(hertz: float) -> None:
    """From 8 kHz there is nothing above 4 kHz afterwards, but for what stands near the border."""
    sound = np.frombuffer(b"".join(framed(tone(hertz, 8000), 8000)), np.float32)[4000:12_000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    above = np.fft.rfftfreq(len(sound), 1 / RATE_HZ) > 4000
    assert 10 * np.log10(spectrum[above].sum() / spectrum.sum()) < -40


def test_16_khz_stays_as_it_is() -> None:
    samples = noise(RATE_HZ, 0.32)
    assert b"".join(framed(samples, RATE_HZ)) == (samples / 32768).astype(np.float32).tobytes()


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_delay_is_about_a_millisecond(rate_hz: int) -> None:
    """A click comes out where it went in."""
    samples = np.zeros(rate_hz // 4, np.int16)
    samples[rate_hz // 10] = 30_000
    sound = np.frombuffer(b"".join(framed(samples, rate_hz)), np.float32)
    assert 0 <= np.abs(sound).argmax() / RATE_HZ - 0.1 < 0.0012


def test_no_block_stays_in_memory() -> None:
    """A piece of a frame is kept, and the filter's reach."""
    frames = Frames(24_000)
    list(frames.feed(noise(24_000)))
    assert frames._held.base is None
    assert len(frames._held) < 24_000 * 34 // 1000
