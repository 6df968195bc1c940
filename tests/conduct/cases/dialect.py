"""VL7xx: words of other dialects, and no words at all."""

from tests.conduct.playing import DETECTED, Row, World

GA = "This asks for the OpenAI GA dialect, which vlmock does not speak."


def sets(**session):
    return lambda world: world.client(DETECTED | session)


def sends(type: str, *, api_version: str = "2026-04-10", **members):
    return lambda world: world.client(api_version=api_version).send(type, **members)


def says(message: bytes):
    return lambda world: world.client().message(message)


def dials(status: int, message: str):
    return lambda world: world.turned_away(status, message)


def nothing(world: World) -> None:
    world.client()


CLEAR = b'{"type": "input_audio_buffer.clear"}'
LATE = {"id": "typed", "delta": "Hel"}
FILLER = {"type": "static_interim_response", "texts": ["One moment."]}
PREVIEW = "2026-06-01-preview"

ROWS = [
    Row("VL701", sets(type="realtime"), sets()),
    Row("VL701", sets(output_modalities=["text"]), sets(modalities=["text"])),
    Row("VL702", sends("conversation.item.added"), sends("input_audio_buffer.clear")),
    Row("VL703", sets(proactive_engagement=True), sets()),
    Row("VL704", sets(inputAudioFormat="pcm16"), sets(input_audio_format="pcm16")),
    Row("VL705", sets(interim_response=FILLER | {"type": "static-interim-response"}), sets(interim_response=FILLER)),
    Row(
        "VL706",
        sets(interim_response=FILLER | {"latency_threshold_in_ms": 100}),
        sets(interim_response=FILLER | {"latency_threshold_ms": 100}),
    ),
    Row("VL707", sends("session.delete"), sends("input_audio_buffer.clear")),
    Row("VL708", sends("input_text.delta", **LATE), sends("input_text.delta", api_version=PREVIEW, **LATE)),
    Row("VL709", says(b"hello"), says(CLEAR)),
    Row("VL709", says(b"[]"), says(CLEAR)),
    Row("VL709", says(b"{}"), says(CLEAR)),
    Row("VL710", sets(temperature="warm"), sets(temperature=0.7)),
    Row("VL710", sends("conversation.item.delete"), nothing),
    Row("VL711", dials(400, GA), nothing),
]
