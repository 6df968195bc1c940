"""The same words said again: by another voice, in other pieces, at another rate, with other pauses."""

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recording.clients import ANSWER, commits, speaks, update
from tests.recording.line import recording_of, replay_line, session_line
from tests.sdk.sounds import encoded, recorded
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.audio_format import AudioFormat
from vlmock.recording.model import Recording
from vlmock.recording.reading import read
from vlmock.recording.replay.ear import Sound
from vlmock.recording.replay.planning import plan

TRANSCRIBED = {"input_audio_transcription": {"model": "whisper-1"}}
COMMIT = {"type": "input_audio_buffer.commit"}


@cache
def spoken() -> Recording:
    """Two turns that the service found, each answered."""
    line = session_line(heard=["Hello.", "Again."])
    speaks(line)
    return line.recording()


@cache
def committed() -> Recording:
    line = session_line()
    commits(line)
    return line.recording()


def append(audio: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": b64encode(audio).decode()}


takes = st.fixed_dictionaries(
    {
        "duration_ms": st.integers(400, 3000),
        "level_dbfs": st.integers(-32, -8),
        "before_ms": st.integers(200, 4000),
        "after_ms": st.integers(700, 3000),
    }
)


def turn(take: dict[str, int], rate_hz: int = 24_000) -> bytes:
    return (
        silence(take["before_ms"], rate_hz=rate_hz)
        + voice(take["duration_ms"], level_dbfs=take["level_dbfs"], rate_hz=rate_hz)
        + silence(take["after_ms"], rate_hz=rate_hz)
    )


@given(
    first=takes,
    second=takes,
    rate_hz=st.sampled_from([8000, 16_000, 24_000, 44_100]),
    cuts=st.lists(st.integers(100, 80_000), min_size=1, max_size=8),
    seconds_a_piece=st.sampled_from([0.0, 0.02, 1.5]),
)
@settings(max_examples=60)
def test_another_take_is_answered_as_the_recorded_one(
    first: dict[str, int], second: dict[str, int], rate_hz: int, cuts: list[int], seconds_a_piece: float
) -> None:
    """How long, how loud, at which rate, in what pieces, how fast: the turns are what counts."""
    line = replay_line(spoken(), on_unexpected="tolerant")
    line.wait(0.2).say(update(**TRANSCRIBED, input_audio_sampling_rate=rate_hz)).wait(1)
    for number, take in enumerate((first, second)):
        sound, at, cut = turn(take, rate_hz), 0, 0
        while at < len(sound):
            size = cuts[cut % len(cuts)]
            line.say(append(sound[at : at + size])).wait(seconds_a_piece)
            at, cut = at + size, cut + 1
        assert line.types.count("input_audio_buffer.speech_stopped") == number + 1
    line.wait(10)
    said = [spoken().whole(frame) for frame in spoken().frames if frame.source == "server"]
    for event in said:
        if event["type"] == "session.updated" and rate_hz != 24_000:
            event["session"]["input_audio_sampling_rate"] = rate_hz
    assert line.server == said
    assert line.leave().problems == []


@pytest.mark.parametrize("on_unexpected", ["tolerant", "strict"])
def test_a_rate_is_told_to_who_asks_for_it(on_unexpected: str) -> None:
    """It is about the client's own sound, as loud or long as that is: no difference, and the answer says what holds."""
    session = session_line()
    session.wait(0.2).say(update(input_audio_sampling_rate=16_000)).wait(1)
    for rate_hz in (None, 8000, 16_000, 24_000):
        line = replay_line(session.recording(), on_unexpected=on_unexpected)
        line.wait(0.2).say(update(**({"input_audio_sampling_rate": rate_hz} if rate_hz else {}))).wait(1)
        assert line.types == ["session.created", "session.updated"]
        assert line.server[-1]["session"]["input_audio_sampling_rate"] == (rate_hz or 24_000)
        assert line.leave().problems == []


@given(take=takes, piece_ms=st.integers(5, 300))
@settings(max_examples=30)
def test_the_answer_waits_for_the_words(take: dict[str, int], piece_ms: int) -> None:
    """Nothing is said of speech before it is there, and of its end before silence."""
    line = replay_line(spoken())
    line.wait(0.2).say(update(**TRANSCRIBED))
    sound, size = turn(take), piece_ms * 48
    for at in range(0, len(sound), size):
        line.say(append(sound[at : at + size]))
        sent_ms = (at + size) / 48
        if sent_ms < take["before_ms"] + 100:
            assert "input_audio_buffer.speech_started" not in line.types
        if sent_ms < take["before_ms"] + take["duration_ms"]:
            assert "input_audio_buffer.speech_stopped" not in line.types
    assert "input_audio_buffer.committed" in line.types


@pytest.mark.parametrize("audio_format", ["g711_ulaw", "g711_alaw"])
def test_a_telephone_is_heard_as_well(audio_format: str) -> None:
    """The format that the client asks for is the one that it sends, whatever was recorded."""
    import numpy as np

    line = replay_line(spoken())
    line.wait(0.2).say(update(**TRANSCRIBED, input_audio_format=audio_format)).wait(1)
    samples = np.frombuffer(utterance(), "<i2")[::3]
    for _ in range(2):
        line.speak(encoded(samples, audio_format), seconds_a_byte=1 / 8000).wait(10)
    assert line.types.count("response.done") == 2
    assert ["input_audio_format" in problem for problem in line.leave().problems] == [True]


@given(take=takes)
@settings(max_examples=30)
def test_a_committed_turn_may_be_another_take(take: dict[str, int]) -> None:
    """Half as long or twice, with any silence around it; never nothing."""
    take["duration_ms"] = 500 + take["duration_ms"] % 1200
    line = replay_line(committed())
    line.wait(0.2).say(update(turn_detection=None)).wait(1)
    for _ in range(2):
        line.speak(turn(take), piece_bytes=4800).say(COMMIT).wait(1).say(ANSWER).wait(10)
    assert line.leave().problems == []


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (utterance(900), utterance(1700, before_ms=3000, after_ms=0), True),
        (utterance(900), utterance(2500), False),
        (utterance(400), utterance(800), True),
        (utterance(400), silence(1800), False),
        (silence(600), silence(1100), True),
        (silence(5000), silence(500), False),
        (silence(1000), b"", False),
    ],
)
def test_two_takes_are_alike_in_their_speech(one: bytes, other: bytes, alike: bool) -> None:
    """Up to twice as long, or half a second more; with speech or without. Silence counts where there is no speech."""
    sounds = [Sound.of(sound, AudioFormat("pcm16", 24_000)) for sound in (one, other)]
    assert sounds[0].is_like(sounds[1]) is alike
    assert sounds[1].is_like(sounds[0]) is alike


def test_silence_for_ever_is_no_deviation() -> None:
    """A microphone stays open."""
    line = replay_line(spoken())
    speaks(line)
    line.speak(silence(20_000), piece_bytes=96_000)
    assert line.leave().problems == []


# ---- where our ear does not hear what the service heard


def with_answers(*heard: tuple[str, int], sound: bytes) -> Recording:
    """A recording in which the service heard this, said together at the end of the sound."""
    frames: list[tuple[float, str, dict[str, Any]]] = [(0.1, "server", {"type": "session.created", "session": SESSION})]
    frames += [(0.2 + at / 48_000, "client", append(sound[at : at + 960])) for at in range(0, len(sound), 960)]
    end = 0.2 + len(sound) / 48_000
    for number, (kind, ms) in enumerate(heard):
        member = "audio_start_ms" if kind.endswith("started") else "audio_end_ms"
        event = {"type": f"input_audio_buffer.{kind}", member: ms, "item_id": f"item_{number // 2}"}
        frames.append((end, "server", event))
    return recording_of(frames)


SESSION = {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}, "input_audio_format": "pcm16"}


def test_a_pause_that_the_service_bore_is_borne() -> None:
    """What it took for one turn is one turn, though by its settings there are two; and so it is the next time."""
    sound = silence(500) + voice(900) + silence(1200) + voice(900) + silence(3000)
    made = plan(with_answers(("speech_started", 200), ("speech_stopped", 4100), sound=sound))
    assert (made.signals, [mark.signal for mark in made.marks]) == (2, [0, 1])
    assert made.patience_ms > 1200 - 500
    line = replay_line(made.recording)
    line.speak(silence(800) + voice(700) + silence(1000) + voice(600))
    assert line.types[1:] == ["input_audio_buffer.speech_started"]
    line.speak(silence(3000))
    assert line.types[1:] == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]
    assert line.leave().problems == []


@pytest.mark.parametrize(
    "sound",
    [pytest.param(silence(5000), id="taken out"), pytest.param(silence(40), id="cut short"),
     pytest.param(utterance(900, before_ms=100, after_ms=4000), id="elsewhere")],
)  # fmt: skip
def test_without_speech_the_amount_counts(sound: bytes) -> None:
    """As much sound as the service says that it took."""
    made = plan(with_answers(("speech_started", 2000), ("speech_stopped", 4000), sound=sound))
    assert (made.signals, [mark.signal for mark in made.marks]) == (None, [-1, -1])
    line = replay_line(made.recording)
    line.speak(silence(1900))
    assert line.types == ["session.created"]
    line.speak(silence(2000))
    assert line.types[1:] == ["input_audio_buffer.speech_started"]
    line.speak(silence(200))
    assert line.types[1:] == ["input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"]
    assert line.leave().problems == []


def test_what_the_service_no_longer_answered_may_be_said_again() -> None:
    """The recording ends in the middle of a turn: its last words are no extra speech."""
    made = plan(with_answers(("speech_started", 200), ("speech_stopped", 1900), sound=utterance() + utterance()))
    assert made.signals == 4
    line = replay_line(made.recording)
    line.speak(utterance() + utterance())
    assert line.leave().problems == []


# ---- people


def test_another_person_is_heard_where_the_recorded_one_spoke(shared: Path) -> None:
    """Observed {PAI}: the sound of this recording was cut short; its bytes beside it are the service's own evidence.
    With them put back, everybody who speaks is answered."""
    recording = read(shared / "recordings" / "test_audio_in_server_vad_turn.yaml")[0]
    whole = [recording.whole(frame) for frame in recording.frames if frame.source == "server"]
    voices = sorted((shared / "speech").rglob("*.wav"))[:6]
    assert voices
    pcm = (shared / "recordings" / "marcelo_24khz.pcm").read_bytes()
    frames = [(0.0, "server", event) for event in whole[:1]]
    frames += [(0.0, "client", recording.frames[1].event or {}), (0.0, "server", whole[1])]
    frames += [(0.0, "client", append(pcm[at : at + 4800])) for at in range(0, len(pcm), 4800)]
    full = recording_of(frames + [(0.0, "server", event) for event in whole[2:]], timed=False)
    assert plan(full).signals == 2
    for path in voices:
        line = replay_line(full)
        line.say(recording.frames[1].event or {}).speak(recorded(path).tobytes())
        assert line.server[: len(line.types)] == whole[: len(line.types)], path
        assert "input_audio_buffer.speech_started" in line.types, path


def test_what_the_ear_hears_is_where_the_service_heard_it(shared: Path) -> None:
    """Observed {PAI}: the marks of a whole recording are those of the detector."""
    pcm = (shared / "recordings" / "marcelo_24khz.pcm").read_bytes()
    made = plan(with_answers(("speech_started", 1456), ("speech_stopped", 4512), sound=pcm))
    assert made.marks[1].audio_ms == 4512
    assert 1456 < made.marks[0].audio_ms < 2400
