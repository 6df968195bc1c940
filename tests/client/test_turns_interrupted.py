"""The user interrupts, as transcripts: silence, what is dropped, and what the service is told of what was heard."""

import pytest

from tests.client.playbook import DROPPED, Playbook, cut, fell_silent, plays, sends
from tests.client.service_says import (
    audio,
    audio_done,
    committed,
    created,
    deleted,
    detecting,
    done,
    item_created,
    item_done,
    message,
    speech_started,
    speech_stopped,
    text,
    truncated,
    updated,
    words,
    words_done,
)
from vlclient.audio.ports import Part
from vlclient.commands import Play, Show, StopPlayback
from vlclient.turns import Turns
from vlmock.protocol.conversation import ConversationItemDelete, ConversationItemTruncate

# ---- the user interrupts


def test_the_loudspeaker_falls_silent_before_anything_else():
    """Behaviour.md 8.1, 2: at once, and then the event is shown."""
    assert Turns().receive(speech_started(), 0.0) == [StopPlayback(), Show(speech_started())]


def test_speech_stops_playback_although_no_response_is_active(playbook: Playbook):
    """Behaviour.md 0, 3: most interruptions come seconds after ``response.done``."""
    assert (
        playbook
        >> created()
        >> item_created(message())
        >> audio(ms=4000)
        << plays(ms=4000)
        >> audio_done()
        >> done()
        >> speech_started()
        << StopPlayback()
        >> fell_silent(1500, 4000)
        << cut(ms=1500)
    )
    assert "r1" in playbook.turns.interrupted
    assert playbook.turns.transcripts.of("m1").cut


def test_what_still_comes_of_an_interrupted_response_is_dropped(replying: Playbook):
    """Behaviour.md 3.5: audio that was generated already may arrive until ``response.done``; done events are shown."""
    assert (
        replying
        >> speech_started()
        << StopPlayback()
        >> audio()
        << DROPPED
        >> words("r1", "late")
        << DROPPED
        >> text("r1", "late")
        << DROPPED
        >> audio_done()
        >> words_done("r1", "late")
        >> item_done(message(status="incomplete"))
        >> done(status="cancelled")
        >> audio()
        << DROPPED
    )
    assert replying.turns.dropped_deltas == 4
    assert replying.turns.interrupted == {"r1"}


def test_speech_between_a_response_and_its_first_sound(playbook: Playbook):
    """The race: it has begun, so it is interrupted, and its first sound is never heard. The next one is."""
    assert (
        playbook
        >> created("r1")
        >> speech_started()
        << StopPlayback()
        >> fell_silent(None)
        >> audio("r1")
        << DROPPED
        >> done("r1", "cancelled")
        >> speech_stopped()
        >> committed()
        >> created("r2")
        >> audio("r2")
        << plays("r2")
    )


def test_what_comes_after_a_cancelled_response_is_dropped(playbook: Playbook):
    """Whoever has cancelled it."""
    assert playbook >> created() >> done(status="cancelled") >> audio() << DROPPED


def test_where_nothing_interrupts_the_reply_goes_on(replying: Playbook):
    """Documented {DOC}: ``interrupt_response: false``."""
    assert replying >> detecting(interrupt_response=False) >> speech_started() >> audio() << plays()


@pytest.mark.parametrize("setting", [None, True])
def test_a_setting_that_is_null_is_the_default(replying: Playbook, setting: bool | None):
    """Observed {FON}: the echo fills what was not sent with null."""
    echo = detecting(interrupt_response=setting, create_response=setting, auto_truncate=None)
    assert replying >> echo >> speech_started() << StopPlayback() >> fell_silent(50, 100) << cut(ms=50)


# ---- what was heard


@pytest.mark.parametrize(
    ("heard_ms", "of_ms", "told_ms"),
    [(60, 100, 60), (100, 100, 100), (250, 100, 100), (100, 101, 100), (0, 100, None)],
    ids=["some", "all so far", "more than came", "rounded up", "nothing"],
)
def test_the_service_is_told_what_was_heard(replying: Playbook, heard_ms: int, of_ms: int, told_ms: int | None):
    """Behaviour.md 8.1, 3: min(heard, received), in milliseconds; 100 ms were received. Nothing heard, nothing told."""
    book = replying >> speech_started() << StopPlayback() >> fell_silent(heard_ms, of_ms)
    assert book if told_ms is None else book << cut(ms=told_ms)


def test_what_was_heard_to_its_end_is_not_cut(replying: Playbook):
    """Behaviour.md 8.1, 3: there is nothing to take back."""
    assert replying >> audio_done() >> done() >> speech_started() << StopPlayback() >> fell_silent(100, 100)
    assert not replying.turns.transcripts.of("m1").cut


def test_what_was_not_received_was_not_heard(replying: Playbook):
    """What came was heard to its end, but the rest was dropped: ``audio.done`` does not make it whole."""
    assert replying >> speech_started() << StopPlayback() >> audio() << DROPPED >> audio_done()
    assert replying >> fell_silent(100, 100) << cut(ms=100)


def test_the_service_that_truncates_by_itself_is_not_told(replying: Playbook):
    """Behaviour.md 3.5: with ``auto_truncate`` a truncation by the client is refused."""
    assert replying >> detecting(auto_truncate=True) >> speech_started() << StopPlayback() >> fell_silent(50, 100)


@pytest.mark.parametrize(
    "before",
    [truncated("m1"), deleted("m1")],
    ids=["the service has cut it", "it is gone"],
)
def test_an_item_that_is_closed_is_not_cut(replying: Playbook, before):
    """Observed {BANK}: ``item_already_truncated``; items can disappear after barge-in."""
    assert replying >> before >> speech_started() << StopPlayback() >> fell_silent(50, 100)


@pytest.mark.parametrize(
    "event",
    [
        ConversationItemTruncate(item_id="m1", content_index=0, audio_end_ms=10),
        ConversationItemDelete(item_id="m1"),
    ],
)
def test_an_item_that_the_application_closed_is_not_cut(replying: Playbook, event):
    """The application may say itself what was heard."""
    assert replying >> sends(event) >> speech_started() << StopPlayback() >> fell_silent(50, 100)


def test_an_item_is_cut_only_once(replying: Playbook):
    """Observed {BANK}: a second truncation is refused."""
    assert (
        replying
        >> speech_started()
        << StopPlayback()
        >> fell_silent(50, 100)
        << cut(ms=50)
        >> speech_started()
        << StopPlayback()
        >> fell_silent(80, 100)
    )


def test_an_item_that_nobody_announced_is_not_cut(playbook: Playbook):
    """An answer outside of the conversation has no item in it; an item of another connection neither."""
    assert playbook >> created() >> audio() << plays() >> fell_silent(50, 100) >> fell_silent(50, 100, item_id="m9")


def test_what_fills_the_silence_is_not_cut(playbook: Playbook):
    """Observed {BANK, NETT}: interim items are forgotten by themselves."""
    sound = audio(item_id="interim_1")
    assert (
        playbook
        >> created()
        >> item_created(message("interim_1"))
        >> sound
        << Play(Part("interim_1", 0), sound.delta, "r1")
        >> fell_silent(50, 100, item_id="interim_1")
    )


def test_the_part_that_was_heard_is_the_part_that_is_cut(replying: Playbook):
    """Behaviour.md 8.2, L07: a truncation names the content index; each part has its own clock."""
    assert (
        replying
        >> audio(ms=300, part=1)
        << plays(ms=300, part=1)
        >> speech_started()
        << StopPlayback()
        >> fell_silent(400, 400, part=1)
        << cut(ms=300, part=1)
    )


def test_milliseconds_are_counted_in_the_format_of_the_session(playbook: Playbook):
    """G.711 has 8 bytes for a millisecond: 4800 bytes are 600 ms, not 100."""
    assert (
        playbook
        >> updated(output_audio_format="g711_ulaw")
        >> created()
        >> item_created(message())
        >> audio()
        << plays()
        >> fell_silent(500, 600)
        << cut(ms=500)
    )
