"""What the SDK's client is told of a spoken turn."""

import pytest
from azure.ai.voicelive import models

from tests.sdk.dialogue import Dialogue

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
