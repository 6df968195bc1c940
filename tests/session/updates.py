"""What the tests of settings share: some brains, and a client that updates their sessions."""

import json
from typing import Any

import msgspec

from vlmock.protocol.codec import decode_client
from vlmock.protocol.session import RequestSession, ResponseSession, SessionUpdate
from vlmock.session.configuration.settings import Brain, initial, updated
from vlmock.session.conversation.agents import Agent

CASCADE = Brain("gpt-4.1-mini", "2025-10-01")
NATIVE = Brain("gpt-realtime", "2026-04-10")
NEWEST = Brain("gpt-4.1", "2026-07-15")
PHI = Brain("phi4-mm-realtime", "2026-07-15")
AZURE = Brain("azure-realtime", "2026-07-15")
AGENT = Brain("", "2026-07-15", agent=Agent("helper", "project"))

AVA = {"type": "azure-standard", "name": "en-US-AvaNeural"}
ECHO = {"type": "server_echo_cancellation"}
EOU = {"type": "server_vad", "end_of_utterance_detection": {"model": "semantic_detection_v1"}}
MCP = {"type": "mcp", "server_label": "docs", "server_url": "https://example.com"}
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
