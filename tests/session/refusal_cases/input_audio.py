"""Refusals: sound."""

import base64
from typing import Any

from tests.session.exchanges import update
from tests.session.refusal_cases.case import Case
from tests.session.updates import ECHO


def append(audio: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(audio).decode()}


COMMIT = {"type": "input_audio_buffer.commit"}

CASES = (
    Case(
        "buffer_too_small",
        (COMMIT,),
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has "
        "0.00ms of audio.",
        "input_audio_buffer_commit_empty",
    ),
    Case("invalid_audio", (append(b""),), "Invalid 'audio'. It is empty.", "invalid_value", "audio"),
    Case(
        "not_whole_samples",
        (
            update(input_audio_echo_cancellation=ECHO | {"reference_source": "client", "channels": 2}),
            append(bytes(6)),
        ),
        "Invalid 'audio'. 6 bytes of 2 channels are not divisible by 4.",
        "invalid_value",
        "audio",
    ),
    Case(
        "not_whole_samples",
        (append(b"odd"),),
        "Invalid 'audio'. 3 bytes are not a whole number of 16-bit samples.",
        "invalid_value",
        "audio",
    ),
    Case(
        "invalid_audio",
        ({"type": "input_audio_buffer.append", "audio": "%%"},),
        "Invalid 'audio'. It is not base64.",
        "invalid_value",
        "audio",
    ),
    Case(
        "append_too_large",
        (append(bytes(15 * 2**20 + 2)),),
        "Invalid 'audio'. 15728642 bytes are more than the 15728640 that one event may carry.",
        "invalid_value",
        "audio",
    ),
)
