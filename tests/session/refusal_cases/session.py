"""Refusals: updates that ask for what cannot be."""

from tests.session.exchanges import update
from tests.session.refusal_cases.case import AGENT, ANSWER, NATIVE, UPDATE, Case
from tests.session.updates import AVA, ECHO, EOU

CASES = (
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
)
