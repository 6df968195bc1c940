"""Word times, visemes and blendshapes, as the vendor SDK's own live tests ask for them and check them."""

from typing import Any

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking
from tests.sdk.sounds import own_words
from vlmock.scenario.model import Scenario

NANCY = models.AzureStandardVoice(name="en-US-NancyNeural")
VISEMES = models.Animation(outputs=[models.AnimationOutputType.VISEME_ID])
WORDS = [models.AudioTimestampType.WORD]
RULES = [{"user": "/./", "reply": [{"say": "It is sunny, and 21 degrees."}, {"say": "Goodbye."}]}]
REPLY = Scenario.build(rules=RULES)


def offsets(events: list[Any]) -> list[int]:
    return [event.audio_offset_ms for event in events]


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
@pytest.mark.parametrize("api_version", ["2025-10-01", "2026-04-10"])
async def test_a_spoken_turn_with_word_times_and_visemes(model, api_version):
    """Observed {SDKT}: the vendor's live test, on both brains and versions."""
    with vlmock.serve("weather") as server:
        async with talking(server.url, model=model, api_version=api_version) as dialogue:
            await dialogue.configure(voice=NANCY, animation=VISEMES, output_audio_timestamp_types=WORDS)
            await dialogue.speak(own_words())
            response = await dialogue.answer()
            duration_ms = len(dialogue.audio(response.id)) / 48
            words, visemes = (dialogue.of(f"response.{kind}.delta") for kind in ("audio_timestamp", "animation_viseme"))
    assert " ".join(word.text for word in words) == "I will look that up"
    assert all(word.timestamp_type == models.AudioTimestampType.WORD for word in words)
    assert words[-1].audio_offset_ms + words[-1].audio_duration_ms <= duration_ms
    assert offsets(visemes)[-1] < duration_ms
    assert dialogue.types.count("response.audio_timestamp.done") == 1


async def test_visemes_for_words_that_are_written():
    """Observed {NETT}: another live test of the vendor's, with its assertions."""
    with vlmock.serve(REPLY) as server:
        async with talking(server.url, model="gpt-4o") as dialogue:
            await dialogue.configure(modalities=["text", "animation"], animation=VISEMES)
            await dialogue.ask("Tell me a joke")
    visemes = dialogue.of("response.animation_viseme.delta")
    assert len(visemes) > 20
    last = 0
    for viseme in visemes:
        assert 0 <= viseme.viseme_id <= 21
        assert viseme.audio_offset_ms > last
        last = viseme.audio_offset_ms
    assert dialogue.types.count("response.animation_viseme.done") == 1
    assert not dialogue.of("response.audio.delta")


async def test_blendshapes_cover_the_whole_speech():
    """Documented (schema C 31): batches of frames, each with the index of its first; 60 a second."""
    with vlmock.serve(REPLY) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(animation=models.Animation(outputs=[models.AnimationOutputType.BLENDSHAPES]))
            response = await dialogue.ask("Hello")
            duration_ms = len(dialogue.audio(response.id)) / 48
    batches = dialogue.of("response.animation_blendshapes.delta")
    assert [batch.frame_index for batch in batches] == [
        sum(len(before.frames) for before in batches[:number]) for number in range(len(batches))
    ]
    frames = [frame for batch in batches for frame in batch.frames]
    assert len(frames) == pytest.approx(duration_ms * 60 / 1000, abs=1)
    assert {len(frame) for frame in frames} == {55}
    assert max(frame[17] for frame in frames) > 0.3  # jawOpen
    (done,) = dialogue.of("response.animation_blendshapes.done")
    assert "content_index" not in done


async def test_a_scenario_chooses_that_there_are_no_blendshapes():
    """The other reading of the documentation, from a scenario's ``readings``."""
    with vlmock.serve(Scenario.build(rules=RULES, readings={"blendshapes": False})) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(animation=models.Animation(outputs=["blendshapes", "viseme_id"]))
            await dialogue.ask("Hello")
    assert dialogue.of("response.animation_viseme.delta")
    assert not [kind for kind in dialogue.types if "blendshapes" in kind]
