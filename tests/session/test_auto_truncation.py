"""What the service cuts by itself when the user speaks over a reply. Source: behaviour.md 3.5, schema D5."""

import pytest

from tests.session.conftest import MS_PER_CHARACTER, Dialogue, PlannedScript
from tests.session.sounds import silence, voice
from vlmock.server.reception import TimingProfile
from vlmock.session.script import Say, Wait
from vlmock.session.timing import Timing
from vlmock.session.user_turns.auto_truncation import _played

REPLY = "Hello, how can I help you today?"


def detecting(**members: object) -> dict[str, object]:
    detection = {"type": "azure_semantic_vad", "interrupt_response": True, **members}
    return {"type": "session.update", "session": {"turn_detection": detection}}


def interrupted_after(seconds: float, *, timing: TimingProfile = "instant", **members: object) -> Dialogue:
    """The user speaks so long after the beginning of a reply that lasts about two seconds."""
    dialogue = Dialogue(script=PlannedScript([[Say(REPLY)]]), timing=Timing(timing))
    dialogue.client(detecting(**members), {"type": "response.create"})
    return dialogue.wait(seconds).speak(voice(700) + silence(800), piece_bytes=9600)


def kept(dialogue: Dialogue) -> str:
    """The words of the reply that the conversation still has."""
    item_id = dialogue.all("response.output_item.done")[0].item.id
    dialogue.client({"type": "conversation.item.retrieve", "item_id": item_id})
    return str(dialogue.last("conversation.item.retrieved").item.content[0].transcript)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, REPLY),
        ({"auto_truncate": False, "appended_text_after_truncation": " [cut]"}, REPLY),
        ({"auto_truncate": True}, "Hello, how can I"),
        ({"auto_truncate": True, "appended_text_after_truncation": " [cut]"}, "Hello, how can I [cut]"),
        ({"auto_truncate": True, "appended_text_after_truncation": " [cut]", "interrupt_response": False}, REPLY),
    ],
)
def test_what_was_played_stays_and_a_note_follows(members: dict[str, object], words: str) -> None:
    """Documented {DOC}: the context keeps the played portion, then the text, only with ``auto_truncate`` and
    ``interrupt_response``."""
    dialogue = interrupted_after(1.0, **members)
    assert kept(dialogue) == words
    assert len(dialogue.all("conversation.item.truncated")) == (words != REPLY)


def test_the_next_reply_knows_what_was_heard() -> None:
    """Documented {DOC}: that is what the cut is for."""
    dialogue = interrupted_after(1.0, auto_truncate=True, appended_text_after_truncation=" [cut]")
    assert dialogue.script.turns[-1].history[0].content[0].transcript == "Hello, how can I [cut]"  # type: ignore[union-attr]


def test_a_reply_that_is_still_being_said_keeps_its_cut() -> None:
    """The closing events come after the cut, with all the words; the conversation has those that were heard."""
    dialogue = interrupted_after(
        0.9, timing={"audio_speed": 1.5}, auto_truncate=True, appended_text_after_truncation=" …"
    )
    dialogue.wait(5)
    assert dialogue.all("response.done")[0].response.status == "cancelled"
    item = dialogue.all("response.output_item.done")[0].item
    dialogue.client({"type": "conversation.item.retrieve", "item_id": item.id})
    transcript = dialogue.last("conversation.item.retrieved").item.content[0].transcript
    assert transcript.endswith(" …")
    assert len(transcript) < len(item.content[0].transcript)


def test_a_pause_in_a_reply_is_not_played() -> None:
    """While nothing is there to be played, no milliseconds of the item go by."""
    dialogue = Dialogue(script=PlannedScript([[Say("Let me see."), Wait(5), Say("It is sunny.")]]))
    dialogue.client(detecting(auto_truncate=True), {"type": "response.create"}).wait(5.1)
    dialogue.speak(voice(700))
    before_ms = len("Let me see.") * MS_PER_CHARACTER
    assert dialogue.last("conversation.item.truncated").audio_end_ms == before_ms + 100
    assert kept(dialogue) == "Let me see."


def test_a_reply_that_was_heard_to_its_end_is_not_cut() -> None:
    """Observed {BANK}: only what is believed to play."""
    assert kept(interrupted_after(3.0, auto_truncate=True, appended_text_after_truncation=" [cut]")) == REPLY


@pytest.mark.parametrize(
    ("transcript", "share", "words"),
    [
        ("one two three", 0.0, ""),
        ("one two three", 0.2, ""),
        ("one two three", 0.3, "one"),
        ("one two three", 0.9, "one two"),
        ("one two three", 1.0, "one two three"),
        ("one two three", 1.5, "one two three"),
        ("今天天气很好", 0.5, "今天天"),
        ("", 0.5, ""),
    ],
)
def test_words_are_cut_like_their_sound(transcript: str, share: float, words: str) -> None:
    """Assumed: whole words, where spaces part them."""
    assert _played(transcript, share * 1000, 1000) == words
