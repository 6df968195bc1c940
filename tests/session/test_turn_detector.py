"""Where speech begins and ends, in audio time, for one real voice, for many, and for what is no voice."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.detector_sounds import (
    NOT_SPEECH,
    RATE_HZ,
    SEMANTIC,
    SERVER_VAD,
    SPEECH_FILES,
    WAV_HEADER,
    Samples,
    everywhere,
    hear,
    join,
    load,
    noise,
    silence,
    times,
    voice,
)
from vlmock.session.listening.speech_level import SpeechLevel
from vlmock.session.listening.turn_detector import DetectorSettings, SpeechStarted, SpeechStopped, TurnDetector

# ---- sounds


@pytest.fixture
def marcelo(shared: Path) -> Samples:
    return np.fromfile(shared / "recordings" / "marcelo_24khz.pcm", "<i2")


# ---- as the service did


@pytest.mark.parametrize(
    ("settings", "start_ms", "end_ms"), [(SERVER_VAD, 1456, 4512), (SEMANTIC, 1568, 4544)], ids=["server", "semantic"]
)
def test_one_real_voice_is_timed_as_the_service_timed_it(marcelo, settings, start_ms, end_ms):
    """Observed {PAI}: the figures that the service reported for these very bytes."""
    assert times(hear(marcelo, settings)) == [("start", start_ms), ("end", end_ms)]


@pytest.mark.parametrize("gain_db", [-10, 0, 3])
def test_one_real_voice_is_timed_so_wherever_in_a_frame_it_begins(marcelo, gain_db):
    """No microphone starts with the service's frames: later by any part of one, the times are later by about as much.
    Nor does it matter how loud the voice is."""
    louder = np.rint(marcelo * 10 ** (gain_db / 20)).clip(-32768, 32767).astype(np.int16)
    for later_ms in range(32):
        (_, start_ms), (_, end_ms) = times(hear(join(silence(later_ms / 1000), louder)))
        assert abs(start_ms - later_ms - 1456) <= 40
        assert abs(end_ms - later_ms - 4512) <= 40


@pytest.mark.parametrize("name", SPEECH_FILES)
def test_every_utterance_is_found_near_where_it_begins_and_ends(shared, name):
    """Without padding the start is the onset; the end holds 500 ms of silence. Judged from 150 Hz to 1 kHz."""
    samples, rate_hz = load(shared, name)
    events = hear(
        join(silence(1, rate_hz), samples, silence(2, rate_hz)),
        DetectorSettings(prefix_padding_ms=0, silence_duration_ms=500),
        rate_hz,
    )
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    voiced = np.fft.irfft(spectrum * ((hertz > 150) & (hertz < 1000)))
    frame = rate_hz // 50
    energy = np.square(voiced[: len(voiced) // frame * frame].reshape(-1, frame)).mean(1)
    loud_ms = np.flatnonzero(energy > energy.max() / 100) * 20  # within 20 dB of the loudest 20 ms
    (_, start_ms), (_, end_ms) = times(events)
    assert -64 <= start_ms - (1000 + loud_ms[0]) <= 160
    assert abs(end_ms - (1000 + loud_ms[-1] + 20 + 500 + 70)) <= 200


def test_speech_at_the_very_beginning_starts_at_zero():
    """Observed {SDKT, FON}: the prefix cannot begin before the stream."""
    assert times(hear(join(voice(1), silence(1)))) == [("start", 0), ("end", 1600)]


def test_the_prefix_is_taken_off_the_onset():
    """The onset lies in the frame that begins at 1984 ms; times come in steps of 16."""
    sound = join(silence(2), voice(1), silence(1))
    starts = {ms: times(hear(sound, DetectorSettings(prefix_padding_ms=ms)))[0][1] for ms in (0, 100, 300, 400, 3000)}
    assert starts == {0: 1984, 100: 1888, 300: 1680, 400: 1584, 3000: 0}


@pytest.mark.parametrize(("silence_ms", "end_ms"), [(0, 3072), (200, 3296), (500, 3584), (550, 3648), (1000, 4096)])
def test_the_silence_that_ends_a_turn_is_part_of_it(silence_ms, end_ms):
    """Speech to 3000 ms, heard to 3008; then the silence asked for and 64 ms, in whole frames of 32."""
    sound = join(silence(2), voice(1), silence(2))
    events = hear(sound, DetectorSettings(silence_duration_ms=silence_ms))
    assert times(events)[1:] == [("end", end_ms)]
    assert end_ms - 3008 - silence_ms - 64 in range(32)


def test_events_are_known_only_after_they_were_heard(marcelo):
    """A start is certain once enough speech was heard, an end with its last millisecond of silence."""
    started, stopped = hear(marcelo)
    assert 1456 + 400 <= started.decided_at_ms <= 1456 + 400 + 256
    assert stopped.decided_at_ms == 4512
    assert times(hear(marcelo[: RATE_HZ * 4511 // 1000])) == [("start", 1456)]
    assert times(hear(marcelo[: RATE_HZ * 4512 // 1000])) == [("start", 1456), ("end", 4512)]


def test_a_pause_shorter_than_the_silence_does_not_end_the_turn():
    sound = join(silence(1), voice(0.6), silence(0.4), voice(0.6), silence(2))
    assert len(hear(sound, DetectorSettings(silence_duration_ms=500))) == 2
    assert len(hear(sound, DetectorSettings(silence_duration_ms=200))) == 4


def test_a_turn_never_begins_after_it_is_known():
    """A voice that swells has its onset late; semantic detection reports it later still."""
    swelling = join(silence(1), voice(0.18, -38), voice(1, -10), silence(1))
    started, _ = hear(swelling, DetectorSettings(prefix_padding_ms=0, semantic=True))
    assert started.audio_start_ms == started.decided_at_ms == 1216


def test_a_turn_never_begins_inside_the_one_before():
    """Assumed: what was committed with one turn cannot be the prefix of the next."""
    events = times(hear(join(silence(1), voice(0.6), silence(0.4), voice(0.6), silence(2)), DetectorSettings()))
    assert [kind for kind, _ in events] == ["start", "end", "start", "end"]
    assert events[1][1] == events[2][1]


# ---- the same sound is the same turn


@pytest.mark.parametrize("settings", [SERVER_VAD, SEMANTIC], ids=["server", "semantic"])
@pytest.mark.parametrize("name", ["marcelo", *SPEECH_FILES])
def test_rate_and_encoding_change_nothing(shared, marcelo, name, settings):
    """Exactly the same times at 8, 16, 24 and 44.1 kHz, in PCM16, mu-law and A-law."""
    samples, rate_hz = (marcelo, RATE_HZ) if name == "marcelo" else load(shared, name)
    sounds = everywhere(join(samples, silence(1, rate_hz)), rate_hz)
    heard = {sound: times(hear(samples, settings, rate_hz)) for sound, (samples, rate_hz) in sounds.items()}
    assert heard == dict.fromkeys(sounds, heard["16000"])
    assert len(heard["16000"]) >= 2


TWO_TURNS = join(
    noise(-58, 0.7), voice(0.5, -30), noise(-58, 0.8), voice(0.3, -44), noise(-50, 0.2), voice(0.4, -12), noise(-58, 1)
)
IN_ONE = hear(TWO_TURNS)


@given(st.lists(st.integers(1, 30_000), min_size=2, max_size=30).map(tuple))
def test_cutting_changes_nothing(pieces):
    """Any sizes of pieces, the same events to the bit."""
    assert len(IN_ONE) == 4
    assert hear(TWO_TURNS, pieces=(*pieces, 2_000)) == IN_ONE


@given(
    st.lists(st.integers(1, 30_000), min_size=2, max_size=30).map(tuple), st.sampled_from([8000, 16000, 22050, 44100])
)
def test_cutting_changes_no_level(pieces, rate_hz):
    """Not even the levels differ, at rates with whole frames and without."""
    level, cut, begin = SpeechLevel(rate_hz, frame_ms=32), [], 0
    for size in (*pieces, len(TWO_TURNS)):
        cut += level.feed(TWO_TURNS[begin : begin + size])
        begin += size
    whole = SpeechLevel(rate_hz, frame_ms=32).feed(TWO_TURNS)
    assert cut == whole
    assert len(whole) == len(TWO_TURNS) * 1000 // (32 * rate_hz)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 24000, 44100])
def test_the_weights_are_whole_numbers(rate_hz):
    """Over a power of two: so sums are exact in any order, and adding up to nothing they let no DC through."""
    weights = SpeechLevel(rate_hz, frame_ms=32)._weights * 2.0**37
    assert (weights == np.rint(weights)).all()
    assert weights.sum(axis=0).tolist() == [0, 0]


def test_eleven_seconds_at_once_and_20_ms_pieces_are_the_same(marcelo):
    both = join(marcelo, marcelo)
    at_once = hear(both)
    assert len(at_once) == 4
    assert hear(both, pieces=(480,)) == at_once == hear(both, pieces=(1,) * 7 + (4801,))


def test_only_an_unfinished_frame_is_kept():
    """No block stays in memory because a piece of it is still needed."""
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ)
    detector.feed(silence(10))
    kept = detector._level._unfinished
    assert kept.base is None
    assert len(kept) < RATE_HZ * 32 // 1000


# ---- how loud


@pytest.mark.parametrize(
    ("threshold", "dbfs", "heard"),
    [
        (0.5, -12, True),
        (0.5, -40, True),
        (0.5, -60, False),
        (0.9, -25, True),
        (0.9, -43, False),
        (0.1, -50, True),
        (0.1, -70, False),
    ],
)
def test_the_threshold_is_a_level(threshold, dbfs, heard):
    """The default hears quiet speech too; 0.9 wants it louder, 0.1 hears more."""
    settings = DetectorSettings(threshold=threshold)
    assert bool(hear(join(silence(1), voice(1, dbfs), silence(1)), settings)) is heard


@pytest.mark.parametrize("name", SPEECH_FILES)
def test_quiet_people_are_heard(shared, name):
    """Each utterance at -40 dBFS RMS, in the noise of an office at -60."""
    samples, rate_hz = load(shared, name)
    quiet = np.rint(samples * (10 ** (-40 / 20) * 32768 / np.sqrt(np.mean(np.square(samples / 1.0))))).astype(np.int16)
    sound = join(silence(1, rate_hz), quiet, silence(2, rate_hz))
    sound = sound + noise(-60, 60)[: len(sound)]
    events = hear(sound, rate_hz=rate_hz)
    assert events
    assert isinstance(events[-1], SpeechStopped)


def test_steady_noise_becomes_the_floor():
    """A fan that is switched on is speech for four seconds at most; who speaks 20 dB above it afterwards is heard."""
    sound = join(silence(2), noise(-25, 12), voice(1, -5), noise(-25, 3))
    (_, _), (_, end_ms), (_, start_ms), (_, last_ms) = times(hear(sound))
    assert end_ms < 2000 + 4000 + 512 + 600
    assert abs(start_ms + 400 - 14000) <= 64
    assert abs(last_ms - 15570) <= 64


# ---- what is not speech


@pytest.mark.parametrize("settings", [SERVER_VAD, SEMANTIC], ids=["server", "semantic"])
@pytest.mark.parametrize("sound", NOT_SPEECH)
def test_it_is_not_speech(sound, settings):
    """Neither in one piece nor in many."""
    for rate_hz in (8000, RATE_HZ, 44100):
        assert hear(NOT_SPEECH[sound], settings, rate_hz) == []
        assert hear(NOT_SPEECH[sound], settings, rate_hz, pieces=(480,)) == []


def test_a_wav_header_does_not_move_the_speech_behind_it():
    assert times(hear(join(WAV_HEADER, silence(2), voice(1), silence(1)))) == [("start", 1584), ("end", 3584)]


@pytest.mark.parametrize(
    ("settings", "ignored_ms", "heard_ms"),
    [
        (DetectorSettings(), 160, 270),
        (DetectorSettings(semantic=True), 45, 120),
        (DetectorSettings(speech_duration_ms=80), 45, 120),
        (DetectorSettings(speech_duration_ms=500), 450, 600),
    ],
)
def test_speech_shorter_than_its_least_duration_is_ignored(settings, ignored_ms, heard_ms):
    """Documented: 200 ms by default, 80 with semantic detection; to within a frame."""
    for offset_ms in range(0, 32, 5):
        sounds = [join(silence(1 + offset_ms / 1000), voice(ms / 1000), silence(1)) for ms in (ignored_ms, heard_ms)]
        assert [len(hear(sound, settings)) for sound in sounds] == [0, 2]


# ---- what changes on the way


def test_other_settings_hold_from_the_next_frame_and_speech_goes_on():
    """A longer silence asked for in the middle of speech holds for its end."""
    detector = TurnDetector(DetectorSettings(), rate_hz=RATE_HZ)
    assert times(detector.feed(join(silence(2), voice(0.5)))) == [("start", 1680)]
    detector.configure(DetectorSettings(silence_duration_ms=1000))
    assert detector.speaking
    assert detector.audio_ms == 2500
    assert times(detector.feed(join(voice(0.5), silence(2)))) == [("end", 4096)]
    assert not detector.speaking


def test_a_higher_threshold_on_the_way_is_heard_at_once():
    detector = TurnDetector(DetectorSettings(threshold=0.1), rate_hz=RATE_HZ)
    detector.configure(DetectorSettings(threshold=0.9))
    assert detector.feed(join(silence(1), voice(1, -44), silence(1))) == []


def test_reset_forgets_speech_and_keeps_the_time():
    """After a clear in mid-speech the rest is a turn of its own, which cannot begin before the clear."""
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ)
    assert len(detector.feed(join(silence(2), voice(1)))) == 1
    detector.extra_silence_ms = 700
    detector.reset()
    assert (detector.speaking, detector.extra_silence_ms, detector.audio_ms) == (False, 0, 3000)
    assert times(detector.feed(join(voice(1), silence(1)))) == [("start", 3008), ("end", 4576)]


def test_reset_in_silence_makes_no_end():
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ)
    assert len(detector.feed(join(silence(2), voice(1), silence(0.3)))) == 1
    detector.reset()
    assert detector.feed(silence(3)) == []


def test_an_unfinished_sentence_waits_longer_for_its_end():
    """The end-of-utterance model's "not finished" holds for one turn only."""
    sound = join(silence(2), voice(1), silence(2.5))
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ)
    detector.extra_silence_ms = 1000
    assert times(detector.feed(sound)) == [("start", 1584), ("end", 4576)]
    assert detector.extra_silence_ms == 0
    assert times(detector.feed(sound)) == [("start", 7088), ("end", 9088)]


def test_extra_silence_can_follow_each_turn_of_one_block():
    """Two turns in one append: what is set at the first start holds for the first end only."""
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ)
    sound = join(silence(2), voice(1), silence(2))
    ends = []
    for event in detector.hear(join(sound, sound)):
        if isinstance(event, SpeechStarted):
            detector.extra_silence_ms = 0 if ends else 300
        else:
            ends.append(event.audio_end_ms)
    assert ends == [3872, 8576]


def test_a_detector_can_take_up_the_time_of_another():
    """When the input format changes, the next detector counts on."""
    detector = TurnDetector(SERVER_VAD, rate_hz=RATE_HZ, start_ms=10_000)
    assert times(detector.feed(join(silence(2), voice(1), silence(1)))) == [("start", 11584), ("end", 13584)]
    assert detector.audio_ms == 14_000


def test_nothing_is_no_event():
    assert hear(silence(0)) == []


def test_a_rate_too_low_for_speech_is_refused():
    with pytest.raises(ValueError, match="4000"):
        TurnDetector(SERVER_VAD, rate_hz=2000)
