"""What a client sends and what a session answers, in the words of the wire, as many tests need them."""

from typing import Any

HEARD = ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped", "input_audio_buffer.committed")
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
SPOKEN_MESSAGE = (
    "response.output_item.added",
    "conversation.item.created",
    "response.content_part.added",
    "response.audio_transcript.delta",
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
)
"""A message of the assistant from beginning to end."""
AUDIO_REPLY = ("response.created", *SPOKEN_MESSAGE, "response.done")


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session}
