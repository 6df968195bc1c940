"""Metrics of recordings, and of the emulator in virtual time: its own pace must come out."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from tests.metrics.timed import Timed
from tests.recording.conversations import RecordedDialogue, a_long_one, made_of
from tests.recording.real import RECORDINGS, SPOKEN, real_recording
from tests.session.conftest import PlannedScript
from tests.session.sounds import silence, utterance, voice
from vlmock.cli import main
from vlmock.metrics.recorded import measured
from vlmock.metrics.turn import Turn
from vlmock.protocol.codec import to_json_object
from vlmock.protocol.recording.lines import Frame, Head
from vlmock.recording.writing import write
from vlmock.session.script import Say
from vlmock.session.timing import PROFILES, Timing

AVA = {"type": "azure-standard", "name": "en-US-AvaNeural"}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "cascade": ("gpt-4.1", {}),
    "native": ("gpt-realtime", {}),
    "hybrid": ("gpt-realtime", {"voice": AVA}),
}
STORY = "Once upon a time there was a fox who could not sleep. " * 6
PACE = {"stop_detect": 100.0, "stt": 200.0, "llm_first": 300.0, "tts_first": 400.0, "cancel": 250.0, "audio_speed": 4.0}


def to_the_tenth(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)


def spoken_turn(profile: str, pace: dict[str, Any]) -> tuple[Turn, RecordedDialogue]:
    """A second and a half of speech, live, to a session of that pipeline."""
    model, session = MODELS[profile]
    dialogue = RecordedDialogue(model=model, timing=Timing(pace), script=PlannedScript([[Say("Good morning.")]]))
    session = session | {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}
    session |= {"input_audio_transcription": {"model": "whisper-1"}} if profile != "cascade" else {}
    dialogue.client({"type": "session.update", "session": session}).wait(1)
    dialogue.speak(utterance(1500, after_ms=1500), piece_bytes=960, real_time=True).wait(10)
    (turn,) = measured(dialogue.recording()).turns
    return turn, dialogue


def detected_s(dialogue: RecordedDialogue, turn: Turn) -> float:
    """From the end of speech to ``speech_stopped``: the silence, the detector's own delay, and the pace's."""
    (at,) = (
        when
        for event, when in zip(dialogue.events, dialogue.times, strict=True)
        if event.type == "input_audio_buffer.speech_stopped"
    )
    assert turn.began is not None
    return at - 100.0 - turn.began


@pytest.mark.parametrize("profile", MODELS)
def test_the_pace_of_the_emulator_comes_out(profile):
    """Segments of our own: what the detector took, 100 ms more, and from there on each its own time."""
    turn, dialogue = spoken_turn(profile, PACE)
    stopped_s = detected_s(dialogue, turn)
    assert turn.measured_from == "speech"
    assert turn.began == pytest.approx(3.0, abs=0.1)  # a second, half of one of silence, then the voice
    assert 0.6 <= stopped_s <= 0.62  # 500 ms of silence, 100 of the pace; blocks of 20
    stt_s = 0.2 if profile == "cascade" else 0.0
    assert to_the_tenth(turn.transcript_s) == to_the_tenth(stopped_s + 0.2)
    assert to_the_tenth(turn.response_created_s) == to_the_tenth(stopped_s + stt_s)
    assert to_the_tenth(turn.first_text_s) == to_the_tenth(stopped_s + stt_s + 0.3)
    assert to_the_tenth(turn.first_audio_s) == to_the_tenth(stopped_s + stt_s + 0.7)


@pytest.mark.parametrize("profile", MODELS)
def test_the_shipped_profiles_come_out(profile):
    """The medians, because these dice have none but the middle; Observed {FON}: about a second and a half in all."""
    turn, dialogue = spoken_turn(profile, dict(PROFILES[profile]))
    medians = {name: getattr(figure, "median", figure) for name, figure in PROFILES[profile].items()}
    stt_s = medians["stt"] / 1000 if profile == "cascade" else 0.0
    wanted = detected_s(dialogue, turn) + stt_s + (medians["llm_first"] + medians["tts_first"]) / 1000
    assert turn.first_audio_s == pytest.approx(wanted, abs=0.08)  # some words before the sound


def test_with_audio_as_fast_as_it_goes_the_figures_begin_at_speech_stopped():
    """``instant`` and a file in one piece: all at once, and none of it invented."""
    dialogue = RecordedDialogue(script=PlannedScript([[Say("Good morning.")]]))
    dialogue.speak(utterance()).wait(5)
    (turn,) = measured(dialogue.recording()).turns
    assert (turn.measured_from, turn.first_audio_s, turn.overlap_s) == ("speech_stopped", 0.0, None)


def interrupted(profile: str, pace: dict[str, Any], *, at_s: float) -> list[Turn]:
    """A story of twenty seconds, and a user who speaks so long after it was asked for."""
    model, session = MODELS[profile]
    script = PlannedScript([[Say(STORY)], [Say("As you wish.")]])
    dialogue = RecordedDialogue(model=model, timing=Timing(pace), script=script)
    session = session | {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}
    dialogue.client({"type": "session.update", "session": session}).wait(1)
    part = {"type": "input_text", "text": "Tell me a story."}
    item = {"type": "message", "role": "user", "content": [part]}
    dialogue.client({"type": "conversation.item.create", "item": item}, {"type": "response.create"})
    sound = silence(round(at_s * 1000)) + voice(1500) + silence(1500)
    dialogue.speak(sound, piece_bytes=960, real_time=True).wait(10)
    return measured(dialogue.recording()).turns


@pytest.mark.parametrize("profile", MODELS)
def test_a_story_that_is_being_made_is_interrupted(profile):
    """Its response ends 250 ms after speech_started, and nothing of it is sent after that."""
    story, question = interrupted(profile, PACE, at_s=3.0)
    barge_in = story.barge_in
    assert barge_in is not None
    assert (barge_in.silent_s, to_the_tenth(barge_in.done_s)) == (None, 0.25)
    assert barge_in.last_audio_s is not None
    assert 0.0 <= barge_in.last_audio_s <= 0.25
    assert story.interrupted
    assert question.overlap_s == pytest.approx(0.23, abs=0.05)  # until speech_started: 200 ms of speech or so


def test_a_story_that_is_only_played_is_interrupted():
    """It was all sent at once, so there is nothing for the service to end."""
    story, question = interrupted("cascade", {"llm_first": 100.0}, at_s=3.0)
    assert story.barge_in is not None
    assert (story.barge_in.last_audio_s, story.barge_in.done_s, story.interrupted) == (None, None, True)
    assert question.overlap_s == pytest.approx(0.23, abs=0.05)


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_of_the_service_without_times(shared: Path, name: str):
    """Turns and tokens, and no times at all; a table nevertheless."""
    metrics = measured(real_recording(shared, name))
    assert metrics.turns
    assert {turn.kind for turn in metrics.turns} <= {"spoken" if name == SPOKEN else "typed", "greeting"}
    for turn in metrics.turns:
        assert (turn.began, turn.first_audio_s, turn.response_s, turn.tools_s) == (None, None, None, None)
        assert turn.output_tokens
    assert "(nobody took the time, so how long things took is unknown)" in str(metrics)


def test_a_long_recording_has_its_turns():
    """Typed and spoken, a tool, and a greeting of nobody."""
    metrics = measured([a_long_one("gpt-4.1"), a_long_one("gpt-realtime")])
    assert [(turn.connection, turn.kind) for turn in metrics.turns] == [
        (1, "typed"),
        (1, "spoken"),
        (2, "typed"),
        (2, "spoken"),
    ]
    assert metrics.tools.values == (2.0, 2.0)


@pytest.mark.parametrize(
    "body", [{"type": 5}, {}, {"type": "response.done", "response": None}, {"type": "session.updated", "session": []}]
)
def test_what_is_no_event_is_passed_over(body):
    """From either side."""
    assert measured(made_of([("client", 0.1, body), ("server", 0.2, body)])).turns == []


def test_lost_events_make_audio_time_meaningless():
    """So the turn is measured from ``speech_stopped``."""
    talk = Timed()
    talk.speaks(3.0)
    talk.stops(2.6, 2500)
    said: list[Any] = [(who, at, to_json_object(event)) for at, who, event, _ in talk.happened]
    assert measured(made_of(said)).turns[0].measured_from == "speech"
    recording = made_of(said)
    lost = Frame(at=0.0, source="vlmock", event={"type": "(lost)", "message": "the first 3 events are no longer kept"})
    recording = msgspec.structs.replace(recording, frames=[lost, *recording.frames])
    assert measured(recording).turns[0].measured_from == "speech_stopped"


def test_audio_that_was_cut_short_has_no_time():
    """Its length is the recorder's."""
    talk = Timed()
    talk.speaks(3.0)
    talk.stops(2.6, 2500)
    said: list[Any] = [(who, at, to_json_object(event)) for at, who, event, _ in talk.happened]
    metrics = measured(made_of(said, head=Head(made_by="tests", audio_cut=True)))
    assert metrics.turns[0].measured_from == "speech_stopped"
    assert "only the beginning of each piece of audio" in metrics.notes[0]


def test_members_that_we_do_not_know_are_the_services_affair():
    """A turn is a turn."""
    part = {"type": "input_text", "text": "Hi"}
    item = {"type": "message", "role": "user", "content": [part], "mood": "good"}
    said: list[Any] = [
        ("client", 1.0, {"type": "conversation.item.create", "item": item}),
        ("client", 1.1, {"type": "response.create", "urgent": True}),
    ]
    assert [turn.kind for turn in measured(made_of(said)).turns] == ["typed"]


def test_the_command_prints_the_table(tmp_path: Path):
    """For recordings of any kind."""
    path = write([a_long_one("gpt-4.1")], tmp_path / "one")
    result = CliRunner().invoke(main, ["metrics", str(path), str(path)])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("4 turns: 2 spoken, 2 typed")


@pytest.mark.parametrize(
    ("budget", "code", "words"),
    [
        ("tools.max=2.5", 0, ""),
        ("tools.max=1.5", 1, "tools.max is 2.000 s, and may be 1.5 s"),
        ("tools.p95=9", 1, "tools.p95 is unknown: it takes 20 turns, and 1 was measured"),
        ("tols.max=9", 2, "did you mean 'tools'?"),
        ("tools.mean=9", 2, "there is no figure 'mean'"),
        ("tools", 2, "is no budget such as first_audio.p95=1.7"),
        ("tools.max=soon", 2, "is no budget such as first_audio.p95=1.7"),
        ("tools.max=nan", 2, "is no budget such as first_audio.p95=1.7"),
    ],
)
def test_the_command_knows_budgets(tmp_path: Path, budget: str, code: int, words: str):
    """1 where one is exceeded or unknown, 2 where it is none."""
    path = write([a_long_one("gpt-4.1")], tmp_path / "one")
    result = CliRunner().invoke(main, ["metrics", str(path), "--budget", budget])
    assert result.exit_code == code, result.output
    assert words in result.stderr


def test_a_recording_that_is_not_there_is_said_in_one_sentence(tmp_path: Path):
    """Exit code 2."""
    result = CliRunner().invoke(main, ["metrics", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "there is no such folder or file" in result.stderr


def test_a_head_without_times_is_believed():
    """Whatever stands in its frames."""
    assert measured(made_of([], head=Head(made_by="tests", timed=False))).turns == []
