"""Settings of what is heard and how it sounds that the service refuses, and its words. Source: behaviour 2.3, schema D.

A row: who answers, the members of the update, and the error's message, code and param.
"""

from tests.session.updates import AVA, AZURE, ECHO, EOU, NATIVE, NEWEST, PHI

ANY = "invalid_session_update_message"
GENERAL = "invalid_request_error"

WRONG_SOUND_SETTINGS = [
    (
        NATIVE,
        {"voice": "onyx"},
        "'session.voice' should be 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin' "
        "or 'cedar', got 'onyx'",
        ANY,
        "session.voice",
    ),
    (
        AZURE,
        {"voice": AVA},
        "Voice type 'azure-standard' is not supported for model azure-realtime. Allowed types: azure-realtime-native.",
        "invalid_voice_type",
        "session.voice",
    ),
    (
        NATIVE,
        {"voice": {"type": "azure-realtime-native", "name": "ava"}},
        "Voice type 'azure-realtime-native' is not supported for model gpt-realtime. Allowed types: openai, "
        "azure-standard, azure-platform, azure-custom, custom, azure-personal, avatar-voice-sync.",
        "invalid_voice_type",
        "session.voice",
    ),
    (
        NATIVE,
        {"input_audio_transcription": {"model": "azure-speech"}},
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD.",
        GENERAL,
        "session.turn_detection",
    ),
    (
        NATIVE,
        {"input_audio_transcription": {"model": "azure-speech"}, "turn_detection": None},
        "When using azure-speech as InputAudioTranscription, turn_detection must be of type AzureSemanticVAD or "
        "AzureMultilingualSemanticVAD.",
        GENERAL,
        "session.turn_detection",
    ),
    (
        NEWEST,
        {"turn_detection": {"type": "semantic_vad"}},
        "OpenAI Semantic VAD is not supported in cascaded pipeline",
        GENERAL,
        "session.turn_detection",
    ),
    (
        NATIVE,
        {"turn_detection": EOU},
        "end_of_utterance_detection is only supported in cascaded pipeline",
        GENERAL,
        "session.turn_detection.end_of_utterance_detection",
    ),
    (
        NEWEST,
        {"modalities": ["text"], "input_audio_echo_cancellation": ECHO},
        "Echo cancellation is not supported when the session has no audio output.",
        "ec_not_supported",
        "session.input_audio_echo_cancellation",
    ),
    (
        NATIVE,
        {"input_audio_transcription": {"model": "whisper-1", "language": ""}},
        "Value error, language must not be empty",
        ANY,
        "session.input_audio_transcription.language",
    ),
    (
        NEWEST,
        {"voice": AVA | {"temperature": 1.5}},
        "'session.voice.temperature' should be between 0 and 1, got 1.5",
        ANY,
        "session.voice.temperature",
    ),
    (
        NEWEST,
        {"voice": AVA | {"rate": "1.6"}},
        "'session.voice.rate' should be between 0.5 and 1.5, got 1.6",
        ANY,
        "session.voice.rate",
    ),
    (
        NEWEST,
        {"voice": AVA | {"rate": "-60%"}},
        "'session.voice.rate' should be between 0.5 and 1.5, got 0.4",
        ANY,
        "session.voice.rate",
    ),
    (
        NATIVE,
        {"turn_detection": {"type": "azure_semantic_vad_en"}},
        "azure_semantic_vad_en is only supported in cascaded pipeline",
        GENERAL,
        "session.turn_detection",
    ),
    (
        NEWEST,
        {"turn_detection": {"type": "none"}},
        "'session.turn_detection.type' should be 'server_vad', 'semantic_vad', 'azure_semantic_vad', "
        "'azure_semantic_vad_en' or 'azure_semantic_vad_multilingual', got 'none'",
        ANY,
        "session.turn_detection.type",
    ),
    (
        NEWEST,
        {"turn_detection": {"type": "server_vad", "threshold": 1.1}},
        "'session.turn_detection.threshold' should be between 0 and 1, got 1.1",
        ANY,
        "session.turn_detection.threshold",
    ),
    (
        NEWEST,
        {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}},
        "'session.turn_detection.silence_duration_ms' should be at least 0, got -1",
        ANY,
        "session.turn_detection.silence_duration_ms",
    ),
    (
        NEWEST,
        {
            "turn_detection": {
                "type": "server_vad",
                "end_of_utterance_detection": {"model": "smart_end_of_turn_detection"},
            }
        },
        "'session.turn_detection.end_of_utterance_detection.model' should be 'semantic_detection_v1', "
        "'semantic_detection_v1_en' or 'semantic_detection_v1_multilingual', got 'smart_end_of_turn_detection'",
        ANY,
        "session.turn_detection.end_of_utterance_detection.model",
    ),
    (
        NATIVE,
        {"input_audio_transcription": {"model": "gpt-4o-transcribe", "phrase_list": ["Contoso"]}},
        "Value error, phrase_list is only supported for azure-mrs, mai-transcribe-1.5, azure-fast-transcription, "
        "mai-transcribe, azure-speech",
        ANY,
        "session.input_audio_transcription",
    ),
    (
        NEWEST,
        {"input_audio_transcription": {"model": "azure-speech", "language": ",".join(["en"] * 11)}},
        "Value error, at most 10 languages are supported",
        ANY,
        "session.input_audio_transcription.language",
    ),
    (
        PHI,
        {"input_audio_transcription": {"model": "mai-transcribe-1"}},
        "'session.input_audio_transcription.model' should be 'azure-speech', got 'mai-transcribe-1'",
        ANY,
        "session.input_audio_transcription.model",
    ),
    (
        NEWEST,
        {"input_audio_noise_reduction": {"type": "near_field"}},
        "near_field is only supported for realtime models",
        GENERAL,
        "session.input_audio_noise_reduction",
    ),
    (
        NEWEST,
        {"input_audio_echo_cancellation": ECHO | {"channels": 2}},
        "channels 2 requires reference_source 'client'",
        "invalid_ec_channels_requires_client",
        "session.input_audio_echo_cancellation.channels",
    ),
    (
        NEWEST,
        {"input_audio_echo_cancellation": ECHO | {"reference_source": "client", "channels": 1}},
        "reference_source 'client' requires channels 2",
        "invalid_ec_reference_channels",
        "session.input_audio_echo_cancellation.channels",
    ),
    (
        NEWEST,
        {
            "input_audio_echo_cancellation": ECHO | {"reference_source": "client", "channels": 2},
            "input_audio_format": "g711_ulaw",
        },
        "reference_source 'client' requires pcm16",
        GENERAL,
        "session.input_audio_format",
    ),
    (
        NEWEST,
        {"input_audio_sampling_rate": 48000},
        "'session.input_audio_sampling_rate' should be 8000, 16000, 24000 or 44100, got 48000",
        ANY,
        "session.input_audio_sampling_rate",
    ),
    (
        NEWEST,
        {"input_audio_format": "mp3"},
        "'session.input_audio_format' should be 'pcm16', 'g711_ulaw' or 'g711_alaw', got 'mp3'",
        ANY,
        "session.input_audio_format",
    ),
    (
        NATIVE,
        {"output_audio_format": "pcm16_48000hz"},
        "'session.output_audio_format' should be 'pcm16', 'g711_ulaw' or 'g711_alaw', got 'pcm16_48000hz'",
        ANY,
        "session.output_audio_format",
    ),
    (
        NEWEST,
        {"input_audio_transcription": {"model": "mai-transcribe-1", "custom_speech": {"en-US": "1"}}},
        "Value error, custom_speech is only supported for azure-speech",
        ANY,
        "session.input_audio_transcription",
    ),
    (
        NATIVE,
        {"voice": {"type": "openai", "name": "Alloy"}},
        "'session.voice.name' should be 'alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', "
        "'marin' or 'cedar', got 'Alloy'",
        ANY,
        "session.voice.name",
    ),
    (
        NEWEST,
        {"voice": {"type": "azure-custom", "name": "mine", "endpoint_id": ""}},
        "Value error, endpoint_id must not be empty",
        ANY,
        "session.voice.endpoint_id",
    ),
    (
        NEWEST,
        {"voice": {"type": "azure-personal", "name": "me", "model": "Dragon"}},
        "'session.voice.model' should be 'DragonLatestNeural', 'PhoenixLatestNeural', 'PhoenixV2Neural', "
        "'DragonHDOmniLatestNeural' or 'MAI-Voice-1', got 'Dragon'",
        ANY,
        "session.voice.model",
    ),
    (
        NEWEST,
        {"animation": {"outputs": ["visemes"]}},
        "'session.animation.outputs' should be 'blendshapes' or 'viseme_id', got 'visemes'",
        ANY,
        "session.animation.outputs",
    ),
    (
        NEWEST,
        {
            "include": ["item.input_audio_transcription.logprobs"],
            "input_audio_transcription": {"model": "mai-transcribe-1"},
        },
        "logprobs are not supported for mai-transcribe-1",
        GENERAL,
        "session.include",
    ),
]
