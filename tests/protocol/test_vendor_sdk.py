"""The vendor SDK as the judge of our types, in both directions."""

import base64
import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from azure.ai.voicelive import models
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.wire_values import FLOATS, WireValues
from vlmock.protocol.avatar import IceServer
from vlmock.protocol.catalogue import CLIENT_EVENTS, SERVER_EVENTS
from vlmock.protocol.codec import decode_client, encode
from vlmock.protocol.input_audio import EchoCancellation
from vlmock.protocol.items import FileSearchResult
from vlmock.protocol.output import ResponseAnimationBlendshapesDelta, ResponseAudioTimestampDelta
from vlmock.protocol.wire import UNSET


def parsed_by_sdk(frame: bytes) -> Any:
    """As the SDK's ``VoiceLiveConnection.recv`` does it."""
    return models.ServerEvent._deserialize(json.loads(frame), [])


def sent_by_sdk(event: Any) -> str:
    """As the SDK's ``VoiceLiveConnection.send`` does it."""
    return json.dumps(event.as_dict())


def assert_agree(ours: Any, theirs: Any, path: str) -> None:
    """Every member that the SDK's model has says what ours says."""
    if isinstance(ours, msgspec.Struct) and hasattr(theirs, "_attr_to_rest_field"):
        for attribute, field in theirs._attr_to_rest_field.items():
            name = field._rest_name
            own = getattr(ours, name, None)
            if name == "type" and not hasattr(ours, "type"):
                own = ours.__struct_config__.tag
            assert_agree(None if own is UNSET else own, getattr(theirs, attribute), f"{path}.{name}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), path
        for index, (own, their) in enumerate(zip(ours, theirs, strict=True)):
            assert_agree(own, their, f"{path}[{index}]")
    elif isinstance(theirs, datetime):
        assert ours == theirs.timestamp(), path
    elif isinstance(ours, bytes):
        assert ours == (theirs if isinstance(theirs, bytes) else base64.b64decode(theirs)), path
    else:
        assert msgspec.to_builtins(ours) == theirs, path


TAKEN_BY_THE_SDK = WireValues(
    {
        (EchoCancellation, "type"): st.just("server_echo_cancellation"),
        (ResponseAudioTimestampDelta, "timestamp_type"): st.just("word"),
        (ResponseAnimationBlendshapesDelta, "frames"): st.lists(st.lists(FLOATS, max_size=3), max_size=3),
        (IceServer, "urls"): st.lists(st.text(max_size=8), max_size=3),
        (FileSearchResult, "attributes"): st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    }
)
"""Its models fix the first two, cannot read a string where a list may be, and make every attribute a string."""


@pytest.mark.parametrize(("wire_type", "event_class"), SERVER_EVENTS.items())
@settings(max_examples=15)
@given(data=st.data())
def test_the_sdk_reads_what_we_write(wire_type: str, event_class: type, data: st.DataObject):
    """Each server event becomes the SDK's own class for it, with equal members all the way down."""
    event = data.draw(TAKEN_BY_THE_SDK.of(event_class))
    theirs = parsed_by_sdk(encode(event))
    assert type(theirs) is models.ServerEvent.__mapping__[wire_type]
    assert_agree(event, theirs, wire_type)


COMMON = {
    "temperature": 0.5,
    "custom_lexicon_url": "https://lexicon",
    "custom_text_normalization_url": "https://normal",
    "prefer_locales": ["en-GB"],
    "locale": "en-US",
    "style": "cheerful",
    "pitch": "+5%",
    "rate": "1.2",
    "volume": "80",
}
VAD = {
    "threshold": 0.6,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 400,
    "auto_truncate": True,
    "create_response": False,
    "interrupt_response": False,
}
SEMANTIC = VAD | {"speech_duration_ms": 90, "remove_filler_words": True}
LANGUAGES = {"languages": ["en", "de"]}
DETECTIONS = [
    models.ServerVad(**VAD, end_of_utterance_detection=models.AzureSemanticDetection(timeout_ms=900)),
    models.AzureSemanticVad(
        **SEMANTIC, **LANGUAGES, end_of_utterance_detection=models.AzureSemanticDetectionEn(threshold_level="low")
    ),
    models.AzureSemanticVadEn(**SEMANTIC),
    models.AzureSemanticVadMultilingual(
        **SEMANTIC, **LANGUAGES, end_of_utterance_detection=models.AzureSemanticDetectionMultilingual(timeout_ms=1)
    ),
    None,
]
VOICES = [
    models.OpenAIVoice(name=models.OpenAIVoiceName.MARIN),
    models.AzureStandardVoice(name="en-US-AvaNeural", **COMMON),
    models.AzureCustomVoice(name="mine", endpoint_id="e", **COMMON),
    models.AzurePersonalVoice(name="me", model="DragonLatestNeural", **COMMON),
    models.AzureAvatarVoiceSyncVoice(model="PhoenixLatestNeural", **COMMON),
    models.AzureRealtimeNativeVoice(name=models.AzureRealtimeNativeVoiceName.DIYA),
    "alloy",
]
AVATAR = models.AvatarConfig(
    avatar_type="photo-avatar",
    ice_servers=[models.IceServer(urls=["turn:a"], username="u", credential="c")],
    character="lisa",
    style="casual",
    model="vasa-1",
    customized=False,
    video=models.VideoParams(
        bitrate=1,
        codec="h264",
        crop=models.VideoCrop(top_left=[0, 0], bottom_right=[1, 1]),
        resolution=models.VideoResolution(width=2, height=3),
        background=models.Background(color="#00FF00FF"),
        gop_size=10,
    ),
    scene=models.Scene(zoom=1.0, position_x=0.1, amplitude=0.5),
    output_protocol="websocket",
    output_audit_audio=True,
)
TOOLS = [
    models.FunctionTool(name="f", description="d", parameters={"type": "object", "properties": {}}),
    models.MCPServer(server_label="l", server_url="u", require_approval="never", headers={"a": "b"}),
    models.MCPServer(server_label="l", server_url="u", allowed_tools=["t"], require_approval={"always": ["t"]}),
]
STATIC = models.StaticInterimResponseConfig(texts=["One moment."], triggers=["tool"], latency_threshold_ms=100)
LLM = models.LlmInterimResponseConfig(model="gpt-4.1-mini", instructions="short", max_completion_tokens=20)
FULL_SESSION = models.RequestSession(
    model="gpt-realtime",
    modalities=["text", models.Modality.AUDIO],
    animation=models.Animation(model_name="default", outputs=["viseme_id"]),
    voice=VOICES[1],
    instructions="Be brief.",
    input_audio_sampling_rate=16000,
    input_audio_format=models.InputAudioFormat.PCM16,
    output_audio_format=models.OutputAudioFormat.PCM16_8000_HZ,
    turn_detection=DETECTIONS[0],
    input_audio_noise_reduction=models.AudioNoiseReduction(type="near_field"),
    input_audio_echo_cancellation=models.AudioEchoCancellation(reference_source="client", channels=2),
    avatar=AVATAR,
    input_audio_transcription=models.AudioInputTranscriptionOptions(
        model="azure-speech", language="en", custom_speech={"en": "id"}, phrase_list=["Contoso"]
    ),
    output_audio_timestamp_types=["word"],
    tools=TOOLS,
    tool_choice=models.ToolChoiceFunctionSelection(name="f"),
    parallel_tool_calls=False,
    temperature=0.7,
    max_response_output_tokens="inf",
    reasoning_effort="low",
    interim_response=STATIC,
    include=["file_search_call.results"],
    metadata={"k": "v"},
)
MESSAGES = [
    models.SystemMessageItem(content=[models.InputTextContentPart(text="s")], id="mine"),
    models.UserMessageItem(
        content=[
            models.InputTextContentPart(text="u"),
            models.InputAudioContentPart(audio="AAAA", transcript="t"),
            models.RequestImageContentPart(image_url="data:", detail="low"),
        ]
    ),
    models.AssistantMessageItem(content=[models.OutputTextContentPart(text="a")], status="completed"),
]
ITEMS = [
    *MESSAGES,
    models.FunctionCallItem(name="f", call_id="c", arguments="{}"),
    models.FunctionCallOutputItem(call_id="c", output="42", id="mine"),
    models.MCPApprovalResponseRequestItem(approval_request_id="a", approve=True),
]
PARAMS = models.ResponseCreateParams(
    commit=False,
    cancel_previous=False,
    append_input_items=[ITEMS[0]],
    input_items=ITEMS,
    modalities=["text"],
    instructions="i",
    voice=VOICES[0],
    output_audio_format="g711_ulaw",
    tools=TOOLS,
    tool_choice="required",
    temperature=1.0,
    max_output_tokens=100,
    pre_generated_assistant_message=MESSAGES[2],
    reasoning_effort="high",
    metadata={"k": "v"},
    interim_response=LLM,
    invoke_input={"any": ["thing"]},
)
SENT = [
    models.ClientEventSessionUpdate(session=FULL_SESSION, event_id="mine"),
    *(models.ClientEventSessionUpdate(session=models.RequestSession(voice=voice)) for voice in VOICES),
    *(models.ClientEventSessionUpdate(session=models.RequestSession(turn_detection=each)) for each in DETECTIONS),
    models.ClientEventInputAudioBufferAppend(audio="AAAA"),
    models.ClientEventInputAudioBufferCommit(),
    models.ClientEventInputAudioBufferClear(),
    models.ClientEventInputAudioTurnStart(turn_id="t"),
    models.ClientEventInputAudioTurnAppend(turn_id="t", audio="AAAA"),
    models.ClientEventInputAudioTurnEnd(turn_id="t"),
    models.ClientEventInputAudioTurnCancel(turn_id="t"),
    models.ClientEventInputAudioClear(),
    *(models.ClientEventConversationItemCreate(item=item, previous_item_id="root") for item in ITEMS),
    models.ClientEventConversationItemRetrieve(item_id="i"),
    models.ClientEventConversationItemTruncate(item_id="i", content_index=0, audio_end_ms=1500),
    models.ClientEventConversationItemDelete(item_id="i"),
    models.ClientEventResponseCreate(),
    models.ClientEventResponseCreate(response=PARAMS, additional_instructions="more"),
    models.ClientEventResponseCancel(response_id="r"),
    models.ClientEventSessionAvatarConnect(client_sdp="sdp"),
    models.ClientEventOutputAudioBufferClear(),
    models.ClientEventInputTextDelta(id="i", delta="d", content_index=0),
    models.ClientEventInputTextDone(id="i"),
]


def test_the_table_below_has_every_event_of_the_sdk():
    """So that none is forgotten when the SDK adds one."""
    assert {event["type"] for event in SENT} == set(models.ClientEvent.__mapping__)


@pytest.mark.parametrize("event", SENT, ids=lambda event: event["type"])
def test_we_read_what_the_sdk_writes(event: Any):
    """Each client event becomes our own class for it, with equal members all the way down."""
    ours = decode_client(sent_by_sdk(event))
    assert type(ours) is CLIENT_EVENTS[event["type"]]
    assert_agree(ours, event, event["type"])


def test_the_sdks_explicit_null_reaches_us():
    """``turn_detection=None`` is manual turns, not "leave it as it is"."""
    session = models.RequestSession(turn_detection=None)
    ours = decode_client(sent_by_sdk(models.ClientEventSessionUpdate(session=session)))
    assert (ours.session.turn_detection, ours.session.voice) == (None, UNSET)
