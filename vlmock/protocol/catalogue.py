"""Every event, in one place: the unions, and the tables from wire type to class.

Strict towards clients, lenient towards servers: ``AnyClientEvent`` is exactly what the enum of the service names, while
``AnyServerEvent`` also holds what the service sends or sent beyond its enum. Which api-version has which of them:
``vlmock.protocol.versions``. Source: schema B, C.
"""

from typing import TypeAlias, get_args

import msgspec

from vlmock.protocol.avatar import (
    SessionAvatarConnect,
    SessionAvatarConnecting,
    SessionAvatarSwitchToIdle,
    SessionAvatarSwitchToSpeaking,
)
from vlmock.protocol.conversation import (
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDelete,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    ConversationItemRetrieve,
    ConversationItemRetrieved,
    ConversationItemTruncate,
    ConversationItemTruncated,
)
from vlmock.protocol.errors import (
    ErrorEvent,
    WarningEvent,
)
from vlmock.protocol.input_audio import (
    InputAudioBufferAppend,
    InputAudioBufferClear,
    InputAudioBufferCleared,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
    InputAudioBufferTimeoutTriggered,
    InputAudioClear,
    InputAudioTurnAppend,
    InputAudioTurnCancel,
    InputAudioTurnEnd,
    InputAudioTurnStart,
    InputTextDelta,
    InputTextDone,
)
from vlmock.protocol.output import (
    OutputAudioBufferClear,
    OutputAudioBufferCleared,
    ResponseAnimationBlendshapesDelta,
    ResponseAnimationBlendshapesDone,
    ResponseAnimationVisemeDelta,
    ResponseAnimationVisemeDone,
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTimestampDelta,
    ResponseAudioTimestampDone,
    ResponseAudioTranscriptAnnotationAdded,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseInvocationDelta,
    ResponseTextDelta,
    ResponseTextDone,
    ResponseVideoDelta,
)
from vlmock.protocol.response import (
    RateLimitsUpdated,
    ResponseCancel,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseCreate,
    ResponseCreated,
    ResponseDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
)
from vlmock.protocol.session import (
    ByomCredentialUpdate,
    ByomCredentialUpdated,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
    TranscriptionSessionUpdate,
)
from vlmock.protocol.tool_calls import (
    McpApprovalResponse,
    McpListToolsCompleted,
    McpListToolsFailed,
    McpListToolsInProgress,
    ResponseFileSearchCallCompleted,
    ResponseFileSearchCallInProgress,
    ResponseFileSearchCallSearching,
    ResponseFoundryAgentCallArgumentsDelta,
    ResponseFoundryAgentCallArgumentsDone,
    ResponseFoundryAgentCallCompleted,
    ResponseFoundryAgentCallFailed,
    ResponseFoundryAgentCallInProgress,
    ResponseFunctionCallArgumentsDelta,
    ResponseFunctionCallArgumentsDone,
    ResponseMcpCallArgumentsDelta,
    ResponseMcpCallArgumentsDone,
    ResponseMcpCallCompleted,
    ResponseMcpCallFailed,
    ResponseMcpCallInProgress,
    ResponseWebSearchCallCompleted,
    ResponseWebSearchCallInProgress,
    ResponseWebSearchCallSearching,
)
from vlmock.protocol.webrtc import (
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
    RtcCallError,
    RtcCallSdpCreate,
    RtcCallSdpCreated,
)

__all__ = [
    "CLIENT_EVENTS",
    "OTHER_CLIENT_EVENTS",
    "OTHER_SERVER_EVENTS",
    "SERVER_EVENTS",
    "AnyClientEvent",
    "AnyServerEvent",
    "OfficialServerEvent",
    "OtherClientEvent",
    "OtherServerEvent",
]

AnyClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | InputAudioTurnStart
    | InputAudioTurnAppend
    | InputAudioTurnEnd
    | InputAudioTurnCancel
    | InputAudioClear
    | ConversationItemCreate
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ConversationItemDelete
    | ResponseCreate
    | ResponseCancel
    | SessionAvatarConnect
    | McpApprovalResponse
    | OutputAudioBufferClear
    | InputTextDelta
    | InputTextDone
)
"""The events that a client may send in the dated api-versions, in the order of schema B."""

OtherClientEvent: TypeAlias = ByomCredentialUpdate | TranscriptionSessionUpdate | RtcCallSdpCreate
"""Client events that are in circulation but in no dated enum. The server does not understand them."""

OfficialServerEvent: TypeAlias = (
    ErrorEvent
    | WarningEvent
    | SessionCreated
    | SessionUpdated
    | SessionAvatarConnecting
    | SessionAvatarSwitchToSpeaking
    | SessionAvatarSwitchToIdle
    | ConversationItemCreated
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemDeleted
    | ConversationItemInputAudioTranscriptionCompleted
    | ConversationItemInputAudioTranscriptionDelta
    | ConversationItemInputAudioTranscriptionFailed
    | InputAudioBufferCommitted
    | InputAudioBufferCleared
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseTextDelta
    | ResponseTextDone
    | ResponseAudioTranscriptDelta
    | ResponseAudioTranscriptDone
    | ResponseAudioDelta
    | ResponseAudioDone
    | ResponseAnimationBlendshapesDelta
    | ResponseAnimationBlendshapesDone
    | ResponseAudioTimestampDelta
    | ResponseAudioTimestampDone
    | ResponseAnimationVisemeDelta
    | ResponseAnimationVisemeDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | McpListToolsInProgress
    | McpListToolsCompleted
    | McpListToolsFailed
    | ResponseMcpCallArgumentsDelta
    | ResponseMcpCallArgumentsDone
    | ResponseMcpCallInProgress
    | ResponseMcpCallCompleted
    | ResponseMcpCallFailed
    | ResponseVideoDelta
    | ResponseWebSearchCallSearching
    | ResponseWebSearchCallInProgress
    | ResponseWebSearchCallCompleted
    | ResponseFileSearchCallSearching
    | ResponseFileSearchCallInProgress
    | ResponseFileSearchCallCompleted
    | OutputAudioBufferCleared
    | ResponseAudioTranscriptAnnotationAdded
    | ResponseInvocationDelta
)
"""The events that the service may send by the enum of 2026-07-15, in the order of schema C."""

OtherServerEvent: TypeAlias = (
    ByomCredentialUpdated
    | InputAudioBufferTimeoutTriggered
    | ConversationItemDone
    | RateLimitsUpdated
    | ResponseFoundryAgentCallArgumentsDelta
    | ResponseFoundryAgentCallArgumentsDone
    | ResponseFoundryAgentCallCompleted
    | ResponseFoundryAgentCallFailed
    | ResponseFoundryAgentCallInProgress
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | RtcCallError
    | RtcCallSdpCreated
)
"""Server events outside that enum: observed, documented, of previews, or of ``v1``."""

AnyServerEvent: TypeAlias = OfficialServerEvent | OtherServerEvent
"""Everything that a client should be able to read."""


def _by_wire_type(union: object) -> dict[str, type[msgspec.Struct]]:
    return {str(event.__struct_config__.tag): event for event in get_args(union)}


CLIENT_EVENTS = _by_wire_type(AnyClientEvent)
"""Wire type to class; 20."""
OTHER_CLIENT_EVENTS = _by_wire_type(OtherClientEvent)
SERVER_EVENTS = _by_wire_type(OfficialServerEvent)
"""Wire type to class; 56."""
OTHER_SERVER_EVENTS = _by_wire_type(OtherServerEvent)
