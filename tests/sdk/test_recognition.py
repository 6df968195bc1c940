"""Speech that is understood, by the vendor SDK over a real socket."""

import importlib.util
import wave
from pathlib import Path

import numpy as np
import pytest
from azure.ai.voicelive import models

import vlmock
from tests.recognition.speaking import needs_flite, said
from tests.sdk.dialogue import Dialogue, talking, transcript
from tests.sdk.sounds import Samples, quiet
from vlmock.scenario import builtin_voice

pytestmark = pytest.mark.timeout(120)

TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
STARTED = "input_audio_buffer.speech_started"

needs_pocketsphinx = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None,
    reason="pocketsphinx is not installed (pip install 'vlmock[recognition]')",
)


async def ask(dialogue: Dialogue, samples: Samples) -> tuple[str, str]:
    """What speech is heard as, and what is answered."""
    await dialogue.speak(samples)
    heard = await dialogue.until(TRANSCRIBED)
    return heard.transcript, transcript(await dialogue.answer())


# ---- words


@needs_flite
@needs_pocketsphinx
@pytest.mark.parametrize(("model", "transcribes"), [("gpt-4.1", "azure-speech"), ("gpt-realtime", "whisper-1")])
async def test_a_caller_orders_in_any_order(model: str, transcribes: str):
    """The shipped menu: each rule by its words, as the file writes them, whatever else is said between."""
    with vlmock.serve("menu", recognition="pocketsphinx") as server:
        async with talking(server.url, model=model) as dialogue:
            await dialogue.configure(input_audio_transcription=models.AudioInputTranscriptionOptions(model=transcribes))
            for spoken, heard, answered in (
                ("a pizza please", "A pizza, please.", "One pizza. Anything else?"),
                ("what do you have today", "What do you have today?", "We have tomato soup, pizza, and apple cake."),
                ("my hovercraft is full of eels", "", "I am sorry, I did not understand that."),
                ("i would like the tomato soup please", "I would like the tomato soup, please.", "One tomato soup."),
                ("that was all thank you", "That was all, thank you.", "Thank you. It will be ready at 8."),
            ):
                transcript_, answer = await ask(dialogue, said(spoken))
                assert (transcript_, answer.startswith(answered)) == (heard, True)
        assert server.problems() == []
        remarks = [remark.message for remark in server.journal.remarks()]
        assert " is 'A pizza, please.' (confidence 0." in remarks[0]
        assert " is none of the sentences" in remarks[2]


@needs_flite
@needs_pocketsphinx
@pytest.mark.parametrize("audio_format", ["pcm16", "g711_ulaw"])
async def test_a_turn_that_the_client_commits_is_understood_in_every_format(audio_format: str):
    """A telephone's, too."""
    scenario = vlmock.Scenario.build(
        recognition="pocketsphinx", turns=[{"user": "Hello there.", "optional": True, "reply": "Hi."},
                                           {"user": "What is on the menu?", "reply": "Soup."}],
    )  # fmt: skip
    rate_hz = 8000 if audio_format == "g711_ulaw" else 16_000
    with vlmock.serve(scenario) as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(
                turn_detection=None, input_audio_format=audio_format, input_audio_sampling_rate=rate_hz
            )
            await dialogue.speak(said("What is on the menu?", rate_hz=rate_hz))
            await dialogue.connection.input_audio_buffer.commit()
            await dialogue.connection.response.create()
            assert transcript(await dialogue.answer()) == "Soup."
            assert dialogue.of(TRANSCRIBED)[0].transcript == "What is on the menu?"
        assert server.problems() == []


@needs_flite
@needs_pocketsphinx
async def test_a_filler_is_removed_and_what_is_none_is_heard():
    """The session removes filler words, and the caller does not hesitate after all."""
    for spoken in ("umm", None):
        with vlmock.serve("filler_words", recognition="pocketsphinx") as server:
            async with talking(server.url) as dialogue:
                await dialogue.configure(turn_detection=models.AzureSemanticVad(remove_filler_words=True))
                if spoken:
                    await dialogue.speak(said(spoken))
                assert await ask(dialogue, said("how much is a day ticket")) == (
                    "How much is a day ticket?",
                    "A day ticket is eight pounds.",
                )
                assert len(dialogue.of(STARTED)) == 1
            assert server.problems() == []


# ---- clips


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario with three clips of the built-in voice."""
    for name, words in CLIPS.items():
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", ""))
            file.writeframes(builtin_voice.speak(words, 16_000).tobytes())
    (tmp_path / "clips.yaml").write_text(
        """
        rules:
          - clip: weather.wav
            transcript: What is the weather in Beijing?
            reply: Sunny.
          - clip: [joke.wav, another_joke.wav]
            reply: No.
          - user: Goodbye.
            reply: Bye.
        """
    )
    return tmp_path


CLIPS = {
    "weather": "What is the weather in Beijing?",
    "joke": "Tell me a joke.",
    "another_joke": "Do you know another joke?",
}


def spoken(words: str, rate_hz: int = 24_000) -> Samples:
    return np.concatenate(
        [quiet(500, rate_hz=rate_hz), builtin_voice.speak(words, rate_hz), quiet(1500, rate_hz=rate_hz)]
    )


async def test_a_clip_is_known_by_its_sound(folder: Path):
    """At another rate and level than it has; what is no clip is heard as the scenario says, in its order."""
    with vlmock.serve(folder / "clips.yaml") as server:
        async with talking(server.url) as dialogue:
            assert await ask(dialogue, spoken(CLIPS["another_joke"])) == ("(joke.wav)", "No.")
            assert await ask(dialogue, spoken(CLIPS["weather"])) == ("What is the weather in Beijing?", "Sunny.")
            assert await ask(dialogue, spoken("What is the weather in Berlin?")) == ("Goodbye.", "Bye.")
            await dialogue.configure(input_audio_format="g711_alaw")
            assert await ask(dialogue, spoken(CLIPS["joke"], 8000) // 10) == ("(joke.wav)", "No.")
        assert server.problems() == []


@needs_flite
@needs_pocketsphinx
async def test_a_clip_goes_before_words(folder: Path):
    """Where both are listened for."""
    with vlmock.serve(folder / "clips.yaml", recognition="pocketsphinx") as server:
        async with talking(server.url) as dialogue:
            assert await ask(dialogue, said("goodbye")) == ("Goodbye.", "Bye.")
            assert await ask(dialogue, spoken(CLIPS["joke"])) == ("(joke.wav)", "No.")
            assert await ask(dialogue, said("what is the weather in beijing")) == (
                "What is the weather in Beijing?",
                "Sunny.",
            )
        assert server.problems() == []
