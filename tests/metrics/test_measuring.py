"""What is measured of a turn, with known times."""

import pytest

from tests.metrics.timed import VAD, Timed, about, answered, spoken
from vlmock.metrics.turn import Turn
from vlmock.protocol.errors import ErrorDetails, ErrorEvent
from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.turn_detection import (
    AzureSemanticVad,
    EndOfUtteranceDetection,
    NoTurnDetection,
    SemanticVad,
    ServerVad,
)


def test_a_spoken_turn_is_measured_from_the_end_of_speech(talk):
    """2.5 s of audio less 0.5 s of silence: the user stopped at 2.0 s, whenever that was reported."""
    spoken(talk)
    talk.transcript(2.9)
    answered(talk, 3.0)
    talk.plays(3.4)
    assert talk.turns == [
        Turn(
            connection=1,
            kind="spoken",
            item_id="u1",
            began=about(2.0),
            measured_from="speech",
            transcript_s=about(0.9),
            response_created_s=about(1.0),
            first_text_s=about(1.2),
            first_audio_s=about(1.3),
            first_heard_s=about(1.4),
            heard_by="told",
            responses=1,
            response_s=about(0.5),
            audio_s=about(2.0),
            stalled_s=0.0,
            overlap_s=0.0,
            input_tokens=10,
            output_tokens=5,
        )
    ]


@pytest.mark.parametrize("speed", [2.0, 1000.0])
def test_audio_that_does_not_come_in_real_time_is_measured_from_speech_stopped(talk, speed):
    """Nobody spoke then and there; overlap is unknown, and not 0."""
    talk.speaks(3.0, speed=speed)
    talk.starts(2.0, 700)
    talk.stops(2.6, 2500)
    answered(talk, 3.0)
    (turn,) = talk.turns
    assert (turn.measured_from, turn.began, turn.overlap_s, turn.gap_s) == ("speech_stopped", 2.6, None, None)
    assert turn.first_audio_s == about(0.7)
    assert "1 of them measured from speech_stopped" in str(talk.metrics)


@pytest.mark.parametrize(("late_s", "measured_from"), [(0.1, "speech"), (0.9, "speech_stopped")])
def test_live_audio_may_be_held_up_a_little(talk, late_s, measured_from):
    """Up to a fifth of what is looked at, the last half-second of speech and the silence after it."""
    blocks = [(i + 1) / 50 for i in range(150)]
    for due in blocks:
        talk.speaks(0.02, since=max(due, 1.5 + late_s) - 0.02 if due > 1.4 else due - 0.02)
    talk.starts(1.2, 700)
    talk.stops(2.6, 2500)
    assert talk.turns[0].measured_from == measured_from


def test_a_file_in_one_append_was_spoken_by_nobody(talk):
    """Nor had its whole length passed since the connection was opened."""
    talk.speaks(3.0, since=-2.0, block_ms=3000)
    talk.stops(1.1, 2500)
    assert talk.turns[0].measured_from == "speech_stopped"


def test_a_burst_before_the_speech_does_no_harm():
    """A client that kept the first second, and then is live: the end of speech is known, its beginning too."""
    talk = Timed()
    talk.speaks(1.0, since=1.0, speed=1000)
    talk.speaks(3.0, since=1.0)
    talk.starts(2.2, 1700)
    talk.stops(3.6, 3500)
    (turn,) = talk.turns
    assert (turn.began, turn.measured_from, turn.overlap_s) == (about(3.0), "speech", 0.0)


@pytest.mark.parametrize(
    ("detection", "waited_s", "uncertain_s"),
    [
        (ServerVad(silence_duration_ms=200), 0.2, 0.0),
        (ServerVad(), 0.5, 0.0),
        (AzureSemanticVad(silence_duration_ms=300), 0.3, 0.0),
        (ServerVad(end_of_utterance_detection=EndOfUtteranceDetection(model="semantic_detection_v1")), 0.5, 1.0),
        (SemanticVad(eagerness="high"), 0.0, 2.0),
        (NoTurnDetection(), 0.5, 0.0),
        (None, 0.5, 0.0),
    ],
)
def test_what_the_detector_waited_is_taken_off(detection, waited_s, uncertain_s):
    """As vlclient does it; what cannot be known is said."""
    talk = Timed(detection)
    spoken(talk)
    (turn,) = talk.turns
    assert (turn.began, turn.uncertain_s) == (about(2.5 - waited_s), uncertain_s)


def test_formats_and_channels_are_the_sessions():
    """8 kHz G.711 in, 16 kHz out."""
    talk = Timed(VAD, input_audio_format="g711_ulaw", output_audio_format="pcm16_16000hz")
    talk.speaks(0.5, block_ms=20)  # 960 bytes each: 120 ms of G.711
    talk.stops(0.55, 700)
    answered(talk, 1.0, sound_s=2.0)
    (turn,) = talk.turns
    assert (turn.measured_from, turn.audio_s) == ("speech_stopped", about(3.0))


def test_two_channels_last_half_as_long():
    """A microphone and its echo reference, interleaved."""
    talk = Timed(VAD, input_audio_echo_cancellation=EchoCancellation(type="server_echo_cancellation", channels=2))
    talk.speaks(4.0)  # as many bytes as are four seconds of one channel
    talk.stops(3.1, 1500)
    assert (talk.turns[0].measured_from, talk.turns[0].began) == ("speech", about(2.0))


def test_an_empty_commit_is_no_turn(talk):
    """It is refused, and the next commit has its own audio."""
    talk.commits(0.5)
    talk.server(0.6, ErrorEvent(error=ErrorDetails(type="x", code="input_audio_buffer_commit_empty", message="")))
    talk.speaks(2.0, since=1.0)
    talk.commits(3.2)
    talk.committed(3.3)
    assert talk.turns[0].began == about(3.0)


def test_who_speaks_after_typing_has_not_typed_a_turn(talk):
    """What was typed is history then."""
    talk.types(0.5)
    spoken(talk)
    talk.asks(3.0)
    assert [turn.kind for turn in talk.turns] == ["spoken"]


def test_a_turn_committed_by_hand_ends_with_its_last_audio(talk):
    """However long the client thinks before it commits."""
    talk.speaks(2.0)
    talk.commits(2.4)
    talk.committed(2.5)
    answered(talk, 3.0)
    (turn,) = talk.turns
    assert (turn.kind, turn.measured_from, turn.began) == ("committed", "last_audio", about(2.0))
    assert turn.first_audio_s == about(1.3)


def test_a_typed_turn_is_measured_from_its_sending(talk):
    """What was typed and never asked about is none."""
    talk.types(1.0)
    talk.types(2.0)
    talk.asks(2.1)
    answered(talk, 2.5)
    talk.types(8.0)
    (turn,) = talk.turns
    assert (turn.kind, turn.began, turn.first_audio_s) == ("typed", 2.0, about(0.8))


def test_a_greeting_answers_nobody(talk):
    """It is measured from its request, and in no distribution beside real turns."""
    talk.asks(0.5)
    answered(talk, 1.0)
    assert talk.metrics.first_audio.values == (about(0.8),)
    talk.types(5.0)
    talk.asks(5.0)
    answered(talk, 5.1, "r2")
    assert [turn.kind for turn in talk.turns] == ["greeting", "typed"]
    assert talk.metrics.first_audio.values == (about(0.4),)
    assert talk.metrics.of("greeting").first_audio.values == (about(0.8),)


def test_tools_that_overlap_count_once(talk):
    """From the call to its output, and the answer after them belongs to the same turn."""
    talk.types(1.0)
    talk.asks(1.0)
    talk.answers(1.2, "r1")
    talk.calls(1.4, "a")
    talk.calls(1.5, "b")
    talk.done(1.6, "r1", tokens=(10, 2))
    talk.returns(2.0, "a")
    talk.returns(2.4, "b")
    talk.asks(2.4)
    answered(talk, 2.5, "r2")
    talk.calls(3.0, "never answered", "r2")
    (turn,) = talk.turns
    assert (turn.tools_s, turn.responses, turn.first_audio_s) == (about(1.0), 2, about(1.8))
    assert (turn.response_s, turn.input_tokens, turn.output_tokens) == (about(0.9), 20, 7)


def test_without_tools_their_time_is_unknown(talk):
    """None is not 0: a mean over all turns would be wrong."""
    talk.types(1.0)
    talk.asks(1.0)
    answered(talk, 1.2)
    assert (talk.turns[0].tools_s, talk.metrics.tools.count) == (None, 0)


def test_sound_that_comes_too_late_stalls(talk):
    """Half a second played, the next comes after 0.7: 0.2 s of silence. A new response is no stall."""
    talk.types(0.5)
    talk.asks(0.5)
    talk.answers(0.8)
    talk.sounds(1.0, 0.5)
    talk.sounds(1.4, 0.1)
    talk.sounds(1.8, 0.5)
    talk.done(1.9)
    talk.answers(5.0, "r2")
    talk.sounds(5.5, 0.5, "r2")
    assert talk.turns[0].stalled_s == about(0.2)


def test_without_times_nothing_that_needs_them_is_known():
    """Turns, tokens and the length of the sound are; barge-in only as far as a response was being made."""
    talk = Timed(timed=False)
    talk.types(0.5)
    talk.asks(0.5)
    answered(talk, 0.7)
    talk.speaks(6.0)
    talk.starts(3.2, 2700)
    talk.stops(5.6, 5500)
    first, second = talk.turns
    assert first == Turn(
        connection=1, kind="typed", began=None, measured_from="sent", responses=1, audio_s=2.0,
        input_tokens=10, output_tokens=5,
    )  # fmt: skip
    assert (second.began, second.overlap_s) == (None, None)
    assert talk.metrics.first_audio.why_unknown("p50").endswith("nobody took the time")
