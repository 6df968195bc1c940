"""What is written down of a spoken turn: pieces, phrases, probabilities, failures. Source: schema C 12 to 14, E6."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.session.conftest import Dialogue, PlannedScript
from tests.session.exchanges import update
from tests.session.sounds import utterance
from vlmock.protocol.codec import to_json_object
from vlmock.protocol.response import ResponseCreate
from vlmock.session.readings import parse_readings
from vlmock.session.script import Heard, TranscriptionFailure

Opener = Callable[..., Dialogue]
PREFIX = "conversation.item.input_audio_transcription."
DELTA, COMPLETED, FAILED = f"{PREFIX}delta", f"{PREFIX}completed", f"{PREFIX}failed"
CREATED = "conversation.item.created"
LOGPROBS, PHRASES = "item.input_audio_transcription.logprobs", "item.input_audio_transcription.phrases"
SEMANTIC = {"type": "azure_semantic_vad"}
HYBRID_VOICE = {"type": "azure-standard", "name": "en-US-AvaNeural"}
NOBODY = Heard("Hello.", TranscriptionFailure("The audio could not be transcribed."))
WORDS = "Good morning. Is the pool open?"


def listening(opened: Opener, model: str, transcription: str | None, *heard: str | Heard, **session: Any) -> Dialogue:
    """A session whose user said these things; with ``hybrid`` for gpt-realtime with an Azure voice."""
    script = PlannedScript(heard=heard)
    dialogue = opened(model="gpt-realtime" if model == "hybrid" else model, script=script)
    if model == "hybrid":
        session["voice"] = HYBRID_VOICE
    if transcription is not None:
        session["input_audio_transcription"] = {"model": transcription, **session.pop("how", {})}
    dialogue.client(update(turn_detection=SEMANTIC, **session)).skip()
    assert "error" not in dialogue.types, dialogue.last("error").error
    for _ in heard:
        dialogue.speak(utterance()).wait(60)
    return dialogue


# ---- in pieces


@pytest.mark.parametrize(
    ("model", "transcription", "pieces"),
    [
        ("gpt-realtime", "whisper-1", [WORDS]),
        ("hybrid", "whisper-1", [WORDS]),
        ("gpt-realtime", "gpt-4o-transcribe", ["Good", " morning", ".", " Is", " the", " pool", " open", "?"]),
        ("hybrid", "gpt-4o-mini-transcribe", ["Good", " morning", ".", " Is", " the", " pool", " open", "?"]),
        ("gpt-realtime", "azure-speech", []),
        ("gpt-realtime", "mai-transcribe-1", []),
        ("gpt-4.1", "azure-speech", []),
        ("gpt-4.1", None, []),
    ],
)
def test_who_writes_it_down_decides_the_pieces(
    open_dialogue: Opener, model: str, transcription: str | None, pieces: list[str]
) -> None:
    """Observed {PAI, FON}: whisper in one, a cascade and azure-speech none. Assumed {OAI}: gpt-4o's word by word."""
    dialogue = listening(open_dialogue, model, transcription, WORDS)
    assert [event.delta for event in dialogue.all(DELTA)] == pieces
    assert [event.transcript for event in dialogue.all(COMPLETED)] == [WORDS]


# ---- phrases and probabilities


@pytest.mark.parametrize(("model", "transcription"), [("gpt-4.1", None), ("hybrid", "azure-speech")])
def test_phrases_say_when_each_word_was_said(open_dialogue: Opener, model: str, transcription: str | None) -> None:
    """Documented: schema E6. Assumed: a phrase is a sentence, and all lie between the padding and the last silence."""
    heard = Heard(WORDS, locale="en-GB", confidence=0.5)
    dialogue = listening(open_dialogue, model, transcription, heard, include=[PHRASES])
    phrases = to_json_object(dialogue.last(COMPLETED))["phrases"]
    assert [(phrase["text"], phrase["locale"], phrase["confidence"]) for phrase in phrases] == [
        ("Good morning.", "en-GB", 0.5),
        ("Is the pool open?", "en-GB", 0.5),
    ]
    words = [word for phrase in phrases for word in phrase["words"]]
    assert [word["text"] for word in words] == WORDS.split()
    assert all(word["duration_milliseconds"] > 0 for word in words)
    assert all(
        one["offset_milliseconds"] + one["duration_milliseconds"] == next_one["offset_milliseconds"]
        for one, next_one in pairwise(words)
    )
    audio_ms = dialogue.script.spoken[0].audio_ms
    assert words[0]["offset_milliseconds"] == phrases[0]["offset_milliseconds"] == 420
    last = words[-1]
    assert last["offset_milliseconds"] + last["duration_milliseconds"] == pytest.approx(audio_ms - 500, abs=1)


@pytest.mark.parametrize(
    ("language", "locale"), [("de-DE,fr-FR", "de-DE"), ("de", "en-US"), ("", "en-US"), (None, "en-US")]
)
def test_the_locale_is_the_sessions_first(open_dialogue: Opener, language: str | None, locale: str) -> None:
    """Assumed: where it has a region, and nobody says otherwise."""
    how = {"language": language}
    dialogue = listening(open_dialogue, "gpt-4.1", "azure-speech", "Ja.", how=how, include=[PHRASES])
    assert [phrase.locale for phrase in dialogue.last(COMPLETED).phrases] == [locale]


def test_nothing_that_was_said_has_no_phrases(open_dialogue: Opener) -> None:
    """An empty transcript has an empty list."""
    dialogue = listening(open_dialogue, "gpt-4.1", None, "", include=[PHRASES, LOGPROBS])
    assert dialogue.last(COMPLETED).phrases == []


def test_probabilities_are_those_of_the_pieces(open_dialogue: Opener) -> None:
    """Documented: schema E6, D1: of the gpt-4o family, when asked. On every delta and on the whole."""
    heard = Heard("Grüße an", confidence=0.5)
    dialogue = listening(open_dialogue, "gpt-realtime", "gpt-4o-transcribe", heard, include=[LOGPROBS])
    of_pieces = [to_json_object(event)["logprobs"] for event in dialogue.all(DELTA)]
    assert of_pieces == [
        [{"token": "Grüße", "logprob": -0.693147, "bytes": [71, 114, 195, 188, 195, 159, 101]}],
        [{"token": " an", "logprob": -0.693147, "bytes": [32, 97, 110]}],
    ]
    assert to_json_object(dialogue.last(COMPLETED))["logprobs"] == [entry for each in of_pieces for entry in each]


@pytest.mark.parametrize(
    ("model", "transcription", "include", "members"),
    [
        ("gpt-4.1", "azure-speech", [], set()),
        ("gpt-4.1", "azure-speech", [PHRASES, LOGPROBS], {"phrases"}),
        ("gpt-4.1", "mai-transcribe-1", [PHRASES], {"phrases"}),
        ("gpt-realtime", "gpt-4o-transcribe", [], set()),
        ("gpt-realtime", "gpt-4o-transcribe", [PHRASES], set()),
        ("gpt-realtime", "gpt-4o-transcribe", [PHRASES, LOGPROBS], {"logprobs"}),
        ("gpt-realtime", "whisper-1", [PHRASES, LOGPROBS], set()),
    ],
)
def test_only_what_was_asked_for_and_what_the_model_has_is_included(
    open_dialogue: Opener, model: str, transcription: str, include: list[str], members: set[str]
) -> None:
    """Documented: schema D1, ``include``. Assumed: phrases come from Azure's own models."""
    dialogue = listening(open_dialogue, model, transcription, WORDS, include=include)
    completed = to_json_object(dialogue.last(COMPLETED))
    assert completed.keys() & {"phrases", "logprobs"} == members
    assert all(("logprobs" in to_json_object(event)) == ("logprobs" in members) for event in dialogue.all(DELTA))


# ---- failures


def test_a_cascade_does_not_answer_what_nobody_wrote_down(open_dialogue: Opener) -> None:
    """Assumed: an item without words, and no response until the client asks for one."""
    dialogue = listening(open_dialogue, "gpt-4.1", None, NOBODY)
    assert dialogue.types[-3:] == ["input_audio_buffer.committed", FAILED, CREATED]
    failed, item = to_json_object(dialogue.last(FAILED)), dialogue.last(CREATED).item
    assert failed["error"] == {
        "type": "transcription_error",
        "code": "audio_unintelligible",
        "message": "The audio could not be transcribed.",
        "param": None,
    }
    assert (failed["item_id"], failed["content_index"]) == (item.id, 0)
    assert [part.transcript for part in item.content] == [None]
    dialogue.client(ResponseCreate())
    assert [(said.item_id, said.text) for said in dialogue.script.turns[0].user] == [(item.id, "")]


def test_after_a_failure_a_cascade_goes_on_with_the_next_turn(open_dialogue: Opener) -> None:
    """What was not understood does not stand in its way."""
    dialogue = listening(open_dialogue, "gpt-4.1", None, NOBODY, "Is the pool open?")
    assert [turn.text for turn in dialogue.script.turns] == ["Is the pool open?"]
    assert dialogue.types[-1] == "response.done"


def test_a_failure_by_hand_in_a_cascade(open_dialogue: Opener) -> None:
    """The same order as a transcript that is there."""
    dialogue = open_dialogue(script=PlannedScript(heard=[NOBODY]))
    dialogue.client(update(turn_detection=None)).speak(utterance()).skip()
    dialogue.client({"type": "input_audio_buffer.commit"}).wait(5)
    dialogue.server("input_audio_buffer.committed", FAILED, CREATED)


@pytest.mark.parametrize("model", ["gpt-realtime", "hybrid"])
def test_a_model_that_hears_answers_all_the_same(open_dialogue: Opener, model: str) -> None:
    """Assumed: the transcript is a side channel, so only that is missing; the item stays without words."""
    dialogue = listening(open_dialogue, model, "whisper-1", NOBODY)
    assert dialogue.types.count(FAILED) == dialogue.types.count("response.done") == 1
    assert not {DELTA, COMPLETED} & set(dialogue.types)
    assert dialogue.script.turns[0].text == "Hello."
    item_id = dialogue.last(FAILED).item_id
    dialogue.client({"type": "conversation.item.retrieve", "item_id": item_id})
    assert dialogue.last("conversation.item.retrieved").item.content[0].transcript is None


def test_without_a_transcription_nothing_can_fail(open_dialogue: Opener) -> None:
    """A model that hears, in a session that wants no transcripts."""
    dialogue = listening(open_dialogue, "gpt-realtime", None, NOBODY)
    assert FAILED not in dialogue.types
    assert dialogue.types[-1] == "response.done"


# ---- repeated, and empty


@pytest.mark.parametrize(
    ("reading", "noise_reduction", "empty"),
    [(False, None, 0), (True, None, 1), (True, {"type": "azure_deep_noise_suppression"}, 2)],
)
@pytest.mark.parametrize(("model", "transcription"), [("gpt-4.1", None), ("hybrid", "azure-speech")])
def test_a_transcript_may_be_repeated_and_empty(
    open_dialogue: Opener,
    model: str,
    transcription: str | None,
    reading: bool,
    noise_reduction: dict[str, str] | None,
    empty: int,
) -> None:
    """Observed {PIPE, FON}: for the item before, when the next is committed; twice with deep noise suppression."""
    session = {"input_audio_noise_reduction": noise_reduction}
    readings = parse_readings({"repeated_transcripts": reading})

    def opened(**how: Any) -> Dialogue:
        return open_dialogue(readings=readings, **how)

    dialogue = listening(opened, model, transcription, "One.", "Two.", **session)
    first, *extra, second = dialogue.all(COMPLETED)
    assert (first.transcript, second.transcript) == ("One.", "Two.")
    assert [(event.item_id, event.transcript) for event in extra] == [(first.item_id, "")] * empty
