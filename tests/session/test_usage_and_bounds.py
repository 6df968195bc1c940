"""What a response costs, and what is forgotten when there is too much of it."""

from collections.abc import Callable

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.conversation import ConversationItemRetrieve
from vlmock.protocol.response import ResponseCreate
from vlmock.session.conversation import history
from vlmock.session.listening import input_buffer
from vlmock.session.script import Say
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]
COMMITTED = "input_audio_buffer.committed"


def audio_tokens(dialogue: Dialogue) -> list[int]:
    return [e.response.usage.input_token_details.audio_tokens for e in dialogue.all("response.done")]


def tokens_of_turns(dialogue: Dialogue) -> list[int]:
    """One for each tenth of a second, prefix and trailing silence included."""
    started = [e.audio_start_ms for e in dialogue.all("input_audio_buffer.speech_started")]
    stopped = [e.audio_end_ms for e in dialogue.all("input_audio_buffer.speech_stopped")]
    return [(end - start) // 100 for start, end in zip(started, stopped, strict=True)]


def test_cascade_counts_the_audio_of_the_latest_turn(open_dialogue: Opener) -> None:
    """Observed {FON}: ten tokens a second, only for what is being answered; 4.096 s are 40."""
    dialogue = open_dialogue().speak(utterance(2000)).speak(utterance(2000))
    assert audio_tokens(dialogue) == tokens_of_turns(dialogue) == [25, 26]


def test_native_counts_the_audio_of_all_turns(open_dialogue: Opener) -> None:
    """Observed {FON}: 31, then 59."""
    dialogue = open_dialogue(model="gpt-realtime").speak(utterance(2000)).speak(utterance(2000))
    first, second = tokens_of_turns(dialogue)
    assert audio_tokens(dialogue) == [first, first + second]


def test_what_was_there_before_is_cached_in_blocks(open_dialogue: Opener) -> None:
    """Observed {FON, PAI}: multiples of 64, never more than the text."""
    dialogue = open_dialogue(script=PlannedScript([[Say("word " * 100)]] * 3))
    for _ in range(3):
        dialogue.client(ResponseCreate())
    details = [e.response.usage.input_token_details for e in dialogue.all("response.done")]
    assert details[0].cached_tokens == 0
    assert [d.cached_tokens % 64 for d in details] == [0, 0, 0]
    assert 0 < details[1].cached_tokens < details[2].cached_tokens
    assert all(d.cached_tokens <= d.text_tokens for d in details)


def test_a_user_items_predecessor_is_the_user_item_before_it_in_cascade(open_dialogue: Opener) -> None:
    """Observed {FON}: the assistant's item in between is skipped; natively it is not {PAI}."""
    for model, skips in (("gpt-4.1", True), ("gpt-realtime", False)):
        dialogue = open_dialogue(model=model).speak(utterance()).speak(utterance())
        first, second = dialogue.all(COMMITTED)
        assistant = dialogue.all("response.output_item.added")[0].item.id
        assert second.previous_item_id == (first.item_id if skips else assistant)


def test_of_two_turns_in_transcription_the_second_follows_the_first(open_dialogue: Opener) -> None:
    """Observed {NB04}: the first has no item yet, but an id."""
    dialogue = open_dialogue(timing=Timing({"stt": 5000.0}))
    dialogue.speak(utterance()).speak(utterance())
    first, second = dialogue.all(COMMITTED)
    assert second.previous_item_id == first.item_id
    dialogue.wait(60)
    assert [e.previous_item_id for e in dialogue.all("conversation.item.created")][:2] == [None, first.item_id]


def test_a_transcript_that_comes_late_joins_the_item(open_dialogue: Opener) -> None:
    """Retrieved afterwards, a native user item has its transcript. Assumed."""
    dialogue = open_dialogue(model="gpt-realtime", script=PlannedScript(heard=["Good day."]))
    transcription = {"input_audio_transcription": {"model": "whisper-1"}}
    dialogue.client({"type": "session.update", "session": transcription}).speak(utterance())
    item_id = dialogue.last(COMMITTED).item_id
    item = dialogue.client(ConversationItemRetrieve(item_id=item_id)).last("conversation.item.retrieved").item
    assert item.content[0].transcript == "Good day."


def test_detection_that_is_switched_off_forgets_who_is_speaking(open_dialogue: Opener) -> None:
    """What was said stays in the buffer; a commit by hand makes a turn of its own of it."""
    dialogue = open_dialogue().skip()
    dialogue.speak(silence(300) + voice(700)).server("input_audio_buffer.speech_started")
    begun = dialogue.last("input_audio_buffer.speech_started").item_id
    dialogue.client({"type": "session.update", "session": {"turn_detection": None}})
    dialogue.client({"type": "input_audio_buffer.commit"})
    assert dialogue.last(COMMITTED).item_id != begun


def test_sentences_are_spoken_with_a_gap_between_them(open_dialogue: Opener) -> None:
    """Observed {FON, NB04}: synthesis is per sentence."""
    timing = Timing({"sentence_gap": 250.0})
    dialogue = open_dialogue(timing=timing, script=PlannedScript([[Say("One."), Say("Two."), Say("Three.")]]))
    start = dialogue.now
    dialogue.client(ResponseCreate()).wait(10)
    done = dialogue.types.index("response.done")
    assert dialogue.times[done] - start == pytest.approx(0.5)


def test_silence_is_not_hoarded(open_dialogue: Opener) -> None:
    """With detection on, only a few seconds of the past are held while nobody speaks."""
    dialogue = open_dialogue()
    for _ in range(30):
        dialogue.speak(silence(1000))
    assert dialogue.session._state.input.held_ms <= 4000
    dialogue.client({"type": "session.update", "session": {"turn_detection": None}})
    for _ in range(30):
        dialogue.speak(silence(1000))
    assert dialogue.session._state.input.held_ms >= 30_000


def test_a_full_buffer_refuses_more_and_can_be_cleared(open_dialogue: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: the bound; the session goes on."""
    monkeypatch.setattr(input_buffer, "_BOUND_BYTES", 100_000)
    dialogue = open_dialogue().client({"type": "session.update", "session": {"turn_detection": None}}).skip()
    dialogue.speak(bytes(60_000)).server()
    dialogue.speak(bytes(60_000)).server("error")
    assert "full" in dialogue.last("error").error.message
    dialogue.client({"type": "input_audio_buffer.clear"}).speak(bytes(60_000)).server("input_audio_buffer.cleared")


def test_the_oldest_sound_is_forgotten_first(open_dialogue: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assumed: the bound. The item stays; retrieved, it has no audio any more."""
    monkeypatch.setattr(history, "_AUDIO_BOUND_BYTES", 250_000)
    dialogue = open_dialogue(script=PlannedScript([[Say("x" * 40)]] * 3))  # 115,200 bytes each
    for _ in range(3):
        dialogue.client(ResponseCreate())
    held = []
    for item_id in [e.item.id for e in dialogue.all("response.output_item.done")]:
        dialogue.client(ConversationItemRetrieve(item_id=item_id))
        part = dialogue.last("conversation.item.retrieved").item.content[0]
        held.append((bool(part.audio), part.transcript))
    assert held == [(False, "x" * 40), (True, "x" * 40), (True, "x" * 40)]


def test_the_bound_holds_however_often_it_is_reached(open_dialogue: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was forgotten is not counted twice."""
    monkeypatch.setattr(history, "_AUDIO_BOUND_BYTES", 250_000)
    dialogue = open_dialogue(script=PlannedScript([[Say("x" * 40)]] * 20))
    for _ in range(20):
        dialogue.client(ResponseCreate())
    assert sum(len(entry.sound) for entry in dialogue.session._state.history) <= 250_000


def test_a_deleted_item_is_kept_by_nobody(dialogue: Dialogue) -> None:
    """Among those whose sound may have to be forgotten one day, too; its id may come again."""
    kept = dialogue.session._state.history
    for _ in range(3):
        dialogue.client(ResponseCreate())
        assert len(kept._sounding) == 1
        item_id = dialogue.last("response.output_item.done").item.id
        dialogue.client({"type": "conversation.item.delete", "item_id": item_id})
        assert (len(kept), len(kept._sounding), kept._audio_bytes) == (0, 0, 0)


def test_what_is_deleted_or_truncated_costs_nothing_any_more(dialogue: Dialogue) -> None:
    """The sum follows the items: added, said, cut, deleted."""

    def text_tokens() -> int:
        dialogue.client({"type": "response.create", "response": {"modalities": ["text"], "conversation": "none"}})
        return int(dialogue.last("response.done").response.usage.input_token_details.text_tokens)

    empty = text_tokens()
    content = [{"type": "input_text", "text": "one two three"}]
    item = {"type": "message", "role": "user", "id": "x", "content": content}
    dialogue.client({"type": "conversation.item.create", "item": item})
    assert text_tokens() == empty + 3
    dialogue.script.replies.append([Say("four five")])
    dialogue.client(ResponseCreate())
    said = dialogue.last("response.output_item.done").item.id
    assert text_tokens() == empty + 5
    cut = {"type": "conversation.item.truncate", "item_id": said, "content_index": 0, "audio_end_ms": 0}
    dialogue.client(cut)
    assert text_tokens() == empty + 3
    dialogue.client({"type": "conversation.item.delete", "item_id": "x"})
    assert text_tokens() == empty
