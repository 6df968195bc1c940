"""Every member that a client may send is taken, and comes back as it was sent."""

from typing import Any

import msgspec
import pytest

from tests.session.conftest import Dialogue

VOICE = {
    "type": "azure-standard",
    "name": "en-US-AvaNeural",
    "temperature": 0.4,
    "custom_lexicon_url": "https://example.org/lexicon.xml",
    "custom_text_normalization_url": "https://example.org/normal.txt",
    "prefer_locales": ["en-GB", "de-AT"],
    "locale": "en-US",
    "style": "cheerful",
    "pitch": "+5%",
    "rate": "1.2",
    "volume": "80",
}
FOUNDRY_AGENT = {
    "type": "foundry_agent",
    "agent_name": "clerk",
    "project_name": "desk",
    "agent_version": "2",
    "client_id": "11111111-1111-1111-1111-111111111111",
    "description": "Knows the files.",
    "foundry_resource_override": "elsewhere",
    "agent_context_type": "no_context",
    "return_agent_response_directly": False,
}
MCP = {
    "type": "mcp",
    "server_label": "docs",
    "server_url": "https://example.org/mcp",
    "authorization": "Bearer of-the-server",
    "headers": {"x-tenant": "one"},
    "allowed_tools": ["search"],
    "require_approval": {"always": ["search"]},
}
SESSIONS: dict[str, dict[str, Any]] = {
    "a voice": {"voice": VOICE},
    "a voice of one's own": {"voice": {**VOICE, "type": "azure-custom", "endpoint_id": "mine"}},
    "a personal voice": {"voice": {**VOICE, "type": "azure-personal", "model": "DragonLatestNeural"}},
    "transcription": {
        "input_audio_transcription": {
            "model": "azure-speech",
            "language": "en-US",
            "prompt": None,
            "custom_speech": {"en-US": "my-model"},
            "phrase_list": ["Contoso"],
        }
    },
    "another agent": {"tools": [FOUNDRY_AGENT]},
    "an MCP server": {"tools": [MCP]},
    "animation": {"animation": {"model_name": "default", "outputs": ["viseme_id"]}},
    "an avatar, through a relay of one's own": {
        "avatar": {
            "type": "video-avatar",
            "character": "lisa",
            "style": "casual-sitting",
            "customized": False,
            "ice_servers": [{"urls": ["turn:relay.example.org:3478"], "username": "me", "credential": "of-mine"}],
            "video": {
                "bitrate": 1_000_000,
                "codec": "h264",
                "crop": {"top_left": [0, 0], "bottom_right": [640, 480]},
                "resolution": {"width": 640, "height": 480},
                "background": {"color": "#00FF00FF"},
                "gop_size": 20,
            },
            "scene": {"zoom": 1.0, "position_x": 0.1, "rotation_z": 0.2, "amplitude": 0.5},
            "output_protocol": "webrtc",
            "output_audit_audio": True,
        }
    },
    "what is null": {"truncation_strategy": None, "greeting": None, "handoff": None},
    "a limit and a mood": {"temperature": 0.7, "max_response_output_tokens": 300, "reasoning_effort": "low"},
    "metadata": {"metadata": {"tenant": "one"}},
}


def missing(sent: Any, echoed: Any, path: str) -> list[str]:
    """Where the echo says something else."""
    if isinstance(sent, dict) and isinstance(echoed, dict):
        return [found for key, value in sent.items() for found in missing(value, echoed.get(key), f"{path}.{key}")]
    if isinstance(sent, list) and isinstance(echoed, list) and len(sent) == len(echoed):
        pairs = enumerate(zip(sent, echoed, strict=True))
        return [found for number, (value, other) in pairs for found in missing(value, other, f"{path}[{number}]")]
    return [] if sent == echoed else [f"{path}: sent {sent!r}, came back {echoed!r}"]


@pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
def test_a_setting_comes_back_as_it_was_sent(session: dict[str, Any]) -> None:
    """Documented: ``session.updated`` has the full effective settings, also those that have no effect here."""
    dialogue = Dialogue(model="gpt-4.1", api_version="2026-07-15")
    dialogue.client({"type": "session.update", "session": session})
    echoed = msgspec.to_builtins(dialogue.last("session.updated").session)
    assert missing(session, echoed, "session") == []


ITEMS: dict[str, dict[str, Any]] = {
    "a picture": {
        "id": "item_1",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_image", "image_url": "https://example.org/cat.png", "detail": "low"}],
    },
    "sound and what is said in it": {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_audio", "audio": "AAAA", "transcript": "Hello."}],
    },
    "a call": {"type": "function_call", "name": "look_up", "call_id": "call_1", "arguments": "{}"},
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_an_item_comes_back_as_it_was_sent(item: dict[str, Any]) -> None:
    """Observed {PAI, NETT}: the echo; schema E3: sound itself is null in it."""
    dialogue = Dialogue(model="gpt-realtime", api_version="2026-07-15")
    dialogue.client({"type": "conversation.item.create", "item": item})
    echoed = msgspec.to_builtins(dialogue.last("conversation.item.created").item)
    for part in item.get("content", []):
        part.pop("audio", None)
    assert missing(item, echoed, "item") == []
