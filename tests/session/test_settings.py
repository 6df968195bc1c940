"""What a session is set to at connect, and what updates make of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.session.updates import (
    AGENT,
    AVA,
    AZURE,
    CASCADE,
    ECHO,
    EOU,
    NATIVE,
    NEWEST,
    PHI,
    TOOL,
    at_connect,
    update,
    wire,
)
from vlmock.protocol.session import API_VERSIONS
from vlmock.session import models
from vlmock.session.configuration.settings import Brain, initial
from vlmock.session.refusals import Refused

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
    """Observed (schema D7): ``zh-CN`` comes back as ``zh`` from gpt-4o-transcribe, but not from azure-speech."""
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
    """Refused ones change nothing; accepted ones give the same when sent again; no member that was there is lost.

    Observed {PIPE}: one exception, a text-only session takes an Azure voice once.
    """
    start = current = at_connect(brain)
    members = set(wire(start))
    accepted = 0
    for sent, spoken in updates:
        before = wire(current)
        try:
            after = update(current, sent, brain, first_update=accepted == 0, audio_was_produced=spoken)
        except Refused:
            assert wire(current) == before
            continue
        accepted += 1
        again = sent if "audio" in wire(after)["modalities"] else {k: v for k, v in sent.items() if k != "voice"}
        assert wire(update(after, again, brain, first_update=False, audio_was_produced=True)) == wire(after)
        assert set(wire(after)) >= members
        assert (after.id, after.model, after.expires_at) == (start.id, start.model, start.expires_at)
        current = after
