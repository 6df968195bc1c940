"""Who spoke over whom, when it fell silent, and when it was heard: with known times."""

import pytest

from tests.metrics.timed import Timed, about, answered, place, spoken
from vlmock.metrics.turn import BargeIn
from vlmock.protocol.output import ResponseAudioDelta
from vlmock.protocol.response import ResponseCancel
from vlmock.protocol.turn_detection import ServerVad


def interrupted(talk: Timed, *, made_s: float) -> None:
    """A typed turn with ten seconds of sound from 1.0 on, made in ``made_s``; the user speaks from 3.0, noticed at
    3.2."""
    talk.types(0.5)
    talk.asks(0.5)
    talk.answers(0.8)
    talk.sounds(1.0, 10.0)
    if made_s <= 2.0:
        talk.done(1.0 + made_s)
    talk.speaks(6.0)
    talk.starts(3.2, 2700)


def test_a_tool_that_runs_is_interrupted(talk):
    """Its response is over, and its answer is not there."""
    talk.types(0.2)
    talk.asks(0.2)
    talk.answers(0.4)
    talk.calls(0.6, "a")
    talk.done(0.7)
    spoken(talk)
    assert (talk.turns[0].interrupted, talk.turns[0].barge_in) == (True, None)


def test_of_what_was_cut_off_nothing_more_is_played(talk):
    """Sound that was under way is not heard over the user."""
    interrupted(talk, made_s=60.0)
    talk.sounds(3.3, 5.0)
    talk.stops(5.6, 5500)
    assert talk.turns[1].overlap_s == about(0.2)


def test_a_late_truncate_of_an_older_item_stops_nothing_new(talk):
    """Sound of the second answer plays from 4.0 to 9.0; the user speaks from 6.0 to 8.0."""
    talk.types(0.5)
    talk.asks(0.5)
    answered(talk, 0.7, "r1")
    talk.types(3.5)
    talk.asks(3.5)
    talk.answers(3.7, "r2")
    talk.sounds(4.0, 5.0, "r2")
    talk.done(4.2, "r2")
    talk.truncates(4.5, 500, "r1")
    talk.speaks(9.0)
    talk.starts(6.2, 5700)
    talk.stops(8.6, 8500)
    assert talk.turns[2].overlap_s == about(0.2)


def test_what_the_test_told_goes_before_a_truncate(talk):
    """Silent at 3.3, truncated at 3.8."""
    interrupted(talk, made_s=1.0)
    talk.silent(3.3)
    talk.truncates(3.8, 2000)
    talk.stops(5.6, 5500)
    assert talk.turns[0].barge_in == BargeIn(at=3.2, silent_s=about(0.1))
    assert talk.turns[1].overlap_s == about(0.3)


def test_a_second_item_truncated_tells_nothing_of_the_first_sound(talk):
    """Only the first item of an answer begins with its first sound."""
    interrupted(talk, made_s=1.0)
    second = ResponseAudioDelta(**place("r1") | {"item_id": "item_r9"}, delta=b"12")
    talk.server(1.2, second, 48_000)
    talk.truncates(3.3, 1000, "r9")
    assert talk.turns[0].first_heard_s is None


def test_barge_in_while_the_answer_is_made(talk):
    """From speech_started: the last sound, the end of the response, and the client's silence."""
    interrupted(talk, made_s=60.0)
    talk.sounds(3.25)
    talk.done(3.7)
    talk.silent(3.4)
    talk.stops(5.2, 5000)
    turn, next_turn = talk.turns
    assert turn.barge_in == BargeIn(at=3.2, last_audio_s=about(0.05), done_s=about(0.5), silent_s=about(0.2))
    assert turn.interrupted
    assert not next_turn.interrupted
    assert next_turn.overlap_s == about(0.4)


def test_barge_in_while_the_answer_is_only_played(talk):
    """All had been sent, so the service has nothing to stop: None, and not 0."""
    interrupted(talk, made_s=1.0)
    turn = talk.turns[0]
    assert turn.barge_in == BargeIn(at=3.2)
    assert talk.metrics.last_audio_after_barge_in.count == 0
    assert "call metrics.heard() and metrics.silent()" in talk.metrics.silence_after_barge_in.why_unknown("max")


def test_an_answer_that_was_heard_to_its_end_is_not_interrupted(talk):
    """It had played until 11.0."""
    interrupted(talk, made_s=1.0)
    other = Timed()
    other.types(0.5)
    other.asks(0.5)
    answered(other, 0.7, sound_s=1.0)
    other.speaks(6.0)
    other.starts(3.2, 2700)
    assert (talk.turns[0].interrupted, other.turns[0].interrupted, other.turns[0].barge_in) == (True, False, None)


@pytest.mark.parametrize(
    ("interrupts", "told", "overlap_s"),
    [
        (True, None, 0.2),  # assumed to be silent at speech_started
        (True, 3.5, 0.5),  # as told
        (True, 3.1, 0.1),  # before the service noticed
        (False, None, 2.0),  # plays on
    ],
)
def test_overlap_is_the_speech_over_what_is_played(interrupts, told, overlap_s):
    """The user speaks from 3.0 to 5.0."""
    talk = Timed(ServerVad(silence_duration_ms=500, prefix_padding_ms=300, interrupt_response=interrupts))
    interrupted(talk, made_s=1.0)
    if told is not None:
        talk.silent(told)
    talk.stops(5.6, 5500)
    assert talk.turns[1].overlap_s == about(overlap_s)
    assert talk.turns[1].gap_s is None


def test_who_is_not_to_interrupt_breaks_in_on_nobody():
    """With ``interrupt_response`` off the answer is made and played to its end, and when that is says nothing."""
    talk = Timed(ServerVad(silence_duration_ms=500, prefix_padding_ms=300, interrupt_response=False))
    interrupted(talk, made_s=60.0)
    talk.sounds(5.0, 1.0)
    talk.done(9.0)
    talk.silent(12.0)
    assert (talk.turns[0].interrupted, talk.turns[0].barge_in) == (True, None)
    assert talk.metrics.done_after_barge_in.count == talk.metrics.silence_after_barge_in.count == 0


@pytest.mark.parametrize(("told_s", "gap_s"), [(None, 1.5), (2.3, 0.7)])
def test_who_cancels_falls_silent(talk, told_s, gap_s):
    """Assumed, unless it is told: a button was pressed at 1.5, of ten seconds of sound; the user speaks from 3.0."""
    interrupted(talk, made_s=1.0)
    talk.client(1.5, ResponseCancel())
    talk.sounds(1.6, 2.0)
    if told_s is not None:
        talk.silent(told_s)
    talk.stops(5.6, 5500)
    assert talk.turns[0].barge_in is None
    assert (talk.turns[1].overlap_s, talk.turns[1].gap_s) == (0.0, about(gap_s))


def test_the_gap_before_a_turn_is_from_the_last_sound_to_the_first(talk):
    """Sound from 1.0 to 2.0, speech from 3.0."""
    talk.types(0.5)
    talk.asks(0.5)
    answered(talk, 0.7, sound_s=1.0)
    talk.speaks(6.0)
    talk.starts(3.2, 2700)
    talk.stops(5.6, 5500)
    assert (talk.turns[1].overlap_s, talk.turns[1].gap_s) == (0.0, about(1.0))


def test_a_truncate_tells_when_it_was_first_heard_at_the_latest(talk):
    """Two seconds heard at 3.3 began at 1.3; and the client is silent by then. What the test tells goes before."""
    interrupted(talk, made_s=1.0)
    talk.truncates(3.3, 2000)
    turn = talk.turns[0]
    assert (turn.first_heard_s, turn.heard_by) == (about(0.8), "truncate")
    assert turn.barge_in == BargeIn(at=3.2, silent_s=about(0.1))
    talk.still_plays(3.4)
    assert talk.turns[0].barge_in == BargeIn(at=3.2)
    talk.silent(3.6)
    assert talk.turns[0].barge_in == BargeIn(at=3.2, silent_s=about(0.4))


def test_nothing_is_heard_before_it_was_sent(talk):
    """A client that says it has played more than there was time for is not believed."""
    interrupted(talk, made_s=1.0)
    talk.truncates(3.3, 5000)
    assert talk.turns[0].first_heard_s == talk.turns[0].first_audio_s


def test_a_truncate_of_what_was_not_heard_tells_nothing_of_it(talk):
    """0 ms heard: there was no first sound."""
    interrupted(talk, made_s=1.0)
    talk.truncates(3.3, 0)
    assert talk.turns[0].first_heard_s is None


def test_a_client_that_was_silent_before_is_silent_at_once(talk):
    """It hears the user by itself."""
    talk.types(0.5)
    talk.asks(0.5)
    talk.answers(0.8)
    talk.sounds(1.0, 10.0)
    talk.plays(1.1)
    talk.speaks(3.1)
    talk.silent(3.1)
    talk.starts(3.2, 2700)
    barge_in = talk.turns[0].barge_in
    assert barge_in is not None
    assert (barge_in.silent_s, barge_in.last_audio_s) == (0.0, 0.0)


def test_what_was_told_moves_what_was_played(talk):
    """Sent at 1.0, heard from 2.0 on: it plays until 4.0, and not until 3.0."""
    talk.types(0.5)
    talk.asks(0.5)
    answered(talk, 0.7, sound_s=2.0)
    talk.plays(2.0)
    talk.speaks(6.0)
    talk.starts(3.7, 3200)  # from 3.5 on
    talk.stops(5.6, 5500)
    assert talk.turns[0].first_heard_s == about(1.5)
    assert talk.turns[1].overlap_s == about(0.2)


def test_a_turn_that_nobody_answered_before_the_next_was_interrupted(talk):
    """It has no figures, and says so."""
    spoken(talk)
    talk.speaks(3.0, since=3.0)
    talk.starts(4.2, 3700, "u2")
    talk.stops(5.6, 5500, "u2")
    answered(talk, 6.0)
    first, second = talk.turns
    assert (first.interrupted, first.first_audio_s, first.barge_in) == (True, None, None)
    assert (second.interrupted, second.first_audio_s) == (False, about(1.3))
    assert (talk.metrics.first_audio.count, talk.metrics.first_audio.turns) == (1, 2)
