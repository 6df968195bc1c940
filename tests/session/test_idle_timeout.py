"""Silence after an answer, and what the service makes of it. Source: behaviour 3.3, schema H2."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.session.conftest import MS_PER_CHARACTER, Dialogue, PlannedScript
from tests.session.exchanges import AUDIO_REPLY
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCreate
from vlmock.session.script import Expectation, Say, Step
from vlmock.session.timing import Timing

TRIGGERED = "input_audio_buffer.timeout_triggered"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
REPLY = [Say("Hello, who is there?")]
REPLY_S = len("Hello, who is there?") * MS_PER_CHARACTER / 1000


def update(**detection: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": {"turn_detection": {"type": "server_vad"} | detection}}


def answered(
    *,
    replies: Sequence[Sequence[Step]] = (REPLY,),
    script: PlannedScript | None = None,
    model: str = "gpt-4.1",
    **how: Any,
) -> Dialogue:
    """The assistant has just answered; from now on silence counts."""
    dialogue = Dialogue(model=model, script=script or PlannedScript(replies))
    dialogue.client(update(**{"idle_timeout_ms": 6000} | how)).client(ResponseCreate()).skip()
    assert not dialogue.all("error")
    return dialogue


def test_silence_is_counted_from_the_end_of_what_is_played() -> None:
    """Assumed {OAI}: response.done plus the playback, then the timeout; the silence is an item, and is answered."""
    dialogue = answered()
    dialogue.wait(REPLY_S + 5.99).server()
    dialogue.wait(0.02).server(
        TRIGGERED, "input_audio_buffer.committed", TRANSCRIBED, "conversation.item.created", *AUDIO_REPLY
    )
    assert dialogue.script.turns[-1].idle
    assert (dialogue.script.turns[-1].user, dialogue.script.spoken) == ((), [])


@pytest.mark.parametrize(("model", "transcript"), [("gpt-4.1", ""), ("gpt-realtime", None)])
def test_the_silence_becomes_an_item(model: str, transcript: str | None) -> None:
    """Assumed {OAI}: the fields of the event, and an item that holds what was sent meanwhile."""
    dialogue = answered(model=model).wait(REPLY_S)
    dialogue.speak(silence(6000), piece_bytes=960, real_time=True).wait(0.01)
    (triggered,) = dialogue.all(TRIGGERED)
    assert triggered.audio_end_ms - triggered.audio_start_ms == pytest.approx(6000, abs=20)
    assert triggered.audio_end_ms == pytest.approx(6000, abs=20)
    created = next(e for e in dialogue.all("conversation.item.created") if e.item.id == triggered.item_id)
    assert created.item.role == "user"
    assert created.item.content[0].transcript == transcript
    assert dialogue.last("input_audio_buffer.committed").item_id == triggered.item_id
    dialogue.client({"type": "conversation.item.retrieve", "item_id": triggered.item_id})
    audio = dialogue.last("conversation.item.retrieved").item.content[0].audio
    assert len(audio) / 48 == pytest.approx(6000, abs=20)


def test_a_client_that_sends_no_silence_is_asked_as_well() -> None:
    """The session's clock counts, not the audio; the item is empty."""
    dialogue = answered().wait(REPLY_S + 6)
    (triggered,) = dialogue.all(TRIGGERED)
    assert (triggered.audio_start_ms, triggered.audio_end_ms) == (0, 0)


def test_it_goes_on_asking() -> None:
    """Each answer starts the time anew."""
    dialogue = answered(replies=[REPLY] * 4).wait(3 * (REPLY_S + 6) + 0.1)
    assert len(dialogue.all(TRIGGERED)) == 3
    assert len(dialogue.all("response.done")) == 4


def test_before_the_first_answer_silence_is_not_counted() -> None:
    """Assumed {OAI}: the time is applied after the last response's audio."""
    dialogue = Dialogue().client(update(idle_timeout_ms=6000)).skip()
    dialogue.wait(100).server()


def test_written_answers_take_no_time_to_play() -> None:
    """The time counts from response.done."""
    dialogue = Dialogue().client(update(idle_timeout_ms=6000))
    dialogue.client(ResponseCreate(response={"modalities": ["text"]})).skip()  # type: ignore[arg-type]
    dialogue.wait(5.99).server()
    dialogue.wait(0.02)
    assert len(dialogue.all(TRIGGERED)) == 1


def test_who_speaks_in_time_is_not_asked() -> None:
    """The answer to what was said starts the time anew."""
    dialogue = answered(replies=[REPLY, REPLY]).wait(REPLY_S + 4)
    dialogue.speak(utterance(), piece_bytes=960, real_time=True).wait(REPLY_S + 4)
    assert not dialogue.all(TRIGGERED)
    assert len(dialogue.all("response.done")) == 2
    dialogue.wait(3)
    assert len(dialogue.all(TRIGGERED)) == 1


def test_who_begins_at_the_very_moment_is_not_asked() -> None:
    """What has come is heard before anybody is asked whether they are there."""
    dialogue = answered().wait(REPLY_S + 5.9)
    dialogue.now += 0.2
    dialogue.speak(voice(700))
    assert not dialogue.all(TRIGGERED)
    assert dialogue.all("input_audio_buffer.speech_started")


def test_who_speaks_for_long_is_not_asked() -> None:
    """Speech that has begun stops the time, however long it lasts."""
    dialogue = answered().wait(REPLY_S + 4)
    dialogue.speak((voice(500) + silence(200)) * 17, piece_bytes=960, real_time=True)
    assert not dialogue.all(TRIGGERED)


def test_who_has_spoken_and_is_not_understood_yet_is_not_asked() -> None:
    """A turn whose transcript is still to come is no silence: it gets its own answer."""
    script = PlannedScript([[Say("Hello?")]], heard=["It is me."])
    dialogue = Dialogue(script=script, timing=Timing({"llm_first": 300, "stt": 2000}))
    dialogue.client(update(idle_timeout_ms=500, interrupt_response=False))
    dialogue.client(ResponseCreate(response={"modalities": ["text"]}))  # type: ignore[arg-type]
    dialogue.speak(utterance()).wait(2.4)
    assert not dialogue.all(TRIGGERED)
    assert [(turn.idle, turn.text) for turn in script.turns] == [(False, ""), (False, "It is me.")]


def test_a_response_that_the_client_asks_for_starts_it_anew() -> None:
    """It is one more last response."""
    dialogue = answered(replies=[REPLY, REPLY]).wait(REPLY_S + 4).client(ResponseCreate()).wait(REPLY_S + 5.9)
    assert not dialogue.all(TRIGGERED)


def test_a_turn_that_is_committed_by_hand_stops_it() -> None:
    """The user has spoken; whether there is an answer is the client's to say."""
    dialogue = answered().wait(REPLY_S + 4).speak(silence(300)).client(InputAudioBufferCommit()).wait(100)
    assert not dialogue.all(TRIGGERED)


def test_speech_that_is_cleared_away_starts_it_anew() -> None:
    """Nobody has spoken after all, and it is quiet from now on."""
    dialogue = answered().wait(REPLY_S + 4).speak(voice(700)).client(InputAudioBufferClear()).wait(5.9)
    assert not dialogue.all(TRIGGERED)
    dialogue.wait(0.2)
    assert len(dialogue.all(TRIGGERED)) == 1


def test_a_filler_that_is_removed_is_silence() -> None:
    """It is no turn, and stops nothing; but nobody is interrupted in the middle of it."""
    script = PlannedScript([REPLY])
    script.expectations.append(Expectation(text="Umm"))
    dialogue = answered(script=script, type="azure_semantic_vad", remove_filler_words=True).wait(REPLY_S + 5.2)
    dialogue.speak(voice(1200), piece_bytes=960, real_time=True)
    assert not dialogue.all(TRIGGERED)
    dialogue.speak(silence(900), piece_bytes=960, real_time=True)
    assert len(dialogue.all(TRIGGERED)) == 1


@pytest.mark.parametrize(
    ("detection", "after_s"), [({"idle_timeout_ms": 8000}, 8), ({"idle_timeout_ms": 3000}, 4), ({}, None)]
)
def test_other_settings_hold_at_once(detection: dict[str, Any], after_s: float | None) -> None:
    """Longer, shorter (over at once when it has passed), or not at all; changed four seconds into the silence."""
    dialogue = answered().wait(REPLY_S + 4).client(update(**detection))
    begun = dialogue.now - 4
    dialogue.wait(20)
    if after_s is None:
        assert not dialogue.all(TRIGGERED)
    else:
        asked = dialogue.times[dialogue.types.index(TRIGGERED)]
        assert asked - begun == pytest.approx(after_s, abs=0.01)


def test_without_detection_there_is_no_timeout() -> None:
    """Manual turns: the client knows."""
    dialogue = answered().client({"type": "session.update", "session": {"turn_detection": None}}).wait(100)
    assert not dialogue.all(TRIGGERED)


def test_an_answer_that_the_client_cut_is_played_no_longer() -> None:
    """Who truncates an item has stopped its loudspeaker: silence counts from then."""
    dialogue = answered(replies=[[Say("word " * 100)]]).wait(2)
    item_id = dialogue.last("response.done").response.output[0].id
    truncate = {"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": 2000}
    dialogue.client(truncate).wait(5.99)
    assert not dialogue.all(TRIGGERED)
    dialogue.wait(0.02)
    assert len(dialogue.all(TRIGGERED)) == 1


def test_an_interrupted_answer_does_not_count_to_its_end() -> None:
    """The loudspeaker fell silent when the user began; the next answer is what counts."""
    dialogue = answered(replies=[[Say("word " * 100)], REPLY]).wait(1)
    dialogue.speak(utterance(), piece_bytes=960, real_time=True).wait(REPLY_S + 5.5)
    assert not dialogue.all(TRIGGERED)
    dialogue.wait(0.6)
    assert len(dialogue.all(TRIGGERED)) == 1
