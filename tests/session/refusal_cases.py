"""What makes the service refuse, for each refusal there is: what the client sends, and what it is told.

A row is named after its function in ``vlmock.session.refusals``. Whoever adds a refusal adds a row.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.session.avatar.offers import EXHAUSTED, FILMED, LISA, connect
from tests.session.conftest import MS_PER_CHARACTER, Dialogue
from tests.session.updates import AVA, ECHO, EOU
from vlmock.protocol.catalogue import CLIENT_EVENTS
from vlmock.protocol.invalid_event import enumerate_in_prose
from vlmock.session.agents import Agent
from vlmock.session.brain import Brain
from vlmock.session.readings import Readings
from vlmock.session.script import Say
from vlmock.session.timing import Timing

__all__ = ["CASES", "Case"]

Sent = Mapping[str, Any] | str | Callable[[Dialogue], Mapping[str, Any] | None]
"""An event, a frame, or an event that is made of what has happened so far; None where only time passes."""

GENERAL = "invalid_request_error"
UPDATE = "invalid_session_update_message"
NEWEST = {"api_version": "2026-07-15"}
NATIVE = {"model": "gpt-realtime"}
AGENT = {"agent": True}
HELPER = Agent("helper", "project")
BY_KEY = Brain("", "2026-07-15", agent=HELPER, by_key=True)
BY_LEGACY_TOKEN = Brain("", "2026-07-15", agent=HELPER, by_legacy_token=True)
ALL_TYPES = enumerate_in_prose(CLIENT_EVENTS)


@dataclass(frozen=True)
class Case:
    """One way to be refused."""

    refusal: str
    """The function's name."""
    sends: tuple[Sent, ...]
    """In order; the last is refused."""
    message: str
    """``{item}`` stands for the id of the assistant's last item, ``{response}`` for that of the last response."""
    code: str | None = GENERAL
    param: str | None = None
    how: Mapping[str, Any] = field(default_factory=dict)
    """How the session is opened: arguments of ``Dialogue``."""


def update(**session: Any) -> dict[str, Any]:
    return {"type": "session.update", "session": session}


def append(audio: bytes) -> dict[str, Any]:
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(audio).decode()}


def two_hours(talk: Dialogue) -> None:
    talk.wait(2 * 3600)


def six_minutes(talk: Dialogue) -> None:
    talk.wait(360)


def eleven_minutes_of_speech(talk: Dialogue) -> None:
    talk.script.replies.extend([Say("x" * (60_000 // MS_PER_CHARACTER))] for _ in range(11))
    talk.client(*[ANSWER] * 11).wait(601)


def turn(doing: str, turn_id: str = "t") -> dict[str, Any]:
    return {"type": f"input_audio.turn.{doing}", "turn_id": turn_id}


def text(doing: str, **members: Any) -> dict[str, Any]:
    return {"type": f"input_text.{doing}", "id": "i"} | members


def create(**members: Any) -> dict[str, Any]:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello."}]}
    return {"type": "conversation.item.create", "item": item | members.pop("item", {}), **members}


def truncate(end_ms: int = 10, index: int = 0, *, item_id: str = "") -> Callable[[Dialogue], dict[str, Any]]:
    def event(talk: Dialogue) -> dict[str, Any]:
        at = item_id or talk.last("response.output_item.added").item.id
        return {
            "type": "conversation.item.truncate",
            "item_id": at,
            "content_index": index,
            "audio_end_ms": end_ms,
        }

    return event


BAD = update(nonsense=1)
ANSWER = {"type": "response.create"}
CANCEL = {"type": "response.cancel"}
COMMIT = {"type": "input_audio_buffer.commit"}

CASES = (
    # what is no event
    Case("invalid_json", ("{",), "We could not parse the JSON body of your event.", "invalid_json"),
    Case("not_an_object", ("[1]",), "An event is an object, not an array.", "invalid_event"),
    Case(
        "missing_type",
        ({"event_id": "e"},),
        f"The event has no 'type'. Supported values are: {ALL_TYPES}.",
        "invalid_event",
        "type",
        NEWEST,
    ),
    Case(
        "unknown_type",
        ({"type": "session.updat"},),
        f"Invalid value: 'session.updat'. Supported values are: {ALL_TYPES}.",
        "invalid_value",
        "type",
        NEWEST,
    ),
    Case(
        "unexpected_member",
        (update(proactive_engagement=True),),
        "'session.proactive_engagement' unexpected (extra fields not permitted)",
        UPDATE,
        "session.proactive_engagement",
    ),
    Case(
        "unexpected_member",
        ({"type": "response.create", "response": {"cancel_before": True}},),
        "'response.cancel_before' unexpected (extra fields not permitted)",
        GENERAL,
        "response.cancel_before",
    ),
    Case(
        "missing_member",
        ({"type": "conversation.item.delete"},),
        "Missing required parameter: 'item_id'.",
        "missing_required_parameter",
        "item_id",
    ),
    Case(
        "missing_member",
        (update(turn_detection={"threshold": 0.5}),),
        "Missing required parameter: 'session.turn_detection.type'.",
        UPDATE,
        "session.turn_detection.type",
    ),
    Case(
        "wrong_type",
        ({"type": "conversation.item.delete", "item_id": 7},),
        "Invalid type for 'item_id': expected a string, but got an integer instead.",
        "invalid_type",
        "item_id",
    ),
    Case(
        "wrong_enum",
        (update(voice="onyx"),),
        "'session.voice' should be 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin' or "
        "'cedar', got 'onyx'",
        UPDATE,
        "session.voice",
        NATIVE,
    ),
    Case(
        "out_of_range",
        (update(temperature=1.3),),
        "'session.temperature' should be between 0 and 1.2, got 1.3",
        UPDATE,
        "session.temperature",
    ),
    Case(
        "malformed",
        (update(input_audio_transcription={"model": "gpt-4o-transcribe", "phrase_list": ["Contoso"]}),),
        "Value error, phrase_list is only supported for azure-mrs, mai-transcribe-1.5, azure-fast-transcription, "
        "mai-transcribe, azure-speech",
        UPDATE,
        "session.input_audio_transcription",
        NATIVE,
    ),
    # who cannot have a session
    Case("invalid_model", (), "Model gpt-9 is not supported in this region.", "invalid_model", how={"model": "gpt-9"}),
    Case(
        "invalid_profile",
        (),
        "Profile byom-x is not supported.",
        "invalid_profile",
        how={"brain": Brain("mine", "2026-07-15", profile="byom-x")},
    ),
    Case(
        "agents_take_no_key",
        (),
        "Key authentication is not supported in Agent mode",
        "agent_initialization_failed",
        how={"brain": BY_KEY},
    ),
    Case(
        "agents_take_no_legacy_token",
        (),
        "Authentication error to AI Agent service: Unauthorized",
        "agent_initialization_failed",
        how={"brain": BY_LEGACY_TOKEN},
    ),
    Case(
        "missing_agent_project",
        (),
        "Missing required agent project name",
        "agent_initialization_failed",
        how={"agent": Agent("helper", "")},
    ),
    Case(
        "classic_agents_not_supported",
        (),
        "Classic foundry agent is not supported in API version 2026-04-10 and above",
        "agent_initialization_failed",
        how={"agent": Agent("asst_1", "project", classic=True)},
    ),
    Case(
        "agent_cannot_start",
        (),
        "Failed to initialize the agent. Check its configuration and the identity permissions.",
        "agent_initialization_failed",
        how={"agent": Agent("helper:2", "project")},
    ),
    Case(
        "byom_not_realtime",
        (),
        "Connection error to BYOM Realtime service: status 400, message: Invalid response status",
        "byom_realtime_connection_error",
        how={"brain": Brain("gpt-5-mini", "2026-07-15", profile="byom-azure-openai-realtime")},
    ),
    # a session that is not configured in time
    Case(
        "update_first",
        (ANSWER,),
        "Expected 'session.update' as the first event, got 'response.create'.",
        UPDATE,
        "type",
        {"readings": Readings(first_update_required=True)},
    ),
    Case(
        "configuration_failed",
        (BAD, BAD, BAD, BAD, BAD),
        "Session configuration failed after 5 attempts.",
        "max_config_attempts_exceeded",
        "type",
    ),
    # a session that is over
    Case("session_expired", (two_hours,), "Your session hit the maximum duration of 120 minutes.", "session_expired"),
    # updates that ask for what cannot be
    Case(
        "model_fixed",
        (update(model="gpt-4o"),),
        "Cannot update the model of a session: it is fixed by the connection.",
        UPDATE,
        "session.model",
    ),
    Case(
        "turn_detection_type_changed",
        (update(), update(turn_detection={"type": "azure_semantic_vad"})),
        "Cannot change turn detection type during session (from server_vad to azure_semantic_vad)",
        param="session.turn_detection",
    ),
    Case(
        "sampling_rate_changed",
        (update(), update(input_audio_sampling_rate=16_000)),
        "Cannot change input audio sampling rate during session (from 24000 to 16000)",
        param="session.input_audio_sampling_rate",
    ),
    Case(
        "echo_reference_changed",
        (
            update(input_audio_echo_cancellation=ECHO),
            update(input_audio_echo_cancellation=ECHO | {"reference_source": "client", "channels": 2}),
        ),
        "Cannot change echo cancellation reference during session (from server to client)",
        param="session.input_audio_echo_cancellation.reference_source",
    ),
    Case(
        "cannot_update_voice",
        (ANSWER, update(voice="cedar")),
        "Cannot update a conversation's voice if assistant audio is present.",
        "cannot_update_voice",
        "session.voice",
        NATIVE,
    ),
    Case(
        "voice_fixed_by_avatar",
        (update(avatar={"character": "lisa", "customized": False}), update(voice=AVA | {"name": "de-DE-KatjaNeural"})),
        "Cannot update voice when avatar is configured",
        param="session.voice",
    ),
    Case(
        "no_synthesizer",
        (update(modalities=["text"]), update(voice=AVA)),
        "Text to speech synthesizer is not configured",
        param="session.voice",
    ),
    Case(
        "invalid_voice_type",
        (update(voice=AVA),),
        "Voice type 'azure-standard' is not supported for model azure-realtime. Allowed types: azure-realtime-native.",
        "invalid_voice_type",
        "session.voice",
        {"model": "azure-realtime"},
    ),
    Case(
        "azure_speech_needs_semantic_vad",
        (update(input_audio_transcription={"model": "azure-speech"}),),
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD.",
        param="session.turn_detection",
        how=NATIVE,
    ),
    Case(
        "semantic_vad_in_cascade",
        (update(turn_detection={"type": "semantic_vad"}),),
        "OpenAI Semantic VAD is not supported in cascaded pipeline",
        param="session.turn_detection",
    ),
    Case(
        "eou_needs_cascade",
        (update(turn_detection=EOU),),
        "end_of_utterance_detection is only supported in cascaded pipeline",
        param="session.turn_detection.end_of_utterance_detection",
        how=NATIVE,
    ),
    Case(
        "ec_not_supported",
        (update(modalities=["text"], input_audio_echo_cancellation=ECHO),),
        "Echo cancellation is not supported when the session has no audio output.",
        "ec_not_supported",
        "session.input_audio_echo_cancellation",
    ),
    Case(
        "ec_channels_require_client",
        (update(input_audio_echo_cancellation=ECHO | {"channels": 2}),),
        "channels 2 requires reference_source 'client'",
        "invalid_ec_channels_requires_client",
        "session.input_audio_echo_cancellation.channels",
    ),
    Case(
        "ec_reference_channels",
        (update(input_audio_echo_cancellation=ECHO | {"reference_source": "client", "channels": 1}),),
        "reference_source 'client' requires channels 2",
        "invalid_ec_reference_channels",
        "session.input_audio_echo_cancellation.channels",
    ),
    Case(
        "instructions_in_agent_mode",
        (update(instructions="Be brief."),),
        "Instructions cannot be configured when using an agent.",
        "instructions_configuration_not_supported",
        "session.instructions",
        AGENT,
    ),
    Case(
        "fixed_by_agent",
        (update(tools=[]),),
        "tools cannot be configured when using an agent.",
        UPDATE,
        "session.tools",
        AGENT,
    ),
    Case(
        "not_supported",
        (update(modalities=["audio"]),),
        "modalities ['audio'] is not supported in cascaded pipeline",
        param="session.modalities",
    ),
    # sound
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
    # turns and texts under the client's own ids
    Case(
        "turn_id_used",
        (turn("start"), turn("start")),
        "Error starting input audio turn: a turn with id 't' already exists.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "too_many_open_turns",
        tuple(turn("start", f"t{number}") for number in range(101)),
        "Error starting input audio turn: 100 turns are open already; end or cancel one.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "no_such_turn",
        (turn("end"),),
        "Error ending input audio turn: there is no open turn with id 't'.",
        "invalid_value",
        "turn_id",
    ),
    Case(
        "turn_too_short",
        (turn("start"), turn("end")),
        "Error ending input audio turn: turn too short. Expected at least 100ms of audio, but turn only has 0.00ms of "
        "audio.",
        "input_audio_buffer_commit_empty",
    ),
    Case(
        "input_text_complete",
        (text("delta", delta="Hi."), text("done"), text("delta", delta="Hi.")),
        "Error appending input text: the item with id 'i' is already complete.",
        "invalid_value",
        "id",
        NEWEST,
    ),
    Case(
        "too_many_input_texts",
        tuple(text("delta", id=f"i{number}", delta="Hi.") for number in range(101)),
        "Error appending input text: 100 items are open already; complete one.",
        "invalid_value",
        "id",
        NEWEST,
    ),
    Case(
        "input_texts_full",
        (text("delta", delta="x" * (2**20 - 1)), text("delta", delta="x")),
        "Invalid 'delta'. The open items are full; complete one.",
        "invalid_value",
        "delta",
        NEWEST,
    ),
    Case(
        "no_such_input_text",
        (text("done"),),
        "Error completing input text: no text was sent for an item with id 'i'.",
        "invalid_value",
        "id",
        NEWEST,
    ),
    # items
    Case(
        "no_such_item_to_delete",
        ({"type": "conversation.item.delete", "item_id": "item_1"},),
        "Error deleting item: the item with id 'item_1' does not exist.",
        "item_delete_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_approval_request",
        (
            {
                "type": "conversation.item.create",
                "item": {"type": "mcp_approval_response", "approval_request_id": "item_1", "approve": True},
            },
        ),
        "No MCP approval request with id 'item_1' is waiting for an answer.",
        "invalid_value",
        "item.approval_request_id",
    ),
    Case(
        "no_such_item_to_retrieve",
        ({"type": "conversation.item.retrieve", "item_id": "item_1"},),
        "Error retrieving item: the item with id 'item_1' does not exist.",
        "item_retrieve_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_item_to_truncate",
        (truncate(item_id="item_1"),),
        "Item with item_id not found: item_1",
        "item_truncate_invalid_item_id",
        "item_id",
    ),
    Case(
        "no_such_previous_item",
        (create(previous_item_id="item_1"),),
        "Error adding item: the previous item with id 'item_1' does not exist.",
        "item_create_invalid_previous_item_id",
        "previous_item_id",
    ),
    Case(
        "duplicate_item_id",
        (create(item={"id": "item_1"}), create(item={"id": "item_1"})),
        "Error adding item: an item with id 'item_1' already exists.",
        "invalid_value",
        "item.id",
    ),
    Case(
        "audio_shorter",
        (ANSWER, truncate(5000)),
        "Audio content of 360ms is already shorter than 5000ms",
        "invalid_value",
        "audio_end_ms",
    ),
    Case(
        "only_assistant_audio_truncates",
        (create(item={"id": "item_1"}), truncate(item_id="item_1")),
        "Only model output audio messages can be truncated",
        None,
        "item_id",
    ),
    Case(
        "already_truncated",
        (ANSWER, truncate(), truncate()),
        "Item '{item}' is already truncated.",
        "item_already_truncated",
        "item_id",
    ),
    Case(
        "bad_content_index",
        (ANSWER, truncate(index=3)),
        "Invalid 'content_index': 3. The item has 1 content part.",
        "invalid_value",
        "content_index",
    ),
    # avatars
    Case(
        "avatar_not_found",
        (update(avatar={"character": "leo", "style": "old"}),),
        "Avatar with character [leo] and style [old] not found.",
        "avatar_verification_failed",
        "session.avatar",
    ),
    Case(
        "photo_avatar_has_no_style",
        (update(avatar={"type": "photo-avatar", "character": "zoe", "style": "casual"}),),
        "Style is not supported for photo avatars.",
        "avatar_verification_failed",
        "session.avatar.style",
    ),
    Case(
        "avatar_not_configured",
        (connect(),),
        "Avatar is not configured. Send session.update with avatar first.",
    ),
    Case(
        "avatar_not_over_webrtc",
        (update(avatar=FILMED), connect()),
        "session.avatar.connect is only supported when output_protocol is 'webrtc'.",
    ),
    Case(
        "invalid_client_sdp",
        (update(avatar=LISA), connect("v=0")),
        'Invalid \'client_sdp\': it has no m=video. Expected base64 of the JSON {{"type": "offer", "sdp": …}}.',
        "invalid_value",
        "client_sdp",
    ),
    Case(
        "avatar_already_connected",
        (update(avatar=LISA), connect(), connect()),
        "WebRTC connection is in connected state",
    ),
    Case(
        "avatar_rate_limited",
        (*[update(avatar=LISA), connect(), update(avatar=None)] * 2, update(avatar=LISA), connect()),
        "Avatar request was rate-limited. Retry after 60.0s.",
        "rate_limit_exceeded",
    ),
    Case(
        "avatar_resource_exhausted",
        (update(avatar=FILMED),),
        EXHAUSTED,
        "avatar_service_resource_exhausted",
        how={"avatar_trouble": "resource_exhausted"},
    ),
    Case(
        "avatar_capacity_exceeded",
        (update(avatar=FILMED),),
        "Avatar capacity exceeded. Please try again later.",
        "avatar_capacity_exceeded",
        how={"avatar_trouble": "capacity_exceeded"},
    ),
    Case(
        "avatar_idle_too_long",
        (update(avatar=LISA), connect(), six_minutes),
        "Avatar connection was closed: it was idle for the maximum of 5 minutes.",
        "avatar_idle_timeout",
    ),
    Case(
        "avatar_spoke_too_long",
        (update(avatar=LISA), connect(), eleven_minutes_of_speech),
        "Avatar connection was closed: it was speaking for the maximum of 10 minutes.",
        "avatar_speaking_timeout",
    ),
    Case(
        "no_output_audio_buffer",
        ({"type": "output_audio_buffer.clear"},),
        "output_audio_buffer.clear is only supported when avatar is configured.",
    ),
    # responses
    Case(
        "active_response",
        (ANSWER, ANSWER),
        "Conversation already has an active response in progress: {response}. Wait until the response is finished "
        "before creating a new one.",
        "conversation_already_has_active_response",
        how={"timing": Timing("cascade")},
    ),
    Case(
        "no_active_response", (CANCEL,), "Cancellation failed: no active response found", "response_cancel_not_active"
    ),
    Case(
        "response_instructions_in_agent_mode",
        ({"type": "response.create", "response": {"instructions": "Be brief."}},),
        "Overriding instructions in response.create is not supported",
        param="response.instructions",
        how=AGENT,
    ),
)
