"""Turns whose borders the client draws: ``input_audio.turn.*`` and ``input_audio.clear``. Source: schema B 5 to 9."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.session.conftest import Dialogue
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.response import ResponseCreate
from vlmock.session.listening import audio_turns
from vlmock.session.readings import parse_readings

Opener = Callable[..., Dialogue]
COMMITTED = "input_audio_buffer.committed"
CREATED = "conversation.item.created"
COMPLETED = "conversation.item.input_audio_transcription.completed"
ENDINGS = [
    ("gpt-4.1", [COMMITTED, COMPLETED, CREATED]),
    ("gpt-realtime", [COMMITTED, CREATED, "conversation.item.done"]),
]


def turn(verb: str, turn_id: str = "t", **members: Any) -> dict[str, Any]:
    return {"type": f"input_audio.turn.{verb}", "turn_id": turn_id, **members}


def append(audio: bytes, turn_id: str = "t") -> dict[str, Any]:
    return turn("append", turn_id, audio=base64.b64encode(audio).decode())


@pytest.mark.parametrize(("model", "events"), ENDINGS)
def test_a_turn_becomes_a_user_item_when_it_ends(open_dialogue: Opener, model: str, events: list[str]) -> None:
    """Assumed: as by a commit, of all that was appended to it; nothing is said before, and no response follows."""
    dialogue = open_dialogue(model=model).skip()
    dialogue.client(turn("start"), append(voice(300)), append(voice(200))).server()
    dialogue.client(turn("end")).wait(5).server(*events)
    assert dialogue.last(CREATED).item.id == dialogue.last(COMMITTED).item_id
    assert [spoken.audio_ms for spoken in dialogue.script.spoken] == [500]
    dialogue.client(ResponseCreate())
    assert [said.text for said in dialogue.script.turns[0].user] == ["Hello."]


@pytest.mark.parametrize(("model", "events"), ENDINGS)
@pytest.mark.parametrize("detection", [None, {"type": "server_vad"}])
def test_a_response_follows_where_that_is_the_reading(
    open_dialogue: Opener, model: str, events: list[str], detection: dict[str, str] | None
) -> None:
    """Assumed either way; with detection on or off."""
    dialogue = open_dialogue(model=model, readings=parse_readings({"turn_end": "responds"}))
    dialogue.client({"type": "session.update", "session": {"turn_detection": detection}}).skip()
    dialogue.client(turn("start"), append(voice(300)), turn("end")).wait(30)
    assert dialogue.types[-1] == "response.done"
    assert len(dialogue.script.turns) == 1


def test_turns_stand_beside_each_other_and_beside_the_buffer(dialogue: Dialogue) -> None:
    """Assumed: each has its own sound; detection hears that of the buffer alone, and its times count that alone."""
    dialogue.client(turn("start", "a"), turn("start", "b"), append(voice(900), "a"), append(voice(300), "b"))
    dialogue.client(append(silence(900), "a")).server()
    dialogue.speak(utterance(before_ms=0))
    started = dialogue.last("input_audio_buffer.speech_started")
    assert started.audio_start_ms == 0
    dialogue.wait(30).skip()
    dialogue.client(turn("end", "b"), turn("end", "a")).wait(5)
    assert [spoken.audio_ms for spoken in dialogue.script.spoken[1:]] == [300, 1800]


def test_speech_goes_on_when_a_turn_ends(dialogue: Dialogue) -> None:
    """What is being said into the buffer is no part of the turn."""
    dialogue.client(turn("start"), append(voice(300)))
    dialogue.speak(silence(300) + voice(500)).server("input_audio_buffer.speech_started")
    dialogue.client(turn("end")).wait(1).skip()
    dialogue.speak(voice(300) + silence(1000)).wait(0.5)
    assert dialogue.types.count("input_audio_buffer.speech_stopped") == 1
    assert len(dialogue.script.spoken) == 2


def test_a_cancelled_turn_leaves_nothing(dialogue: Dialogue) -> None:
    """Assumed: without a word."""
    dialogue.client(turn("start"), append(voice(300)), turn("cancel")).wait(5).server()
    dialogue.client(ResponseCreate())
    assert dialogue.script.turns[0].user == ()


def test_a_clear_drops_the_buffer_and_every_turn(dialogue: Dialogue) -> None:
    """Documented {SDK}: all input audio that is being streamed; what is being said into the buffer as well."""
    dialogue.client(turn("start", "a"), turn("start", "b"), append(voice(300), "a"))
    dialogue.speak(silence(300) + voice(500)).skip()
    dialogue.client({"type": "input_audio.clear"}).server("input_audio_buffer.cleared")
    dialogue.client(turn("end", "a"), append(voice(300), "b")).server("error")
    assert [event.error.param for event in dialogue.all("error")] == ["turn_id", "turn_id"]
    dialogue.speak(silence(2000)).wait(5).server()
    assert dialogue.script.spoken == []


def test_what_was_being_said_before_a_clear_is_not_what_is_committed_after(dialogue: Dialogue) -> None:
    """As with the buffer's own clear: the item that ``speech_started`` named will never be."""
    dialogue.speak(silence(300) + voice(500))
    dropped = dialogue.last("input_audio_buffer.speech_started").item_id
    dialogue.client({"type": "input_audio.clear"}).speak(silence(300))
    dialogue.client({"type": "input_audio_buffer.commit"}).wait(5)
    assert dialogue.last(COMMITTED).item_id != dropped


def test_sound_in_another_format_is_dropped(dialogue: Dialogue) -> None:
    """Assumed: as in the buffer. The turn stays open."""
    dialogue.client(turn("start"), append(voice(300)))
    dialogue.client({"type": "session.update", "session": {"input_audio_format": "g711_ulaw"}}).skip()
    dialogue.client(append(bytes(8 * 150))).client(turn("end")).wait(5)
    assert [spoken.audio_ms for spoken in dialogue.script.spoken] == [150]


STARTED = [turn("start"), append(voice(300))]


@pytest.mark.parametrize(
    ("before", "event", "code", "param", "words"),
    [
        ([], turn("append", audio="AAAA"), "invalid_value", "turn_id", "no open turn with id 't'"),
        ([], turn("end"), "invalid_value", "turn_id", "no open turn with id 't'"),
        ([], turn("cancel"), "invalid_value", "turn_id", "no open turn with id 't'"),
        ([], turn("start", ""), "invalid_request_error", "turn_id", "must not be empty"),
        (STARTED, turn("start"), "invalid_value", "turn_id", "a turn with id 't' already exists"),
        ([*STARTED, turn("end")], turn("start"), "invalid_value", "turn_id", "a turn with id 't' already exists"),
        ([*STARTED, turn("end")], append(voice(100)), "invalid_value", "turn_id", "no open turn with id 't'"),
        ([*STARTED, turn("cancel")], turn("end"), "invalid_value", "turn_id", "no open turn with id 't'"),
        ([turn("start")], turn("end"), "input_audio_buffer_commit_empty", None, "turn only has 0.00ms of audio"),
        (
            [turn("start"), append(voice(90))],
            turn("end"),
            "input_audio_buffer_commit_empty",
            None,
            "turn only has 90.00ms of audio",
        ),
        ([turn("start")], turn("append", audio=""), "invalid_value", "audio", "It is empty"),
        ([turn("start")], turn("append", audio="AA=="), "invalid_value", "audio", "16-bit samples"),
        ([turn("start")], turn("append", audio="%"), "invalid_value", "audio", "not base64"),
    ],
)
def test_what_is_no_such_turn_is_refused(
    dialogue: Dialogue, before: list[Any], event: dict[str, Any], code: str, param: str | None, words: str
) -> None:
    """Assumed, all of them; the session goes on."""
    dialogue.client(*before).wait(5).skip()
    dialogue.client({**event, "event_id": "mine"}).server("error")
    error = dialogue.last("error").error
    assert (error.code, error.param, error.event_id) == (code, param, "mine")
    assert words in error.message


def test_a_turn_that_was_too_short_is_still_open(dialogue: Dialogue) -> None:
    """A refusal changes nothing."""
    dialogue.client(turn("start"), append(voice(50)), turn("end")).server("error")
    dialogue.client(append(voice(50)), turn("end")).wait(5).server(COMMITTED, COMPLETED, CREATED)


def test_open_turns_have_a_bound(dialogue: Dialogue) -> None:
    """An hour and a half in all of them together."""
    big = append(bytes(15 * 2**20), "a")
    dialogue.client(turn("start", "a"), turn("start", "b"))
    for _ in range(90 * 60 * 48_000 // (15 * 2**20) + 1):
        dialogue.client(big)
    dialogue.server()
    dialogue.client(append(voice(100), "b")).server("error")
    assert "the open turns are full" in dialogue.last("error").error.message.lower()
    dialogue.client(turn("cancel", "a"), append(voice(100), "b")).server()


@pytest.mark.parametrize("over", ["end", "cancel", "clear", "format"])
def test_what_is_over_makes_room_for_others(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch, over: str) -> None:
    """The bound counts what open turns hold now."""
    monkeypatch.setattr(audio_turns, "_MOST_HELD_MS", 500)
    dialogue.client(turn("start", "a"), turn("start", "b"), append(voice(300), "a"), append(voice(300), "a")).server()
    dialogue.client(append(voice(300), "b")).server("error")
    if over == "clear":
        dialogue.client({"type": "input_audio.clear"}, turn("start", "c"))
    elif over == "format":
        dialogue.client({"type": "session.update", "session": {"input_audio_format": "g711_ulaw"}})
    else:
        dialogue.client(turn(over, "a"))
    turn_id, piece = ("c" if over == "clear" else "b"), bytes((8 if over == "format" else 48) * 300)
    dialogue.wait(5).skip().client(append(piece, turn_id), append(piece, turn_id)).server()
    dialogue.client(append(piece, turn_id)).server("error")


def test_so_many_turns_may_be_open_at_once(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: an empty turn takes room as well."""
    monkeypatch.setattr(audio_turns, "_MOST_OPEN", 2)
    dialogue.client(turn("start", "a"), turn("start", "b")).server()
    dialogue.client(turn("start", "c")).server("error")
    dialogue.client(turn("cancel", "a"), turn("start", "c")).server()


def test_of_very_many_ids_the_latest_are_remembered(dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that has had very many turns goes on; only the oldest id may come again, unless it is open still."""
    monkeypatch.setattr(audio_turns, "_REMEMBERED", 2)
    for turn_id in "abc":
        dialogue.client(turn("start", turn_id))
    dialogue.client(turn("cancel", "b"), turn("cancel", "c")).server()
    dialogue.client(turn("start", "a"), turn("start", "b"), turn("start", "c")).server("error")
    assert [event.error.param for event in dialogue.all("error")] == ["turn_id"] * 3
    dialogue.client(turn("cancel", "a"), turn("start", "a")).server()
