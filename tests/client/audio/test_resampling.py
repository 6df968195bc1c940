"""The resampler of the live path: no seams, little delay, as good as is needed for speech and better."""

import itertools

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vlclient.audio.resampling import Resampler

RATES = (8000, 16000, 22050, 24000, 44100, 48000, 96000)
PAIRS = list(itertools.permutations(RATES, 2))
FULL = 20000


def sine(rate_hz: int, hz: float, seconds: float = 0.5) -> NDArray[np.float64]:
    return FULL * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def pcm(samples: NDArray[np.float64]) -> bytes:
    return np.rint(samples).astype("<i2").tobytes()


def resampled(samples: NDArray[np.float64], from_hz: int, to_hz: int) -> NDArray[np.float64]:
    return np.frombuffer(Resampler(from_hz, to_hz).feed(pcm(samples), last=True), "<i2").astype(np.float64)


def middle(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the edges, where a sine begins and ends."""
    return samples[len(samples) // 10 : -len(samples) // 10]


def decibels(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-9)))


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("place", [0.01, 0.2, 0.45])
def test_the_passband_is_flat_and_nothing_is_added(from_hz: int, to_hz: int, place: float) -> None:
    """Up to 0.45 of the lower rate a sine comes out as the same sine, at its place in time, within 70 dB."""
    hz = place * min(from_hz, to_hz)
    out = middle(resampled(sine(from_hz, hz), from_hz, to_hz))
    ideal = middle(sine(to_hz, hz))
    assert decibels(np.sqrt(np.mean((out - ideal) ** 2) / np.mean(ideal**2))) < -70


DOWNWARDS = [(a, b, place) for a, b in PAIRS if a > b for place in (0.55, 0.6, 0.8, 1.1) if place * b < a / 2]


@pytest.mark.parametrize(("from_hz", "to_hz", "place"), DOWNWARDS)
def test_the_stop_band_is_silent(from_hz: int, to_hz: int, place: float) -> None:
    """From 0.55 of the lower rate on, nothing of a sine is left that could come back as an alias."""
    out = middle(resampled(sine(from_hz, place * to_hz), from_hz, to_hz))
    assert decibels(float(np.sqrt(np.mean(out**2))) / (FULL / np.sqrt(2))) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), [(24000, 48000), (44100, 24000), (24000, 44100), (8000, 24000)])
def test_it_agrees_with_soxr(from_hz: int, to_hz: int) -> None:
    """The outside judge: noise within both passbands comes out alike, and at the same place in time."""
    noise = np.random.default_rng(3).normal(0, 3000, from_hz // 2)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(len(noise), 1 / from_hz) > 0.42 * min(from_hz, to_hz)] = 0
    noise = np.rint(np.fft.irfft(spectrum, len(noise)))
    ours = resampled(noise, from_hz, to_hz)
    theirs = soxr.resample(noise, from_hz, to_hz, quality="VHQ")[: len(ours)]
    difference = middle(ours[: len(theirs)]) - middle(theirs)
    assert decibels(float(np.sqrt(np.mean(difference**2) / np.mean(theirs**2)))) < -65


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_little_is_held_back(from_hz: int, to_hz: int) -> None:
    """At most 3 ms, so that speech is not late; at the end everything is there, to the sample."""
    resampler = Resampler(from_hz, to_hz)
    block = bytes(from_hz // 50 * 2)
    given_ms = got_ms = 0.0
    for _ in range(10):
        given_ms += len(block) / 2 / from_hz * 1000
        got_ms += len(resampler.feed(block)) / 2 / to_hz * 1000
        assert 0 <= given_ms - got_ms < 3
    samples = 10 * (from_hz // 50)
    got = round(got_ms * to_hz / 1000) + len(resampler.feed(b"", last=True)) // 2
    assert got == -(-samples * to_hz // from_hz)


@given(
    pair=st.sampled_from([*PAIRS, (24000, 24000), (11025, 24000)]),
    cuts=st.lists(st.integers(0, 700), max_size=12),
    seed=st.integers(0, 99),
)
def test_how_the_sound_is_cut_never_shows(pair: tuple[int, int], cuts: list[int], seed: int) -> None:
    """To the bit: in blocks of any size, odd numbers of bytes included, or all at once."""
    sound = np.random.default_rng(seed).integers(-32768, 32767, 900).astype("<i2").tobytes()
    whole = Resampler(*pair).feed(sound, last=True)
    resampler = Resampler(*pair)
    pieces = b""
    for cut in cuts:
        pieces += resampler.feed(sound[:cut])
        sound = sound[cut:]
    assert pieces + resampler.feed(sound, last=True) == whole


def test_full_scale_stays_in_range() -> None:
    """Between two full samples a filter swings above them: that is clipped, it does not wrap around."""
    square = np.where(np.arange(4800) // 40 % 2, 32767.0, -32768.0)
    out = resampled(square, 24000, 48000)
    assert out.max() == 32767
    assert out.min() == -32768
    assert (out[40:70] < 0).all()


def test_equal_rates_change_nothing() -> None:
    """And hold nothing back, but half a sample."""
    resampler = Resampler(24000, 24000)
    assert resampler.feed(b"abc") == b"ab"
    assert resampler.feed(b"d", last=True) == b"cd"


def test_after_the_end_nothing_more_can_be_fed() -> None:
    """It would be heard as a click."""
    resampler = Resampler(24000, 48000)
    resampler.feed(b"", last=True)
    with pytest.raises(ValueError, match="already ended"):
        resampler.feed(bytes(2))


def test_a_rate_is_a_rate() -> None:
    """Not zero."""
    with pytest.raises(ValueError, match="at least 1 Hz, not 0"):
        Resampler(24000, 0)
