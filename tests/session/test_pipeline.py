"""Three services stand behind one endpoint; model and voice decide which."""

import pytest

from vlmock.protocol.voices import AzureStandardVoice, OpenAIVoice
from vlmock.protocol.wire import UNSET
from vlmock.session.pipeline import CASCADE, HYBRID, NATIVE, choose

AVA = AzureStandardVoice(name="en-US-AvaNeural")
ALLOY = OpenAIVoice(name="alloy")


@pytest.mark.parametrize(
    ("model", "voice", "profile", "pipeline"),
    [
        ("gpt-4.1-mini", AVA, None, CASCADE),
        ("gpt-realtime", ALLOY, None, NATIVE),
        ("gpt-realtime", "marin", None, NATIVE),
        ("gpt-realtime", UNSET, None, NATIVE),
        ("gpt-realtime", None, None, NATIVE),
        ("gpt-realtime-2", AVA, None, HYBRID),
        ("my-deployment", ALLOY, "byom-azure-openai-realtime", NATIVE),
        ("my-deployment", AVA, "byom-azure-openai-realtime", HYBRID),
        ("gpt-realtime", AVA, "byom-azure-openai-chat-completion", CASCADE),
        ("phi4-mm-realtime", AVA, None, CASCADE),
        ("azure-realtime", UNSET, None, NATIVE),
        ("", AVA, None, CASCADE),
    ],
)
def test_model_and_voice_choose_the_pipeline(model, voice, profile, pipeline):
    """Behaviour, fact 1; an agent has no model and is a cascade."""
    assert choose(model, voice, profile=profile) is pipeline


@pytest.mark.parametrize(
    ("field", "cascade", "hybrid", "native"),
    [
        ("item_announced_after_transcript", True, False, False),
        ("transcribes_always", True, False, False),
        ("assistant_item_prefix", "msg_", "item_", "item_"),
        ("assistant_item_status", "incomplete", "in_progress", "in_progress"),
        ("has_conversation_id", False, True, True),
        ("echoes_output_format", False, True, True),
        ("temperature_in_session", 0.8, None, None),
        ("previous_item_skips_assistant", True, False, False),
        ("lifetime_s", 7200, 3600, 3600),
    ],
)
def test_the_pipelines_differ_as_the_table_says(field, cascade, hybrid, native):
    """Behaviour, fact 1, row by row."""
    assert [getattr(pipeline, field) for pipeline in (CASCADE, HYBRID, NATIVE)] == [cascade, hybrid, native]


@pytest.mark.parametrize(
    ("api_version", "announced"),
    [("2025-10-01", False), ("2026-01-01-preview", False), ("2026-04-10", True), ("2026-07-15", True), ("v1", True)],
)
def test_only_newer_native_sessions_announce_that_an_item_is_done(api_version, announced):
    """Observed {PAI}: ``conversation.item.done`` on 2026-04-10, native."""
    assert NATIVE.announces_item_done(api_version) is announced
    assert not HYBRID.announces_item_done(api_version)
    assert not CASCADE.announces_item_done(api_version)
