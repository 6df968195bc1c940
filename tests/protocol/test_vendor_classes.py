"""The vendor SDK's classes and ours, member by member and both ways: a new release of it shows here what is new."""

import enum
from typing import Any

import msgspec
import pytest
from azure.ai.voicelive import models

import vlmock.protocol.avatar as avatar
import vlmock.protocol.conversation as conversation
import vlmock.protocol.errors as errors
import vlmock.protocol.input_audio as input_audio
import vlmock.protocol.items as items
import vlmock.protocol.output as output
import vlmock.protocol.response as response
import vlmock.protocol.session as session
import vlmock.protocol.tools as tools
import vlmock.protocol.turn_detection as turn_detection
import vlmock.protocol.voices as voices
from vlmock.protocol.catalogue import CLIENT_EVENTS, SERVER_EVENTS

EVENTS = {
    **{models.ServerEvent.__mapping__[name]: event for name, event in SERVER_EVENTS.items()},
    **{
        models.ClientEvent.__mapping__[name]: event
        for name, event in CLIENT_EVENTS.items()
        if name != "mcp_approval_response"  # in the SDK's enum, but without a model
    },
}
OURS: dict[Any, Any] = {
    **EVENTS,
    models.AgentConfig: session.AgentConfig,
    models.Animation: session.Animation,
    models.AssistantMessageItem: items.RequestMessage,
    models.AudioEchoCancellation: input_audio.EchoCancellation,
    models.AudioInputTranscriptionOptions: input_audio.InputAudioTranscription,
    models.AudioNoiseReduction: input_audio.NoiseReduction,
    models.AvatarConfig: avatar.AvatarConfig,
    models.AzureAvatarVoiceSyncVoice: voices.AvatarVoiceSync,
    models.AzureCustomVoice: voices.AzureCustomVoice,
    models.AzurePersonalVoice: voices.AzurePersonalVoice,
    models.AzureRealtimeNativeVoice: voices.AzureRealtimeNativeVoice,
    models.AzureSemanticDetection: turn_detection.EndOfUtteranceDetection,
    models.AzureSemanticDetectionEn: turn_detection.EndOfUtteranceDetection,
    models.AzureSemanticDetectionMultilingual: turn_detection.EndOfUtteranceDetection,
    models.AzureSemanticVad: turn_detection.AzureSemanticVad,
    models.AzureSemanticVadEn: turn_detection.AzureSemanticVadEn,
    models.AzureSemanticVadMultilingual: turn_detection.AzureSemanticVadMultilingual,
    models.AzureStandardVoice: voices.AzureStandardVoice,
    models.Background: avatar.VideoBackground,
    models.CachedTokenDetails: response.CachedTokensDetails,
    models.FileSearchResult: items.FileSearchResult,
    models.FunctionCallItem: items.RequestFunctionCall,
    models.FunctionCallOutputItem: items.RequestFunctionCallOutput,
    models.FunctionTool: tools.FunctionTool,
    models.IceServer: avatar.IceServer,
    models.InputAudioContentPart: items.InputAudioPart,
    models.InputTextContentPart: items.InputTextPart,
    models.InputTokenDetails: response.InputTokenDetails,
    models.LlmInterimResponseConfig: session.LlmInterimResponse,
    models.LogProbProperties: conversation.LogProb,
    models.MCPApprovalResponseRequestItem: items.RequestMcpApprovalResponse,
    models.MCPServer: tools.McpTool,
    models.MCPTool: items.ListedMcpTool,
    models.OpenAIVoice: voices.OpenAIVoice,
    models.OutputTextContentPart: items.TextPart,
    models.OutputTokenDetails: response.OutputTokenDetails,
    models.RequestAudioContentPart: items.InputAudioPart,
    models.RequestImageContentPart: items.InputImagePart,
    models.RequestSession: session.RequestSession,
    models.RequestTextContentPart: items.InputTextPart,
    models.Response: response.Response,
    models.ResponseAudioContentPart: items.AudioPart,
    models.ResponseCancelledDetails: response.CancelledDetails,
    models.ResponseCreateParams: response.ResponseCreateParams,
    models.ResponseFailedDetails: response.FailedDetails,
    models.ResponseFileSearchCallItem: items.FileSearchCallItem,
    models.ResponseFunctionCallItem: items.FunctionCallItem,
    models.ResponseFunctionCallOutputItem: items.FunctionCallOutputItem,
    models.ResponseIncompleteDetails: response.IncompleteDetails,
    models.ResponseMCPApprovalRequestItem: items.McpApprovalRequestItem,
    models.ResponseMCPApprovalResponseItem: items.McpApprovalResponseItem,
    models.ResponseMCPCallItem: items.McpCallItem,
    models.ResponseMCPListToolItem: items.McpListToolsItem,
    models.ResponseMessageItem: items.MessageItem,
    models.ResponseSession: session.ResponseSession,
    models.ResponseTextContentPart: items.TextPart,
    models.ResponseWebSearchCallItem: items.WebSearchCallItem,
    models.Scene: avatar.AvatarScene,
    models.ServerEventErrorDetails: errors.ErrorDetails,
    models.ServerEventWarningDetails: errors.WarningDetails,
    models.ServerVad: turn_detection.ServerVad,
    models.StaticInterimResponseConfig: session.StaticInterimResponse,
    models.SystemMessageItem: items.RequestMessage,
    models.TokenUsage: response.Usage,
    models.ToolChoiceFunctionSelection: tools.ToolChoiceFunction,
    models.TranscriptionPhrase: conversation.TranscriptionPhrase,
    models.TranscriptionWord: conversation.TranscriptionWord,
    models.UserMessageItem: items.RequestMessage,
    models.VideoCrop: avatar.VideoCrop,
    models.VideoParams: avatar.AvatarVideo,
    models.VideoResolution: avatar.VideoResolution,
    models.VoiceLiveErrorDetails: errors.VoiceLiveErrorDetails,
}
"""Each class of the SDK that says something of its own, and ours for it."""

ONLY_BASES = {
    "AzureVoice", "ClientEvent", "ContentPart", "ConversationItemBase", "ConversationRequestItem", "EouDetection",
    "InterimResponseConfigBase", "MessageContentPart", "MessageItem", "ResponseItem", "ResponseStatusDetails",
    "ServerEvent", "SessionBase", "Tool", "ToolChoiceSelection", "TurnDetection",
}  # fmt: skip
"""What others are made of, and never on the wire themselves."""
NOT_ON_THE_WIRE = {"ActionFind", "ActionOpenPage", "ActionSearch", "ActionSearchSource", "ErrorResponse"}
"""Schema E2: no item refers to the actions; the last is the body of HTTP errors."""


def rest_names(model: Any) -> set[str]:
    model({})  # the SDK finds its fields when first used
    return {field._rest_name for field in model._attr_to_rest_field.values()}


def own_names(ours: type[msgspec.Struct]) -> set[str]:
    return {*ours.__struct_fields__, *(["type"] if ours.__struct_config__.tag else [])}


def every(kind: type) -> list[Any]:
    found = [getattr(models, name) for name in models.__all__]
    return [thing for thing in found if isinstance(thing, type) and issubclass(thing, kind)]


def test_every_class_of_the_sdk_has_one_of_ours() -> None:
    """Or a reason why not. A new one is listed here until it has."""
    classes = {model.__name__: model for model in every(object) if hasattr(model, "_deserialize")}
    assert {name for name, model in classes.items() if model not in OURS} == ONLY_BASES | NOT_ON_THE_WIRE


@pytest.mark.parametrize("theirs", OURS, ids=lambda theirs: theirs.__name__)
def test_all_members_of_the_sdks_class_are_ours_too(theirs: Any) -> None:
    """Whatever the SDK can say, our types can."""
    assert rest_names(theirs) - own_names(OURS[theirs]) == set()


TOLERATED = {  # Observed {FON}: echoed by the service, most of them as null
    "neg_threshold", "neg_threshold_assistant_speaking", "window_size", "window_size_assistant_speaking",
    "distinct_ci_phones", "distinct_ci_phones_assistant_speaking", "require_vowel", "require_vowel_assistant_speaking",
}  # fmt: skip
DETECTION = {
    *TOLERATED,
    "speech_duration_assistant_speaking_ms",  # Observed {SDKT}
    "idle_timeout_ms",  # Observed {PAI}
    "appended_text_after_truncation",  # Documented {DOC}
}
PREVIEWS_END_OF_UTTERANCE = {"threshold", "timeout"}  # Documented: the spellings of 2025-05-01-preview
ECHOED_AS_NULL = {"truncation_strategy", "greeting", "handoff"}  # Observed {PAI, FON}
OBJECT = {"object"}  # Assumed: a client may send back an item that it was sent

WE_HAVE_MORE: dict[Any, set[str]] = {
    models.ClientEventSessionAvatarConnect: {"rtc_configuration"},  # Observed: some clients send it (schema B)
    models.AudioInputTranscriptionOptions: {"prompt"},  # Documented {DOC}
    models.AzureSemanticDetection: PREVIEWS_END_OF_UTTERANCE,
    models.AzureSemanticDetectionEn: PREVIEWS_END_OF_UTTERANCE,
    models.AzureSemanticDetectionMultilingual: PREVIEWS_END_OF_UTTERANCE,
    models.AzureSemanticVad: DETECTION,
    models.AzureSemanticVadEn: {*DETECTION, "languages"},  # Observed {FON}: echoed as null
    models.AzureSemanticVadMultilingual: DETECTION,
    models.ServerVad: {*DETECTION, "speech_duration_ms"},  # Documented {DOC}
    models.AssistantMessageItem: OBJECT,
    models.SystemMessageItem: OBJECT,
    models.UserMessageItem: OBJECT,
    models.FunctionCallItem: OBJECT,
    models.FunctionCallOutputItem: OBJECT,
    models.MCPApprovalResponseRequestItem: {*OBJECT, "status", "reason"},  # Documented: the response's item has them
    models.RequestImageContentPart: {"url"},  # Documented: the spelling before 2026-06-01-preview
    models.RequestSession: {*ECHOED_AS_NULL, "expires_at"},  # Documented: ignored when sent
    models.ResponseSession: {*ECHOED_AS_NULL, "object"},  # Documented {DOC}
    models.ResponseAudioContentPart: {"audio"},  # Observed {SDKT}: in retrieved items
    models.ResponseCreateParams: {"max_response_output_tokens", "animation", "conversation"},  # Documented {DOC}
    models.ResponseFunctionCallOutputItem: {"status", "name"},  # Documented {DOC}
}
"""Members of ours that the SDK's class lacks, and where they are known from."""


@pytest.mark.parametrize("theirs", OURS, ids=lambda theirs: theirs.__name__)
def test_what_only_we_have_is_known(theirs: Any) -> None:
    """And written down: a release that adds one of them, or drops one, shows here."""
    assert own_names(OURS[theirs]) - rest_names(theirs) == WE_HAVE_MORE.get(theirs, set())


LISTS: dict[Any, tuple[tuple[str, ...], set[str]]] = {
    models.AnimationOutputType: (output.ANIMATION_OUTPUT_TYPES, set()),
    models.AudioTimestampType: (output.AUDIO_TIMESTAMP_TYPES, set()),
    models.AvatarConfigTypes: (avatar.AVATAR_TYPES, set()),
    models.AvatarOutputProtocol: (avatar.AVATAR_OUTPUT_PROTOCOLS, set()),
    models.AzureRealtimeNativeVoiceName: (voices.AZURE_REALTIME_NATIVE_VOICES, set()),
    models.AzureVoiceType: (voices.VOICE_TYPES, {
        "openai", "azure-realtime-native",  # types of their own in the SDK
        "azure-platform", "custom",  # Observed {S09}
    }),
    models.ClientEventType: (tuple(CLIENT_EVENTS), set()),
    models.ContentPartType: (items.CONTENT_PART_TYPES, set()),
    models.EchoCancellationReferenceSource: (input_audio.ECHO_REFERENCE_SOURCES, set()),
    models.EouThresholdLevel: (turn_detection.EOU_THRESHOLD_LEVELS, set()),
    models.InputAudioFormat: (input_audio.INPUT_AUDIO_FORMATS, set()),
    models.InterimResponseConfigType: (session.INTERIM_RESPONSE_TYPES, set()),
    models.InterimResponseTrigger: (session.INTERIM_RESPONSE_TRIGGERS, set()),
    models.ItemParamStatus: (items.REQUEST_ITEM_STATUSES, set()),
    models.ItemType: (items.ITEM_TYPES, set()),
    models.MCPApprovalType: (tools.MCP_APPROVAL_TYPES, set()),
    models.MessageRole: (items.MESSAGE_ROLES, set()),
    models.Modality: (session.MODALITIES, set()),
    models.OpenAIVoiceName: (voices.OPENAI_VOICES, set()),
    models.OutputAudioFormat: (output.OUTPUT_AUDIO_FORMATS, {
        "pcm16_22050hz", "pcm16_24000hz", "pcm16_44100hz", "pcm16_48000hz",  # Observed {SDKT}
    }),
    models.PersonalVoiceModels: (voices.PERSONAL_VOICE_MODELS, set()),
    models.PhotoAvatarBaseModes: (avatar.PHOTO_AVATAR_MODELS, set()),
    models.ReasoningEffort: (session.REASONING_EFFORTS, set()),
    models.RequestImageContentPartDetail: (items.IMAGE_DETAILS, set()),
    models.ResponseItemStatus: (items.RESPONSE_ITEM_STATUSES, set()),
    models.ResponseStatus: (response.RESPONSE_STATUSES, set()),
    models.ServerEventType: (tuple(SERVER_EVENTS), set()),
    models.SessionIncludeOption: (session.SESSION_INCLUDES, set()),
    models.ToolChoiceLiteral: (tools.TOOL_CHOICES, set()),
    models.ToolType: (tools.TOOL_TYPES, set()),
    models.TurnDetectionType: (turn_detection.TURN_DETECTION_TYPES, {"semantic_vad"}),  # Documented {DOC}
}  # fmt: skip
"""Each list of the SDK, ours, and what only ours has."""


def test_every_list_of_the_sdk_has_one_of_ours() -> None:
    """A new one shows here."""
    assert set(every(enum.Enum)) == set(LISTS)


@pytest.mark.parametrize("theirs", LISTS, ids=lambda theirs: theirs.__name__)
def test_the_lists_have_the_same_values(theirs: Any) -> None:
    """Both ways, but for what is known to be more."""
    ours, more = LISTS[theirs]
    assert set(ours) - {member.value for member in theirs} == more
    assert {member.value for member in theirs} - set(ours) == set()
