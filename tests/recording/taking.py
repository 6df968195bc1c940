"""Recordings made for tests: what was said goes through the encoder into a folder."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vlmock.protocol.recording.encoder import RecordingEncoder
from vlmock.protocol.recording.folder import RecordingFolder
from vlmock.protocol.recording.lines import Head
from vlmock.protocol.recording.redaction import Redaction

HEAD = Head(made_by="tests", started="2026-11-23T10:02:41Z", url="wss://localhost/voice-live/realtime?model=gpt-4.1")


def take(
    folder: Path,
    said: Iterable[tuple[str, Any]],
    *,
    head: Head = HEAD,
    redaction: Redaction | None = None,
    closed: bool = True,
    **options: Any,
) -> Path:
    """Record ``(who, message)``, a tenth of a second between them; what is neither text nor bytes becomes JSON."""
    encoder = RecordingEncoder(head, redaction=redaction, **options)
    written = RecordingFolder(folder)
    written.write(encoder.opened())
    at = 0.0
    for who, message in said:
        text = message if isinstance(message, str | bytes) else json.dumps(message, ensure_ascii=False)
        written.write(encoder.said(who, text, at))
        at += 0.1
    if closed:
        written.write(encoder.closed("client", 1000, "bye", at))
    written.close()
    return folder


def append(pcm: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}


def delta(pcm: bytes, response_id: str = "resp_1") -> dict[str, Any]:
    return {"type": "response.audio.delta", "response_id": response_id, "delta": base64.b64encode(pcm).decode()}


def session(**settings: Any) -> dict[str, Any]:
    return {"type": "session.updated", "session": settings}
