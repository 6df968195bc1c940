"""What the service refuses of an update, and what it does not."""

import pytest

from tests.session.updates import AGENT, AVA, AZURE, CASCADE, ECHO, EOU, MCP, NATIVE, NEWEST, TOOL, update, wire
from tests.session.wrong_answer_settings import WRONG_ANSWER_SETTINGS
from tests.session.wrong_sound_settings import WRONG_SOUND_SETTINGS
from vlmock.protocol.session import API_VERSIONS
from vlmock.session.configuration.settings import Brain
from vlmock.session.refusals import Refused

# ---- each setting, and settings that exclude each other

GENERAL = "invalid_request_error"


WRONG_SETTINGS = [*WRONG_SOUND_SETTINGS, *WRONG_ANSWER_SETTINGS]


@pytest.mark.parametrize(
    ("brain", "members", "message", "code", "param"),
    WRONG_SETTINGS,
    ids=[f"{param}-{code}" for *_, code, param in WRONG_SETTINGS],
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
