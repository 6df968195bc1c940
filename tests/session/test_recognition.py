"""Turns that somebody listens to: what waits for the words, in which order, and what becomes of fillers."""

from collections.abc import Callable

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.exchanges import AUDIO_REPLY, HEARD, TRANSCRIBED, update
from tests.session.sounds import silence, utterance, voice
from vlmock.protocol.input_audio import InputAudioBufferClear, InputAudioBufferCommit
from vlmock.protocol.response import ResponseCreate
from vlmock.session.effects import Remark
from vlmock.session.script import Expectation, Recognized, Say, Spoken
from vlmock.session.timing import Timing

Opener = Callable[..., Dialogue]

CREATED = "conversation.item.created"
TEA = Recognized("Tea, please.", confidence=0.8)
COFFEE = Recognized("Coffee.", confidence=0.9)


class EchoingScript(PlannedScript):
    """Hears what was recognised."""

    def hear(self, spoken: Spoken) -> str:
        super().hear(spoken)
        assert spoken.recognized is not None
        return spoken.recognized.text


@pytest.fixture
def listening(open_dialogue: Opener) -> Opener:
    def start(model: str = "gpt-4.1", **how: object) -> Dialogue:
        return open_dialogue(model=model, script=EchoingScript(), listens=True, **how).skip()

    return start


def test_a_cascade_commits_the_turn_and_waits_for_its_words(listening: Opener) -> None:
    """The time that listening takes is that of the transcript: nothing else of the turn waits for it."""
    dialogue = listening()
    dialogue.speak(utterance()).server(*HEARD)
    dialogue.wait(3).server()
    dialogue.understand(TEA).server(TRANSCRIBED, CREATED, *AUDIO_REPLY)
    assert dialogue.last(TRANSCRIBED).transcript == "Tea, please."
    assert dialogue.script.turns[0].text == "Tea, please."


def test_what_is_listened_to_is_the_turn_as_it_was_committed(listening: Opener) -> None:
    """From the prefix to the end, in the session's input format."""
    dialogue = listening()
    dialogue.client(update(input_audio_format="g711_ulaw")).speak(b"\xff" * 800)
    dialogue.client(InputAudioBufferCommit())
    (effect,) = dialogue.unheard
    assert (effect.request.audio, effect.request.format.encoding) == (b"\xff" * 800, "g711_ulaw")


def test_a_native_model_has_its_item_at_once_and_answers_when_the_words_are_known(listening: Opener) -> None:
    """The item does not wait for words that it does not show; the script cannot answer before it knows them."""
    dialogue = listening("gpt-realtime")
    dialogue.speak(utterance()).server(*HEARD, CREATED, "conversation.item.done")
    dialogue.understand(TEA).server(*AUDIO_REPLY)
    assert dialogue.script.turns[0].text == "Tea, please."


def test_a_response_that_the_client_asks_for_waits_for_the_words_too(listening: Opener) -> None:
    """By hand, in every pipeline."""
    for model in ("gpt-4.1", "gpt-realtime"):
        dialogue = listening(model)
        dialogue.client(update(turn_detection=None)).speak(voice(900))
        dialogue.client(InputAudioBufferCommit(), ResponseCreate()).skip()
        dialogue.server()
        assert dialogue.script.turns == []
        dialogue.understand(COFFEE)
        assert [turn.text for turn in dialogue.script.turns] == ["Coffee."]


def test_the_words_come_no_earlier_than_the_service_takes_for_them(listening: Opener) -> None:
    """Whoever listens faster than the service has to wait."""
    dialogue = listening(timing=Timing({"stt": 300, "stop_detect": 60}))
    dialogue.speak(utterance()).wait(0.1).skip()
    dialogue.understand(TEA).server()
    dialogue.wait(0.25).server()
    dialogue.wait(0.02).server(TRANSCRIBED, CREATED, *AUDIO_REPLY)


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_turns_keep_their_order_however_long_each_takes(listening: Opener, model: str) -> None:
    """The second is understood first, and is told second."""
    dialogue = listening(model)
    transcription = {"input_audio_transcription": {"model": "whisper-1"}} if model == "gpt-realtime" else {}
    dialogue.client(update(turn_detection=None, **transcription))
    for _ in range(2):
        dialogue.speak(voice(900)).client(InputAudioBufferCommit())
    dialogue.skip().understand(COFFEE, turn=1).server()
    dialogue.understand(TEA)
    assert [event.transcript for event in dialogue.all(TRANSCRIBED)] == ["Tea, please.", "Coffee."]
    assert [spoken.recognized for spoken in dialogue.script.spoken] == [TEA, COFFEE]


def test_what_the_user_says_meanwhile_is_heard_afterwards(listening: Opener) -> None:
    """Listening takes no time of the session: the next turn begins when this one is known."""
    dialogue = listening()
    dialogue.speak(utterance()).speak(utterance()).server(*HEARD)
    dialogue.understand(TEA).skip()
    assert len(dialogue.unheard) == 1
    dialogue.understand(COFFEE)
    assert [turn.text for turn in dialogue.script.turns] == ["Tea, please.", "Coffee."]


def test_what_comes_after_the_end_of_a_session_is_of_no_interest(listening: Opener) -> None:
    """It may have been on its way."""
    dialogue = listening()
    dialogue.speak(utterance()).skip()
    dialogue.wait(7_200)
    assert dialogue.closed is not None
    dialogue.skip().understand(TEA).server()


def test_the_journal_is_told_what_was_heard(listening: Opener) -> None:
    """With how sure that is, and what it might have been instead."""
    dialogue = listening()
    for recognized in (
        TEA,
        Recognized(nearest="Tea, please.", confidence=0.31),
        Recognized(clip="calls/hello.wav", confidence=0.97),
        Recognized(),
        Recognized(only_clips=True),
    ):
        dialogue.speak(utterance()).understand(recognized)
    items = [event.item_id for event in dialogue.all("input_audio_buffer.committed")]
    assert dialogue.remarks == [
        Remark("heard", f"{item} is {what}")
        for item, what in zip(
            items,
            [
                "'Tea, please.' (confidence 0.80)",
                "none of the sentences, most like 'Tea, please.' (confidence 0.31)",
                "the clip calls/hello.wav (confidence 0.97)",
                "none of the sentences",
                "none of the clips",
            ],
            strict=True,
        )
    ]


# ---- fillers


@pytest.fixture
def hesitant(listening: Opener) -> Dialogue:
    """The script expects "umm" next, and the session removes it."""
    dialogue = listening()
    dialogue.script.expectations.append(Expectation(filler=True))
    detection = {"type": "azure_semantic_vad", "remove_filler_words": True}
    return dialogue.client(update(turn_detection=detection)).skip()


def test_a_filler_that_was_one_makes_no_turn(hesitant: Dialogue) -> None:
    """Observed {SDKT}: nothing is announced."""
    hesitant.speak(utterance()).server()
    hesitant.understand(Recognized("Umm", confidence=0.9)).wait(5).server()
    assert hesitant.script.skipped_fillers == 1
    hesitant.speak(utterance()).server(*HEARD)


def test_a_filler_that_was_none_is_announced_when_it_is_known(hesitant: Dialogue) -> None:
    """The words are not lost, and nobody listens twice."""
    hesitant.speak(utterance()).server()
    hesitant.understand(TEA).server(*HEARD, TRANSCRIBED, CREATED, *AUDIO_REPLY)
    started, stopped = hesitant.last(HEARD[0]), hesitant.last(HEARD[1])
    assert 0 < started.audio_start_ms < stopped.audio_end_ms
    assert (hesitant.unheard, hesitant.script.skipped_fillers) == ([], 0)
    assert hesitant.script.turns[0].text == "Tea, please."


def test_a_filler_that_was_none_stops_the_assistant(listening: Opener) -> None:
    """As any other speech does."""
    dialogue = listening(timing=Timing({"audio_speed": 1}))
    dialogue.script.replies.append([Say("x" * 100)])
    detection = {"type": "azure_semantic_vad", "remove_filler_words": True}
    dialogue.client(update(turn_detection=detection)).client(ResponseCreate()).wait(0.5)
    dialogue.script.expectations.append(Expectation(filler=True))
    dialogue.speak(utterance())
    assert dialogue.all("response.done") == []
    dialogue.understand(TEA)
    assert dialogue.all("response.done")[0].response.status == "cancelled"


def test_a_clear_does_not_touch_what_is_being_listened_to(hesitant: Dialogue) -> None:
    """The turn was over before; what is in the buffer now is what came after it."""
    hesitant.speak(utterance() + silence(500)).client(InputAudioBufferClear()).skip()
    hesitant.understand(TEA)
    assert hesitant.script.turns[0].text == "Tea, please."
