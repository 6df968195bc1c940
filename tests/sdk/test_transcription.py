"""Transcripts as the vendor SDK reads them: phrases, probabilities, failures, warnings."""

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking
from tests.sdk.sounds import own_words

COMPLETED = "conversation.item.input_audio_transcription.completed"
WORDS = "Good morning. Is the pool open?"


@pytest.mark.parametrize("confidence", [None, 0.41])
async def test_phrases_come_when_the_session_includes_them(confidence: float | None):
    """Each with its words; they lie one after the other in the audio of the item."""
    transcript = {"locale": "en-GB"} | ({} if confidence is None else {"confidence": confidence})
    scenario = vlmock.Scenario.build(turns=[{"user": WORDS, "transcript": transcript, "reply": "Yes."}])
    with vlmock.serve(scenario) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(include=["item.input_audio_transcription.phrases"])
            await dialogue.speak(own_words())
            phrases = (await dialogue.until(COMPLETED)).phrases
            assert [phrase.text for phrase in phrases] == ["Good morning.", "Is the pool open?"]
            assert {(phrase.locale, phrase.confidence) for phrase in phrases} == {("en-GB", confidence or 0.93)}
            offsets = [word.offset_milliseconds for phrase in phrases for word in phrase.words]
            assert offsets == sorted(set(offsets))
            await dialogue.answer()
        assert server.problems() == []


async def test_probabilities_come_with_gpt_4o_transcribe():
    """On the deltas, which are the transcript when joined, and on the whole."""
    scenario = vlmock.Scenario.build(turns=[{"user": WORDS, "reply": "Yes."}])
    with vlmock.serve(scenario) as server:
        async with talking(server.url, model="gpt-realtime") as dialogue:
            await dialogue.configure(
                include=["item.input_audio_transcription.logprobs"],
                input_audio_transcription=models.AudioInputTranscriptionOptions(model="gpt-4o-transcribe"),
            )
            await dialogue.speak(own_words())
            completed = await dialogue.until(COMPLETED)
            deltas = dialogue.of("conversation.item.input_audio_transcription.delta")
            assert "".join(event.delta for event in deltas) == completed.transcript == WORDS
            assert [entry.token for entry in completed.logprobs] == [event.delta for event in deltas]
            assert all(bytes(entry.bytes).decode() == entry.token for entry in completed.logprobs)


async def test_a_failed_transcription_names_item_and_reason():
    """A text model stays silent, and the client may ask it for a word; a warning is only for information."""
    with vlmock.serve("misheard") as server:
        async with talking(server.url) as dialogue:
            await dialogue.speak(own_words())
            failed = await dialogue.until("conversation.item.input_audio_transcription.failed")
            created = await dialogue.until("conversation.item.created")
            assert failed.item_id == created.item.id
            assert (failed.error.code, failed.error.message) == (
                "audio_unintelligible",
                "The audio could not be transcribed.",
            )
            assert await dialogue.until_nothing_is_left() == []
            await dialogue.connection.response.create()
            await dialogue.answer()
            await dialogue.speak(own_words())
            assert (await dialogue.until("warning")).warning.message == "The audio quality is low."
            await dialogue.answer()
        assert server.problems() == []
