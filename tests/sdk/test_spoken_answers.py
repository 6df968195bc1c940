"""What an answer sounds like at the SDK's client, in every format and voice."""

import numpy as np
import pytest
import soxr
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import talking
from tests.sdk.sounds import Samples, decoded, loudness

OUTPUTS = {
    "pcm16": 24_000,
    "pcm16_16000hz": 16_000,
    "pcm16_8000hz": 8_000,
    "g711_ulaw": 8_000,
    "g711_alaw": 8_000,
}


async def spoken_in(audio_format: str) -> Samples:
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            session = await dialogue.configure(output_audio_format=audio_format)
            assert session.output_audio_format == audio_format
            response = await dialogue.ask()
            return decoded(dialogue.audio(response.id), audio_format)


@pytest.mark.parametrize(("audio_format", "rate_hz"), OUTPUTS.items())
async def test_the_same_words_sound_the_same_in_every_format(audio_format: str, rate_hz: int):
    """Decoded and brought to one rate, the sound is that of the default format: same length, same shape."""
    sound, reference = await spoken_in(audio_format), await spoken_in("pcm16")
    assert len(sound) / rate_hz == pytest.approx(len(reference) / 24_000, abs=0.03)
    ours = soxr.resample(sound.astype(float), rate_hz, 8_000)
    theirs = soxr.resample(reference.astype(float), 24_000, 8_000)
    length = min(len(ours), len(theirs))
    assert np.corrcoef(ours[:length], theirs[:length])[0, 1] > 0.9
    assert loudness(ours) == pytest.approx(loudness(theirs), rel=0.1)


async def test_audio_is_cut_as_the_service_cuts_it():
    """Observed {FON}: 200 ms, 300 ms, then 500 ms each, then a remainder of whole 12.5 ms."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            response = await dialogue.ask()
    sizes = [len(event.delta) for event in dialogue.of("response.audio.delta")]
    assert sizes[:2] == [9600, 14_400]
    assert set(sizes[2:-1]) == {24_000}
    assert sizes[-1] <= 24_000
    assert sizes[-1] % 600 == 0
    assert sum(sizes) == len(dialogue.audio(response.id))


async def test_a_native_voice_comes_in_smaller_pieces():
    """Observed {PAI}: about 100 to 300 ms each, the last one maybe less."""
    with vlmock.serve("greeting") as server:
        async with talking(server.url, model="gpt-realtime") as dialogue:
            await dialogue.ask()
    sizes = [len(event.delta) / 48 for event in dialogue.of("response.audio.delta")]
    assert all(100 <= size <= 300 for size in sizes[:-1])
    assert 0 < sizes[-1] <= 300


async def test_the_built_in_voice_says_the_same_bytes_every_time():
    """Deterministic: in another session, on another server, after other words."""
    first = await spoken_in("pcm16")
    assert first.tobytes() == (await spoken_in("pcm16")).tobytes()
    with vlmock.serve("greeting") as server:
        async with talking(server.url) as dialogue:
            words = "Something else."
            message = models.AssistantMessageItem(content=[models.OutputTextContentPart(text=words)])
            await dialogue.ask(pre_generated_assistant_message=message)
            response = await dialogue.ask()
    assert dialogue.audio(response.id) == first.tobytes()
