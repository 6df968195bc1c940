"""What the service refuses of an update, and what it does not."""

import pytest

from tests.session.updates import AGENT, AVA, AZURE, CASCADE, ECHO, EOU, NATIVE, NEWEST, PHI, TOOL, update, wire
from vlmock.protocol.session import API_VERSIONS
from vlmock.session.refusals import Refused
from vlmock.session.settings import Brain

# ---- each setting, and settings that exclude each other

ONE_BRANCH_UNTYPED = {"properties": {"when": {"anyOf": [{"type": "string"}, {"description": "any"}]}}}
MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://example.com"}
ANY = "invalid_session_update_message"
GENERAL = "invalid_request_error"


@pytest.mark.parametrize(
    ("brain", "members", "message", "code", "param"),
    [
        # behaviour 2.3, row by row
        (
            NEWEST,
            {"model": "gpt-4o"},
            "Cannot update the model of a session: it is fixed by the connection.",
            ANY,
            "session.model",
        ),
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
            "Voice type 'azure-standard' is not supported for model azure-realtime. Allowed types: "
            "azure-realtime-native.",
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
            AGENT,
            {"instructions": "Be brief."},
            "Instructions cannot be configured when using an agent.",
            "instructions_configuration_not_supported",
            "session.instructions",
        ),
        (AGENT, {"tools": []}, "tools cannot be configured when using an agent.", ANY, "session.tools"),
        (AGENT, {"model": "gpt-4o"}, "model cannot be configured when using an agent.", ANY, "session.model"),
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
            NEWEST,
            {"tools": [TOOL | {"parameters": ONE_BRANCH_UNTYPED}]},
            "Value error, every branch of anyOf and oneOf must have a type",
            ANY,
            "session.tools[0].parameters.properties.when.anyOf[1]",
        ),
        (
            NEWEST,
            {"modalities": ["audio"]},
            "modalities ['audio'] is not supported in cascaded pipeline",
            GENERAL,
            "session.modalities",
        ),
        # the matrix of detectors, and the rest of schema D
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
            {"temperature": 1.3},
            "'session.temperature' should be between 0 and 1.2, got 1.3",
            ANY,
            "session.temperature",
        ),
        (
            NEWEST,
            {"max_response_output_tokens": 5000},
            "'session.max_response_output_tokens' should be between 1 and 4096, got 5000",
            ANY,
            "session.max_response_output_tokens",
        ),
        (
            NEWEST,
            {"max_response_output_tokens": "all"},
            "'session.max_response_output_tokens' should be 'inf', got 'all'",
            ANY,
            "session.max_response_output_tokens",
        ),
        (NEWEST, {"modalities": []}, "Value error, modalities must not be empty", ANY, "session.modalities"),
        (
            NEWEST,
            {"modalities": ["text", "video"]},
            "'session.modalities' should be 'text', 'audio', 'animation' or 'avatar', got 'video'",
            ANY,
            "session.modalities",
        ),
        (
            NEWEST,
            {"metadata": {f"k{n}": "" for n in range(17)}},
            "Value error, metadata may have at most 16 pairs",
            ANY,
            "session.metadata",
        ),
        (
            NEWEST,
            {"metadata": {"k": "v" * 513}},
            "Value error, a metadata value may have at most 512 characters",
            ANY,
            "session.metadata",
        ),
        (
            NEWEST,
            {"tools": [TOOL | {"name": ""}]},
            "Value error, name must not be empty",
            ANY,
            "session.tools[0].name",
        ),
        (
            NEWEST,
            {"tools": [TOOL, TOOL]},
            "Value error, there are two tools with the name 'get_weather'",
            ANY,
            "session.tools[1].name",
        ),
        (
            NEWEST,
            {"tools": [TOOL], "tool_choice": "get_wether"},
            "'session.tool_choice' should be 'auto', 'none', 'required' or 'get_weather', got 'get_wether'",
            ANY,
            "session.tool_choice",
        ),
        (
            NEWEST,
            {"tool_choice": {"type": "function", "name": "get_weather"}},
            "Value error, there is no tool with the name 'get_weather'",
            ANY,
            "session.tool_choice",
        ),
        (
            NATIVE,
            {"interim_response": {"type": "static_interim_response", "texts": ["One moment."]}},
            "interim_response is only supported in cascaded pipeline",
            GENERAL,
            "session.interim_response",
        ),
        (
            NEWEST,
            {"interim_response": {"type": "llm_interim_response", "max_completion_tokens": 0}},
            "'session.interim_response.max_completion_tokens' should be at least 1, got 0",
            ANY,
            "session.interim_response.max_completion_tokens",
        ),
        (
            NEWEST,
            {"input_audio_transcription": {"model": "mai-transcribe-1", "custom_speech": {"en-US": "1"}}},
            "Value error, custom_speech is only supported for azure-speech",
            ANY,
            "session.input_audio_transcription",
        ),
        (
            NEWEST,
            {"metadata": {"k" * 65: "v"}},
            "Value error, a metadata key may have at most 64 characters",
            ANY,
            "session.metadata",
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
            CASCADE,
            {"tools": [MCP]},
            "'session.tools[0].type' should be 'function', got 'mcp'",
            ANY,
            "session.tools[0].type",
        ),
        (
            NEWEST,
            {"tools": [MCP | {"require_approval": "sometimes"}]},
            "'session.tools[0].require_approval' should be 'never' or 'always', got 'sometimes'",
            ANY,
            "session.tools[0].require_approval",
        ),
        (
            NEWEST,
            {"tools": [MCP | {"require_approval": {"ever": ["search"]}}]},
            "'session.tools[0].require_approval' should be 'never' or 'always', got 'ever'",
            ANY,
            "session.tools[0].require_approval",
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
    ],
)
def test_a_wrong_setting_is_refused(brain, members, message, code, param):
    """Behaviour 2.3 and schema D: what is wrong, in the service's words where they are known."""
    with pytest.raises(Refused) as refused:
        update(brain, members)
    details = refused.value.details
    assert (details.message, details.code, details.param) == (message, code, param)


@pytest.mark.parametrize(
    ("member", "value", "since"),
    [
        ("reasoning_effort", "low", "2026-01-01-preview"),
        ("interim_response", {"type": "static_interim_response", "texts": ["Well."]}, "2026-01-01-preview"),
        ("include", ["item.input_audio_transcription.phrases"], "2026-04-10"),
        ("metadata", {"a": "b"}, "2026-04-10"),
        ("parallel_tool_calls", False, "2026-06-01-preview"),
    ],
)
def test_an_older_version_does_not_know_a_newer_member(member, value, since):
    """Documented: schema D1, since when. Assumed: before that the member is an unknown one."""
    for api_version in API_VERSIONS:
        brain = Brain("gpt-4.1", api_version)
        if API_VERSIONS.index(api_version) >= API_VERSIONS.index(since):
            assert wire(update(brain, {member: value}))[member] == value
        else:
            with pytest.raises(Refused, match=f"'session.{member}' unexpected"):
                update(brain, {member: value})


@pytest.mark.parametrize(
    ("brain", "members"),
    [
        (NATIVE, {"turn_detection": {"type": name}, "input_audio_transcription": {"model": "azure-speech"}})
        for name in ("azure_semantic_vad", "azure_semantic_vad_multilingual")
    ]
    + [(NATIVE, {"turn_detection": {"type": name}}) for name in ("server_vad", "semantic_vad", "azure_semantic_vad")]
    + [
        (NEWEST, {"turn_detection": EOU | {"type": name}})
        for name in ("server_vad", "azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual")
    ]
    + [
        (NATIVE, {"turn_detection": {"type": "azure_semantic_vad", "speech_duration_assistant_speaking_ms": 800}}),
        (NATIVE, {"voice": AVA, "output_audio_format": "pcm16_48000hz"}),
        (NATIVE, {"input_audio_noise_reduction": {"type": "near_field"}}),
        (NATIVE, {"input_audio_transcription": {"model": "mai-transcribe-1"}}),
        (CASCADE, {"input_audio_echo_cancellation": ECHO | {"reference_source": "server", "channels": 1}}),
        (NEWEST, {"input_audio_transcription": {"model": "azure-speech", "phrase_list": ["Contoso"]}}),
        (NEWEST, {"tools": [TOOL], "tool_choice": "get_weather"}),
        (NEWEST, {"voice": AVA | {"rate": "+20%"}}),
        (NEWEST, {"voice": AVA | {"rate": "fast"}}),
        (NEWEST, {"tools": [MCP], "tool_choice": "search"}),
        (AGENT, {"voice": AVA, "turn_detection": EOU}),
        (AZURE, {"voice": {"type": "azure-realtime-native", "name": "diya"}}),
        (
            Brain("gpt-realtime", "2026-06-01-preview"),
            {
                "turn_detection": {
                    "type": "server_vad",
                    "end_of_utterance_detection": {"model": "smart_end_of_turn_detection"},
                }
            },
        ),
    ],
)
def test_what_the_service_takes_is_taken(brain, members):
    """Observed {FON, JAVAT, SDKT}: a strict server that refuses what works is worse than a lax one."""
    update(brain, members)


# ---- what may not change any more


def test_the_detectors_type_is_fixed_by_the_first_update():
    """Observed {IVW, FON, NETT}: the first update may choose, no later one may change."""
    before = update(NEWEST, {"turn_detection": {"type": "azure_semantic_vad"}})
    update(before, {"turn_detection": {"type": "azure_semantic_vad", "threshold": 0.3}}, NEWEST, first_update=False)
    with pytest.raises(Refused) as refused:
        update(before, {"turn_detection": {"type": "server_vad"}}, NEWEST, first_update=False)
    assert refused.value.details.message == (
        "Cannot change turn detection type during session (from azure_semantic_vad to server_vad)"
    )
    assert refused.value.details.param == "session.turn_detection"


def test_detection_may_be_switched_off_and_on():
    """Assumed: null is no type, so neither way is a change of it."""
    off = update(NEWEST, {"turn_detection": None}, first_update=False)
    on = update(off, {"turn_detection": {"type": "server_vad"}}, NEWEST, first_update=False)
    assert wire(on)["turn_detection"]["type"] == "server_vad"


@pytest.mark.parametrize(
    ("setup", "members", "message", "code"),
    [
        (
            {},
            {"input_audio_sampling_rate": 16000},
            "Cannot change input audio sampling rate during session (from 24000 to 16000)",
            GENERAL,
        ),
        (
            {},
            {"input_audio_format": "g711_ulaw"},
            "Cannot change input audio sampling rate during session (from 24000 to 8000)",
            GENERAL,
        ),
        (
            {"input_audio_echo_cancellation": ECHO},
            {"input_audio_echo_cancellation": ECHO | {"reference_source": "client", "channels": 2}},
            "Cannot change echo cancellation reference during session (from server to client)",
            GENERAL,
        ),
        ({"modalities": ["text"]}, {"voice": AVA}, "Text to speech synthesizer is not configured", GENERAL),
    ],
)
def test_a_later_update_may_not_change_what_is_fixed(setup, members, message, code):
    """Behaviour 2.3: fine in the first update, refused in the second."""
    update(NEWEST, setup | members)
    with pytest.raises(Refused) as refused:
        update(update(NEWEST, setup), members, NEWEST, first_update=False)
    assert (refused.value.details.message, refused.value.details.code) == (message, code)


def test_the_voice_is_fixed_once_the_assistant_has_spoken():
    """Assumed {OAI}: but to name the same voice again is no change."""
    update(NATIVE, {"voice": "alloy"}, audio_was_produced=True)
    update(NATIVE, {"voice": "cedar"}, audio_was_produced=False)
    with pytest.raises(Refused) as refused:
        update(NATIVE, {"voice": "cedar"}, audio_was_produced=True)
    details = refused.value.details
    assert details.message == "Cannot update a conversation's voice if assistant audio is present."
    assert (details.code, details.param) == ("cannot_update_voice", "session.voice")


def test_an_avatar_keeps_its_voice():
    """Observed {VIBE}: voice and avatar may come together, but not one after the other."""
    other = AVA | {"name": "de-DE-KatjaNeural"}
    avatar = {"character": "lisa", "customized": False}
    update(NEWEST, {"avatar": avatar, "voice": other})
    with pytest.raises(Refused, match=r"^Cannot update voice when avatar is configured$"):
        update(update(NEWEST, {"avatar": avatar}), {"voice": other}, NEWEST, first_update=False)
