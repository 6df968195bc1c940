"""The recordings of the real service that lie beside the project."""

from pathlib import Path

from vlmock.recording.model import Recording
from vlmock.recording.reading import read

RECORDINGS = [
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_message_history_seeding",
    "test_tool_call_round",
    "test_audio_in_server_vad_turn",
]
SPOKEN = "test_audio_in_server_vad_turn"


def path_of(shared: Path, name: str) -> Path:
    return shared / "recordings" / f"{name}.yaml"


def voice_of(shared: Path) -> Path:
    """What was said in the spoken one."""
    return shared / "recordings" / "marcelo_24khz.pcm"


def real_recording(shared: Path, name: str) -> Recording:
    """One of them, its client's voice whole."""
    (recording,) = read(path_of(shared, name), client_audio=voice_of(shared) if name == SPOKEN else None)
    return recording
