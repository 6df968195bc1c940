"""What a session is set to, what an update makes of it, and what the service refuses."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given as drawn
from hypothesis import strategies as st

from vlmock.protocol.codec import decode_client, encode
from vlmock.protocol.session import API_VERSIONS, RequestSession, ResponseSession, SessionUpdate
from vlmock.session import models
from vlmock.session.refusals import Refused
from vlmock.session.settings import Brain, initial, updated

CASCADE = Brain("gpt-4.1-mini", "2025-10-01")
NATIVE = Brain("gpt-realtime", "2026-04-10")
NEWEST = Brain("gpt-4.1", "2026-07-15")
PHI = Brain("phi4-mm-realtime", "2026-07-15")
AZURE = Brain("azure-realtime", "2026-07-15")
AGENT = Brain("", "2026-07-15", agent=True)

AVA = {"type": "azure-standard", "name": "en-US-AvaNeural"}
TOOL = {"type": "function", "name": "get_weather", "description": "Weather.", "parameters": {"type": "object"}}


def at_connect(brain: Brain) -> ResponseSession:
    return initial(brain, session_id="sess_1", expires_at=1_785_649_430)


def request(members: dict[str, Any]) -> RequestSession:
    """The members as a client sends them, through the codec."""
    event = decode_client(json.dumps({"type": "session.update", "session": members}))
    assert isinstance(event, SessionUpdate), event
    return event.session


def update(
    current: ResponseSession | Brain, members: dict[str, Any], brain: Brain | None = None, **how: bool
) -> ResponseSession:
    """The settings after an update, the first one unless it is said otherwise."""
    if isinstance(current, Brain):
        current, brain = at_connect(current), current
    assert brain is not None
    how = {"first_update": True, "audio_was_produced": False} | how
    return updated(current, request(members), brain=brain, **how)


def wire(value: object) -> dict[str, Any]:
    """As JSON, with modalities in an order: the service has none."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return plain | {"modalities": sorted(plain["modalities"])}


# ---- at connect


def test_a_cascade_starts_as_the_service_does():
    """Observed {FON}: behaviour 2.1, the reconstructed default of 2025-10-01; the instructions are our own."""
    expected = {
        "id": "sess_1",
        "object": "realtime.session",
        "model": "gpt-4.1-mini-2025-04-14",
        "modalities": ["audio", "text"],
        "voice": {
            "name": "en-US-AvaNeural",
            "type": "azure-standard",
            "temperature": None,
            "custom_lexicon_url": None,
            "custom_text_normalization_url": None,
            "prefer_locales": None,
            "locale": None,
            "style": None,
            "pitch": None,
            "rate": None,
            "volume": None,
        },
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24000,
        "input_audio_transcription": {
            "model": "azure-speech",
            "language": None,
            "prompt": None,
            "custom_speech": None,
            "phrase_list": None,
        },
        "input_audio_noise_reduction": None,
        "input_audio_echo_cancellation": None,
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.5,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 200,
            "create_response": True,
            "interrupt_response": True,
            "idle_timeout_ms": None,
            "speech_duration_ms": None,
            "end_of_utterance_detection": None,
            "auto_truncate": False,
            "appended_text_after_truncation": None,
        },
        "tools": [],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
        "expires_at": 1785649430,
        "animation": None,
        "avatar": None,
        "output_audio_timestamp_types": None,
        "truncation_strategy": None,
        "include": None,
        "greeting": None,
        "handoff": None,
    }
    settings = wire(at_connect(CASCADE))
    assert settings.pop("instructions")
    assert settings == expected


RECORDINGS = (
    "test_audio_in_server_vad_turn",
    "test_message_history_seeding",
    "test_text_in_audio_out_turn",
    "test_text_output_modality_returns_text",
    "test_tool_call_round",
)
OUR_OWN = ("id", "expires_at")


def recorded(shared: Path, name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What the real service created, what it was sent, and what it made of that."""
    interactions = yaml.safe_load((shared / "recordings" / f"{name}.yaml").read_text())["interactions"]
    sessions = {entry["data"]["type"]: entry["data"]["session"] for entry in interactions if "session" in entry["data"]}
    return sessions["session.created"], sessions["session.update"], sessions["session.updated"]


def as_in_july(settings: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Four recordings are of the build of July 2026, which lacks two members that August's and ours have."""
    return {name: value for name, value in settings.items() if name not in ("greeting", "handoff") or name in theirs}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_native_session_starts_as_recorded(shared, name):
    """Every member and every value, save the ids, the time and the instructions. July's build had null for the output
    format until it was set."""
    created, _, _ = recorded(shared, name)
    ours = as_in_july(wire(at_connect(NATIVE)), created)
    if created["output_audio_format"] is None:
        assert "greeting" not in created
        ours["output_audio_format"] = None
    for member in (*OUR_OWN, "instructions"):
        assert ours.pop(member)
        assert created.pop(member)
    assert ours == created | {"modalities": sorted(created["modalities"])}


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_update_leads_to_what_was_recorded(shared, name):
    """The same update gives the same echo, member for member; empty instructions keep those of the service."""
    _, sent, theirs = recorded(shared, name)
    ours = as_in_july(wire(update(NATIVE, sent)), theirs)
    if sent["instructions"] == "":
        assert ours.pop("instructions") == at_connect(NATIVE).instructions
        theirs.pop("instructions")
    for member in OUR_OWN:
        ours.pop(member)
        theirs.pop(member)
    assert ours == theirs | {"modalities": sorted(theirs["modalities"])}


@pytest.mark.parametrize(
    ("brain", "voice", "silence_ms"),
    [
        (NATIVE, {"type": "openai", "name": "alloy"}, 200),
        (Brain("gpt-realtime-2", "2025-10-01"), {"type": "openai", "name": "marin"}, 500),
        (AZURE, {"type": "azure-realtime-native", "name": "ava"}, 200),
    ],
)
def test_voice_and_silence_at_connect_depend_on_the_model(brain, voice, silence_ms):
    """Observed {PAI, FON}; Documented for azure-realtime."""
    settings = wire(at_connect(brain))
    assert settings["voice"] == voice
    assert settings["turn_detection"]["silence_duration_ms"] == silence_ms
    assert "temperature" not in settings


def test_an_agents_session_has_no_temperature_and_no_model():
    """Observed {TAK}: temperature absent and expires_at null."""
    settings = wire(initial(AGENT, session_id="sess_1", expires_at=None))
    assert "temperature" not in settings
    assert "model" not in settings
    assert settings["expires_at"] is None


def test_only_the_first_preview_says_that_there_is_no_agent():
    """Observed {SEED}: its session ends with ``agent: null``."""
    assert wire(at_connect(Brain("gpt-4o", "2025-05-01-preview")))["agent"] is None
    assert "agent" not in wire(at_connect(Brain("gpt-4o", "2025-10-01")))


# ---- merging and filling


def test_what_was_not_sent_stays():
    """The top level is merged: only what was sent changes."""
    before = update(NEWEST, {"instructions": "Be brief.", "temperature": 0.6})
    after = update(before, {"tools": [TOOL]}, NEWEST)
    assert wire(after) == wire(before) | {"tools": [TOOL]}


def test_an_object_replaces_the_one_in_force():
    """What a nested object leaves out comes from the defaults, not from what was set before."""
    before = update(NEWEST, {"turn_detection": {"type": "server_vad", "threshold": 0.9}})
    after = update(before, {"turn_detection": {"type": "server_vad", "silence_duration_ms": 700}}, NEWEST)
    assert wire(after)["turn_detection"] == wire(before)["turn_detection"] | {
        "threshold": 0.5,
        "silence_duration_ms": 700,
    }


@pytest.mark.parametrize(
    ("api_version", "server_ms", "semantic_ms"),
    [
        ("2025-05-01-preview", 300, 300),
        ("2025-10-01", 300, 300),
        ("2026-01-01-preview", 300, 300),
        ("2026-04-10", 400, 420),
        ("2026-07-15", 400, 420),
        ("v1", 400, 420),
    ],
)
def test_padding_that_is_left_out_depends_on_the_api_version(api_version, server_ms, semantic_ms):
    """Documented: schema D5. Observed {PAI}: 400 on 2026-04-10."""
    brain = Brain("gpt-4.1", api_version)
    for name, padding_ms in (("server_vad", server_ms), ("azure_semantic_vad", semantic_ms)):
        detection = wire(update(brain, {"turn_detection": {"type": name}}))["turn_detection"]
        assert detection["prefix_padding_ms"] == padding_ms
        assert detection["silence_duration_ms"] == 500


def test_a_semantic_detector_comes_back_with_members_that_nobody_sent():
    """Observed {FON}: nulls and their twins, and remove_filler_words."""
    settings = update(NEWEST, {"turn_detection": {"type": "azure_semantic_vad_multilingual", "languages": ["de"]}})
    assert wire(settings)["turn_detection"] == {
        "type": "azure_semantic_vad_multilingual",
        "threshold": 0.5,
        "prefix_padding_ms": 420,
        "silence_duration_ms": 500,
        "create_response": True,
        "interrupt_response": True,
        "idle_timeout_ms": None,
        "speech_duration_ms": None,
        "end_of_utterance_detection": None,
        "auto_truncate": False,
        "appended_text_after_truncation": None,
        "neg_threshold": None,
        "neg_threshold_assistant_speaking": None,
        "window_size": None,
        "window_size_assistant_speaking": None,
        "distinct_ci_phones": None,
        "distinct_ci_phones_assistant_speaking": None,
        "require_vowel": None,
        "require_vowel_assistant_speaking": None,
        "remove_filler_words": False,
        "languages": ["de"],
    }


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        (
            {"model": "semantic_detection_v1"},
            {"model": "semantic_detection_v1", "threshold_level": "default", "timeout_ms": 1000},
        ),
        (
            {"model": "semantic_detection_v1_en", "threshold": 0.1, "timeout": 2.0},
            {"model": "semantic_detection_v1_en", "threshold": 0.1, "timeout": 2.0},
        ),
    ],
)
def test_end_of_utterance_detection_is_filled(sent, echoed):
    """Documented: schema D6; the members of the first preview stand for those of today."""
    settings = update(NEWEST, {"turn_detection": {"type": "server_vad", "end_of_utterance_detection": sent}})
    assert wire(settings)["turn_detection"]["end_of_utterance_detection"] == echoed


@pytest.mark.parametrize(
    ("brain", "members", "echoed"),
    [
        (NEWEST, {"turn_detection": None}, {"turn_detection": None}),
        (Brain("gpt-4o", "2025-05-01-preview"), {"turn_detection": {"type": "none"}}, {"turn_detection": None}),
        (NATIVE, {"voice": "echo"}, {"voice": {"type": "openai", "name": "echo"}}),
        (NEWEST, {"input_audio_format": "g711_ulaw"}, {"input_audio_sampling_rate": 8000}),
        (
            NEWEST,
            {"input_audio_format": "g711_alaw", "input_audio_sampling_rate": 24000},
            {"input_audio_sampling_rate": 8000},
        ),
        (NEWEST, {"input_audio_sampling_rate": 44100}, {"input_audio_sampling_rate": 44100}),
        (
            NEWEST,
            {"tools": [{"type": "function", "name": "f"}]},
            {"tools": [{"type": "function", "name": "f", "description": None, "parameters": None}]},
        ),
        (NEWEST, {"temperature": None, "max_response_output_tokens": None}, {"temperature": 0.8}),
        (NEWEST, {"expires_at": 1}, {"expires_at": 1_785_649_430}),
        (NEWEST, {"model": "gpt-4.1"}, {"model": "gpt-4.1-2025-04-14"}),
        (NEWEST, {"metadata": {"a": "b"}, "include": []}, {"metadata": {"a": "b"}, "include": []}),
        (NATIVE, {"temperature": 0.7}, {"temperature": 0.7}),
        (
            NATIVE,
            {"turn_detection": {"type": "semantic_vad"}},
            {
                "turn_detection": {
                    "type": "semantic_vad",
                    "create_response": True,
                    "interrupt_response": True,
                    "auto_truncate": False,
                    "eagerness": "auto",
                }
            },
        ),
    ],
)
def test_the_echo_says_what_is_in_force(brain, members, echoed):
    """Behaviour 2.2, one case each."""
    settings = wire(update(brain, members))
    assert {name: settings[name] for name in echoed} == echoed


def test_transcription_drops_the_region_for_the_transcribing_models():
    """Observed {schema D7}: ``zh-CN`` comes back as ``zh`` from gpt-4o-transcribe, but not from azure-speech."""
    heard = update(NATIVE, {"input_audio_transcription": {"model": "gpt-4o-transcribe", "language": "zh-CN"}})
    assert wire(heard)["input_audio_transcription"]["language"] == "zh"
    heard = update(NEWEST, {"input_audio_transcription": {"model": "azure-speech", "language": "zh-CN"}})
    assert wire(heard)["input_audio_transcription"]["language"] == "zh-CN"


def test_empty_instructions_bring_the_services_own_back():
    """Observed {PAI}: "" keeps the default. Documented: schema B, "" clears what was set."""
    before = update(NEWEST, {"instructions": "Be brief."})
    assert update(before, {"instructions": ""}, NEWEST).instructions == at_connect(NEWEST).instructions


def test_going_back_to_pcm_brings_the_default_rate_back():
    """Assumed: 8000 Hz belong to G.711; but a rate that is fixed by then is refused."""
    before = update(NEWEST, {"input_audio_format": "g711_ulaw"})
    assert update(before, {"input_audio_format": "pcm16"}, NEWEST).input_audio_sampling_rate == 24000


def test_the_avatars_bitrate_stays_what_it_was():
    """Observed {VIBE}: a later change is ignored without a word."""
    avatar = {"character": "lisa", "customized": False, "video": {"bitrate": 1_000_000}}
    before = update(NEWEST, {"avatar": avatar})
    after = update(before, {"avatar": avatar | {"video": {"bitrate": 5, "gop_size": 20}}}, NEWEST)
    assert wire(after)["avatar"]["video"] == {"bitrate": 1_000_000, "gop_size": 20}


@pytest.mark.parametrize("api_version", API_VERSIONS)
@pytest.mark.parametrize("model", models.KNOWN)
def test_an_empty_update_changes_nothing_for_any_model(model, api_version):
    """What a session starts with is never refused afterwards."""
    brain = Brain(model, api_version)
    assert update(brain, {}) == at_connect(brain)


# ---- what is refused

ONE_BRANCH_UNTYPED = {"properties": {"when": {"anyOf": [{"type": "string"}, {"description": "any"}]}}}
ECHO = {"type": "server_echo_cancellation"}
EOU = {"type": "server_vad", "end_of_utterance_detection": {"model": "semantic_detection_v1"}}
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
    with pytest.raises(Refused, match="^Cannot update voice when avatar is configured$"):
        update(update(NEWEST, {"avatar": avatar}), {"voice": other}, NEWEST, first_update=False)


# ---- any sequence

UPDATES = st.fixed_dictionaries(
    {},
    optional={
        "instructions": st.sampled_from(["", "Be brief."]),
        "modalities": st.sampled_from([["text"], ["audio", "text"], ["audio"]]),
        "voice": st.sampled_from(["alloy", "marin", AVA, AVA | {"rate": "0.9"}]),
        "input_audio_format": st.sampled_from(["pcm16", "g711_ulaw"]),
        "output_audio_format": st.sampled_from(["pcm16", "pcm16_8000hz"]),
        "input_audio_sampling_rate": st.sampled_from([8000, 16000, 24000]),
        "turn_detection": st.sampled_from(
            [None, EOU, {"type": "server_vad", "threshold": 0.7}, {"type": "azure_semantic_vad"}]
        ),
        "input_audio_transcription": st.sampled_from(
            [None, {"model": "azure-speech"}, {"model": "gpt-4o-transcribe", "language": "zh-CN,en-US"}]
        ),
        "input_audio_echo_cancellation": st.sampled_from([None, ECHO]),
        "tools": st.sampled_from([[], [TOOL]]),
        "tool_choice": st.sampled_from(["auto", "get_weather"]),
        "temperature": st.sampled_from([0.6, 1.2, 2.0, None]),
        "metadata": st.sampled_from([None, {"a": "b"}]),
        "avatar": st.sampled_from([None, {"character": "lisa", "video": {"bitrate": 7}}]),
    },
)


@drawn(
    st.sampled_from([CASCADE, NATIVE, NEWEST, PHI, AZURE, AGENT]),
    st.lists(st.tuples(UPDATES, st.booleans()), max_size=6),
)
def test_any_updates_in_any_order_keep_the_session_whole(brain, updates):
    """Refused ones change nothing; accepted ones give the same when sent again; no member that was there is lost."""
    start = current = at_connect(brain)
    members = set(wire(start))
    accepted = 0
    for sent, spoken in updates:
        before = encode(SessionUpdate(session=request(sent))), wire(current)
        try:
            after = update(current, sent, brain, first_update=accepted == 0, audio_was_produced=spoken)
        except Refused:
            assert wire(current) == before[1]
            continue
        accepted += 1
        assert wire(update(after, sent, brain, first_update=False, audio_was_produced=True)) == wire(after)
        assert set(wire(after)) >= members
        assert (after.id, after.model, after.expires_at) == (start.id, start.model, start.expires_at)
        current = after
