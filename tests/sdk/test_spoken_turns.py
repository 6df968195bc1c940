"""Spoken turns: real words go in, as samples; turns, transcripts and speech come out."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking, transcript
from tests.sdk.sounds import Samples, decoded, loudness, own_words, quiet, recorded

AVA = models.AzureStandardVoice(name="en-US-AvaNeural")
PIPELINES = {"cascade": ("gpt-4.1", {}), "native": ("gpt-realtime", {}), "hybrid": ("gpt-realtime", {"voice": AVA})}
pipelines = pytest.mark.parametrize(("model", "session"), PIPELINES.values(), ids=PIPELINES)
CASCADE_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.created",
    "response.created",
]
REALTIME_TURN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.created",
    "response.created",
]


def heard(dialogue: Dialogue) -> tuple[int, int]:
    """``audio_start_ms`` and ``audio_end_ms`` of the only turn."""
    (started,) = dialogue.of("input_audio_buffer.speech_started")
    (stopped,) = dialogue.of("input_audio_buffer.speech_stopped")
    assert started.item_id == stopped.item_id
    return started.audio_start_ms, stopped.audio_end_ms


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


# ---- the detector listens


async def heard_as(samples: Samples, *, piece_bytes: int | None = 960, **session: Any) -> tuple[int, int]:
    """What the detector says about it, in a session with the usual settings."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            vad = models.ServerVad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500, create_response=False)
            await dialogue.configure(turn_detection=vad, **session)
            await dialogue.speak(samples, piece_bytes=piece_bytes)
            await dialogue.until("input_audio_buffer.committed")
            await dialogue.until_nothing_is_left()
            return heard(dialogue)


def onset_and_end(samples: Samples) -> tuple[float, float]:
    """Where words without noise begin and end, in milliseconds: all that is within 30 dB of the loudest 20 ms."""
    levels = np.sqrt(np.mean(samples[: len(samples) // 480 * 480].reshape(-1, 480).astype(float) ** 2, axis=1))
    loud = np.flatnonzero(levels > levels.max() / 10**1.5)
    return float(loud[0] * 20), float((loud[-1] + 1) * 20)


async def test_speech_is_found_where_it_is():
    """Start is the onset less the prefix padding, end is the end of speech, the silence and about 70 ms."""
    words = own_words(before_ms=1000)
    onset, end = onset_and_end(words)
    start_ms, end_ms = await heard_as(words)
    assert start_ms % 16 == end_ms % 16 == 0
    assert start_ms == pytest.approx(onset - 300, abs=100)
    assert end_ms == pytest.approx(end + 500 + 70, abs=150)


@pytest.mark.parametrize("piece_bytes", [102, 333 * 2, 4800, 48_000, None])
async def test_the_size_of_the_pieces_does_not_matter(piece_bytes: int | None):
    """In 20 ms pieces or in one append of ten seconds: the same turn to the millisecond."""
    words = own_words(before_ms=1000, after_ms=7000 if piece_bytes is None else 1500)
    assert await heard_as(words, piece_bytes=piece_bytes) == await heard_as(words)


INPUTS = {
    "pcm16 8 kHz": (8_000, "pcm16"),
    "pcm16 16 kHz": (16_000, "pcm16"),
    "pcm16 44.1 kHz": (44_100, "pcm16"),
    "mu-law": (8_000, "g711_ulaw"),
    "A-law": (8_000, "g711_alaw"),
}


@pytest.mark.parametrize(("rate_hz", "audio_format"), INPUTS.values(), ids=INPUTS)
async def test_rate_and_format_do_not_matter(rate_hz: int, audio_format: str):
    """Observed {SDKT}: the same clip gives the same times within 50 ms."""
    rate = {} if audio_format.startswith("g711") else {"input_audio_sampling_rate": rate_hz}
    times = await heard_as(own_words(rate_hz=rate_hz, before_ms=1000), input_audio_format=audio_format, **rate)
    assert times == pytest.approx(await heard_as(own_words(before_ms=1000)), abs=50)


async def test_g711_input_is_echoed_as_8_khz():
    """Observed {SDKT}."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            session = await dialogue.configure(input_audio_format="g711_ulaw")
    assert (session.input_audio_format, session.input_audio_sampling_rate) == ("g711_ulaw", 8000)


def tone(level_dbfs: float) -> Samples:
    time_s = np.arange(48_000) / 24_000
    return (np.sin(2 * np.pi * 440 * time_s) * np.sqrt(2) * 10 ** (level_dbfs / 20) * 32767).astype("<i2")


def wav_header() -> Samples:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16)
    header = b"RIFF" + struct.pack("<I", 96_036) + b"WAVE" + fmt + b"data" + struct.pack("<I", 96_000)
    return np.concatenate([np.frombuffer(header, "<i2"), np.zeros(48_000, "<i2")])


NOT_SPEECH = {
    "silence": quiet(2000),
    "a WAV header": wav_header(),
    "constant DC": np.full(48_000, 8000, "<i2"),
    "DC that is switched on": np.concatenate([quiet(1000), np.full(48_000, -12_000, "<i2"), quiet(1000)]),
    "a tone at -50 dBFS": tone(-50),
}


@pytest.mark.parametrize("samples", NOT_SPEECH.values(), ids=NOT_SPEECH)
async def test_what_is_not_speech_is_no_turn(samples: Samples):
    """And the words that follow are one."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.speak(samples)
            assert await dialogue.until_nothing_is_left() == []
            await dialogue.speak(own_words())
            await dialogue.answer()
            heard(dialogue)


async def test_zero_bytes_in_g711_are_no_speech():
    """Zero is a loud constant there, not silence."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(input_audio_format="g711_ulaw")
            await dialogue.connection.input_audio_buffer.append(audio="AAAA" * 8000)
            assert await dialogue.until_nothing_is_left() == []


async def test_the_sessions_own_silence_and_threshold_count():
    """A longer silence ends the turn later; the highest threshold does not hear a whisper that the lowest does."""
    words = own_words()
    _, early = await heard_as(words)
    whisper = (words // 64).astype("<i2")
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.ServerVad(silence_duration_ms=900, threshold=0.5))
            await dialogue.speak(words)
            await dialogue.answer()
            assert heard(dialogue)[1] == pytest.approx(early + 400, abs=32)
        for threshold, turns in ((0.0, 1), (1.0, 0)):
            async with talking(server.url) as dialogue:
                await dialogue.configure(turn_detection=models.ServerVad(threshold=threshold))
                await dialogue.speak(whisper)
                await dialogue.until_nothing_is_left()
                assert len(dialogue.of("input_audio_buffer.speech_started")) == turns, threshold


async def test_a_removed_filler_is_no_turn():
    """Observed {SDKT}: with ``remove_filler_words`` not even ``speech_started`` comes."""
    with vlmock.serve("filler_words") as server:
        async with talking(server.url) as dialogue:
            await dialogue.configure(turn_detection=models.AzureSemanticVad(remove_filler_words=True))
            await dialogue.speak(own_words())
            assert await dialogue.until_nothing_is_left() == []
            await dialogue.speak(own_words())
            assert transcript(await dialogue.answer()) == "A day ticket is eight pounds."
        assert server.problems() == []


async def test_an_unfinished_sentence_is_waited_for():
    """Documented {DOC}: end-of-utterance detection waits its ``timeout_ms`` longer, and then ends the turn anyway."""
    ends = []
    for eou in (None, models.AzureSemanticDetection(timeout_ms=1000)):
        with vlmock.serve("unfinished_sentence") as server:
            async with talking(server.url) as dialogue:
                vad = models.ServerVad(silence_duration_ms=500, end_of_utterance_detection=eou)
                await dialogue.configure(turn_detection=vad)
                await dialogue.speak(own_words(after_ms=3000))
                assert transcript(await dialogue.answer()) == "For how many people?"
                ends.append(heard(dialogue)[1])
    assert ends[1] - ends[0] == pytest.approx(1000, abs=64)


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


# ---- what is heard in answer


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
