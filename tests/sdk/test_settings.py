"""``session.update`` through the SDK: what is taken, how it is filled in, and what is refused as a whole."""

from typing import Any

import pytest
from azure.ai.voicelive import models

import vlmock
from tests.sdk.dialogue import Dialogue, talking

CASCADE, NATIVE = "gpt-4.1", "gpt-realtime"
MULTILINGUAL = {"type": "azure_semantic_vad_multilingual"}


async def after_update(dialogue: Dialogue, session: dict[str, Any], event_id: str | None = None) -> dict[str, Any]:
    """The session as it is echoed, as JSON."""
    await dialogue.connection.session.update(session=session, event_id=event_id)
    echoed: dict[str, Any] = (await dialogue.until("session.updated")).session.as_dict()
    return echoed


async def test_the_echo_is_the_whole_session():
    """Observed: same id and expiry, the client's event id is not echoed, what was not sent stays."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            created = dialogue.events[0].session.as_dict()
            first = await after_update(dialogue, {"instructions": "Be brief.", "temperature": 0.5}, "mine")
            second = await after_update(dialogue, {"temperature": 0.6})
    assert first == created | {"instructions": "Be brief.", "temperature": 0.5}
    assert second == first | {"temperature": 0.6}
    assert dialogue.events[1]["event_id"] != "mine"


async def test_a_nested_object_is_replaced_and_filled_from_the_services_defaults():
    """Observed {PAI}: 300 and 200 at connect are 400 and 500 after an update that names only the type."""
    with vlmock.serve() as server:
        async with talking(server.url, model=NATIVE, api_version="2026-04-10") as dialogue:
            created = dialogue.events[0].session.turn_detection
            assert (created.prefix_padding_ms, created.silence_duration_ms) == (300, 200)
            echoed = await after_update(dialogue, {"turn_detection": {"type": "server_vad", "threshold": 0.8}})
            assert (echoed["turn_detection"]["prefix_padding_ms"], echoed["turn_detection"]["threshold"]) == (400, 0.8)
            assert echoed["turn_detection"]["silence_duration_ms"] == 500
            echoed = await after_update(dialogue, {"turn_detection": {"type": "server_vad"}})
            assert echoed["turn_detection"]["threshold"] == 0.5


async def test_every_setting_of_the_sdk_is_taken():
    """Typed settings go in, come back, and are read by the SDK as its own classes."""
    session = models.RequestSession(
        modalities=["text", "audio"],
        voice=models.AzureStandardVoice(name="en-US-GuyNeural", rate="1.2", style="cheerful"),
        instructions="Be brief.",
        input_audio_sampling_rate=16_000,
        output_audio_format=models.OutputAudioFormat.PCM16_8000_HZ,
        turn_detection=models.AzureSemanticVad(
            silence_duration_ms=400, end_of_utterance_detection=models.AzureSemanticDetectionEn(threshold_level="low")
        ),
        input_audio_noise_reduction=models.AudioNoiseReduction(type="azure_deep_noise_suppression"),
        input_audio_echo_cancellation=models.AudioEchoCancellation(),
        input_audio_transcription=models.AudioInputTranscriptionOptions(model="azure-speech", language="en"),
        tools=[models.FunctionTool(name="f", description="d", parameters={"type": "object"})],
        tool_choice=models.ToolChoiceFunctionSelection(name="f"),
        temperature=0.7,
        max_response_output_tokens=500,
    )
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.connection.session.update(session=session)
            echoed = (await dialogue.until("session.updated")).session.as_dict()
    sent = session.as_dict()
    for name, value in sent.items():
        if isinstance(value, dict):
            assert echoed[name].items() >= {k: v for k, v in value.items() if not isinstance(v, dict)}.items(), name
        elif name == "modalities":
            assert set(echoed[name]) == set(value)
        else:
            assert echoed[name] == value, name


@pytest.mark.parametrize("model", [CASCADE, NATIVE])
async def test_turn_detection_null_is_an_explicit_null(model: str):
    """Observed {FON, SDKT, NETT}: from the SDK's own class, and it can be turned on again."""
    with vlmock.serve() as server:
        async with talking(server.url, model=model) as dialogue:
            session = (await dialogue.configure(turn_detection=None)).as_dict()
            assert "turn_detection" in session
            assert session["turn_detection"] is None


REFUSED: dict[str, tuple[str, dict[str, Any], str | None, str]] = {
    "unknown member": (
        CASCADE,
        {"proactive_engagement": True},
        "session.proactive_engagement",
        "'session.proactive_engagement' unexpected (extra fields not permitted)",
    ),
    "GA dialect": (
        NATIVE,
        {"type": "realtime"},
        "session.type",
        "'session.type' unexpected (extra fields not permitted)",
    ),
    "unknown voice": (NATIVE, {"voice": "onyx"}, "session.voice", "'session.voice' should be 'alloy', "),
    "voice of another brain": (
        "azure-realtime",
        {"voice": {"type": "openai", "name": "alloy"}},
        "session.voice",
        "azure-realtime-native",
    ),
    "azure-speech with server_vad on a realtime brain": (
        NATIVE,
        {"input_audio_transcription": {"model": "azure-speech"}, "turn_detection": {"type": "server_vad"}},
        "session.turn_detection",
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD.",
    ),
    "semantic_vad on a cascade brain": (
        CASCADE,
        {"turn_detection": {"type": "semantic_vad"}},
        None,
        "OpenAI Semantic VAD is not supported in cascaded pipeline",
    ),
    "echo cancellation without sound": (
        CASCADE,
        {"modalities": ["text"], "input_audio_echo_cancellation": {"type": "server_echo_cancellation"}},
        None,
        "",
    ),
    "voice temperature beyond 1": (
        CASCADE,
        {"voice": {"type": "azure-standard", "name": "en-US-AvaNeural", "temperature": 1.5}},
        None,
        "",
    ),
    "wrong JSON type": (
        CASCADE,
        {"instructions": 5},
        "session.instructions",
        "Invalid type for 'session.instructions'",
    ),
    "wrong enum": (CASCADE, {"input_audio_format": "mp3"}, "session.input_audio_format", "got 'mp3'"),
    "unknown member deep inside": (
        CASCADE,
        {"turn_detection": {"type": "server_vad", "treshold": 0.5}},
        "session.turn_detection.treshold",
        "'session.turn_detection.treshold' unexpected",
    ),
    "end-of-utterance detection on a realtime brain": (
        NATIVE,
        {"turn_detection": {"type": "server_vad", "end_of_utterance_detection": {"model": "semantic_detection_v1"}}},
        None,
        "",
    ),
    "another model": (CASCADE, {"model": "gpt-4o"}, None, ""),
    "whisper with no language": (
        NATIVE,
        {"input_audio_transcription": {"model": "whisper-1", "language": ""}},
        None,
        "",
    ),
    "hyphenated interim type": (
        CASCADE,
        {"interim_response": {"type": "static-interim-response", "texts": ["One moment."]}},
        None,
        "",
    ),
}


@pytest.mark.parametrize(("model", "session", "param", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_refused_update_changes_nothing(model: str, session: dict[str, Any], param: str | None, message: str):
    """Behaviour 2.3: code, param, the client's event id; the whole update is lost, its good parts too."""
    with vlmock.serve() as server:
        async with talking(server.url, model=model) as dialogue:
            before = dialogue.events[0].session.as_dict()
            update = {"instructions": "Never heard of.", **session}
            await dialogue.connection.session.update(session=update, event_id="bad")
            error = (await dialogue.until("error")).error
            assert (error.event_id, error.type) == ("bad", "invalid_request_error")
            assert message in error.message
            if param:
                assert error.param == param
            assert await after_update(dialogue, {}) == before


async def test_the_kind_of_turn_detection_is_chosen_once():
    """Observed {IVW, FON, NETT}: in the first update it may change, later it is frozen."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await after_update(dialogue, {"turn_detection": {"type": "server_vad"}})
            await dialogue.connection.session.update(session={"turn_detection": MULTILINGUAL}, event_id="e")
            error = (await dialogue.until("error")).error
    assert error.event_id == "e"
    assert error.message == (
        "Cannot change turn detection type during session (from server_vad to azure_semantic_vad_multilingual)"
    )


async def test_a_refused_first_update_leaves_the_session_open():
    """Observed {IVW}: it can be put right."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.connection.session.update(session={"bogus": 1})
            await dialogue.until("error")
            assert await dialogue.until_nothing_is_left() == []
            assert (await after_update(dialogue, {"instructions": "Now."}))["instructions"] == "Now."


BAD_FRAMES = {
    "not JSON": ("{", "invalid_json", None),
    "no type": ('{"event_id": "e"}', None, "type"),
    "unknown type": ('{"type": "session.upate", "event_id": "e"}', "invalid_value", "type"),
    "missing member": (
        '{"type": "conversation.item.delete", "event_id": "e"}',
        "missing_required_parameter",
        "item_id",
    ),
    "wrong type": (
        '{"type": "conversation.item.delete", "item_id": 5, "event_id": "e"}',
        "invalid_type",
        "item_id",
    ),
    "bad base64": ('{"type": "input_audio_buffer.append", "audio": "*", "event_id": "e"}', "invalid_value", "audio"),
}


@pytest.mark.parametrize(("frame", "code", "param"), BAD_FRAMES.values(), ids=BAD_FRAMES)
async def test_garbage_is_one_error_each_and_the_session_goes_on(frame: str, code: str | None, param: str | None):
    """Behaviour 6: with code and param; the event's own id where it can be read."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            await dialogue.connection._connection.send_str(frame)
            error = (await dialogue.until("error")).error
            assert error.type == "invalid_request_error"
            assert error.param == param
            if code:
                assert error.code == code
            assert error.event_id == ("e" if '"e"' in frame else None)
            assert (await dialogue.ask("Hello")).status == "completed"
            assert len(dialogue.of("error")) == 1


async def test_an_empty_event_id_and_null_are_tolerated():
    """Observed {SEED}: clients send ``""`` and null."""
    with vlmock.serve() as server:
        async with talking(server.url) as dialogue:
            for event_id in ("", None):
                update = {"type": "session.update", "event_id": event_id, "session": {"instructions": "x"}}
                await dialogue.connection.send(update)
                await dialogue.until("session.updated")
