"""Spoken turns: real words go in, as samples; turns, transcripts and speech come out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking, transcript
from tests.sdk.sounds import decoded, loudness, own_words, quiet, recorded
from tests.sdk.spoken import CASCADE_TURN, REALTIME_TURN, heard, pipelines

# ---- a turn


@pipelines
async def test_a_spoken_turn_is_heard_and_answered(model: str, session: dict[str, Any]):
    """The events of behaviour 3.3, in its order, about one and the same item, and then real speech."""
    with vlmock.serve("weather") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(tools=[models.FunctionTool(name="get_weather")], **session)
            await dialogue.speak(own_words())
            response = await dialogue.answer()
            await dialogue.return_outputs(response, {"get_weather": '{"weather": "sunny", "temp_c": 3}'})
            assert transcript(await dialogue.ask()) == "It is sunny and 3 degrees in Beijing."
        assert server.problems() == []
    turn = [kind for kind in dialogue.types[2:] if kind != "conversation.item.done"]
    expected = CASCADE_TURN if model == "gpt-4.1" else REALTIME_TURN
    assert turn[: len(expected)] == expected
    created = dialogue.of("conversation.item.created")[0]
    committed = dialogue.of("input_audio_buffer.committed")[0]
    words = "What is the weather in Beijing?" if model == "gpt-4.1" else None
    assert created.item.content[0].transcript == words
    assert created.item.id == committed.item_id == dialogue.of("input_audio_buffer.speech_started")[0].item_id
    assert committed.previous_item_id is None
    sound = decoded(dialogue.audio(response.id), "pcm16")
    assert len(sound) / 24_000 == pytest.approx(1.5, abs=1.0)  # "I will look that up."
    assert loudness(sound) > 500


@pytest.mark.parametrize("name", ["azure-speech", "whisper-1"])
async def test_a_realtime_model_transcribes_beside_its_answer(name: str):
    """Observed {FON, PAI}: whisper sends the whole text as one delta, azure-speech none; then completed."""
    vad = models.AzureSemanticVadMultilingual()
    with vlmock.serve("weather") as server:
        async with talking(server.url, model="gpt-realtime") as dialogue:
            transcription = models.AudioInputTranscriptionOptions(model=name)
            await dialogue.configure(input_audio_transcription=transcription, turn_detection=vad)
            await dialogue.speak(own_words())
            completed = await dialogue.until("conversation.item.input_audio_transcription.completed")
            assert completed.transcript == "What is the weather in Beijing?"
            await dialogue.answer()
    deltas = dialogue.of("conversation.item.input_audio_transcription.delta")
    assert [event.delta for event in deltas] == ([completed.transcript] if name == "whisper-1" else [])
    assert "conversation.item.input_audio_transcription.failed" not in dialogue.types


async def test_an_utterance_after_an_answer_names_the_right_item_before_it():
    """Observed, fact 1: a cascade names the previous user item, native the assistant's."""
    with vlmock.serve() as server:
        for model in ("gpt-4.1", "gpt-realtime"):
            async with talking(server.url, model=model) as dialogue:
                await dialogue.speak(own_words())
                first = await dialogue.answer()
                await dialogue.speak(own_words())
                await dialogue.answer()
                one, two = dialogue.of("input_audio_buffer.committed")
                assert two.previous_item_id == (one.item_id if model == "gpt-4.1" else first.output[0].id)


async def test_create_response_false_hears_everything_and_answers_nothing():
    """Observed {VIBE, DAN}: transcripts included; the client asks when it wants."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.ServerVad(create_response=False))
            await dialogue.speak(own_words())
            await dialogue.until("conversation.item.created")
            assert "response.created" not in [event["type"] for event in await dialogue.until_nothing_is_left()]
            assert "seconds of speech" in transcript(await dialogue.ask())
    assert dialogue.of("conversation.item.input_audio_transcription.completed")


# ---- manual turns


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
async def test_with_turn_detection_null_the_client_commits(model: str):
    """Observed {FON, SDKT}: null comes back as null; commit makes an item and never a response."""
    with vlmock.serve("weather") as server:
        async with talking(server.url, model=model) as dialogue:
            session = await dialogue.configure(turn_detection=None)
            assert session.as_dict()["turn_detection"] is None
            await dialogue.speak(own_words())
            await dialogue.connection.input_audio_buffer.commit()
            committed = await dialogue.until("input_audio_buffer.committed")
            created = await dialogue.until("conversation.item.created")
            assert created.item.id == committed.item_id
            rest = [event["type"] for event in await dialogue.until_nothing_is_left()]
            assert set(rest) <= {"conversation.item.done"}
            assert transcript(await dialogue.ask()) == "I will look that up."
    assert not [kind for kind in dialogue.types if "speech_st" in kind]
    if model == "gpt-4.1":
        kinds = dialogue.types
        said = kinds.index("conversation.item.input_audio_transcription.completed")
        assert said < kinds.index("conversation.item.created")


async def test_an_empty_commit_is_refused_and_the_session_goes_on():
    """Observed {STTX}: with the figure in the message, and the client's event id."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=None)
            await dialogue.connection.input_audio_buffer.commit(event_id="first")
            error = (await dialogue.until("error")).error
            assert (error.code, error.event_id, error.type) == (
                "input_audio_buffer_commit_empty",
                "first",
                "invalid_request_error",
            )
            assert error.message == (
                "Error committing input audio buffer: buffer too small. "
                "Expected at least 100ms of audio, but buffer only has 0.00ms of audio."
            )
            await dialogue.speak(quiet(60))
            await dialogue.connection.input_audio_buffer.commit()
            assert "60.00ms" in (await dialogue.until("error")).error.message
            await dialogue.speak(quiet(60))
            await dialogue.connection.input_audio_buffer.commit()
            await dialogue.until("input_audio_buffer.committed")


async def test_clear_forgets_what_was_appended():
    """Observed {NETT}: cleared, and then there is nothing to commit."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=None)
            await dialogue.speak(own_words())
            await dialogue.connection.input_audio_buffer.clear()
            await dialogue.until("input_audio_buffer.cleared")
            await dialogue.connection.input_audio_buffer.commit()
            assert (await dialogue.until("error")).error.code == "input_audio_buffer_commit_empty"


# ---- real people


@pytest.mark.parametrize(
    ("vad", "start_ms", "end_ms"),
    [(models.ServerVad(), 1456, 4512), (models.AzureSemanticVadMultilingual(prefix_padding_ms=400), 1568, 4544)],
    ids=["server_vad", "azure_semantic_vad_multilingual"],
)
async def test_the_one_voice_that_the_service_was_measured_with(shared: Path, vad: Any, start_ms: int, end_ms: int):
    """Observed {PAI}: with 400 and 500 ms the service reported these figures. Within two of its frames."""
    pcm = (shared / "recordings" / "marcelo_24khz.pcm").read_bytes()
    vad.silence_duration_ms = 500
    with vlmock.serve() as server:
        async with talking(server.url, model="gpt-realtime", api_version="2026-04-10") as dialogue:
            await dialogue.configure(turn_detection=vad)
            await dialogue.speak(np.frombuffer(pcm, "<i2"))
            await dialogue.answer()
    assert heard(dialogue) == pytest.approx((start_ms, end_ms), abs=64)


async def test_ten_seconds_in_one_append_may_hold_several_turns():
    """Each is answered, in order, and in audio time they follow each other."""
    words = np.concatenate([own_words(after_ms=1200)] * 3)
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.ServerVad(interrupt_response=False))
            await dialogue.speak(words, piece_bytes=None)
            for _ in range(3):
                await dialogue.until("input_audio_buffer.committed")
            await dialogue.until_nothing_is_left()
    starts = [event.audio_start_ms for event in dialogue.of("input_audio_buffer.speech_started")]
    ends = [event.audio_end_ms for event in dialogue.of("input_audio_buffer.speech_stopped")]
    times = [time for pair in zip(starts, ends, strict=True) for time in pair]
    assert len(starts) == 3
    assert times == sorted(times)
    assert starts[2] - starts[1] == pytest.approx(len(words) / 3 / 24, abs=32)


SPEECH = {
    "ps_goforward": (480, 520, 1920, 2300),
    "ps_something": (440, 480, 2000, 2200),
    "cards_001": (160, 200, 720, 960),
    "cards_003": (120, 240, 1000, 1280),
    "sense_and_sensibility_01_austen_64kb-0880": (280, 300, 2720, 2840),
}
"""By eye, in ms: where the first sound begins, the first vowel begins, the last vowel ends, the last sound ends."""


@pytest.mark.parametrize("name", SPEECH)
@pipelines
async def test_real_people_are_heard_and_answered(shared: Path, name: str, model: str, session: dict[str, Any]):
    """Human speech at 24 kHz is one turn, from its first sound to its last, and is answered in speech."""
    sound, vowel, vowel_end, sound_end = (1000 + ms for ms in SPEECH[name])
    with vlmock.serve() as server:
        async with talking(server.url, model=model) as dialogue:
            vad = models.ServerVad(prefix_padding_ms=300, silence_duration_ms=700)
            await dialogue.configure(turn_detection=vad, **session)
            await dialogue.speak(recorded(shared / "speech" / f"{name}.wav", before_ms=1000))
            response = await dialogue.answer()
    start_ms, end_ms = heard(dialogue)
    assert sound - 60 <= start_ms + 300 <= vowel + 100
    assert vowel_end - 60 <= end_ms - 700 - 70 <= sound_end + 100
    assert "seconds of speech" in transcript(response)
    assert loudness(decoded(dialogue.audio(response.id), "pcm16")) > 500
